// What Groovy itself reads in Jenkinsfiles: the truth that our parser is held against. Tree.groovy,
// in this folder, must be on the class path.
// Arguments: a file with one path a line, and the file to write JSON to.
import groovy.json.JsonOutput
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.expr.BinaryExpression
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.GStringExpression
import org.codehaus.groovy.ast.expr.MapExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.TupleExpression
import org.codehaus.groovy.ast.expr.VariableExpression
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.Phases

class Reader extends CodeVisitorSupport {
    final List stages = []
    final List environment = []
    private final List path = []

    @Override
    void visitMethodCallExpression(MethodCallExpression call) {
        List args = call.arguments instanceof TupleExpression ? call.arguments.expressions : []
        String name = call.methodAsString == 'stage' && args ? nameOf(nameIn(args)) : null
        // In `stage('A') { }.b()` on one line what is called on is not inside.
        call.objectExpression.visit(this)
        if (name != null) {
            path << name
            stages << [path: path.clone(), line: call.lineNumber, endLine: call.lastLineNumber]
        }
        if (call.methodAsString == 'environment' && args.size() == 1 && args[0] instanceof ClosureExpression) {
            args[0].code.statements.each { readEntry(it) }
        }
        call.method.visit(this)
        call.arguments.visit(this)
        if (name != null) {
            path.pop()
        }
    }

    private void readEntry(statement) {
        if (!(statement instanceof ExpressionStatement)) return
        def entry = statement.expression
        if (!(entry instanceof BinaryExpression) || !(entry.leftExpression instanceof VariableExpression)) return
        Expression value = entry.rightExpression
        String kind = kindOf(value)
        environment << [
            name : entry.leftExpression.name,
            scope: path ? path.join(' / ') : 'pipeline',
            line : statement.lineNumber,
            kind : kind,
            value: kind == 'literal' ? textOf(value) : null,
        ]
    }

    /** Named arguments come first, as a map. */
    private static Expression nameIn(List args) {
        if (!(args[0] instanceof MapExpression)) return args[0]
        def named = args[0].mapEntryExpressions.find { it.keyExpression.text == 'name' }
        named ? named.valueExpression : args[1]
    }

    /** Of a GString its text without the names' marks, as Groovy gives it. */
    private static String nameOf(Expression name) {
        if (name instanceof ConstantExpression && name.value != null) return name.value.toString()
        return name instanceof GStringExpression ? name.text : null
    }

    private static String kindOf(Expression value) {
        if (value instanceof ConstantExpression) return 'literal'
        if (value instanceof GStringExpression) return 'interpolated'
        if (value instanceof BinaryExpression && value.operation.text == '+') {
            def kinds = [kindOf(value.leftExpression), kindOf(value.rightExpression)]
            return kinds.contains('runtime') ? 'runtime' : kinds.contains('interpolated') ? 'interpolated' : 'literal'
        }
        return 'runtime'
    }

    private static String textOf(Expression value) {
        if (value instanceof ConstantExpression) return value.value?.toString()
        return sum(value)?.toString()
    }

    private static Object sum(Expression value) {
        return value instanceof ConstantExpression ? value.value : sum(value.leftExpression) + sum(value.rightExpression)
    }
}

def answers = [:]
new File(args[0]).eachLine { path ->
    def answer
    try {
        def unit = new CompilationUnit()
        unit.addSource('WorkflowScript', new File(path).getText('UTF-8'))
        unit.compile(Phases.CONVERSION)
        def reader = new Reader()
        unit.AST.modules.each { module ->
            module.statementBlock.visit(reader)
            module.methods.each { it.code?.visit(reader) }
            module.classes.each { type ->
                type.methods.each {
                    if (it.name != 'run' && it.code && !module.methods.contains(it)) it.code.visit(reader)
                }
            }
        }
        String tree = unit.AST.modules.collect { Tree.of(it) }.join('')
        answer = [ok: true, stages: reader.stages, environment: reader.environment, tree: tree]
    } catch (Exception error) {
        answer = [ok: false, error: error.message.readLines().take(4).join(' | ')]
    }
    answers[path] = answer
}
new File(args[1]).setText(JsonOutput.toJson(answers), 'UTF-8')
