import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expressions } from './expressions';
import { record } from './recorder';
import { without } from '../bed/without';

/**
 * The program of a case: what its last line gives is shown as text, or the name of the exception
 * that it throws.
 */
function programOf(expression: string): string {
  const lines = expression.trim().split('\n');
  const last = lines.pop() ?? '';
  return `${lines.join('\n')}
try { show("\${${last.trim()}}") } catch (Throwable e) { show(e.getClass().simpleName) }`;
}

async function ours(program: string): Promise<string[]> {
  const { log, error } = await record(program);
  const shown = log.map((line) => line.replace(/^show ?/, ''));
  return error === undefined ? shown : [...shown, `does not run: ${error}`];
}

describe('expressions, held against Groovy itself', () => {
  const answers = new Map<string, readonly string[]>();

  before(function () {
    this.timeout(120_000);
    if (spawnSync('groovy', ['--version']).error !== undefined)
      without(this, 'groovy is missing: apt-get install groovy default-jre-headless');
    const given = ask(expressions.map(programOf));
    for (const [at, expression] of expressions.entries()) {
      answers.set(expression, given[at] ?? []);
    }
  });

  for (const expression of expressions) {
    it(expression.trim().replaceAll(/\s*\n\s*/g, ' ⏎ '), async () => {
      assert.deepEqual(await ours(programOf(expression)), answers.get(expression));
    });
  }
});

/** What Groovy shows for each program, in one JVM. */
function ask(programs: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'expressions-'));
  try {
    const list = join(folder, 'programs.json');
    writeFileSync(list, JSON.stringify(programs));
    const script = join(import.meta.dirname, 'Expressions.groovy');
    const { stdout, stderr, status } = spawnSync('groovy', [script, list], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as string[][];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
