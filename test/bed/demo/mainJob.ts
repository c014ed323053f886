/**
 * The main job as a person does it in VS Code: open the view, unfold the run that failed, press
 * Reproduce, wait for the verdict. Its steps wait for what can be seen.
 */
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { ReproductionWatch } from '../../../src/editor/reproductions/reproductionWatch';
import type { Reproduction } from '../../../src/reproduce/store';
import { openView, treeItem } from '../host/person';
import type { Demo } from './demo';

/** User settings of a VS Code that knows nothing of the demo yet. */
export function editorSettings(demo: Demo): Record<string, unknown> {
  // VS Code asks a login shell for the environment of terminals, and a profile may set PATH anew.
  const env = { PATH: demo.env['PATH'] ?? process.env['PATH'] };
  return {
    'terminal.integrated.env.linux': env,
    'terminal.integrated.env.osx': env,
    // Vagrant forwards a port for its SSH, which is no application to open in a browser.
    'remote.autoForwardPorts': false,
  };
}

/** The same with the demo's Jenkins and job. */
export function demoSettings(demo: Demo): Record<string, unknown> {
  return {
    ...editorSettings(demo),
    'ciParity.servers': [{ url: demo.jenkins.base, name: 'Demo Jenkins' }],
    'ciParity.jobs': [demo.jobUrl],
  };
}

/** What VS Code needs over its own environment. It keeps a HOME and a temporary folder of its own. */
export function editorEnv(demo: Demo): Record<string, string> {
  const apart = new Set(['HOME', 'TMPDIR']);
  return Object.fromEntries(Object.entries(demo.env).filter(([name]) => !apart.has(name)));
}

/** Shows the view "Runs" and waits until the run is in it. */
export async function findRun(page: Page, number: number): Promise<Locator> {
  await openView(page, 'CI Parity');
  const run = treeItem(page, new RegExp(`^Run ${number},`));
  await run.waitFor();
  return run;
}

/** Unfolds a failed run and its failing stage, until the failing test can be read. */
export async function unfoldRun(page: Page, number: number, test: string): Promise<void> {
  const run = await findRun(page, number);
  if ((await run.getAttribute('aria-expanded')) !== 'true')
    await run.locator('.monaco-tl-twistie').click();
  await treeItem(page, new RegExp(`^Failed test ${test}`)).waitFor();
}

/** Presses the button that appears on a run's line when the pointer is over it. */
export async function pressInline(row: Locator, title: string): Promise<void> {
  await row.hover();
  await row.locator(`.actions .action-label[aria-label^="${title}"]`).click();
}

/** Drags the side bar's edge by some pixels, as whoever wants to read long lines does. */
export async function widenSideBar(page: Page, by: number): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  if (box === null) throw new Error('there is no side bar to widen');
  const [x, y] = [box.x + box.width, box.y + box.height - 40];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + by, y, { steps: 4 });
  await page.mouse.up();
}

/** Chooses from the context menu of a row. */
export async function pressInMenu(page: Page, row: Locator, title: string): Promise<void> {
  await row.click({ button: 'right' });
  // A menu takes no clicks in its first moments, so that a long right click chooses nothing.
  await page.getByRole('menuitem', { name: title, exact: true }).hover();
  await page.keyboard.press('Enter');
}

/**
 * Resolves to the newest reproduction once `wanted` says yes to it. It is asked whenever a journal
 * has grown. Rejects when the signal is aborted.
 */
export async function reproduction(
  stateDir: string,
  signal: AbortSignal,
  wanted: (one: Reproduction) => boolean,
): Promise<Reproduction> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = watch.all().find(wanted);
      if (found === undefined) return;
      leave();
      resolve(found);
    };
    const abort = (): void => {
      leave();
      reject(signal.reason as Error);
    };
    const leave = (): void => {
      signal.removeEventListener('abort', abort);
      watch.dispose();
    };
    const watch = new ReproductionWatch(look, stateDir);
    signal.addEventListener('abort', abort, { once: true });
    look();
  });
}

/** Hands on what a reproduction prints, from its beginning until `until` resolves. */
export async function followOutput(
  demo: Demo,
  id: string,
  until: Promise<unknown>,
  sink: (text: Buffer) => void,
): Promise<void> {
  const path = join(demo.stateDir, 'reproductions', id, 'output.log');
  let offset = 0;
  const readOn = async (): Promise<void> => {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= offset) return;
    const file = await open(path);
    try {
      const part = Buffer.alloc(size - offset);
      const { bytesRead } = await file.read(part, 0, part.length, offset);
      offset += bytesRead;
      sink(part.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  };
  const state = { over: false };
  const ended = until.finally(() => (state.over = true));
  while (!state.over) {
    await readOn();
    // Growth of a file on the disk is seen by looking; there is nobody to tell of it.
    await Promise.race([ended, delay(100)]);
  }
  await ended;
  await readOn();
}
