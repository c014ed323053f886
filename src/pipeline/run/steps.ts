import { posix } from 'node:path';

import { StepError, Unknown } from '../effects';
import type { Agent, Outcome, StageCall, Variable } from '../effects';
import { effectStep, withCredentials } from './effectSteps';
import {
  around,
  Defect,
  notice,
  perform,
  sourceOf,
  scopeOf,
  withLayer,
  worsen,
  worsenStage,
} from './frame';
import type { Frame } from './frame';
import { evaluateText, load } from './scripts';
import { libraryResource, libraryStep } from './libraries';
import { callStatic, parseJson } from './statics';
import { catchError, retry, timeout, warnError } from './guards';
import { argument, flag, known, runBody } from './invocation';
import type { Invocation } from './invocation';
import { lineAt, rangeOf } from '../syntax';
import type { Place } from '../syntax';
import { Lambda, UnknownText, textOf, truthOf, valuesOf, worst } from './values';
import type { Key, Thing } from './values';

type Step = (call: Invocation, frame: Frame) => Promise<Thing>;

/** Carries out a step: those of the language here, all others through the effects. */
export function runStep(call: Invocation, frame: Frame): Promise<Thing> {
  if (NODE_STEPS.has(call.name) && frame.agent === undefined) {
    throw new StepError(
      `Attempted to execute a step that requires a node context while 'agent none' was specified (${call.name}).`,
    );
  }
  return (STEPS.get(call.name) ?? effectStep)(call, frame);
}

/** Whether the interpreter knows a step of this name. */
export function isStep(name: string): boolean {
  return STEPS.has(name) || NODE_STEPS.has(name);
}

/** The names of those steps. */
export function knownSteps(): string[] {
  return [...new Set([...STEPS.keys(), ...NODE_STEPS])];
}

/** Whether it is no step but describes something to one, as `string(…)` does in `parameters`. */
export function describes(name: string): boolean {
  return DESCRIPTIONS.has(name);
}

/** Steps that want a workspace. */
const NODE_STEPS = new Set([
  'sh',
  'bat',
  'powershell',
  'pwsh',
  'dir',
  'ws',
  'checkout',
  'git',
  'junit',
  'archiveArtifacts',
  'archive',
  'stash',
  'unstash',
  'readFile',
  'writeFile',
  'fileExists',
  'findFiles',
  'deleteDir',
  'cleanWs',
  'pwd',
  'isUnix',
]);

const DESCRIPTIONS = new Set([
  'string',
  'text',
  'booleanParam',
  'choice',
  'password',
  'file',
  'run',
  'credentials',
  'usernamePassword',
  'usernameColonPassword',
  'sshUserPrivateKey',
  'certificate',
  'zip',
  'dockerCert',
  'parameters',
  'buildDiscarder',
  'logRotator',
  'pipelineTriggers',
  'cron',
  'pollSCM',
  'upstream',
  'githubPush',
  'disableConcurrentBuilds',
  'durabilityHint',
  'issueCommentTrigger',
  'agent',
  'kubernetesAgent',
  'nonresumable',
]);

/** Those of files that import this one, too, are named in functions: they may not be loaded yet. */
const STEPS: ReadonlyMap<string, Step> = new Map<string, Step>([
  ['sh', sh],
  ['echo', (call, frame) => effectStep(call, frame)],
  ['println', echo],
  ['print', echo],
  ['dir', dir],
  ['node', node],
  ['stage', stage],
  ['parallel', parallel],
  ['withEnv', withEnv],
  ['withCredentials', (call, frame) => withCredentials(call, frame)],
  ['timeout', timeout],
  ['retry', retry],
  ['catchError', catchError],
  ['warnError', warnError],
  ['error', error],
  ['unstable', unstable],
  ['script', block],
  ['waitUntil', waitUntil],
  ['properties', properties],
  ['library', (call, frame) => libraryStep(call, frame)],
  ['libraryResource', (call, frame) => libraryResource(call, frame)],
  ['load', (call, frame) => load(call, frame)],
  ['evaluate', (call, frame) => evaluateText(call, frame)],
  ['readJSON', readJson],
  ['sprintf', sprintf],
  ['readTrusted', (call, frame) => effectStep(call, frame)],
  ['sleep', (call, frame) => effectStep(call, frame)],
]);

/** Groovy's own, which every script has. */
function sprintf(call: Invocation): Promise<Thing> {
  const [pattern = '', ...args] = [...call.args.values()];
  const text = callStatic('String', 'format', [pattern, ...args]);
  return Promise.resolve(text ?? new Unknown('sprintf', 0));
}

/** `readJSON text:` is read here; a file the effects read. */
async function readJson(call: Invocation, frame: Frame): Promise<Thing> {
  const text = call.args.get('text');
  return text === undefined ? effectStep(call, frame) : parseJson(text);
}

function echo(call: Invocation, frame: Frame): Promise<Thing> {
  return effectStep({ ...call, name: 'echo' }, frame);
}

async function sh(call: Invocation, frame: Frame): Promise<Thing> {
  const script = textOf(argument(call, 'script'));
  const label = call.args.get('label');
  const returnStatus = flag(call, 'returnStatus');
  const returnStdout = flag(call, 'returnStdout');
  const { status, stdout } = await perform(frame, call.place, (at) =>
    frame.run.effects.sh(
      { script, returnStatus, returnStdout, label: typeof label === 'string' ? label : undefined },
      at,
    ),
  );
  if (returnStatus) return status;
  if (typeof status === 'number' && status !== 0) {
    throw new StepError(`script returned exit code ${status}`, 'FAILURE', status);
  }
  return returnStdout ? (stdout ?? '') : null;
}

function dir(call: Invocation, frame: Frame): Promise<Thing> {
  const directory = posix.join(...directories(frame.directory, known(argument(call, 'path'), '.')));
  return runBody(call, { ...frame, directory });
}

function directories(outer: string, path: string): string[] {
  return posix.isAbsolute(path) ? [path] : [outer, path];
}

async function node(call: Invocation, frame: Frame): Promise<Thing> {
  const label = call.args.get('') ?? call.args.get('label') ?? null;
  const text = label === null || label === '' ? undefined : textOf(label);
  const line = lineAt(frame.file.pipeline.lines, call.place.start);
  const agent: Agent = { kind: text === undefined ? 'any' : 'label', text, line };
  let result: Thing = null;
  await onAgent(agent, call.place, frame, async (inner) => {
    result = await runBody(call, inner);
  });
  return result;
}

/** Runs `body` on an agent. */
export function onAgent(
  agent: Agent,
  place: Place,
  frame: Frame,
  body: (inner: Frame) => Promise<void>,
): Promise<void> {
  const kept = isReused(agent) ? frame.agentVariables : [];
  return around((guard) =>
    perform(frame, place, (at) =>
      frame.run.effects.agent(agent, at, (adds) =>
        guard(() => body({ ...frame, agent, agentVariables: [...kept, ...adds], directory: '.' })),
      ),
    ),
  );
}

/** Whether it is a container that runs on the node, and in the workspace, where it stands. */
export function isReused({ settings }: Agent): boolean {
  return settings?.get('reuseNode') === true;
}

/** A stage of a scripted pipeline. */
async function stage(call: Invocation, frame: Frame): Promise<Thing> {
  const name = known(argument(call, 'name'));
  let result: Thing = null;
  await inStage(
    name,
    { conditional: false, parent: false, when: undefined },
    call.place,
    frame,
    async (inner) => {
      result = await runBody(call, inner);
    },
  );
  return result;
}

/** Runs `body` in a stage, if the effects let it; an error comes out as it went in. */
export async function inStage(
  name: string,
  facts: Pick<StageCall, 'conditional' | 'parent'> & {
    when: ((inner: Frame) => ReturnType<NonNullable<StageCall['when']>>) | undefined;
  },
  place: Place,
  frame: Frame,
  body: (inner: Frame) => Promise<void>,
): Promise<void> {
  const path = [...frame.stage, name];
  const status = { worst: 'SUCCESS' as Outcome };
  // Declarative's branches are stages of the same name.
  const whole = frame.atBranch && frame.path.at(-1) === name ? frame.path : [...frame.path, name];
  const inner: Frame = { ...frame, stage: path, path: whole, atBranch: false, status };
  const { when } = facts;
  const announced = {
    path,
    range: rangeOf(frame.file.pipeline, place),
    ...sourceOf(frame),
    ...facts,
    when: when && (() => when(inner)),
  };
  await around(async (guard) => {
    await perform(inner, place, (at) =>
      frame.run.effects.stage(announced, at, async () => {
        let outcome: Outcome = 'SUCCESS';
        await guard(async () => {
          try {
            await body(inner);
          } catch (error) {
            outcome = error instanceof StepError ? error.outcome : 'FAILURE';
            throw error;
          }
        });
        return worst(outcome, status.worst);
      }),
    );
  });
  // What a stage inside is marked with, the ones around it are, too.
  worsenStage(frame, status.worst);
}

async function parallel(call: Invocation, frame: Frame): Promise<Thing> {
  const branches: [string, (inner: Frame) => Promise<void>][] = [];
  for (const [name, value] of call.args) {
    if (!(value instanceof Lambda)) continue;
    branches.push([
      name,
      async (inner) => {
        await call.apply(value, [], inner);
      },
    ]);
  }
  await inParallel(branches, flag(call, 'failFast'), call.place, frame);
  return null;
}

/**
 * Runs branches at once. The first error decides; with failFast it ends the other branches. A dry
 * interpretation goes through them one after the other.
 */
export async function inParallel(
  all: readonly (readonly [string, (frame: Frame) => Promise<void>])[],
  failFast: boolean,
  place: Place,
  frame: Frame,
): Promise<void> {
  const names = all.map(([name]) => name);
  const wanted = frame.run.effects.branches?.(names, scopeOf(frame, place));
  const branches = wanted ? all.filter(([name]) => wanted.includes(name)) : all;
  const stop = new AbortController();
  const errors: unknown[] = [];
  const delivered = branches.map(() => new Set(frame.branch.delivered));
  const enter = async ([name, run]: (typeof branches)[number], at: number): Promise<void> => {
    const branch = { delivered: delivered[at] ?? new Set<AbortSignal>() };
    const interrupts = failFast ? [...frame.interrupts, stop.signal] : frame.interrupts;
    const path = [...frame.path, name];
    const inside = { path, branches: [...frame.branches, name], atBranch: true };
    try {
      await run({ ...frame, ...inside, branch, interrupts });
    } catch (error) {
      errors.push(error);
      if (failFast && !frame.run.dry) stop.abort(`Failed in branch ${name}`);
    }
  };
  if (frame.run.dry) for (const [at, branch] of branches.entries()) await enter(branch, at);
  else await Promise.all(branches.map(enter));
  for (const signals of delivered) {
    for (const signal of signals) if (signal !== stop.signal) frame.branch.delivered.add(signal);
  }
  const defect = errors.find((error) => !(error instanceof StepError) || error instanceof Defect);

  if (errors.length > 0) throw defect ?? errors[0];
}

function withEnv(call: Invocation, frame: Frame): Promise<Thing> {
  const list = argument(call, 'overrides');
  const line = lineAt(frame.file.pipeline.lines, call.place.start);
  const variables: Variable[] = [];
  for (const entry of Array.isArray(list) ? list : [list]) {
    const text = entry === null ? '' : textOf(entry);
    const source = text instanceof UnknownText ? text.prefix : text instanceof Unknown ? '' : text;
    const equals = source.indexOf('=');
    if (equals <= 0) {
      notice(frame, call.place, 'A variable of withEnv is not known.');
      continue;
    }
    const value = text instanceof Unknown ? text : text.slice(equals + 1);
    variables.push({ name: source.slice(0, equals), value, origin: 'withEnv', line });
  }
  return runBody(call, withLayer(frame, variables));
}

function error(call: Invocation): Promise<Thing> {
  throw new StepError(known(argument(call, 'message')));
}

function unstable(call: Invocation, frame: Frame): Promise<Thing> {
  notice(frame, call.place, `Unstable: ${known(argument(call, 'message'))}`);
  worsen(frame, 'UNSTABLE');
  worsenStage(frame, 'UNSTABLE');
  return Promise.resolve(null);
}

function block(call: Invocation, frame: Frame): Promise<Thing> {
  return runBody(call, frame);
}

/** In a dry interpretation, and where the answer is Unknown, the body runs once. */
async function waitUntil(call: Invocation, frame: Frame): Promise<Thing> {
  for (;;) {
    const value = truthOf(await runBody(call, frame));
    if (value === true || value instanceof Unknown || frame.run.dry) return null;
    const args = new Map<string, Thing>([['', 1]]);
    await perform(frame, call.place, (at) =>
      frame.run.effects.step(
        { name: 'sleep', args: valuesOf(args), implicit: true, hasBody: false },
        at,
      ),
    );
  }
}

/** `properties([parameters([…])])` gives parameters their defaults, and nothing else here. */
function properties(call: Invocation, frame: Frame): Promise<Thing> {
  const list = argument(call, 'properties');
  for (const property of Array.isArray(list) ? list : []) {
    if (!(property instanceof Map) || property.get('$symbol') !== 'parameters') continue;
    const definitions = property.get('');
    for (const definition of Array.isArray(definitions) ? definitions : []) {
      if (definition instanceof Map) declareParameter(definition, frame);
    }
  }
  return Promise.resolve(null);
}

/** Gives a parameter its default if the run brought no value. */
export function declareParameter(definition: ReadonlyMap<Key, Thing>, frame: Frame): void {
  const name = definition.get('name');
  const { parameters } = frame.run;
  if (typeof name !== 'string' || parameters.has(name)) return;
  const choices = definition.get('choices');
  const [first] = Array.isArray(choices) ? choices : known(choices ?? null).split('\n');
  const isChoice = definition.get('$symbol') === 'choice';
  const isFlag = definition.get('$symbol') === 'booleanParam';
  const value = isChoice
    ? (first ?? '')
    : (definition.get('defaultValue') ?? (isFlag ? false : ''));
  parameters.set(name, value);
}
