import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { listReproductions } from '../../src/reproduce/store';
import type { Demo } from '../bed/demo/demo';
import {
  demoSettings,
  editorSettings,
  findRun,
  pressInline,
  reproduction,
  unfoldRun,
} from '../bed/demo/mainJob';
import { projectRoot } from '../bed/demo/package';
import { ensureHost, type Workbench } from '../bed/host/host';
import {
  codeLens,
  notification,
  openFile,
  openPalette,
  openView,
  pickQuickItem,
  screenshot,
  treeItem,
  typeIntoQuickInput,
  waitForTerminal,
} from '../bed/host/person';
import { assertNothingLeft, guardRepository, openBed, type E2eBed } from './bed';

describe('A person with VS Code', function () {
  this.timeout('4m');
  const stop = new AbortController();
  const { signal } = stop;
  const beds: E2eBed[] = [];
  let workbench: Workbench | undefined;

  before(async () => {
    await ensureHost('newest', signal);
  });
  afterEach(async function () {
    const failed = this.currentTest?.state === 'failed';
    if (failed && workbench !== undefined) await lastLook(workbench.page);
    await workbench?.[Symbol.asyncDispose]();
    workbench = undefined;
  });
  after(async () => {
    stop.abort();
    for (const bed of beds) await bed[Symbol.asyncDispose]();
  });

  /** VS Code on the demo's repository, with the packaged extension. */
  const openWorkbench = async (
    bed: E2eBed,
    demo: Demo,
    settings: Readonly<Record<string, unknown>>,
  ): Promise<Page> => {
    workbench = await bed.open(demo, { signal, settings });
    return workbench.page;
  };

  it('connects to Jenkins, reproduces the failed run in a VM by libvirt, and finds nothing left', async function () {
    const bed = await openBed(this, { vagrant: 'libvirt', chromium: true });
    beds.push(bed);
    const demo = await bed.demo();
    const page = await openWorkbench(bed, demo, editorSettings(demo));
    await openView(page, 'CI Parity');
    await page.locator('.welcome-view-content .monaco-button', { hasText: 'Connect' }).click();
    await typeIntoQuickInput(page, demo.failedRunUrl, /address of any page of your Jenkins/);
    await pickQuickItem(page, /Anonymously/);
    await pickQuickItem(page, /networking/);
    await pickQuickItem(page, /cilium/);
    await unfoldRun(page, 42, 'TestPolicyEgressDeny');
    // The job was written into the folder's settings.
    const untouched = guardRepository(demo);

    await pressInline(await findRun(page, 42), 'Reproduce');
    const shown = await waitForTerminal(page, /guest memory: (\d+) kB/, {
      signal,
      timeoutMs: 120_000,
    });
    const memory = Number(/guest memory: (\d+) kB/.exec(shown)?.[1]);
    assert.ok(Math.abs(memory - 4_021_248) < 0.05 * 4_021_248, `${memory} kB`);
    await waitForTerminal(page, /--- FAIL: TestPolicyEgressDeny/, { signal, timeoutMs: 60_000 });
    const sentence = 'reproduced: Build failed as in #42, same test';
    await notification(page, sentence);
    await treeItem(page, /^Reproduction of #42 .*, reproduced/).waitFor();
    await waitForTerminal(page, new RegExp(sentence), { signal });

    const { files } = await reproduction(
      demo.stateDir,
      signal,
      ({ status }) => status.state === 'ended',
    );
    const output = readFileSync(files.output, 'utf8');
    assert.match(output, /Creating domain/);
    assert.match(output, /\+ vagrant destroy -f/);
    await assertNothingLeft(demo);
    await waitForTerminal(page, /Press any key to close this terminal/, { signal });
    await page.locator('.terminal-wrapper.active .xterm').click();
    await page.keyboard.press('Enter');
    await page.locator('.terminal-wrapper.active').waitFor({ state: 'detached' });
    untouched();
  });

  it('learns by an address that a flaky run passes here, and stops and starts others', async function () {
    const bed = await openBed(this, { vagrant: 'podman', chromium: true });
    beds.push(bed);
    const demo = await bed.demo();
    const untouched = guardRepository(demo);
    const page = await openWorkbench(bed, demo, demoSettings(demo));
    // The palette lists the command once the window knows that the folder is trusted.
    await findRun(page, 44);
    await openPalette(page, 'CI Parity: Reproduce from URL…');
    await typeIntoQuickInput(page, `${demo.runUrl(44)}console`, /address of a failed run/);
    await notification(page, 'passed here: Build failed in #44');
    await treeItem(page, /^Reproduction of #44 .*, passed here/).waitFor();
    await assertNothingLeft(demo);

    // From the Jenkinsfile, this time stopped by the button of the view.
    await openFile(page, 'Jenkinsfile');
    await codeLens(page, /failed in #44/)
      .first()
      .waitFor();
    await codeLens(page, 'Run this stage here').click();
    await waitForTerminal(page, /Waiting for machine to boot/, { signal });
    await pressInline(treeItem(page, /^Reproduction of .*Build/), 'Stop');
    await notification(page, 'cancelled');
    await assertNothingLeft(demo);
    assert.equal(listReproductions(demo.stateDir).length, 2);
    untouched();
  });
});

async function lastLook(page: Page): Promise<void> {
  await screenshot(page, join(projectRoot, 'out', 'e2e', 'person.png')).catch(() => undefined);
}
