import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { LeaseWatch } from '../../src/editor/machines/leaseWatch';
import { demoSettings, findRun, pressInMenu, pressInline } from '../bed/demo/mainJob';
import type { Demo } from '../bed/demo/demo';
import { projectRoot } from '../bed/demo/package';
import type { Workbench } from '../bed/host/host';
import {
  answerDialog,
  answerNotification,
  notification,
  openPalette,
  openView,
  pickQuickItem,
  quickInput,
  reload,
  screenshot,
  treeItem,
  typeIntoTerminal,
  waitForTerminal,
} from '../bed/host/person';
import { startMetal, type MetalDouble } from '../bed/metal/double';
import { realDevices, type RealDevice } from '../bed/metal/realDevice';
import { needSshd } from '../bed/sshd';
import { farLeftovers, farMachines, farVagrant, type FarVagrant } from '../bed/vagrant/far';
import { without } from '../bed/without';
import {
  assertGivenBack,
  assertNothingLeft,
  guardRepository,
  lendTo,
  openBed,
  type E2eBed,
} from './bed';

describe('On a borrowed machine a person', function () {
  this.timeout('4m');
  const stop = new AbortController();
  const { signal } = stop;
  let bed: E2eBed;
  let demo: Demo;
  let vagrant: FarVagrant;
  let lent: Record<string, string>;
  let metal: MetalDouble | undefined;
  let workbench: Workbench | undefined;
  let page: Page;
  const shot = (name: string): Promise<void> =>
    screenshot(page, join(projectRoot, 'out', 'machines', `${name}.png`));

  before(async function () {
    await needSshd.call(this);
    const found = await farVagrant('podman', signal);
    if ('missing' in found) without(this, found.missing);
    vagrant = found;
    bed = await openBed(this, { vagrant: 'stand-in', chromium: true });
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await shot('failure').catch(() => undefined);
    await workbench?.[Symbol.asyncDispose]();
    await metal?.[Symbol.asyncDispose]();
  });
  after(async () => {
    stop.abort();
    await bed[Symbol.asyncDispose]();
  });

  /** A demo with the double as its lender, whose machines have a real Vagrant. */
  async function prepare(): Promise<{ metal: MetalDouble; devices: readonly RealDevice[] }> {
    demo = await bed.demo();
    const { boot, devices } = realDevices(vagrant.firstBoot, vagrant);
    metal = await startMetal({ boot });
    lent = await lendTo(demo, metal);
    return { metal, devices };
  }

  async function openWindow(
    env: Readonly<Record<string, string>> = {},
    settings: Readonly<Record<string, unknown>> = demoSettings(demo),
  ): Promise<void> {
    workbench = await bed.open(demo, {
      signal,
      settings,
      env: { ...lent, ...env },
      viewport: { width: 1400, height: 900 },
    });
    ({ page } = workbench);
  }

  async function borrowFor(time: string): Promise<void> {
    await openPalette(page, 'CI Parity: Borrow Machine…');
    await pickQuickItem(page, /^c3\.small\.x86 in Amsterdam/);
    await pickQuickItem(page, time);
    await answerDialog(page, /It costs up to 0\.75 USD/, 'Borrow');
    await notification(page, /yours for/);
  }

  /** The window takes up again what it has borrowed. */
  async function borrowAndReload(): Promise<void> {
    await openView(page, 'CI Parity');
    await borrowFor('1 hour');
    await reload(page);
    await openView(page, 'CI Parity');
    await theMachine().locator('.monaco-tl-twistie').click();
    await treeItem(page, "This window's").waitFor();
  }

  const theMachine = (): Locator => treeItem(page, /^Borrowed machine c3\.small\.x86 in Amsterdam/);

  it('has the real Vagrant reproduce a failed run there, also after a stop, logs in, and gives it back: the books are empty', async () => {
    const { metal: double, devices: real } = await prepare();
    const untouched = guardRepository(demo);
    await openWindow();
    const run = await findRun(page, 42);
    await openPalette(page, 'CI Parity: Set Token of Lender…');
    await quickInput(page).fill(double.token);
    await page.keyboard.press('Enter');

    await pressInMenu(page, run, 'Reproduce on a Borrowed Machine…');
    await pickQuickItem(page, /^c3\.small\.x86 in Amsterdam/);
    await pickQuickItem(page, /^2 hours/);
    await shot('1-agree');
    await answerDialog(page, /^.*It costs up to 1\.50 USD/s, 'Borrow');
    // It is borrowed and made ready before.
    await waitForTerminal(page, /Waiting for machine to boot/, { signal, timeoutMs: 120_000 });
    const [device] = real;
    assert.ok(device);
    assert.equal((await farMachines(vagrant, device.sshd)).length, 1);
    const machine = theMachine();
    await machine.waitFor();
    await page.locator('.statusbar-item', { hasText: /1 h 5\d min/ }).waitFor();
    await pressInline(treeItem(page, /^Reproduction of #42/), 'Stop');
    await notification(page, 'cancelled');
    assert.deepEqual(await farLeftovers(vagrant, device.sshd), []);

    await pressInMenu(page, run, 'Reproduce on a Borrowed Machine…');
    // The one that is lent already comes first.
    await pickQuickItem(page, /^c3\.small\.x86 in Amsterdam/);
    await waitForTerminal(page, /--- FAIL: TestPolicyEgressDeny/, { signal, timeoutMs: 120_000 });
    await notification(page, 'reproduced: Build failed as in #42, same test');
    assert.deepEqual(await farLeftovers(vagrant, device.sshd), []);
    await machine.locator('.monaco-tl-twistie').click();
    await treeItem(page, /^0\.75 USD an hour/).waitFor();
    await shot('2-reproduced');
    await assertNothingLeft(demo);
    untouched();

    await pressInline(machine, 'SSH In');
    await waitForTerminal(page, /[#$] ?$/m, { signal });
    await typeIntoTerminal(page, 'echo "$SSH_CONNECTION"\n');
    await waitForTerminal(page, new RegExp(` ${device.address.replaceAll('.', '\\.')} 22`), {
      signal,
    });
    await shot('3-ssh');

    await pressInline(machine, 'Return…');
    await answerDialog(page, /Give back c3\.small/, 'Return');
    await machine.waitFor({ state: 'detached' });
    await shot('4-returned');
    assertGivenBack(demo, double);
    assert.equal(await page.locator('.statusbar-item', { hasText: /\d min/ }).count(), 0);
  });

  it('keeps it through a reload, is asked about it when the window was closed, and returns it', async () => {
    const { metal: double } = await prepare();
    const env = { METAL_AUTH_TOKEN: double.token };
    await openWindow(env);
    await borrowAndReload();
    assert.equal(double.books().devices.length, 1);

    await workbench?.[Symbol.asyncDispose]();
    await openWindow(env);
    await openView(page, 'CI Parity');
    // Not at once: it may have been a reload, or the machine may be on its way back.
    const question = /is still borrowed, though its window was closed/;
    await page.locator('.notification-toast', { hasText: question }).waitFor({ timeout: 60_000 });
    await shot('5-asked');
    await answerNotification(page, question, 'Return…');
    await answerDialog(page, /Give back c3\.small/, 'Return');
    await theMachine().waitFor({ state: 'detached' });
    assertGivenBack(demo, double);
  });

  it('gives it back when the window closes, where that is wanted, and not when it is reloaded', async () => {
    const { metal: double } = await prepare();
    const settings = { ...demoSettings(demo), 'ciParity.machines.onClose': 'return' };
    await openWindow({ METAL_AUTH_TOKEN: double.token }, settings);
    await borrowAndReload();

    const changes = new EventEmitter();
    using watch = new LeaseWatch(() => changes.emit('change'), demo.stateDir);
    assert.equal(watch.all().length, 1);
    // The window alone: the bed would end its processes with it.
    await page.goto('about:blank');
    // Half a minute later, since it could have been a reload.
    while (watch.all().length > 0) await once(changes, 'change', { signal });
    assertGivenBack(demo, double);
  });
});
