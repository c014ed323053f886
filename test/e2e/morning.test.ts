import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { runLike42, type Demo } from '../bed/demo/demo';
import { demoSettings, pressInline, reproduction } from '../bed/demo/mainJob';
import { projectRoot } from '../bed/demo/package';
import type { Workbench } from '../bed/host/host';
import {
  notification,
  openPalette,
  quickItem,
  screenshot,
  treeItem,
  waitForTerminal,
} from '../bed/host/person';
import type { RunSpec } from '../bed/jenkins/world';
import type { Sample } from '../bed/sample/sample';
import { assertNothingLeft, guardRepository, openBed, type E2eBed } from './bed';

/** In the night #45 passed, and #46 failed: the third failure on `master`, and the one that is new. */
function night({ commits, origin }: Sample): readonly RunSpec[] {
  const passed: RunSpec = { ...runLike42(45, commits.mended, origin), result: 'SUCCESS' };
  return [
    { ...passed, stages: [], log: 'Finished: SUCCESS\n' },
    runLike42(46, commits.broken, origin),
  ];
}

describe('In the morning a person', function () {
  this.timeout('4m');
  const stop = new AbortController();
  const { signal } = stop;
  const beds: E2eBed[] = [];
  let workbench: Workbench | undefined;
  let page: Page;

  const openWindow = async (
    context: Mocha.Context,
    vagrant: 'podman' | 'stand-in',
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<Demo> => {
    const bed = await openBed(context, { vagrant, chromium: true });
    beds.push(bed);
    const demo = await bed.demo({ prepare: (sample) => Promise.resolve(night(sample)) });
    workbench = await bed.open(demo, {
      signal,
      settings: { ...demoSettings(demo), ...settings },
      viewport: { width: 1400, height: 900 },
    });
    ({ page } = workbench);
    return demo;
  };
  const shot = (name: string): Promise<void> =>
    screenshot(page, join(projectRoot, 'out', 'morning', `${name}.png`));

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await shot('failure').catch(() => undefined);
    await workbench?.[Symbol.asyncDispose]();
    workbench = undefined;
  });
  after(async () => {
    stop.abort();
    for (const bed of beds) await bed[Symbol.asyncDispose]();
  });

  it('sees three failed runs, which one is new, and reproduces it with two clicks', async function () {
    const demo = await openWindow(this, 'podman');
    const untouched = guardRepository(demo);
    // Nothing was clicked yet: the window itself says that the branch is red.
    const status = page.locator('.statusbar-item', { hasText: 'CI #46' });
    await status.waitFor();
    await shot('1-window');

    await page
      .locator('.activitybar')
      .getByRole('tab', { name: /^CI Parity/ })
      .click();
    await treeItem(page, /^Run 46, failed in Build, new/).waitFor();
    for (const number of [44, 42]) {
      const row = treeItem(page, new RegExp(`^Run ${number}, failed`));
      await row.waitFor();
      assert.match(
        await labelOf(row),
        number === 44 ? /, flaky: passed in #45/ : /, mended in #43/,
      );
    }
    await shot('2-view');

    await pressInline(treeItem(page, /^Run 46,/), 'Reproduce');
    await waitForTerminal(page, /\+ \.\/contrib\/vagrant\/start\.sh/, { signal });
    await shot('3-terminal');
    await notification(page, 'reproduced: Build failed as in #46, same test');
    await assertNothingLeft(demo);
    untouched();
  });

  it('does it all by the keyboard: reads why it failed, opens the log there, and reproduces it', async function () {
    const demo = await openWindow(this, 'stand-in');
    await openPaletteByKeyboard(page, 'CI Parity: Focus on Runs View');
    const run = treeItem(page, /^Run 46,/);
    await run.waitFor();
    // VS Code gives the focus to a view only once there is something in it.
    await page.keyboard.press('Control+0');
    await page.keyboard.press('Home');
    for (let row = 0; row < 20 && (await focused(page)) !== (await labelOf(run)); row++)
      await page.keyboard.press('ArrowDown');
    assert.match(await focused(page), /^Run 46, failed in Build/);
    await page.keyboard.press('ArrowRight');
    const why = treeItem(page, /^What failed first: Build: \.\/contrib\/vagrant\/start\.sh/);
    await why.waitFor();
    await page.keyboard.press('ArrowDown');
    assert.match(
      await focused(page),
      /exit 1 — .*policy_test\.sh:53: egress web -> db:22: want DENIED, got ALLOWED/,
    );
    await page.keyboard.press('Enter');
    await page.locator('.tab.active', { hasText: '#46' }).waitFor();
    const line = page.locator('.editor-instance .view-line', { hasText: 'want' });
    await line.first().waitFor();
    await shot('4-keyboard-log');

    await openPaletteByKeyboard(page, 'CI Parity: Reproduce Failure…');
    await quickItem(page, /#46/).first().waitFor();
    await shot('5-keyboard-pick');
    await page.keyboard.press('Enter');
    await notification(page, 'reproduced: Build failed as in #46, same test');
    await reproduction(demo.stateDir, signal, ({ status }) => status.state === 'ended');
    await assertNothingLeft(demo);
  });

  it('reads everything in a high-contrast theme', async function () {
    await openWindow(this, 'stand-in', { 'workbench.colorTheme': 'Default High Contrast' });
    await openPalette(page, 'CI Parity: Focus on Runs View');
    const run = treeItem(page, /^Run 46,/);
    await run.locator('.monaco-tl-twistie').click();
    await treeItem(page, /^What failed first/).click();
    await page.locator('.tab.active', { hasText: '#46' }).waitFor();
    assert.equal(await page.locator('.monaco-workbench.hc-black').count(), 1);
    // No icon of ours is drawn in a colour that vanishes on the background.
    const colours = await page.evaluate<string[]>(`(() => {
      const icons = document.querySelectorAll('.tree-explorer-viewlet-tree-view .codicon');
      return [...icons].map((icon) => getComputedStyle(icon, '::before').color);
    })()`);
    assert.ok(colours.length > 10);
    assert.deepEqual(
      colours.filter((colour) => colour === 'rgb(0, 0, 0)'),
      [],
    );
    await shot('6-high-contrast');
  });
});

async function openPaletteByKeyboard(page: Page, command: string): Promise<void> {
  await page.keyboard.press('F1');
  await page.keyboard.type(command);
  await quickItem(page, command).first().waitFor();
  await page.keyboard.press('Enter');
}

/** The label of the tree's row that has the focus, as a screen reader says it. */
async function focused(page: Page): Promise<string> {
  const row = page.locator('.sidebar .monaco-list:focus-within .monaco-list-row.focused');
  return (await row.count()) === 0 ? '' : labelOf(row.first());
}

async function labelOf(row: { getAttribute(name: string): Promise<string | null> }) {
  return (await row.getAttribute('aria-label')) ?? '';
}
