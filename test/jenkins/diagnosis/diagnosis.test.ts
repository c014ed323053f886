import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { sentenceOf, type Diagnosis } from '../../../src/jenkins/diagnosis';
import { explainClues, readClues } from '../../../src/jenkins/failure';
import { diagnosisOf, type Case } from './logs';
import { PIPELINES } from './pipelines';
import { SCRIPTS } from './scripts';
import { SERVERS } from './servers';
import { TESTS } from './tests';

const TABLES: Readonly<Record<string, readonly Case[]>> = {
  scripts: SCRIPTS,
  tests: TESTS,
  servers: SERVERS,
  pipelines: PIPELINES,
};

for (const [table, cases] of Object.entries(TABLES)) {
  describe(`the diagnosis (${table}) of`, () => {
    for (const { name, says, kind = 'command', ...given } of cases) {
      it(name, async () => {
        const found = await diagnosisOf(given);
        assert.deepEqual([found.kind, sentenceOf(found)], [kind, says]);
        const log = Buffer.from(given.log);
        for (const { line, offset, text } of found.evidence) {
          const before = log.subarray(0, offset).toString();
          assert.equal(before.split('\n').length, line, text);
          assert.ok(before === '' || before.endsWith('\n'));
          const [there = ''] = log.subarray(offset).toString().split('\n');
          assert.ok(there.replace(/\u001b\[\d*m/g, '').endsWith(text), text);
        }
      });
    }
  });
}

describe('a diagnosis', () => {
  const all = Object.values(TABLES).flat();

  it('is the same however the log comes in pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...all.filter(({ log }) => log.length < 10_000)),
        fc.integer({ min: 1, max: 5000 }),
        async (given, size) =>
          assert.deepEqual(await diagnosisOf(given, size), await diagnosisOf(given)),
      ),
    );
  });

  it('points at the same lines wherever a long log has them', async () => {
    const [given] = all;
    assert.ok(given);
    const expected = await diagnosisOf(given);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3000 }),
        fc.integer({ min: 1, max: 200 }),
        async (lines, length) => {
          const before = `${'x'.repeat(length)}\n`.repeat(lines);
          const found = await diagnosisOf({ ...given, log: before + given.log });
          assert.deepEqual(
            found.evidence,
            expected.evidence.map(({ line, offset, text }) => ({
              line: line + lines,
              offset: offset + before.length,
              text,
            })),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps its places after a line of any length, and in characters of several bytes', async () => {
    const [given] = all;
    assert.ok(given);
    const expected = await diagnosisOf(given);
    for (const before of [`${'x'.repeat(300_000)}\n`, `${'ü'.repeat(100_000)}\n\n`]) {
      const { evidence } = await diagnosisOf({ ...given, log: before + given.log });
      const size = Buffer.byteLength(before);
      assert.deepEqual(
        evidence.map(({ offset }) => offset - size),
        expected.evidence.map(({ offset }) => offset),
      );
    }
  });

  it('is made of any text', async () => {
    const line = fc.constantFrom(
      ...all.flatMap(({ log }) => log.split('\n').slice(0, 40)),
      '[Pipeline] parallel',
      '+ ',
      '\u001b[',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 60 }), async (lines) => {
        const log = lines.join('\n');
        const found = await diagnosisOf({ log });
        assert.ok(sentenceOf(found).length > 0);
        assert.ok(found.evidence.length <= 10);
        for (const { offset, line: number } of found.evidence)
          assert.equal(Buffer.from(log).subarray(0, offset).toString().split('\n').length, number);
      }),
    );
  });

  it('and the failure that is to come back name the same stage, also after another error that was caught', async () => {
    const given = PIPELINES.find(({ name }) => name.startsWith('a stage after another'));
    assert.ok(given?.stages);
    const { failure, diagnosis } = await explainClues(
      await readClues(Readable.from([Buffer.from(given.log)]), given.stages),
      given.stages,
      undefined,
    );
    assert.deepEqual([failure.stage, diagnosis.stage], [['Build'], ['Build']]);
    assert.deepEqual([failure.command, failure.exitCode], ['make', 2]);
  });

  it('is one line, not too long, without control characters', () => {
    const long: Diagnosis = {
      ...{ kind: 'command', stage: ['a\u001b[31m', 'b'.repeat(300)], step: 'sh', exitCode: 1 },
      ...{
        command: `x\n${'c'.repeat(1000)}`,
        message: `m\u0000\u2028${'d '.repeat(1000)}`,
        evidence: [],
      },
    };
    const sentence = sentenceOf(long);
    assert.ok(sentence.length < 420, sentence);
    assert.doesNotMatch(sentence, /[\u0000-\u001f\u007f-\u009f\u2028]/);
  });
});
