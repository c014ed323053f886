import { valueText } from '../../recipe/steps';
import type { Bench, BlockEffect } from './bench';

/** Of one reproduction: who holds or waits for a resource, as the end of the last of them. */
const queues = new WeakMap<Bench, Map<string, Promise<unknown>>>();

/** Branches of this reproduction exclude each other. What other runs of CI would hold is not waited for. */
export const lock: BlockEffect = async (call, at, body, bench) => {
  const resource = call.args.get('resource') ?? call.args.get('') ?? call.args.get('label') ?? '';
  const key = valueText(resource);
  const queue = queues.get(bench) ?? new Map<string, Promise<unknown>>();
  queues.set(bench, queue);
  const before = queue.get(key);
  let release = (): void => undefined;
  const mine = new Promise<void>((resolve) => (release = resolve));
  queue.set(key, Promise.all([before, mine]));
  try {
    if (before) {
      await bench.print(`Waiting for the lock ${key}\n`, at);
      await orAborted(before, at.signal);
    }
    await body({});
  } finally {
    release();
  }
};

async function orAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let leave: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      leave = () => reject(signal.reason as Error);
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave);
      void work.then(() => resolve());
    });
  } finally {
    if (leave) signal.removeEventListener('abort', leave);
  }
}
