/** Time as those see it who wait: tests pass a clock that they turn themselves. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs it once after so many milliseconds, unless it is disposed before. */
  after(milliseconds: number, run: () => void): Disposable;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** Resolves after so many milliseconds of the clock, and rejects with the signal's reason where that is aborted before. */
export function elapsed(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const cancel = (): void => {
      timer[Symbol.dispose]();
      reject(signal.reason as Error);
    };
    const timer = clock.after(milliseconds, () => {
      signal.removeEventListener('abort', cancel);
      resolve();
    });
    signal.addEventListener('abort', cancel, { once: true });
  });
}
