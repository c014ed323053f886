import assert from 'node:assert/strict';
import { blocksAt } from '../../src/pipeline/names/contextAt';
import { lexicalAt, openCalls } from '../../src/pipeline/names/position';
import { shellNames } from '../../src/pipeline/names/shellNames';
import { innermostAt } from '../../src/pipeline/names/tree';
import { inSteps, marked } from './marked';

describe('A place in a Jenkinsfile is in', () => {
  const context = (source: string): string | undefined => {
    const { symbols, offset } = marked(source);
    return blocksAt(symbols.tree, symbols.lexed, offset).context;
  };

  it('the block whose braces are around it', () => {
    assert.equal(context('‸pipeline { }'), 'file');
    assert.equal(context('pipeline { ‸ }'), 'pipeline');
    assert.equal(context('pipeline { stages { ‸ } }'), 'stages');
    assert.equal(context("pipeline { stages { stage('a') { ‸ } } }"), 'stage');
    assert.equal(context("pipeline { stages { stage('a') { when { ‸ } } } }"), 'when');
    assert.equal(context("pipeline { stages { stage('a') { when { anyOf { ‸ } } } } }"), 'when');
    assert.equal(context("pipeline { stages { stage('a') { options { ‸ } } } }"), 'stageOptions');
    assert.equal(context('pipeline { options { ‸ } }'), 'options');
    assert.equal(context('pipeline { post { ‸ } }'), 'post');
    assert.equal(context('pipeline { post { always { ‸ } } }'), 'steps');
    assert.equal(context('pipeline { agent { docker { ‸ } } }'), 'docker');
    assert.equal(context(inSteps('‸')), 'steps');
    assert.equal(context(inSteps('timeout(1) { ‸ }')), 'steps');
    assert.equal(context(inSteps('script { if (x) { ‸ } }')), 'script');
  });

  it('code in functions, classes, and the closures of a scripted pipeline', () => {
    assert.equal(context('def f() { ‸ }\npipeline { }'), 'script');
    assert.equal(context("node { stage('a') { ‸ } }"), 'script');
    assert.equal(context('node { parallel a: { ‸ } }'), 'script');
  });

  it('no known block where none is legal', () => {
    assert.equal(context('pipeline { nonsense { ‸ } }'), undefined);
  });

  it('the block whose brace is not written yet, by its indentation', () => {
    assert.equal(context('pipeline {\n  agent any\n  ‸'), 'pipeline');
    assert.equal(context("pipeline {\n  stages {\n    stage('a') {\n      ‸"), 'stage');
    assert.equal(
      context(
        "pipeline {\n  stages {\n    stage('a') {\n      steps {\n        sh 'x'\n      }\n      ‸",
      ),
      'stage',
    );
    assert.equal(context('pipeline {\n  stages {‸'), 'stages');
  });

  it('the block around a half-typed word', () => {
    assert.equal(context("pipeline { stages { stage('a') { st‸\n steps { } } } }"), 'stage');
  });
});

describe('A place is lexically', () => {
  const kind = (source: string): string => {
    const { symbols, offset } = marked(source);
    return lexicalAt(symbols.lexed, offset).kind;
  };

  it('in a comment', () => {
    assert.equal(kind('x // a‸'), 'comment');
    assert.equal(kind('x // a‸b\ny'), 'comment');
    assert.equal(kind('/* a ‸ */ x'), 'comment');
    assert.equal(kind('/* a */ ‸x'), 'code');
    assert.equal(kind('// a\n‸x'), 'code');
    assert.equal(kind('#!/usr/bin/env groovy‸\nnode { }'), 'comment');
  });

  it('in the text of a string', () => {
    assert.equal(kind("x = 'a‸'"), 'string');
    assert.equal(kind("x = '‸'"), 'string');
    assert.equal(kind("x = 'a'‸"), 'code');
    assert.equal(kind('x = "a ${b} c‸"'), 'string');
    assert.equal(kind('x = "a ${b}‸"'), 'string');
    assert.equal(kind("x = '''a\n // b‸\n'''"), 'string');
    assert.equal(kind("x = 'a // b‸'"), 'string');
  });

  it('in code within a string', () => {
    assert.equal(kind('x = "a ${‸}"'), 'code');
    assert.equal(kind('x = "a ${b‸}"'), 'code');
    assert.equal(kind('x = "a ${‸'), 'code');
    assert.equal(kind('x = "a $b‸"'), 'dollar');
  });
});

describe('The calls around a place', () => {
  const calls = (source: string): string[] => {
    const { symbols, offset } = marked(source);
    return openCalls(symbols.lexed, offset).map(
      ({ name, active, key }) => `${name} ${active}${key === undefined ? '' : ` ${key}`}`,
    );
  };

  it('have their commas before it', () => {
    assert.deepEqual(calls('f(‸)'), ['f 0']);
    assert.deepEqual(calls('f(a, ‸)'), ['f 1']);
    assert.deepEqual(calls('f(a, b(c, d), ‸)'), ['f 2']);
  });

  it('have the name of the argument that is being written', () => {
    assert.deepEqual(calls('f(a: 1, b: ‸)'), ['f 1 b']);
    assert.deepEqual(calls("f(a: 1, b: '‸')"), ['f 1 b']);
    assert.deepEqual(calls('f(a: 1, ‸)'), ['f 1']);
  });

  it('go from the innermost', () => {
    assert.deepEqual(calls('f([string(‸)])'), ['string 0', 'f 0']);
  });

  it('need no parentheses', () => {
    assert.deepEqual(calls("node { sh script: 'x', ‸ }"), ['sh 1']);
    assert.deepEqual(calls('node { sh ‸ }'), ['sh 0']);
    assert.deepEqual(calls("node { sh 'x', ‸\n }"), ['sh 1']);
  });

  it('end with the line that needs none', () => {
    assert.deepEqual(calls("echo 'a'\n‸"), []);
  });

  it('go over lines in parentheses', () => {
    assert.deepEqual(calls("sh(\n  script: 'x',\n  ‸\n)"), ['sh 1']);
  });

  it('end at a block', () => {
    assert.deepEqual(calls('timeout(1) { ‸ }'), []);
    assert.deepEqual(calls('f("${‸}")'), []);
  });

  it('tell which arguments they have, before and after', () => {
    const { symbols, offset } = marked('f(a: 1, ‸, c: [d: 2])');
    assert.deepEqual(openCalls(symbols.lexed, offset)[0]?.keys, ['a', 'c']);
  });
});

describe('Variables of a script', () => {
  const names = (text: string, kind: 'sh' | 'bat' | 'powershell', groovys = false): string[] =>
    shellNames(text, { start: 0, end: text.length }, kind, groovys).map(
      ({ name, place }) => `${name}@${place.start}`,
    );

  it('are with and without braces', () => {
    assert.deepEqual(names('a $X ${Y} ${#Z} ${!W} $1 $$', 'sh'), ['X@3', 'Y@7', 'Z@13', 'W@19']);
  });

  it('are only those that Groovy leaves, where it interpolates', () => {
    assert.deepEqual(names('a $X \\$Y \\${Z}', 'sh', true), ['Y@7', 'Z@12']);
  });
});

describe('The innermost node', () => {
  it('is found by its place, also at its end', () => {
    const { symbols, offset } = marked("node { echo 'a' + b‸ }");
    const node = symbols.tree.nodes[innermostAt(symbols.tree, offset)];
    assert.equal(node?.kind, 'name');
  });

  it('is none before the first', () => {
    const { symbols } = marked('‸\n\nnode { }');
    assert.equal(innermostAt(symbols.tree, 0), -1);
  });

  it('is found in a chain of ten thousand operators', () => {
    const { symbols, offset } = marked(`x = ${'a + '.repeat(10_000)}‸b`);
    const node = symbols.tree.nodes[innermostAt(symbols.tree, offset)];
    assert.ok(node?.kind === 'name' && node.name === 'b');
  });
});
