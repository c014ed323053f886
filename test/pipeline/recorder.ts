import { StepError, Unknown } from '../../src/pipeline/effects';
import type {
  Effects,
  Outcome,
  Scope,
  ShResult,
  StepCall,
  Value,
  Variable,
} from '../../src/pipeline/effects';
import { interpret } from '../../src/pipeline/interpret';
import type { Ended, Facts, Signals } from '../../src/pipeline/interpret';
import { parse } from '../../src/pipeline/parser';

/** What a test says about the world; everything has a harmless default. */
export interface World {
  readonly environment?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, Value>>;
  readonly previous?: Outcome;
  readonly dry?: boolean;
  /** The exit code, or the output, of a script. */
  readonly sh?: (script: string, at: Scope) => number | string | Promise<number | string>;
  /** The value of any other step; undefined is null. */
  readonly step?: (call: StepCall, at: Scope) => Value | undefined | Promise<Value | undefined>;
  /** Stages that CI has skipped, by their last name. */
  readonly skip?: readonly string[];
  /** Ask each stage's own `when`, and skip it when that is false. */
  readonly when?: boolean;
  readonly effects?: Partial<Effects>;
  readonly signals?: Signals;
  /** Shared libraries that the server loads by itself. */
  readonly libraries?: readonly string[];
}

export interface Recording extends Ended {
  /** One line for each effect, in order: `sh make`, `stage A`, `end A SUCCESS`. */
  readonly log: readonly string[];
  /** The environment of each script, by its text. */
  readonly environments: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly scopes: ReadonlyMap<string, Scope>;
  readonly notices: readonly string[];
}

/** Interprets a Jenkinsfile with effects that only write down what they are asked. */
export async function record(text: string, world: World = {}): Promise<Recording> {
  const log: string[] = [];
  const notices: string[] = [];
  const environments = new Map<string, Record<string, string>>();
  const scopes = new Map<string, Scope>();
  const effects: Effects = {
    agent: async (agent, _at, body) => {
      log.push(`agent ${agent.kind}${agent.text === undefined ? '' : ` ${shown(agent.text)}`}`);
      const workspace: Variable = {
        name: 'WORKSPACE',
        value: '/ws',
        origin: 'agent',
        line: undefined,
      };
      await body([workspace]);
      log.push('end agent');
    },
    stage: async (stage, _at, body) => {
      const name = stage.path.join('/');
      const asked = world.when === true ? await stage.when?.() : undefined;
      if (asked === false || world.skip?.includes(stage.path.at(-1) ?? '') === true) {
        log.push(`skip ${name}`);
        return;
      }
      if (asked instanceof Unknown) log.push(`when ${asked.origin}`);
      log.push(`stage ${name}`);
      log.push(`end ${name} ${await body()}`);
    },
    post: async (_at, body) => {
      log.push('post');
      await body();
      log.push('end post');
    },
    sh: async (call, at): Promise<ShResult> => {
      const script = shown(call.script);
      log.push(`sh ${script}`);
      environments.set(script, plain(at));
      scopes.set(script, at);
      const answer = (await world.sh?.(script, at)) ?? 0;
      at.signal.throwIfAborted();
      return typeof answer === 'number'
        ? { status: answer, stdout: call.returnStdout ? '' : undefined }
        : { status: 0, stdout: answer };
    },
    step: async (call, at) => {
      const args = [...call.args].map(([name, value]) =>
        name === '' ? shown(value) : `${name}=${shown(value)}`,
      );
      log.push([call.implicit ? 'implicit' : '', call.name, ...args].filter(Boolean).join(' '));
      const value = await world.step?.(call, at);
      at.signal.throwIfAborted();
      return value ?? null;
    },
    skipped: (stage, why) => log.push(`not run ${stage.path.join('/')}: ${why}`),
    notice: (message) => notices.push(message),
    ...world.effects,
  };
  const facts: Facts = {
    environment: Object.entries(world.environment ?? {}).map(([name, value]) => ({
      name,
      value,
      origin: 'the run',
      line: undefined,
    })),
    parameters: new Map(Object.entries(world.parameters ?? {})),
    previous: world.previous,
    ...(world.dry === undefined ? {} : { dry: world.dry }),
    ...(world.libraries === undefined ? {} : { libraries: world.libraries }),
  };
  const never = new AbortController().signal;
  const signals = world.signals ?? { cancel: never, kill: never };
  const ended = await interpret(parse(text), facts, effects, signals);
  return { ...ended, log, environments, scopes, notices };
}

/** A pipeline with one stage `S` whose steps are `steps`, and `more` beside `stages`. */
export function declarative(steps: string, more = ''): string {
  return `pipeline {
  agent any
  ${more}
  stages {
    stage('S') {
      steps {
        ${steps}
      }
    }
  }
}`;
}

/** The log without what every run of `declarative` does. */
export function steps(recording: Recording): string[] {
  const frame = new Set(['agent any', 'implicit checkout scm', 'stage S', 'end agent']);
  return recording.log.filter((line) => !frame.has(line) && !line.startsWith('end S '));
}

export function shown(value: Value): string {
  if (value === null) return 'null';
  if (value instanceof Unknown) return `‹${value.origin}›`;
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(shown).join(', ')}]`;
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, Value>)];
    return `{${entries.map(([key, item]) => `${key}=${shown(item)}`).join(', ')}}`;
  }
  return 'opaque' in value ? value.opaque : '?';
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function plain(at: Scope): Record<string, string> {
  return Object.fromEntries(
    [...at.environment.values()].map(({ name, value }) => [name, shown(value)]),
  );
}

export { StepError };
