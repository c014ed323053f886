import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { Attendant } from '../../../src/editor/machines/attendant';
import { leaseOf } from '../../../src/machines/leases/ledger';
import type { PersonQuestion } from '../../../src/machines/leases/talk';
import { standInPackages } from '../../bed/packages';
import { needSshd, startSshd, type Sshd } from '../../bed/sshd';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const { signal } = new AbortController();
const PASSPHRASE = 'open-sesame-51c2';

/** A host of the person's own, whose key nobody knows, and which a locked key opens. */
describe('A host of one’s own, from the editor', function () {
  this.timeout('2m');
  let root: string;
  let host: Sshd;
  let attendant: Attendant;
  let log: string[];
  const environment = { ...process.env };
  /** What the person was asked, and how they answer. */
  const asked: (PersonQuestion & { readonly quiet: boolean })[] = [];
  let answer: (question: PersonQuestion) => string | boolean | null;
  const yes = (question: PersonQuestion) => (question.kind === 'passphrase' ? PASSPHRASE : true);

  before(needSshd);
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-own-hosts-'));
    process.env['XDG_STATE_HOME'] = join(root, 'state');
    process.env['XDG_CONFIG_HOME'] = join(root, 'config');
    host = await startSshd({ passphrase: PASSPHRASE, firstBoot: standInPackages() });
    const { address, port, user, keyFile } = host;
    const pool = {
      ...{ kind: 'pool', name: 'lab' },
      hosts: [{ host: address, port, user, keyFile }],
    };
    mkdirSync(join(root, 'config', 'ci-parity'), { recursive: true });
    const file = join(root, 'config', 'ci-parity', 'lenders.json');
    writeFileSync(file, JSON.stringify({ lenders: [pool] }));
    asked.splice(0);
    answer = yes;
    log = [];
    attendant = new Attendant({
      cli,
      greeting: () => Promise.resolve({ onClose: 'ask', tokens: {} }),
      news: () => undefined,
      question: (question, quiet) => {
        asked.push({ ...question, quiet });
        return Promise.resolve(quiet ? null : answer(question));
      },
      died: () => undefined,
      log: (line) => log.push(line),
    });
  });
  afterEach(async () => {
    attendant[Symbol.dispose]();
    await host[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
    for (const name of ['XDG_STATE_HOME', 'XDG_CONFIG_HOME'])
      if (environment[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = environment[name];
  });
  const stateDir = () => join(root, 'state', 'ci-parity');
  const kinds = () => asked.map(({ kind }) => kind);
  const borrow = async () => {
    const [one] = (await attendant.ask('offers', {}, signal)).offers;
    assert.ok(one);
    return attendant.ask('borrow', { lender: 'lab', offer: one.offer.id, hours: 1 }, signal);
  };

  it('asks whether its key is the right one and for the passphrase, once, and pins the key', async () => {
    const { offers, unasked } = await attendant.ask('offers', {}, signal);
    assert.deepEqual([offers[0]?.offer.available, unasked], [true, false]);
    const [first, second] = asked;
    assert.ok(first?.kind === 'host key' && second?.kind === 'passphrase');
    const { stdout } = await execa('ssh-keygen', ['-lf', '-'], { input: host.hostKey });
    assert.ok(stdout.includes(first.fingerprint));
    assert.deepEqual([second.keyFile, second.again], [host.keyFile, false]);
    assert.ok(
      readFileSync(join(stateDir(), 'known_hosts'), 'utf8').includes(
        host.hostKey.split(' ')[1] ?? '?',
      ),
    );
    const lease = await borrow();
    assert.deepEqual(kinds(), ['host key', 'passphrase']);
    const pid = lease.owner.process?.pid ?? 0;
    for (const file of ['cmdline', 'environ'])
      assert.ok(!readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(PASSPHRASE), file);
    assert.ok(!log.join('\n').includes(PASSPHRASE));
    await attendant.ask('return', { lease: lease.id }, signal);
  });

  it('says that a key was refused, and asks again the next time', async () => {
    answer = () => false;
    const { offers, unasked } = await attendant.ask('offers', {}, signal);
    assert.match(offers[0]?.offer.problem ?? '', /^The host key of \S+ was not accepted: SHA256:/);
    assert.deepEqual([offers[0]?.offer.available, unasked], [false, false]);
    answer = yes;
    const again = await attendant.ask('offers', {}, signal);
    assert.equal(again.offers[0]?.offer.available, true);
  });

  it('says that no passphrase was given, or that it was wrong', async () => {
    answer = (question) => (question.kind === 'passphrase' ? null : true);
    const problem = async () =>
      (await attendant.ask('offers', {}, signal)).offers[0]?.offer.problem ?? '';
    assert.match(await problem(), /does not let root in\. Tried: .*no passphrase was given/);
    answer = (question) => (question.kind === 'passphrase' ? 'wrong' : true);
    assert.match(await problem(), /the passphrase is wrong/);
    const last = asked.at(-1);
    assert.ok(last?.kind === 'passphrase' && last.again);
  });

  it('is not asked about while nobody wants it, which is said', async () => {
    const { offers, unasked } = await attendant.ask('offers', { quiet: true }, signal);
    assert.deepEqual([offers[0]?.offer.available, unasked], [false, true]);
    assert.deepEqual(
      asked.map(({ kind, quiet }) => [kind, quiet]),
      [['host key', true]],
    );
    const { left } = await attendant.ask('sweep', { quiet: true }, signal);
    assert.match(left[0] ?? '', /^lab could not be asked: .*was not accepted/);
  });

  it('gets what the commit wants once that was allowed, which is remembered', async () => {
    const clone = join(root, 'clone');
    const git = (...words: string[]): void => void execFileSync('git', words, { cwd: clone });
    mkdirSync(clone);
    git('init', '-q');
    writeFileSync(join(clone, 'Vagrantfile'), 'c.vm.provider :libvirt\n');
    git('add', '.');
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
    git(...who, 'commit', '-q', '-m', 'one');
    const { id } = await borrow();
    const ready = (insist: boolean, said: string[] = []) =>
      attendant.ask(
        'ready',
        { lease: id, directory: clone, environment: {}, insist },
        signal,
        (words) => said.push(words),
      );
    const installs = () => asked.flatMap((one) => (one.kind === 'install' ? [one.lacks] : []));

    answer = (question) => (question.kind === 'install' ? false : yes(question));
    assert.deepEqual(await ready(false), ['rsync, virsh, vagrant']);
    assert.deepEqual(leaseOf(stateDir(), id).state, {
      ...{ kind: 'lent', problem: 'it lacks rsync, virsh, vagrant' },
      ssh: leaseOf(stateDir(), id).state.kind === 'lent' ? sshOf(id) : undefined,
    });
    // The no is remembered, until the person wants it after all.
    await ready(false);
    assert.deepEqual(installs(), ['rsync, virsh, vagrant']);
    answer = yes;
    const said: string[] = [];
    assert.deepEqual(await ready(true, said), []);
    assert.equal(installs().length, 2);
    assert.equal(leaseOf(stateDir(), id).state.kind, 'ready');
    assert.ok(said.includes('ci-parity: ready'), said.join('\n'));
    assert.ok(log.some((line) => /Setting up vagrant/.test(line)));
    await attendant.ask('return', { lease: id }, signal);
    const installed = JSON.parse(readFileSync(join(stateDir(), 'installs.json'), 'utf8')) as object;
    assert.deepEqual(Object.values(installed), [true]);
  });

  it('is not made ready for a folder that is no clone', async () => {
    const { id } = await borrow();
    const wish = { lease: id, directory: root, environment: {} };
    assert.equal(await attendant.ask('ready', wish, signal), null);
    await attendant.ask('return', { lease: id }, signal);
  });

  function sshOf(id: string): object {
    const { state } = leaseOf(stateDir(), id);
    return state.kind === 'lent' || state.kind === 'ready' ? state.ssh : {};
  }
});
