import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

interface Ended {
  readonly code: number | string;
  readonly output: string;
  readonly errors: string;
}

function ciParity(folder: string, ...args: string[]): Promise<Ended> {
  return new Promise((done) => {
    const node = ['--import', loader, program, ...args];
    execFile(process.execPath, node, { cwd: folder }, (error, output, errors) => {
      done({ code: error?.code ?? 0, output, errors });
    });
  });
}

describe('ci-parity lint', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ci-parity-lint-'));
    const stages = "  stages {\n    stage('a') {\n      steps { echo 'x' }\n    }\n  }\n";
    writeFileSync(join(folder, 'good'), `pipeline {\n  agent any\n${stages}}\n`);
    writeFileSync(join(folder, 'bad'), `pipeline {\n  agent linux\n${stages}}\n`);
    writeFileSync(join(folder, 'cut'), `pipeline {\n  agent any\n  stages {\n`);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('ends well where nothing is wrong', async () => {
    const { code, output } = await ciParity(folder, 'lint', 'good');
    assert.deepEqual([code, output], [0, 'good: nothing is wrong\n']);
  });

  it('names file, line and column, and ends with 1', async () => {
    const { code, output } = await ciParity(folder, 'lint', 'good', 'bad');
    assert.equal(code, 1);
    assert.deepEqual(output.split('\n'), [
      'good: nothing is wrong',
      'bad:2:9: Only "agent any", "agent none" and "agent { … }" are possible, not: agent linux',
      '',
    ]);
  });

  it('gives a line of JSON for each file, also for one that breaks off', async () => {
    const { code, output } = await ciParity(folder, 'lint', '--json', 'bad', 'cut');
    assert.equal(code, 1);
    const [bad, cut] = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { file: string; problems: Record<string, unknown>[] });
    assert.equal(bad?.file, 'bad');
    const [{ message, ...place } = {}] = bad.problems;
    assert.equal(typeof message, 'string');
    assert.deepEqual(place, { line: 2, column: 9, endLine: 2, endColumn: 14 });
    assert.ok((cut?.problems.length ?? 0) > 0);
  });

  it('says which file cannot be read', async () => {
    const { code, errors } = await ciParity(folder, 'lint', 'missing');
    assert.equal(code, 3);
    assert.match(errors, /missing cannot be read/);
  });

  it('wants a file', async () => {
    assert.equal((await ciParity(folder, 'lint')).code, 2);
  });
});
