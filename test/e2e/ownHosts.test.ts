import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Page } from 'playwright-core';
import { readLedger } from '../../src/machines/leases/ledger';
import { pressInline } from '../bed/demo/mainJob';
import type { Demo } from '../bed/demo/demo';
import { projectRoot } from '../bed/demo/package';
import type { Workbench } from '../bed/host/host';
import {
  answerDialog,
  notification,
  openPalette,
  openView,
  pickQuickItem,
  quickInput,
  screenshot,
  treeItem,
  typeIntoQuickInput,
} from '../bed/host/person';
import { standInPackages } from '../bed/packages';
import { needSshd, startSshd } from '../bed/sshd';
import { openBed, type E2eBed } from './bed';

describe('A person with hosts of their own', function () {
  this.timeout('4m');
  const stop = new AbortController();
  const { signal } = stop;
  let bed: E2eBed;
  let demo: Demo;
  let workbench: Workbench | undefined;
  let page: Page;
  const shot = (name: string): Promise<void> =>
    screenshot(page, join(projectRoot, 'out', 'machines', `${name}.png`));

  before(async function () {
    await needSshd.call(this);
    bed = await openBed(this, { vagrant: 'stand-in', chromium: true });
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await shot('failure').catch(() => undefined);
    await workbench?.[Symbol.asyncDispose]();
  });
  after(async () => {
    stop.abort();
    await bed[Symbol.asyncDispose]();
  });

  async function openWindow(): Promise<void> {
    workbench = await bed.open(demo, {
      signal,
      env: { XDG_CONFIG_HOME: join(demo.root, 'config') },
      viewport: { width: 1400, height: 900 },
    });
    ({ page } = workbench);
  }

  it('uses a host of their own whose key is locked and which is not known yet', async () => {
    demo = await bed.demo();
    await using host = await startSshd({ passphrase: 'open sesame', firstBoot: standInPackages() });
    await openWindow();
    await openView(page, 'CI Parity');
    await page.getByText('Borrow a machine, reproduce a failure on it').waitFor();
    await shot('10-empty');
    await workbench?.[Symbol.asyncDispose]();

    const { address, port, user, keyFile } = host;
    const pool = { kind: 'pool', name: 'lab', hosts: [{ host: address, port, user, keyFile }] };
    await mkdir(join(demo.root, 'config', 'ci-parity'), { recursive: true });
    const settings = JSON.stringify({ lenders: [pool] });
    await writeFile(join(demo.root, 'config', 'ci-parity', 'lenders.json'), settings);
    await openWindow();
    await openView(page, 'CI Parity');
    await treeItem(page, 'Machines that may be borrowed').locator('.monaco-tl-twistie').click();
    // Nobody is asked anything before they want it.
    await treeItem(page, /Answer What Hosts Ask/).waitFor();
    await shot('11-unasked');
    await treeItem(page, /Answer What Hosts Ask/).click();
    const question = page.locator('.monaco-dialog-box');
    await question.waitFor();
    const { stdout } = await execa('ssh-keygen', ['-lf', '-'], { input: host.hostKey });
    const fingerprint = /SHA256:\S+/.exec(stdout)?.[0] ?? '?';
    await question.getByText(fingerprint).waitFor();
    await shot('12-host-key');
    await answerDialog(page, /^.*Is this the key of/s, 'Trust');
    await quickInput(page).waitFor();
    await shot('13-passphrase');
    await typeIntoQuickInput(page, 'open sesame');
    const offer = treeItem(page, /^Of lab: /).filter({ hasText: 'GB' });
    await offer.waitFor();
    await shot('14-offers');

    await pressInline(offer, 'Borrow Machine…');
    await pickQuickItem(page, '1 hour');
    await answerDialog(page, /^.*Borrow /s, 'Borrow');
    await page
      .locator('.monaco-dialog-box')
      .getByText(/^It lacks/)
      .waitFor();
    await shot('15-install');
    await answerDialog(page, /Install what is missing/, 'Do Not Install');
    const machine = treeItem(page, /^Borrowed machine /);
    await notification(page, /is yours for .*, but it lacks/);
    await shot('16-unready');
    await machine.locator('.monaco-tl-twistie').click();
    await treeItem(page, /^Not ready: it lacks/).click();
    await answerDialog(page, /Install what is missing/, 'Install');
    await notification(page, /, and ready\.$/);
    await treeItem(page, /^Reached by SSH at/)
      .filter({ hasText: 'made ready' })
      .waitFor();
    await shot('17-ready');
    await machine.click({ button: 'right' });
    await page.locator('.monaco-menu').waitFor();
    await shot('18-menu');
    await page.keyboard.press('Escape');

    // By the keyboard alone.
    await openPalette(page, 'CI Parity: Borrowed Machine…');
    await quickInput(page).waitFor();
    await shot('19-actions');
    await page.keyboard.type('Return');
    await page.keyboard.press('Enter');
    await answerDialog(page, /Give back /, 'Return');
    await machine.waitFor({ state: 'detached' });
    assert.deepEqual(readLedger(demo.stateDir), { leases: [], damaged: [] });
    await shot('20-returned');
  });
});
