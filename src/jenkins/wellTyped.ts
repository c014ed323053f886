import { JenkinsError } from './jenkinsError';
import { fields } from './json';

/** What an answer must have, by the names of its fields. */
export interface Types {
  /** Lists, or left out. */
  readonly lists?: readonly string[];
  /** Objects, or left out. */
  readonly objects?: readonly string[];
  /** Not left out. */
  readonly needed?: readonly string[];
}

/**
 * The same answer, if it is an object of these types: what is no answer of Jenkins must not be taken for
 * one that tells of nothing.
 * @throws JenkinsError `malformed`
 */
export function wellTyped(whole: unknown, base: string, types: Types): unknown {
  const { lists = [], objects = [], needed = [] } = types;
  const answer = fields(whole);
  const isRight =
    isObject(whole) &&
    lists.every((name) => Array.isArray(answer[name] ?? [])) &&
    objects.every((name) => isObject(answer[name] ?? {})) &&
    needed.every((name) => (answer[name] ?? undefined) !== undefined);
  if (isRight) return whole;
  throw new JenkinsError('malformed', `${base} answered with other data than Jenkins does.`, {
    advice: 'Something between you and the server may change its answers. It is asked again.',
  });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
