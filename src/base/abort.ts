/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A signal that is aborted so many milliseconds after `signal`. Does not keep the process alive. */
export function abortedAfter(signal: AbortSignal, milliseconds: number): AbortSignal {
  const late = new AbortController();
  const start = (): void => void setTimeout(() => late.abort(), milliseconds).unref();
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return late.signal;
}

/**
 * Waits for work that goes on whoever waits for it, and rejects with the signal's reason where that is
 * aborted before. What then comes too late is given to `late`.
 */
export async function orAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  late?: (result: T) => void,
): Promise<T> {
  let stop: (() => void) | undefined;
  const reason = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([reason, work]);
  } catch (error) {
    if (late && signal.aborted) work.then(late, () => undefined);
    throw error;
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
