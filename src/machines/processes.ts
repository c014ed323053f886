import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childEnvironment } from '../base/childEnvironment';

/**
 * When the process was born, in words that are the same each time they are asked for; undefined
 * when there is no such process. A number and a birth together name one process: numbers alone
 * are used again.
 */
export function bornAt(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      // Field 22 of proc(5)'s stat; the second field may hold spaces and parentheses.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A zombie has ended; only its parent has not looked yet.
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    const told = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      // The same words in each terminal and window, and after a journey.
      env: { ...childEnvironment(), LC_ALL: 'C', TZ: 'UTC0' },
    });
    return told.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Whether exactly that process still lives. */
export function isAlive(pid: number, born: string): boolean {
  return bornAt(pid) === born;
}

/**
 * The processes whose environment holds `cookie` (`NAME=value`), other than this one and those
 * that `spare` matches by their command's name, with all that they have started: podman ended in
 * the middle of its network's set-up leaves rules behind that break ports for good.
 * Jenkins finds what a step left in the same way. Only processes of the same user can be seen.
 */
export function processesWith(cookie: string, spare: RegExp): number[] {
  if (process.platform === 'win32') return [];
  const found = process.platform === 'linux' ? scanProc(cookie) : scanPs(cookie);
  return sparing(found, spare).filter((pid) => pid !== process.pid);
}

/** The numbers of those that `spare` does not match by their names, and that none of these has started. */
export function sparing(found: readonly Found[], spare: RegExp): number[] {
  const spared = new Set(found.flatMap(({ pid, name }) => (spare.test(name) ? [pid] : [])));
  for (let before = -1; before < spared.size;) {
    before = spared.size;
    for (const { pid, parent } of found) if (spared.has(parent)) spared.add(pid);
  }
  return found.flatMap(({ pid }) => (spared.has(pid) ? [] : [pid]));
}

/**
 * Ends every process with `cookie`: SIGTERM, and SIGKILL for those that are still there after
 * `grace` milliseconds. Resolves with the numbers of those that outlived even that.
 */
export async function endProcessesWith(
  cookie: string,
  spare: RegExp,
  grace: number,
  abort: AbortSignal,
): Promise<number[]> {
  for (const [signal, patience] of [
    ['SIGTERM', grace],
    ['SIGKILL', 2000],
  ] as const) {
    const deadline = Date.now() + patience;
    const sent = new Set<number>();
    for (;;) {
      const found = processesWith(cookie, spare);
      if (found.length === 0) return [];
      // Also to what was started after the last look.
      for (const pid of found) if (!sent.has(pid)) send(pid, signal);
      for (const pid of found) sent.add(pid);
      if (Date.now() >= deadline) break;
      await delay(50, undefined, { signal: abort });
    }
  }
  return processesWith(cookie, spare);
}

/** A process, with who has started it and the name of its command. */
export interface Found {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

function scanProc(cookie: string): Found[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'latin1').split('\0');
      if (!environment.includes(cookie) || bornAt(Number(entry)) === undefined) return [];
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const end = stat.lastIndexOf(')');
      const name = stat.slice(stat.indexOf('(') + 1, end);
      return [{ pid: Number(entry), parent: Number(stat.slice(end + 2).split(' ')[1]), name }];
    } catch {
      // It ended meanwhile, or belongs to somebody else.
      return [];
    }
  });
}

function scanPs(cookie: string): Found[] {
  const options = { encoding: 'utf8', maxBuffer: 64 << 20, env: childEnvironment() } as const;
  const lines = execFileSync('ps', ['-axEww', '-o', 'pid=,ppid=,command='], options).split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+) (\S+)/.exec(line) ?? [];
    if (pid === undefined || !` ${line} `.includes(` ${cookie} `)) return [];
    return [{ pid: Number(pid), parent: Number(parent), name: basename(command) }];
  });
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile.
  }
}
