import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { Demo } from '../bed/demo/demo';
import { demoSettings, editorEnv, findRun } from '../bed/demo/mainJob';
import { projectRoot } from '../bed/demo/package';
import { ensureHost, startWorkbench, type Workbench } from '../bed/host/host';
import { codeLens, openFile, openPalette, screenshot, treeItem } from '../bed/host/person';
import { largeJenkinsfile } from '../bed/sample/largeJenkinsfile';
import { guardRepository, openBed, type E2eBed } from './bed';

describe('A person who reads and writes Jenkinsfiles', function () {
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
    demo = await bed.demo();
    writeFileSync(join(demo.repository, 'large.Jenkinsfile'), largeJenkinsfile());
    untouched = guardRepository(demo);
    workbench = await startWorkbench({
      install: await ensureHost('newest', signal),
      folder: demo.repository,
      vsix: bed.packaged.vsix,
      signal,
      settings: { ...demoSettings(demo), 'files.autoSave': 'off' },
      env: editorEnv(demo),
      viewport: { width: 1400, height: 900 },
    });
    ({ page } = workbench);
    await findRun(page, 42);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await shot('failure').catch(() => undefined);
  });
  after(async () => {
    stop.abort();
    await workbench[Symbol.asyncDispose]();
    await bed[Symbol.asyncDispose]();
  });

  const shot = (name: string): Promise<void> =>
    screenshot(page, join(projectRoot, 'out', 'language', `${name}.png`));

  it('sees in the sample what each stage did in CI, where a value comes from, and what a step is', async () => {
    await openFile(page, 'Jenkinsfile');
    await codeLens(page, /failed in #44/)
      .first()
      .waitFor();
    await codeLens(page, 'Run this stage here').waitFor();

    const variable = await hover(page, word(page, 'MEMORY'));
    assert.match(variable, /4096/);
    assert.match(variable, /environment of stage\s+Build, line 11/);
    await shot('1-hover');
    const stage = await hover(page, word(page, 'stage', "stage('Build')"));
    assert.match(stage, /#44/);
    assert.match(stage, /median/i);
    await shot('2-stage');
    // A file that a step names is a link.
    assert.equal(await page.locator('.detected-link').first().isVisible(), true);
  });

  it('gets told at once what Jenkins would refuse, and finds it in the problems', async () => {
    await openFile(page, 'Jenkinsfile');
    await goTo(page, 9);
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('enviroment');
    await page.keyboard.press('Escape');
    await page.keyboard.type(' { X = "1" ');
    await openPalette(page, 'Problems: Focus on Problems View');
    const problem = page.locator('.markers-panel').getByRole('treeitem', { name: /enviroment/ });
    await problem.first().waitFor();
    await shot('3-problems');
    await openFile(page, 'Jenkinsfile');
    await openPalette(page, 'File: Revert File');
    await problem.first().waitFor({ state: 'detached' });
  });

  it('finds the way through a thousand lines by the outline', async () => {
    await openFile(page, 'large.Jenkinsfile');
    await openPalette(page, 'Explorer: Focus on Outline View');
    const suite = treeItem(page, /^Suite policy/);
    await suite.waitFor();
    await shot('4-outline');
    await codeLens(page, 'Run this stage here').first().waitFor();
    await goTo(page, 57);
    const value = await hover(page, word(page, 'RESULTS', 'make -C test/policy'));
    assert.match(value, /results\/policy\/1/);
    await shot('5-large-hover');
    const step = await hover(page, word(page, 'retry', 'retry(2)'));
    assert.match(step, /again/);
  });

  it('is offered what is legal there while typing', async () => {
    await openFile(page, 'large.Jenkinsfile');
    await goTo(page, 46);
    await page.keyboard.press('Home');
    await page.keyboard.type('archiveArt');
    await page.keyboard.press('Control+Space');
    const offered = page.locator('.suggest-widget .monaco-list-row', {
      hasText: 'archiveArtifacts',
    });
    await offered.first().waitFor();
    await shot('6-completion');
    await page.keyboard.press('Escape');
    await openPalette(page, 'File: Revert File');
    untouched();
  });

  it('follows a variable from the Vagrantfile to the Jenkinsfile that sets it', async () => {
    await openFile(page, 'Vagrantfile');
    const text = await hover(page, word(page, "'MEMORY'", 'p.memory'));
    assert.match(text, /4096/);
    await shot('7-vagrantfile');
    await word(page, "'MEMORY'", 'p.memory').click();
    await openPalette(page, 'Go to Definition');
    await page.locator('.tab.active', { hasText: 'Jenkinsfile' }).waitFor();
  });
});

/** A word that is shown in the editor, in a line with `line`. */
function word(page: Page, text: string, line = text): Locator {
  return page
    .locator('.editor-instance .view-line', { hasText: line })
    .first()
    .getByText(text, { exact: false })
    .last();
}

/** Puts the pointer on something, and gives what is shown beside it. */
async function hover(page: Page, at: Locator): Promise<string> {
  await page.mouse.move(0, 0);
  await at.hover();
  const box = page.locator('.monaco-hover:visible .hover-contents').first();
  await box.waitFor();
  return (await page.locator('.monaco-hover:visible').first().innerText()).replace(/\s+/g, ' ');
}

async function goTo(page: Page, line: number): Promise<void> {
  await page.keyboard.press('Control+G');
  await page.keyboard.type(String(line));
  await page.keyboard.press('Enter');
}
