import { setImmediate } from 'node:timers/promises';

import { StepError, Unknown } from '../effects';
import type { Agent, Effects, Environment, Outcome, Scope, Variable, Ways } from '../effects';
import type { Pipeline } from '../declarative';
import { Binding } from './locals';
import { rangeOf } from '../syntax';
import type { ScriptClass } from './classes';
import type { Functions } from './functions';
import type { Libraries } from './libraries';
import type { Place } from '../syntax';
import { Host, Raised, isWorse, textOf, worst } from './values';
import type { Thing } from './values';

/** One interpretation, with what changes in its course. */
export interface Run {
  readonly effects: Effects;
  readonly cancel: AbortSignal;
  readonly kill: AbortSignal;
  readonly dry: boolean;
  readonly previous: Outcome | undefined;
  /** What the run brings besides its parameters. */
  readonly environment: readonly Variable[];
  readonly parameters: Map<string, Thing>;
  readonly libraries: Libraries;
  /** Loaded by the server although the file does not name them. */
  readonly implicitLibraries: readonly string[];
  /** `env.X = …`, which holds everywhere. */
  readonly assigned: Map<string, Variable>;
  /** `currentBuild.result`. */
  result: Outcome | undefined;
  /** What else the pipeline has set of `currentBuild`: `displayName`, `description`. */
  readonly said: Map<string, Thing>;
  /** The first thing that an effect threw which is no failure of a step. */
  defect: Defect | undefined;
  /** Nodes interpreted since the last effect. */
  quiet: number;
  /** For each call around what it may already have returned, on a way that may not be gone. */
  readonly returns: { value: Thing; place: Place }[][];
  /** Nested calls of functions and closures. */
  calls: number;
  /** How many conditions have gone both ways so far. */
  forks: number;
  /** In a dry interpretation, for each function that runs: how deeply, and the forks before its first call. */
  readonly running: Map<object, { depth: number; readonly forks: number }>;
}

/** A file that is interpreted: the Jenkinsfile, or one of a shared library. Each has its own variables. */
export interface ScriptFile {
  readonly pipeline: Pipeline;
  /** For people: `vars/deploy.groovy of library x`; undefined for the Jenkinsfile itself. */
  readonly source: string | undefined;
  /** Variables without `def`, and fields. */
  readonly binding: Binding;
  readonly functions: Functions;
  /** The classes that it declares, by their names. */
  readonly classes: Map<string, ScriptClass>;
  /** The script as a value. */
  readonly self: ScriptObject;
}

/** A script as a value: `this`, and the global variable that a file of a shared library is. */
export class ScriptObject extends Host {
  readonly file: ScriptFile;

  constructor(name: string, file: ScriptFile) {
    super(name);
    this.file = file;
  }
}

/** `shared` are the variables of the script that loads this one. */
export function scriptFile(
  pipeline: Pipeline,
  source?: string,
  name = 'script',
  shared?: Binding,
): ScriptFile {
  return new Binding((binding) => {
    const file: ScriptFile = {
      pipeline,
      source,
      binding,
      functions: new Map(),
      classes: new Map(),
      get self() {
        return self;
      },
    };
    const self = new ScriptObject(name, file);
    return file;
  }, shared).file;
}

/** Where the interpreter stands: what steps see that is not a variable of the language. */
export interface Frame {
  readonly run: Run;
  /** The file that the nodes interpreted here stand in. */
  readonly file: ScriptFile;
  readonly stage: readonly string[];
  /** Names of parallel branches and stages around; a stage that is its branch's whole counts once. */
  readonly path: readonly string[];
  /** Names of the parallel branches around. */
  readonly branches: readonly string[];
  /** True where no stage was entered since the last branch began. */
  readonly atBranch: boolean;
  readonly layer: Layer | undefined;
  readonly directory: string;
  readonly agent: Agent | undefined;
  /** What the agent brings, the weakest of all. */
  readonly agentVariables: readonly Variable[];
  /** What can interrupt steps here, from the outermost: the person, timeouts, failFast. */
  readonly interrupts: readonly AbortSignal[];
  readonly branch: Branch;
  /** The worst result that steps gave to the stage, as `unstable` does. */
  readonly status: { worst: Outcome };
  /** In `post`: the combined result, which `currentBuild.result` shows there. */
  readonly post: { result: Outcome } | undefined;
}

/** Variables of a block around: the inner layer wins. */
export interface Layer {
  readonly variables: readonly Variable[];
  readonly outer: Layer | undefined;
}

/** A thread of the pipeline. An interruption reaches it once; what comes after, `post`, runs. */
export interface Branch {
  readonly delivered: Set<AbortSignal>;
}

/** A step, or what is around it, was ended from outside. */
export class Interrupted extends Raised {
  readonly source: AbortSignal;

  constructor(source: AbortSignal, message: string) {
    super('org.jenkinsci.plugins.workflow.steps.FlowInterruptedException', message, 'ABORTED');
    this.source = source;
  }
}

/**
 * An effect threw what is no failure of a step: it cannot be done here, or it is broken. The
 * pipeline goes on as after a failed step, so that its `post` and `finally` put away what was
 * made; but nothing in it can catch this, and in the end the interpretation rejects with it.
 */
export class Defect extends StepError {
  override readonly cause: unknown;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.cause = cause;
  }
}

/** Whether a step of the pipeline that catches errors may catch this one. */
export function isCatchable(error: unknown): error is StepError {
  return error instanceof StepError && !(error instanceof Defect);
}

/** Everything ends at once; nothing catches this. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * Does an effect in its scope. Rejects with `StepError` when the step fails, with `Interrupted`
 * when it is aborted, and with whatever else the effect threw.
 */
export async function perform<R>(
  frame: Frame,
  place: Place,
  act: (at: Scope) => Promise<R>,
): Promise<R> {
  const { run } = frame;
  const pending = checkInterrupts(frame);
  run.quiet = 0;
  const signal = AbortSignal.any([run.kill, ...pending]);
  try {
    const value = await act(scopeOf(frame, place, signal));
    checkInterrupts(frame);
    return value;
  } catch (error) {
    if (!(error instanceof Interrupted)) checkInterrupts(frame);
    if (error instanceof StepError || error instanceof Killed) throw error;
    run.defect ??= new Defect(error);
    throw run.defect.cause === error ? run.defect : new Defect(error);
  }
}

/**
 * Runs a body that an effect calls. The effect sees it resolve; what it threw comes after the
 * effect has settled.
 */
export async function around(
  effect: (body: (inner: () => Promise<void>) => Promise<void>) => Promise<void>,
): Promise<void> {
  let failed = false;
  let failure: unknown;
  await effect(async (inner) => {
    try {
      await inner();
    } catch (error) {
      failed = true;
      failure = error;
    }
  });
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- what was caught is passed on, and the closure above sets it
  if (failed) throw failure;
}

/** Throws what interrupts this branch, once for each cause; returns what may still come. */
export function checkInterrupts(frame: Frame): AbortSignal[] {
  const { run, branch } = frame;
  if (run.kill.aborted) throw new Killed('killed');
  const pending = frame.interrupts.filter((signal) => !branch.delivered.has(signal));
  const due = pending.find((signal) => signal.aborted);
  if (due === undefined) return pending;
  // Everything that is due is delivered by this one interruption; the outermost names it.
  for (const signal of pending) if (signal.aborted) branch.delivered.add(signal);
  throw new Interrupted(due, typeof due.reason === 'string' ? due.reason : 'Cancelled');
}

/** How many nodes may be interpreted without any effect: a loop that does nothing must end. */
const MAX_QUIET = 1_000_000;

/** Called for every node: lets others run, and bounds what never ends. */
export function tick(frame: Frame): Promise<void> | undefined {
  const { run } = frame;
  run.quiet++;
  if (run.quiet > MAX_QUIET) {
    throw new StepError('The Jenkinsfile computes without end.');
  }
  return run.quiet % 5000 === 0 ? breathe(frame) : undefined;
}

async function breathe(frame: Frame): Promise<void> {
  await setImmediate();
  checkInterrupts(frame);
}

export function scopeOf(frame: Frame, place: Place, signal: AbortSignal = frame.run.kill): Scope {
  return {
    stage: frame.stage,
    path: frame.path,
    branches: frame.branches,
    environment: environmentOf(frame),
    directory: frame.directory,
    agent: frame.agent,
    range: rangeOf(frame.file.pipeline, place),
    ...sourceOf(frame),
    signal,
    worsen: (outcome) => {
      worsen(frame, outcome);
      worsenStage(frame, outcome);
    },
  };
}

export function notice(frame: Frame, place: Place, message: string): void {
  frame.run.effects.notice?.(message, scopeOf(frame, place));
}

/**
 * Which way a condition goes. What is Unknown is decided by the effects; without them it is false,
 * with a notice.
 */
export async function decide(
  truth: boolean | Unknown,
  place: Place,
  frame: Frame,
  ways: { readonly then?: Place | undefined; readonly otherwise?: Place | undefined } = {},
): Promise<boolean | 'both'> {
  if (!(truth instanceof Unknown)) return truth;
  const { effects } = frame.run;
  if (effects.decide === undefined) {
    notice(
      frame,
      place,
      `This depends on ${truth.origin} (line ${truth.line}); it is taken as false.`,
    );
    return false;
  }
  const ranges: Ways = {
    then: ways.then && rangeOf(frame.file.pipeline, ways.then),
    otherwise: ways.otherwise && rangeOf(frame.file.pipeline, ways.otherwise),
  };
  return perform(
    frame,
    place,
    (at) => effects.decide?.(truth, at, ranges) ?? Promise.resolve(false),
  );
}

/** Which file the lines here count in, if it is not the Jenkinsfile. */
export function sourceOf({ file: { source } }: Frame): { source?: string } {
  return source === undefined ? {} : { source };
}

/** An origin with the file that its line counts in, if that is not the Jenkinsfile. */
export function originIn({ file }: Frame, origin: string): string {
  return file.source === undefined ? origin : `${origin} (${file.source})`;
}

/** What cannot be told before the run, from a place in the Jenkinsfile. */
export function unknown(origin: string, place: Place, frame: Frame): Unknown {
  const { line } = rangeOf(frame.file.pipeline, place);
  return new Unknown(originIn(frame, origin), line);
}

/**
 * Makes the run's result worse, never better. In `post`, where the combined result shows, giving
 * that same result changes nothing.
 */
export function worsen(frame: Frame, outcome: Outcome): void {
  const { run, post } = frame;
  if (post !== undefined) {
    if (!isWorse(outcome, post.result)) return;
    post.result = outcome;
  }
  run.result = run.result === undefined ? outcome : worst(run.result, outcome);
}

export function worsenStage(frame: Frame, outcome: Outcome): void {
  frame.status.worst = worst(frame.status.worst, outcome);
}

/** `currentBuild.result`: undefined as long as nothing has set it. */
export function resultOf(frame: Frame): Outcome | undefined {
  const { run, post } = frame;
  return post === undefined ? run.result : worst(post.result, run.result);
}

/** The environment of a step: agent, run, `env.X =`, then the layers, the innermost last. */
export function environmentOf(frame: Frame): Environment {
  const environment = new Map<string, Variable>();
  const { run } = frame;
  for (const variable of frame.agentVariables) environment.set(variable.name, variable);
  for (const variable of resolve([...run.environment, ...parameterVariables(run)])) {
    // What the agent says of itself is more true here than what the run's record says.
    const own = environment.get(variable.name);
    if (own === undefined || !AGENT_OWN.has(variable.name))
      environment.set(variable.name, variable);
  }
  for (const variable of run.assigned.values()) put(environment, variable);
  const layers: Layer[] = [];
  for (let layer = frame.layer; layer !== undefined; layer = layer.outer) layers.push(layer);
  for (const layer of layers.reverse()) {
    for (const variable of layer.variables) put(environment, variable);
  }
  return environment;
}

/** Variables that describe the machine a step runs on. */
const AGENT_OWN = new Set([
  'WORKSPACE',
  'WORKSPACE_TMP',
  'NODE_NAME',
  'NODE_LABELS',
  'EXECUTOR_NUMBER',
]);

/** A parameter `foo` is a variable `foo`, and `FOO`. */
function parameterVariables(run: Run): Variable[] {
  return [...run.parameters].flatMap(([name, thing]) => {
    const value = textOf(thing);
    const upper = name.toUpperCase();
    const own = { name, value, origin: 'parameter', line: undefined };
    return upper === name ? [own] : [own, { ...own, name: upper }];
  });
}

/** `$X`, `${X}` and `$$` in what the run brings are resolved against the same variables. */
function resolve(variables: readonly Variable[]): readonly Variable[] {
  if (!variables.some(({ value }) => typeof value === 'string' && value.includes('$'))) {
    return variables;
  }
  const values = new Map(variables.map(({ name, value }) => [name, value]));
  return variables.map((variable) => {
    if (typeof variable.value !== 'string') return variable;
    const value = variable.value.replaceAll(
      /\$(?:\$|(\w+)|\{([\w.]+)\})/g,
      (whole, plain: string | undefined, braced: string | undefined) => {
        if (whole === '$$') return '$';
        const found = values.get(plain ?? braced ?? '');
        return typeof found === 'string' ? found : whole;
      },
    );
    return { ...variable, value };
  });
}

/** An empty value removes a variable, though one that the run brings may be empty; `PATH+X` puts its value before that of PATH. */
function put(environment: Map<string, Variable>, variable: Variable): void {
  const plus = variable.name.indexOf('+');
  if (plus > 0) {
    const name = variable.name.slice(0, plus);
    const old = environment.get(name)?.value;
    environment.set(name, { ...variable, name, value: before(variable.value, old) });
  } else if (variable.value === '') {
    environment.delete(variable.name);
  } else {
    environment.set(variable.name, variable);
  }
}

function before(value: Variable['value'], old: Variable['value'] | undefined): Variable['value'] {
  if (old === undefined) return value;
  if (typeof value !== 'string') return value;
  return typeof old === 'string' ? `${value}:${old}` : old;
}

export function withLayer(frame: Frame, variables: readonly Variable[]): Frame {
  if (variables.length === 0) return frame;
  const placed = variables.map((variable) =>
    variable.line === undefined || frame.file.source === undefined
      ? variable
      : { ...variable, origin: originIn(frame, variable.origin) },
  );
  return { ...frame, layer: { variables: placed, outer: frame.layer } };
}
