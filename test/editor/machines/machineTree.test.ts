import assert from 'node:assert/strict';
import { UserError } from '../../../src/base/errors';
import type { MachineNode } from '../../../src/editor/machines/machineRows';
import { MachineTree, type TreeSource } from '../../../src/editor/machines/machineTree';
import { usualCaps } from '../../../src/machines/leases/caps';
import type { Lease } from '../../../src/machines/leases/ledger';
import type { LenderSettings } from '../../../src/machines/lenders/settings';
import { smallOffer } from '../../bed/bookLender';
import { knownAt, leaseFor, NOW } from './leases';

const pool: LenderSettings = { kind: 'pool', name: 'lab', hosts: [], install: false };

describe('The view of machines', () => {
  let leases: Lease[];
  let lenders: LenderSettings[] | UserError;
  let now: number;
  let asked: number;
  let problems: string[];
  let unasked: boolean;
  let quiets: boolean[];
  const told: (MachineNode | undefined)[] = [];
  let tree: MachineTree;

  beforeEach(() => {
    [leases, lenders, now, asked, problems] = [[], [pool], NOW, 0, []];
    [unasked, quiets] = [false, []];
    told.splice(0);
    const source: TreeSource = {
      leases: () => leases,
      damaged: () => [],
      known: () => knownAt(now),
      settings: () => {
        if (lenders instanceof UserError) throw lenders;
        return { caps: usualCaps, lenders };
      },
      offers: (quiet) => {
        asked++;
        quiets.push(quiet);
        const offers = [{ lender: 'lab', offer: smallOffer }];
        return Promise.resolve({ offers, problems, caps: usualCaps, unasked });
      },
      changed: (node) => told.push(node),
      onDidUnfold: () => ({ dispose: () => undefined }),
    };
    tree = new MachineTree(source);
  });
  afterEach(() => tree[Symbol.dispose]());

  /** As VS Code does: the children, and the line of each. */
  async function read(node?: MachineNode): Promise<string[]> {
    return (await tree.children(node)).map((child) => tree.row(child).label);
  }
  const offers: MachineNode = { kind: 'offers' };

  it('is empty where nothing is lent and nobody lends, so that it says how to begin', async () => {
    lenders = [];
    assert.deepEqual(await read(), []);
  });

  it('asks the lenders only when what may be borrowed is unfolded, and once', async () => {
    assert.deepEqual(await read(), ['May Be Borrowed']);
    assert.equal(asked, 0);
    assert.deepEqual(await read(offers), ['small in the books']);
    assert.deepEqual(await read(offers), ['small in the books']);
    assert.equal(asked, 1);
    tree.refresh();
    await read(offers);
    assert.equal(asked, 2);
  });

  it('shows who could not be asked beside what the others have', async () => {
    problems = ['metal: HTTP 503'];
    assert.deepEqual(await read(offers), ['small in the books', 'metal: HTTP 503']);
  });

  it('asks the person nothing by itself, and says that there is something to answer', async () => {
    unasked = true;
    assert.deepEqual(await read(offers), ['small in the books', 'Answer What Hosts Ask…']);
    const row = (await tree.children(offers)).map((node) => tree.row(node)).at(-1);
    assert.equal(row?.command, 'ciParity.refreshOffers');
    assert.deepEqual(quiets, [true]);
    unasked = false;
    tree.askAgain();
    assert.deepEqual(await read(offers), ['small in the books']);
    assert.deepEqual(quiets, [true, false]);
  });

  it('asks once more where a command wants what nobody was asked about', async () => {
    unasked = true;
    await read(offers);
    await tree.offers(false);
    assert.deepEqual(quiets, [true, false]);
    unasked = false;
    await tree.offers(false);
    await tree.offers(false);
    assert.deepEqual(quiets, [true, false, false]);
  });

  it('asks once more where a command wants what could not be had before', async () => {
    problems = ['metal: The token of "metal" is not known.'];
    await read(offers);
    problems = [];
    await tree.offers(false);
    await tree.offers(false);
    assert.deepEqual(quiets, [true, false]);
  });

  it('says that the settings are not understood, beside what is lent', async () => {
    leases = [leaseFor()];
    lenders = new UserError('lenders.json is not understood.');
    assert.deepEqual(await read(), [
      'c3.small.x86 in Amsterdam',
      'lenders.json is not understood.',
    ]);
  });

  it('tells only of lines whose words have changed', async () => {
    const other = leaseFor({ id: 'other0000000', end: NOW + 3600_000 + 30_000 });
    leases = [leaseFor({ end: NOW + 3600_000 + 50_000 }), other];
    const [, second] = await tree.children();
    await read();
    tree.update();
    assert.deepEqual(told, []);
    now = NOW + 31_000;
    tree.update();
    assert.deepEqual(told, [second]);
  });

  it('tells of the same line until it was read again, since VS Code may have passed over it', async () => {
    leases = [leaseFor()];
    const [node] = await tree.children();
    assert.ok(node);
    tree.row(node);
    now += 60_000;
    tree.update();
    tree.update();
    assert.deepEqual(told, [node, node]);
    tree.row(node);
    tree.update();
    assert.equal(told.length, 2);
  });

  it('is read anew as a whole when a machine comes or goes', async () => {
    await read();
    leases = [leaseFor()];
    tree.update();
    assert.deepEqual(told, [undefined]);
    assert.deepEqual(await read(), ['c3.small.x86 in Amsterdam', 'May Be Borrowed']);
  });

  it('asks again what may be borrowed once a machine has come or gone', async () => {
    leases = [leaseFor({ state: { kind: 'asked' } })];
    await read();
    await read(offers);
    leases = [leaseFor()];
    tree.update();
    assert.deepEqual(told, [undefined]);
    await read(offers);
    assert.deepEqual([asked, quiets], [2, [true, true]]);
  });

  it('says nothing before somebody has looked', () => {
    leases = [leaseFor()];
    tree.update();
    assert.deepEqual(told, []);
  });
});
