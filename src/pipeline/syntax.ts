/** A stretch of a Jenkinsfile. Offsets are UTF-16 code units from 0, lines are counted from 1. */
export interface Range {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly line: number;
  readonly endLine: number;
}

/** What every node has: its place in the text, the end exclusive. `rangeOf` adds the lines. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** A constant. A number's exact spelling is in the text. */
export interface Literal extends Place {
  readonly kind: 'literal';
  readonly value: string | number | boolean | null;
}

/** A string with interpolation. */
export interface GString extends Place {
  readonly kind: 'gstring';
  readonly parts: readonly (string | Expression)[];
  /** The stretch between the quotes. */
  readonly inner: Place;
}

export interface Name extends Place {
  readonly kind: 'name';
  readonly name: string;
}

export interface ListLiteral extends Place {
  readonly kind: 'list';
  readonly items: readonly Expression[];
}

export interface MapLiteral extends Place {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}

/** `key: value`; a name as key is a string. With `spread` it is `*: value`, and the key is '*'. */
export interface MapEntry {
  readonly key: Expression;
  readonly value: Expression;
  readonly spread: boolean;
}

export interface RangeLiteral extends Place {
  readonly kind: 'range';
  readonly from: Expression;
  readonly to: Expression;
  readonly exclusive: boolean;
}

export interface Parameter {
  readonly name: string;
  /** As written; `String...` is `String[]`. Undefined if it has none, or `def`. */
  readonly type: string | undefined;
  readonly initial: Expression | undefined;
}

export interface Closure extends Place {
  readonly kind: 'closure';
  /** Undefined if it declares none, and so has `it`. */
  readonly parameters: readonly Parameter[] | undefined;
  readonly body: readonly Statement[];
}

export interface Argument {
  /** The name of a named argument; an expression if it is computed: `(key): value`. */
  readonly name: string | Expression | undefined;
  readonly value: Expression;
  /** `*list` or `*: map`. */
  readonly spread: boolean;
}

/** `name(…)`, `object.name(…)`, or, without a name, `object(…)`. A trailing closure is the last argument. */
export interface Call extends Place {
  readonly kind: 'call';
  readonly object: Expression | undefined;
  readonly name: string | Expression | undefined;
  /** `?.` and `*.`. */
  readonly safe: boolean;
  readonly spread: boolean;
  readonly args: readonly Argument[];
}

export interface Property extends Place {
  readonly kind: 'property';
  readonly object: Expression;
  readonly name: string | Expression;
  readonly safe: boolean;
  readonly spread: boolean;
  /** `object.name`, the field itself by `object.@name`, the method as a closure by `object.&name`. */
  readonly access: 'property' | 'field' | 'method';
}

export interface Index extends Place {
  readonly kind: 'index';
  readonly object: Expression;
  readonly items: readonly Expression[];
}

export interface Unary extends Place {
  readonly kind: 'unary';
  /** `*` puts the items of a list into the list or the index around it. */
  readonly operator: '!' | '-' | '+' | '~' | '++' | '--' | '*';
  readonly operand: Expression;
  readonly postfix: boolean;
}

export interface Binary extends Place {
  readonly kind: 'binary';
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

/** `target = value`, and with `operator` `target += value`. */
export interface Assignment extends Place {
  readonly kind: 'assignment';
  readonly operator: string | undefined;
  readonly target: Expression;
  readonly value: Expression;
}

/** `test ? then : otherwise`; without `then` it is `test ?: otherwise`. */
export interface Ternary extends Place {
  readonly kind: 'ternary';
  readonly test: Expression;
  readonly then: Expression | undefined;
  readonly otherwise: Expression;
}

/** `(Type) value`, `value as Type`, and `value instanceof Type`. */
export interface Cast extends Place {
  readonly kind: 'cast';
  readonly test: boolean;
  readonly type: string;
  readonly value: Expression;
}

/** `new Type(…)`. Of an array, `new int[3]`, the type is `int[]` and the lengths are the arguments. */
export interface New extends Place {
  readonly kind: 'new';
  /** As written, without generics. */
  readonly type: string;
  readonly args: readonly Argument[];
  /** The members of an anonymous class. */
  readonly body: readonly Statement[] | undefined;
}

/** What could not be read. */
export interface Opaque extends Place {
  readonly kind: 'opaque';
  /** What could be read of it all the same; it is in no order that means anything. */
  readonly inside?: readonly Statement[];
}

export type Expression =
  | Literal
  | GString
  | Name
  | ListLiteral
  | MapLiteral
  | RangeLiteral
  | Closure
  | Call
  | Property
  | Index
  | Unary
  | Binary
  | Assignment
  | Ternary
  | Cast
  | New
  | Opaque;

/** `def x = 1`, `String x`, and `def (a, b) = …` with `several`. */
export interface Declaration extends Place {
  readonly kind: 'declaration';
  /** `static`, `final`, `private` …, without `def`. */
  readonly modifiers: readonly string[];
  /** As written; undefined with `def`, and with `several`. */
  readonly type: string | undefined;
  readonly names: readonly Name[];
  readonly several: boolean;
  readonly value: Expression | undefined;
}

/** A function of the file, or a method or a constructor of a class. */
export interface FunctionDeclaration extends Place {
  readonly kind: 'function';
  /** Of a constructor that of its class. */
  readonly name: string;
  readonly modifiers: readonly string[];
  /** The type of what it returns, as written. */
  readonly returns: string | undefined;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  readonly isConstructor: boolean;
}

export interface ClassDeclaration extends Place {
  readonly kind: 'class';
  readonly form: 'class' | 'interface' | 'enum' | 'trait' | 'annotation';
  readonly name: string;
  readonly modifiers: readonly string[];
  /** As written; an interface has what it extends in `interfaces`. */
  readonly superclass: string | undefined;
  readonly interfaces: readonly string[];
  /** Of an enum. */
  readonly constants: readonly EnumConstant[];
  /**
   * Its members: fields are declarations, methods and constructors functions, and there may be
   * classes, annotations before what they annotate, and initializers, which are blocks.
   */
  readonly body: readonly Statement[];
}

export interface EnumConstant extends Place {
  readonly name: string;
  readonly args: readonly Argument[];
  readonly body: readonly Statement[] | undefined;
}

/** `@Library('x')`; it stands before what it annotates. */
export interface Annotation extends Place {
  readonly kind: 'annotation';
  readonly name: string;
  readonly args: readonly Argument[];
}

/** `import` or `package`. */
export interface Import extends Place {
  readonly kind: 'import';
  readonly form: 'import' | 'package';
  /** `a.b.C`, with its last part if it is static; without `.*`. */
  readonly name: string;
  readonly isStatic: boolean;
  /** Ends in `.*`. */
  readonly all: boolean;
  /** What comes after `as`. */
  readonly alias: string | undefined;
}

export interface Block extends Place {
  readonly kind: 'block';
  readonly body: readonly Statement[];
  /** `synchronized (lock) { … }`. */
  readonly lock?: Expression;
}

export interface If extends Place {
  readonly kind: 'if';
  readonly test: Expression;
  readonly then: Statement;
  readonly otherwise: Statement | undefined;
}

/** `for (initial; test; update)`. */
export interface For extends Place {
  readonly kind: 'for';
  readonly label: string | undefined;
  readonly initial: readonly Statement[];
  readonly test: Expression | undefined;
  readonly update: readonly Expression[];
  readonly body: Statement;
}

export interface ForIn extends Place {
  readonly kind: 'forIn';
  readonly label: string | undefined;
  readonly name: string;
  readonly items: Expression;
  readonly body: Statement;
}

export interface While extends Place {
  readonly kind: 'while';
  readonly label: string | undefined;
  readonly test: Expression;
  readonly body: Statement;
}

export interface Switch extends Place {
  readonly kind: 'switch';
  readonly subject: Expression;
  /** `test` is undefined for `default`. */
  readonly cases: readonly {
    readonly test: Expression | undefined;
    readonly body: readonly Statement[];
  }[];
}

export interface Try extends Place {
  readonly kind: 'try';
  readonly body: Block;
  readonly catches: readonly {
    /** The types caught; none means every exception. */
    readonly types: readonly string[];
    readonly name: string;
    readonly body: Block;
  }[];
  readonly finally: Block | undefined;
}

export interface Return extends Place {
  readonly kind: 'return';
  readonly value: Expression | undefined;
}

export interface Throw extends Place {
  readonly kind: 'throw';
  readonly value: Expression;
}

export interface Assert extends Place {
  readonly kind: 'assert';
  readonly test: Expression;
  readonly message: Expression | undefined;
}

export interface Jump extends Place {
  readonly kind: 'break' | 'continue';
  readonly label: string | undefined;
}

export type Statement =
  | Expression
  | Declaration
  | FunctionDeclaration
  | ClassDeclaration
  | Annotation
  | Import
  | Block
  | If
  | For
  | ForIn
  | While
  | Switch
  | Try
  | Return
  | Throw
  | Assert
  | Jump;

export interface Problem {
  readonly line: number;
  readonly message: string;
  readonly range: Range;
  /** Whether every Jenkins refuses the file for it: no plugin can add what is missed, and it is no limit of ours. */
  readonly certain: boolean;
}

/** A Jenkinsfile as read: all of its statements, whatever state the text is in. */
export interface Script {
  readonly text: string;
  /** The offset of each line's first character. */
  readonly lines: Int32Array;
  readonly statements: readonly Statement[];
  readonly problems: readonly Problem[];
}

export function rangeOf(script: Pick<Script, 'lines'>, place: Place): Range {
  return {
    start: place.start,
    end: place.end,
    line: lineAt(script.lines, place.start),
    endLine: lineAt(script.lines, Math.max(place.start, place.end - 1)),
  };
}

/** The line of an offset, counted from 1. */
export function lineAt(lines: Int32Array, offset: number): number {
  let low = 0;
  let high = lines.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lines[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

export function linesOf(text: string): Int32Array {
  const lines = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.push(at + 1);
  return Int32Array.from(lines);
}

/** The positional arguments of a call. */
export function positional(args: readonly Argument[]): readonly Expression[] {
  return args.filter((arg) => arg.name === undefined).map((arg) => arg.value);
}

/** The named argument `name` of a call. */
export function named(args: readonly Argument[], name: string): Expression | undefined {
  return args.find((arg) => arg.name === name)?.value;
}

/** The name of a call; '' if it is computed or has none. */
export function calledName(call: Call): string {
  return typeof call.name === 'string' ? call.name : '';
}

/** The closure that a call gets as its last argument. */
export function bodyOf(call: Call): Closure | undefined {
  const last = call.args.at(-1)?.value;
  return last?.kind === 'closure' ? last : undefined;
}

export function isExpression(statement: Statement): statement is Expression {
  switch (statement.kind) {
    case 'literal':
    case 'gstring':
    case 'name':
    case 'list':
    case 'map':
    case 'range':
    case 'closure':
    case 'call':
    case 'property':
    case 'index':
    case 'unary':
    case 'binary':
    case 'assignment':
    case 'ternary':
    case 'cast':
    case 'new':
    case 'opaque':
      return true;
    default:
      return false;
  }
}
