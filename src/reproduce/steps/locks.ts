import { valueText } from '../../recipe/steps';
import type { BlockEffect } from './bench';

/** Branches of this reproduction exclude each other. What other runs of CI would hold is not waited for. */
export const lock: BlockEffect = async (call, at, body, bench) => {
  const resource = call.args.get('resource') ?? call.args.get('') ?? call.args.get('label') ?? '';
  const key = valueText(resource);
  const { locks } = bench;
  const before = locks.get(key);
  let release = (): void => undefined;
  const mine = new Promise<void>((resolve) => (release = resolve));
  locks.set(key, Promise.all([before, mine]));
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
