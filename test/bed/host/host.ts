/**
 * A real VS Code for tests, where nothing but npm packages and Debian's Chromium can be had: the
 * server and the web workbench, with the extension host of the real product on the machine's disk.
 *
 * Two kinds of run: {@link startWorkbench} gives a page to use as a person would (see `person.ts`),
 * {@link runMochaInHost} runs a mocha suite inside the extension host. Where the real Electron can be
 * downloaded, `electron.ts` runs the same suite there.
 *
 * What differs from the desktop: `env.uiKind` is Web, `env.remoteName` is set, there is no keyring of
 * the operating system, and a run of a suite refuses modal dialogs; those are tested as a person.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, readFileSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { format } from 'node:util';
import { type BrowserContext, type Page, chromium } from 'playwright-core';

export type HostVersion = '1.99' | 'newest';

export interface HostInstall {
  /** VS Code's own version, such as `1.99.3`. */
  readonly version: string;
  /** The folder with VS Code's `out/server-main.js`. */
  readonly serverRoot: string;
  /** The Node that this server is made for. */
  readonly node: string;
}

export interface WorkbenchOptions {
  readonly install: HostInstall;
  /** The folder to open, or a `.code-workspace` file. */
  readonly folder: string;
  /** Ends everything when aborted, also after the start: the page closes, so what waits on it rejects. */
  readonly signal: AbortSignal;
  /** A packaged extension to install first, as a user has it. */
  readonly vsix?: string;
  /** An unpacked extension. Newer workbenches then show no notification toasts: prefer `vsix`. */
  readonly extensionDevelopmentPath?: string;
  /** User settings, over the quiet ones of the bed. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Over the environment of this process; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** An existing HOME, for instance with a git or vagrant configuration. It is not removed. */
  readonly home?: string;
  /** Starts in Restricted Mode, as VS Code opens a folder it never saw. Without it, everything is trusted. */
  readonly workspaceTrust?: boolean;
  /** `false` starts the server alone. */
  readonly browser?: boolean;
  readonly viewport?: { readonly width: number; readonly height: number };
}

export interface WorkbenchServer extends AsyncDisposable {
  /** The address of the workbench with the folder open. */
  readonly url: string;
  /** The server's data: `data/User/settings.json`, `data/logs`, `extensions`. */
  readonly dataDir: string;
  readonly homeDir: string;
  /** What the server has said so far, and errors that the page threw. */
  serverLog(): string;
}

export interface Workbench extends WorkbenchServer {
  readonly page: Page;
  readonly context: BrowserContext;
}

export interface MochaOptions {
  readonly extensionPath: string;
  /**
   * A module inside the extension's folder that exports `run(): Promise<void>`. It must write
   * `{"passes", "failures", "pending"}` to the file named by `$HOST_RESULT` when the suite has ended.
   */
  readonly testsPath: string;
  readonly folder: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly home?: string;
  readonly signal: AbortSignal;
  /** How long the whole run may take, in milliseconds. */
  readonly timeoutMs: number;
  /** A folder that gets a screenshot and VS Code's logs if the run fails. */
  readonly shots?: string;
}

export interface MochaResult {
  readonly passes: number;
  /** At least 1 if the run failed in whatever way. */
  readonly failures: number;
  readonly pending: number;
  /** 0 only if the suite itself said that something passed and nothing failed, and the host agreed. */
  readonly exitCode: number;
  readonly output: string;
}

/** Where what is installed for the bed stays from run to run. */
export function bedCache(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  return join(
    cache === undefined || cache === '' ? join(homedir(), '.cache') : cache,
    'ci-parity-bed',
  );
}

/** Installs VS Code into the cache unless it is there. Rejects with what the installer said. */
export async function ensureHost(which: HostVersion, signal: AbortSignal): Promise<HostInstall> {
  const dest = join(bedCache(), `vscode-${which}`);
  await mkdir(bedCache(), { recursive: true });
  const script = join(import.meta.dirname, 'install.sh');
  const { code, output } = await runToEnd('sh', [script, dest, which], process.env, signal);
  if (code !== 0) throw new Error(`VS Code (${which}) could not be installed\n${output}`);
  const serverRoot = join(dest, 'vscode');
  const product: unknown = JSON.parse(await readFile(join(serverRoot, 'package.json'), 'utf8'));
  return {
    version: String((product as { version?: unknown }).version),
    serverRoot,
    node: join(dest, 'node', 'bin', 'node'),
  };
}

/** The browser on the PATH that shows the workbench, if there is one. `$CHROMIUM` goes first. */
export function findChromium(): string | undefined {
  const wanted = process.env['CHROMIUM'];
  if (wanted !== undefined && wanted !== '') return wanted;
  return findProgram('chromium') ?? findProgram('chromium-browser') ?? findProgram('google-chrome');
}

export function findProgram(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Starts a VS Code of its own, with a fresh HOME, data and temporary folder, and opens it in a browser.
 * Resolves when the workbench stands and knows its extensions. Whoever calls it disposes it; that ends
 * every process started from it, also those in its terminals, and removes its folder.
 */
export function startWorkbench(
  options: WorkbenchOptions & { readonly browser: false },
): Promise<WorkbenchServer>;
export function startWorkbench(options: WorkbenchOptions): Promise<Workbench>;
export async function startWorkbench(
  options: WorkbenchOptions,
): Promise<WorkbenchServer | Workbench> {
  const server = await startServer(options);
  if (options.browser === false) return server;
  try {
    const { page, context } = await openBrowser(server, options);
    await page.goto(server.url, { waitUntil: 'domcontentloaded' });
    await workbenchReady(page);
    return { ...server, page, context };
  } catch (error) {
    // A browser whose workbench was ended under it says only that it was closed.
    const reason: unknown = options.signal.aborted ? options.signal.reason : error;
    const log = server.serverLog();
    await server[Symbol.asyncDispose]();
    if (reason !== error) throw reason;
    throw new Error(`The workbench did not come up.\n${log.slice(-4000)}`, { cause: error });
  }
}

/** Resolves when the workbench is laid out and knows its extensions; of use after `page.reload()`. */
export async function workbenchReady(page: Page): Promise<void> {
  await page.waitForSelector('.monaco-workbench .part.statusbar');
  // The palette lists the commands known when it is opened, so it is too early before this mark.
  await page.waitForFunction(
    `performance.getEntriesByName('code/didLoadExtensions').length > 0 &&
     performance.getEntriesByName('code/didStartWorkbench').length > 0`,
  );
}

/**
 * Runs a suite inside the extension host of a fresh VS Code. A suite that failed, died, hung or ran
 * nothing is a result; what keeps VS Code from starting is thrown, and so is an abort.
 */
export async function runMochaInHost(
  options: MochaOptions & { readonly install: HostInstall },
): Promise<MochaResult> {
  const { signal, timeoutMs, shots } = options;
  const extension = resolve(options.extensionPath);
  const tests = resolve(options.testsPath);
  // VS Code chooses the extension host for the suite by the extension it belongs to.
  if (!tests.startsWith(extension + sep)) {
    throw new Error(`The tests (${tests}) must lie inside the extension's folder (${extension}).`);
  }
  await stat(tests);

  const deadline = AbortSignal.timeout(timeoutMs);
  const limit = AbortSignal.any([signal, deadline]);
  const lines: string[] = [];
  // Warnings and errors of the whole workbench; many are its own, about nothing that matters here.
  const asides: string[] = [];
  await using server = await startServer({
    ...options,
    extensionDevelopmentPath: extension,
    extensionTestsPath: tests,
    signal,
  });
  const { page } = await openBrowser(server, options);
  let exit: (code: number) => void = () => undefined;
  const ended = new Promise<number>((settle, fail) => {
    exit = settle;
    limit.addEventListener('abort', () => fail(limit.reason as Error), { once: true });
    page.once('crash', () => fail(new Error('the page crashed')));
    page.once('close', () => fail(new Error('the page was closed')));
  });
  // It may fail before anything waits for it.
  ended.catch(() => undefined);
  await page.exposeFunction('codeAutomationExit', (code: number) => exit(code));
  await page.exposeFunction('codeAutomationLog', (type: string, words: unknown) => {
    const text = format(...(Array.isArray(words) ? (words as unknown[]) : [words]));
    if (type === 'warn' || type === 'error') asides.push(text);
    else if (type === 'log' || type === 'info') {
      if (!workbenchChatter.test(text)) lines.push(text);
    }
  });

  let code: number;
  try {
    await page.goto(server.url, { waitUntil: 'domcontentloaded' });
    code = await ended;
  } catch (error) {
    signal.throwIfAborted();
    code = deadline.aborted ? 124 : 1;
    lines.push(deadline.aborted ? `No end after ${timeoutMs} ms.` : String(error));
  }
  const believed = await believe(server.resultFile, code, lines);
  const result =
    believed.exitCode === 0
      ? believed
      : { ...believed, output: [believed.output, 'Meanwhile:', ...asides].join('\n') };
  if (shots !== undefined && result.exitCode !== 0) {
    await mkdir(shots, { recursive: true });
    await page.screenshot({ path: join(shots, 'failure.png') }).catch(() => undefined);
    await cp(join(server.dataDir, 'data', 'logs'), join(shots, 'logs'), { recursive: true });
    await writeFile(join(shots, 'server.log'), server.serverLog());
  }
  return result;
}

/**
 * A killed extension host ends its run with exit code 0, so a run is believed only if the suite itself
 * wrote down what it did.
 */
export async function believe(
  resultFile: string,
  code: number,
  lines: readonly string[],
): Promise<MochaResult> {
  const counts = await readCounts(resultFile);
  const said = [...lines];
  if (counts === undefined)
    said.push(`The suite wrote no result: it died, or never ran (exit ${code}).`);
  else if (counts.passes === 0) said.push('The suite ran no test.');
  const { passes, failures, pending } = counts ?? { passes: 0, failures: 0, pending: 0 };
  const good = code === 0 && passes > 0 && failures === 0;
  return {
    passes,
    failures: good ? 0 : Math.max(1, failures),
    pending,
    exitCode: good ? 0 : code === 0 ? 1 : code,
    output: said.join('\n'),
  };
}

/**
 * Puts away what test runs left that were killed: their processes and their folders. Each start of a
 * workbench does this too.
 */
export async function cleanUpStale(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = /^cip-host-(\d+)-([0-9a-z]+)-/.exec(name);
    if (owner === null || startTimeOf(Number(owner[1])) === owner[2]) continue;
    const folder = join(tmpdir(), name);
    await endMarked(folder);
    await removeFolder(folder);
  }
}

/** A folder that `cleanUpStale` can tell to be left over: its name says whose it is. */
export async function ownedFolder(): Promise<string> {
  const start = startTimeOf(process.pid) ?? '0';
  // Short, because VS Code puts Unix sockets below it, whose paths may have 107 bytes.
  return mkdtemp(join(tmpdir(), `cip-host-${process.pid}-${start}-`));
}

/** Ends every process, whatever its parent or group, that was started with `$CI_PARITY_HOST_DIR` = folder. */
export async function endMarked(folder: string): Promise<void> {
  // Killed processes may leave children that were just being started, so look until none is seen. They
  // are not ours by birth, hence there is no event to wait for.
  for (let round = 0; round < 200; round++) {
    const marked = await findMarked(folder);
    if (marked.length === 0) return;
    for (const pid of marked) killQuietly(pid, 'SIGKILL');
    await delay(10);
  }
  throw new Error(
    `Processes of ${folder} could not be ended: ${(await findMarked(folder)).join(' ')}`,
  );
}

/** The variable that marks every process of a workbench, so that none is forgotten. */
export const markVariable = 'CI_PARITY_HOST_DIR';

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Runs a command in a process group of its own to its end; an abort ends the whole group. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<{ code: number; output: string }> {
  signal.throwIfAborted();
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => output.push(bytes));
  const kill = () => killGroup(child, 'SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  process.once('exit', kill);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    signal.throwIfAborted();
    return { code: code ?? 128, output: Buffer.concat(output).toString() };
  } finally {
    signal.removeEventListener('abort', kill);
    process.removeListener('exit', kill);
  }
}

/** The environment of this process without what belongs to an editor or a runtime around it. */
export function cleanEnv(over: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_|CODE_SERVER|ELECTRON_|XDG_|npm_)|^(NODE_OPTIONS|HOST_RESULT|DISPLAY)$/;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(kept), ...over };
}

interface Server extends WorkbenchServer {
  readonly workDir: string;
  readonly resultFile: string;
  /** Registers what to end before the folder is removed. If the server is gone already, ends it now. */
  onEnd(end: () => Promise<void>): Promise<void>;
  note(line: string): void;
}

async function startServer(
  options: WorkbenchOptions & { readonly extensionTestsPath?: string },
): Promise<Server> {
  const { install, signal } = options;
  signal.throwIfAborted();
  await cleanUpStale();
  const workDir = await ownedFolder();
  const dataDir = join(workDir, 'data');
  const homeDir = options.home ?? join(workDir, 'home');
  const temporary = join(workDir, 't');
  const resultFile = join(workDir, 'result.json');
  const entry = join(install.serverRoot, 'out', 'server-main.js');
  const common = [
    entry,
    ...['--server-data-dir', dataDir],
    ...['--extensions-dir', join(dataDir, 'extensions')],
    '--accept-server-license-terms',
  ];
  const env = cleanEnv({
    HOME: homeDir,
    TMPDIR: temporary,
    XDG_RUNTIME_DIR: temporary,
    HOST_RESULT: resultFile,
    // Without a gallery there are no look-ups in a marketplace.
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    ...options.env,
    [markVariable]: workDir,
  });

  let log = '';
  let child: ChildProcess | undefined;
  const ends: (() => Promise<void>)[] = [];
  let ending: Promise<void> | undefined;
  const end = async () => {
    signal.removeEventListener('abort', onAbort);
    for (const each of ends.reverse())
      await each().catch((error: unknown) => (log += String(error)));
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      killGroup(child, 'SIGTERM');
      // Three seconds are for what a terminal does on its hang-up; the rest is ended the hard way.
      await Promise.race([exited, delay(3000, undefined, { ref: false })]);
    }
    await endMarked(workDir);
    process.removeListener('exit', endNow);
    await removeFolder(workDir);
  };
  const dispose = () => (ending ??= end());
  // Whoever disposes later hears of what went wrong.
  const onAbort = () => void dispose().catch(() => undefined);
  // The last resort when the test process itself exits without disposing.
  const endNow = () => {
    if (child !== undefined) killGroup(child, 'SIGKILL');
    rmSync(workDir, { recursive: true, force: true });
  };
  process.once('exit', endNow);
  signal.addEventListener('abort', onAbort, { once: true });

  try {
    const user = join(dataDir, 'data', 'User');
    for (const folder of [user, homeDir, temporary]) await mkdir(folder, { recursive: true });
    // This build keeps user settings on the server's disk, where the desktop does too.
    await writeFile(
      join(user, 'settings.json'),
      JSON.stringify({ ...quietSettings, ...options.settings }, undefined, 2),
    );
    if (options.vsix !== undefined) {
      const args = [...common, '--install-extension', resolve(options.vsix)];
      const { code, output } = await runToEnd(install.node, args, env, signal);
      if (code !== 0 || !output.includes('successfully installed')) {
        throw new Error(`${options.vsix} could not be installed (exit ${code})\n${output}`);
      }
    }
    // If this process is killed, the kernel ends the server; its extension host and terminals follow.
    child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'TERM', '--', install.node, ...common],
        ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token'],
        ...['--disable-telemetry', '--log', 'info'],
        ...(options.workspaceTrust === true ? [] : ['--disable-workspace-trust']),
        // Newer workbenches ignore an extension under development without it (1.99 does not ask for
        // it). It also hides notification toasts, so it is left out where a person should see them.
        ...(options.extensionDevelopmentPath === undefined ? [] : ['--enable-smoke-test-driver']),
      ],
      { env, cwd: homeDir, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const port = await listening(child, (text) => (log += text), signal);
    const remote = (path: string) => `vscode-remote://127.0.0.1:${port}${resolve(path)}`;
    const payload = [
      ['skipWelcome', 'true'],
      ...(options.extensionDevelopmentPath === undefined
        ? []
        : [['extensionDevelopmentPath', remote(options.extensionDevelopmentPath)]]),
      ...(options.extensionTestsPath === undefined
        ? []
        : [['extensionTestsPath', remote(options.extensionTestsPath)]]),
    ];
    const query = new URLSearchParams({
      [options.folder.endsWith('.code-workspace') ? 'workspace' : 'folder']: resolve(
        options.folder,
      ),
      payload: JSON.stringify(payload),
    });
    return {
      url: `http://127.0.0.1:${port}/?${query.toString()}`,
      workDir,
      dataDir,
      homeDir,
      resultFile,
      serverLog: () => log,
      note: (line) => (log += `${line}\n`),
      onEnd: async (each) => {
        if (ending === undefined) {
          ends.push(each);
          return;
        }
        // Aborted while it was being started: what it wrote is put away once more.
        await each();
        await ending;
        await removeFolder(workDir);
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw signal.aborted ? signal.reason : error;
  }
}

/** Resolves to the port on which the server listens; rejects with what it said if it ends before. */
function listening(
  child: ChildProcess,
  hear: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((settle, fail) => {
    let said = '';
    const onData = (bytes: Buffer) => {
      hear(bytes.toString());
      said += bytes.toString();
      const port = /Extension host agent listening on (\d+)/.exec(said)?.[1];
      if (port !== undefined) settle(Number(port));
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`VS Code's server ended (${code})\n${said}`)));
    signal.addEventListener('abort', () => fail(signal.reason as Error), { once: true });
  });
}

async function openBrowser(
  server: Server,
  options: Pick<WorkbenchOptions, 'signal' | 'viewport'>,
): Promise<{ page: Page; context: BrowserContext }> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error('There is no Chromium on the PATH (Debian: apt-get install chromium).');
  }
  const browserDir = join(server.workDir, 'browser');
  await mkdir(browserDir);
  const context = await chromium.launchPersistentContext(join(browserDir, 'profile'), {
    executablePath,
    headless: true,
    args: chromiumArgs,
    artifactsDir: join(browserDir, 'artifacts'),
    env: { ...process.env, HOME: browserDir, TMPDIR: browserDir, [markVariable]: server.workDir },
    // The test process keeps its own say over signals; the server's clean-up ends the browser.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    viewport: options.viewport ?? { width: 1280, height: 800 },
    locale: 'en-US',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await server.onEnd(() => context.close());
  options.signal.throwIfAborted();
  context.setDefaultTimeout(60_000);
  // The workbench encrypts secrets with a key of which the server keeps a half. Without this answer it
  // takes a new one at each load, and SecretStorage forgets on reload.
  const half = randomBytes(32);
  await context.route('**/mint-key', (route) =>
    route.fulfill({ status: 200, contentType: 'application/octet-stream', body: half }),
  );
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('pageerror', (error) => server.note(`[page] ${error.stack ?? error.message}`));
  return { page, context };
}

const chromiumArgs = [
  // Tests run as root, in containers, without a graphics card.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-quic',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
];

const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'npm.fetchOnlinePackageInfo': false,
  'git.autofetch': false,
  'git.openRepositoryInParentFolders': 'never',
  'chat.disableAIFeatures': true,
  'update.mode': 'none',
  'window.dialogStyle': 'custom',
  // 1.99 asks in a dialog at the start, newer ones do not; so all start in Restricted Mode.
  'security.workspace.trust.startupPrompt': 'never',
  // The canvas and WebGL renderers leave no text in the page.
  'terminal.integrated.gpuAcceleration': 'off',
};

/** The workbench logs to the same place as the suite; these lines of its own say nothing about it. */
const workbenchChatter =
  /^(Resolv(ing|ed) connection token|Creating a socket|\[reconnection-grace-time\]|Updating additional builtin|\[AgentHost|\[AccountPolicyGate\]|\[Service Worker\] registration|ChatSessionStore:|DialogService:|Ignoring fetching additional builtin)/;

async function readCounts(
  file: string,
): Promise<{ passes: number; failures: number; pending: number } | undefined> {
  try {
    const { passes, failures, pending } = JSON.parse(await readFile(file, 'utf8')) as Record<
      string,
      unknown
    >;
    if (![passes, failures, pending].every((count) => Number.isSafeInteger(count)))
      return undefined;
    return { passes: Number(passes), failures: Number(failures), pending: Number(pending) };
  } catch {
    return undefined;
  }
}

async function findMarked(folder: string): Promise<number[]> {
  const mark = Buffer.from(`${markVariable}=${folder}\0`);
  const marked: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const environment = await readFile(`/proc/${name}/environ`).catch(() => Buffer.alloc(0));
    if (environment.includes(mark)) marked.push(Number(name));
  }
  return marked;
}

/** When a process was started, in base 36 of the kernel's ticks; with the id it names it for good. */
function startTimeOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold anything; the 22nd field counts from behind it.
    const ticks = line.slice(line.lastIndexOf(')') + 2).split(' ')[19];
    return Number(ticks).toString(36);
  } catch {
    return undefined;
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid !== undefined) killQuietly(-child.pid, signal);
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
