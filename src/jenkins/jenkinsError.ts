import { isUserError, UserError } from '../base/errors';
import type { Distrusted } from './wire/certificates';

/** What went wrong between us and a Jenkins server. */
export type JenkinsErrorKind =
  | 'unauthorized' // the user or token is wrong
  | 'sign-in' // anonymous, and not allowed
  | 'single-sign-on' // signed in, but something before Jenkins does not let us through
  | 'forbidden' // signed in, and not allowed
  | 'not-found'
  | 'busy' // it asks to be left alone for a while: `retryAfter`
  | 'server-error'
  | 'redirect' // with `elsewhere` where the same page is to be had there
  | 'not-jenkins'
  | 'malformed' // HTML or broken JSON where JSON was due
  | 'truncated'
  | 'too-large'
  | 'timeout'
  | 'refused'
  | 'dns'
  | 'tls' // with `distrusted` where it is the server's certificate
  | 'certificate' // it wants a certificate of ours, or ours cannot be read
  | 'passphrase' // which does not open the key of our certificate
  | 'proxy'
  | 'network';

export class JenkinsError extends UserError {
  override readonly name = 'JenkinsError';
  readonly kind: JenkinsErrorKind;
  /** With `busy`: the milliseconds after which the server may be asked again; it is not asked earlier. */
  readonly retryAfter: number | undefined;

  /** With `tls`: the certificate that was not trusted, and why. */
  readonly distrusted: Distrusted | undefined;
  /** With `redirect`: the base address that the server points at; with `tls`: that at which it speaks none. */
  readonly elsewhere: string | undefined;

  constructor(
    kind: JenkinsErrorKind,
    message: string,
    options: {
      cause?: unknown;
      advice?: string | undefined;
      retryAfter?: number | undefined;
      distrusted?: Distrusted | undefined;
      elsewhere?: string | undefined;
    } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.retryAfter = options.retryAfter;
    this.distrusted = options.distrusted;
    this.elsewhere = options.elsewhere;
  }
}

/** The same error of our own class, where another bundle made it. */
export function ownError(error: JenkinsError): JenkinsError {
  return new JenkinsError(error.kind, error.message, error);
}

/** Undefined where it is no JenkinsError; one may also be another bundle's, which has a class of its own. */
export function asJenkinsError(error: unknown): JenkinsError | undefined {
  return isUserError(error) && 'kind' in error ? (error as JenkinsError) : undefined;
}

export function kindOf(error: unknown): JenkinsErrorKind | undefined {
  return asJenkinsError(error)?.kind;
}

export function isJenkinsError(error: unknown, kind: JenkinsErrorKind): boolean {
  return kindOf(error) === kind;
}

/** Whether asking again may help, since it lay with the server or the way there, and not with what was asked. */
export function mayPass(error: unknown): boolean {
  return PASSING.some((kind) => isJenkinsError(error, kind));
}

const PASSING: readonly JenkinsErrorKind[] = [
  'busy',
  'truncated',
  'timeout',
  'refused',
  'dns',
  'network',
  'server-error',
];

/** Where something is not there, or not for us. */
export const MISSING: readonly JenkinsErrorKind[] = ['not-found', 'forbidden'];
/** Where what is there is of no use, and something else may do. */
export const UNUSABLE: readonly JenkinsErrorKind[] = [
  ...MISSING,
  'server-error',
  'malformed',
  'not-jenkins',
  'too-large',
];

/** Undefined when it fails with an error of these kinds; `unsure` is told if it may go well another time. */
export async function unless<T>(
  kinds: readonly JenkinsErrorKind[],
  answer: Promise<T>,
  unsure?: () => void,
): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const kind = kindOf(error);
    if (kind === undefined || !kinds.includes(kind)) throw error;
    if (!MISSING.includes(kind)) unsure?.();
    return undefined;
  }
}
