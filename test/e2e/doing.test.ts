import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { packageExtension, projectRoot } from '../bed/demo/package';
import { ensureHost, findChromium, startWorkbench, type Workbench } from '../bed/host/host';
import { notification, openPalette, quickInput, quickItem, screenshot } from '../bed/host/person';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';
import { without } from '../bed/without';

describe('A person who builds a job', function () {
  this.timeout('4m');
  const stop = new AbortController();
  const { signal } = stop;
  const directory = mkdtempSync(join(tmpdir(), 'ci-parity-doing-'));
  let jenkins: JenkinsDouble | undefined;
  let workbench: Workbench | undefined;
  let page: Page;

  before(async function () {
    if (findChromium() === undefined)
      without(this, 'Chromium is missing: apt-get install chromium fonts-dejavu-core');
    const folder = join(directory, 'moat');
    await mkdir(folder);
    const { vsix } = await packageExtension(directory, signal);
    // Nobody has to sign in, so that each POST has to bring a crumb.
    jenkins = await startJenkins({
      world: {
        jobs: [
          {
            name: 'moat',
            definitions: [
              {
                name: 'TARGET',
                kind: 'Choice',
                choices: ['all', 'unit'],
                description: 'What to <b>test</b>',
              },
              { name: 'MEMORY', kind: 'String', default: '4096' },
              { name: 'CLEAN', kind: 'Boolean', default: true, description: 'Begin from scratch' },
              { name: 'TOKEN', kind: 'Password' },
            ],
            runs: [{ number: 7, result: 'SUCCESS' }],
          },
        ],
      },
      waits: true,
    });
    workbench = await startWorkbench({
      install: await ensureHost('newest', signal),
      folder,
      vsix,
      signal,
      settings: {
        'ciParity.servers': [{ url: jenkins.base, name: 'ci' }],
        'ciParity.jobs': [`${jenkins.base}job/moat/`],
      },
      viewport: { width: 1200, height: 800 },
    });
    ({ page } = workbench);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await shot('failure').catch(() => undefined);
  });
  after(async () => {
    stop.abort();
    await workbench?.[Symbol.asyncDispose]();
    await jenkins?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const shot = (name: string): Promise<void> =>
    screenshot(page, join(projectRoot, 'out', 'doing', `${name}.png`));
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const active = (label: string) =>
    page.locator('.quick-input-list .monaco-list-row.focused', { hasText: label }).waitFor();

  it('fills in the form by the keyboard alone, and is led to the run', async () => {
    assert.ok(jenkins);
    await openPalette(page, 'CI Parity: Build Job…');
    await quickItem(page, 'moat').waitFor();
    await press('Enter');
    await active('TARGET');
    await shot('1-form');
    await press('Enter');
    await quickItem(page, 'unit').waitFor();
    await press('ArrowDown');
    await active('unit');
    await press('Enter');
    // It comes back to the line that was changed.
    await active('TARGET');
    await press('ArrowDown', 'ArrowDown');
    await active('CLEAN');
    await press('Enter');
    await page.locator('.quick-input-list', { hasText: 'no · default: yes' }).waitFor();
    await active('CLEAN');
    await press('ArrowDown', 'Enter');
    await quickInput(page).and(page.locator('[type=password]')).fill('s3cret');
    await press('Enter');
    await active('TOKEN');
    await shot('2-filled');
    await press('ArrowDown');
    await active('Build');
    await press('Enter');
    await notification(page, /Waiting for next available executor/);
    await shot('3-waiting');
    jenkins.start();
    await notification(page, /Build #8 of moat started\./);
    await shot('4-started');
    assert.deepEqual(
      jenkins.run('moat', 8).parameters?.map(({ value }) => value),
      ['unit', '4096', false, 's3cret'],
    );
  });
});
