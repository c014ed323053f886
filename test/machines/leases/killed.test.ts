import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { systemClock } from '../../../src/base/clock';
import { usualCaps } from '../../../src/machines/leases/caps';
import type { Desk } from '../../../src/machines/leases/desk';
import { readLedger, whoWeAre } from '../../../src/machines/leases/ledger';
import { sweep } from '../../../src/machines/leases/sweep';
import { bookLender, smallOffer, type Step } from '../../bed/bookLender';

const program = fileURLToPath(new URL('owner.ts', import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const { signal } = new AbortController();

describe('A lease whose owner is killed', () => {
  let root: string;
  let folder: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-leases-'));
    folder = join(root, 'books');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const desk = (at?: (step: Step) => void): Desk => ({
    root,
    lenders: [bookLender({ folder, offers: [smallOffer], ...(at ? { at } : {}) })],
    caps: usualCaps,
    // A request that nobody waits for any more has come to its end by then.
    clock: { ...systemClock, now: () => Date.now() + 5 * 60_000 },
    who: whoWeAre(),
  });

  async function killAt(where: string): Promise<void> {
    const node = ['--import', loader, program, root, folder, where];
    const owner = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(owner, 'exit');
    const [said] = (await Promise.race([once(owner.stdout, 'data'), ended])) as [unknown];
    assert.equal(String(said), 'there\n');
    owner.kill('SIGKILL');
    await ended;
  }

  const assertEmpty = (): void => {
    assert.deepEqual(readdirSync(folder), [], 'the lender’s books');
    assert.deepEqual(readLedger(root), { leases: [], damaged: [] });
    // What was spent is remembered; nothing else is.
    assert.deepEqual(
      readdirSync(join(root, 'leases')).filter((name) => name !== 'spent'),
      [],
    );
  };

  const table: readonly [where: string, ledger: string, machines: number][] = [
    ['borrow: asked', 'asked', 0],
    ['borrow: made', 'asked', 1],
    ['borrow: noted', 'asked', 1],
    ['lent', 'lent', 1],
    ['ready', 'ready', 1],
    ['extended', 'ready', 1],
    ['extend: asked', 'ready', 1],
    ['extend: moved', 'ready', 1],
    ['renewed', 'ready', 1],
    ['give back: asked', 'returning', 1],
    ['give back: gone', 'returning', 0],
  ];
  for (const [where, ledger, machines] of table)
    it(`leaves nothing: at “${where}”`, async () => {
      await killAt(where);
      assert.deepEqual(
        readLedger(root).leases.map(({ state }) => state.kind),
        [ledger],
      );
      assert.equal(readdirSync(folder).length, machines);
      const { left, returned } = await sweep(desk(), () => undefined, signal);
      assert.deepEqual([left, returned.length], [[], 1]);
      assertEmpty();
    });

  it('leaves nothing where the sweep was killed too', async () => {
    await killAt('ready');
    const [lease] = readLedger(root).leases;
    // As one leaves it that died while it gave the machine back.
    writeFileSync(join(root, 'leases', `${lease?.id ?? ''}.giving`), '999999999 long ago');
    writeFileSync(join(root, 'leases', `${lease?.id ?? ''}.lock`), '999999999 long ago');
    writeFileSync(join(root, 'leases', `${lease?.id ?? ''}.json.999999999-abcd`), '{"half');
    await sweep(desk(), () => undefined, signal);
    assertEmpty();
  });

  it('leaves nothing where what was written is damaged: the mark at the lender is enough', async () => {
    await killAt('ready');
    const [lease] = readLedger(root).leases;
    writeFileSync(join(root, 'leases', `${lease?.id ?? ''}.json`), '');
    const { returned } = await sweep(desk(), () => undefined, signal);
    assert.equal(returned.length, 1);
    assertEmpty();
  });

  it('leaves nothing where the whole ledger is lost', async () => {
    await killAt('ready');
    rmSync(join(root, 'leases'), { recursive: true });
    const { returned } = await sweep(desk(), () => undefined, signal);
    assert.deepEqual(
      returned.map(({ title }) => title),
      ['small'],
    );
    assertEmpty();
  });

  it('is not believed gone while a request may still be under way', async () => {
    await killAt('borrow: asked');
    const soon: Desk = { ...desk(), clock: systemClock };
    const { left } = await sweep(soon, () => undefined, signal);
    assert.match(left.join(), /a request may still be under way/);
    const [{ id } = { id: '' }] = readLedger(root).leases;
    const late = { lease: id, owner: whoWeAre(), handle: {}, title: 'small', until: undefined };
    writeFileSync(join(folder, id), JSON.stringify(late));
    await sweep(desk(), () => undefined, signal);
    assertEmpty();
  });

  it('is kept and named while its lender cannot be reached, and given back when it can', async () => {
    await killAt('ready');
    let down = true;
    const shaky = desk(() => {
      if (down) throw new Error('no route to host');
    });
    for (const attempts of [1, 2]) {
      const { left } = await sweep(shaky, () => undefined, signal);
      assert.equal(left.length, 2);
      assert.match(left.join('\n'), /no route to host/);
      const [lease] = readLedger(root).leases;
      const problem = 'no route to host';
      assert.deepEqual(lease?.state, { kind: 'returning', wasLent: true, attempts, problem });
    }
    down = false;
    await sweep(shaky, () => undefined, signal);
    assertEmpty();
  });

  it('is given back once by several programs that start at once', async () => {
    await killAt('ready');
    const given = join(root, 'given');
    const counted = desk((step) => {
      if (step === 'give back: asked') appendFileSync(given, 'once\n');
    });
    const node = ['--import', loader, program, root, folder, 'sweep'];
    const other = spawn(process.execPath, node, { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(other, 'exit');
    const both = [sweep(counted, () => undefined, signal), sweep(counted, () => undefined, signal)];
    const swept = await Promise.all(both);
    await ended;
    assert.equal(readFileSync(given, 'utf8'), 'once\n');
    assert.deepEqual(
      swept.flatMap(({ left }) => left).filter((words) => !/another process/.test(words)),
      [],
    );
    assertEmpty();
  });

  it('has its key removed with it', async () => {
    await killAt('ready');
    const [{ id } = { id: '' }] = readLedger(root).leases;
    mkdirSync(join(root, 'leases', id), { recursive: true });
    writeFileSync(join(root, 'leases', id, 'key'), 'k', { mode: 0o600 });
    assert.match(readFileSync(join(root, 'leases', id, 'key'), 'utf8'), /k/);
    await sweep(desk(), () => undefined, signal);
    assertEmpty();
  });
});
