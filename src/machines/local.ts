import { execa } from 'execa';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, realpath, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { childEnvironment } from '../base/childEnvironment';
import { codeOf, messageOf, UserError } from '../base/errors';
import { antFiles } from './antFiles';
import { localFiles } from './localFiles';
import type { Executed, ExecOptions, Exit, Machine, RunOptions } from './machine';
import { endProcessesWith } from './processes';
import { CAPTURE_LIMIT, endWhenAsked, gather, listenForHead } from './running';
import { hypervisors } from './vagrant';

/** How long, in milliseconds, the output may stay silent and open after its script has ended. */
const PATIENCE = 250;

/**
 * The machine that this program runs on. It keeps the scripts that it runs in a folder below
 * `place`, or in a temporary one; disposing it removes them.
 */
export function openLocalMachine(place: string = tmpdir()): Machine {
  const newFolder = async (): Promise<string> => {
    await mkdir(place, { recursive: true, mode: 0o700 });
    return mkdtemp(join(place, 'ci-parity-sh-'));
  };
  // Made when it is needed: then it is known that what lies at `place` has to be put away.
  let scripts: Promise<string> | undefined;
  let count = 0;
  return {
    name: 'this machine',
    files: localFiles,
    run: async (script, options) => {
      const file = join(await (scripts ??= newFolder()), `script-${++count}.sh`);
      await writeFile(file, script, { mode: 0o700 });
      return runFile(file, script, options);
    },
    exec,
    endProcesses: (cookie, grace, signal) => endProcessesWith(cookie, hypervisors, grace, signal),
    get: async (files, directory, into, signal) => {
      const copied: string[] = [];
      const leftOut: string[] = [];
      for (const path of await antFiles(directory, files, signal)) {
        signal.throwIfAborted();
        const from = await realFile(directory, path);
        if (from === undefined) {
          leftOut.push(path);
          continue;
        }
        await mkdir(dirname(join(into, path)), { recursive: true });
        await copyFile(from, join(into, path));
        copied.push(path);
      }
      return { copied, leftOut };
    },
    [Symbol.asyncDispose]: async () => {
      if (scripts) await localFiles.remove(await scripts, new AbortController().signal);
    },
  };
}

/** Where a file's bytes are; undefined for a link to nothing, to a folder, or out of `directory`. */
async function realFile(directory: string, path: string): Promise<string | undefined> {
  try {
    const [root, file] = await Promise.all([realpath(directory), realpath(join(directory, path))]);
    return file.startsWith(`${root}/`) && (await stat(file)).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}

async function exec(
  [program = '', ...args]: readonly string[],
  { directory, environment, input, timeout, signal }: ExecOptions,
): Promise<Executed> {
  signal.throwIfAborted();
  const first = listenForHead();
  const child = execa(program, args, {
    cwd: directory ?? homedir(),
    env: { ...(environment ?? childEnvironment()) },
    extendEnv: false,
    ...(input === undefined
      ? { stdin: 'ignore' as const }
      : typeof input === 'function'
        ? { stdin: input(first.head) }
        : { input }),
    ...(timeout !== undefined && { timeout }),
    buffer: false,
    reject: false,
    cancelSignal: signal,
  });
  const exited = once(child, 'exit').catch(() => undefined);
  void exited.then(first.over);
  const [stdout, stderr] = [gather(), gather()];
  const take = (chunk: Buffer): void => {
    stdout.push(chunk);
    first.push(chunk);
  };
  await Promise.all([
    deliver(child.stdout, exited, take),
    deliver(child.stderr, exited, stderr.push),
  ]);
  const { exitCode, cause } = await child;
  signal.throwIfAborted();
  const missing = codeOf(cause) === 'ENOENT';
  if (child.pid === undefined && !missing)
    throw new UserError(`${program} could not be started: ${messageOf(cause)}`, { cause });
  return { code: missing ? 127 : exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

async function runFile(file: string, script: string, options: RunOptions): Promise<Exit> {
  // A script with a `#!` line is run by it, any other by `sh -xe`: Jenkins' durable-task does so.
  const command = script.startsWith('#!') ? [file] : ['sh', '-xe', file];
  // One pipe for both streams keeps the order of what was written, which two pipes would lose.
  const plain = options.captureStdout ? command : ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...command];
  const entry = options.inside?.enter(plain, options);
  const [program = 'sh', ...args] = entry?.command ?? plain;
  const child = execa(program, args, {
    cwd: options.directory,
    env: entry?.environment ?? options.environment,
    extendEnv: false,
    stdio: ['ignore', 'pipe', options.captureStdout ? 'pipe' : 'ignore'],
    buffer: false,
    reject: false,
    // A process group of its own: a signal reaches all that the script started, and Ctrl-C in the
    // terminal reaches only us.
    detached: true,
    cleanup: false,
  });
  const captured: Buffer[] = [];
  let capturedBytes = 0;
  const capture = (chunk: Buffer): void => {
    capturedBytes += chunk.length;
    if (capturedBytes <= CAPTURE_LIMIT) captured.push(chunk);
  };
  const over = new AbortController();
  const exited = once(child, 'exit').then(
    ([code, signal]) => ({ code: code as number | null, signal: signal as string | null }),
    () => undefined,
  );
  const { pid } = child;
  const send = (name: NodeJS.Signals): Promise<void> | undefined => {
    if (pid !== undefined && (!entry || name === 'SIGKILL')) signalGroup(pid, name);
    return entry?.signal(name);
  };
  const ender = pid === undefined ? undefined : endWhenAsked(send, options, over.signal);
  const streams = options.captureStdout
    ? [deliver(child.stderr, exited, options.onOutput), deliver(child.stdout, exited, capture)]
    : [deliver(child.stdout, exited, options.onOutput)];
  const delivered = await Promise.allSettled(streams);
  const result = await child;
  over.abort();
  await ender;
  for (const outcome of delivered) if (outcome.status === 'rejected') throw outcome.reason;
  const exit = child.pid === undefined ? undefined : await exited;
  if (!exit)
    throw new UserError(`The step could not be started: ${result.shortMessage ?? program}`, {
      cause: result.cause,
    });
  if (capturedBytes > CAPTURE_LIMIT)
    throw new UserError(`sh(returnStdout: true) gave more than ${CAPTURE_LIMIT >> 20} MiB.`);
  return {
    code: exit.code ?? undefined,
    signal: exit.signal ?? undefined,
    stdout: options.captureStdout ? Buffer.concat(captured).toString('utf8') : undefined,
  };
}

/**
 * Hands on every chunk, one at a time. A child that the script left in the background may hold the
 * pipe open; Jenkins does not wait for it, and neither do we, once nothing has come for a while.
 */
async function deliver(
  stream: Readable | null,
  exited: Promise<unknown>,
  sink: RunOptions['onOutput'],
): Promise<void> {
  if (!stream) return;
  let idleSince: number | undefined = Date.now();
  let ended = false;
  let leaving: NodeJS.Timeout | undefined;
  void exited.then(() => {
    if (ended) return;
    const exitedAt = Date.now();
    leaving = setInterval(() => {
      const now = Date.now();
      // Not idle: whoever reads is slow, and what lies in the pipe is the script's.
      if (idleSince !== undefined)
        if (now - Math.max(idleSince, exitedAt) > PATIENCE || now - exitedAt > 10 * PATIENCE)
          stream.destroy();
    }, 25);
  });
  try {
    for await (const chunk of stream) {
      idleSince = undefined;
      const slow = sink(chunk as Buffer);
      if (slow) await slow;
      idleSince = Date.now();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    ended = true;
    clearInterval(leaving);
  }
}

function signalGroup(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // The group has ended.
  }
}
