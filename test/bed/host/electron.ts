/**
 * The same suite in the real desktop VS Code, where that can be downloaded. Our own machines cannot;
 * a contributor's and most CI can, and there it finds what the web workbench hides: the keyring, the
 * Node of Electron, a terminal without a server between.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import {
  type MochaOptions,
  type MochaResult,
  bedCache,
  believe,
  cleanEnv,
  cleanUpStale,
  endMarked,
  findProgram,
  markVariable,
  ownedFolder,
  removeFolder,
  runToEnd,
} from './host';

export interface ElectronOptions extends MochaOptions {
  /** A version such as `1.99.3`, or `stable`, which is the default. */
  readonly version?: string;
  /** A VS Code that is here already; nothing is downloaded then. */
  readonly executable?: string;
}

/**
 * Whether a desktop VS Code can be had and shown here. Asks the update service for the headers of the
 * download, for four seconds at most, and downloads nothing. `CI_PARITY_HOST=web` says no at once.
 */
export async function electronAvailable(signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  if (process.env['CI_PARITY_HOST'] === 'web') return false;
  if (displayPrefix() === undefined) return false;
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(4000)]);
    // The redirect leads to the host with the archive, which a firewall may close all by itself.
    const { ok } = await fetch(downloadPage, { method: 'HEAD', signal: limit });
    return ok;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Like `runMochaInHost`, in a desktop VS Code that is downloaded into the bed's cache when missing. */
export async function runMochaInElectron(options: ElectronOptions): Promise<MochaResult> {
  const { signal, timeoutMs, shots } = options;
  const display = displayPrefix();
  if (display === undefined) {
    throw new Error('There is no display, and no xvfb-run (Debian: apt-get install xvfb xauth).');
  }
  await cleanUpStale();
  const workDir = await ownedFolder();
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const homeDir = options.home ?? join(workDir, 'home');
    const temporary = join(workDir, 't');
    const userData = join(workDir, 'data');
    const user = join(userData, 'User');
    for (const folder of [homeDir, temporary, user]) await mkdir(folder, { recursive: true });
    await writeFile(join(user, 'settings.json'), JSON.stringify(options.settings ?? {}));
    const resultFile = join(workDir, 'result.json');
    const testOptions = {
      ...(options.executable === undefined
        ? { version: options.version ?? 'stable', cachePath: join(bedCache(), 'electron') }
        : { vscodeExecutablePath: options.executable }),
      extensionDevelopmentPath: resolve(options.extensionPath),
      extensionTestsPath: resolve(options.testsPath),
      launchArgs: [
        resolve(options.folder),
        ...['--user-data-dir', userData],
        ...['--extensions-dir', join(workDir, 'extensions')],
        '--disable-telemetry',
      ],
    };
    const env = cleanEnv({
      // test-electron reads DISPLAY from here unless xvfb-run gives it another.
      ...(process.env['DISPLAY'] === undefined ? {} : { DISPLAY: process.env['DISPLAY'] }),
      HOME: homeDir,
      TMPDIR: temporary,
      XDG_RUNTIME_DIR: temporary,
      HOST_RESULT: resultFile,
      ...options.env,
      [markVariable]: workDir,
    });
    // In a process of its own, because runTests writes to our standard output, knows no signal, and
    // leaves VS Code running when it is given up.
    const library = createRequire(import.meta.url).resolve('@vscode/test-electron');
    const program = `require(${JSON.stringify(library)}).runTests(${JSON.stringify(testOptions)})
      .catch((error) => { console.error(error); process.exitCode = error.code || 1; });`;
    const [command, ...args] = [...display, process.execPath, '-e', program] as const;
    let code: number;
    let output: string;
    try {
      const limit = AbortSignal.any([signal, deadline]);
      ({ code, output } = await runToEnd(command, args, env, limit));
    } catch (error) {
      signal.throwIfAborted();
      if (!deadline.aborted) throw error;
      code = 124;
      output = `No end after ${timeoutMs} ms.`;
    }
    const result = await believe(resultFile, code, [output]);
    if (shots !== undefined && result.exitCode !== 0) {
      await mkdir(shots, { recursive: true });
      await writeFile(join(shots, 'electron.log'), result.output);
    }
    return result;
  } finally {
    await endMarked(workDir);
    await removeFolder(workDir);
  }
}

const downloadPage = 'https://update.code.visualstudio.com/latest/linux-x64/stable';

/** What goes before a command that opens windows; undefined if there is nowhere to open them. */
function displayPrefix(): string[] | undefined {
  if (process.platform !== 'linux' || (process.env['DISPLAY'] ?? '') !== '') return [];
  const xvfb = findProgram('xvfb-run');
  return xvfb === undefined ? undefined : [xvfb, '-a'];
}
