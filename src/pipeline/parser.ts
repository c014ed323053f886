import { balance } from './brackets';
import type { Balanced } from './brackets';
import { readDeclarative } from './declarative';
import type { Pipeline } from './declarative';
import { lex } from './lexer';
import { unescape } from './strings';
import { FLAG, QUOTE_LENGTH, QUOTE_SHIFT, T } from './tokens';
import { linesOf, rangeOf } from './syntax';
import type {
  Argument,
  Block,
  Call,
  Closure,
  Declaration,
  Expression,
  FunctionDeclaration,
  GString,
  Literal,
  Name,
  Opaque,
  Parameter,
  Statement,
  Switch,
  Try,
  Unary,
} from './syntax';

/**
 * Reads a Jenkinsfile, declarative or scripted, in whatever state it is. Never throws, and takes
 * time in proportion to the text: what cannot be read becomes an `opaque` node and a problem.
 */
export function parse(text: string): Pipeline {
  const tokens = balance(text, lex(text));
  const statements = new Parser(text, tokens).file();
  const lines = linesOf(text);
  const problems = tokens.damage
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, message }) => {
      const range = rangeOf({ lines }, { start, end });
      return { line: range.line, message, range };
    });
  return { text, lines, statements, problems, declarative: readDeclarative(statements) };
}

/** How deeply expressions and statements may nest before the rest is taken as opaque. */
const MAX_DEPTH = 200;

/** How many closures one call takes after its arguments: `a { } { }`. */
const MAX_CLOSURES = 16;

/** How strongly binary operators bind; what is not here is none. Relations are handled apart. */
const STRENGTH = new Uint8Array(256);
for (const [strength, kinds] of [
  [1, [T.or]],
  [2, [T.and]],
  [3, [T.bitOr]],
  [4, [T.bitXor]],
  [5, [T.bitAnd]],
  [6, [T.find, T.match]],
  [7, [T.equal, T.notEqual, T.identical, T.notIdentical, T.compare]],
  [8, [T.less, T.lessEqual, T.greater, T.greaterEqual, T.kIn, T.kInstanceof, T.kAs]],
  [9, [T.shiftLeft, T.shiftRight, T.shiftRightUnsigned, T.range, T.rangeExclusive]],
  [10, [T.plus, T.minus]],
  [11, [T.star, T.slash, T.percent]],
  [12, [T.power]],
] as const) {
  for (const kind of kinds) STRENGTH[kind] = strength;
}

class Parser {
  private readonly text: string;
  private readonly tokens: Balanced;
  private at = 0;
  private depth = 0;
  /** The class whose body is being read. */
  private className = '';

  constructor(text: string, tokens: Balanced) {
    this.text = text;
    this.tokens = tokens;
  }

  file(): Statement[] {
    const statements: Statement[] = [];
    while (this.kind() !== T.end) this.statementsInto(statements, T.end);
    return statements;
  }

  // Tokens

  private kind(ahead = 0): number {
    return this.tokens.kind[this.at + ahead] ?? T.end;
  }

  private startOf(token = this.at): number {
    return this.tokens.start[token] ?? this.text.length;
  }

  /** Where the last token that was read ended. */
  private endBefore(): number {
    return this.at > 0 ? (this.tokens.end[this.at - 1] ?? 0) : 0;
  }

  private newlineBefore(ahead = 0): boolean {
    return ((this.tokens.flags[this.at + ahead] ?? 0) & FLAG.newline) !== 0;
  }

  private textOf(token = this.at): string {
    return this.text.slice(this.tokens.start[token], this.tokens.end[token]);
  }

  private partner(token = this.at): number {
    return this.tokens.match[token] ?? token;
  }

  private take(kind: number): boolean {
    if (this.kind() !== kind) return false;
    this.at++;
    return true;
  }

  private blame(start: number, end: number, message: string): void {
    this.tokens.damage.push({ start, end, message });
  }

  // Statements

  /** Reads statements up to the token `closer`, which it leaves. */
  private statementsInto(statements: Statement[], closer: number): void {
    for (;;) {
      const kind = this.kind();
      if (kind === closer || kind === T.end) return;
      if (kind === T.semicolon) {
        this.at++;
        continue;
      }
      const before = this.at;
      statements.push(this.statement());
      if (this.at === before) {
        statements.push(this.unreadable());
      } else if (!this.atStatementEnd(closer)) {
        // Two statements on a line without `;`: read the rest as the next one, but say so.
        this.blame(
          this.startOf(),
          this.tokens.end[this.at] ?? 0,
          `Unexpected '${this.excerpt()}'.`,
        );
      }
    }
  }

  private excerpt(): string {
    return this.textOf().slice(0, 40);
  }

  private atStatementEnd(closer: number): boolean {
    const kind = this.kind();
    return (
      kind === closer ||
      kind === T.end ||
      kind === T.semicolon ||
      this.newlineBefore() ||
      this.tokens.kind[this.at - 1] === T.curlyClose
    );
  }

  /** Takes one token, or a pair of brackets and what is between, as unreadable. */
  private unreadable(): Opaque {
    const start = this.startOf();
    this.blame(start, this.tokens.end[this.at] ?? start, `Unexpected '${this.excerpt()}'.`);
    this.skip();
    return { kind: 'opaque', start, end: this.endBefore() };
  }

  private skip(): void {
    this.at = Math.max(this.at, this.partner()) + 1;
  }

  /** The depth is bounded: takes the rest of the statement, or of the argument, as opaque. */
  private tooDeep(): Opaque {
    const start = this.startOf();
    this.blame(start, start, 'This is nested too deeply to be read.');
    while (!this.atRestEnd()) this.skip();
    return { kind: 'opaque', start, end: Math.max(start, this.endBefore()) };
  }

  private atRestEnd(): boolean {
    const kind = this.kind();
    return (
      kind === T.end ||
      kind === T.comma ||
      kind === T.semicolon ||
      kind === T.parenClose ||
      kind === T.squareClose ||
      kind === T.curlyClose ||
      kind === T.gClose ||
      kind === T.gEnd
    );
  }

  private statement(): Statement {
    if (this.depth >= MAX_DEPTH) return this.tooDeep();
    this.depth++;
    const statement = this.anyStatement();
    this.depth--;
    return statement;
  }

  private anyStatement(): Statement {
    const start = this.startOf();
    switch (this.kind()) {
      case T.at:
        return this.annotation(start);
      case T.kImport:
      case T.kPackage:
        this.at++;
        while (!this.atLineEnd()) this.skip();
        return { kind: 'import', start, end: this.endBefore() };
      case T.kDef:
      case T.kModifier:
      case T.kPrimitive:
        return this.declaration(start);
      case T.kClass:
      case T.kInterface:
      case T.kEnum:
        return this.classDeclaration(start);
      case T.kIf:
        return this.ifStatement(start);
      case T.kFor:
        return this.forStatement(start);
      case T.kWhile: {
        this.at++;
        const test = this.condition();
        const body = this.branch();
        return { kind: 'while', start, end: this.endBefore(), test, body };
      }
      case T.kSwitch:
        return this.switchStatement(start);
      case T.kTry:
        return this.tryStatement(start);
      case T.kReturn: {
        this.at++;
        const value = this.atLineEnd() ? undefined : this.expression(true);
        return { kind: 'return', start, end: this.endBefore(), value };
      }
      case T.kThrow: {
        this.at++;
        const value = this.expression(true);
        return { kind: 'throw', start, end: this.endBefore(), value };
      }
      case T.kAssert: {
        this.at++;
        const test = this.expression(false);
        const message =
          this.take(T.colon) || this.take(T.comma) ? this.expression(false) : undefined;
        return { kind: 'assert', start, end: this.endBefore(), test, message };
      }
      case T.kBreak:
      case T.kContinue: {
        const kind = this.kind() === T.kBreak ? 'break' : 'continue';
        this.at++;
        if (this.kind() === T.name && !this.newlineBefore()) this.at++;
        return { kind, start, end: this.endBefore() };
      }
      case T.name:
        if (this.kind(1) === T.colon && !this.newlineBefore(1)) {
          // A label.
          this.at += 2;
          return this.statement();
        }
        if (this.startsConstructor()) return this.functionDeclaration(start);
        return this.startsDeclaration() ? this.declaration(start) : this.expressionStatement();
      default:
        return this.expressionStatement();
    }
  }

  private expressionStatement(): Statement {
    return this.expression(true);
  }

  private atLineEnd(): boolean {
    return this.newlineBefore() || (this.atRestEnd() && this.kind() !== T.comma);
  }

  private annotation(start: number): Statement {
    this.at++;
    if (this.kind() === T.kInterface) return this.classDeclaration(start);
    const name = this.qualifiedName();
    const args =
      this.kind() === T.parenOpen && !this.newlineBefore() ? this.argumentsInParens() : [];
    const end = this.endBefore();
    // `@Library('x') _` annotates a name that means nothing.
    if (this.kind() === T.name && !this.newlineBefore() && this.textOf() === '_') this.at++;
    else if (!this.newlineBefore() && !this.atRestEnd()) {
      // What is annotated follows on the same line, as a statement of its own.
      this.tokens.flags[this.at] = (this.tokens.flags[this.at] ?? 0) | FLAG.newline;
    }
    return { kind: 'annotation', start, end, name, args };
  }

  private qualifiedName(): string {
    if (this.kind() !== T.name) return '';
    let name = this.textOf();
    this.at++;
    while (this.kind() === T.dot && isWord(this.kind(1))) {
      name += `.${this.textOf(this.at + 1)}`;
      this.at += 2;
    }
    return name;
  }

  /** Whether a type and a name begin here: `String x`, `Map<String, List> y = …`, `Foo bar() {`. */
  private startsDeclaration(): boolean {
    const after = this.typeEnd(this.at);
    if (after < 0 || this.tokens.kind[after] !== T.name) return false;
    if (((this.tokens.flags[after] ?? 0) & FLAG.newline) !== 0) return false;
    if (!isUpperCase(this.text.charCodeAt(this.startOf(this.lastNameOf(after))))) return false;
    const next = this.tokens.kind[after + 1] ?? T.end;
    if (next === T.parenOpen) {
      return this.tokens.kind[(this.tokens.match[after + 1] ?? 0) + 1] === T.curlyOpen;
    }
    const newline = ((this.tokens.flags[after + 1] ?? 0) & FLAG.newline) !== 0;
    return (
      newline ||
      next === T.assign ||
      next === T.semicolon ||
      next === T.curlyClose ||
      next === T.comma ||
      next === T.kIn ||
      next === T.colon ||
      next === T.end
    );
  }

  private startsConstructor(): boolean {
    if (this.className === '' || this.kind(1) !== T.parenOpen) return false;
    const after = this.partner(this.at + 1) + 1;
    return this.tokens.kind[after] === T.curlyOpen && this.textOf() === this.className;
  }

  /** The last name of the type that ends before the token `after`, without generics. */
  private lastNameOf(after: number): number {
    let token = this.at;
    while (token + 2 < after && this.tokens.kind[token + 1] === T.dot) token += 2;
    return token;
  }

  /** The token after the type that begins at `token`, or -1 if none does. */
  private typeEnd(token: number): number {
    const { kind, match } = this.tokens;
    let at = token;
    if (kind[at] !== T.name && kind[at] !== T.kPrimitive) return -1;
    at++;
    while (kind[at] === T.dot && kind[at + 1] === T.name) at += 2;
    if (kind[at] === T.less) {
      at = this.genericsEnd(at);
      if (at < 0) return -1;
    }
    while (kind[at] === T.squareOpen && match[at] === at + 1) at += 2;
    return at;
  }

  private genericsEnd(from: number): number {
    const { kind } = this.tokens;
    let open = 0;
    for (let at = from; ; at++) {
      switch (kind[at]) {
        case T.less:
          open++;
          break;
        case T.greater:
          open -= 1;
          break;
        case T.shiftRight:
          open -= 2;
          break;
        case T.shiftRightUnsigned:
          open -= 3;
          break;
        case T.name:
        case T.comma:
        case T.dot:
        case T.question:
        case T.kExtends:
        case T.kSuper:
        case T.squareOpen:
        case T.squareClose:
          break;
        default:
          return -1;
      }
      if (open <= 0) return open === 0 ? at + 1 : -1;
    }
  }

  private declaration(start: number): Statement {
    this.modifiers();
    if (this.kind() === T.kClass || this.kind() === T.kEnum || this.kind() === T.kInterface) {
      return this.classDeclaration(start);
    }
    if (this.kind() === T.less) {
      const end = this.genericsEnd(this.at);
      if (end > 0) this.at = end;
    }
    const type = this.typeEnd(this.at);
    if (type > 0 && (this.tokens.kind[type] === T.name || this.tokens.kind[type] === T.string)) {
      if (((this.tokens.flags[type] ?? 0) & FLAG.newline) === 0) this.at = type;
    }
    if (this.kind() === T.parenOpen) return this.severalDeclared(start);
    const isFunction = this.kind(1) === T.parenOpen && !this.newlineBefore(1);
    if (isFunction && (isWord(this.kind()) || this.kind() === T.string))
      return this.functionDeclaration(start);
    if (!isWord(this.kind())) return this.unreadableDeclaration(start);
    return this.declaredNames(start);
  }

  private modifiers(): void {
    while (this.kind() === T.kDef || this.kind() === T.kModifier) this.at++;
  }

  private unreadableDeclaration(start: number): Opaque {
    this.blame(start, this.endBefore(), 'A name is missing in this declaration.');
    return { kind: 'opaque', start, end: this.endBefore() };
  }

  private nameHere(): Name {
    const start = this.startOf();
    const name = this.textOf();
    this.at++;
    return { kind: 'name', start, end: this.endBefore(), name };
  }

  /** `x = 1, y, z = 2`: one declaration, or a block of them. */
  private declaredNames(start: number): Statement {
    const declarations: Declaration[] = [];
    do {
      const from = declarations.length === 0 ? start : this.startOf();
      if (!isWord(this.kind())) break;
      const name = this.nameHere();
      const value = this.take(T.assign) ? this.expression(true) : undefined;
      declarations.push({
        kind: 'declaration',
        start: from,
        end: this.endBefore(),
        names: [name],
        several: false,
        value,
      });
    } while (this.take(T.comma));
    const [only] = declarations;
    if (only !== undefined && declarations.length === 1) return only;
    return { kind: 'block', start, end: this.endBefore(), body: declarations };
  }

  private severalDeclared(start: number): Statement {
    const close = this.partner();
    const names: Name[] = [];
    this.at++;
    while (this.at < close) {
      const type = this.typeEnd(this.at);
      if (type > 0 && this.tokens.kind[type] === T.name) this.at = type;
      if (this.kind() === T.name) names.push(this.nameHere());
      else this.at++;
    }
    this.at = close + 1;
    const value = this.take(T.assign) ? this.expression(true) : undefined;
    return { kind: 'declaration', start, end: this.endBefore(), names, several: true, value };
  }

  private functionDeclaration(start: number): FunctionDeclaration | Opaque {
    const name = this.kind() === T.string ? String(this.string().value) : this.textOf();
    if (isWord(this.kind())) this.at++;
    const close = this.partner();
    this.at++;
    const parameters = this.parameters(close);
    this.at = close + 1;
    if (this.take(T.kThrows))
      while (this.kind() === T.name || this.kind() === T.comma || this.kind() === T.dot) this.at++;
    const body = this.kind() === T.curlyOpen ? this.block().body : [];
    return { kind: 'function', start, end: this.endBefore(), name, parameters, body };
  }

  /** Parameters up to the token `end`, which it leaves. */
  private parameters(end: number): Parameter[] {
    const parameters: Parameter[] = [];
    while (this.at < end) {
      while (this.kind() === T.at) this.annotation(this.startOf());
      this.modifiers();
      const type = this.typeEnd(this.at);
      if (
        type > 0 &&
        type < end &&
        (this.tokens.kind[type] === T.name || this.tokens.kind[type] === T.ellipsis)
      ) {
        this.at = type;
        this.take(T.ellipsis);
      }
      this.take(T.ellipsis);
      if (isWord(this.kind())) {
        const name = this.textOf();
        this.at++;
        parameters.push({
          name,
          initial: this.take(T.assign) ? this.expression(false) : undefined,
        });
      }
      if (!this.take(T.comma)) break;
    }
    return parameters;
  }

  private classDeclaration(start: number): Statement {
    this.at++;
    const name = this.kind() === T.name ? this.textOf() : '';
    const isEnum = this.tokens.kind[this.at - 1] === T.kEnum;
    while (this.kind() !== T.curlyOpen && !this.atRestEnd()) this.skip();
    if (this.kind() !== T.curlyOpen) return { kind: 'opaque', start, end: this.endBefore() };
    if (isEnum) {
      this.skip();
      return { kind: 'class', start, end: this.endBefore(), name, body: [] };
    }
    const outer = this.className;
    this.className = name;
    const { body } = this.block();
    this.className = outer;
    return { kind: 'class', start, end: this.endBefore(), name, body };
  }

  private block(): Block {
    const start = this.startOf();
    if (this.kind() !== T.curlyOpen) {
      this.blame(this.endBefore(), this.endBefore(), "A '{' is missing here.");
      return { kind: 'block', start, end: start, body: [] };
    }
    const close = this.partner();
    const body: Statement[] = [];
    this.at++;
    this.statementsUntil(body, close);
    return { kind: 'block', start, end: this.endBefore(), body };
  }

  /** Reads statements up to the bracket `close`, and takes that. */
  private statementsUntil(statements: Statement[], close: number): void {
    const closer = this.tokens.kind[close] ?? T.end;
    while (this.at < close) {
      this.statementsInto(statements, closer);
      if (this.at < close) statements.push(this.unreadable());
    }
    this.at = close + 1;
  }

  /** The body of an `if` or a loop. */
  private branch(): Statement {
    if (this.kind() === T.curlyOpen) return this.block();
    if (this.kind() === T.semicolon) {
      const start = this.startOf();
      this.at++;
      return { kind: 'block', start, end: this.endBefore(), body: [] };
    }
    return this.statement();
  }

  private condition(): Expression {
    if (this.kind() === T.parenOpen) return this.parenthesized();
    this.blame(this.endBefore(), this.endBefore(), "A '(' is missing here.");
    return { kind: 'opaque', start: this.endBefore(), end: this.endBefore() };
  }

  private ifStatement(start: number): Statement {
    this.at++;
    const test = this.condition();
    const then = this.branch();
    let otherwise: Statement | undefined;
    if (this.kind() === T.semicolon && this.kind(1) === T.kElse) this.at++;
    if (this.take(T.kElse)) otherwise = this.branch();
    return { kind: 'if', start, end: this.endBefore(), test, then, otherwise };
  }

  private forStatement(start: number): Statement {
    this.at++;
    const close = this.kind() === T.parenOpen ? this.partner() : -1;
    if (close < 0) return this.unreadable();
    this.at++;
    const items = this.forInHead(close);
    if (items !== undefined) {
      this.at = close + 1;
      const body = this.branch();
      return { kind: 'forIn', start, end: this.endBefore(), ...items, body };
    }
    const initial: Statement[] = [];
    const update: Expression[] = [];
    if (this.kind() !== T.semicolon) initial.push(this.statement());
    while (this.take(T.comma)) initial.push(this.statement());
    this.take(T.semicolon);
    const test =
      this.kind() === T.semicolon || this.at >= close ? undefined : this.expression(false);
    this.take(T.semicolon);
    while (this.at < close) {
      const before = this.at;
      update.push(this.expression(false));
      if (!this.take(T.comma) && this.at === before) this.skip();
    }
    this.at = close + 1;
    const body = this.branch();
    return { kind: 'for', start, end: this.endBefore(), initial, test, update, body };
  }

  private forInHead(close: number): { name: string; items: Expression } | undefined {
    const back = this.at;
    this.modifiers();
    const type = this.typeEnd(this.at);
    if (type > 0 && this.tokens.kind[type] === T.name) this.at = type;
    const separator = this.kind(1);
    if (
      this.kind() !== T.name ||
      (separator !== T.kIn && separator !== T.colon) ||
      this.at >= close
    ) {
      this.at = back;
      return undefined;
    }
    const name = this.textOf();
    this.at += 2;
    return { name, items: this.expression(false) };
  }

  private switchStatement(start: number): Statement {
    this.at++;
    const subject = this.condition();
    if (this.kind() !== T.curlyOpen) return { kind: 'opaque', start, end: this.endBefore() };
    const close = this.partner();
    this.at++;
    const cases: { test: Expression | undefined; body: Statement[] }[] = [];
    while (this.at < close) {
      if (this.kind() === T.kCase || this.kind() === T.kDefault) {
        const isCase = this.kind() === T.kCase;
        this.at++;
        const test = isCase ? this.expression(false) : undefined;
        this.take(T.colon);
        const body: Statement[] = [];
        while (this.at < close && this.kind() !== T.kCase && this.kind() !== T.kDefault) {
          if (this.take(T.semicolon)) continue;
          const before = this.at;
          body.push(this.statement());
          if (this.at === before) body.push(this.unreadable());
        }
        cases.push({ test, body });
      } else {
        this.unreadable();
      }
    }
    this.at = close + 1;
    const statement: Switch = { kind: 'switch', start, end: this.endBefore(), subject, cases };
    return statement;
  }

  private tryStatement(start: number): Try {
    this.at++;
    const body = this.block();
    const catches: { types: string[]; name: string; body: Block }[] = [];
    while (this.kind() === T.kCatch) {
      this.at++;
      const types: string[] = [];
      let name = 'e';
      if (this.kind() === T.parenOpen) {
        const close = this.partner();
        this.at++;
        this.modifiers();
        while (this.at < close) {
          const word = this.qualifiedName();
          if (word === '') this.at++;
          else if (this.at >= close) name = word;
          else types.push(word);
        }
        this.at = close + 1;
      }
      catches.push({ types, name, body: this.block() });
    }
    const last = this.take(T.kFinally) ? this.block() : undefined;
    return { kind: 'try', start, end: this.endBefore(), body, catches, finally: last };
  }

  // Expressions

  /** `command` says whether arguments may follow a name without parentheses. */
  private expression(command: boolean): Expression {
    if (this.depth >= MAX_DEPTH) return this.tooDeep();
    this.depth++;
    const expression = this.assignment(command);
    this.depth--;
    return expression;
  }

  private assignment(command: boolean): Expression {
    const start = this.startOf();
    const target = this.ternary(command);
    const kind = this.kind();
    if (kind !== T.assign && kind !== T.assignOp) return target;
    const operator = kind === T.assign ? undefined : this.textOf().slice(0, -1);
    this.at++;
    const value = this.expression(true);
    return { kind: 'assignment', start, end: this.endBefore(), operator, target, value };
  }

  private ternary(command: boolean): Expression {
    const start = this.startOf();
    const test = this.binary(1, command);
    if (this.kind() === T.elvis) {
      this.at++;
      const otherwise = this.expression(false);
      return { kind: 'ternary', start, end: this.endBefore(), test, then: undefined, otherwise };
    }
    if (this.kind() !== T.question) return test;
    this.at++;
    const then = this.expression(false);
    if (!this.take(T.colon))
      this.blame(this.endBefore(), this.endBefore(), "A ':' is missing here.");
    const otherwise = this.expression(false);
    return { kind: 'ternary', start, end: this.endBefore(), test, then, otherwise };
  }

  private binary(weakest: number, command: boolean): Expression {
    const start = this.startOf();
    let left = this.unary(command);
    for (;;) {
      const kind = this.kind();
      const strength = STRENGTH[kind] ?? 0;
      if (strength < weakest || strength === 0 || this.newlineBefore()) return left;
      const operator = this.textOf();
      this.at++;
      if (kind === T.kAs || kind === T.kInstanceof) {
        left = this.typed(start, left, kind === T.kInstanceof);
      } else {
        const right = this.binary(strength + 1, false);
        const end = this.endBefore();
        left =
          kind === T.range || kind === T.rangeExclusive
            ? {
                kind: 'range',
                start,
                end,
                from: left,
                to: right,
                exclusive: kind === T.rangeExclusive,
              }
            : { kind: 'binary', start, end, operator, left, right };
      }
    }
  }

  private typed(start: number, value: Expression, test: boolean): Expression {
    const from = this.startOf();
    const end = this.typeEnd(this.at);
    if (end > 0) this.at = end;
    const type = end > 0 ? this.text.slice(from, this.endBefore()) : '';
    return { kind: 'cast', start, end: this.endBefore(), test, type, value };
  }

  private unary(command: boolean): Expression {
    const start = this.startOf();
    const operator = UNARY.get(this.kind());
    if (operator === undefined) return this.postfix(command);
    if (this.depth >= MAX_DEPTH) return this.tooDeep();
    this.at++;
    this.depth++;
    const operand = this.unary(command);
    this.depth--;
    if (operator === '-' && operand.kind === 'literal' && typeof operand.value === 'number') {
      return { kind: 'literal', start, end: this.endBefore(), value: -operand.value };
    }
    return { kind: 'unary', start, end: this.endBefore(), operator, operand, postfix: false };
  }

  /** A primary with what is attached to it: properties, calls, indices, closures, arguments. */
  private postfix(command: boolean): Expression {
    const start = this.startOf();
    let node = this.primary();
    let closures = 0;
    for (;;) {
      const kind = this.kind();
      const newline = this.newlineBefore();
      if (kind === T.dot || kind === T.safeDot || kind === T.spreadDot || kind === T.pointer) {
        node = this.member(start, node, kind);
      } else if (kind === T.parenOpen && !newline && isCallable(node)) {
        node = call(start, node, this.argumentsInParens(), this.endBefore());
      } else if (kind === T.curlyOpen && isCallable(node) && closures < MAX_CLOSURES) {
        // A closure after a call belongs to it, even on the next line.
        node = withArgument(start, node, this.closure());
        closures++;
      } else if (kind === T.squareOpen && !newline && node.kind !== 'literal') {
        node = this.index(start, node);
      } else if ((kind === T.increment || kind === T.decrement) && !newline) {
        this.at++;
        const operator: Unary['operator'] = kind === T.increment ? '++' : '--';
        node = {
          kind: 'unary',
          start,
          end: this.endBefore(),
          operator,
          operand: node,
          postfix: true,
        };
      } else if (command && !newline && isCommand(node) && this.startsArgument(kind)) {
        node = call(start, node, this.commandArguments(), this.endBefore());
        node = this.commandRest(start, node);
      } else {
        return node;
      }
    }
  }

  /** After `a b`: a closure, or `c d` as in `a b c d`. */
  private commandRest(start: number, node: Expression): Expression {
    if (this.kind() === T.curlyOpen && !this.newlineBefore()) {
      return withArgument(start, node, this.closure());
    }
    if (this.kind() !== T.name || this.newlineBefore()) return node;
    const name = this.textOf();
    this.at++;
    return {
      kind: 'property',
      start,
      end: this.endBefore(),
      object: node,
      name,
      safe: false,
      spread: false,
    };
  }

  private startsArgument(kind: number): boolean {
    switch (kind) {
      case T.name:
      case T.number:
      case T.string:
      case T.gStart:
      case T.kNew:
      case T.kNull:
      case T.kTrue:
      case T.kFalse:
      case T.kThis:
      case T.kSuper:
      case T.kPrimitive:
      case T.not:
        return true;
      default:
        // `default: x` as a named argument.
        return isWord(kind) && this.kind(1) === T.colon;
    }
  }

  private commandArguments(): Argument[] {
    const args: Argument[] = [];
    do {
      args.push(this.argument());
    } while (this.take(T.comma));
    return args;
  }

  private argumentsInParens(): Argument[] {
    const close = this.partner();
    const args: Argument[] = [];
    this.at++;
    while (this.at < close) {
      const before = this.at;
      args.push(this.argument());
      if (this.take(T.comma)) continue;
      if (this.at < close) {
        if (this.at === before) this.unreadable();
        else this.blame(this.startOf(), this.startOf(), "A ',' or ')' is missing here.");
      }
    }
    this.at = close + 1;
    return args;
  }

  private argument(): Argument {
    const next = this.kind(1);
    if (
      next === T.colon &&
      (isWord(this.kind()) || this.kind() === T.string || this.kind() === T.number)
    ) {
      const name = this.kind() === T.string ? String(this.string().value) : this.textOf();
      if (isWord(this.kind()) || this.kind() === T.number) this.at++;
      this.at++;
      return { name, value: this.expression(false), spread: false };
    }
    if (this.kind() === T.star) {
      this.at++;
      this.take(T.colon);
      return { name: undefined, value: this.expression(false), spread: true };
    }
    const value = this.expression(false);
    if (this.take(T.colon)) return { name: value, value: this.expression(false), spread: false };
    return { name: undefined, value, spread: false };
  }

  private member(start: number, object: Expression, operator: number): Expression {
    this.at++;
    this.take(T.at);
    const safe = operator === T.safeDot;
    const spread = operator === T.spreadDot;
    let name: string | Expression;
    if (isWord(this.kind())) {
      name = this.textOf();
      this.at++;
    } else if (this.kind() === T.string) {
      name = String(this.string().value);
    } else if (this.kind() === T.gStart) {
      name = this.gstring();
    } else if (this.kind() === T.parenOpen) {
      name = this.parenthesized();
    } else {
      // `foo.` is being typed.
      this.blame(this.endBefore(), this.endBefore(), "A name is missing after '.'.");
      name = '';
    }
    return { kind: 'property', start, end: this.endBefore(), object, name, safe, spread };
  }

  private index(start: number, object: Expression): Expression {
    const close = this.partner();
    const items = this.items(close);
    return { kind: 'index', start, end: this.endBefore(), object, items };
  }

  /** Expressions between square brackets, which it takes. */
  private items(close: number): Expression[] {
    const items: Expression[] = [];
    this.at++;
    while (this.at < close) {
      const before = this.at;
      this.take(T.star);
      items.push(this.expression(false));
      if (!this.take(T.comma) && this.at < close) {
        if (this.at === before) this.unreadable();
        else this.blame(this.startOf(), this.startOf(), "A ',' or ']' is missing here.");
      }
    }
    this.at = close + 1;
    return items;
  }

  private primary(): Expression {
    const start = this.startOf();
    const kind = this.kind();
    switch (kind) {
      case T.name:
      case T.kThis:
      case T.kSuper:
      case T.kPrimitive:
        return this.nameHere();
      case T.string:
        return this.string();
      case T.gStart:
        return this.gstring();
      case T.number:
        return this.number();
      case T.kTrue:
      case T.kFalse:
      case T.kNull:
        this.at++;
        return {
          kind: 'literal',
          start,
          end: this.endBefore(),
          value: kind === T.kNull ? null : kind === T.kTrue,
        };
      case T.parenOpen:
        return this.cast() ?? this.parenthesized();
      case T.squareOpen:
        return this.listOrMap();
      case T.curlyOpen:
        return this.closure();
      case T.kNew:
        return this.construction(start);
      default:
        return this.missing();
    }
  }

  /** No expression begins here. */
  private missing(): Expression {
    const start = this.startOf();
    // What can end or join expressions is left to whoever looks for it.
    const kind = this.kind();
    if (this.atRestEnd() || kind === T.colon || this.newlineBefore() || STRENGTH[kind] !== 0) {
      this.blame(this.endBefore(), this.endBefore(), 'Something is missing here.');
      return { kind: 'opaque', start: this.endBefore(), end: this.endBefore() };
    }
    this.unreadable();
    return { kind: 'opaque', start, end: this.endBefore() };
  }

  private parenthesized(): Expression {
    const start = this.startOf();
    const close = this.partner();
    this.at++;
    const inner = this.at < close ? this.expression(false) : undefined;
    while (this.at < close) this.unreadable();
    this.at = close + 1;
    return inner ?? { kind: 'opaque', start, end: this.endBefore() };
  }

  /** `(Type) value`; undefined if the parenthesis is none. */
  private cast(): Expression | undefined {
    const start = this.startOf();
    const close = this.partner();
    if (this.typeEnd(this.at + 1) !== close) return undefined;
    const primitive = this.kind(1) === T.kPrimitive;
    if (!primitive && !isUpperCase(this.text.charCodeAt(this.startOf(this.at + 1))))
      return undefined;
    const next = this.tokens.kind[close + 1] ?? T.end;
    const newline = ((this.tokens.flags[close + 1] ?? 0) & FLAG.newline) !== 0;
    const operand =
      next === T.name ||
      next === T.string ||
      next === T.gStart ||
      next === T.number ||
      next === T.parenOpen ||
      next === T.squareOpen ||
      next === T.kNew ||
      next === T.kThis;
    if (newline || !(operand || (primitive && next === T.minus))) return undefined;
    const type = this.text.slice(this.startOf(this.at + 1), this.tokens.end[close - 1]);
    this.at = close + 1;
    if (this.depth >= MAX_DEPTH) return this.tooDeep();
    this.depth++;
    const value = this.unary(false);
    this.depth--;
    return { kind: 'cast', start, end: this.endBefore(), test: false, type, value };
  }

  private construction(start: number): Expression {
    this.at++;
    const from = this.startOf();
    const { kind, match } = this.tokens;
    let type = '';
    if (this.kind() === T.name || this.kind() === T.kPrimitive) {
      this.at++;
      while (this.kind() === T.dot && this.kind(1) === T.name) this.at += 2;
      const generics = this.kind() === T.less ? this.genericsEnd(this.at) : -1;
      type = this.text.slice(from, this.endBefore());
      if (generics > 0) this.at = generics;
      else if (this.kind() === T.less && kind[this.at + 1] === T.greater) this.at += 2;
    }
    let args: readonly Argument[] = [];
    if (this.kind() === T.parenOpen && !this.newlineBefore()) {
      args = this.argumentsInParens();
    } else if (this.kind() === T.squareOpen) {
      while (this.kind() === T.squareOpen) this.at = (match[this.at] ?? this.at) + 1;
      type += '[]';
    }
    // The body of an anonymous class.
    if (this.kind() === T.curlyOpen && !this.newlineBefore()) {
      args = [...args, { name: undefined, value: this.closure(), spread: false }];
    }
    return { kind: 'new', start, end: this.endBefore(), type, args };
  }

  private listOrMap(): Expression {
    const start = this.startOf();
    const close = this.partner();
    if (this.kind(1) === T.colon && close === this.at + 2) {
      this.at = close + 1;
      return { kind: 'map', start, end: this.endBefore(), entries: [] };
    }
    this.at++;
    const items: Expression[] = [];
    const entries: { key: Expression; value: Expression }[] = [];
    while (this.at < close) {
      const before = this.at;
      const from = this.startOf();
      const { name, value } = this.argument();
      if (name === undefined) items.push(value);
      else if (typeof name === 'string') {
        const key: Literal = { kind: 'literal', start: from, end: from + name.length, value: name };
        entries.push({ key, value });
      } else entries.push({ key: name, value });
      if (!this.take(T.comma) && this.at < close) {
        if (this.at === before) this.unreadable();
        else this.blame(this.startOf(), this.startOf(), "A ',' or ']' is missing here.");
      }
    }
    this.at = close + 1;
    const end = this.endBefore();
    return entries.length > 0
      ? { kind: 'map', start, end, entries }
      : { kind: 'list', start, end, items };
  }

  private closure(): Closure {
    const start = this.startOf();
    const close = this.partner();
    const arrow = this.arrowOf(close);
    this.at++;
    let parameters: Parameter[] | undefined;
    if (arrow > 0) {
      parameters = this.parameters(arrow);
      this.at = arrow + 1;
    }
    const body: Statement[] = [];
    if (this.depth >= MAX_DEPTH) {
      body.push(this.tooDeep());
      this.at = close + 1;
    } else {
      this.depth++;
      this.statementsUntil(body, close);
      this.depth--;
    }
    return { kind: 'closure', start, end: this.endBefore(), parameters, body };
  }

  /** The `->` after the parameters of the closure that begins here, or -1. */
  private arrowOf(close: number): number {
    const { kind } = this.tokens;
    for (let at = this.at + 1; at < close; at++) {
      switch (kind[at]) {
        case T.arrow:
          return at;
        case T.name:
        case T.comma:
        case T.dot:
        case T.assign:
        case T.string:
        case T.number:
        case T.kPrimitive:
        case T.kDef:
        case T.kModifier:
        case T.kNull:
        case T.kTrue:
        case T.kFalse:
        case T.less:
        case T.greater:
        case T.squareOpen:
        case T.squareClose:
        case T.minus:
        case T.colon:
        case T.ellipsis:
          break;
        default:
          return -1;
      }
    }
    return -1;
  }

  // Literals

  private string(): Literal {
    const token = this.at;
    const flags = this.tokens.flags[token] ?? 0;
    const quote = flags >> QUOTE_SHIFT;
    const width = QUOTE_LENGTH[quote] ?? 1;
    const start = this.startOf();
    const end = this.tokens.end[token] ?? start;
    this.at++;
    // A string that lost its closing quote ends without one.
    const close = this.text.slice(Math.max(start + width, end - width), end);
    const whole = close === CLOSING[quote];
    const raw = this.text.slice(start + width, whole ? end - width : end);
    const value = (flags & FLAG.escaped) === 0 ? raw : unescape(raw, quote);
    return { kind: 'literal', start, end, value };
  }

  private gstring(): GString {
    const start = this.startOf();
    const close = this.partner();
    const quote = (this.tokens.flags[this.at] ?? 0) >> QUOTE_SHIFT;
    const parts: (string | Expression)[] = [];
    const inner = { start: this.tokens.end[this.at] ?? start, end: this.startOf(close) };
    this.at++;
    while (this.at < close) {
      const flags = this.tokens.flags[this.at] ?? 0;
      switch (this.kind()) {
        case T.gText: {
          const raw = this.textOf();
          parts.push((flags & FLAG.escaped) === 0 ? raw : unescape(raw, quote));
          this.at++;
          break;
        }
        case T.gName:
          parts.push(this.dottedName());
          break;
        case T.gOpen:
          parts.push(this.interpolation());
          break;
        default:
          parts.push(this.unreadable());
      }
    }
    this.at = close + 1;
    return { kind: 'gstring', start, end: this.endBefore(), parts, inner };
  }

  /** `a.b.c` of `$a.b.c`. */
  private dottedName(): Expression {
    const start = this.startOf();
    const [first = '', ...rest] = this.textOf().split('.');
    let end = start + first.length;
    let node: Expression = { kind: 'name', start, end, name: first };
    for (const name of rest) {
      end += name.length + 1;
      node = { kind: 'property', start, end, object: node, name, safe: false, spread: false };
    }
    this.at++;
    return node;
  }

  private interpolation(): Expression {
    const start = this.startOf();
    const close = this.partner();
    const arrow = this.arrowOf(close);
    this.at++;
    const parameters = arrow > 0 ? this.parameters(arrow) : [];
    if (arrow > 0) this.at = arrow + 1;
    const body: Statement[] = [];
    if (this.depth >= MAX_DEPTH) {
      body.push(this.tooDeep());
      this.at = close + 1;
    } else {
      this.depth++;
      this.statementsUntil(body, close);
      this.depth--;
    }
    const [only] = body;
    const end = this.endBefore();
    if (only === undefined && arrow < 0) return { kind: 'literal', start, end, value: null };
    if (only !== undefined && body.length === 1 && arrow < 0 && isExpression(only)) return only;
    return { kind: 'closure', start, end, parameters, body };
  }

  private number(): Literal {
    const start = this.startOf();
    const text = this.textOf().replaceAll('_', '').toLowerCase();
    const digits = /^0[xb]/.test(text) ? text.replace(/[lgi]$/, '') : text.replace(/[lgifd]$/, '');
    const octal = /^0[0-7]+$/.test(digits);
    this.at++;
    return {
      kind: 'literal',
      start,
      end: this.endBefore(),
      value: octal ? parseInt(digits, 8) : Number(digits),
    };
  }
}

const CLOSING: readonly string[] = ['', "'", '"', "'''", '"""', '/', '/$'];

const UNARY = new Map<number, Unary['operator']>([
  [T.not, '!'],
  [T.minus, '-'],
  [T.plus, '+'],
  [T.tilde, '~'],
  [T.increment, '++'],
  [T.decrement, '--'],
]);

/** A name or a keyword, which is a name after a dot and before a colon. */
function isWord(kind: number): boolean {
  return kind === T.name || (kind >= T.kAs && kind <= T.kWhile);
}

function isUpperCase(c: number): boolean {
  return c >= 65 && c <= 90;
}

function isExpression(statement: Statement): statement is Expression {
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

function isCallable(node: Expression): boolean {
  return (
    node.kind === 'name' ||
    node.kind === 'property' ||
    node.kind === 'call' ||
    node.kind === 'closure' ||
    node.kind === 'index' ||
    node.kind === 'gstring'
  );
}

function isCommand(node: Expression): boolean {
  return node.kind === 'name' || node.kind === 'property';
}

// Every node of a kind is made in one place and one shape, which is what makes reading fast.
function call(start: number, callee: Expression, args: readonly Argument[], end: number): Call {
  if (callee.kind === 'name') {
    const { name } = callee;
    return { kind: 'call', start, end, object: undefined, name, safe: false, spread: false, args };
  }
  if (callee.kind === 'property') {
    const { object, name, safe, spread } = callee;
    return { kind: 'call', start, end, object, name, safe, spread, args };
  }
  const name = undefined;
  return { kind: 'call', start, end, object: callee, name, safe: false, spread: false, args };
}

/** Appends a closure to a call, or makes a call of what is none yet. */
function withArgument(start: number, node: Expression, closure: Closure): Call {
  const arg: Argument = { name: undefined, value: closure, spread: false };
  if (node.kind !== 'call') return call(start, node, [arg], closure.end);
  const { object, name, safe, spread } = node;
  const args = [...node.args, arg];
  return { kind: 'call', start, end: closure.end, object, name, safe, spread, args };
}
