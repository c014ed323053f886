// What Groovy itself reads in Jenkinsfiles: the truth that our parser is held against.
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
        String name = call.methodAsString == 'stage' && args ? nameOf(args[0]) : null
        if (name != null) {
            path << name
            stages << [path: path.clone(), line: call.lineNumber, endLine: call.lastLineNumber]
        }
        if (call.methodAsString == 'environment' && args.size() == 1 && args[0] instanceof ClosureExpression) {
            args[0].code.statements.each { readEntry(it) }
        }
        super.visitMethodCallExpression(call)
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

    /** Of a GString its text without the names' marks, as Groovy gives it. */
    private static String nameOf(Expression name) {
        if (name instanceof ConstantExpression && name.value != null) return name.value.toString()
        if (name instanceof MapExpression) {
            def named = name.mapEntryExpressions.find { it.keyExpression.text == 'name' }
            return named && name.mapEntryExpressions[0] == named ? nameOf(named.valueExpression) : null
        }
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
        answer = [ok: true, stages: reader.stages, environment: reader.environment]
    } catch (Exception error) {
        answer = [ok: false, error: error.message.readLines().take(4).join(' | ')]
    }
    answers[path] = answer
}
new File(args[1]).setText(JsonOutput.toJson(answers), 'UTF-8')
