import { parseArgs } from 'node:util';
import { messageOf, UserError } from '../base/errors';
import type { Wanted } from '../machines/leases/offers';
import type { Answers, Branches, Keep, Selection } from '../recipe/recipe';

/** What all commands understand; each uses some of it. */
const options = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  select: { type: 'string', default: 'failure' },
  'with-changes': { type: 'boolean', default: false },
  keep: { type: 'string', default: 'never' },
  env: { type: 'string', multiple: true, default: [] as string[] },
  param: { type: 'string', multiple: true, default: [] as string[] },
  branch: { type: 'string', multiple: true, default: [] as string[] },
  'only-failed-branch': { type: 'boolean', default: false },
  input: { type: 'string', multiple: true, default: [] as string[] },
  decide: { type: 'string', multiple: true, default: [] as string[] },
  library: { type: 'string', multiple: true, default: [] as string[] },
  on: { type: 'string' },
  for: { type: 'string', default: '2h' },
  plan: { type: 'string' },
  metro: { type: 'string' },
  memory: { type: 'string' },
  system: { type: 'string' },
  spot: { type: 'boolean', default: false },
  'max-price': { type: 'string' },
  yes: { type: 'boolean', short: 'y', default: false },
  all: { type: 'boolean', default: false },
  label: { type: 'string' },
  executors: { type: 'string', default: '1' },
  name: { type: 'string' },
  shared: { type: 'boolean', default: false },
  folder: { type: 'string' },
  ssh: { type: 'boolean', default: false },
  credential: { type: 'string' },
  proxy: { type: 'string' },
  timeout: { type: 'string' },
  repository: { type: 'string', default: '.' },
  limit: { type: 'string', default: '15' },
} as const;

export interface Flags {
  readonly json: boolean;
  readonly select: Selection;
  /** Which parallel branches are run; undefined for all. */
  readonly branches: Branches | undefined;
  readonly answers: Answers | undefined;
  readonly withChanges: boolean;
  readonly keep: Keep;
  readonly overrides: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  /** Shared libraries by name: a folder or an address, as it was typed. */
  readonly libraries: Readonly<Record<string, string>>;
  /** The machine to run on, as it was typed; undefined for this one. */
  readonly on: string | undefined;
  /** How long a machine is borrowed, or longer; seconds. */
  readonly duration: number;
  /** What a machine that is borrowed must be; empty where nothing was said. */
  readonly wanted: Wanted;
  /** Nobody is to be asked. */
  readonly yes: boolean;
  readonly all: boolean;
  /** What jobs ask for an agent by, as it was typed. */
  readonly labels: string | undefined;
  readonly executors: number;
  /** As it was typed. */
  readonly agentName: string | undefined;
  /** Jobs that ask for no label may run on the agent, too. */
  readonly shared: boolean;
  /** Where the agent works on its machine, as it was typed. */
  readonly folder: string | undefined;
  /** The server connects to the agent's machine. */
  readonly ssh: boolean;
  /** The id of what it logs in with, as it was typed. */
  readonly credential: string | undefined;
  /** The way from the machine to the server, as it was typed. */
  readonly proxy: string | undefined;
  /** Seconds. */
  readonly timeout: number | undefined;
  readonly repository: string;
  readonly limit: number;
}

/** The command line was not understood: exit code 2. */
export class UsageError extends UserError {
  override readonly name = 'UsageError';
}

export function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (cause) {
    throw new UsageError(messageOf(cause), { cause, advice: 'See: ci-parity help' });
  }
}

export function readFlags(values: ReturnType<typeof readArguments>['values']): Flags {
  return {
    json: values.json ?? false,
    select: selectionOf(values.select),
    branches: branchesOf(values.branch, values['only-failed-branch']),
    answers: answersOf(values.input, values.decide),
    withChanges: values['with-changes'],
    keep: keepOf(values.keep),
    overrides: assignments('--env', values.env),
    parameters: assignments('--param', values.param),
    libraries: libraries(values.library),
    on: values.on,
    duration: duration('--for', values.for),
    wanted: wantedOf(values),
    yes: values.yes,
    all: values.all,
    labels: values.label,
    executors: wholeNumber('--executors', values.executors),
    agentName: values.name,
    shared: values.shared,
    folder: values.folder,
    ssh: values.ssh,
    credential: values.credential,
    proxy: values.proxy,
    timeout: values.timeout === undefined ? undefined : duration('--timeout', values.timeout),
    repository: values.repository,
    limit: wholeNumber('--limit', values.limit),
  };
}

function selectionOf(text: string): Selection {
  if (text === 'failure' || text === 'all') return { kind: text };
  const [, name] = /^stage[ =](.+)$/.exec(text) ?? [];
  if (name === undefined)
    throw new UsageError(`--select ${text} is not understood.`, {
      advice: 'It takes: failure, all, or "stage NAME".',
    });
  return { kind: 'stage', name };
}

function branchesOf(names: readonly string[], onlyFailed: boolean): Branches | undefined {
  if (names.length > 0 && onlyFailed)
    throw new UsageError('--branch and --only-failed-branch exclude each other.');
  if (onlyFailed) return { kind: 'failed' };
  return names.length > 0 ? { kind: 'named', names } : undefined;
}

function answersOf(inputs: readonly string[], decisions: readonly string[]): Answers | undefined {
  if (inputs.length + decisions.length === 0) return undefined;
  const input = inputs.map((text) => {
    const [, name, value] = /^([^=]+)=([^]*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(`--input ${text} is not of the form ID=ok or ID.NAME=VALUE.`);
    return [name, value] as const;
  });
  const decide = decisions.map((text) => {
    const [, line, way] = /^((?:\S+:)?\d+)=(yes|no)$/.exec(text) ?? [];
    if (line === undefined)
      throw new UsageError(`--decide ${text} is not of the form LINE=yes or LINE=no.`);
    return [line, way === 'yes'] as const;
  });
  return { input: Object.fromEntries(input), decide: Object.fromEntries(decide) };
}

function keepOf(text: string): Keep {
  if (text === 'never' || text === 'on-failure' || text === 'always') return text;
  throw new UsageError(`--keep ${text} is not understood.`, {
    advice: 'It takes: never, on-failure or always.',
  });
}

function assignments(option: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([A-Za-z_]\w*)=([^]*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw new UsageError(`${option} ${text} is not of the form NAME=VALUE.`);
      return [name, value];
    }),
  );
}

/** A library may have any name without `=` and `@`. */
function libraries(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, where] = /^([^=@\s]+)=(.+)$/.exec(text) ?? [];
      if (name === undefined || where === undefined)
        throw new UsageError(`--library ${text} is not of the form NAME=FOLDER or NAME=ADDRESS.`);
      return [name, where];
    }),
  );
}

function wantedOf({
  plan,
  metro,
  memory,
  system,
  spot,
  'max-price': price,
}: ReturnType<typeof readArguments>['values']): Wanted {
  return {
    ...(plan !== undefined && { plan }),
    ...(metro !== undefined && { metro }),
    ...(memory !== undefined && { memory: megabytes('--memory', memory) }),
    ...(system !== undefined && { system }),
    ...(spot && { spot }),
    ...(price !== undefined && { maxPrice: amount('--max-price', price) }),
  };
}

/** `512M`, `32G`, `1.5T`, also with B or iB at the end. */
function megabytes(option: string, text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([MGT])(?:i?B)?$/i.exec(text) ?? [];
  const factor = { m: 1, g: 1024, t: 1024 * 1024 }[unit.toLowerCase()] ?? 0;
  const found = Number(number) * factor;
  if (!(found > 0)) throw new UsageError(`${option} ${text} is no size like 512M or 32G.`);
  return found;
}

/** Of the offer's currency, for an hour. */
function amount(option: string, text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`${option} ${text} is no price of an hour like 1.50.`);
}

/** `90`, `90s`, `30m`, `2h`: in seconds. */
function duration(option: string, text: string): number {
  const [, number, unit = 's'] = /^(\d+)([smh]?)$/.exec(text) ?? [];
  const seconds = Number(number) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
  if (!(seconds > 0)) throw new UsageError(`${option} ${text} is not a time like 90s, 30m or 2h.`);
  return seconds;
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`${option} ${text} is not a number from 1 up.`);
  return number;
}
