/** What a value has to be; tells where it is something else. */
export type Model = (value: unknown, at: string) => string | undefined;

export const string: Model = kind((value) => typeof value === 'string', 'a string');
export const boolean: Model = kind((value) => typeof value === 'boolean', 'a boolean');
export const number: Model = kind((value) => Number.isFinite(value), 'a number');

export function oneOf(...values: readonly unknown[]): Model {
  return kind((value) => values.includes(value), values.join(' or '));
}

export function optional(model: Model): Model {
  return (value, at) => (value === undefined ? undefined : model(value, at));
}

export function listOf(model: Model): Model {
  return (value, at) =>
    Array.isArray(value)
      ? first(value, (item, index) => model(item, `${at}[${index}]`))
      : wrong(value, at, 'a list');
}

export function mapOf(key: Model, model: Model): Model {
  return (value, at) =>
    value instanceof Map
      ? first([...value], ([name, item]) => key(name, at) ?? model(item, `${at}.get(${name})`))
      : wrong(value, at, 'a map');
}

/** With these properties, and no other. */
export function record(properties: Readonly<Record<string, Model>>): Model {
  return (value, at) => {
    if (typeof value !== 'object' || value === null) return wrong(value, at, 'an object');
    const parts = value as Readonly<Record<string, unknown>>;
    const other = Object.keys(parts).find((key) => !(key in properties));
    if (other !== undefined) return `${at} has ${other}`;
    return first(Object.entries(properties), ([key, model]) => model(parts[key], `${at}.${key}`));
  };
}

/** Like one of these. */
export function either(...models: readonly Model[]): Model {
  return (value, at) => {
    const why = models.map((model) => model(value, at));
    return why.includes(undefined) ? undefined : why.join(', and ');
  };
}

function kind(is: (value: unknown) => boolean, due: string): Model {
  return (value, at) => (is(value) ? undefined : wrong(value, at, due));
}

function wrong(value: unknown, at: string, due: string): string {
  return `${at} is ${JSON.stringify(value ?? null).slice(0, 200)}, not ${due}`;
}

function first<T>(
  items: readonly T[],
  look: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = look(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

const parameter = record({
  name: string,
  value: optional(either(string, boolean)),
  kind: string,
});

const change = record({
  id: string,
  url: optional(string),
  title: optional(string),
  author: optional(string),
  target: optional(string),
  branch: optional(string),
  fork: optional(boolean),
});

export const run = record({
  url: string,
  server: string,
  job: string,
  jobUrl: string,
  number,
  displayName: string,
  building: boolean,
  result: oneOf('SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED', undefined),
  startedAt: number,
  duration: number,
  estimatedDuration: optional(number),
  parameters: listOf(parameter),
  commit: optional(record({ sha: string, remoteUrls: listOf(string) })),
  branch: optional(string),
  change: optional(change),
  causes: listOf(string),
  node: optional(string),
});

export const page = record({
  runs: listOf(run),
  more: boolean,
  waiting: optional((value, at) => queueItem(value, at)),
});

export const job = record({
  name: string,
  fullName: string,
  url: string,
  kind: oneOf('job', 'folder', 'organization', 'multibranch'),
  state: oneOf('passed', 'failed', 'unstable', 'aborted', 'not-built', 'disabled', undefined),
  running: boolean,
  description: optional(string),
  change: optional(change),
  isMain: optional(boolean),
});

export const contents = record({
  kind: oneOf('server', 'job', 'folder', 'organization', 'multibranch', undefined),
  jobs: listOf(job),
  runs: mapOf(string, page),
});

export const stage: Model = record({
  id: string,
  name: string,
  path: listOf(string),
  state: oneOf('passed', 'failed', 'unstable', 'aborted', 'skipped', 'running', 'waiting'),
  startedAt: optional(number),
  duration: optional(number),
  children: listOf((value, at) => stage(value, at)),
});

export const failedTest = record({
  group: string,
  name: string,
  details: optional(string),
  age: optional(number),
  failedSince: optional(number),
  stack: optional(string),
  duration: optional(number),
  suite: optional(string),
  stage: optional(listOf(string)),
});

export const queueItem = record({
  id: number,
  url: string,
  name: optional(string),
  jobUrl: optional(string),
  partOf: optional(number),
  since: optional(number),
  why: optional(string),
  stuck: boolean,
  parameters: listOf(parameter),
  causes: listOf(string),
  state: either(
    record({ kind: oneOf('waiting', 'cancelled') }),
    record({ kind: oneOf('started'), run: record({ number, url: string }) }),
  ),
});

export const executing = record({ agent: string, runUrl: string, progress: optional(number) });

export const artifact = record({ name: string, path: string });

export const checkout = record({
  sha: string,
  remoteUrls: listOf(string),
  branch: optional(string),
});

const definitionParts = { name: string, description: optional(string), type: string };

export const definition = either(
  record({
    ...definitionParts,
    kind: oneOf('text'),
    lines: oneOf('one', 'many'),
    initial: optional(string),
  }),
  record({ ...definitionParts, kind: oneOf('boolean'), initial: boolean }),
  record({
    ...definitionParts,
    kind: oneOf('choice'),
    choices: listOf(string),
    initial: optional(string),
  }),
  record({
    ...definitionParts,
    kind: oneOf('run'),
    project: optional(string),
    offered: oneOf('ALL', 'COMPLETED', 'SUCCESSFUL', 'STABLE'),
    initial: optional(string),
  }),
  record({ ...definitionParts, kind: oneOf('password', 'file') }),
);

export const input = record({
  id: string,
  message: string,
  proceed: string,
  abort: string,
  submitter: optional(string),
  parameters: listOf(definition),
});

export const changeSource = record({ branch: string, fork: boolean });

export { parameter };
