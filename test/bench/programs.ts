import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A folder of its own for one figure. Disposing it removes it with all that is in it. */
export interface Workshop extends AsyncDisposable {
  readonly folder: string;
  /** Our command-line program: a copy, so that a build meanwhile does not change what is measured. */
  readonly cli: string;
  /** The state directory's parent, and the environment that makes our program use it. */
  readonly state: string;
  readonly env: NodeJS.ProcessEnv;
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-bench-'));
  const root = join(import.meta.dirname, '..', '..');
  const program = join(folder, 'program');
  const state = join(folder, 'state');
  await mkdir(program);
  await cp(join(root, 'dist'), join(program, 'dist'), { recursive: true });
  await cp(join(root, 'package.json'), join(program, 'package.json'));
  return {
    folder,
    cli: join(program, 'dist', 'cli.js'),
    state,
    env: { ...process.env, XDG_STATE_HOME: state },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a command to its end and resolves with the milliseconds it took and, if asked for, those
 * until `mark` appeared in its standard output. Rejects when it fails with another exit code than
 * `expect`, or never prints the mark.
 */
export async function run(
  { command, args, cwd, env }: Command,
  signal: AbortSignal,
  { mark, expect = 0 }: { mark?: string; expect?: number } = {},
): Promise<{ milliseconds: number; untilMark: number; output: string }> {
  const began = performance.now();
  const child = spawn(command, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  let untilMark = Number.NaN;
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
    if (mark !== undefined && Number.isNaN(untilMark) && output.includes(mark))
      untilMark = performance.now() - began;
  });
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const milliseconds = performance.now() - began;
  const silent = mark !== undefined && Number.isNaN(untilMark);
  if (code !== expect || silent)
    throw new Error(
      `${command} ${args.join(' ')}: exit ${code}${silent ? `, never said "${mark}"` : ''}\n${output.slice(-2000)}\n${errors.slice(-2000)}`,
    );
  return { milliseconds, untilMark, output };
}

/**
 * A program of this folder in a process of its own, so that its work is not on our event loop. The first
 * that it writes is what it has to tell, as JSON. Disposing it ends it.
 */
export async function startServer<Told extends object>(
  program: string,
  signal: AbortSignal,
): Promise<AsyncDisposable & Told> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const args = ['--import', tsx, join(import.meta.dirname, program)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], signal });
  child.on('error', () => undefined);
  const [told] = (await once(child.stdout, 'data', { signal })) as [Buffer];
  return {
    ...(JSON.parse(told.toString()) as Told),
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

/**
 * Options for Node that make a program write its peak resident set, in KB, to `file` as it ends:
 * the same number as VmHWM of proc(5).
 */
export function writesPeak(file: string): string[] {
  const source = `import { writeFileSync } from 'node:fs';
    process.on('exit', () => writeFileSync(${JSON.stringify(file)}, String(process.resourceUsage().maxRSS)));`;
  return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
}
