import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { lex } from '../../src/pipeline/read/lexer';
import { outline } from '../../src/pipeline/outline';
import { parse } from '../../src/pipeline/parser';
import { record } from './recorder';

const folder = join(import.meta.dirname, 'jenkinsfiles');
const sample = readFileSync(join(folder, 'vagrantTwoSuites.Jenkinsfile'), 'utf8');

function stageNames(text: string): string[] {
  return outline(parse(text)).stages.map(({ name }) => name);
}

describe('strings', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['single quotes and their escapes', String.raw`'a\tb\'c\\ \$x ${'$'}y'`, "a\tb'c\\ $x $y"],
    ['unicode and octal escapes', String.raw`'\u0041\uu0042\103'`, 'ABC'],
    [
      'double quotes with names and expressions',
      '"<${x}> $x $m.a ${m.a + 1} \\$x"',
      '<X> X 1 2 $x',
    ],
    ['nested strings and braces', '"${x + "${[1].collect { "<${it}>" }[0]}"}"', 'X<1>'],
    ['triple quotes with quotes inside', `'''a "b" 'c' ''d'''`, `a "b" 'c' ''d`],
    ['triple quotes with a line that goes on', `'''a\\\nb\nc'''`, 'ab\nc'],
    ['triple double quotes', '"""a "${x}"\nb"""', 'a "X"\nb'],
    [
      'slashy strings, with only the slash escaped',
      String.raw`/a\/b\d+\n ${'${x}'}/`,
      'a/b\\d+\\n X',
    ],
    ['dollar-slashy strings', '$/a / $$ $/ \\n ${x}/$', 'a / $ / \\n X'],
    ['Windows line ends', `'''a\r\nb'''`, 'a\nb'],
    ['a lone dollar', '/a$/', 'a$'],
    ['an empty string', `''`, ''],
  ];
  for (const [what, source, value] of cases) {
    it(`are read with ${what}`, async () => {
      const recording = await record(
        `def x = 'X'; def m = [a: 1]\nnode { def s = ${source}; say s }`,
      );
      assert.deepEqual(recording.log.slice(1, -1), value === '' ? ['say'] : [`say ${value}`]);
    });
  }

  it('are no strings where a slash divides', async () => {
    const recording = await record(
      `node { def a = 12; def b = [6]; say a / 2 / b[0]; say(a / 3) /* / */ }`,
    );
    assert.deepEqual(recording.log.slice(1, -1), ['say 1', 'say 4']);
  });
});

describe('the outline', () => {
  it('gives exactly the fields that the command line prints', () => {
    const text = `pipeline {\n  environment { A = 'a' }\n  stages {\n    stage('S') {\n      steps { sh 'x' }\n    }\n  }\n}\n`;
    assert.deepEqual(outline(parse(text)), {
      stages: [{ name: 'S', path: ['S'], line: 4, endLine: 6 }],
      environment: [{ name: 'A', scope: 'pipeline', line: 2, kind: 'literal', value: 'a' }],
      problems: [],
    });
  });

  it('reduces references by Jenkins’ rules: the same block, but not the key itself, then outer ones', () => {
    const text = readFileSync(join(folder, 'references.Jenkinsfile'), 'utf8');
    const values = outline(parse(text)).environment.map(({ name, value }) => [name, value]);
    assert.deepEqual(values, [
      ['REGISTRY', 'registry.example.com'],
      ['IMAGE', 'registry.example.com/app'],
      ['TAGGED', 'registry.example.com/app:1.2'],
      ['VERSION', '1.2'],
      ['SELF', undefined],
      ['ROUND_A', undefined],
      ['ROUND_B', undefined],
      ['VIA_ENV', 'registry.example.com/app'],
      ['IMAGE', 'registry.example.com/app-a'],
      ['ALL', 'registry.example.com/app:1.2 registry.example.com/app-a registry.example.com'],
      ['ALL', 'registry.example.com/app'],
    ]);
  });

  it('does not take for ever over references that multiply', () => {
    const keys = Array.from({ length: 60 }, (_, at) => `K${at} = "\${K${at + 1}}\${K${at + 1}}"`);
    const text = `pipeline { environment { ${keys.join('\n')} \n K60 = 'x' } }`;
    assert.equal(outline(parse(text)).environment[0]?.value, undefined);
  });
});

describe('a damaged Jenkinsfile', () => {
  const all = stageNames(sample);

  it('is one of five stages when whole', () => {
    assert.deepEqual(all, ['Checkout', 'BDD-Test', 'Runtime', 'K8s']);
  });

  it('keeps its stages, whichever bracket is lost', () => {
    for (let at = 0; at < sample.length; at++) {
      if (!'{}()'.includes(sample.charAt(at))) continue;
      const text = sample.slice(0, at) + sample.slice(at + 1);
      const line = sample.slice(0, at).split('\n').length;
      const names = stageNames(text);
      const missing = all.filter((name) => !names.includes(name));
      assert.ok(
        missing.length === 0,
        `line ${line}, ${sample.charAt(at)}: lost ${missing.join(', ')}`,
      );
    }
  });

  it('keeps the paths of its stages, whichever brace is lost', () => {
    const paths = outline(parse(sample)).stages.map(({ path }) => path.join('/'));
    let kept = 0;
    let braces = 0;
    for (let at = 0; at < sample.length; at++) {
      if (!'{}'.includes(sample.charAt(at))) continue;
      braces++;
      const text = sample.slice(0, at) + sample.slice(at + 1);
      const found = outline(parse(text)).stages.map(({ path }) => path.join('/'));
      if (found.join() === paths.join()) kept++;
    }
    assert.ok(kept / braces > 0.85, `${kept} of ${braces}`);
  });

  it('keeps the stages outside, whichever quote is lost', () => {
    for (let at = 0; at < sample.length; at++) {
      if (!`'"`.includes(sample.charAt(at))) continue;
      const text = sample.slice(0, at) + sample.slice(at + 1);
      const line = sample.slice(0, at).split('\n').length;
      const here = sample.split('\n')[line - 1] ?? '';
      const names = stageNames(text);
      const missing = all.filter((name) => !names.includes(name) && !here.includes(name));
      assert.ok(missing.length === 0, `line ${line}: lost ${missing.join(', ')}`);
    }
  });

  it('keeps the stages after a triple quote that is not closed', () => {
    const text = `pipeline {
  stages {
    stage('A') {
      steps {
        sh '''
          make
      }
    }
    stage('B') {
      steps {
        sh '''
          test
        '''
      }
    }
  }
}`;
    assert.deepEqual(stageNames(text), ['A', 'B']);
  });

  it('says where it is damaged', () => {
    const { problems } = outline(parse(`pipeline {\n  stages {\n    stage('A') {\n  }\n}\n`));
    assert.deepEqual(problems, [{ line: 3, message: 'This bracket is not closed.' }]);
  });

  it('has no problem when it has no damage', () => {
    for (const name of readdirSync(folder)) {
      assert.deepEqual(parse(readFileSync(join(folder, name), 'utf8')).problems, [], name);
    }
  });
});

describe('any text at all', () => {
  const seeds = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));

  it('is read without a throw, with ranges inside of the text', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.nat(20), fc.constantFrom(...PIECES)), { maxLength: 5 }),
        (seed, edits) => {
          let text = seed;
          for (const [at, length, piece] of edits) {
            const start = at % (text.length + 1);
            text = text.slice(0, start) + piece + text.slice(start + length);
          }
          const lines = text.split('\n').length;
          const { stages, environment, problems } = outline(parse(text));
          for (const { line, endLine } of stages)
            assert.ok(line >= 1 && endLine >= line && endLine <= lines);
          for (const { line } of [...environment, ...problems])
            assert.ok(line >= 1 && line <= lines);
        },
      ),
      { numRuns: 1500 },
    );
  }).timeout(60_000);

  it('is read also if it is nothing but pieces of syntax', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }), (pieces) => {
        outline(parse(pieces.join(' ')));
        outline(parse(pieces.join('')));
      }),
      { numRuns: 1500 },
    );
  }).timeout(60_000);

  it('is interpreted to an end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.nat(20), fc.constantFrom(...PIECES)), { maxLength: 3 }),
        async (seed, edits) => {
          let text = seed;
          for (const [at, length, piece] of edits) {
            const start = at % (text.length + 1);
            text = text.slice(0, start) + piece + text.slice(start + length);
          }
          await record(text, { dry: true });
        },
      ),
      { numRuns: 300 },
    );
  }).timeout(120_000);
});

describe('depth and size', () => {
  for (const [what, open, close] of [
    ['parentheses', '(', ')'],
    ['lists', '[', ']'],
    ['closures', '{', '}'],
    ['interpolations', '"${', '}"'],
    ['stages', "stage('x') {", '}'],
    ['negations', '!', ''],
    ['conditions', 'if (a) ', ''],
    ['elvis operators', 'a ?: ', ''],
    ['assignments', 'a = ', ''],
    ['casts', '(String) ', ''],
    ['sums', 'a + ', ''],
    ['calls', 'a().', ''],
    ['maps', '[a: ', ']'],
    ['commands', 'a b ', ''],
    ['labels', 'a: ', ''],
    ['class bodies', 'class A {', '}'],
    ['chains of closures', 'a { } ', ''],
    ['parameters', '{ a -> ', '}'],
    ['strings in interpolations', '"${"${', ''],
    ['annotations', '@A ', ''],
    ['generics', 'List<', ''],
  ] as const) {
    it(`are bounded for 100,000 nested ${what}`, () => {
      const text = `x = ${open.repeat(100_000)}y${close.repeat(100_000)}\nstage('after') { }`;
      outline(parse(text));
      const alone = `${open.repeat(10_000)}y${close.repeat(10_000)}\nstage('after') { }`;
      assert.ok(Array.isArray(outline(parse(alone)).stages));
      outline(parse(open.repeat(100_000)));
    });
  }

  it('keep the stages beside what is nested too deeply', () => {
    const deep = `node {\n  x = ${'('.repeat(10_000)}y${')'.repeat(10_000)}\n  stage('after') { sh 'a' }\n}`;
    assert.deepEqual(stageNames(deep), ['after']);
  });

  it('let a long sum and a long chain be computed', async () => {
    const sum = Array.from({ length: 3000 }, () => '1').join(' + ');
    const recording = await record(`node { say(${sum}) }`);
    assert.ok(recording.log.includes('say 3000'));
  });

  it('make no more tokens than characters, even with quotes that never end', () => {
    for (const piece of [`'''`, `"""`, '"${', '$/', '/ a', `'`, '/*', '"${"', '{(', '})']) {
      const text = `${piece}\n`.repeat(5000);
      assert.ok(lex(text).length <= text.length + 2 * 5000 + 2, piece);
      outline(parse(text));
    }
  }).timeout(20_000);
});

const PIECES = [
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  '"',
  "'",
  "'''",
  '"""',
  '${',
  '/',
  '$/',
  '/$',
  '/*',
  '*/',
  '//',
  '\\',
  '\n',
  ' ',
  'stage',
  "stage('x')",
  'pipeline {',
  'environment {',
  'steps',
  'script',
  'if',
  'else',
  'for (',
  'in',
  'while (',
  'switch (x) {',
  'case',
  'default:',
  'try {',
  'catch (e) {',
  'finally',
  'return',
  'throw',
  'def',
  'class X {',
  'new X(',
  'import',
  '@A',
  '->',
  '?.',
  '*.',
  '?:',
  '?',
  ':',
  '=',
  '+=',
  '..',
  '<',
  '>',
  'as',
  'instanceof',
  '!',
  '-',
  '+',
  '.',
  ',',
  ';',
  '1',
  'a',
  'A = ',
  '\r\n',
  '\u00a0',
  '$a',
];
