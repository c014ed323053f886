import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { runLike42, type Demo } from '../bed/demo/demo';
import { projectRoot } from '../bed/demo/package';
import type { Workbench } from '../bed/host/host';
import {
  answerNotification,
  notification,
  openPalette,
  openView,
  pickQuickItem,
  screenshot,
  treeItem,
  waitForTerminal,
} from '../bed/host/person';
import type { RunSpec } from '../bed/jenkins/world';
import type { Sample } from '../bed/sample/sample';
import { assertNothingLeft, guardRepository, openBed, type E2eBed } from './bed';

const JOB = 'networking/cilium/master';

describe('A person who is told', function () {
  this.timeout('4m');
  const stop = new AbortController();
  const { signal } = stop;
  let bed: E2eBed;
  let demo: Demo;
  let workbench: Workbench;
  let page: Page;
  let untouched: () => void;

  before(async function () {
    bed = await openBed(this, { vagrant: 'stand-in', chromium: true });
    // Two runs go on when the window is opened, and end while somebody looks.
    const running = (number: number, { commits, origin }: Sample): RunSpec => {
      const { result, ...run } = runLike42(number, commits.broken, origin);
      assert.equal(result, 'FAILURE');
      return { ...run, building: true };
    };
    const prepare = (sample: Sample) => Promise.resolve([running(45, sample), running(46, sample)]);
    demo = await bed.demo({ prepare });
    untouched = guardRepository(demo);
    workbench = await bed.open(demo, { signal });
    page = workbench.page;
  });
  afterEach(async function () {
    const failed = this.currentTest?.state === 'failed' ? ' failed' : '';
    const name = `told ${(this.currentTest?.title ?? '').slice(0, 40)}${failed}.png`;
    await screenshot(page, join(projectRoot, 'out', 'e2e', name)).catch(() => undefined);
  });
  after(async () => {
    stop.abort();
    await workbench[Symbol.asyncDispose]();
    await bed[Symbol.asyncDispose]();
  });

  const status = (label: string) => page.locator('.statusbar-item', { hasText: label });

  it('sees what broke as soon as the window is open, and reproduces it in two clicks', async () => {
    await page.getByRole('button', { name: /#44 failed,.* new, .*want DENIED/ }).waitFor();
    await page.getByRole('tab', { name: /CI Parity.*1 new failure of master/ }).waitFor();
    await status('CI #46').click();
    await pickQuickItem(page, /Reproduce/);
    await notification(page, 'passed here: Build failed in #44');
    await assertNothingLeft(demo);
  });

  it('finds the failing test in the Test Explorer, where it comes out of a reproduction', async () => {
    await openView(page, 'Testing');
    const run = treeItem(page, new RegExp(`${JOB} #44 \\(Failed\\)`));
    await run.hover();
    await run.locator('.codicon-testing-run-icon').first().click();
    await treeItem(page, new RegExp(`${JOB} #44 \\(Passed\\)`)).waitFor();
    await waitForTerminal(page, /Press any key to close this terminal/, { signal });
    await assertNothingLeft(demo);
  });

  it('is told when the branch turns, and reproduces that from the notification', async () => {
    demo.jenkins.finish(JOB, 45, 'SUCCESS');
    await openPalette(page, 'CI Parity: Refresh');
    await notification(page, 'master is green again with #45.');
    demo.jenkins.finish(JOB, 46, 'FAILURE');
    await openPalette(page, 'CI Parity: Refresh');
    await answerNotification(page, /master turned red with #46: .*want DENIED/, 'Reproduce');
    await notification(page, 'reproduced: Build failed as in #46, same test');
    await assertNothingLeft(demo);
    untouched();
  });
});
