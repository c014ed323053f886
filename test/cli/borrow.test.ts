import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLedger } from '../../src/machines/leases/ledger';
import { PLANS, type PlanSpec } from '../bed/metal/catalogue';
import { startMetal, type MetalDouble } from '../bed/metal/double';
import { openPty, ptyMissing, type Pty } from '../bed/pty';
import { without } from '../bed/without';
import { program } from './program';

/** Nobody is at the double's machines: what is chosen is seen, and given back by a sweep. */
describe('ci-parity borrow', function () {
  this.timeout('60s');
  let root: string;
  let double: MetalDouble;
  const lend = (more: object = {}, caps: object = {}): void => {
    const { address } = double;
    const metal = { kind: 'packet', name: 'metal', address, spot: true, ...more };
    const lenders = join(root, 'config/ci-parity/lenders.json');
    writeFileSync(lenders, JSON.stringify({ caps, lenders: [metal] }));
  };
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-borrow-'));
    mkdirSync(join(root, 'config/ci-parity'), { recursive: true });
    double = await startMetal();
    lend();
  });
  afterEach(async () => {
    await double[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });

  const environment = () => ({
    ...process.env,
    XDG_CONFIG_HOME: join(root, 'config'),
    XDG_STATE_HOME: join(root, 'state'),
    METAL_AUTH_TOKEN: double.token,
  });
  const ciParity = (
    ...args: string[]
  ): Promise<{ code: unknown; output: string; errors: string }> =>
    new Promise((done) => {
      const [node = '', ...words] = [...program, 'borrow', '--repository', root, ...args];
      const child = execFile(node, words, { env: environment() }, (error, output, errors) =>
        done({ code: error?.code ?? 0, output, errors }),
      );
      child.stdin?.end();
    });
  const inTerminal = (...args: string[]): Pty =>
    openPty([...program, 'borrow', '--repository', root, ...args], { env: environment() });
  const leases = () => readLedger(join(root, 'state', 'ci-parity')).leases;

  const choices: [readonly string[], RegExp][] = [
    [['--memory', '64G'], /c3\.medium\.x86 in Amsterdam \(am\) of metal, for 2 h: up to 3\.00 USD/],
    [['--plan', 'c3.small.x86', '--metro', 'da'], /c3\.small\.x86 in Dallas \(da\) of metal/],
    [
      ['--spot', '--for', '30m'],
      /in Amsterdam \(am\), on the spot market of metal, for 30 min: up to 0\.20/,
    ],
    [
      ['--max-price', '0.75', '--system', 'fedora_39'],
      /c3\.small\.x86 in Amsterdam \(am\) of metal/,
    ],
    [['m3.large.x86@da'], /m3\.large\.x86 in Dallas \(da\) of metal, for 2 h: up to 6\.20 USD/],
  ];
  for (const [words, plan] of choices)
    it(`takes ${words.join(' ')}, and borrows nothing without a yes`, async () => {
      const { code, errors } = await ciParity(...words);
      assert.equal(code, 2);
      assert.match(errors, plan);
      assert.match(errors, /If it is right: --yes/);
      assert.deepEqual([double.books().made, leases()], [0, []]);
    });

  const refusals: [readonly string[], number, RegExp][] = [
    [['--plan', 'x9'], 3, /There is no plan "x9"\. There are: c3\.small\.x86, c3\.medium\.x86, m3/],
    [['--system', 'dos', '--yes'], 3, /None can have the system "dos"\. There are: debian_12,/],
    [['--max-price', '0.1', '--yes'], 3, /The cheapest costs 0\.75 USD an hour/],
    [['--memory', '64'], 2, /--memory 64 is no size like 512M or 32G/],
    [['--max-price', 'cheap'], 2, /--max-price cheap is no price of an hour like 1\.50/],
    [['--for', '20h', '--yes'], 3, /No machine may be lent for more than 12 hours.*"caps"/s],
    [['m3.large.x86@da', '--for', '10h', '--yes'], 3, /up to 31\.00 USD.*more than 25\.00 USD/s],
  ];
  for (const [words, exit, why] of refusals)
    it(`says what is wrong with ${words.join(' ')}`, async () => {
      const { code, errors } = await ciParity(...words);
      assert.equal(code, exit, errors);
      assert.match(errors, why);
      assert.deepEqual([double.books().made, double.books().keys, leases()], [0, [], []]);
    });

  it('without choices and without a terminal names the ways to choose, and what there is', async () => {
    const { code, errors, output } = await ciParity();
    assert.deepEqual([code, output], [2, '']);
    assert.match(errors, /Nobody can be asked which machine is wanted\./);
    assert.match(errors, /--plan, --metro, --memory, --system, --spot, --max-price/);
    assert.match(
      errors,
      /1 {2}metal\/c3\.small\.x86@am {2}c3\.small\.x86 in Amsterdam \(am\) {2}32 GB {2}0\.75 USD an hour/,
    );
    assert.match(errors, /4 {2}metal\/m3\.large\.x86@da/);
  });

  it('says that there is no capacity, and that a lender cannot be reached', async () => {
    for (const metro of ['am', 'da']) double.stock('c3.small.x86', metro, 0);
    const taken = await ciParity('--plan', 'c3.small.x86', '--yes');
    assert.equal(taken.code, 3);
    assert.match(taken.errors, /c3\.small\.x86 in Dallas \(da\): not to be had at the moment/);
    lend({ address: double.address.replace(/\d+\/metal/, '1/metal') });
    const away = await ciParity('--yes');
    assert.equal(away.code, 3);
    assert.match(
      away.errors,
      /No machine can be borrowed at the moment\.\n.*metal: .* cannot be reached/,
    );
  });

  it('shows nothing of a server or of an argument that would move a cursor or begin a line', async () => {
    await double[Symbol.asyncDispose]();
    const hostile: PlanSpec = { ...PLANS[0]!, slug: 'x\u001b[2J\n  9  metal/free@am\u202e' };
    double = await startMetal({ plans: [hostile, ...PLANS] });
    lend();
    const shown = await Promise.all([
      ciParity(),
      ciParity('--plan', 'x9'),
      ciParity('--memory', '1G'),
      ciParity('\u001b[2J'),
    ]);
    for (const { errors, output } of shown) {
      assert.doesNotMatch(errors + output, /[\u001b\u202e]/);
      assert.doesNotMatch(errors + output, /^ +9 /m);
    }
    assert.match(shown[3].errors, /Nobody lends a "\u241b\[2J"/);
  });

  describe('in a terminal', () => {
    before(function () {
      const missing = ptyMissing();
      if (missing !== undefined) without(this, missing);
    });

    it('shows plans with prices, asks for one, and then whether that is right', async () => {
      await using terminal = inTerminal('--for', '3h');
      await terminal.shows(/1 {2}metal\/c3\.small\.x86@am .* 0\.75 USD an hour/);
      await terminal.shows(/Which one for 3 h\? \[1-4, or Enter for none\] /);
      terminal.type('9\r');
      await terminal.shows(/A number from 1 to 4, or Enter for none: /);
      terminal.type('3\r');
      await terminal.shows(
        /Borrow c3\.medium\.x86 in Amsterdam \(am\) of metal, for 3 h: up to 4\.50 USD\? \[y\/N\] /,
      );
      terminal.type('n\r');
      await terminal.shows(/nothing was borrowed/);
      assert.equal(await terminal.ended, 0);
      assert.deepEqual([double.books().made, leases()], [0, []]);
    });

    for (const [what, keys] of [
      ['Enter', '\r'],
      ['the end of input', '\u0004'],
    ] as const)
      it(`borrows nothing at ${what}`, async () => {
        await using terminal = inTerminal();
        await terminal.shows(/or Enter for none\] /);
        terminal.type(keys);
        await terminal.shows(/nothing was borrowed/);
        assert.equal(await terminal.ended, 0);
        assert.equal(double.books().made, 0);
      });

    it('is cancelled by Ctrl-C at the question', async () => {
      await using terminal = inTerminal();
      await terminal.shows(/or Enter for none\] /);
      terminal.type('\u0003');
      assert.equal(await terminal.ended, 130);
      assert.equal(double.books().made, 0);
    });
  });
});
