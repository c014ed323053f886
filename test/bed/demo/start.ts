/**
 * `npm start`: CI Parity on a demo. Opens VS Code on the sample repository, or, with `--headless` or
 * without a terminal, does the main job in it as a person would and tells how it went.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isAbort, messageOf } from '../../../src/base/errors';
import type { Page } from 'playwright-core';
import type { Verdict } from '../../../src/reproduce/journal';
import { cleanEnv, ensureHost, findChromium, startWorkbench, type HostInstall } from '../host/host';
import { codeLens, notification, openFile, screenshot, treeItem } from '../host/person';
import { NoVagrant, startDemo, type Demo } from './demo';
import { findDesktop, openDesktop } from './desktop';
import {
  demoSettings,
  editorEnv,
  findRun,
  followOutput,
  pressInline,
  pressInMenu,
  reproduction,
  unfoldRun,
  widenSideBar,
} from './mainJob';
import { packageExtension, projectRoot, type Packaged } from './package';

const usage = `npm start [-- OPTIONS]
  --headless       do the main job without anybody, and leave screenshots in out/
  --web            the web workbench, also where there is a display
  --vagrant KIND   podman, libvirt, stand-in, or auto (the default)
`;

/** Milliseconds for the whole main job when nobody watches it. */
const PATIENCE = 300_000;

const say = (line = ''): void => void process.stdout.write(`${line}\n`);

async function main(signal: AbortSignal): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    say(usage);
    return 2;
  }
  const alone = options.headless || !process.stdout.isTTY;
  say('CI Parity demo: a Jenkins run that failed, done again on this machine');
  await using demo = await startDemo({ signal, vagrant: options.vagrant });
  const tools = join(demo.root, 'tools');
  await mkdir(tools);
  const packaged = await packageExtension(tools, signal);
  introduce(demo);
  if (alone)
    return await byItself(demo, packaged, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]));
  const desktop = options.web ? undefined : await findDesktop(signal, say);
  if (desktop !== undefined) {
    say(`  VS Code     a window is opening (${desktop.version})`);
    guide();
    say('Close the window or press Ctrl-C to put everything away.');
    await openDesktop({ desktop, demo, vsix: packaged.vsix, signal });
    return 0;
  }
  const install = await hostOr(signal);
  if (typeof install === 'string') {
    say(`  VS Code     ${install}`);
    return await byCommandLine(demo, packaged, signal);
  }
  await using workbench = await startWorkbench({
    ...shown(install, demo, packaged, signal),
    browser: false,
  });
  say(`  VS Code     ${workbench.url}`);
  say(
    `              VS Code ${install.version} for your browser, since there is no desktop one here;`,
  );
  say('              on another machine, forward its port first');
  guide();
  say('Press Ctrl-C to put everything away.');
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return 0;
}

function introduce({ repository, jenkins, vagrant }: Demo): void {
  say();
  say(`  Repository  ${repository}`);
  say('              a small network-policy engine, whose tests run in a VM by its Vagrantfile');
  say(`  Jenkins     ${jenkins.base}`);
  say(
    '              a double: #42 failed for a bug, #43 mended it, #44 failed for no reason at all',
  );
  say(`  Vagrant     ${vagrant.standIn ? 'NOT the real one: ' : ''}${vagrant.why}`);
}

function guide(): void {
  say();
  say('In VS Code:');
  say('  1. Open "CI Parity" in the bar at the very left, then networking / cilium / master.');
  say('  2. Unfold #42: the stage Build failed, by the test TestPolicyEgressDeny.');
  say(
    '  3. Press Reproduce on its line, and read along in the terminal: the same failure comes back.',
  );
  say('  4. Do the same with #44: it passes here. That one was flaky.');
  say();
}

/** The main job as a person does it, without one. Resolves to the exit code. */
async function byItself(demo: Demo, packaged: Packaged, signal: AbortSignal): Promise<number> {
  if (findChromium() === undefined) {
    say(
      '  VS Code     cannot be shown without a browser (Debian: apt-get install chromium fonts-dejavu-core)',
    );
    return await byCommandLine(demo, packaged, signal);
  }
  const install = await hostOr(signal);
  if (typeof install === 'string') {
    say(`  VS Code     ${install}`);
    return await byCommandLine(demo, packaged, signal);
  }
  say(`  VS Code     ${install.version}, the web workbench, used by Chromium as a person would`);
  say();
  await using workbench = await startWorkbench(shown(install, demo, packaged, signal));
  const { page } = workbench;
  try {
    return await mainJob(demo, page, signal);
  } catch (error) {
    await screenshot(page, join(projectRoot, 'out', 'failure.png')).catch(() => undefined);
    throw error;
  }
}

/** What VS Code shows of the demo, whether to a person or to ourselves. */
function shown(install: HostInstall, demo: Demo, packaged: Packaged, signal: AbortSignal) {
  return {
    install,
    folder: demo.repository,
    vsix: packaged.vsix,
    signal,
    settings: demoSettings(demo),
    env: editorEnv(demo),
  };
}

async function mainJob(demo: Demo, page: Page, signal: AbortSignal): Promise<number> {
  const shot = async (name: string): Promise<void> => {
    const file = join('out', name);
    await screenshot(page, join(projectRoot, file));
    say(`  (${file})`);
  };
  say('> open the view, unfold the failed run #42');
  await unfoldRun(page, 42, 'TestPolicyEgressDeny');
  await widenSideBar(page, 120);
  await (await findRun(page, 42)).hover();
  await shot('1-tree.png');
  say('> look at its plan');
  await pressInMenu(page, await findRun(page, 42), 'Show Plan');
  await page.locator('.tab.active', { hasText: 'Plan of' }).waitFor();
  await page
    .frameLocator('iframe.webview.ready')
    .frameLocator('#active-frame')
    .getByText('What would be run')
    .waitFor();
  await shot('2-plan.png');
  say('> open the Jenkinsfile');
  await openFile(page, 'Jenkinsfile');
  await codeLens(page, /failed in #44/)
    .first()
    .waitFor();
  await shot('3-lens.png');
  say('> press Reproduce on #42');
  say();
  await pressInline(await findRun(page, 42), 'Reproduce');
  const { files } = await reproduction(demo.stateDir, signal, () => true);
  const ended = reproduction(demo.stateDir, signal, ({ status }) => status.state === 'ended');
  const failed = reproduction(
    demo.stateDir,
    signal,
    ({ stages, status }) =>
      stages.some(({ state }) => state === 'failed') || status.state === 'ended',
  );
  const seen = failed.then(() => screenshot(page, join(projectRoot, 'out', '4-terminal.png')));
  const printed = followOutput(demo, files.id, ended, (part) => void process.stdout.write(part));
  await Promise.all([printed, seen]);
  const { verdict } = await ended;
  await notification(page, verdict?.sentence ?? '');
  await treeItem(page, new RegExp(`^Reproduction of #42 .*, ${verdict?.kind}`)).waitFor();
  say();
  say('  (out/4-terminal.png)');
  await shot('5-verdict.png');
  return told(verdict);
}

/** The main job in a terminal, where VS Code cannot be had. Resolves to the exit code. */
async function byCommandLine(demo: Demo, { cli }: Packaged, signal: AbortSignal): Promise<number> {
  say();
  say('The same by the command line:');
  say(`> ci-parity reproduce ${demo.failedRunUrl}`);
  say();
  const child = spawn(process.execPath, [cli, 'reproduce', demo.failedRunUrl], {
    cwd: demo.repository,
    env: cleanEnv(demo.env),
    // The Ctrl-C that ends the demo is handed on below.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', stop, { once: true });
  await once(child, 'exit');
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  return told((await reproduction(demo.stateDir, signal, () => true)).verdict);
}

function told(verdict: Verdict | undefined): number {
  say();
  say(`Verdict: ${verdict?.sentence ?? 'none'}`);
  for (const line of verdict?.details ?? []) say(`         ${line}`);
  return verdict?.kind === 'reproduced' ? 0 : 1;
}

/** VS Code's web workbench, or a sentence that says why not. */
async function hostOr(signal: AbortSignal): Promise<HostInstall | string> {
  try {
    return await ensureHost('newest', signal);
  } catch (error) {
    signal.throwIfAborted();
    return `could not be had: ${messageOf(error)}`;
  }
}

function readOptions() {
  const kinds = ['podman', 'libvirt', 'stand-in', 'auto'] as const;
  try {
    const { values } = parseArgs({
      options: {
        headless: { type: 'boolean', default: false },
        web: { type: 'boolean', default: false },
        vagrant: { type: 'string', default: 'auto' },
      },
    });
    const vagrant = kinds.find((kind) => kind === values.vagrant);
    return vagrant === undefined ? undefined : { ...values, vagrant };
  } catch {
    return undefined;
  }
}

const leaving = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    if (leaving.signal.aborted) return;
    say('\nPutting everything away…');
    leaving.abort();
  });
try {
  process.exitCode = await main(leaving.signal);
} catch (error) {
  process.exitCode = 1;
  if (leaving.signal.aborted) process.exitCode = 130;
  else if (error instanceof NoVagrant) say(error.message);
  else if (isAbort(error)) say('It did not end in time.');
  else console.error(error);
}
if (leaving.signal.aborted) say('Everything is put away.');
