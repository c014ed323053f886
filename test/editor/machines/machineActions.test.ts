import assert from 'node:assert/strict';
import {
  actionsFor,
  endsNext,
  hoursText,
  hoursUpTo,
} from '../../../src/editor/machines/machineActions';
import { leaseFor, NOW } from './leases';

const labels = (...args: Parameters<typeof actionsFor>) =>
  actionsFor(...args).map(({ label }) => label);

describe('What can be done with a borrowed machine', () => {
  it('is to log in, extend and return while it is there, and Remote-SSH where that is', () => {
    assert.deepEqual(labels(leaseFor(), false), ['SSH In', 'Extend…', 'Return…']);
    assert.deepEqual(labels(leaseFor(), true), [
      'SSH In',
      'Open in Remote-SSH',
      'Extend…',
      'Return…',
    ]);
  });

  it('is only to return while it is being borrowed, and to try that again', () => {
    assert.deepEqual(labels(leaseFor({ state: { kind: 'asked' } }), true), ['Return…']);
    const state = { kind: 'returning', wasLent: true, attempts: 1 } as const;
    assert.deepEqual(labels(leaseFor({ state }), true), ['Try Again to Return']);
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
