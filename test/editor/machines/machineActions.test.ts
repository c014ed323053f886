import assert from 'node:assert/strict';
import {
  actionsFor,
  endsNext,
  hoursText,
  hoursUpTo,
  leftBehind,
} from '../../../src/editor/machines/machineActions';
import { leaseFor, NOW } from './leases';

const labels = (...args: Parameters<typeof actionsFor>) =>
  actionsFor(...args).map(({ label }) => label);

describe('What can be done with a borrowed machine', () => {
  it('is to log in, extend and return while it is there, and Remote-SSH where that is', () => {
    const attach = 'Attach to Jenkins as an Agent…';
    assert.deepEqual(labels(leaseFor(), false, false), ['SSH In', 'Extend…', attach, 'Return…']);
    assert.deepEqual(labels(leaseFor(), true, false), [
      'SSH In',
      'Open in Remote-SSH',
      'Extend…',
      attach,
      'Return…',
    ]);
  });

  it('is to get it ready where it is not', () => {
    const state = { kind: 'lent', ssh: { host: 'a' } } as const;
    assert.equal(labels(leaseFor({ state }), false, false)[1], 'Get Ready…');
  });

  it('is to take it off Jenkins where it is an agent', () => {
    const actions = ['SSH In', 'Extend…', 'Take off Jenkins', 'Return…'];
    assert.deepEqual(labels(leaseFor(), false, true), actions);
  });

  it('is only to return while it is being borrowed, and to try that again', () => {
    assert.deepEqual(labels(leaseFor({ state: { kind: 'asked' } }), true, false), ['Return…']);
    const state = { kind: 'returning', wasLent: true, attempts: 1 } as const;
    assert.deepEqual(labels(leaseFor({ state }), true, false), ['Try Again to Return']);
  });
});

describe('The machine that ends next', () => {
  it('is the first to end of those that are there', () => {
    const soon = leaseFor({ id: 'soon00000000', end: NOW + 1000 });
    const asked = leaseFor({ id: 'asked0000000', end: NOW, state: { kind: 'asked' } });
    assert.equal(endsNext([leaseFor(), asked, soon])?.id, 'soon00000000');
    assert.equal(endsNext([asked]), undefined);
  });
});

describe('The hours to choose from', () => {
  it('end with what the caps allow', () => {
    assert.deepEqual(hoursUpTo(5), [0.5, 1, 2, 3, 4, 5]);
    assert.deepEqual(hoursUpTo(0.25), [0.25]);
    assert.deepEqual(hoursUpTo(0), []);
    assert.equal(hoursUpTo(10_000).at(-1), 24);
  });

  it('are words', () => {
    assert.deepEqual([0.5, 1, 2, 2.678].map(hoursText), [
      'half an hour',
      '1 hour',
      '2 hours',
      '2.68 hours',
    ]);
  });
});

describe('A machine whose window has closed', () => {
  const closed = (ago: number) => leaseFor({ letGo: { at: NOW - ago, end: NOW + 3600_000 } });
  const mine = [leaseFor().id];

  it('is taken by the same window, where that was only reloaded', () => {
    assert.equal(leftBehind(closed(1000), mine, NOW), 'take');
    assert.equal(leftBehind(closed(3 * 60_000), mine, NOW), 'ask');
  });

  it('is asked about elsewhere, once nobody can come back for it or give it back', () => {
    assert.equal(leftBehind(closed(1000), [], NOW), undefined);
    assert.equal(leftBehind(closed(31_000), [], NOW), undefined);
    assert.equal(leftBehind(closed(36_000), [], NOW), 'ask');
  });

  it('is nothing to ask about at its end: it is given back', () => {
    const over = { ...closed(40 * 60_000), end: NOW };
    assert.equal(leftBehind(over, [], NOW), undefined);
    assert.equal(leftBehind(over, [], NOW - 1000), 'ask');
  });

  it('is nothing to ask about while somebody has it, or once it goes back', () => {
    assert.equal(leftBehind(leaseFor(), mine, NOW), undefined);
    const state = { kind: 'returning', wasLent: true, attempts: 0 } as const;
    assert.equal(leftBehind({ ...closed(60_000), state }, mine, NOW), undefined);
  });
});
