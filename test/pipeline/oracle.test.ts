import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { outline } from '../../src/pipeline/outline';
import { parse } from '../../src/pipeline/parser';
import { treeOf } from './tree';
import { without } from '../bed/without';

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
      /** Everything that Groovy has read, as `Tree.groovy` prints it. */
      readonly tree: string;
    };

const folder = join(import.meta.dirname, 'jenkinsfiles');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.Jenkinsfile'))
  .map((name) => join(folder, name));

describe('our reading of Jenkinsfiles, held against Groovy’s own', () => {
  const answers = new Map<string, Answer>();

  before(function () {
    this.timeout(120_000);
    if (spawnSync('groovy', ['--version']).error !== undefined)
      without(this, 'groovy is missing: apt-get install groovy default-jre-headless');
    for (const [file, answer] of ask(files)) answers.set(file, answer);
  });

  for (const file of files) {
    it(`agrees on the stages and the environment of ${basename(file)}`, () => {
      const answer = answerFor(file);
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

    it(`agrees on every statement and every value of ${basename(file)}`, () => {
      const theirs = lines(answerFor(file).tree);
      const ours = lines(treeOf(parse(readFileSync(file, 'utf8'))));
      const at = ours.findIndex((line, i) => line !== theirs[i]);
      if (at >= 0)
        assert.equal(ours.slice(at, at + 3).join('\n'), theirs.slice(at, at + 3).join('\n'));
      assert.equal(ours.length, theirs.length);
    });
  }

  it('is asked about enough files', () => {
    assert.ok(files.length >= 125, String(files.length));
  });

  function answerFor(file: string): Extract<Answer, { ok: true }> {
    const answer = answers.get(file);
    assert.ok(answer?.ok, answer?.ok === false ? answer.error : 'no answer');
    return answer;
  }
});

function lines(tree: string): string[] {
  return tree.split('\n').filter((line) => line !== '');
}

/** Asks Groovy about all files, in one process. */
function ask(paths: readonly string[]): Map<string, Answer> {
  const scratch = mkdtempSync(join(tmpdir(), 'oracle-'));
  try {
    const [list, out] = [join(scratch, 'list'), join(scratch, 'out.json')];
    writeFileSync(list, paths.join('\n'));
    const oracle = join(import.meta.dirname, 'Oracle.groovy');
    // `@Grab` would have it ask the network.
    const options = ['-cp', import.meta.dirname, '-Dgroovy.grape.enable=false'];
    const { status, stderr } = spawnSync('groovy', [...options, oracle, list, out], {
      encoding: 'utf8',
    });
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
