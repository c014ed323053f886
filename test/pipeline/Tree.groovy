// Prints what Groovy reads, a line a statement, in the notation of tree.ts.
import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.AnnotatedNode
import org.codehaus.groovy.ast.ClassHelper
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.InnerClassNode
import org.codehaus.groovy.ast.ModuleNode
import org.codehaus.groovy.ast.Parameter
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*

class Tree {
    private StringBuilder out = new StringBuilder()
    private String indent = ''

    static String of(ModuleNode module) {
        new Tree().print(module)
    }

    private String print(ModuleNode module) {
        def rows = []
        if (module.packageName) out << 'package ' << module.packageName.replaceAll(/\.$/, '') << '\n'
        def imports = module.imports + module.starImports + module.staticImports.values() + module.staticStarImports.values()
        imports.collect { imported -> row { printImport(imported) } }.sort().unique().each { out << it << '\n' }
        module.methods.each { method -> rows << [method.lineNumber, row { printMethod(method, null) }] }
        module.classes.each { type ->
            if (type.name != 'WorkflowScript' && !type.script && !isAnonymous(type)) {
                rows << [type.lineNumber, row { printClass(type) }]
            }
        }
        // No order is kept between functions and classes, and none of both and statements.
        rows.sort { it[0] }.each { out << it[1] << '\n' }
        statements(module.statementBlock.statements)
        out.toString()
    }

    /** The text that `print` makes. */
    private String row(Closure print) {
        StringBuilder outer = out
        out = new StringBuilder()
        print()
        String text = out.toString()
        out = outer
        text
    }

    private static boolean isAnonymous(ClassNode type) {
        type instanceof InnerClassNode && (type.anonymous || type.name ==~ /.*\$\d+/)
    }

    private void printImport(node) {
        annotations(node)
        out << 'import ' << (node.static ? 'static ' : '')
        String name = node.type ? node.type.name : node.packageName.replaceAll(/\.$/, '')
        out << name
        if (node.static && node.fieldName) out << '.' << node.fieldName
        if (node.star) out << '.*'
        String last = node.static ? node.fieldName : name.replaceAll(/.*\./, '')
        if (!node.star && node.alias && node.alias != last) out << ' as ' << node.alias
    }

    private void printMethod(method, ClassNode type) {
        annotations(method)
        boolean constructor = method.name == '<init>'
        out << (method.static ? 'static ' : '') << (constructor ? 'constructor' : "method ${method.name}")
        if (!constructor && method.returnType != ClassHelper.OBJECT_TYPE || method.returnType.name == 'Object') {
            if (!constructor) out << ' ' << typeName(method.returnType)
        }
        out << '('
        parameters(method.parameters)
        out << ')'
        if (method.code != null) body(method.code)
    }

    private void printClass(ClassNode type) {
        annotations(type)
        String form = type.annotationDefinition ? 'annotation' : type.interface ? 'interface' : isEnum(type) ? 'enum' : isTrait(type) ? 'trait' : 'class'
        out << form << ' ' << type.name.replaceAll(/.*[$.]/, '')
        ClassNode parent = type.unresolvedSuperClass
        if (form == 'class' && parent != null && parent.name != 'java.lang.Object') out << ' extends ' << typeName(parent)
        def interfaces = type.unresolvedInterfaces.findAll { !(it.name in ['java.lang.annotation.Annotation', 'groovy.lang.GroovyObject']) }
        if (interfaces) out << ' implements ' << interfaces.collect { typeName(it) }.join(', ')
        members(type)
    }

    private static boolean isEnum(ClassNode type) {
        type.unresolvedSuperClass?.name == 'java.lang.Enum'
    }

    private static boolean isTrait(ClassNode type) {
        type.annotations.any { it.classNode.name == 'groovy.transform.Trait' }
    }

    private void members(ClassNode type) {
        def rows = []
        type.fields.each { field ->
            if (field.name.contains('$') || field.lineNumber < 0) return
            rows << [field.lineNumber, field.columnNumber, row { indented {
                annotations(field)
                if (field.enum) {
                    out << 'constant ' << field.name
                } else {
                    out << (field.static && !type.interface ? 'static ' : '') << 'field ' << typed(field.originType, field.name)
                    if (field.initialExpression && !(field.initialExpression instanceof EmptyExpression)) {
                        out << ' = '
                        expression(field.initialExpression)
                    }
                }
            } }]
        }
        type.declaredConstructors.each { method -> rows << [method.lineNumber, method.columnNumber, row { indented { printMethod(method, type) } }] }
        type.methods.each { method ->
            if (method.name != '<clinit>' && method.lineNumber > 0) rows << [method.lineNumber, method.columnNumber, row { indented { printMethod(method, type) } }]
        }
        out << ' {'
        indented {
            rows.sort { a, b -> a[0] <=> b[0] ?: a[1] <=> b[1] }.each { out << '\n' << indent << it[2] }
        }
        out << '\n' << indent << '}'
    }

    private void indented(Closure print) {
        String outer = indent
        indent += '  '
        print()
        indent = outer
    }

    private void annotations(AnnotatedNode node) {
        node.annotations.each { annotation ->
            if (annotation.classNode.name == 'groovy.transform.Trait') return
            out << '@' << annotation.classNode.name
            if (annotation.members) {
                out << '('
                annotation.members.eachWithIndex { name, value, at ->
                    if (at > 0) out << ', '
                    if (name != 'value') out << name << ': '
                    if (value instanceof AnnotationConstantExpression) {
                        out << '@' << value.value.classNode.name
                    } else {
                        expression(value)
                    }
                }
                out << ')'
            }
            out << ' '
        }
    }

    static String typeName(ClassNode type) {
        if (type.array) return typeName(type.componentType) + '[]'
        type.name.replace('$', '.').replaceAll(/^(java\.(lang|util)|groovy\.lang)\.(?=[A-Z]\w*$)/, '')
    }

    private static String typed(ClassNode type, String name) {
        type == null || type == ClassHelper.DYNAMIC_TYPE || type.is(ClassHelper.OBJECT_TYPE) ? name : "${typeName(type)} $name"
    }

    private void parameters(Parameter[] parameters) {
        parameters.eachWithIndex { parameter, at ->
            if (at > 0) out << ', '
            out << typed(parameter.type, parameter.name)
            if (parameter.hasInitialExpression()) {
                out << ' = '
                expression(parameter.initialExpression)
            }
        }
    }

    private void body(Statement code) {
        out << ' {'
        List all = code instanceof BlockStatement ? code.statements : code == null || code.empty ? [] : [code]
        if (all) {
            out << '\n'
            indented { statements(all) }
            out << indent
        }
        out << '}'
    }

    private void statements(List<Statement> all) {
        all.each {
            if (it == null || it instanceof EmptyStatement || it.lineNumber < 0) return
            out << indent << it.lineNumber << ' '
            statement(it)
            out << '\n'
        }
    }

    private void statement(Statement node) {
        if (node instanceof ForStatement || node instanceof WhileStatement) {
            node.statementLabels?.reverse()?.each { out << it << ': ' }
        }
        switch (node) {
            case BlockStatement:
                out << 'block'
                body(node)
                break
            case ExpressionStatement:
                expression(node.expression)
                break
            case ReturnStatement:
                out << 'return '
                expression(node.expression)
                break
            case IfStatement:
                out << 'if '
                expression(node.booleanExpression)
                branch(node.ifBlock)
                if (!(node.elseBlock instanceof EmptyStatement)) {
                    out << ' else'
                    branch(node.elseBlock)
                }
                break
            case WhileStatement:
                out << 'while '
                expression(node.booleanExpression)
                branch(node.loopBlock)
                break
            case ForStatement:
                out << 'for '
                if (node.variable.is(ForStatement.FOR_LOOP_DUMMY)) {
                    out << '('
                    list(node.collectionExpression.expressions, '; ')
                    out << ')'
                } else {
                    out << node.variable.name << ' in '
                    expression(node.collectionExpression)
                }
                branch(node.loopBlock)
                break
            case SwitchStatement:
                out << 'switch '
                expression(node.expression)
                out << ' {'
                indented {
                    node.caseStatements.each {
                        out << '\n' << indent << 'case '
                        expression(it.expression)
                        body(it.code)
                    }
                    if (!(node.defaultStatement instanceof EmptyStatement)) {
                        out << '\n' << indent << 'default'
                        body(node.defaultStatement)
                    }
                }
                out << '\n' << indent << '}'
                break
            case TryCatchStatement:
                out << 'try'
                body(node.tryStatement)
                node.catchStatements.each {
                    out << ' catch ' << typed(it.variable.type, it.variable.name)
                    body(it.code)
                }
                if (!(node.finallyStatement instanceof EmptyStatement)) {
                    out << ' finally'
                    body(only(node.finallyStatement))
                }
                break
            case ThrowStatement:
                out << 'throw '
                expression(node.expression)
                break
            case AssertStatement:
                out << 'assert '
                expression(node.booleanExpression)
                if (!(node.messageExpression instanceof ConstantExpression && node.messageExpression.value == null)) {
                    out << ' : '
                    expression(node.messageExpression)
                }
                break
            case BreakStatement:
                out << 'break' << (node.label ? " $node.label" : '')
                break
            case ContinueStatement:
                out << 'continue' << (node.label ? " $node.label" : '')
                break
            case SynchronizedStatement:
                out << 'synchronized '
                expression(node.expression)
                body(node.code)
                break
            default:
                out << "?${node.class.simpleName}?"
        }
    }

    /** Groovy puts the block of a `finally` into another one. */
    private static Statement only(Statement node) {
        boolean wrapped = node instanceof BlockStatement && node.statements.size() == 1 && node.statements[0] instanceof BlockStatement
        wrapped ? node.statements[0] : node
    }

    private void branch(Statement node) {
        if (node instanceof BlockStatement) {
            body(node)
        } else if (node instanceof EmptyStatement) {
            out << ' {}'
        } else {
            out << ' '
            statement(node)
        }
    }

    private void list(List<Expression> all, String separator) {
        all.eachWithIndex { node, at ->
            if (at > 0) out << separator
            expression(node)
        }
    }

    private void arguments(Expression node) {
        out << '('
        if (node instanceof TupleExpression) list(node.expressions, ', ') else expression(node)
        out << ')'
    }

    private void prefix(String operator, Expression... all) {
        out << '(' << operator
        all.each {
            out << ' '
            expression(it)
        }
        out << ')'
    }

    private void expression(Expression node) {
        switch (node) {
            case EmptyExpression:
                out << 'empty'
                break
            case GStringExpression:
                out << 'g"'
                node.strings.eachWithIndex { text, at ->
                    out << escaped(text.value.toString())
                    if (at < node.values.size()) {
                        out << '${'
                        expression(node.values[at])
                        out << '}'
                    }
                }
                out << '"'
                break
            case AnnotationConstantExpression:
                out << '@' << node.value.classNode.name
                break
            case ConstantExpression:
                constant(node.value)
                break
            case DeclarationExpression:
                annotations(node)
                if (node.annotations && !node.multipleAssignmentDeclaration && node.variableExpression.name == '_') {
                    out << '_'
                    break
                }
                out << 'def '
                if (node.multipleAssignmentDeclaration) {
                    out << '(' << node.tupleExpression.expressions.collect { typed(it.originType, it.name) }.join(', ') << ')'
                } else {
                    out << typed(node.variableExpression.originType, node.variableExpression.name)
                }
                if (!(node.rightExpression instanceof EmptyExpression)) {
                    out << ' = '
                    expression(node.rightExpression)
                }
                break
            case BinaryExpression:
                String operator = node.operation.text
                if (operator == 'instanceof') {
                    out << '(instanceof ' << typeName(node.rightExpression.type) << ' '
                    expression(node.leftExpression)
                    out << ')'
                } else if (operator == '[') {
                    out << '(at '
                    expression(node.leftExpression)
                    out << ' '
                    expression(node.rightExpression)
                    out << ')'
                } else {
                    prefix(operator, node.leftExpression, node.rightExpression)
                }
                break
            case ElvisOperatorExpression:
                prefix('?:', node.trueExpression, node.falseExpression)
                break
            case TernaryExpression:
                prefix('?', node.booleanExpression, node.trueExpression, node.falseExpression)
                break
            case NotExpression:
                prefix('!', node.expression)
                break
            case BooleanExpression:
                expression(node.expression)
                break
            case UnaryMinusExpression:
                prefix('neg', node.expression)
                break
            case UnaryPlusExpression:
                prefix('pos', node.expression)
                break
            case BitwiseNegationExpression:
                prefix('~', node.expression)
                break
            case PrefixExpression:
                prefix('pre' + node.operation.text, node.expression)
                break
            case PostfixExpression:
                prefix('post' + node.operation.text, node.expression)
                break
            case RangeExpression:
                prefix(node.inclusive ? '..' : '..<', node.from, node.to)
                break
            case ClosureListExpression:
                list(node.expressions, '; ')
                break
            case ArrayExpression:
                out << 'new ' << typeName(node.type) << '('
                list(node.sizeExpression.findAll { !(it instanceof EmptyExpression) && it != null }, ', ')
                out << ')'
                break
            case ListExpression:
                out << '['
                list(node.expressions, ', ')
                out << ']'
                break
            case MapExpression:
                out << '['
                if (!node.mapEntryExpressions) out << ':'
                list(node.mapEntryExpressions, ', ')
                out << ']'
                break
            case MapEntryExpression:
                if (node.keyExpression instanceof SpreadMapExpression) {
                    out << '*: '
                } else {
                    expression(node.keyExpression)
                    out << ': '
                }
                expression(node.valueExpression)
                break
            case SpreadExpression:
                out << '*'
                expression(node.expression)
                break
            case SpreadMapExpression:
                out << '*: '
                expression(node.expression)
                break
            case TupleExpression:
                out << '('
                list(node.expressions, ', ')
                out << ')'
                break
            case CastExpression:
                out << '(' << (node.coerce ? 'as ' : 'cast ') << typeName(node.type) << ' '
                expression(node.expression)
                out << ')'
                break
            case ClassExpression:
                out << typeName(node.type)
                break
            case VariableExpression:
                out << node.name
                break
            case ConstructorCallExpression:
                if (node.superCall || node.thisCall) {
                    out << (node.superCall ? 'super' : 'this')
                    arguments(node.arguments)
                } else if (node.usingAnonymousInnerClass) {
                    ClassNode type = node.type
                    out << 'new ' << typeName(type.interfaces ? type.unresolvedInterfaces[0] : type.unresolvedSuperClass)
                    arguments(node.arguments)
                    members(type)
                } else {
                    out << 'new ' << typeName(node.type)
                    arguments(node.arguments)
                }
                break
            case MethodCallExpression:
                boolean isThis = node.objectExpression instanceof VariableExpression && node.objectExpression.name == 'this'
                if (!node.implicitThis || !isThis) {
                    expression(node.objectExpression)
                    out << (node.spreadSafe ? '*.' : node.safe ? '?.' : '.')
                }
                name(node.method)
                arguments(node.arguments)
                break
            case MethodPointerExpression:
                expression(node.expression)
                out << '.&'
                name(node.methodName)
                break
            case PropertyExpression:
                expression(node.objectExpression)
                out << (node.spreadSafe ? '*.' : node.safe ? '?.' : '.')
                if (node instanceof AttributeExpression) out << '@'
                name(node.property)
                break
            case ClosureExpression:
                out << '{'
                if (node.parameters == null) {
                    out << ' ->'
                } else if (node.parameters.length > 0) {
                    out << ' '
                    parameters(node.parameters)
                    out << ' ->'
                }
                body(node.code)
                out << '}'
                break
            default:
                out << "?${node.class.simpleName}?"
        }
    }

    private void name(Expression node) {
        if (node instanceof ConstantExpression && node.value instanceof String) {
            out << escaped(node.value)
        } else {
            out << '<'
            expression(node)
            out << '>'
        }
    }

    private void constant(Object value) {
        if (value instanceof CharSequence) {
            out << '"' << escaped(value.toString()) << '"'
        } else if (value instanceof Number) {
            out << value.class.simpleName << ':' << value
        } else {
            out << value
        }
    }

    private static String escaped(String text) {
        text.replace('\\', '\\\\').replace('\n', '\\n').replace('\r', '\\r').replace('"', '\\"')
    }
}
