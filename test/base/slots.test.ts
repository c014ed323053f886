import assert from 'node:assert/strict';
import { createSlots } from '../../src/base/slots';

const { signal } = new AbortController();

describe('Places', () => {
  it('are taken in the order in which they were asked for, and never more than there are', async () => {
    const places = createSlots(2);
    const entered: string[] = [];
    const enter = async (name: string) => {
      const leave = await places(signal);
      entered.push(name);
      return leave;
    };
    const first = await enter('a');
    const second = await enter('b');
    const waiting = [enter('c'), enter('d')] as const;
    await settled();
    assert.deepEqual(entered, ['a', 'b']);
    second();
    // Given back twice, it still was one place.
    second();
    await settled();
    assert.deepEqual(entered, ['a', 'b', 'c']);
    first();
    for (const place of waiting) (await place)();
    assert.deepEqual(entered, ['a', 'b', 'c', 'd']);
  });

  it('are not kept waiting for by those who were told to stop', async () => {
    const places = createSlots(1);
    const leave = await places(signal);
    const impatient = new AbortController();
    const gone = places(impatient.signal);
    const patient = places(signal);
    impatient.abort();
    await assert.rejects(gone, { name: 'AbortError' });
    leave();
    (await patient)();
    (await places(signal))();
  });
});

function settled(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
