import assert from 'node:assert/strict';
import { readCommands } from '../../src/jenkins/recordedCommands';

async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  await Promise.resolve();
}

const LOG = `Started by ada
[Pipeline] Start of Pipeline
[Pipeline] { (Prüfung)
[Pipeline] parallel
[Pipeline] { (Branch: über)
[Pipeline] sh
[2026-01-02T03:04:05.678Z] + make "größe"
output
+ make check
[Pipeline] echo
+ echo this is no command: echo wrote it
[Pipeline] }
[Pipeline] sh
silent
[Pipeline] }
[Pipeline] sh
+ true`;

describe('The commands that a log recorded', () => {
  for (const size of [1, 7, 10_000])
    it(`are those of its sh steps, with their stages; in pieces of ${size} bytes`, async () => {
      assert.deepEqual(await readCommands(pieces(LOG, size)), [
        { stages: ['Prüfung', 'über'], commands: ['make "größe"', 'make check'] },
        { stages: [], commands: ['true'] },
      ]);
    });

  it('are not kept where a loop traced them without an end', async () => {
    async function* loop(): AsyncGenerator<Buffer> {
      yield Buffer.from('[Pipeline] sh\n');
      const round = Buffer.from(`+ sleep ${'1'.repeat(1000)}\n`.repeat(100));
      for (;;) yield await Promise.resolve(round);
    }
    await assert.rejects(readCommands(loop()), /more commands than could be done again/);
  });
});
