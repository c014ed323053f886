import type { Pipeline } from '../declarative';
import { stageName } from '../outline';
import type { Lexed } from './position';
import type { Call, Expression, Place } from '../syntax';
import { around } from './tree';
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

/** What has been found of a file's names, and what finding them takes. */
export class Gathering {
  readonly definitions: Definition[] = [];
  readonly stages: StageSymbol[] = [];
  /** Where functions are, from the outermost. */
  readonly functions: Place[] = [];
  unknownSetters: string | undefined;
  readonly pipeline: Pipeline;
  readonly tree: Tree;
  readonly lexed: Lexed;
  /** All of it. */
  readonly file: Place;

  constructor(pipeline: Pipeline, tree: Tree, lexed: Lexed) {
    this.pipeline = pipeline;
    this.tree = tree;
    this.lexed = lexed;
    this.file = { start: 0, end: pipeline.text.length };
  }

  /** `at` is the index of the node that defines it. */
  add(
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

  /** Notes why variables may be set that the text does not name. */
  unknown(why: string): void {
    this.unknownSetters ??= why;
  }

  /** The names of the stages around a node. */
  stageOf(at: number): readonly string[] {
    const names: string[] = [];
    for (const node of around(this.tree, at)) {
      if (node.kind !== 'call' || node.name !== 'stage') continue;
      const name = stageName(this.pipeline.text, node);
      if (name !== undefined) names.push(name);
    }
    return names.reverse();
  }
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
