import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../../src/base/clock';
import type { DiskCache } from '../../../src/base/diskCache';
import { openRunCache } from '../../../src/jenkins/runCache';
import { createRunStore, type RunStore } from '../../../src/editor/runs/runStore';
import type { Client } from '../../../src/jenkins/client';

/** The milliseconds between two looks at a visible job in which something runs, in these tests. */
export const INTERVAL = 10_000;

/** A store of one server's runs, with nothing left to chance. */
export function storeOf(
  client: Client,
  clock: Clock = systemClock,
  cache?: DiskCache,
  pushes?: () => boolean,
): RunStore {
  return createRunStore({
    server: (url) => (url.startsWith(client.base) ? client.base : undefined),
    client: () => Promise.resolve(client),
    interval: () => INTERVAL,
    cache: () => cache,
    ...(pushes && { pushes }),
    clock,
    random: () => 0,
  });
}

/** Caches for the tests around it, in a folder that goes with each. */
export function diskCaches(): { open(): DiskCache } {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-cache-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  return { open: () => openRunCache('ci', undefined, root) };
}

/** A clock that stands still until it is turned. */
export interface ManualClock extends Clock {
  /** Goes on by so many milliseconds, and runs what was due meanwhile, in its order. */
  turn(milliseconds: number): void;
  /** Milliseconds until something is due; undefined where nothing is. */
  next(): number | undefined;
}

export function manualClock(start = Date.UTC(2026, 10, 23, 12)): ManualClock {
  let now = start;
  const waiting = new Set<{ readonly at: number; readonly run: () => void }>();
  const first = () => [...waiting].sort((a, b) => a.at - b.at)[0];
  return {
    now: () => now,
    after(milliseconds, run) {
      const timer = { at: now + milliseconds, run };
      waiting.add(timer);
      return { [Symbol.dispose]: () => void waiting.delete(timer) };
    },
    turn(milliseconds) {
      const end = now + milliseconds;
      for (let timer = first(); timer && timer.at <= end; timer = first()) {
        waiting.delete(timer);
        now = Math.max(now, timer.at);
        timer.run();
      }
      now = end;
    },
    next: () => {
      const timer = first();
      return timer && timer.at - now;
    },
  };
}
