import assert from 'node:assert/strict';
import { isOwn } from '../../src/pipeline/symbols';
import type { Symbols } from '../../src/pipeline/symbols';
import { lineAt } from '../../src/pipeline/syntax';
import { inSteps, marked } from './marked';

/** What a marked name means, in short: `own local 3`, `variable X: environment 2, parameter 1`. */
function meaning({ symbols, offset }: { symbols: Symbols; offset: number }): string {
  const use = symbols.useAt(offset);
  if (use === undefined) return 'nothing';
  const target = symbols.targetOf(use);
  const line = (at: number): number => lineAt(symbols.pipeline.lines, at);
  if (target?.kind === 'own')
    return `${target.definition.kind} ${line(target.definition.place.start)}`;
  if (target?.kind !== 'variable') return `${target?.kind ?? 'nothing'} ${target?.name ?? ''}`;
  const setters = symbols.settersAt(use.name, use.place.start);
  const list = setters.map(({ kind, place }) => `${kind} ${line(place.start)}`);
  return `variable: ${list.join(', ')}`;
}

function definitions(source: string): string[] {
  const { symbols } = marked(`${source}‸`);
  return symbols.definitions.map(({ kind, name }) => `${kind} ${name}`);
}

describe('Symbols of a Jenkinsfile', () => {
  it('are the keys of environment, at each level', () => {
    assert.deepEqual(
      definitions(
        "pipeline { environment { A = '1' }\n stages { stage('x') { environment { B = '2' } } } }",
      ),
      ['environment A', 'environment B'],
    );
  });

  it('hold a key whose value is not written yet, and the key after it', () => {
    assert.deepEqual(definitions("pipeline {\n environment {\n  A =\n  B = '2'\n }\n}"), [
      'environment A',
      'environment B',
    ]);
  });

  it('are parameters, also those that properties declares', () => {
    assert.deepEqual(
      definitions(
        "properties([parameters([string(name: 'A', defaultValue: 'x')])])\npipeline { parameters { booleanParam(name: 'B') } }",
      ),
      ['parameter A', 'parameter B'],
    );
  });

  it('know the parameters of input, axes, withEnv, credentials and env.X =', () => {
    const source = `pipeline { stages {
      stage('a') { input { parameters { string(name: 'ASKED') } } }
      stage('m') { matrix { axes { axis { name 'OS'; values 'a', 'b' } } } }
      stage('s') { steps {
        withEnv(['V=1', "PATH+X=/y"]) { }
        withCredentials([usernamePassword(credentialsId: 'c', usernameVariable: 'U', passwordVariable: 'P')]) { }
        script { env.SET = 'x'; env['BY'] = 'y' }
      } } } }`;
    assert.deepEqual(definitions(source).sort(), [
      'assigned BY',
      'assigned SET',
      'axis OS',
      'bound P',
      'bound U',
      'input ASKED',
      'withEnv PATH',
      'withEnv V',
    ]);
  });

  it('know what options bind for their stage, and who submitted an input', () => {
    const source = `pipeline { stages { stage('a') {
      options { withCredentials([string(credentialsId: 'c', variable: 'T')]) }
      input { message 'x'; submitterParameter 'WHO' }
      steps { sh "$T $WHO" } } } }`;
    const { symbols } = marked(`${source}‸`);
    const use = symbols.uses.filter(({ name, form }) => form === 'name' && /T|WHO/.test(name));
    assert.deepEqual(
      use.map(({ name, place }) => symbols.settersAt(name, place.start).map(({ kind }) => kind)),
      [['bound'], ['input'], ['bound'], ['input']],
    );
  });

  it('are functions, classes, their parameters, loops and catches', () => {
    const source =
      'def f(String a, int b = 2) { for (x in a) { } }\nclass C { def g }\ntry { } catch (Exception e) { }\n[1].each { i, j -> }';
    assert.deepEqual(definitions(source).sort(), [
      'argument a',
      'argument b',
      'argument e',
      'argument i',
      'argument j',
      'argument x',
      'class C',
      'field g',
      'function f',
    ]);
  });

  it('are stages with their paths', () => {
    const { symbols } = marked(
      "pipeline { stages { stage('A') { parallel { stage('B') { } } } } }‸",
    );
    assert.deepEqual(
      symbols.stages.map(({ path }) => path.join('/')),
      ['A', 'A/B'],
    );
  });
});

describe('A name means', () => {
  const means = (source: string): string => meaning(marked(source));

  it('the local variable before a variable of the environment', () => {
    assert.equal(means(`def X = 'a'\nenv.X = 'b'\nnode { echo "\${‸X}" }`), 'local 1');
  });

  it('the innermost local variable', () => {
    assert.equal(means(`def x = 1\nnode {\n def x = 2\n echo "\${‸x}"\n}`), 'local 3');
  });

  it('the outer local variable behind the block of the inner one', () => {
    assert.equal(means(`def x = 1\nif (a) {\n def x = 2\n}\necho "\${‸x}"`), 'local 1');
  });

  it('no local variable of the file inside of a function', () => {
    assert.equal(means(`def x = 1\ndef f() {\n echo "\${‸x}"\n}`), 'variable: ');
  });

  it('a field inside of a function', () => {
    assert.equal(means(`@Field def x = 1\ndef f() {\n echo "\${‸x}"\n}`), 'field 1');
    assert.equal(means(`x = 1\ndef f() {\n echo "\${‸x}"\n}`), 'field 1');
  });

  it('the parameter of the closure around', () => {
    assert.equal(means(`['a'].each { t ->\n echo "\${‸t}"\n}`), 'argument 1');
  });

  it('nothing of a closure that is over', () => {
    assert.equal(means(`['a'].each { t -> }\necho "\${‸t}"`), 'variable: ');
  });

  it('the function that the file defines, not a step', () => {
    assert.equal(means('def sh(x) { }\nnode { ‸sh "x" }'), 'function 1');
    assert.equal(means('node { ‸sh "x" }'), 'step sh');
  });

  it('an object of Jenkins', () => {
    assert.equal(means('echo "${‸env.X}"'), 'global env');
  });

  it('the variable of the stage before that of the pipeline before a parameter', () => {
    const source = `pipeline {
  parameters { string(name: 'X') }
  environment { X = '1' }
  stages { stage('a') {
    environment { X = '2' }
    steps { echo "\${‸X}" } } } }`;
    assert.equal(means(source), 'variable: environment 5, environment 3, parameter 2');
  });

  it('the variable of withEnv before that of the stage', () => {
    const source = `pipeline { stages { stage('a') {
    environment { X = '2' }
    steps { withEnv(['X=3']) {
      sh 'echo $‸X' } } } } }`;
    assert.equal(means(source), 'variable: withEnv 3, environment 2');
  });

  it('not the variable of a sibling stage', () => {
    const source = `pipeline { stages {
      stage('a') { environment { X = '2' } }
      stage('b') { steps { echo "\${‸X}" } } } }`;
    assert.equal(means(source), 'variable: ');
  });

  it('not the variable of the stage in its own when and agent', () => {
    const source = (where: string): string => `pipeline {
      environment { X = '1' }
      stages { stage('a') {
      ${where}
      environment { X = '2' } } } }`;
    assert.equal(
      means(source('when { expression { "${‸X}" == "1" } }')),
      'variable: environment 2',
    );
    assert.equal(means(source('agent { label "${‸X}" }')), 'variable: environment 2');
  });

  it('not the variable of a parent of branches in its post', () => {
    const source = `pipeline { stages { stage('a') {
      environment { X = '2' }
      parallel { stage('b') { } }
      post { always { echo "\${‸X}" } } } } }`;
    assert.equal(means(source), 'variable: ');
  });

  it('an axis within its matrix', () => {
    const source = `pipeline { stages { stage('a') { matrix {
      axes { axis { name 'OS'; values 'x' } }
      stages { stage('b') { steps { sh "$‸OS" } } } } } } }`;
    assert.equal(means(source), 'variable: axis 2');
  });

  it('env.X = … less than environment, and more than a parameter', () => {
    const source = `properties([parameters([string(name: 'X')])])
      node {
      env.X = '1'
      echo "\${‸X}" }`;
    assert.equal(means(source), 'variable: assigned 3, parameter 1');
  });

  it('a key of the same block, also one that comes later', () => {
    const source = `def B = 1
      pipeline { environment {
      A = "\${‸B}"
      B = '2' } }`;
    assert.equal(means(source), 'variable: environment 4');
  });

  it('the parts of a credential', () => {
    const { symbols, offset } = marked(
      "pipeline { environment { C = credentials('x') }\n stages { stage('a') { steps { sh 'curl -u $‸C_USR' } } } }",
    );
    const use = symbols.useAt(offset);
    assert.equal(use?.name, 'C_USR');
    assert.deepEqual(
      symbols.settersAt('C_USR', offset).map(({ name }) => name),
      ['C'],
    );
  });

  it('a parameter by its name in capitals, too', () => {
    const { symbols, offset } = marked(
      "pipeline { parameters { string(name: 'branch') }\n stages { stage('a') { steps { sh 'echo $‸BRANCH' } } } }",
    );
    assert.deepEqual(
      symbols.settersAt('BRANCH', offset).map(({ name }) => name),
      ['branch'],
    );
  });
});

describe('Uses of a name', () => {
  function places(source: string): string[] {
    const { symbols, offset, text } = marked(source);
    const use = symbols.useAt(offset);
    const target = use && symbols.targetOf(use);
    assert.ok(target);
    return symbols
      .usesOf(target)
      .map(
        ({ place, form }) =>
          `${form} ${lineAt(symbols.pipeline.lines, place.start)} ${text.slice(place.start, place.end)}`,
      );
  }

  it('are in strings, as env.X, and in shells', () => {
    const source = inSteps(
      `sh "a \${X} $X \\$X"
       sh 'b $X \${X} \${X:-y} "$X"'
       echo env.X + params.X
       sh script: """c $X \\\${X}"""`,
      "environment { ‸X = '1' }",
    );
    assert.deepEqual(places(source), [
      'name 3 X',
      'name 7 X',
      'name 7 X',
      'shell 7 X',
      'shell 8 X',
      'shell 8 X',
      'shell 8 X',
      'shell 8 X',
      'env 9 X',
      'params 9 X',
      'name 10 X',
      'shell 10 X',
    ]);
  });

  it('are not what the shell does not see as one', () => {
    const source = inSteps("sh 'echo \\\\$X'\necho '$X'", "environment { ‸X = '1' }");
    assert.deepEqual(places(source), ['name 3 X']);
  });

  it('are in conditions of when and excludes', () => {
    const source = `pipeline { stages {
      stage('m') {
        when { environment name: 'OS', value: 'x' }
        matrix {
          axes { axis { name '‸OS'; values 'x', 'y' } }
          excludes { exclude { axis { name 'OS'; values 'x' } } } } } } }`;
    assert.deepEqual(places(source), ['env 3 OS', 'name 5 OS', 'env 6 OS']);
  });

  it('are in Windows shells as these write them', () => {
    const source = inSteps("bat 'echo %X%'\npowershell 'echo $env:X'", "environment { ‸X = '1' }");
    assert.deepEqual(places(source), ['name 3 X', 'shell 7 X', 'shell 8 X']);
  });

  it('of a local variable are its own alone', () => {
    const source = 'def ‸x = 1\nnode { echo "$x"; [1].each { x -> echo "$x" } }\nx++';
    assert.deepEqual(places(source), ['name 1 x', 'name 2 x', 'name 3 x']);
  });

  it('of a function are its calls', () => {
    assert.deepEqual(places('def ‸f(a) { }\nnode { f(1); f 2 }'), [
      'name 1 f',
      'call 2 f',
      'call 2 f',
    ]);
  });

  it('of a stage are where its name is compared with', () => {
    const source = inSteps("script { if (env.STAGE_NAME == 'Build') { } }").replace(
      "stage('Build",
      "stage('‸Build",
    );
    assert.deepEqual(places(source), ['stage 5 Build', 'stage 7 Build']);
  });

  it('are sorted, never overlap, and stand where the name stands', () => {
    const { symbols, text } = marked(
      inSteps(
        'sh "a ${X} ${env.X} $params.X"\nf(x: 1) { y -> echo y }',
        "environment { X = '‸1' }",
      ),
    );
    let end = 0;
    for (const { name, place, form } of symbols.uses) {
      assert.ok(place.start >= end, name);
      if (form !== 'stage') assert.equal(text.slice(place.start, place.end), name);
      end = place.end;
    }
  });
});

describe('What may set variables that the text does not name', () => {
  const setters = (source: string): string | undefined =>
    marked(`${source}‸`).symbols.unknownSetters;

  it('is a library, load, and computed names', () => {
    assert.match(setters("@Library('x') _\nnode { }") ?? '', /library/);
    assert.match(setters("node { load 'x.groovy' }") ?? '', /load/);
    assert.match(setters('node { withEnv(list) { } }') ?? '', /withEnv/);
    assert.match(setters('node { withEnv(["${a}=b"]) { } }') ?? '', /withEnv/);
    assert.match(setters("node { env[key] = 'x' }") ?? '', /env/);
    assert.match(setters("node { withVault(secrets) { sh 'x' } }") ?? '', /withVault/);
  });

  it('is none of what names its variables', () => {
    assert.equal(
      setters(
        "node { withEnv(['A=b']) { }; env.X = 'y'; withCredentials([string(credentialsId: 'c', variable: 'T')]) { } }",
      ),
      undefined,
    );
  });
});

describe('Variables that are visible', () => {
  it('are those of the blocks around, each name once', () => {
    const { symbols, offset } = marked(
      inSteps(
        'script {\n def a = 1\n ‸\n def b = 2 }',
        "environment { A = '1' }\nparameters { string(name: 'A') }",
      ),
    );
    assert.deepEqual(
      symbols.visibleAt(offset).map((each) => `${isOwn(each) ? 'own' : each.kind} ${each.name}`),
      ['environment A', 'own a'],
    );
  });
});
