import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { findRun, pressInline } from '../bed/demo/mainJob';
import { projectRoot } from '../bed/demo/package';
import type { Demo } from '../bed/demo/demo';
import type { Workbench } from '../bed/host/host';
import { notification, screenshot, treeItem } from '../bed/host/person';
import { assertNothingLeft, guardRepository, openBed, type E2eBed } from './bed';

/** The row that says that the server answers nobody. */
const TROUBLE = /, since \d+:\d\d/;

describe('While Jenkins is down a person', function () {
  this.timeout('4m');
  const stop = new AbortController();
  const { signal } = stop;
  let bed: E2eBed;
  let workbench: Workbench | undefined;
  let page: Page;

  const openWindow = async (demo: Demo): Promise<void> => {
    workbench = await bed.open(demo, { signal });
    ({ page } = workbench);
  };
  const closeWindow = async (): Promise<void> => {
    await workbench?.[Symbol.asyncDispose]();
    workbench = undefined;
  };
  const shot = (name: string): Promise<void> =>
    screenshot(page, join(projectRoot, 'out', 'offline', `${name}.png`));

  before(async function () {
    bed = await openBed(this, { vagrant: 'stand-in', chromium: true });
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await shot('failure').catch(() => undefined);
    await closeWindow();
  });
  after(async () => {
    stop.abort();
    await bed[Symbol.asyncDispose]();
  });

  it('sees the runs of yesterday, reads why one failed, and reproduces it; and all heals by itself', async () => {
    const demo = await bed.demo();
    const untouched = guardRepository(demo);
    await openWindow(demo);
    const seen = await findRun(page, 42);
    await seen.locator('.monaco-tl-twistie').click();
    await treeItem(page, /^What failed first: Build:/).waitFor();
    await closeWindow();

    const down = await demo.jenkins.down();
    try {
      await openWindow(demo);
      const run = await findRun(page, 42);
      await treeItem(page, TROUBLE).waitFor();
      assert.equal(await treeItem(page, TROUBLE).count(), 1);
      await run.locator('.monaco-tl-twistie').click();
      await treeItem(page, /^What failed first: Build: .*exit 1/).waitFor();
      await treeItem(page, /^Failed test TestPolicyEgressDeny/).waitFor();
      await page.locator('.statusbar-item', { hasText: 'CI #44' }).waitFor();
      await shot('1-down');
      await pressInline(run, 'Reproduce');
      await notification(page, 'reproduced: Build failed as in #42, same test');
      await shot('2-reproduced');
    } finally {
      await down[Symbol.asyncDispose]();
    }
    await treeItem(page, TROUBLE).waitFor({ state: 'detached', timeout: 120_000 });
    await shot('3-back');
    await assertNothingLeft(demo);
    untouched();
  });
});
