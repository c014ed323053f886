import type { Clock } from '../../src/base/clock';

/** A clock that is at once where somebody waits for it to be. */
export class QuickClock implements Clock {
  time = Date.parse('2026-03-01T08:00:00Z');
  now = (): number => this.time;
  after(milliseconds: number, run: () => void): Disposable {
    const timer = setImmediate(() => {
      this.time += milliseconds;
      run();
    });
    return { [Symbol.dispose]: () => clearImmediate(timer) };
  }
}
