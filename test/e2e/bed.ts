/** What the end-to-end tests share: the packaged program in the demo, and a look for what was left. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLedger } from '../../src/machines/leases/ledger';
import type { JournalEvent } from '../../src/reproduce/journal';
import { listReproductions } from '../../src/reproduce/store';
import { NoVagrant, startDemo, type Demo, type DemoOptions } from '../bed/demo/demo';
import { demoSettings, editorEnv } from '../bed/demo/mainJob';
import { packageExtension, type Packaged } from '../bed/demo/package';
import {
  cleanEnv,
  ensureHost,
  findChromium,
  startWorkbench,
  type Workbench,
  type WorkbenchOptions,
} from '../bed/host/host';
import type { MetalDouble } from '../bed/metal/double';
import type { Sample } from '../bed/sample/sample';
import { leftovers, removeDeadForwardings } from '../bed/vagrant/vagrant';
import { without } from '../bed/without';

export interface E2eBed extends AsyncDisposable {
  readonly packaged: Packaged;
  /**
   * Takes port forwardings away that a killed podman left: they lead to a machine that is gone, and
   * win over those of the next one. To be called before each test that may have been preceded by a kill.
   */
  mend(): void;
  /** A demo of its own for a test; what it leaves is put away with the bed if the test did not. */
  demo(options?: Partial<DemoOptions>): Promise<Demo>;
  /**
   * The newest VS Code with the packaged extension on a demo's clone, connected to its Jenkins unless
   * `settings` say something else. Whoever opens it disposes it; the signal ends it, too.
   */
  open(
    demo: Demo,
    options: Pick<WorkbenchOptions, 'signal' | 'settings' | 'env' | 'viewport'>,
  ): Promise<Workbench>;
}

/** To be called in `before`: skips the suite where something is missing, which in CI is a failure. */
export async function openBed(
  context: Mocha.Context,
  wants: { readonly vagrant: DemoOptions['vagrant']; readonly chromium?: true },
): Promise<E2eBed> {
  const { signal } = new AbortController();
  if (wants.chromium === true && findChromium() === undefined)
    without(context, 'Chromium is missing: apt-get install chromium fonts-dejavu-core');
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-e2e-'));
  const demos: Demo[] = [];
  const end = async (): Promise<void> => {
    try {
      // Where a test failed its program may still be at work.
      for (const cli of running) cli.signal('SIGKILL');
      await Promise.all([...running].map(({ exit }) => exit));
      for (const demo of demos) await demo[Symbol.asyncDispose]();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  try {
    // The bed is made once here, so that no test's time goes by with it.
    await (await startDemo({ signal, vagrant: wants.vagrant }))[Symbol.asyncDispose]();
    const packaged = await packageExtension(folder, signal);
    return {
      packaged,
      mend: () => {
        if (wants.vagrant === 'podman') removeDeadForwardings();
      },
      demo: async (options) => {
        const demo = await startDemo({ signal, vagrant: wants.vagrant, ...options });
        demos.push(demo);
        return demo;
      },
      open: async (demo, { settings = demoSettings(demo), env, ...options }) =>
        startWorkbench({
          install: await ensureHost('newest', options.signal),
          folder: demo.repository,
          vsix: packaged.vsix,
          settings,
          env: { ...editorEnv(demo), ...env },
          ...options,
        }),
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    if (error instanceof NoVagrant) return without(context, error.message);
    throw error;
  }
}

const running = new Set<Cli>();

export interface Cli {
  readonly pid: number;
  /** What it said for people, and what steps printed. */
  output(): string;
  /** The journal's events so far. */
  events(): readonly JournalEvent[];
  /** Resolves as soon as the output matches; rejects when the program ends before. */
  says(pattern: RegExp): Promise<void>;
  /** Resolves as soon as such an event was written; rejects when the program ends before. */
  event(wanted: (event: JournalEvent) => boolean): Promise<JournalEvent>;
  /** As the terminal does it: the whole foreground group hears it, and the steps are in groups of their own. */
  signal(name: NodeJS.Signals): void;
  readonly exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts the packaged program in the demo's repository, without a terminal. */
export function startCli(
  demo: Demo,
  { cli }: Packaged,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Cli {
  const child = spawn(process.execPath, [cli, ...args, '--json'], {
    cwd: demo.repository,
    env: cleanEnv({ ...demo.env, ...env }),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const changed = new EventEmitter().setMaxListeners(100);
  let output = '';
  let lines = '';
  const events: JournalEvent[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    changed.emit('change');
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines += text;
    const whole = lines.split('\n');
    lines = whole.pop() ?? '';
    for (const line of whole) events.push(JSON.parse(line) as JournalEvent);
    changed.emit('change');
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let over = false;
  const exit = closed.then(([code, signal]) => {
    over = true;
    changed.emit('change');
    return { code, signal };
  });
  const until = async <T>(what: string, look: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (over) throw new Error(`It ended without ${what}, and said:\n${output}`);
      await once(changed, 'change');
    }
  };
  const started: Cli = {
    pid: child.pid ?? 0,
    output: () => output,
    events: () => events,
    says: (pattern) =>
      until(`saying ${pattern}`, () => (pattern.test(output) ? true : undefined)).then(
        () => undefined,
      ),
    event: (wanted) => until('the event', () => events.find(wanted)),
    signal: (name) => {
      if (child.pid !== undefined && !over) process.kill(-child.pid, name);
    },
    exit,
  };
  running.add(started);
  void exit.then(() => running.delete(started));
  return started;
}

/** Runs the packaged program to its end. */
export async function runCli(
  demo: Demo,
  packaged: Packaged,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly output: string; readonly cli: Cli }> {
  const cli = startCli(demo, packaged, args, env);
  const { code } = await cli.exit;
  return { code, output: cli.output(), cli };
}

/** Has the double lend to whoever lives in the demo; resolves with the variables that say so. Its token is not told. */
export async function lendTo(
  demo: Demo,
  { address, project }: MetalDouble,
  more: { readonly install?: boolean } = {},
): Promise<Record<string, string>> {
  const config = join(demo.root, 'config');
  const lender = { kind: 'packet', name: 'metal', address, project, metros: ['am'], ...more };
  const settings = JSON.stringify({ caps: { hours: 4 }, lenders: [lender] });
  await mkdir(join(config, 'ci-parity'), { recursive: true });
  await writeFile(join(config, 'ci-parity', 'lenders.json'), settings);
  return { XDG_CONFIG_HOME: config };
}

/** Fails unless the machine that was borrowed was given back, and neither its key nor anything written of it is left. */
export function assertGivenBack(demo: Demo, metal: MetalDouble): void {
  const { devices, keys, made } = metal.books();
  assert.deepEqual([devices, keys, made], [[], [], 1]);
  assert.deepEqual(readLedger(demo.stateDir), { leases: [], damaged: [] });
}

/** Makes a commit on top of `from` that no branch knows, and returns its id. The working tree is as before. */
export function commitOnto(
  { dir }: Sample,
  from: string,
  files: Readonly<Record<string, string>>,
): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: dir, encoding: 'utf8' }).trim();
  git('checkout', '-q', '--detach', from);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text);
  git('commit', '-q', '-a', '-m', 'a commit of a test');
  const commit = git('rev-parse', 'HEAD');
  git('checkout', '-q', 'master');
  return commit;
}

/** Remembers what the person's repository looks like; gives a check that it looks so still. */
export function guardRepository(demo: Demo): () => void {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: demo.repository, encoding: 'utf8' });
  const look = () => ({
    head: git('symbolic-ref', 'HEAD'),
    refs: git('for-each-ref'),
    status: git('status', '--porcelain', '--ignored'),
    worktrees: git('worktree', 'list', '--porcelain'),
    configuration: git('config', '--local', '--list'),
  });
  const before = look();
  return () => assert.deepEqual(look(), before);
}

/** Fails if anything is left of the demo's reproductions but their records. */
export async function assertNothingLeft(demo: Demo): Promise<void> {
  const all = listReproductions(demo.stateDir);
  for (const { made, files, status } of all) {
    assert.deepEqual(made, [], `the ledger of ${files.id}`);
    assert.equal(status.state, 'ended', files.id);
  }
  const ids = all.map(({ files }) => files.id);
  assert.deepEqual(await machinesOf(demo, ids), [], 'machines');
  const workspaces = join(demo.stateDir, 'workspaces');
  assert.deepEqual(existsSync(workspaces) ? readdirSync(workspaces) : [], [], 'workspaces');
  const worktrees = execFileSync('git', ['worktree', 'list'], {
    cwd: demo.repository,
    encoding: 'utf8',
  });
  assert.equal(worktrees.trim().split('\n').length, 1, worktrees);
  assert.deepEqual(
    ids.flatMap((id) => processesOf(id)),
    [],
    'processes',
  );
  assert.deepEqual(readdirSync(demo.env['TMPDIR'] ?? ''), [], 'temporary files');
}

/** The machines that belong to these reproductions. */
export async function machinesOf(demo: Demo, ids: readonly string[]): Promise<string[]> {
  const { bed } = demo.vagrant;
  if (bed === undefined) return [];
  const all = await leftovers(bed, new AbortController().signal);
  return all.filter((name) => ids.some((id) => name.startsWith(id)));
}

/** Processes that carry a reproduction's mark: `pid name`. */
export function processesOf(id: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      const ended = /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      if (ended || !environment.includes(`CI_PARITY_COOKIE=${id}`)) return [];
      return [`${pid} ${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}`];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}
