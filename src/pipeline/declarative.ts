import { bodyOf, positional } from './syntax';
import type { Call, Closure, Expression, Place, Script, Statement } from './syntax';

/** What a Jenkinsfile says. */
export interface Pipeline extends Script {
  /** The structure inside of `pipeline { }`; undefined for a scripted one. */
  readonly declarative: Declarative | undefined;
}

/** What the pipeline and its stages have in common. */
export interface Level {
  /** The whole call, `pipeline { … }` or `stage(…) { … }`. */
  readonly call: Call;
  readonly agent: Call | undefined;
  readonly environment: readonly EnvironmentEntry[];
  readonly options: readonly Call[];
  readonly tools: readonly Call[];
  readonly post: Post | undefined;
}

export interface Declarative extends Level {
  readonly stages: readonly Stage[];
  readonly parameters: readonly Call[];
  readonly libraries: readonly Call[];
}

export interface Stage extends Level {
  readonly name: Expression | undefined;
  readonly when: Call | undefined;
  readonly input: Call | undefined;
  readonly failFast: boolean;
  readonly work: Work;
}

/** What a stage does. */
export type Work =
  | { readonly kind: 'steps'; readonly body: Closure }
  | { readonly kind: 'stages'; readonly stages: readonly Stage[] }
  | { readonly kind: 'parallel'; readonly stages: readonly Stage[] }
  | { readonly kind: 'matrix'; readonly matrix: Matrix }
  | { readonly kind: 'nothing' };

export interface Matrix extends Level {
  readonly axes: readonly Axis[];
  readonly excludes: readonly (readonly Axis[])[];
  readonly when: Call | undefined;
  readonly input: Call | undefined;
  readonly stages: readonly Stage[];
}

export interface Axis {
  readonly name: string;
  readonly values: readonly string[];
  /** True for `notValues` of an exclude. */
  readonly negated: boolean;
}

export interface EnvironmentEntry extends Place {
  readonly name: string;
  readonly value: Expression;
}

export interface Post {
  readonly call: Call;
  readonly conditions: ReadonlyMap<string, Call>;
}

/** The conditions of `post`, in the order in which Jenkins tests them, whatever the order of the text. */
export const POST_CONDITIONS = [
  'always',
  'changed',
  'fixed',
  'regression',
  'aborted',
  'success',
  'unsuccessful',
  'unstable',
  'failure',
  'notBuilt',
  'cleanup',
] as const;

/** Finds `pipeline { }` among the statements of a file, and reads its structure. */
export function readDeclarative(statements: readonly Statement[]): Declarative | undefined {
  for (const statement of statements) {
    if (!isCall(statement, 'pipeline') || statement.object !== undefined) continue;
    const body = bodyOf(statement);
    if (body === undefined) continue;
    const directives = directivesOf(body);
    const level = readLevel(statement, directives);
    return {
      ...level,
      stages: stagesOf(directives.get('stages')),
      parameters: callsOf(directives.get('parameters')),
      libraries: callsOf(directives.get('libraries')),
    };
  }
  return undefined;
}

/** The entries of an `environment { }` block: its assignments. */
export function entriesOf(block: Closure): EnvironmentEntry[] {
  const entries: EnvironmentEntry[] = [];
  for (const statement of block.body) {
    if (statement.kind !== 'assignment' || statement.target.kind !== 'name') continue;
    const { start, end, target, value } = statement;
    entries.push({ start, end, name: target.name, value });
  }
  return entries;
}

/** The calls that are the statements of a call's closure, as in `options { … }`. */
export function callsOf(directive: Call | undefined): readonly Call[] {
  const body = directive && bodyOf(directive);
  return body === undefined ? [] : body.body.filter((statement) => statement.kind === 'call');
}

/** Whether a statement is `name …`. */
function isCall(statement: Statement, name: string): statement is Call {
  return statement.kind === 'call' && statement.name === name;
}

function directivesOf(body: Closure): Map<string, Call> {
  const directives = new Map<string, Call>();
  for (const statement of body.body) {
    if (statement.kind !== 'call' || typeof statement.name !== 'string') continue;
    if (!directives.has(statement.name)) directives.set(statement.name, statement);
  }
  return directives;
}

function readLevel(call: Call, directives: ReadonlyMap<string, Call>): Level {
  const environment = directives.get('environment');
  const environmentBody = environment && bodyOf(environment);
  const post = directives.get('post');
  return {
    call,
    agent: directives.get('agent'),
    environment: environmentBody ? entriesOf(environmentBody) : [],
    options: callsOf(directives.get('options')),
    tools: callsOf(directives.get('tools')),
    post: post && { call: post, conditions: conditionsOf(post) },
  };
}

function conditionsOf(post: Call): Map<string, Call> {
  const conditions = new Map<string, Call>();
  for (const call of callsOf(post)) {
    if (typeof call.name === 'string' && !conditions.has(call.name))
      conditions.set(call.name, call);
  }
  return conditions;
}

function stagesOf(directive: Call | undefined): Stage[] {
  return callsOf(directive)
    .filter((call) => isCall(call, 'stage'))
    .map(readStage);
}

function readStage(call: Call): Stage {
  const body = bodyOf(call);
  const directives = body ? directivesOf(body) : new Map<string, Call>();
  const [name] = positional(call.args);
  const failFast = directives.get('failFast');
  const value = failFast && positional(failFast.args)[0];
  const { agent, environment, options, tools, post } = readLevel(call, directives);
  return {
    call,
    agent,
    environment,
    options,
    tools,
    post,
    name: name?.kind === 'closure' ? undefined : name,
    when: directives.get('when'),
    input: directives.get('input'),
    failFast: value?.kind === 'literal' && value.value === true,
    work: readWork(directives),
  };
}

function readWork(directives: ReadonlyMap<string, Call>): Work {
  const steps = directives.get('steps');
  const body = steps && bodyOf(steps);
  if (body !== undefined) return { kind: 'steps', body };
  const stages = directives.get('stages');
  if (stages !== undefined) return { kind: 'stages', stages: stagesOf(stages) };
  const parallel = directives.get('parallel');
  if (parallel !== undefined) return { kind: 'parallel', stages: stagesOf(parallel) };
  const matrix = directives.get('matrix');
  if (matrix !== undefined) return { kind: 'matrix', matrix: readMatrix(matrix) };
  return { kind: 'nothing' };
}

function readMatrix(call: Call): Matrix {
  const body = bodyOf(call);
  const directives = body ? directivesOf(body) : new Map<string, Call>();
  return {
    ...readLevel(call, directives),
    axes: callsOf(directives.get('axes')).map(readAxis),
    excludes: callsOf(directives.get('excludes')).map((exclude) => callsOf(exclude).map(readAxis)),
    when: directives.get('when'),
    input: directives.get('input'),
    stages: stagesOf(directives.get('stages')),
  };
}

function readAxis(call: Call): Axis {
  let name = '';
  let values: readonly string[] = [];
  let negated = false;
  for (const part of callsOf(call)) {
    const texts = positional(part.args).flatMap((arg) =>
      arg.kind === 'literal' && arg.value !== null ? [String(arg.value)] : [],
    );
    if (part.name === 'name') name = texts[0] ?? '';
    if (part.name === 'values' || part.name === 'notValues') {
      values = texts;
      negated = part.name === 'notValues';
    }
  }
  return { name, values, negated };
}
