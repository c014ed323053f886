import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { globSync } from 'tinyglobby';
import { completionsAt } from '../../../src/editor/language/completions';
import { credentialIds } from '../../../src/editor/language/credentialIds';
import { findingsOf } from '../../../src/editor/language/findings';
import { foldsOf } from '../../../src/editor/language/folding';
import { hoverAt } from '../../../src/editor/language/hoverText';
import { mentionsOf } from '../../../src/editor/language/mentions';
import {
  definitionsAt,
  occurrencesAt,
  rename,
  renamingAt,
} from '../../../src/editor/language/navigation';
import { signatureAt } from '../../../src/editor/language/signatures';
import { partsOf, type Part } from '../../../src/editor/language/structure';
import { parse } from '../../../src/pipeline/parser';
import { Symbols } from '../../../src/pipeline/symbols';

const folder = join(import.meta.dirname, '../../pipeline/jenkinsfiles');
const files = globSync('*.Jenkinsfile', { cwd: folder })
  .sort()
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

/** A different set of places for each file, the same in each run: about `count` of them. */
function places(length: number, count: number, seed: number): number[] {
  const step = Math.max(1, Math.floor(length / count));
  const all: number[] = [];
  for (let at = seed % step; at <= length; at += step) all.push(at);
  return all;
}

/** Everything that is asked at a place, and its invariants. */
function askAt(symbols: Symbols, offset: number): void {
  const { length } = symbols.pipeline.text;
  const { place } = completionsAt(symbols, offset, {
    credentials: ['an-id'],
    librarySteps: new Map([['ship', 'tools']]),
  });
  assert.ok(place.start <= offset && offset <= place.end && place.end <= length);
  const hover = hoverAt(symbols, offset);
  assert.ok(hover === undefined || (hover.place.start <= offset && offset <= hover.place.end));
  signatureAt(symbols, offset);
  definitionsAt(symbols, offset);
  occurrencesAt(symbols, offset);
  renamingAt(symbols, offset);
  rename(symbols, offset, 'renamed');
}

function askAll(symbols: Symbols): void {
  const { length } = symbols.pipeline.text;
  for (const { range } of findingsOf(symbols, () => undefined))
    assert.ok(range.start >= 0 && range.start <= range.end && range.end <= length);
  const lines = symbols.pipeline.lines.length;
  for (const { start, end } of foldsOf(symbols)) assert.ok(start < end && end < lines);
  for (const { place } of mentionsOf(symbols)) assert.ok(place.start <= place.end);
  credentialIds(symbols);
  const check = ({ whole, place, children }: Part): void => {
    assert.ok(whole.start <= place.start && place.end <= whole.end);
    for (const child of children) {
      assert.ok(whole.start <= child.whole.start && child.whole.end <= whole.end);
      check(child);
    }
  };
  partsOf(symbols).forEach(check);
}

describe('The language service never fails', () => {
  it('on a file of the set, at any place', function () {
    this.timeout(120_000);
    assert.ok(files.length > 25);
    files.forEach(({ text }, at) => {
      const symbols = new Symbols(parse(text));
      askAll(symbols);
      for (const offset of places(text.length, 60, at)) askAt(symbols, offset);
    });
  });

  it('on a file of the set that ends anywhere, where it ends', function () {
    this.timeout(120_000);
    files.forEach(({ name, text }, at) => {
      for (const end of places(text.length, 16, at * 7)) {
        const symbols = new Symbols(parse(text.slice(0, end)));
        try {
          askAll(symbols);
          askAt(symbols, end);
        } catch (error) {
          throw new Error(`${name} cut at ${end}`, { cause: error });
        }
      }
    });
  });

  it('on a file of the set that lacks its beginning, or a piece', function () {
    this.timeout(120_000);
    files.forEach(({ name, text }, at) => {
      for (const from of places(text.length, 8, at * 13)) {
        const symbols = new Symbols(parse(text.slice(0, from) + text.slice(from + 30)));
        try {
          askAll(symbols);
          askAt(symbols, from);
        } catch (error) {
          throw new Error(`${name} without 30 from ${from}`, { cause: error });
        }
      }
    });
  });

  it('on nothing, and on the deepest nesting', () => {
    for (const text of [
      '',
      '\n',
      '{'.repeat(5000),
      `x = ${'"${'.repeat(300)}`,
      'a.'.repeat(5000),
    ]) {
      const symbols = new Symbols(parse(text));
      askAll(symbols);
      askAt(symbols, text.length);
      askAt(symbols, 0);
    }
  });
});

describe('The language service is quick', () => {
  it('with a file of a thousand lines: a keystroke costs less than a tenth of a second', function () {
    this.timeout(60_000);
    const stages = Array.from(
      { length: 120 },
      (_, at) => `    stage('Stage ${at}') {
      environment { V${at} = "v-\${BASE}-${at}" }
      steps {
        sh 'echo $V${at} && ./scripts/run.sh'
        echo "\${V${at}} \${BASE}"
      }
    }
`,
    ).join('');
    const text = `pipeline {\n  agent any\n  environment { BASE = '1' }\n  stages {\n${stages}  }\n}\n`;
    const times = Array.from({ length: 7 }, () => {
      const began = performance.now();
      const symbols = new Symbols(parse(text));
      askAll(symbols);
      askAt(symbols, text.indexOf('$V60') + 2);
      return performance.now() - began;
    }).sort((a, b) => a - b);
    const median = times[3] ?? Infinity;
    assert.ok(median < 100, `${median} ms`);
  });
});
