import { isUserError, UserError } from '../../base/errors';
import { JenkinsError, kindOf, type JenkinsErrorKind } from '../../jenkins/jenkinsError';

/** An error as plain data, for another process. */
export interface PackedError {
  readonly message: string;
  /** Of what nobody can act on. */
  readonly stack?: string | undefined;
  readonly advice?: string | undefined;
  readonly kind?: JenkinsErrorKind | undefined;
  readonly details?: Details | undefined;
}

type Details = Partial<Pick<JenkinsError, 'retryAfter' | 'distrusted' | 'elsewhere'>>;

export function packed(error: unknown): PackedError {
  if (!isUserError(error)) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { message, stack: stack ?? message };
  }
  const { message, advice } = error;
  const { retryAfter, distrusted, elsewhere } = error as UserError & Details;
  const details = { retryAfter, distrusted, elsewhere };
  return { message, advice, kind: kindOf(error), details };
}

export function unpacked({ message, stack, advice, kind, details }: PackedError): Error {
  if (kind !== undefined) return new JenkinsError(kind, message, { advice, ...details });
  if (stack === undefined) return new UserError(message, { advice });
  return Object.assign(new Error(message), { stack });
}
