import assert from 'node:assert/strict';
import { eventReader, type StreamedEvent } from '../../src/jenkins/eventStream';

describe('a stream of events', () => {
  it('is read the same wherever it is cut, with line ends of all three kinds', () => {
    const lines = [
      '\uFEFFevent: open',
      'data: {"dispatcherId":"ä€😀"}',
      '',
      ': a comment',
      'id: 7',
      'retry: 10',
      'event:job',
      'data:one',
      'data: two',
      'data',
      '',
      '',
      'data:  spaced',
      '',
      'event: reload',
      '',
      'event: unfinished',
    ];
    for (const end of ['\n', '\r\n', '\r']) {
      const bytes = Buffer.from(lines.join(end));
      for (let cut = 0; cut <= bytes.length; cut++) {
        const read = eventReader();
        const events = [...read(bytes.subarray(0, cut)), ...read(bytes.subarray(cut))];
        assert.deepEqual(
          events,
          [
            { name: 'open', data: '{"dispatcherId":"ä€😀"}' },
            { name: 'job', data: 'one\ntwo\n' },
            { name: 'message', data: ' spaced' },
            { name: 'reload', data: '' },
          ],
          `cut at ${cut}`,
        );
      }
      const read = eventReader();
      assert.equal([...bytes].flatMap((byte) => read(Uint8Array.of(byte))).length, 4);
    }
  });

  it('goes on after an event that is too long in one line, in many, or in its name', () => {
    const good = 'event: job\ndata: {}\n\n';
    for (const bad of [
      `data: ${'x'.repeat(1000)}`,
      Array.from({ length: 100 }, () => 'data: 0123456789').join('\n'),
      'data\n'.repeat(100),
      `event: ${'x'.repeat(1000)}`,
      'x'.repeat(1000),
    ]) {
      const read = eventReader(200);
      const text = `${good}${bad}\n\n${good}`;
      const events: StreamedEvent[] = [];
      for (let at = 0; at < text.length; at += 7)
        events.push(...read(Buffer.from(text.slice(at, at + 7))));
      assert.deepEqual(events, [
        { name: 'job', data: '{}' },
        { name: 'job', data: '{}' },
      ]);
    }
  });

  it('may be kept alive by comments of any length and number', () => {
    const read = eventReader(200);
    const events = [
      ...read(Buffer.from(`event: job\n:${'x'.repeat(1000)}\n`)),
      ...Array.from({ length: 100 }, () => read(Buffer.from(': still here\n'))).flat(),
      ...read(Buffer.from('data: {}\n\n')),
    ];
    assert.deepEqual(events, [{ name: 'job', data: '{}' }]);
  });

  it('is held in a bounded memory, also where a line never ends', () => {
    const read = eventReader();
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const before = process.memoryUsage().heapUsed;
    for (let megabytes = 0; megabytes < 200; megabytes++) read(piece);
    const grown = process.memoryUsage().heapUsed - before;
    assert.ok(grown < 100 * piece.length, `${grown} bytes more`);
    assert.deepEqual(read(Buffer.from('\n\ndata: 1\n\n')), [{ name: 'message', data: '1' }]);
  });
});
