import type { Pipeline } from '../../src/pipeline/declarative';
import { readNumber } from '../../src/pipeline/read/numbers';
import { lineAt } from '../../src/pipeline/syntax';
import type {
  Annotation,
  Argument,
  Call,
  Cast,
  ClassDeclaration,
  Expression,
  FunctionDeclaration,
  Import,
  Literal,
  MapEntry,
  Parameter,
  Property,
  Statement,
} from '../../src/pipeline/syntax';

/**
 * All that we have read of a file, a line a statement, in the notation of `Tree.groovy`: whatever
 * Groovy's own tree holds, so that the two can be compared as texts.
 */
export function treeOf(pipeline: Pipeline): string {
  return new Printer(pipeline).file();
}

class Printer {
  private readonly text: string;
  private readonly pipeline: Pipeline;
  private indent = '';

  constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
    this.text = pipeline.text;
  }

  file(): string {
    const { statements } = this.pipeline;
    const packages = statements.flatMap((it) =>
      it.kind === 'import' && it.form === 'package' ? [`package ${it.name}`] : [],
    );
    const imports = this.annotated(
      statements,
      (it) => it.kind === 'import' && it.form === 'import',
    );
    const functions = this.annotated(
      statements,
      (it) => it.kind === 'function' || it.kind === 'class',
    );
    // Groovy keeps no order between functions and the classes inside of others: by line, both.
    const rows = functions.flatMap(({ prefix, node }) =>
      node.kind === 'class'
        ? this.classes(node, prefix)
        : [{ at: node.start, row: prefix + this.method(node as FunctionDeclaration) }],
    );
    return [
      ...packages,
      ...new Set(
        imports.map(({ prefix, node }) => prefix + importRow(node as Import)).sort(compare),
      ),
      ...rows.sort((a, b) => a.at - b.at).map(({ row }) => row),
      this.statements(statements),
    ].join('\n');
  }

  /** The statements that `wanted` picks, with the annotations before them. */
  private annotated(
    statements: readonly Statement[],
    wanted: (node: Statement) => boolean,
  ): { prefix: string; node: Statement }[] {
    const found: { prefix: string; node: Statement }[] = [];
    let prefix = '';
    for (const node of statements) {
      if (node.kind === 'annotation') {
        prefix = this.isAlone(node) ? '' : `${prefix}${this.annotation(node)} `;
      } else {
        if (wanted(node)) found.push({ prefix, node });
        prefix = '';
      }
    }
    return found;
  }

  /** `@Library('x') _` */
  private isAlone(node: Annotation): boolean {
    return /^[ \t]*_\b/.test(this.text.slice(node.end, node.end + 50));
  }

  private annotation(node: Annotation): string {
    if (node.args.length === 0) return `@${node.name}`;
    const args = node.args.map(({ name, value }) => {
      // In annotations it is `name = value`.
      if (value.kind === 'assignment' && value.target.kind === 'name') {
        const text = this.expression(value.value);
        return value.target.name === 'value' ? text : `${value.target.name}: ${text}`;
      }
      return typeof name === 'string'
        ? `${name}: ${this.expression(value)}`
        : this.expression(value);
    });
    return `@${node.name}(${args.join(', ')})`;
  }

  private method(node: FunctionDeclaration): string {
    const prefix = node.modifiers.includes('static') ? 'static ' : '';
    const name = node.isConstructor ? 'constructor' : `method ${node.name}`;
    const returns = node.returns === undefined ? '' : ` ${plainType(node.returns)}`;
    const body =
      node.body.length > 0 || this.text.charAt(node.end - 1) === '}' ? this.body(node.body) : '';
    return `${prefix}${name}${returns}(${this.parameters(node.parameters)})${body}`;
  }

  /** A class, and after it the classes inside of it. */
  private classes(node: ClassDeclaration, prefix: string): { at: number; row: string }[] {
    const { superclass, interfaces, name, form } = node;
    let head = `${prefix}${form} ${name}`;
    if (form === 'class' && superclass !== undefined) head += ` extends ${plainType(superclass)}`;
    if (interfaces.length > 0) head += ` implements ${interfaces.map(plainType).join(', ')}`;
    const inner = this.annotated(node.body, (it) => it.kind === 'class').flatMap((it) =>
      this.classes(it.node as ClassDeclaration, it.prefix),
    );
    const constants = node.constants.map((it) => `constant ${it.name}`);
    const isInterface = form === 'interface' || form === 'annotation';
    return [
      { at: node.start, row: head + this.members(node.body, constants, isInterface) },
      ...inner,
    ];
  }

  private members(
    body: readonly Statement[],
    constants: readonly string[],
    isInterface: boolean,
  ): string {
    const rows = this.deeper(() => {
      const all = constants.map((row) => `\n${this.indent}${row}`);
      for (const { prefix, node } of this.annotated(body, () => true)) {
        if (node.kind === 'function') {
          all.push(`\n${this.indent}${prefix}${this.method(node)}`);
        }
        const fields = node.kind === 'declaration' ? [node] : isDeclarations(node) ? node.body : [];
        for (const field of fields) {
          if (field.kind !== 'declaration') continue;
          const isStatic = field.modifiers.includes('static') && !isInterface;
          const name = typed(field.type, field.names[0]?.name ?? '');
          const value = field.value ? ` = ${this.expression(field.value)}` : '';
          all.push(`\n${this.indent}${prefix}${isStatic ? 'static ' : ''}field ${name}${value}`);
        }
      }
      return all.join('');
    });
    return ` {${rows}\n${this.indent}}`;
  }

  private deeper(print: () => string): string {
    const outer = this.indent;
    this.indent += '  ';
    const text = print();
    this.indent = outer;
    return text;
  }

  private parameters(parameters: readonly Parameter[]): string {
    return parameters
      .map(({ name, type, initial }) =>
        initial === undefined
          ? typed(type, name)
          : `${typed(type, name)} = ${this.expression(initial)}`,
      )
      .join(', ');
  }

  private body(statements: readonly Statement[]): string {
    const all = this.deeper(() => this.statements(statements));
    return all === '' ? ' {}' : ` {\n${all}${this.indent}}`;
  }

  private statements(statements: readonly Statement[]): string {
    let all = '';
    let prefix = '';
    let from = -1;
    const row = (node: Statement, text: string): void => {
      const line = lineAt(this.pipeline.lines, from < 0 ? node.start : from);
      all += `${this.indent}${line} ${prefix}${text}\n`;
      prefix = '';
      from = -1;
    };
    for (const node of statements) {
      if (node.kind === 'annotation') {
        if (from < 0) from = node.start;
        prefix += `${this.annotation(node)} `;
        if (this.isAlone(node)) row(node, '_');
      } else if (node.kind === 'import' || node.kind === 'function' || node.kind === 'class') {
        prefix = '';
        from = -1;
      } else if (isDeclarations(node)) {
        const annotations = prefix;
        for (const part of node.body) {
          prefix = annotations;
          row(part, this.statement(part));
        }
      } else row(node, this.statement(node));
    }
    return all;
  }

  private branch(node: Statement): string {
    return node.kind === 'block' ? this.body(node.body) : ` ${this.statement(node)}`;
  }

  private statement(node: Statement): string {
    switch (node.kind) {
      case 'block':
        return node.lock === undefined
          ? `block${this.body(node.body)}`
          : `synchronized ${this.expression(node.lock)}${this.body(node.body)}`;
      case 'declaration': {
        const names = node.several
          ? `(${node.names.map(({ start, end, name }) => this.severalName(start, end, name)).join(', ')})`
          : typed(node.type, node.names[0]?.name ?? '');
        return `def ${names}${node.value ? ` = ${this.expression(node.value)}` : ''}`;
      }
      case 'if': {
        const otherwise = node.otherwise ? ` else${this.branch(node.otherwise)}` : '';
        return `if ${this.expression(node.test)}${this.branch(node.then)}${otherwise}`;
      }
      case 'while':
        return `${labelled(node.label)}while ${this.expression(node.test)}${this.branch(node.body)}`;
      case 'for': {
        const parts = [
          ...(node.initial.length > 0 ? node.initial.map((it) => this.statement(it)) : ['empty']),
          node.test ? this.expression(node.test) : 'empty',
          ...(node.update.length > 0 ? node.update.map((it) => this.expression(it)) : ['empty']),
        ];
        return `${labelled(node.label)}for (${parts.join('; ')})${this.branch(node.body)}`;
      }
      case 'forIn':
        return `${labelled(node.label)}for ${node.name} in ${this.expression(node.items)}${this.branch(node.body)}`;
      case 'switch': {
        const cases = this.deeper(() =>
          node.cases
            .toSorted((a, b) => Number(a.test === undefined) - Number(b.test === undefined))
            .map(({ test, body }) => {
              const head = test === undefined ? 'default' : `case ${this.expression(test)}`;
              return `\n${this.indent}${head}${this.body(body)}`;
            })
            .join(''),
        );
        return `switch ${this.expression(node.subject)} {${cases}\n${this.indent}}`;
      }
      case 'try': {
        const catches = node.catches.flatMap(({ types, name, body }) =>
          (types.length > 0 ? types : [undefined]).map(
            (type) => ` catch ${typed(type, name)}${this.body(body.body)}`,
          ),
        );
        const last = node.finally ? ` finally${this.body(node.finally.body)}` : '';
        return `try${this.body(node.body.body)}${catches.join('')}${last}`;
      }
      case 'return':
        return `return ${node.value ? this.expression(node.value) : 'null'}`;
      case 'throw':
        return `throw ${this.expression(node.value)}`;
      case 'assert': {
        const message = node.message ? ` : ${this.expression(node.message)}` : '';
        return `assert ${this.expression(node.test)}${message}`;
      }
      case 'break':
      case 'continue':
        return node.label === undefined ? node.kind : `${node.kind} ${node.label}`;
      case 'function':
      case 'class':
      case 'annotation':
      case 'import':
        return `?${node.kind}?`;
      default:
        return this.expression(node);
    }
  }

  private severalName(start: number, end: number, name: string): string {
    // The type before a name of several is only in the text.
    const before = this.text.slice(0, start);
    const type = /[(,]\s*([\w.<>[\]]+)\s+$/.exec(before)?.[1];
    return typed(end > start && type !== 'def' ? type : undefined, name);
  }

  private list(items: readonly Expression[]): string {
    return items.map((item) => this.expression(item)).join(', ');
  }

  private expression(node: Expression): string {
    switch (node.kind) {
      case 'literal':
        return this.literal(node);
      case 'gstring': {
        const parts = node.parts.map((part) =>
          typeof part === 'string' ? escaped(part) : `\${${this.expression(part)}}`,
        );
        return `g"${parts.join('')}"`;
      }
      case 'name':
        return node.name;
      case 'list':
        return `[${this.list(node.items)}]`;
      case 'map':
        return `[${node.entries.length === 0 ? ':' : this.entries(node.entries)}]`;
      case 'range':
        return this.prefix(node.exclusive ? '..<' : '..', node.from, node.to);
      case 'closure': {
        const { parameters } = node;
        const head =
          parameters === undefined
            ? ''
            : parameters.length === 0
              ? ' ->'
              : ` ${this.parameters(parameters)} ->`;
        return `{${head}${this.body(node.body)}}`;
      }
      case 'call':
        return this.call(node);
      case 'property':
        return this.property(node);
      case 'index': {
        const [only] = node.items;
        const inner =
          node.items.length === 1 && only ? this.expression(only) : `[${this.list(node.items)}]`;
        return `(at ${this.expression(node.object)} ${inner})`;
      }
      case 'unary':
        return this.unary(node.operator, node.postfix, node.operand);
      case 'binary': {
        // A chain may be long, and leans to the left.
        let tail = '';
        let head = '';
        let at: Expression = node;
        while (at.kind === 'binary') {
          head += `(${at.operator} `;
          tail = ` ${this.expression(at.right)})${tail}`;
          at = at.left;
        }
        return head + this.expression(at) + tail;
      }
      case 'assignment': {
        const { target } = node;
        if (target.kind === 'list')
          return `(= (${this.list(target.items)}) ${this.expression(node.value)})`;
        return this.prefix(`${node.operator ?? ''}=`, target, node.value);
      }
      case 'ternary':
        return node.then
          ? this.prefix('?', node.test, node.then, node.otherwise)
          : this.prefix('?:', node.test, node.otherwise);
      case 'cast':
        return `(${this.castWord(node)} ${plainType(node.type)} ${this.expression(node.value)})`;
      case 'new': {
        const body = node.body ? this.members(node.body, [], false) : '';
        return `new ${plainType(node.type)}${this.arguments(node.args)}${body}`;
      }
      case 'opaque':
        return /^@[\w.]+/.exec(this.text.slice(node.start, node.start + 80))?.[0] ?? '?';
    }
  }

  private castWord(node: Cast): string {
    if (node.test) return 'instanceof';
    return /\bas\b/.test(this.text.slice(node.value.end, node.end)) ? 'as' : 'cast';
  }

  private unary(operator: string, postfix: boolean, operand: Expression): string {
    switch (operator) {
      case '*':
        return `*${this.expression(operand)}`;
      case '-':
        return this.prefix('neg', operand);
      case '+':
        return this.prefix('pos', operand);
      case '++':
      case '--':
        return this.prefix((postfix ? 'post' : 'pre') + operator, operand);
      default:
        return this.prefix(operator, operand);
    }
  }

  private prefix(operator: string, ...all: readonly Expression[]): string {
    return `(${[operator, ...all.map((it) => this.expression(it))].join(' ')})`;
  }

  private literal(node: Literal): string {
    const { value } = node;
    if (typeof value === 'string') return `"${escaped(value)}"`;
    if (typeof value !== 'number') return String(value);
    const { type, text } = readNumber(this.text.slice(node.start, node.end));
    return `${type}:${text}`;
  }

  private entries(entries: readonly MapEntry[]): string {
    return entries
      .map(({ key, value, spread }) =>
        spread
          ? `*: ${this.expression(value)}`
          : `${this.expression(key)}: ${this.expression(value)}`,
      )
      .join(', ');
  }

  private property(node: Property): string {
    const dot = node.spread ? '*.' : node.safe ? '?.' : '.';
    const mark = node.access === 'method' ? '&' : node.access === 'field' ? '@' : '';
    return `${this.expression(node.object)}${dot}${mark}${this.name(node.name)}`;
  }

  private name(name: string | Expression): string {
    return typeof name === 'string' ? escaped(name) : `<${this.expression(name)}>`;
  }

  private call(node: Call): string {
    const args = this.arguments(node.args);
    const object = node.object ? this.expression(node.object) : '';
    if (node.name === undefined) {
      return object === 'super' || object === 'this' ? object + args : `${object}.call${args}`;
    }
    const dot = node.object ? (node.spread ? '*.' : node.safe ? '?.' : '.') : '';
    return `${object}${dot}${this.name(node.name)}${args}`;
  }

  /** Groovy puts named arguments together, before the others. */
  private arguments(args: readonly Argument[]): string {
    const named: string[] = [];
    const others: string[] = [];
    for (const { name, value, spread } of args) {
      if (name === undefined && spread && this.isMapSpread(value)) {
        named.push(`*: ${this.expression(value)}`);
      } else if (name === undefined) {
        others.push(`${spread ? '*' : ''}${this.expression(value)}`);
      } else {
        const key = typeof name === 'string' ? `"${escaped(name)}"` : this.expression(name);
        named.push(`${key}: ${this.expression(value)}`);
      }
    }
    return `(${[...(named.length > 0 ? [`[${named.join(', ')}]`] : []), ...others].join(', ')})`;
  }

  /** An argument does not tell `*: map` from `*list`; the text does. */
  private isMapSpread(value: Expression): boolean {
    return /\*\s*:\s*\(*$/.test(this.text.slice(Math.max(0, value.start - 20), value.start));
  }
}

function isDeclarations(node: Statement): node is Extract<Statement, { kind: 'block' }> {
  return (
    node.kind === 'block' &&
    node.body.length > 1 &&
    node.body.every(({ kind }) => kind === 'declaration') &&
    node.body[0]?.start === node.start
  );
}

function labelled(label: string | undefined): string {
  return label === undefined ? '' : `${label}: `;
}

function typed(type: string | undefined, name: string): string {
  return type === undefined || type === 'def' ? name : `${plainType(type)} ${name}`;
}

/** Without blanks and generics. */
function plainType(type: string): string {
  let depth = 0;
  let plain = '';
  for (const c of type.replaceAll(/\s/g, '')) {
    if (c === '<') depth++;
    if (depth === 0) plain += c;
    if (c === '>') depth--;
  }
  return plain.replace(/^(?:java\.(?:lang|util)|groovy\.lang)\.(?=[A-Z]\w*$)/, '');
}

function importRow(node: Import): string {
  const alias = node.alias === undefined ? '' : ` as ${node.alias}`;
  return `import ${node.isStatic ? 'static ' : ''}${node.name}${node.all ? '.*' : ''}${alias}`;
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('"', '\\"');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
