import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { outline } from '../../src/pipeline/outline';
import { parse } from '../../src/pipeline/parser';

/** What `Oracle.groovy` writes for a file. */
type Answer =
  | { readonly ok: false; readonly error: string }
  | {
      readonly ok: true;
      readonly stages: readonly { path: string[]; line: number; endLine: number }[];
      readonly environment: readonly {
        name: string;
        scope: string;
        line: number;
        kind: string;
        value: string | null;
      }[];
    };

const folder = join(import.meta.dirname, 'jenkinsfiles');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.Jenkinsfile'))
  .map((name) => join(folder, name));

describe('our reading of Jenkinsfiles, held against Groovy’s own', () => {
  const answers = new Map<string, Answer>();

  before(function () {
    this.timeout(120_000);
    if (spawnSync('groovy', ['--version']).error !== undefined) {
      const message = 'groovy is not installed (apt-get install groovy default-jre-headless)';
      assert.notEqual(process.env['CI'], 'true', message);
      console.log(`      ${message}: skipped`);
      this.skip();
    }
    for (const [file, answer] of ask(files)) answers.set(file, answer);
  });

  for (const file of files) {
    it(`agrees on ${basename(file)}`, () => {
      const answer = answers.get(file);
      assert.ok(answer?.ok, answer?.ok === false ? answer.error : 'no answer');
      const ours = outline(parse(readFileSync(file, 'utf8')));
      assert.deepEqual(ours.problems, []);
      assert.deepEqual(
        ours.stages.map(stageLine),
        answer.stages.toSorted((a, b) => a.line - b.line).map(stageLine),
      );
      assert.deepEqual(
        ours.environment.map(({ name, scope, line, kind, value }) => ({
          name,
          scope: plain(scope),
          line,
          kind,
          value: kind === 'literal' ? (value ?? null) : null,
        })),
        answer.environment.map((entry) => ({ ...entry, scope: plain(entry.scope) })),
      );
    });
  }
});

/** Asks Groovy about all files, in one process. */
function ask(paths: readonly string[]): Map<string, Answer> {
  const scratch = mkdtempSync(join(tmpdir(), 'oracle-'));
  try {
    const [list, out] = [join(scratch, 'list'), join(scratch, 'out.json')];
    writeFileSync(list, paths.join('\n'));
    const oracle = join(import.meta.dirname, 'Oracle.groovy');
    const { status, stderr } = spawnSync('groovy', [oracle, list, out], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return new Map(
      Object.entries(JSON.parse(readFileSync(out, 'utf8')) as Readonly<Record<string, Answer>>),
    );
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function stageLine(stage: { path: readonly string[]; line: number; endLine: number }): string {
  return `${stage.path.map(plain).join(' / ')} ${stage.line}-${stage.endLine}`;
}

/** Groovy gives a GString's names without their braces. */
function plain(name: string): string {
  return name.replaceAll(/[${}]/g, '');
}
