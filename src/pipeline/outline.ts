import { entriesOf } from './declarative';
import type { EnvironmentEntry, Pipeline } from './declarative';
import { readNumber } from './read/numbers';
import { bodyOf, lineAt, named, positional } from './syntax';
import type { Argument, Call, Expression, Statement } from './syntax';

export interface Outline {
  readonly stages: readonly OutlineStage[];
  readonly environment: readonly OutlineVariable[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

export interface OutlineStage {
  readonly name: string;
  /** The names of the stages around it, from the outermost, and its own. */
  readonly path: readonly string[];
  readonly line: number;
  readonly endLine: number;
}

export interface OutlineVariable {
  readonly name: string;
  /** `pipeline`, or the path of its stage joined by ` / `. */
  readonly scope: string;
  readonly line: number;
  readonly kind: 'literal' | 'interpolated' | 'runtime';
  /** What it comes to, as far as the text alone tells. */
  readonly value?: string;
}

/** The stages and the variables that a Jenkinsfile declares, in the order of the text. */
export function outline(pipeline: Pipeline): Outline {
  const walk = new Walk(pipeline);
  walk.statements(pipeline.statements);
  return {
    stages: walk.stages,
    environment: walk.environment,
    problems: pipeline.problems.map(({ line, message }) => ({ line, message })),
  };
}

/** Values that the text alone gives: those of a block, then those of the blocks around it. */
interface Known {
  readonly entries: ReadonlyMap<string, Expression>;
  readonly outer: Known | undefined;
}

class Walk {
  readonly stages: OutlineStage[] = [];
  readonly environment: OutlineVariable[] = [];
  private readonly pipeline: Pipeline;
  private path: readonly string[] = [];
  private known: Known | undefined;

  constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
  }

  statements(statements: readonly Statement[]): void {
    // An environment is known in its whole block, also before it is written.
    const outer = this.known;
    for (const statement of statements) {
      if (statement.kind !== 'call' || statement.name !== 'environment') continue;
      const body = bodyOf(statement);
      if (body === undefined || statement.args.length !== 1) continue;
      const entries = entriesOf(body);
      const map = new Map(entries.map((entry) => [entry.name, entry.value]));
      this.known = { entries: map, outer: this.known };
    }
    for (const statement of statements) this.visit(statement);
    this.known = outer;
  }

  private visit(node: Statement | undefined): void {
    let at: Statement | undefined = node;
    // Chains lean to the left and may be long: their left sides are a loop, not a recursion.
    while (at !== undefined) {
      switch (at.kind) {
        case 'call':
          if (at.name === 'stage' && this.stage(at)) return;
          if (at.name === 'environment' && at.args.length === 1) this.variables(at);
          this.arguments(at.args);
          if (typeof at.name === 'object') this.visit(at.name);
          at = at.object;
          break;
        case 'class':
          for (const { args, body } of at.constants) {
            this.arguments(args);
            if (body) this.statements(body);
          }
          this.statements(at.body);
          return;
        case 'closure':
        case 'function':
        case 'block':
          this.statements(at.body);
          return;
        case 'property':
          at = at.object;
          break;
        case 'index':
          this.visitAll(at.items);
          at = at.object;
          break;
        case 'binary':
          this.visit(at.right);
          at = at.left;
          break;
        case 'gstring':
          for (const part of at.parts) if (typeof part !== 'string') this.visit(part);
          return;
        case 'list':
          this.visitAll(at.items);
          return;
        case 'map':
          for (const { value } of at.entries) this.visit(value);
          return;
        case 'range':
          this.visit(at.from);
          at = at.to;
          break;
        case 'unary':
          at = at.operand;
          break;
        case 'assignment':
        case 'declaration':
        case 'cast':
        case 'return':
        case 'throw':
          at = at.value;
          break;
        case 'new':
          this.arguments(at.args);
          if (at.body) this.statements(at.body);
          return;
        case 'annotation':
          this.arguments(at.args);
          return;
        case 'if':
        case 'ternary':
          this.visit(at.test);
          this.visit(at.then);
          at = at.otherwise;
          break;
        case 'for':
          this.visitAll(at.initial);
          this.visit(at.test);
          this.visitAll(at.update);
          at = at.body;
          break;
        case 'forIn':
          this.visit(at.items);
          at = at.body;
          break;
        case 'while':
          this.visit(at.test);
          at = at.body;
          break;
        case 'switch':
          this.visit(at.subject);
          for (const { test, body } of at.cases) {
            this.visit(test);
            this.statements(body);
          }
          return;
        case 'try':
          this.visit(at.body);
          for (const { body } of at.catches) this.visit(body);
          at = at.finally;
          break;
        case 'assert':
          at = at.test;
          break;
        case 'opaque':
          if (at.inside) this.statements(at.inside);
          return;
        case 'literal':
        case 'name':
        case 'import':
        case 'break':
        case 'continue':
          return;
      }
    }
  }

  private visitAll(nodes: readonly Statement[]): void {
    for (const node of nodes) this.visit(node);
  }

  private arguments(args: readonly Argument[]): void {
    for (const { value } of args) this.visit(value);
  }

  /** Lists a stage and goes into it; false if it has no name that the text tells. */
  private stage(call: Call): boolean {
    const name = stageName(this.pipeline.text, call);
    if (name === undefined) return false;
    const { lines } = this.pipeline;
    const outer = this.path;
    this.visit(call.object);
    this.path = [...outer, name];
    const line = lineAt(lines, call.start);
    this.stages.push({ name, path: this.path, line, endLine: lineAt(lines, call.end - 1) });
    this.arguments(call.args);
    this.path = outer;
    return true;
  }

  private variables(call: Call): void {
    const body = bodyOf(call);
    if (body === undefined) return;
    const scope = this.path.length === 0 ? 'pipeline' : this.path.join(' / ');
    for (const entry of entriesOf(body)) this.environment.push(this.variable(entry, scope));
  }

  private variable(entry: EnvironmentEntry, scope: string): OutlineVariable {
    const { text, lines } = this.pipeline;
    const kind = kindOf(entry.value);
    const value =
      kind === 'runtime'
        ? undefined
        : new Reduction(text).reduce(entry.value, entry.name, this.known);
    const line = lineAt(lines, entry.start);
    const variable = { name: entry.name, scope, line, kind };
    return value === undefined ? variable : { ...variable, value };
  }
}

/** The name of a `stage` call if the text tells it: of a GString its source. */
export function stageName(text: string, call: Call): string | undefined {
  const value = named(call.args, 'name') ?? positional(call.args)[0];
  if (value === undefined) return undefined;
  if (value.kind === 'gstring') return text.slice(value.inner.start, value.inner.end);
  if (value.kind !== 'literal' || value.value === null) return undefined;
  return String(value.value);
}

/** `literal`: constants and their sums. `interpolated`: with a GString. `runtime`: all else. */
function kindOf(value: Expression): OutlineVariable['kind'] {
  let interpolated = false;
  let at = value;
  while (at.kind === 'binary' && at.operator === '+') {
    const right = kindOf(at.right);
    if (right === 'runtime') return right;
    interpolated ||= right === 'interpolated';
    at = at.left;
  }
  if (at.kind === 'gstring') return 'interpolated';
  if (at.kind !== 'literal') return 'runtime';
  return interpolated ? 'interpolated' : 'literal';
}

/** How many names may be looked up for one value: references can go in circles, or multiply. */
const MAX_REFERENCES = 200;

/**
 * What values come to by the text alone. A name is another key of the same block, but never the
 * key itself, else a key of a block around it.
 */
class Reduction {
  private readonly text: string;
  private references = 0;

  constructor(text: string) {
    this.text = text;
  }

  reduce(value: Expression, own: string, known: Known | undefined): string | undefined {
    switch (value.kind) {
      case 'literal':
        if (value.value === null) return undefined;
        if (typeof value.value !== 'number') return String(value.value);
        return numberText(this.text.slice(value.start, value.end));
      case 'binary':
        return value.operator === '+' ? this.sum(value, own, known) : undefined;
      case 'gstring':
        return joined(
          value.parts.map((part) =>
            typeof part === 'string' ? part : this.reduce(part, own, known),
          ),
        );
      case 'name':
        return this.lookUp(value.name, own, known);
      case 'property': {
        const { object, name } = value;
        const isVariable = object.kind === 'name' && object.name === 'env';
        return isVariable && typeof name === 'string' ? this.lookUp(name, own, known) : undefined;
      }
      default:
        return undefined;
    }
  }

  /** `a + b + c`: of numbers their sum, else the texts one after the other. */
  private sum(value: Expression, own: string, known: Known | undefined): string | undefined {
    const parts: Expression[] = [];
    let at = value;
    while (at.kind === 'binary' && at.operator === '+') {
      parts.push(at.right);
      at = at.left;
    }
    parts.push(at);
    let result = this.reduce(at, own, known);
    let isNumber = isNumeric(at);
    for (const part of parts.reverse().slice(1)) {
      const right = this.reduce(part, own, known);
      if (result === undefined || right === undefined) return undefined;
      isNumber &&= isNumeric(part);
      result = isNumber ? String(Number(result) + Number(right)) : result + right;
    }
    return result;
  }

  private lookUp(name: string, own: string, known: Known | undefined): string | undefined {
    if (++this.references > MAX_REFERENCES) return undefined;
    for (let block = name === own ? known?.outer : known; block; block = block.outer) {
      const value = block.entries.get(name);
      if (value === undefined) continue;
      const result = this.reduce(value, name, block);
      // An empty value removes the variable, so that a name in an inner block finds nothing.
      return result === '' && block !== known ? undefined : result;
    }
    return undefined;
  }
}

function isNumeric(value: Expression): boolean {
  return value.kind === 'literal' && typeof value.value === 'number';
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  return parts.includes(undefined) ? undefined : parts.join('');
}

/** A number as Groovy prints it: without suffix and separators. */
export function numberText(source: string): string {
  return readNumber(source).text;
}
