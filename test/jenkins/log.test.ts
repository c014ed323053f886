import assert from 'node:assert/strict';
import fc from 'fast-check';
import { connect } from '../../src/jenkins/client';
import type { LogPosition } from '../../src/jenkins/log';
import { createLogCleaner } from '../../src/jenkins/logCleaner';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';

const { signal } = new AbortController();
const NOTE = '\u001b[8mha:////4AAAAo1iZXQ=\u001b[0m';

/** What cleaning means, said slowly. */
function cleanSlowly(log: string): string {
  return log.replace(/\u001b\[8mha:[^\n]*?\u001b\[0m/g, '').replace(/\r\n/g, '\n');
}

function cleanInPieces(log: Buffer, sizes: readonly number[]): string {
  const cleaner = createLogCleaner();
  const clean: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < log.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    clean.push(cleaner.push(log.subarray(at, at + size)));
    at += size;
  }
  clean.push(cleaner.end());
  return Buffer.concat(clean).toString('latin1');
}

async function bed(log: string, options: { version?: string; building?: boolean } = {}) {
  const { version = '2.504.3', building = false } = options;
  const run = { number: 1, building, ...(!building && { result: 'SUCCESS' as const }), log };
  const jenkins = await startJenkins({ version, world: { jobs: [{ name: 'a', runs: [run] }] } });
  const client = connect({ base: jenkins.base, pollInterval: 1 });
  return {
    jenkins,
    client,
    run: await client.run(`${jenkins.base}job/a/1/`, signal),
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await jenkins.close();
    },
  };
}

/** Appends a piece each time the client has asked for the log, then ends the run. */
async function grow(
  jenkins: JenkinsDouble,
  pieces: readonly string[],
  read: Promise<string>,
): Promise<string> {
  let seen = jenkins.requests.length;
  for (const piece of pieces) {
    while (jenkins.requests.length === seen) await new Promise((resolve) => setImmediate(resolve));
    seen = jenkins.requests.length;
    jenkins.appendLog('a', 1, piece);
  }
  jenkins.finish('a', 1, 'SUCCESS');
  return read;
}

async function textOf(log: AsyncIterable<{ bytes: Buffer }>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const { bytes } of log) chunks.push(bytes);
  return Buffer.concat(chunks).toString('utf8');
}

describe('cleaning a log', () => {
  const piece = fc.constantFrom(
    NOTE,
    '\u001b[8mha:',
    '\u001b[0m',
    '\u001b[8m',
    '\u001b',
    '\r',
    '\n',
    '\r\n',
    'a',
    'é',
    '[8mha:',
  );

  it('gives the same wherever the chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (pieces, sizes) => {
          const log = Buffer.from(pieces.join(''));
          const due = cleanSlowly(log.toString('latin1'));
          assert.equal(cleanInPieces(log, sizes), due);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('does not touch a chunk that is clean already', () => {
    const chunk = Buffer.from('nothing to do\n');
    assert.equal(createLogCleaner().push(chunk), chunk);
  });

  it('does not wait without bounds for a note to end', () => {
    const cleaner = createLogCleaner();
    let size = cleaner.push(Buffer.from('\u001b[8mha:')).length;
    for (let turn = 0; turn < 10; turn++) size += cleaner.push(Buffer.alloc(100_000, 'A')).length;
    assert.ok(size > 500_000);
  });
});

describe('the log of a run', () => {
  it('that has ended comes as it was written, without notes', async () => {
    await using it = await bed(`one\n${NOTE}two\r\nthree`);
    assert.equal(await textOf(it.client.log(it.run, { signal })), 'one\ntwo\nthree');
  });

  it('can be taken up again after any chunk', async () => {
    const log = Array.from(
      { length: 20_000 },
      (_, line) => `${line % 7 === 0 ? NOTE : ''}line ${line}\n`,
    ).join('');
    await using it = await bed(log);
    const whole = cleanSlowly(log);
    let before = '';
    const positions: [string, LogPosition][] = [];
    for await (const { bytes, next } of it.client.log(it.run, { signal })) {
      before += bytes.toString();
      positions.push([before, next]);
    }
    assert.ok(positions.length > 1);
    for (const [known, start] of positions.slice(0, 3)) {
      assert.ok(known + (await textOf(it.client.log(it.run, { start, signal }))) === whole);
      const running = { ...it.run, building: true };
      assert.ok(known + (await textOf(it.client.log(running, { start, signal }))) === whole);
    }
  });

  const pieces = [
    'second\nthi',
    `rd ${NOTE}noted\nfourth\r\n`,
    'fifth\r\nsixth\r\n',
    '',
    'same\n'.repeat(3000),
    `same\nsame\n${NOTE}`,
    'same\r\n',
    Array.from({ length: 25_000 }, (_, line) => `line ${line}\r\n`).join(''),
    'end without a newline',
  ];
  for (const version of ['2.504.3', '2.508', '2.509', '2.516.1', '3.0']) {
    it(`that grows on ${version} comes whole, each byte once`, async () => {
      await using it = await bed('first\n', { version, building: true });
      const read = textOf(it.client.log(it.run, { signal }));
      const text = await grow(it.jenkins, pieces, read);
      assert.equal(text, cleanSlowly('first\n' + pieces.join('')));
    });
  }

  it('that has not begun is waited for', async () => {
    await using it = await bed('', { building: true });
    assert.equal(
      await grow(it.jenkins, ['', 'here\n'], textOf(it.client.log(it.run, { signal }))),
      'here\n',
    );
  });

  it('that breaks off says so', async () => {
    await using it = await bed('one\n');
    it.jenkins.fault(/consoleText/, 'truncated');
    await assert.rejects(textOf(it.client.log(it.run, { signal })), { kind: 'truncated' });
  });

  it('is no longer followed when the signal says so', async () => {
    await using it = await bed('one\n', { building: true });
    const controller = new AbortController();
    await assert.rejects(
      async () => {
        for await (const chunk of it.client.log(it.run, { signal: controller.signal })) {
          assert.equal(chunk.bytes.toString(), 'one\n');
          controller.abort();
        }
      },
      { name: 'AbortError' },
    );
  });

  it('is read no faster than it is wanted, and a slow reader is not blamed on the server', async () => {
    await using it = await bed('x'.repeat(8_000_000));
    using patient = connect({ base: it.jenkins.base, idleTimeout: 300 });
    let size = 0;
    for await (const { bytes } of patient.log(it.run, { signal })) {
      if (size === 0) await new Promise((resolve) => setTimeout(resolve, 700));
      size += bytes.length;
    }
    assert.equal(size, 8_000_000);
  });
});
