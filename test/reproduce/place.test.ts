import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { enter, leasesIn, thisProcess, type LeaseState } from '../../src/machines/leases/ledger';
import { openJournal } from '../../src/reproduce/journal';
import { addressOf, otherMachine } from '../../src/reproduce/place';
import { sweep } from '../../src/reproduce/putAway';
import { createReproduction, readReproduction } from '../../src/reproduce/store';
import { recipeFor } from './recipes';
import { openWorkshop, type Workshop } from './workshop';

describe('Where a reproduction is carried out', () => {
  let shop: Workshop;
  let root: string;
  beforeEach(() => {
    shop = openWorkshop();
    root = join(shop.root, 'state', 'ci-parity');
  });
  afterEach(() => shop[Symbol.dispose]());

  const { signal } = new AbortController();
  const id = 'abcdef012345';
  const lend = (state: LeaseState) =>
    enter(root, {
      version: 1,
      ...{ id, state, lender: 'pool', title: 'bench', handle: {}, work: [] },
      ...{ askedAt: 1, end: 2, until: 2, owner: { who: 'me@here', process: thisProcess() } },
    });

  /** As a program leaves it that was killed while it worked on a borrowed machine. */
  const killed = () => {
    shop.commit({ Jenkinsfile: '' });
    const repository = { directory: shop.repository, remoteUrl: undefined };
    const files = createReproduction(recipeFor({ repository, on: { lease: id } }));
    using journal = openJournal(files.journal);
    journal.append({ type: 'started', version: 1, pid: 1, bornAt: 'long ago' });
    journal.append({ type: 'intent', what: 'machine', where: '/root/work' });
    return files;
  };
  const swept = async () => {
    const said: string[] = [];
    const found = await sweep({}, (line) => said.push(line), signal, 'thoroughly');
    return { left: found.map(({ left }) => left), said };
  };

  it('is a borrowed machine by its lease, else a host of OpenSSH', async () => {
    await lend({ kind: 'ready', ssh: { host: '192.0.2.7' } });
    assert.deepEqual(otherMachine(id, root), { lease: id });
    assert.deepEqual(otherMachine('buildserver1', root), { host: 'buildserver1' });
    assert.deepEqual(addressOf({ lease: id }, root), { host: '192.0.2.7' });
    assert.deepEqual(addressOf({ host: 'bench' }, root), { host: 'bench' });
    assert.equal(addressOf({ lease: '000000000000' }, root), undefined);
  });

  it('is nothing that would be an option or words of a shell', () => {
    assert.throws(() => otherMachine('-oProxyCommand=x', root), { name: 'UserError' });
    assert.throws(() => otherMachine('a;b', root), { name: 'UserError' });
  });

  it('is no machine whose lease cannot be read: it may well be there', () => {
    mkdirSync(leasesIn(root), { recursive: true });
    writeFileSync(join(leasesIn(root), `${id}.json`), '{');
    assert.throws(() => addressOf({ lease: id }, root), /cannot be read/);
  });

  it('leaves nothing on a machine that was given back', async () => {
    const files = killed();
    const { left, said } = await swept();
    assert.deepEqual(left, [[]]);
    assert.ok(said.includes(`the machine ${id} was given back: nothing is left there`));
    assert.deepEqual(readReproduction(files.id).made, []);
  });

  it('is named with what is left there while it cannot be reached', async () => {
    await lend({ kind: 'returning', wasLent: true, attempts: 3 });
    const files = killed();
    const { left } = await swept();
    assert.deepEqual(left, [
      [`on ${id}: machine /root/work: The borrowed machine ${id} is being given back.`],
    ]);
    assert.equal(readReproduction(files.id).made.length, 1);
  });
});
