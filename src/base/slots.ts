import { setMaxListeners } from 'node:events';

/**
 * Takes one of a number of places, in the order in which they were asked for. Resolves to what gives
 * the place back. Rejects with the signal's reason, and then has taken none.
 */
export type Slots = (signal: AbortSignal) => Promise<() => void>;

export function createSlots(places: number): Slots {
  let free = places;
  const line = new Set<() => void>();

  function wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        line.delete(enter);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        line.delete(enter);
        reject(signal.reason as Error);
      };
      line.add(enter);
      // One click may ask for any number of places.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  function giveBack(): void {
    const [next] = line;
    if (next === undefined) free++;
    else next();
  }

  return async (signal) => {
    signal.throwIfAborted();
    if (free > 0) free--;
    else await wait(signal);
    let taken = true;
    return () => {
      if (taken) giveBack();
      taken = false;
    };
  };
}
