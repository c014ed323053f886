import { isUserError, UserError } from '../../base/errors';

/**
 * `address`: it cannot be asked as it is. `unreachable`: no answer. `forbidden`: 401 or 403. `notFound`: 404.
 * `busy`: 429. `refused`: another 4xx, such as 422 for a wish that cannot be met. `server`: 5xx.
 * `redirect`: it sends us elsewhere. `unreadable`: an answer of success that cannot be understood.
 */
export type MetalErrorKind =
  | 'address'
  | 'unreachable'
  | 'forbidden'
  | 'notFound'
  | 'busy'
  | 'refused'
  | 'server'
  | 'redirect'
  | 'unreadable';

/** What a server that speaks the Metal API says, or why it says nothing. Its words are bounded and printable. */
export class MetalError extends UserError {
  override readonly name = 'MetalError';
  readonly kind: MetalErrorKind;
  readonly status: number | undefined;
  /** The server's own words. */
  readonly said: string | undefined;
  /** Whether what was asked for may have been done all the same. */
  readonly undecided: boolean;
  /** Milliseconds for which the server wants to be left alone. */
  readonly retryAfter: number | undefined;

  constructor(
    kind: MetalErrorKind,
    message: string,
    details: {
      cause?: unknown;
      advice?: string;
      status?: number;
      said?: string;
      undecided?: boolean;
      retryAfter?: number | undefined;
    } = {},
  ) {
    super(message, details);
    this.kind = kind;
    this.status = details.status;
    this.said = details.said;
    this.undecided = details.undecided ?? false;
    this.retryAfter = details.retryAfter;
  }
}

/** By its kind, since each bundle has a class of its own. */
export function isMetalError(error: unknown, ...kinds: MetalErrorKind[]): error is MetalError {
  return (
    isUserError(error) &&
    error.name === 'MetalError' &&
    'kind' in error &&
    (kinds.length === 0 || kinds.some((kind) => kind === error.kind))
  );
}
