import type { IncomingHttpHeaders } from 'node:http';

/** What is less does not matter to anybody who reads ages, and may be the network's doing. */
const LEAST = 60_000;

/** How far the server's clock is ahead of ours, as its answers tell. */
export function createSkew(): { note(headers: IncomingHttpHeaders): void; milliseconds(): number } {
  let skew = 0;
  return {
    note({ date, age }) {
      const there = Date.parse(date ?? '');
      // An answer out of a proxy's memory has the time at which that got it.
      if (Number.isNaN(there) || age !== undefined) return;
      const ahead = there - Date.now();
      skew = Math.abs(ahead) < LEAST ? 0 : ahead;
    },
    milliseconds: () => skew,
  };
}
