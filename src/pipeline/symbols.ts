import type { Pipeline } from './declarative';
import { Gathering } from './names/definitions';
import type { Definition, StageSymbol } from './names/definitions';
import { environmentNames } from './names/environmentDefinitions';
import { fileVariables, languageNames } from './names/languageDefinitions';
import { outline } from './outline';
import type { Outline } from './outline';
import { GLOBALS, RUN_VARIABLES } from './catalogue/globalsCatalogue';
import type { Lexed } from './names/position';
import { lexed } from './names/position';
import type { Place } from './syntax';
import type { Tree } from './names/tree';
import { treeOf } from './names/tree';
import { usesOf } from './names/uses';
import type { Use } from './names/uses';

/** What a name in a Jenkinsfile stands for. */
export type Target =
  /** A variable, parameter or closure's parameter of the language, a function or a class. */
  | { readonly kind: 'own'; readonly definition: Definition }
  /** An environment variable or a parameter: all that has this name, wherever it is set. */
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'stage'; readonly name: string }
  /** `env`, `currentBuild` … */
  | { readonly kind: 'global'; readonly name: string }
  /** A step, or a step of a library. */
  | { readonly kind: 'step'; readonly name: string };

/** All names of a file: what defines them, and where they stand. Made once for a version of it. */
export class Symbols {
  readonly pipeline: Pipeline;
  readonly tree: Tree;
  readonly lexed: Lexed;
  readonly stages: readonly StageSymbol[];
  readonly definitions: readonly Definition[];
  /** Every place that a name stands at, its definitions too, in the order of the text. */
  readonly uses: readonly Use[];
  /** Why variables may be set that the text does not name; undefined if none are. */
  readonly unknownSetters: string | undefined;
  private readonly byName = new Map<string, Definition[]>();
  private readonly functions: readonly Place[];
  private outlined: Outline | undefined;

  constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
    this.tree = treeOf(pipeline);
    this.lexed = lexed(pipeline.text);
    const found = new Gathering(pipeline, this.tree, this.lexed);
    this.tree.nodes.forEach((node, at) => {
      environmentNames(found, node, at);
      languageNames(found, node, at);
    });
    fileVariables(found);
    this.stages = found.stages;
    this.definitions = found.definitions;
    this.functions = found.functions;
    this.unknownSetters = found.unknownSetters;
    for (const definition of this.definitions) {
      const same = this.byName.get(definition.name);
      if (same) same.push(definition);
      else this.byName.set(definition.name, [definition]);
    }
    this.uses = usesOf(pipeline, this.tree, this.lexed, this.definitions, this.stages);
  }

  /** What `outline` says of the file. */
  outline(): Outline {
    this.outlined ??= outline(this.pipeline);
    return this.outlined;
  }

  /** The use that a place is in, or touches the end of. */
  useAt(offset: number): Use | undefined {
    let low = 0;
    let high = this.uses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.uses[middle]?.place.start ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    const use = this.uses[low - 1];
    return use !== undefined && offset <= use.place.end ? use : undefined;
  }

  targetOf(use: Use): Target | undefined {
    const { name, form, place, definition } = use;
    if (definition !== undefined)
      return isOwn(definition) ? { kind: 'own', definition } : { kind: 'variable', name };
    switch (form) {
      case 'env':
      case 'params':
      case 'shell':
        return { kind: 'variable', name };
      case 'stage':
        return { kind: 'stage', name };
      case 'call': {
        const own = this.own(name, place.start);
        return own ? { kind: 'own', definition: own } : { kind: 'step', name };
      }
      case 'name': {
        if (use.siblings?.has(name)) return { kind: 'variable', name };
        const own = this.own(name, place.start);
        if (own) return { kind: 'own', definition: own };
        return GLOBALS.has(name) ? { kind: 'global', name } : { kind: 'variable', name };
      }
    }
  }

  /** Every place where the same thing is meant, a variable also by a name that follows from its own. */
  usesOf(target: Target): Use[] {
    const name = target.kind === 'own' ? target.definition.name : target.name;
    const aliases = target.kind === 'variable' ? this.aliasesOf(name) : undefined;
    return this.uses.filter((use) => {
      const same =
        use.name === name ||
        aliases?.has(use.name) === true ||
        (target.kind === 'variable' &&
          use.name.toUpperCase().startsWith(name.toUpperCase()) &&
          this.aliasesOf(use.name).has(name));
      if (!same) return false;
      const other = this.targetOf(use);
      if (target.kind !== 'own') return other?.kind === target.kind;
      return other?.kind === 'own' && other.definition === target.definition;
    });
  }

  /** What sets the variable, wherever: the definitions that a step may see. */
  setters(name: string): readonly Definition[] {
    const own = (this.byName.get(name) ?? []).filter((definition) => !isOwn(definition));
    if (own.length > 0) return own;
    return [...this.aliasesOf(name)].flatMap((alias) =>
      (this.byName.get(alias) ?? []).filter((definition) => !isOwn(definition)),
    );
  }

  /** What sets the variable for a step at `offset`, the one that wins first. */
  settersAt(name: string, offset: number): Definition[] {
    return this.setters(name)
      .filter((definition) => holdsAt(definition, offset))
      .sort((a, b) => weightOf(b) - weightOf(a) || b.scope.start - a.scope.start);
  }

  /** The variable, function or class of the language that a name at `offset` means. */
  own(name: string, offset: number): Definition | undefined {
    let best: Definition | undefined;
    for (const definition of this.byName.get(name) ?? []) {
      if (!isOwn(definition) || !this.isVisible(definition, offset)) continue;
      if (best === undefined || isCloser(definition, best)) best = definition;
    }
    return best;
  }

  /** All that a name at `offset` could mean, each name once. */
  visibleAt(offset: number): Definition[] {
    const found: Definition[] = [];
    for (const name of this.byName.keys()) {
      const own = this.own(name, offset);
      if (own) found.push(own);
      const [winner] = this.settersAt(name, offset);
      if (winner && winner.name === name) found.push(winner);
    }
    return found;
  }

  /** The stage around a place. */
  stageAt(offset: number): StageSymbol | undefined {
    let best: StageSymbol | undefined;
    for (const stage of this.stages)
      if (stage.call.start <= offset && offset <= stage.call.end) best = stage;
    return best;
  }

  /** Whether the variable is set by Jenkins, as far as we know of it. */
  isOfRun(name: string): boolean {
    return RUN_VARIABLES.has(name);
  }

  private isVisible({ kind, scope, from, inFunction }: Definition, offset: number): boolean {
    if (offset < scope.start || offset > scope.end) return false;
    if (kind !== 'local' && kind !== 'argument') return true;
    return offset >= from && this.functionAt(offset) === inFunction;
  }

  /** Where the innermost function around a place begins; -1 outside of all. */
  private functionAt(offset: number): number {
    let start = -1;
    for (const place of this.functions)
      if (place.start <= offset && offset < place.end) start = place.start;
    return start;
  }

  /** A parameter `foo` is exported as `FOO`, too; credentials as `X_USR` and `X_PSW`. */
  private aliasesOf(name: string): Set<string> {
    const aliases = new Set<string>();
    if (this.byName.get(name)?.some((definition) => !isOwn(definition))) return aliases;
    for (const [other, definitions] of this.byName) {
      if (other === name) continue;
      const upper = other.toUpperCase() === name;
      const part = name === `${other}_USR` || name === `${other}_PSW`;
      if (upper && definitions.some(({ kind }) => kind === 'parameter')) aliases.add(other);
      if (part && definitions.some(isCredential)) aliases.add(other);
    }
    return aliases;
  }
}

/** Whether it is a thing of the language, and not of the environment. */
export function isOwn({ kind }: Definition): boolean {
  return (
    kind === 'local' ||
    kind === 'argument' ||
    kind === 'field' ||
    kind === 'function' ||
    kind === 'class'
  );
}

/** Whether it is an entry of `environment` that binds a credential. */
export function isCredential({ kind, value }: Definition): boolean {
  return kind === 'environment' && value?.kind === 'call' && value.name === 'credentials';
}

export function holdsAt({ scope, except }: Definition, offset: number): boolean {
  if (offset < scope.start || offset > scope.end) return false;
  return !except.some(({ start, end }) => start <= offset && offset < end);
}

/** Jenkins' order: what is set around a step beats `env.X = …`, and that beats a parameter. */
function weightOf({ kind }: Definition): number {
  return kind === 'parameter' ? 0 : kind === 'assigned' ? 1 : 2;
}

function isCloser(a: Definition, b: Definition): boolean {
  if (a.scope.start !== b.scope.start) return a.scope.start > b.scope.start;
  // The first assignment makes a field; a later `def` of the same name hides an earlier one.
  return a.kind === 'field' || a.kind === 'function' ? false : a.from > b.from;
}
