import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { outline } from '../../src/pipeline/outline';
import type { Outline, OutlineStage } from '../../src/pipeline/outline';
import { parse } from '../../src/pipeline/parser';

const folder = join(import.meta.dirname, 'jenkinsfiles');
const files = readdirSync(folder).map((name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  return { name, text, stages: read(text).stages };
});

function read(text: string): Outline {
  return outline(parse(text));
}

/** What is found of the stages that lie wholly outside of the damaged line. */
class Recall {
  before = 0;
  beforeKept = 0;
  after = 0;
  afterKept = 0;
  /** Files that became no other valid Jenkinsfile, and how many of them have a problem named. */
  readonly lost: string[] = [];

  /** `text` is `file` with damage at `line`; without `after` what follows is not looked for. */
  add(file: (typeof files)[number], line: number, text: string, after = true): void {
    const found = read(text).stages;
    const whole = new Set(found.map(wholeStage));
    const begun = new Set(found.map(beginning));
    for (const stage of file.stages) {
      if (stage.endLine < line) {
        this.before++;
        if (whole.has(wholeStage(stage))) this.beforeKept++;
        else this.lost.push(`${file.name}:${line} lost ${stage.name} before`);
      } else if (after && stage.line > line) {
        this.after++;
        if (begun.has(beginning(stage))) this.afterKept++;
        else this.lost.push(`${file.name}:${line} lost ${stage.name} after`);
      }
    }
  }

  /** Asserts shares from 0 to 1. */
  isAtLeast(before: number, after: number): void {
    const words = `before ${this.beforeKept} of ${this.before}, after ${this.afterKept} of ${this.after}`;
    const message = `${words}: ${this.lost.slice(0, 5).join('; ')}`;
    assert.ok(this.before > 100, words);
    assert.ok(this.beforeKept >= this.before * before, message);
    assert.ok(this.afterKept >= this.after * after, message);
  }
}

/** With its end and the stages around it. */
function wholeStage({ path, line, endLine }: OutlineStage): string {
  return `${path.join('\0')} ${line} ${endLine}`;
}

function beginning({ name, line }: OutlineStage): string {
  return `${name} ${line}`;
}

/** Each character of `wanted`, with its line; every `step`th, so that it takes seconds only. */
function* places(text: string, wanted: string, step: number) {
  let line = 1;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at);
    if (wanted.includes(c) && count++ % step === 0) yield { at, line, c };
    if (c === '\n') line++;
  }
}

describe('a Jenkinsfile that is being typed', () => {
  it('has every stage that ended before the place where it breaks off', () => {
    const recall = new Recall();
    for (const file of files) {
      for (const { at, line } of places(file.text, '\n', 1))
        recall.add(file, line + 1, file.text.slice(0, at + 1), false);
    }
    recall.isAtLeast(1, 1);
  }).timeout(60_000);

  it('keeps the stages around a line that is missing', () => {
    const recall = new Recall();
    for (const file of files) {
      for (const { at, line } of places(file.text, '\n', 1)) {
        const end = file.text.indexOf('\n', at + 1);
        if (end > 0) recall.add(file, line + 1, file.text.slice(0, at + 1) + file.text.slice(end));
      }
    }
    recall.isAtLeast(1, 0.99);
  }).timeout(60_000);

  // What is lost after the damage is mostly in a string of many lines, or in an expression that
  // then reads on: a share of those stages, and none before.
  for (const [what, wanted, before, after] of [
    ['brace', '{}', 0.998, 0.99],
    ['parenthesis or square bracket', '()[]', 1, 0.99],
    ['quote', `'"`, 0.98, 0.975],
  ] as const) {
    it(`keeps the stages around a ${what} that is missing`, () => {
      const recall = new Recall();
      for (const file of files) {
        for (const { at, line } of places(file.text, wanted, 3))
          recall.add(file, line, file.text.slice(0, at) + file.text.slice(at + 1));
      }
      recall.isAtLeast(before, after);
    }).timeout(60_000);

    it(`keeps the stages around a ${what} too many`, () => {
      const recall = new Recall();
      for (const file of files) {
        for (const { at, line, c } of places(file.text, wanted, 3))
          recall.add(file, line, file.text.slice(0, at) + c + file.text.slice(at));
      }
      recall.isAtLeast(before, after);
    }).timeout(60_000);
  }

  it('keeps every stage around half a stage', () => {
    const text = [
      'pipeline {',
      '  agent any',
      '  stages {',
      "    stage('A') { steps { sh 'a' } }",
      "    stage('B') {",
      '      steps {',
      "        sh 'b",
      "    stage('C') {",
      '      steps {',
      "        sh 'c'",
      '      }',
      '    }',
      '  }',
      '}',
    ].join('\n');
    const { stages, problems } = read(text);
    assert.deepEqual(
      stages.map(({ name, line }) => `${name} ${line}`),
      ['A 4', 'B 5', 'C 8'],
    );
    assert.deepEqual(
      problems.map(({ line }) => line),
      [5, 6, 7],
    );
  });

  it('keeps every stage around the marks of a merge conflict, and names these', () => {
    const text = [
      'pipeline {',
      '  stages {',
      "    stage('A') { steps { sh 'a' } }",
      '<<<<<<< HEAD',
      "    stage('B') { steps { sh 'ours' } }",
      '||||||| base',
      '=======',
      "    stage('B') { steps { sh 'theirs' } }",
      '>>>>>>> branch',
      "    stage('C') { steps { sh 'c' } }",
      '  }',
      '}',
    ].join('\n');
    const { stages, problems } = read(text);
    assert.deepEqual(
      stages.map(({ name, line }) => `${name} ${line}`),
      ['A 3', 'B 5', 'B 8', 'C 10'],
    );
    const message = 'A merge conflict is not resolved here.';
    assert.deepEqual(
      problems,
      [4, 6, 7, 9].map((line) => ({ line, message })),
    );
  });

  it('says at which line a bracket, a quote and a comma are missing', () => {
    const cases: readonly (readonly [string, number, string])[] = [
      ["node {\n  stage('A') {\n    sh 'a'\n\n}", 2, 'This bracket is not closed.'],
      ["node {\n  sh 'a\n  sh 'b'\n}", 2, 'This string is not closed.'],
      ['node {\n  call(a: 1\n    b: 2)\n}', 3, "A ',' or ')' is missing here."],
      ['node {\n  x = [1 2]\n}', 2, "A ',' or ']' is missing here."],
      ['node {\n  1 + 1 = 2\n}', 2, 'Nothing can be assigned to this.'],
      ['node {\n}\n}', 3, 'Nothing is open that this bracket closes.'],
      [
        'node {\n  echo "costs $5"\n}',
        2,
        'This $ begins no name: in a string with double quotes it must be \\$.',
      ],
      ['node {\n  foo.\n}', 2, "A name is missing after '.'."],
      ['node {\n  /* on and on\n}', 2, 'This comment is not closed.'],
    ];
    for (const [text, line, message] of cases) {
      const [first] = read(text).problems;
      assert.deepEqual(first, { line, message }, text);
    }
  });
});

describe('any change at all', () => {
  it('is read without a throw, and in time', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...files.map(({ text }) => text)),
        fc.constantFrom(...files.map(({ text }) => text)),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(200), fc.nat(3)), {
          minLength: 1,
          maxLength: 6,
        }),
        (text, other, changes) => {
          for (const change of changes) text = changed(text, other, change);
          const began = performance.now();
          read(text);
          assert.ok(performance.now() - began < 5000);
        },
      ),
      { numRuns: 2000 },
    );
  }).timeout(60_000);
});

/** Takes out, puts in from elsewhere, doubles, or swaps a stretch. */
function changed(
  text: string,
  other: string,
  [at, from, length, kind]: readonly [number, number, number, number],
): string {
  const start = at % (text.length + 1);
  const piece = text.slice(start, start + length);
  const rest = text.slice(start + length);
  const foreign = from % (other.length + 1);
  switch (kind) {
    case 0:
      return text.slice(0, start) + rest;
    case 1:
      return text.slice(0, start) + other.slice(foreign, foreign + length) + text.slice(start);
    case 2:
      return text.slice(0, start) + piece + piece + rest;
    default:
      return text.slice(0, start) + piece.split('').toReversed().join('') + rest;
  }
}
