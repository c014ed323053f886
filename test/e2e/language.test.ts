import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Demo } from '../bed/demo/demo';
import { demoSettings, findRun } from '../bed/demo/mainJob';
import { projectRoot } from '../bed/demo/package';
import type { Workbench } from '../bed/host/host';
import {
  clickWord,
  codeLens,
  goToLine,
  hoverWord,
  openFile,
  openPalette,
  quickInput,
  quickItem,
  screenshot,
  treeItem,
} from '../bed/host/person';
import { largeJenkinsfile } from '../bed/sample/largeJenkinsfile';
import { guardRepository, openBed, type E2eBed } from './bed';

describe('A person who reads and writes Jenkinsfiles', function () {
  this.timeout('4m');
  const stop = new AbortController();
  const { signal } = stop;
  let bed: E2eBed | undefined;
  let demo: Demo;
  let workbench: Workbench | undefined;
  let page: Page;
  let untouched: () => void;

  before(async function () {
    bed = await openBed(this, { vagrant: 'stand-in', chromium: true });
    demo = await bed.demo();
    writeFileSync(join(demo.repository, 'large.Jenkinsfile'), largeJenkinsfile());
    untouched = guardRepository(demo);
    workbench = await bed.open(demo, {
      signal,
      settings: { ...demoSettings(demo), 'files.autoSave': 'off' },
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
    await workbench?.[Symbol.asyncDispose]();
    await bed?.[Symbol.asyncDispose]();
  });

  const shot = (name: string): Promise<void> =>
    screenshot(page, join(projectRoot, 'out', 'language', `${name}.png`));

  it('sees in the sample what each stage did in CI, where a value comes from, and what a step is', async () => {
    await openFile(page, 'Jenkinsfile');
    await codeLens(page, /failed in #44/)
      .first()
      .waitFor();
    await codeLens(page, 'Run this stage here').waitFor();

    const variable = await hoverWord(page, 'MEMORY', 'MEMORY');
    assert.match(variable, /4096/);
    assert.match(variable, /environment of stage\s+Build, line 11/);
    await shot('1-hover');
    const stage = await hoverWord(page, "stage('Build')", 'Build');
    assert.match(stage, /#44/);
    assert.match(stage, /median/i);
    await shot('2-stage');
    // A file that a step names is a link.
    assert.equal(await page.locator('.detected-link').first().isVisible(), true);
  });

  it('gets told at once what Jenkins would refuse, and finds it in the problems', async () => {
    await openFile(page, 'Jenkinsfile');
    await goToLine(page, 9);
    await page.keyboard.press('End');
    // As from the clipboard: what is offered while typing would mend the word.
    await page.keyboard.insertText('\n            enviroment { X = "1" }');
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
    await openPalette(page, 'View: Hide Panel');
    await openPalette(page, 'Explorer: Focus on Outline View');
    // The view shares its place with the files, which are folded for it.
    await page.locator('.pane-header', { hasText: 'moat' }).click();
    await treeItem(page, /^Suite policy/).waitFor();
    await shot('4-outline');
    await page.keyboard.press('Escape');
    await openFile(page, 'large.Jenkinsfile');
    await page.keyboard.press('Control+Shift+O');
    await quickInput(page).fill('@hubble: te');
    await quickItem(page, 'hubble: test').waitFor();
    await quickInput(page).press('Enter');
    await page.locator('.view-line', { hasText: "stage('hubble: test')" }).first().waitFor();
    await codeLens(page, 'Run this stage here').filter({ visible: true }).first().waitFor();
    await goToLine(page, 57);
    const value = await hoverWord(page, 'make -C test/policy', 'RESULTS');
    assert.match(value, /results\/policy\/1/);
    await shot('5-large-hover');
    const step = await hoverWord(page, 'retry(2)', 'retry');
    assert.match(step, /again/);
  });

  it('is offered what is legal there while typing', async () => {
    await openFile(page, 'large.Jenkinsfile');
    await goToLine(page, 46);
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('archiveArt');
    // Words of the text are offered by the editor itself; ours says what it is.
    const offered = page.locator('.suggest-widget .monaco-list-row.focused', {
      has: page.locator(
        '.codicon-symbol-function, .codicon-symbol-method, .codicon-symbol-snippet',
      ),
      hasText: 'archiveArtifacts',
    });
    await offered.waitFor();
    await shot('6-completion');
    await page.keyboard.press('Escape');
    await openPalette(page, 'File: Revert File');
  });

  it('follows a variable from the Vagrantfile to the Jenkinsfile that sets it', async () => {
    await openFile(page, 'Vagrantfile');
    const text = await hoverWord(page, 'p.memory', 'MEMORY');
    assert.match(text, /4096/);
    await shot('7-vagrantfile');
    await clickWord(page, 'p.memory', 'MEMORY');
    await openPalette(page, 'Go to Definition');
    // Two Jenkinsfiles set it, so the editor shows both.
    const places = page.locator('.peekview-widget');
    await places
      .getByRole('treeitem', { name: /in large\.Jenkinsfile/ })
      .first()
      .waitFor();
    await shot('8-definitions');
    untouched();
  });
});
