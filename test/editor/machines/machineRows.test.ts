import assert from 'node:assert/strict';
import {
  leaseFacts,
  leaseRow,
  offerRow,
  problemRow,
} from '../../../src/editor/machines/machineRows';
import type { Price } from '../../../src/machines/lender';
import type { Attachment } from '../../../src/attach/ledger';
import { leftText, momentText } from '../../../src/editor/machines/machineText';
import { thisProcess } from '../../../src/machines/leases/ledger';
import { knownAt, leaseFor, NOW } from './leases';

const MINUTE = 60_000;

describe('The line of a borrowed machine', () => {
  it('says what is left and what it has cost', () => {
    const row = leaseRow(leaseFor(), knownAt());
    assert.equal(row.label, 'c3.small.x86 in Amsterdam');
    assert.equal(row.description, '1 h 10 min left · 0.50 USD so far');
    assert.equal(row.context, 'lease.ready');
    assert.equal(row.mark?.icon, 'vm');
  });

  it('says what runs on it, as long as that lives', () => {
    const living = { words: 'Reproducing networking/cilium #42', ...thisProcess() };
    const dead = { words: 'Something old', pid: living.pid, bornAt: 'before' };
    const row = leaseRow(leaseFor({ work: [living, dead] }), knownAt());
    assert.equal(
      row.description,
      '1 h 10 min left · 0.50 USD so far · Reproducing networking/cilium #42',
    );
    assert.equal(row.mark?.icon, 'vm-running');
  });

  it('says how far its borrowing is', () => {
    const lease = leaseFor({ state: { kind: 'asked' } });
    assert.equal(leaseRow(lease, knownAt()).description, 'being borrowed');
    const progress = () => 'the machine is being made (40 %)';
    const row = leaseRow(lease, knownAt(NOW, { progress }));
    assert.equal(row.description, 'the machine is being made (40 %)');
    assert.equal(row.mark?.icon, 'sync~spin');
  });

  it('says how far it is from being ready, and what keeps it from that', () => {
    const ssh = { host: '192.0.2.7' };
    const readying = leaseFor({ state: { kind: 'lent', ssh } });
    const progress = () => 'Setting up vagrant';
    const row = leaseRow(readying, knownAt(NOW, { progress }));
    assert.match(row.description ?? '', /^getting ready: Setting up vagrant · /);
    assert.equal(row.mark?.icon, 'sync~spin');
    const lease = leaseFor({ state: { kind: 'lent', ssh, problem: 'it lacks vagrant' } });
    const unready = leaseRow(lease, knownAt());
    assert.match(unready.description ?? '', /^1 h 10 min left, not ready · /);
    assert.deepEqual([unready.context, unready.mark?.icon], ['lease.lent.unready', 'warning']);
    const [first] = leaseFacts(lease, knownAt());
    assert.deepEqual(
      [first?.label, first?.command],
      ['Not ready: it lacks vagrant', 'ciParity.machineReady'],
    );
  });

  it('says of which Jenkins it is an agent, and for which label', () => {
    const agent: Attachment = {
      ...{ version: 1, id: 'abcdef123456', machine: { lease: 'abcdef123456' }, name: 'metal-1' },
      ...{ server: 'https://ci.example.org/jenkins/', labels: 'vagrant kvm', state: 'attached' },
      owner: { who: 'ada@laptop' },
    };
    const known = knownAt(NOW, { agent: () => agent });
    const row = leaseRow(leaseFor(), known);
    assert.match(row.description ?? '', / · agent of ci\.example\.org \(vagrant kvm\)$/);
    assert.equal(row.context, 'lease.ready.attached');
    const [fact] = leaseFacts(leaseFor(), known);
    assert.deepEqual(
      [fact?.label, fact?.description],
      ['Agent of ci.example.org', 'vagrant kvm · metal-1'],
    );
    assert.equal(fact?.spoken, 'metal-1 is an agent of ci.example.org, with the label vagrant kvm');
    const leaving = { ...agent, state: 'leaving' as const, problem: 'HTTP 503' };
    const [left] = leaseFacts(leaseFor(), knownAt(NOW, { agent: () => leaving }));
    assert.equal(left?.label, 'metal-1 is being taken off ci.example.org');
    assert.ok(left.tooltip?.includes('HTTP 503'));
  });

  it('says why it cannot be given back', () => {
    const state = { kind: 'returning', wasLent: true, attempts: 3, problem: 'HTTP 503' } as const;
    const row = leaseRow(leaseFor({ state }), knownAt());
    assert.equal(row.description, 'cannot be given back yet: HTTP 503 · 0.50 USD so far');
    assert.deepEqual(row.mark, { icon: 'warning', color: 'testing.iconErrored' });
    const [first] = leaseFacts(leaseFor({ state }), knownAt());
    assert.deepEqual([first?.label, first?.description], ['HTTP 503', 'tried 3 times']);
  });

  it('says that nobody uses it, where its window has closed', () => {
    const lease = leaseFor({ letGo: { at: NOW, end: NOW + 70 * MINUTE }, end: NOW + 38 * MINUTE });
    const row = leaseRow(lease, knownAt());
    assert.match(row.description ?? '', /^38 min left, nobody uses it/);
    assert.equal(row.context, 'lease.ready.letGo');
  });

  it('is spoken with what it is', () => {
    assert.equal(
      leaseRow(leaseFor(), knownAt()).spoken,
      'Borrowed machine c3.small.x86 in Amsterdam (am), 1 h 10 min left, 0.50 USD so far',
    );
  });

  it('shows names of a lender as text', () => {
    const row = leaseRow(leaseFor({ title: 'big $(zap) [x](command:evil)\u202e' }), knownAt());
    assert.doesNotMatch(row.label, /\$\(zap|\]\(command/);
    assert.doesNotMatch(row.label, /\u202e/);
  });
});

describe('What stands below a borrowed machine', () => {
  const linesAt = (now: number) =>
    leaseFacts(leaseFor(), knownAt(now)).map(({ label, description }) => [label, description]);

  it('is its end, price, lender, owner and address', () => {
    assert.deepEqual(linesAt(NOW), [
      ['Ends at 13:10', 'in 1 h 10 min'],
      ['0.50 USD an hour', '0.50 USD so far, 1.00 USD until its end'],
      ['Of metal', 'abcdef123456'],
      ['Kept until its end', undefined],
      ['root@192.0.2.7:2222', 'made ready'],
    ]);
  });

  it('goes on with the clock', () => {
    const [[, end] = [], [, price] = []] = linesAt(NOW + 20 * MINUTE);
    assert.deepEqual([end, price], ['in 50 min', '1.00 USD so far, 1.00 USD until its end']);
  });

  it('has an id of its own in each line', () => {
    const ids = leaseFacts(leaseFor(), knownAt()).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('tells whose it is', () => {
    const owner = (lease: Parameters<typeof leaseFor>[0], mine = false) =>
      leaseFacts(leaseFor(lease), knownAt(NOW, { owned: () => mine })).find(({ id }) =>
        id.endsWith('owner'),
      )?.label;
    const process = thisProcess();
    assert.equal(owner({ owner: { who: 'ada@laptop', process } }, true), "This window's");
    assert.equal(
      owner({ owner: { who: 'ada@laptop', process } }),
      "Another window's or terminal's",
    );
    assert.equal(owner({ owner: { who: 'ada@desk', process } }), 'Lent to ada@desk');
    assert.match(
      owner({ owner: { who: 'ada@laptop', process: { pid: process.pid, bornAt: '0' } } }) ?? '',
      /has ended/,
    );
  });
});

describe('The line of an offer', () => {
  const offer = {
    ...{ id: 'c3.small.x86/am', title: 'c3.small.x86 in Amsterdam (am)' },
    price: { amount: 0.75, currency: 'USD' },
    ...{ memory: 32768, cpus: 8, available: true, spot: true },
  };

  it('says the price of an hour, memory, processors and whether others may outbid it', () => {
    assert.equal(
      offerRow({ lender: 'metal', offer }).description,
      '0.75 USD an hour · 32 GB · 8 CPUs · spot: others may outbid it',
    );
  });

  it('says that it is free, or that no price is known', () => {
    const priced = (price: Price | undefined) =>
      offerRow({ lender: 'lab', offer: { ...offer, price, spot: false } }).description;
    assert.equal(priced({ amount: 0, currency: 'XXX' }), 'free · 32 GB · 8 CPUs');
    assert.equal(priced(undefined), 'no price is known · 32 GB · 8 CPUs');
    const lease = leaseFor({ price: { amount: 0, currency: 'XXX' } });
    assert.equal(leaseRow(lease, knownAt()).description, '1 h 10 min left');
    const facts = leaseFacts(lease, knownAt()).map(({ label, description }) => [
      label,
      description,
    ]);
    assert.deepEqual(facts[1], ['Free', '']);
  });

  it('shows names of a lender as text', () => {
    const evil = '\u001b[2Jx\n9 $(zap) [y](command:evil)\u202e';
    const hostile = { ...offer, id: evil, title: evil };
    for (const row of [
      offerRow({ lender: 'metal', offer: hostile }),
      offerRow({ lender: 'metal', offer: { ...hostile, available: false, problem: evil } }),
    ])
      for (const words of [row.label, row.description ?? '', row.spoken ?? '']) {
        assert.doesNotMatch(words, /\$\(zap|\]\(command/);
        assert.doesNotMatch(words, /[\u001b\n\u202e]/);
      }
  });

  it('says why a machine could not be asked, or that it was not asked yet', () => {
    const problem = {
      ...offer,
      available: false,
      problem: 'lab-3 refuses connections at port 22.',
    };
    const row = offerRow({ lender: 'lab', offer: problem });
    assert.deepEqual(
      [row.description, row.mark?.icon, row.context],
      ['lab-3 refuses connections at port 22.', 'warning', 'offerProblem'],
    );
    const unasked = offerRow({ lender: 'lab', offer: problem }, true);
    assert.deepEqual([unasked.description, unasked.mark?.icon], ['not asked yet', 'question']);
  });

  it('can only be borrowed where it is to be had', () => {
    assert.equal(offerRow({ lender: 'metal', offer }).context, 'offer.free');
    const taken = offerRow({ lender: 'metal', offer: { ...offer, available: false } });
    assert.equal(taken.context, 'offer.taken');
    assert.match(taken.description ?? '', /^not at the moment/);
  });
});

describe('Words about time', () => {
  it('never say that more is left than is', () => {
    const told = [59_999, 60_000, 119_999, 3600_000, 3600_000 + 5 * MINUTE + 1].map(leftText);
    assert.deepEqual(told, ['less than a minute', '1 min', '1 min', '1 h', '1 h 5 min']);
  });

  it('name the day where it is another', () => {
    assert.equal(momentText(NOW + 65 * MINUTE, NOW), '13:05');
    assert.equal(momentText(NOW + 24 * 60 * MINUTE, NOW), '12:00 on 2026-03-05');
  });

  it('of a problem keep its lines in the tooltip', () => {
    const row = problemRow('p', 'metal: it is closed\nsee elsewhere', 'lenderProblem');
    assert.deepEqual(row.tooltip, ['metal: it is closed', 'see elsewhere']);
    assert.equal(row.spoken, 'Problem: metal: it is closed see elsewhere');
  });
});
