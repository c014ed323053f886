import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { shellLine } from '../../src/machines/quote';

/** A program in a terminal: what it prints comes here, and what a person would type goes there. */
export interface Pty extends AsyncDisposable {
  /** All that was on the screen so far, without colours; lines end with `\n`. */
  readonly screen: () => string;
  /** Resolves when something that matches is on the screen, after what the last call found. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  type(text: string): void;
  /** Changes the window's size, as a terminal does when its window is pulled. */
  resize(rows: number, columns: number): void;
  /** Its exit code. */
  readonly ended: Promise<number>;
}

/** Why there is none; undefined where there is. It takes script(1) of util-linux. */
export function ptyMissing(): string | undefined {
  try {
    execFileSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'script is not there: apt-get install bsdutils';
  }
}

export function openPty(
  command: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Pty {
  // The terminal tells its name first: its size is changed from outside.
  const line = `tty && stty rows 24 cols 80 && exec ${shellLine(command)}`;
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...options,
  });
  let text = '';
  let seen = 0;
  let closed = false;
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (const look of waiting) look();
  });
  const ended = once(child, 'close').then(([code]) => {
    closed = true;
    for (const look of waiting) look();
    return code as number;
  });
  child.stdin.on('error', () => undefined);
  const screen = (): string =>
    text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r\n', '\n');
  const shows = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(screen().slice(seen));
        if (found) seen += found.index + found[0].length;
        else if (!closed) return;
        waiting.delete(look);
        if (found) resolve(found);
        else reject(new Error(`It ended without ${String(pattern)}:\n${screen()}`));
      };
      waiting.add(look);
      look();
    });
  return {
    screen,
    shows,
    ended,
    type: (words) => void child.stdin.write(words),
    resize: (rows, columns) => {
      const [tty = ''] = /^\/dev\/\S+/m.exec(text) ?? [];
      execFileSync('stty', ['-F', tty, 'rows', String(rows), 'cols', String(columns)]);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
