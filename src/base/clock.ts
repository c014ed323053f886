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
