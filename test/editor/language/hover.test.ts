import assert from 'node:assert/strict';
import { hoverAt } from '../../../src/editor/language/hoverText';
import { code } from '../../../src/editor/language/markdown';
import { inSteps, marked } from '../../pipeline/marked';

function hover(source: string): string {
  const { symbols, offset } = marked(source);
  return hoverAt(symbols, offset)?.sections.join('\n') ?? '';
}

describe('Hover on a variable', () => {
  it('tells its value and where it comes from', () => {
    const text = hover(
      inSteps("sh 'echo $‸MEMORY'", 'environment { BASE = \'40\'; MEMORY = "${BASE}96" }'),
    );
    assert.match(text, /\*\*variable\*\* `MEMORY`/);
    assert.match(text, /Value: `4096`/);
    assert.match(text, /Set by `environment` of the pipeline, line 3\./);
  });

  it('tells what it overrides', () => {
    const source = `pipeline {
  parameters { string(name: 'X', defaultValue: 'p') }
  environment { X = '1' }
  stages { stage('a') {
    environment { X = '2' }
    steps { echo "\${‸X}" } } } }`;
    const text = hover(source);
    assert.match(text, /Value: `2`/);
    assert.match(text, /Set by `environment` of stage `a`, line 5/);
    assert.match(
      text,
      /Overrides `environment` of the pipeline, line 3; a parameter, line 2, default `p`\./,
    );
  });

  it('tells on its definition what overrides it', () => {
    const source = `pipeline {
  environment { ‸X = '1' }
  stages { stage('a') {
    environment { X = '2' }
    steps { script { env.X = '3' } } } } }`;
    const text = hover(source);
    assert.match(text, /Value: `1`/);
    assert.match(text, /Overridden by `environment` of stage `a`, line 4\./);
    assert.match(text, /Overrides `env.X = …`, line 5/);
  });

  it('tells that a value is known only in a run', () => {
    const text = hover(
      inSteps('echo "${‸V}"', "environment { V = sh(script: 'git describe', returnStdout: true) }"),
    );
    assert.match(text, /known only in a run: `sh\(script: 'git describe', returnStdout: true\)`/);
  });

  it('tells of a parameter its default and its choices', () => {
    const text = hover(
      inSteps('echo params.‸P', "parameters { choice(name: 'P', choices: ['a', 'b']) }"),
    );
    assert.match(text, /\*\*parameter\*\* `P`/);
    assert.match(text, /default `a` of `a`, `b`/);
  });

  it('tells of a credential its id, and of its parts what they are', () => {
    const top = "environment { C = credentials('deploy') }";
    assert.match(hover(inSteps('echo "${‸C}"', top)), /the credential `deploy`, masked/);
    assert.match(hover(inSteps("sh 'x $‸C_PSW'", top)), /The password of a credential/);
  });

  it('tells what Jenkins sets', () => {
    assert.match(hover(inSteps('echo env.‸BUILD_NUMBER')), /run's number/i);
  });

  it('says that nothing sets it', () => {
    assert.match(hover(inSteps('echo "${‸NOPE}"')), /Nothing in this file sets it/);
  });

  it('sees the outer one in its own value', () => {
    const source = `pipeline {
  environment { X = 'a' }
  stages { stage('s') { environment { X = "\${‸X}b" } } } }`;
    assert.match(hover(source), /Value: `a`/);
  });

  it('tells the values of an axis', () => {
    const source = `pipeline { stages { stage('m') { matrix {
      axes { axis { name '‸OS'; values 'linux', 'mac' } } } } } }`;
    assert.match(hover(source), /Values: `'linux'`, `'mac'`/);
  });

  it('tells of a local variable its first value', () => {
    assert.match(hover("def x = 'a'\necho ‸x"), /First value: `a`/);
  });
});

describe('Hover on what is called', () => {
  it('tells what a step does, its parameters, and that it is repeated', () => {
    const text = hover(inSteps("‸sh 'x'"));
    assert.match(text, /\*\*sh\*\* step/);
    assert.match(text, /`returnStdout`/);
    assert.match(text, /A reproduction repeats it/);
  });

  it('tells that a step is left out, and why', () => {
    assert.match(hover(inSteps("‸mail to: 'x'")), /leaves it out on purpose: it would send mail/);
  });

  it('tells a directive from a step of the same name', () => {
    const text = hover('pipeline { options { ‸timeout(time: 1) } }');
    assert.doesNotMatch(text, /step/);
    assert.match(text, /`unit`/);
  });

  it('tells of a named argument', () => {
    assert.match(hover(inSteps("sh script: 'x', ‸returnStatus: true")), /exit code/);
  });

  it('tells a function’s head and comment', () => {
    const text = hover(
      '/**\n * Builds it.\n */\ndef build(String what, how = 1) { }\nnode { ‸build("a") }',
    );
    assert.match(text, /def build\(String what, how = 1\)/);
    assert.match(text, /Builds it\./);
  });

  it('tells of a member of a Jenkins object', () => {
    assert.match(hover(inSteps('echo currentBuild.‸currentResult')), /SUCCESS instead of null/);
  });

  it('tells of a library’s step', () => {
    const { symbols, offset } = marked("node { ‸deploy 'x' }");
    const text = hoverAt(symbols, offset, () => ({ library: 'tools', documentation: 'Ships it.' }));
    assert.match(text?.sections.join('\n') ?? '', /of the library `tools`[^]*Ships it\./);
  });

  it('names the stage whose history is wanted', () => {
    const { symbols, offset } = marked(inSteps('').replace("'Build'", "'‸Build'"));
    assert.deepEqual(hoverAt(symbols, offset)?.stage, ['Build']);
  });

  it('is nothing in a comment and in plain text', () => {
    assert.equal(hover(inSteps("// sh‸ 'x'")), '');
    assert.equal(hover(inSteps("echo 'sh‸ x'")), '');
  });
});

describe('Text of a file in Markdown', () => {
  it('is never markup', () => {
    assert.equal(code('a`b'), '``a`b``');
    assert.equal(code('`'), '`` ` ``');
    assert.equal(code('[x](command:y)\n# z'), '`[x](command:y) # z`');
    assert.equal(code(' '), '(empty)');
  });
});
