const FOR_PEOPLE = Symbol.for('ci-parity.UserError');

/**
 * An error whose message is a sentence a person can act on. Everything else that is thrown is a
 * defect and is reported with its stack.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly [FOR_PEOPLE] = true;
  /** What the person can do about it, one sentence or a few lines. */
  readonly advice: string | undefined;

  constructor(message: string, options: { cause?: unknown; advice?: string | undefined } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.advice = options.advice;
  }
}

/** Like `instanceof UserError`, also for one that another bundle made: each has a class of its own. */
export function isUserError(error: unknown): error is UserError {
  return error instanceof Error && FOR_PEOPLE in error;
}

/** Whether `error` only says that somebody cancelled: what `signal.throwIfAborted()` throws. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'CanceledError');
}

/** What to show a person of any thrown thing: a `UserError`'s own words, else the message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** As `messageOf`, and what the person can do about it. */
export function messageWithAdvice(error: unknown): string {
  const advice = isUserError(error) ? (error.advice ?? '') : '';
  return `${messageOf(error)} ${advice}`.trim();
}

/** The code of a system's error, such as `ECONNREFUSED`; empty where it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return code;
  // Happy Eyeballs reports one error for each address it tried.
  return error instanceof AggregateError && error.errors.length > 0 ? codeOf(error.errors[0]) : '';
}
