import { UserError } from '../../base/errors';
import { baseUrl, parseRunUrl, parseUrl, runUrl } from '../../jenkins/url';

/** What a language model gives to the tools. Their schemas are in package.json. */
export interface ListInput {
  /** Of a job, a folder or a server; undefined for the workspace's own jobs. */
  readonly url: string | undefined;
  readonly limit: number;
}

export interface RunInput {
  /** The address of a run; a job's means its last run that did not succeed. */
  readonly url: string;
}

export interface ReproduceInput extends RunInput {
  readonly branches: 'all' | 'failed';
  /** Whether the verdict is waited for. */
  readonly wait: boolean;
}

const MOST_RUNS = 50;

export function listInput(input: unknown): ListInput {
  const { url, limit } = only(input, ['url', 'limit']);
  if (limit !== undefined && !isWithin(limit, 1, MOST_RUNS))
    throw wrong('limit', `a whole number from 1 to ${MOST_RUNS}`);
  return { url: url === undefined ? undefined : placeOf(url), limit: limit ?? 15 };
}

export function runInput(input: unknown): RunInput {
  return { url: runOf(only(input, ['url'])) };
}

export function reproduceInput(input: unknown): ReproduceInput {
  const given = only(input, ['url', 'branches', 'wait']);
  const { branches = 'all', wait = false } = given;
  if (branches !== 'all' && branches !== 'failed') throw wrong('branches', '"all" or "failed"');
  if (typeof wait !== 'boolean') throw wrong('wait', 'true or false');
  return { url: runOf(given), branches, wait };
}

/** @throws UserError for what is no object, or has properties that nobody knows. */
function only(input: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new UserError('The input must be an object.');
  const unknown = Object.keys(input).filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new UserError(
      `The input has an unknown property "${unknown.join('", "')}". It takes: ${names.join(', ')}.`,
    );
  return input as Record<string, unknown>;
}

function runOf({ url }: Readonly<Record<string, unknown>>): string {
  const address = typeof url === 'string' ? parseRunUrl(url) : undefined;
  if (address === undefined)
    throw wrong(
      'url',
      'the address of a Jenkins run, such as https://ci.example.org/job/cilium/42/',
    );
  return runUrl({ ...address, run: address.run ?? 'lastUnsuccessfulBuild' });
}

/** A job's, a folder's, or a server's own address. */
function placeOf(url: unknown): string {
  const page = typeof url === 'string' ? parseRunUrl(url) : undefined;
  if (page !== undefined) return page.jobUrl;
  const parsed = typeof url === 'string' ? parseUrl(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw wrong('url', 'the address of a job, a folder or a server of Jenkins');
  return baseUrl(parsed.href);
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

function wrong(name: string, what: string): UserError {
  return new UserError(`"${name}" must be ${what}.`);
}
