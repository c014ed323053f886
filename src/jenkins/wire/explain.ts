/**
 * What is wrong, in plain words: a bundle of its own, `dist/explain.js`, loaded when something is. Its
 * errors are of a class of its own; `ownError` makes them ours.
 */
import type { JenkinsError } from '../jenkinsError';
import {
  failureOf,
  notJson,
  pageFailure,
  staysBelow,
  type Asked,
  type At,
  type Told,
} from './answerFailures';
import { distrust, noCertificate, unusable } from './certificateFailures';
import type { Distrusted } from './certificates';
import type { Whole } from './keptAnswers';
import { networkFailure } from './networkFailures';
import { noProxy, refusedByProxy } from './proxyFailures';

/** What kept a request from being answered. */
export type Trouble =
  | { readonly at: 'our files'; readonly cause: unknown }
  | {
      readonly at: 'certificate';
      readonly shown: Distrusted | undefined;
      readonly trusted?: string | undefined;
    }
  | { readonly at: 'proxy'; readonly status: number | undefined; readonly cause?: unknown }
  | { readonly at: 'connection'; readonly cause: unknown };

export function explainTrouble(
  trouble: Trouble,
  base: string,
  proxy: string | undefined,
): JenkinsError {
  switch (trouble.at) {
    case 'our files':
      return unusable(trouble.cause);
    case 'certificate':
      return trouble.shown === undefined
        ? noCertificate(base)
        : distrust(base, trouble.shown, trouble.trusted);
    case 'proxy':
      return trouble.status === undefined
        ? noProxy(proxy ?? '', trouble.cause)
        : refusedByProxy(proxy ?? '', trouble.status);
    case 'connection':
      return networkFailure(trouble.cause, base, proxy);
  }
}

/** Where an answer leads that is not what was asked for; undefined where its redirect is not to be followed. */
export function explainRedirect(told: Told, at: At): string | undefined {
  return staysBelow(told, at);
}

/** The failure that an answer is which is not what was asked for. */
export function explainAnswer(told: Told, asked: Asked): JenkinsError {
  return failureOf(told, asked);
}

/** The failure of an answer that is not the JSON that was due. */
export function explainBody(whole: Whole, asked: Asked, cause: unknown): JenkinsError {
  return whole.headers['content-type']?.includes('html') === true
    ? pageFailure(whole, asked)
    : notJson(whole.headers, asked.base, cause);
}
