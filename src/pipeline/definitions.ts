import type { Pipeline } from './declarative';
import { stageName } from './outline';
import { findName, insideOf } from './position';
import type { Lexed } from './position';
import { bodyOf, calledName, named, positional } from './syntax';
import type { Call, Closure, Expression, Place, Statement } from './syntax';
import { around, parentOf } from './tree';
import type { Tree } from './tree';

/** Something that gives a name its meaning. */
export interface Definition {
  readonly kind:
    /** An entry of `environment { }`. */
    | 'environment'
    /** An axis of a matrix. */
    | 'axis'
    /** A parameter of the run. */
    | 'parameter'
    /** A parameter of a stage's `input`. */
    | 'input'
    /** `withEnv(['X=…'])`. */
    | 'withEnv'
    /** A variable that a step with a body gives to it: `string(…, variable: 'X')`. */
    | 'bound'
    /** `env.X = …`. */
    | 'assigned'
    /** `def x`. */
    | 'local'
    /** A parameter of a function or closure, or a loop's or `catch`'s variable. */
    | 'argument'
    /** A variable without `def`, or with `@Field`, or of a class. */
    | 'field'
    | 'function'
    | 'class';
  readonly name: string;
  /** Where the name stands. */
  readonly place: Place;
  /** The whole of it: the entry, the declaration, the call. */
  readonly whole: Place;
  /** Where it holds, */
  readonly scope: Place;
  /** but not in these places. */
  readonly except: readonly Place[];
  /** A local variable is known from here on. */
  readonly from: number;
  /** Where the function around it begins; -1 outside of all. A function does not see other locals. */
  readonly inFunction: number;
  readonly value: Expression | undefined;
  /** Of a parameter of the run its declaration, of what a step binds that step's own. */
  readonly call: Call | undefined;
  /** The names of the stages around it. */
  readonly stage: readonly string[];
}

export interface StageSymbol {
  readonly name: string;
  /** The names of the stages around it, and its own. */
  readonly path: readonly string[];
  readonly call: Call;
  /** Where its name stands, without quotes. */
  readonly place: Place;
}

/** Goes through a file once and collects what defines names. */
export class Collection {
  readonly definitions: Definition[] = [];
  readonly stages: StageSymbol[] = [];
  readonly functions: Place[] = [];
  unknownSetters: string | undefined;
  private readonly pipeline: Pipeline;
  private readonly tree: Tree;
  private readonly lexed: Lexed;
  private readonly file: Place;

  constructor(pipeline: Pipeline, tree: Tree, lexed: Lexed) {
    this.pipeline = pipeline;
    this.tree = tree;
    this.lexed = lexed;
    this.file = { start: 0, end: pipeline.text.length };
    const { nodes } = tree;
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at];
      if (node !== undefined) this.collect(node, at);
    }
    this.fields();
  }

  private collect(node: Statement, at: number): void {
    switch (node.kind) {
      case 'call':
        this.call(node, at);
        break;
      case 'assignment':
        if (node.operator === undefined) this.assignment(node.target, node.value, node, at);
        break;
      case 'declaration':
        this.declaration(node, at);
        break;
      case 'function':
        this.functions.push(node);
        this.function(node, at);
        break;
      case 'class': {
        const place = findName(this.lexed, node.name, node.start, node.end);
        if (place) this.add({ kind: 'class', name: node.name, place, whole: node });
        break;
      }
      case 'closure': {
        const [first] = node.body;
        const to = first ? Math.max(first.start, node.start) : node.end;
        this.arguments(node.parameters ?? [], node, node.start + 1, to, at);
        break;
      }
      case 'forIn': {
        const place = findName(this.lexed, node.name, node.start, node.items.start);
        if (place) this.argument(node.name, place, node, at, node.items);
        break;
      }
      case 'try':
        for (const { name, body } of node.catches) {
          const place = lastName(this.lexed, name, node.start, body.start);
          if (place) this.argument(name, place, body, at, undefined);
        }
        break;
      case 'annotation':
        if (node.name === 'Library') this.unknown('a shared library');
        break;
      default:
        break;
    }
  }

  private add(
    definition: Pick<Definition, 'kind' | 'name' | 'place' | 'whole'> & Partial<Definition>,
    at = -1,
  ): void {
    const { kind, name, place, whole, scope = this.file, except = [], from = 0 } = definition;
    const { inFunction = -1, value, call } = definition;
    const stage = at < 0 ? [] : this.stageOf(at);
    this.definitions.push({
      ...{ kind, name, place, whole, scope, except, from },
      ...{ inFunction, value, call, stage },
    });
  }

  private unknown(why: string): void {
    this.unknownSetters ??= why;
  }

  // The language

  private declaration(node: Statement & { kind: 'declaration' }, at: number): void {
    const isField = this.isField(node, at);
    const scope = this.scopeOf(at);
    for (const name of node.names) {
      this.add(
        {
          kind: isField ? 'field' : 'local',
          name: name.name,
          place: name,
          whole: node,
          scope: isField ? this.fieldScope(at) : scope,
          from: name.start,
          inFunction: this.functionOf(at),
          value: node.several ? undefined : node.value,
        },
        at,
      );
    }
  }

  /** Of a class, or after `@Field`. */
  private isField(node: Statement, at: number): boolean {
    const parent = parentOf(this.tree, at);
    if (parent?.kind === 'class') return true;
    const siblings = parent === undefined ? this.pipeline.statements : undefined;
    const before = siblings?.[siblings.indexOf(node) - 1];
    return before?.kind === 'annotation' && /(^|\.)Field$/.test(before.name);
  }

  private fieldScope(at: number): Place {
    const parent = parentOf(this.tree, at);
    return parent?.kind === 'class' ? parent : this.file;
  }

  private function(node: Statement & { kind: 'function' }, at: number): void {
    const { name, parameters, body } = node;
    const place = findName(this.lexed, name, node.start, node.end);
    const scope = this.fieldScope(at);
    if (place) this.add({ kind: 'function', name, place, whole: node, scope });
    const to = body[0]?.start ?? node.end;
    this.arguments(parameters, node, place?.end ?? node.start, to, at);
  }

  private arguments(
    parameters: Closure['parameters'] & object,
    owner: Place,
    from: number,
    to: number,
    at: number,
  ): void {
    let after = from;
    for (const { name, initial } of parameters) {
      const place = parameterName(this.lexed, name, after, to);
      if (place === undefined) continue;
      after = place.end;
      this.argument(name, place, owner, at, initial);
    }
  }

  private argument(
    name: string,
    place: Place,
    scope: Place,
    at: number,
    value: Expression | undefined,
  ): void {
    const node = this.tree.nodes[at];
    const inFunction = node?.kind === 'function' ? node.start : this.functionOf(at);
    const from = place.start;
    const start = Math.min(scope.start, place.start);
    const where = { start, end: scope.end };
    this.add(
      { kind: 'argument', name, place, whole: place, scope: where, from, inFunction, value },
      at,
    );
  }

  /** Variables that are only assigned to belong to the file, wherever that is. */
  private fields(): void {
    const { nodes } = this.tree;
    const declared = new Set(this.definitions.map(({ name, kind }) => `${kind} ${name}`));
    const seen = new Set<string>();
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at];
      if (node?.kind !== 'assignment' || node.target.kind !== 'name') continue;
      const { name } = node.target;
      if (seen.has(name) || this.isEntry(at)) continue;
      if (declared.has(`local ${name}`) || declared.has(`field ${name}`)) continue;
      if (declared.has(`argument ${name}`)) continue;
      seen.add(name);
      const { target, value } = node;
      this.add({ kind: 'field', name, place: target, whole: node, value, from: node.start }, at);
    }
  }

  /** The block that a declaration holds in. */
  private scopeOf(at: number): Place {
    for (const node of around(this.tree, at)) {
      switch (node.kind) {
        case 'closure':
        case 'function':
        case 'class':
        case 'for':
        case 'switch':
          return node;
        case 'block':
          // `def a, b` is a block, too, without braces.
          if (this.pipeline.text[node.start] === '{') return node;
          break;
        default:
          break;
      }
    }
    return this.file;
  }

  private functionOf(at: number): number {
    for (const node of around(this.tree, at)) if (node.kind === 'function') return node.start;
    return -1;
  }

  // The environment

  /** Whether an assignment is an entry of `environment { }`, also behind one that lacks its value. */
  private isEntry(at: number): boolean {
    return environmentAround(this.tree, at) >= 0;
  }

  private assignment(target: Expression, value: Expression, whole: Place, at: number): void {
    if (target.kind === 'name' && this.isEntry(at)) {
      this.entry(target, value, whole, at);
      return;
    }
    const isEnv =
      (target.kind === 'property' || target.kind === 'index') &&
      target.object.kind === 'name' &&
      target.object.name === 'env';
    if (!isEnv) return;
    const key = target.kind === 'property' ? target.name : target.items[0];
    if (typeof key === 'string') {
      const place = findName(this.lexed, key, target.object.end, target.end);
      if (place) this.add({ kind: 'assigned', name: key, place, whole, value }, at);
    } else if (key?.kind === 'literal' && typeof key.value === 'string') {
      const place = insideOf(this.pipeline.text, key.start, key.end);
      this.add({ kind: 'assigned', name: key.value, place, whole, value }, at);
    } else {
      this.unknown('`env` being set by a computed name');
    }
  }

  private entry(
    target: Place & { name: string },
    value: Expression,
    whole: Place,
    at: number,
  ): void {
    const level = this.levelOf(at);
    const scope = level ?? this.file;
    this.add(
      {
        kind: 'environment',
        name: target.name,
        place: target,
        whole,
        scope,
        except: level ? holesOf(level) : [],
        value,
      },
      at,
    );
  }

  /** The closure of the pipeline, stage or matrix that an `environment` block belongs to. */
  private levelOf(at: number): Closure | undefined {
    let inBlock = false;
    for (const node of around(this.tree, at)) {
      if (node.kind !== 'closure') continue;
      if (inBlock) return node;
      inBlock = true;
    }
    return undefined;
  }

  private call(node: Call, at: number): void {
    if (node.object !== undefined) {
      const isEnv = node.object.kind === 'name' && node.object.name === 'env';
      if (isEnv && node.name === 'setProperty') this.setProperty(node, at);
      return;
    }
    const body = bodyOf(node);
    switch (node.name) {
      case 'stage':
        this.stage(node, at);
        break;
      case 'axis':
        this.axis(node, at);
        break;
      case 'parameters':
        this.parameters(node, at);
        break;
      case 'withEnv':
        if (body) this.withEnv(node, body, at);
        break;
      case 'library':
      case 'libraries':
        this.unknown('a shared library');
        break;
      case 'load':
      case 'evaluate':
        this.unknown(`\`${node.name}\``);
        break;
      default:
        break;
    }
    if (body && node.args.length > 1) this.bindings(node, body, at);
  }

  private stage(node: Call, at: number): void {
    const name = stageName(this.pipeline.text, node);
    const [first] = node.args;
    if (name === undefined || first === undefined) return;
    const { value } = first;
    const place =
      value.kind === 'gstring' ? value.inner : insideOf(this.pipeline.text, value.start, value.end);
    this.stages.push({ name, path: [...this.stageOf(at), name], call: node, place });
  }

  private axis(node: Call, at: number): void {
    const blocks = [...around(this.tree, at)].filter((each) => each.kind === 'call');
    if (blocks[0]?.name !== 'axes') return;
    for (const part of bodyOf(node)?.body ?? []) {
      if (part.kind !== 'call' || part.name !== 'name') continue;
      const [arg] = positional(part.args);
      if (arg?.kind !== 'literal' || typeof arg.value !== 'string') continue;
      const place = insideOf(this.pipeline.text, arg.start, arg.end);
      const matrix = blocks.find(({ name }) => name === 'matrix');
      const scope = (matrix && bodyOf(matrix)) ?? this.file;
      const post = directive(scope, 'post');
      const except = post ? [post] : [];
      this.add(
        { kind: 'axis', name: arg.value, place, whole: node, scope, except, call: node },
        at,
      );
    }
  }

  private parameters(node: Call, at: number): void {
    const body = bodyOf(node);
    const listed = positional(node.args).find(({ kind }) => kind === 'list');
    const declarations = body?.body ?? (listed?.kind === 'list' ? listed.items : []);
    const input = this.inputAround(at);
    for (const call of declarations) {
      if (call.kind !== 'call') continue;
      const value = named(call.args, 'name');
      if (value?.kind !== 'literal' || typeof value.value !== 'string') {
        if (input === undefined) this.unknown('a parameter with a computed name');
        continue;
      }
      const place = insideOf(this.pipeline.text, value.start, value.end);
      const initial = named(call.args, 'defaultValue') ?? named(call.args, 'choices') ?? undefined;
      this.add(
        {
          kind: input ? 'input' : 'parameter',
          name: value.value,
          place,
          whole: call,
          scope: input ?? this.file,
          value: initial,
          call,
        },
        at,
      );
    }
  }

  /** The stage whose `input` directive a node is in. */
  private inputAround(at: number): Place | undefined {
    let inInput = false;
    for (const node of around(this.tree, at)) {
      if (node.kind !== 'call') continue;
      if (node.name === 'input') inInput = true;
      else if (inInput) return bodyOf(node) ?? node;
    }
    return undefined;
  }

  private withEnv(node: Call, body: Closure, at: number): void {
    const [list] = positional(node.args);
    if (list?.kind !== 'list') {
      this.unknown('`withEnv` with a computed list');
      return;
    }
    for (const item of list.items) {
      const { start, end } = this.textPlace(item);
      const match = /^([A-Za-z_]\w*)(?:\+\w*)?=/.exec(this.pipeline.text.slice(start, end));
      if (match === null) {
        this.unknown('`withEnv` with a computed name');
        continue;
      }
      const [, name = ''] = match;
      const place = { start, end: start + name.length };
      this.add({ kind: 'withEnv', name, place, whole: item, scope: body, value: item }, at);
    }
  }

  /** Where the text of a string begins and ends; of another expression nowhere. */
  private textPlace(item: Expression): Place {
    if (item.kind === 'gstring') return item.inner;
    if (item.kind === 'literal' && typeof item.value === 'string')
      return insideOf(this.pipeline.text, item.start, item.end);
    if (item.kind === 'binary') return this.textPlace(item.left);
    return { start: item.start, end: item.start };
  }

  /** `withCredentials([string(…, variable: 'X')]) { }`, `lock(…, variable: 'X') { }` and their like. */
  private bindings(node: Call, body: Closure, at: number): void {
    const left = node.args.slice(0, -1).map(({ name, value }) => ({ name, value, call: node }));
    for (let arg = left.pop(); arg; arg = left.pop()) {
      const { name, value, call } = arg;
      if (value.kind === 'list')
        for (const item of value.items) left.push({ name: undefined, value: item, call });
      else if (value.kind === 'map')
        for (const { key, value: inner } of value.entries)
          left.push({
            name: key.kind === 'literal' ? String(key.value) : undefined,
            value: inner,
            call,
          });
      else if (value.kind === 'call')
        for (const inner of value.args) left.push({ ...inner, call: value });
      else if (typeof name === 'string' && /variable$/i.test(name) && value.kind === 'literal') {
        if (typeof value.value !== 'string') continue;
        const place = insideOf(this.pipeline.text, value.start, value.end);
        this.add(
          { kind: 'bound', name: value.value, place, whole: call, scope: body, value, call },
          at,
        );
      }
    }
    if (node.name === 'withCredentials' || node.name === 'withEnv') return;
    // What is not known of may give its body more variables than it names.
    if (node.name === 'wrap' || /^with[A-Z]/.test(calledName(node)))
      this.unknown(`\`${calledName(node)}\``);
  }

  private setProperty(node: Call, at: number): void {
    const [key, value] = positional(node.args);
    if (key?.kind !== 'literal' || typeof key.value !== 'string') {
      this.unknown('`env` being set by a computed name');
      return;
    }
    const place = insideOf(this.pipeline.text, key.start, key.end);
    this.add({ kind: 'assigned', name: key.value, place, whole: node, value }, at);
  }

  private stageOf(at: number): readonly string[] {
    const names: string[] = [];
    for (const node of around(this.tree, at)) {
      if (node.kind !== 'call' || node.name !== 'stage') continue;
      const name = stageName(this.pipeline.text, node);
      if (name !== undefined) names.push(name);
    }
    return names.reverse();
  }
}

/**
 * Where the environment of a level does not hold within its block: what Jenkins looks at before,
 * and the `post` of a level that only has branches.
 */
function holesOf(level: Closure): Place[] {
  const branches = directive(level, 'parallel') ?? directive(level, 'matrix');
  const names = ['when', 'input', 'agent', 'options', ...(branches ? ['post'] : [])];
  return names.flatMap((name) => directive(level, name) ?? []);
}

/** The index of the `environment { }` closure whose entry the assignment at `at` is; else -1. */
export function environmentAround({ nodes, parents }: Tree, at: number): number {
  let above = parents[at] ?? -1;
  while (nodes[above]?.kind === 'assignment') above = parents[above] ?? -1;
  if (nodes[above]?.kind !== 'closure') return -1;
  const call = nodes[parents[above] ?? -1];
  const is = call?.kind === 'call' && call.name === 'environment' && call.object === undefined;
  return is && call.args.length === 1 ? above : -1;
}

function directive(block: Place, name: string): Call | undefined {
  if (!('body' in block)) return undefined;
  const { body } = block as Closure;
  return body.find((each): each is Call => each.kind === 'call' && each.name === name);
}

/** The name of a parameter: a word before `,`, `)`, `=` or `->`, and not its type. */
function parameterName(lexed: Lexed, name: string, from: number, to: number): Place | undefined {
  for (let after = from; ;) {
    const place = findName(lexed, name, after, to);
    if (place === undefined || /^\s*(?:[,)=]|->)/.test(lexed.text.slice(place.end, place.end + 40)))
      return place;
    after = place.end;
  }
}

function lastName(lexed: Lexed, name: string, from: number, to: number): Place | undefined {
  let last: Place | undefined;
  for (let place = findName(lexed, name, from, to); place;) {
    last = place;
    place = findName(lexed, name, place.end, to);
  }
  return last;
}
