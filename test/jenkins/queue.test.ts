import assert from 'node:assert/strict';
import { queueItemOf, queueOf } from '../../src/jenkins/queue';

const SERVER = 'https://ci.example.org/jenkins/';
const TOLD = 'http://localhost:8080/';

/** An item as `queue/item/N/api/json` tells it. */
function item(rest: Readonly<Record<string, unknown>>): unknown {
  return {
    _class: 'hudson.model.Queue$BlockedItem',
    actions: [
      {
        _class: 'hudson.model.ParametersAction',
        parameters: [{ _class: 'hudson.model.StringParameterValue', name: 'a', value: '4' }],
      },
      {
        _class: 'hudson.model.CauseAction',
        causes: [{ shortDescription: 'Started by user Ada', userId: 'ada' }],
      },
    ],
    id: 143,
    inQueueSince: 1524074568030,
    stuck: false,
    task: { _class: 'hudson.model.FreeStyleProject', name: 'test', url: `${TOLD}job/test/` },
    url: 'queue/item/143/',
    why: 'Build #9 is already in progress (ETA:15 sec)',
    ...rest,
  };
}

describe('an item of the queue', () => {
  it('waits, and says why', () => {
    assert.deepEqual(queueItemOf(item({}), SERVER), {
      id: 143,
      url: `${SERVER}queue/item/143/`,
      name: 'test',
      jobUrl: `${SERVER}job/test/`,
      partOf: undefined,
      since: 1524074568030,
      why: 'Build #9 is already in progress (ETA:15 sec)',
      stuck: false,
      parameters: [{ name: 'a', value: '4', kind: 'StringParameterValue' }],
      causes: ['Started by user Ada'],
      state: { kind: 'waiting' },
    });
  });

  it('that has become a run names it on the address that the user typed', () => {
    const executable = {
      _class: 'hudson.model.FreeStyleBuild',
      number: 14,
      url: `${TOLD}job/test/14/`,
    };
    const left = item({ why: null, cancelled: false, executable });
    assert.deepEqual(queueItemOf(left, SERVER)?.state, {
      kind: 'started',
      run: { number: 14, url: `${SERVER}job/test/14/` },
    });
  });

  it('was cancelled', () => {
    const cancelled = item({ why: null, cancelled: true, executable: null });
    assert.deepEqual(queueItemOf(cancelled, SERVER)?.state, { kind: 'cancelled' });
  });

  it('that has left the queue but has no run yet still waits', () => {
    const between = item({ why: null, cancelled: false, executable: null });
    assert.deepEqual(queueItemOf(between, SERVER)?.state, { kind: 'waiting' });
  });

  it('may be a part of a running Pipeline', () => {
    const task = { name: 'part of cilium » master #12', url: 'job/cilium/job/master/12/' };
    const part = queueItemOf(item({ task }), SERVER);
    assert.equal(part?.jobUrl, `${SERVER}job/cilium/job/master/`);
    assert.equal(part.partOf, 12);
  });

  it('need not tell what waits', () => {
    const placeholder = queueItemOf(item({ task: { _class: 'PlaceholderTask' } }), SERVER);
    assert.equal(placeholder?.jobUrl, undefined);
    assert.equal(placeholder?.name, undefined);
    assert.equal(queueItemOf(item({ task: null, actions: null, why: 7 }), SERVER)?.why, undefined);
  });

  it('without an id is none', () => {
    assert.equal(queueItemOf(item({ id: null }), SERVER), undefined);
    assert.equal(queueItemOf('nonsense', SERVER), undefined);
  });
});

describe('the queue', () => {
  it('has what is built next first', () => {
    const items = queueOf(
      { discoverableItems: [], items: [item({ id: 7 }), item({ id: 6 })] },
      SERVER,
    );
    assert.deepEqual(
      items.map(({ id }) => id),
      [6, 7],
    );
  });

  it('that cannot be read is empty', () => {
    for (const broken of [undefined, null, [], { items: 'no' }, { items: [null, 3] }])
      assert.deepEqual(queueOf(broken, SERVER), []);
  });
});
