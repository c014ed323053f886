/** A desktop VS Code for the demo: the person's own, or one that is downloaded for it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  SilentReporter,
  downloadAndUnzipVSCode,
  resolveCliPathFromVSCodeExecutablePath,
} from '@vscode/test-electron';
import { messageOf } from '../../../src/base/errors';
import { electronAvailable } from '../host/electron';
import { bedCache, cleanEnv, endMarked, findProgram, markVariable, runToEnd } from '../host/host';
import type { Demo } from './demo';
import { demoSettings, editorEnv } from './mainJob';

export interface Desktop {
  readonly version: string;
  /** The program that opens the window, and ends with it. */
  readonly executable: string;
  /** The program that installs extensions. */
  readonly cli: string;
}

/** Undefined where there is no display, or no VS Code for it. */
export async function findDesktop(
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Desktop | undefined> {
  if (!hasDisplay()) return undefined;
  const own = await ownDesktop(signal);
  if (own !== undefined) return own;
  if (!(await electronAvailable(signal))) return undefined;
  say('  VS Code     is being downloaded (once, about 150 MB)');
  try {
    const executable = await downloadAndUnzipVSCode({
      version: 'stable',
      cachePath: join(bedCache(), 'electron'),
      reporter: new SilentReporter(),
    });
    signal.throwIfAborted();
    const cli = resolveCliPathFromVSCodeExecutablePath(executable);
    return { version: 'downloaded', executable, cli };
  } catch (error) {
    signal.throwIfAborted();
    say(`  VS Code     could not be downloaded: ${messageOf(error)}`);
    return undefined;
  }
}

/**
 * Opens the demo in a window with data and extensions of its own. Resolves when the window was
 * closed, or the signal was aborted and the window is gone.
 */
export async function openDesktop(options: {
  readonly desktop: Desktop;
  readonly demo: Demo;
  readonly vsix: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { desktop, demo, vsix, signal } = options;
  // Short, because VS Code puts Unix sockets into it, whose paths may have 103 bytes on macOS.
  const data = join(demo.root, 'v');
  const user = join(data, 'User');
  await mkdir(user, { recursive: true });
  const settings = { ...quietSettings, ...demoSettings(demo) };
  await writeFile(join(user, 'settings.json'), JSON.stringify(settings, undefined, 2));
  const own = ['--user-data-dir', data, '--extensions-dir', join(demo.root, 'x')];
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const env = cleanEnv({ ...displayEnv(), ...editorEnv(demo), [markVariable]: demo.root });
  const installing = [...own, ...asRoot, '--install-extension', vsix];
  const { code, output } = await runToEnd(desktop.cli, installing, env, signal);
  if (code !== 0) throw new Error(`The extension could not be installed (exit ${code})\n${output}`);
  const args = [...own, ...asRoot, '--disable-workspace-trust', '--skip-welcome', demo.repository];
  const child = spawn(desktop.executable, args, { env, detached: true, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const stop = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    await ended;
  } finally {
    signal.removeEventListener('abort', stop);
    if (process.platform === 'linux') await endMarked(demo.root);
  }
}

const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'extensions.ignoreRecommendations': true,
  'extensions.autoUpdate': false,
  'update.mode': 'none',
  'chat.disableAIFeatures': true,
};

function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return [process.env['DISPLAY'], process.env['WAYLAND_DISPLAY']].some(
    (name) => (name ?? '') !== '',
  );
}

/** What `cleanEnv` takes out for tests and a window needs. */
function displayEnv(): Record<string, string | undefined> {
  const names = Object.keys(process.env).filter((name) => /^(DISPLAY$|XDG_)/.test(name));
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

/** The `code` on the PATH, if it is one that opens windows here and is new enough. */
async function ownDesktop(signal: AbortSignal): Promise<Desktop | undefined> {
  const cli = findProgram('code');
  // In WSL it opens windows of Windows, which do not see this file system as their own.
  if (cli === undefined || process.env['WSL_DISTRO_NAME'] !== undefined) return undefined;
  try {
    const env = cleanEnv(displayEnv());
    const { stdout } = await promisify(execFile)(cli, ['--version'], {
      env,
      signal,
      timeout: 10_000,
    });
    const [, version, minor] = /^(1\.(\d+)\.\d+)$/m.exec(stdout) ?? [];
    if (version === undefined || Number(minor) < 99) return undefined;
    const bin = dirname(realpathSync(cli));
    const places = [
      '../code',
      '../code-insiders',
      '../../../MacOS/Electron',
      '../../../MacOS/Code',
    ];
    const executable = places.map((place) => resolve(bin, place)).find((file) => existsSync(file));
    return executable === undefined ? undefined : { version, executable, cli };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
