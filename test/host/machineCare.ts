import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { Attachment } from '../../src/attach/ledger';
import { stateDirectory } from '../../src/base/stateDirectory';
import { lookAfter } from '../../src/editor/machines/beginning';
import { Countdown } from '../../src/editor/machines/countdown';
import type { MachineNode } from '../../src/editor/machines/machineRows';
import { MachineNotices } from '../../src/editor/machines/notices';
import { Questions } from '../../src/editor/machines/questions';
import { whoWeAre, type Lease } from '../../src/machines/leases/ledger';
import { createReproduction, readReproduction } from '../../src/reproduce/store';
import { lendByScripts, type ScriptLender } from '../bed/scriptLender';
import { knownAt, leaseFor, NOW } from '../editor/machines/leases';
import { recipeFor } from '../reproduce/recipes';
import { api, folder as repository, until } from './bed';
import { personIn, type Person } from './person';
import { standIns } from './standIns';

const { signal } = new AbortController();
const MINUTE = 60_000;

describe('what is told and asked about borrowed machines', () => {
  const stand = standIns();
  let person: Person;
  /** Commands that buttons ran, with the lease that they are about. */
  let ran: (readonly [string, string | undefined])[];
  const claimed = new Set<string>();
  const claim = (key: string): boolean => {
    const first = !claimed.has(key);
    claimed.add(key);
    return first;
  };
  let notices: MachineNotices;

  beforeEach(() => {
    person = personIn(stand);
    ran = [];
    claimed.clear();
    notices = new MachineNotices(claim);
    stand.replace(vscode.commands, 'executeCommand', (command: string, node?: { id: string }) => {
      ran.push([command, node?.id]);
      return Promise.resolve();
    });
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const returning = (attempts: number): Lease =>
    leaseFor({ state: { kind: 'returning', wasLent: true, attempts, problem: 'HTTP 503' } });

  it('is the end that comes near, once for each end, with what can be done', async () => {
    person.presses = 'SSH In';
    const lease = leaseFor({ end: NOW + 8 * MINUTE });
    for (const now of [NOW - 3 * MINUTE, NOW, NOW + MINUTE]) notices.look([lease], new Set(), now);
    notices.look([{ ...lease, end: NOW + 9 * MINUTE }], new Set(), NOW);
    await settled();
    const title = 'c3.small.x86 in Amsterdam (am)';
    assert.deepEqual(person.notified, [`${title} ends in 8 min`, `${title} ends in 9 min`]);
    assert.deepEqual(ran[0], ['ciParity.machineSsh', lease.id]);
    // Another window of the same person has told it already.
    notices = new MachineNotices(() => false);
    notices.look([lease], new Set(), NOW);
    assert.equal(person.notified.length, 2);
  });

  it('is a machine that could not be given back, once a day, unless this window is at it', async () => {
    person.presses = 'Try Again';
    // It is tried more often before anybody is told.
    notices.look([returning(1)], new Set(), NOW);
    notices.look([returning(3)], new Set(['abcdef123456']), NOW);
    assert.deepEqual(person.notified, []);
    for (const attempts of [3, 4]) notices.look([returning(attempts)], new Set(), NOW);
    await settled();
    assert.equal(person.notified.length, 1);
    assert.match(
      person.notified.join(),
      /could not be given back: HTTP 503\. It may still cost money/,
    );
    assert.deepEqual(ran, [['ciParity.machineReturn', 'abcdef123456']]);
    // It costs on, whatever was told yesterday.
    notices.look([returning(4)], new Set(), NOW + 24 * 60 * MINUTE);
    assert.equal(person.notified.length, 2);
  });

  it('stays in the status bar, in red, as long as a machine could not be given back', () => {
    let now = NOW;
    const countdown = new Countdown(() => knownAt(now));
    try {
      countdown.update([returning(1)]);
      assert.equal(countdown.text, '');
      countdown.update([returning(2)]);
      assert.equal(countdown.text, '$(warning) not given back');
      assert.deepEqual(countdown.background, 'statusBarItem.errorBackground');
      countdown.update([returning(2), { ...leaseFor(), id: 'other0000000' }]);
      assert.equal(countdown.text, '$(vm) 1 h 10 min $(warning) not given back');
      now += 65 * MINUTE;
      countdown.update([leaseFor()]);
      assert.deepEqual(
        [countdown.text, countdown.background],
        ['$(vm) 5 min', 'statusBarItem.warningBackground'],
      );
    } finally {
      countdown[Symbol.dispose]();
    }
  });

  it('is a machine that is gone by itself, once, with the way to another one', async () => {
    person.presses = 'Borrow Another…';
    for (let time = 0; time < 2; time++) notices.tell({ kind: 'gone', lease: leaseFor() });
    await settled();
    assert.match(
      person.notified.join(),
      /^c3\.small\S+ .* is gone before its end: metal has it no/,
    );
    assert.deepEqual(ran, [['ciParity.borrowMachine', undefined]]);
  });

  it('is that its end could not be moved, once for each end', async () => {
    person.presses = 'Extend…';
    const lease = leaseFor();
    for (const until of [lease.until, lease.until, lease.until + MINUTE])
      notices.tell({ kind: 'cannot extend', lease: { ...lease, until }, why: 'HTTP 503' });
    await settled();
    assert.equal(person.notified.length, 2);
    assert.match(person.notified.join(), /may end at .* could not be told to wait: HTTP 503/);
    assert.deepEqual(ran[0], ['ciParity.machineExtend', lease.id]);
  });

  it('is a machine whose window has closed, once', async () => {
    person.presses = 'Keep';
    const lease = leaseFor({ letGo: { at: NOW, end: NOW + 70 * MINUTE } });
    for (let time = 0; time < 2; time++) notices.askAbout(lease, NOW);
    await settled();
    assert.match(person.notified.join(), /is still borrowed, though .* It has cost 0\.50 USD/);
    assert.deepEqual(ran, [['ciParity.machineKeep', lease.id]]);
  });

  it('is what was found at the start: given back, not to be given back, or not to be asked about', async () => {
    const output = vscode.window.createOutputChannel('host care', { log: true });
    const quiets: (boolean | undefined)[] = [];
    const left = ['metal could not be asked: HTTP 503', 'lab could not be asked: no way'];
    const ask = (_verb: string, { quiet }: { quiet?: boolean }) => {
      quiets.push(quiet);
      return Promise.resolve(
        quiet === true
          ? { returned: ['a box of metal'], left, others: [] }
          : { returned: [], left: [], others: [] },
      );
    };
    const unreturned: string[] = [];
    const beginning = {
      attendant: { ask } as never,
      leases: () => [leaseFor(), { ...returning(1), id: 'other0000000' }],
      unreturned: (lease: Lease, problem: string) => unreturned.push(`${lease.id}: ${problem}`),
      output,
    };
    person.presses = 'Look Again';
    await lookAfter(beginning, true, signal);
    output.dispose();
    assert.deepEqual(person.notified, [
      'Given back, since nobody used it any more: a box of metal',
      // Of "lab" nothing is lent.
      'Borrowed machines could not be looked after: metal could not be asked: HTTP 503',
    ]);
    assert.equal(unreturned[0], 'other0000000: HTTP 503');
    assert.deepEqual(quiets, [true, false]);
  });

  it('is a passphrase, which is not shown and not asked for twice, but where it was wrong', async () => {
    const questions = new Questions();
    const ask = (again: boolean, quiet = false) =>
      questions.answer({ kind: 'passphrase', keyFile: '/keys/id_lab', again }, quiet, signal);
    person.types.push('wrong', 'right');
    assert.equal(await ask(false, true), null);
    assert.deepEqual(
      [await ask(false), await ask(true), await ask(false), await ask(false, true)],
      ['wrong', 'right', 'right', 'right'],
    );
    assert.deepEqual(
      person.boxes.map(({ title, password, ignoreFocusOut }) => [title, password, ignoreFocusOut]),
      [
        ['Passphrase of /keys/id_lab', true, true],
        ['Passphrase of /keys/id_lab', true, true],
      ],
    );
    assert.match(person.boxes[1]?.prompt ?? '', /^That was wrong\./);
  });

  it('is whether a host key is the right one, with its fingerprint', async () => {
    const questions = new Questions();
    const key = { host: '[lab]:2222', type: 'ssh-ed25519', fingerprint: 'SHA256:abc+def' };
    const ask = (quiet = false) => questions.answer({ kind: 'host key', ...key }, quiet, signal);
    person.agrees.push('Trust');
    assert.deepEqual([await ask(true), await ask(), await ask()], [null, true, false]);
    assert.equal(person.asked.length, 2);
    assert.match(person.asked[0] ?? '', /Is this the key of \[lab\]:2222\?/);
    assert.match(person.asked[0] ?? '', /SHA256:abc\+def[^]*ssh_host_ed25519_key\.pub/);
  });

  it('is whether what is missing may be installed on a host', async () => {
    const questions = new Questions();
    const ask = (quiet = false) =>
      questions.answer({ kind: 'install', host: 'lab', lacks: 'rsync, virsh' }, quiet, signal);
    person.agrees.push('Install', 'Do Not Install');
    assert.deepEqual(
      [await ask(true), await ask(), await ask(), await ask()],
      [null, true, false, null],
    );
    assert.match(person.asked[0] ?? '', /on lab\?\nIt lacks rsync, virsh\./);
  });
});

describe('borrowed machines, once they are there', function () {
  this.timeout(60_000);
  const stand = standIns();
  let person: Person;
  let directory: string;
  let lender: ScriptLender;
  const before = { HOME: process.env['HOME'], XDG_STATE_HOME: process.env['XDG_STATE_HOME'] };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'ci-parity-host-care-'));
    lender = lendByScripts(directory);
    person = personIn(stand);
    await vscode.commands.executeCommand('ciParity.refreshOffers');
  });
  afterEach(async () => {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    lender.break(false);
    const { machines } = await api();
    const { attendant, watch } = await machines.load();
    await machines.getChildren();
    for (const { id } of watch.all()) await attendant.ask('return', { lease: id }, signal);
    await until(machines.onDidChangeTreeData, () => watch.all().length === 0);
    lender.remove();
    await vscode.commands.executeCommand('ciParity.refreshOffers');
    rmSync(directory, { recursive: true, force: true });
  });

  async function items(below?: MachineNode): Promise<vscode.TreeItem[]> {
    const { machines } = await api();
    const nodes = await machines.getChildren(below);
    return Promise.all(nodes.map((node) => machines.getTreeItem(node)));
  }
  async function borrow(): Promise<MachineNode & { kind: 'lease' }> {
    const { machines } = await api();
    await items();
    const { attendant } = await machines.load();
    const wish = { lender: 'boxes', offer: 'big', hours: 2 };
    const { id } = await attendant.ask('borrow', wish, signal);
    await until(machines.onDidChangeTreeData, async () =>
      / left/.test(String((await items())[0]?.description)),
    );
    return { kind: 'lease', id };
  }

  it('say why they are not ready, and are made ready by a click on that', async () => {
    const { machines } = await api();
    const node = await borrow();
    await vscode.commands.executeCommand('ciParity.machineReady', node);
    assert.match(person.notified.at(-1) ?? '', /not ready: 127\.0\.0\.1 refuses connections/);
    await until(machines.onDidChangeTreeData, async () =>
      /, not ready/.test(String((await items())[0]?.description)),
    );
    const [item] = await items();
    assert.equal(item?.contextValue, 'lease.lent.unready');
    const [fact] = await items(node);
    assert.match(labelOf(fact), /^Not ready: 127\.0\.0\.1 refuses connections/);
    const { command, arguments: given = [] } = fact?.command ?? {};
    person.notified.splice(0);
    await vscode.commands.executeCommand(String(command), ...(given as unknown[]));
    assert.equal(person.notified.length, 1);
  });

  it('are no place for a reproduction before they are ready', async () => {
    const terminals = stand.catchTerminals();
    const { id } = await borrow();
    await again({ lease: id });
    assert.match(person.notified.join(), /refuses connections/);
    assert.deepEqual(terminals, []);
  });

  it('show of which Jenkins they are agents, and what can be undone', async () => {
    const { machines } = await api();
    const node = await borrow();
    const agents = join(stateDirectory(), 'agents');
    mkdirSync(agents, { recursive: true });
    const attachment: Attachment = {
      ...{ version: 1, id: node.id, machine: { lease: node.id }, name: 'metal', state: 'attached' },
      ...{ server: 'http://127.0.0.1:1/', labels: 'vagrant', owner: { who: whoWeAre() } },
    };
    writeFileSync(join(agents, `${node.id}.json`), JSON.stringify(attachment));
    await until(machines.onDidChangeTreeData, async () =>
      / · agent of 127\.0\.0\.1:1 \(vagrant\)$/.test(String((await items())[0]?.description)),
    );
    assert.match(String((await items())[0]?.contextValue), /^lease\.lent.*\.attached$/);
    rmSync(join(agents, `${node.id}.json`));
    await until(machines.onDidChangeTreeData, async () =>
      /^lease\.lent(?!.*attached)/.test(String((await items())[0]?.contextValue)),
    );
  });

  it('are told of at the end of the attempts to give them back, and not at each', async () => {
    const { machines } = await api();
    const node = await borrow();
    const { watch } = await machines.load();
    lender.break(true);
    person.agrees.push('Return');
    const returning = vscode.commands.executeCommand('ciParity.machineReturn', node);
    await until(machines.onDidChangeTreeData, () => {
      const [lease] = watch.all();
      return lease?.state.kind === 'returning' && lease.state.attempts > 1;
    });
    // This window is at it: it tells how it ends, and not each attempt.
    assert.deepEqual(person.notified, []);
    lender.break(false);
    await returning;
    await until(machines.onDidChangeTreeData, () => watch.all().length === 0);
    assert.deepEqual(person.notified, []);
  });

  it('are opened in Remote-SSH by a name that OpenSSH knows, once the person agrees to that', async () => {
    const { machines } = await api();
    const { watch } = await machines.load();
    const node = await borrow();
    const opened = withRemoteSsh();
    const home = withHome();
    mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    const dotfiles = join(home, 'dotfiles');
    writeFileSync(dotfiles, 'Host lab\n  User ada\n', { mode: 0o640 });
    symlinkSync(dotfiles, join(home, '.ssh', 'config'));
    const open = () => vscode.commands.executeCommand('ciParity.machineRemote', node);
    await open();
    assert.match(person.asked[0] ?? '', /^Keep a big box .* until .*, though this window closes\?/);
    person.agrees.push('Only with This Window');
    await open();
    assert.match(person.asked[2] ?? '', /^Add a line to .*\.ssh.config\?/);
    assert.deepEqual([opened, readFileSync(dotfiles, 'utf8')], [[], 'Host lab\n  User ada\n']);
    person.agrees.push('Only with This Window', 'Add the Line');
    await open();
    const authority = `ssh-remote+ci-parity-${node.id}`;
    assert.deepEqual(opened, [authority]);
    const own = join(stateDirectory(), 'ssh', 'config');
    const text = `# Borrowed machines of CI Parity.\nInclude "${own}"\n\nHost lab\n  User ada\n`;
    assert.equal(readFileSync(dotfiles, 'utf8'), text);
    assert.equal(statSync(dotfiles).mode & 0o777, 0o640);
    assert.ok(lstatSync(join(home, '.ssh', 'config')).isSymbolicLink());
    assert.match(readFileSync(own, 'utf8'), new RegExp(`Host ci-parity-${node.id}\n.*127`));
    person.agrees.push('Keep Until Its End');
    await open();
    assert.deepEqual(opened, [authority, authority]);
    await until(machines.onDidChangeTreeData, async () => {
      await items();
      return watch.all().every(({ owner }) => owner.process === undefined);
    });
    // It stays whatever this window does.
    await open();
    assert.deepEqual([person.asked.length, opened.length], [6, 3]);
    assert.equal(readFileSync(dotfiles, 'utf8'), text);
  });

  it('are not opened in Remote-SSH where its configuration cannot be read', async () => {
    const node = await borrow();
    const opened = withRemoteSsh();
    mkdirSync(join(withHome(), '.ssh', 'config'), { recursive: true });
    person.agrees.push('Only with This Window');
    await vscode.commands.executeCommand('ciParity.machineRemote', node);
    assert.match(person.notified.at(-1) ?? '', /\.ssh.config cannot be read: EISDIR/);
    assert.deepEqual(opened, []);
  });

  it('that were given back are no end of what was reproduced on them: it is asked where to do it again', async () => {
    const terminals = stand.catchTerminals();
    person.picks.push('This Machine');
    await again({ lease: 'abcdef000000' });
    assert.match(person.seen.join('\n'), /Its machine was given back\. Reproduce where\?/);
    const { recipe } = readReproduction(String(terminals[0]?.shellArgs?.[2]));
    assert.equal(recipe.on, undefined);
    await again({ lease: 'abcdef000000' });
    assert.equal(terminals.length, 1, 'nothing is done where nothing was picked');
  });

  /** Notes which windows would be opened. */
  function withRemoteSsh(): readonly string[] {
    const opened: string[] = [];
    const { getExtension } = vscode.extensions;
    stand.replace(vscode.env, 'remoteName', undefined);
    stand.replace(vscode.extensions, 'getExtension', (id: string) =>
      id === 'ms-vscode-remote.remote-ssh' ? {} : getExtension(id),
    );
    const { executeCommand } = vscode.commands;
    stand.replace(
      vscode.commands,
      'executeCommand',
      (command: string, ...rest: { remoteAuthority: string }[]) => {
        if (command !== 'vscode.newWindow') return executeCommand(command, ...rest);
        opened.push(rest[0]?.remoteAuthority ?? '');
        return Promise.resolve();
      },
    );
    return opened;
  }

  /** Another folder as the person's home; what is lent stays where it is. */
  function withHome(): string {
    const home = join(directory, 'home');
    mkdirSync(home);
    process.env['XDG_STATE_HOME'] = dirname(stateDirectory());
    process.env['HOME'] = home;
    return home;
  }

  async function again(on: { lease: string }): Promise<void> {
    const place = { directory: repository(), remoteUrl: undefined };
    const files = createReproduction(recipeFor({ on, repository: place }));
    const reproduction = readReproduction(files.id);
    await vscode.commands.executeCommand('ciParity.again', { kind: 'reproduction', reproduction });
  }
});

function labelOf(item: vscode.TreeItem | undefined): string {
  const label = item?.label ?? '';
  return typeof label === 'string' ? label : label.label;
}
