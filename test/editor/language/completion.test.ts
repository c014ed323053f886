import assert from 'node:assert/strict';
import { completionsAt } from '../../../src/editor/language/completions';
import type { Completion, Surroundings } from '../../../src/editor/language/completion';
import { inSteps, marked } from '../../pipeline/marked';

const NOTHING: Surroundings = { credentials: [], librarySteps: new Map() };

function items(source: string, surroundings = NOTHING): readonly Completion[] {
  const { symbols, offset } = marked(source);
  return completionsAt(symbols, offset, surroundings).items;
}

function labels(source: string, surroundings = NOTHING): string[] {
  return items(source, surroundings).map(({ label }) => label);
}

function has(source: string, ...wanted: string[]): void {
  const all = labels(source);
  for (const label of wanted) assert.ok(all.includes(label), `${label} in ${all.join(', ')}`);
}

function lacks(source: string, ...unwanted: string[]): void {
  const all = labels(source);
  for (const label of unwanted) assert.ok(!all.includes(label), `no ${label} in ${all.join(', ')}`);
}

describe('Completion of blocks', () => {
  it('offers sections of the pipeline, and not those that are there', () => {
    has('pipeline {\n agent any\n ‸\n}', 'stages', 'environment', 'post', 'options');
    lacks('pipeline {\n agent any\n ‸\n}', 'agent', 'sh', 'steps');
  });

  it('offers what a stage may have, on a half-typed word', () => {
    has("pipeline { stages { stage('a') {\n st‸\n} } }", 'steps', 'stages', 'when');
    lacks("pipeline { stages { stage('a') {\n st‸\n} } }", 'triggers', 'sh');
  });

  it('offers what has its brace still missing', () => {
    has("pipeline {\n  agent any\n  stages {\n    stage('x') {\n      ‸", 'steps');
  });

  it('offers stages in stages, conditions in when and post', () => {
    assert.deepEqual(labels('pipeline { stages {\n‸\n} }'), ['stage']);
    has("pipeline { stages { stage('a') { when {\n‸\n} } } }", 'branch', 'expression', 'anyOf');
    has('pipeline { post {\n‸\n} }', 'always', 'failure', 'cleanup');
    lacks('pipeline { post {\n always { }\n ‸\n} }', 'always');
  });

  it('offers options, triggers, parameters, tools of agents and axes', () => {
    has('pipeline { options {\n‸\n} }', 'timeout', 'buildDiscarder');
    has('pipeline { triggers {\n‸\n} }', 'cron', 'pollSCM');
    has('pipeline { parameters {\n‸\n} }', 'string', 'booleanParam', 'choice');
    has('pipeline { agent {\n‸\n} }', 'docker', 'label', 'kubernetes');
    has("pipeline { stages { stage('a') { matrix {\n‸\n} } } }", 'axes', 'excludes');
    assert.deepEqual(labels('pipeline { agent ‸ }').slice(0, 2), ['any', 'none']);
  });

  it('offers steps where steps are, with a snippet', () => {
    const sh = items(inSteps('‸')).find(({ label }) => label === 'sh');
    assert.match(sh?.insert ?? '', /^sh '\$\{1:/);
    assert.equal(sh?.snippet, true);
    has(inSteps('timeout(1) {\n‸\n}'), 'sh', 'echo', 'script');
    has('pipeline { post { always {\n‸\n} } }', 'junit', 'archiveArtifacts');
    has('node {\n‸\n}', 'stage', 'checkout', 'parallel');
  });

  it('offers no steps beside a Declarative pipeline', () => {
    lacks('‸\npipeline { }', 'sh');
    has('‸', 'pipeline', 'node');
  });

  it('offers functions of the file, and steps of libraries', () => {
    has(`def deploy(where) { }\n${inSteps('‸')}`, 'deploy');
    const steps = labels(inSteps('‸'), { ...NOTHING, librarySteps: new Map([['ship', 'tools']]) });
    assert.ok(steps.includes('ship'));
  });

  it('offers nothing in a comment, in plain text, and in a number', () => {
    assert.deepEqual(labels(inSteps('// ‸')), []);
    assert.deepEqual(labels(inSteps('/* s‸ */')), []);
    assert.deepEqual(labels(inSteps("echo 's‸'")), []);
    assert.deepEqual(labels(inSteps("echo '$‸'")), []);
    assert.deepEqual(labels(inSteps('sleep 1‸')), []);
  });

  it('offers nothing where nothing is known', () => {
    assert.deepEqual(labels('pipeline { nonsense {\n‸\n} }'), []);
    assert.deepEqual(labels(inSteps('script { foo.‸ }')), []);
  });
});

describe('Completion of arguments', () => {
  it('offers those that are not there yet', () => {
    has(inSteps("sh(script: 'x', ‸)"), 'returnStdout', 'label');
    lacks(inSteps("sh(script: 'x', ‸)"), 'script');
  });

  it('offers them without parentheses, too', () => {
    has(inSteps("sh script: 'x', ret‸"), 'returnStdout');
    has(inSteps('junit ‸'), 'testResults');
  });

  it('offers those of a directive', () => {
    has('pipeline { options { timeout(‸) } }', 'time', 'unit');
    has('pipeline { parameters { string(‸) } }', 'name', 'defaultValue');
  });

  it('offers the values that an argument may have', () => {
    has(inSteps("timeout(time: 1, unit: '‸') { }"), 'MINUTES', 'HOURS');
    has(inSteps("catchError(buildResult: '‸') { }"), 'UNSTABLE');
  });

  it('offers the kinds of bindings, and their arguments', () => {
    has(inSteps('withCredentials([‸]) { }'), 'string', 'usernamePassword');
    has(inSteps("withCredentials([string(credentialsId: 'a', ‸)]) { }"), 'variable');
    lacks(inSteps("withCredentials([string(credentialsId: 'a', ‸)]) { }"), 'credentialsId', 'sh');
  });

  it('offers the ids of credentials', () => {
    const known = { ...NOTHING, credentials: ['other', 'deploy'] };
    const source = (call: string) => inSteps(call, "environment { C = credentials('deploy') }");
    assert.deepEqual(labels(source("withCredentials([string(credentialsId: '‸')]) { }"), known), [
      'deploy',
      'other',
    ]);
    assert.deepEqual(labels(inSteps('', "environment { C = credentials('‸') }"), known), [
      'other',
      'deploy',
    ]);
  });

  it('replaces all of an id', () => {
    const { symbols, offset, text } = marked(
      inSteps('', "environment { C = credentials('dep‸loy-key') }"),
    );
    const { place } = completionsAt(symbols, offset, { ...NOTHING, credentials: ['x'] });
    assert.equal(text.slice(place.start, place.end), 'deploy-key');
  });
});

describe('Completion of variables', () => {
  const top = "environment { MEMORY = '4096' }\nparameters { string(name: 'BRANCH') }";

  it('offers those in scope in ${…} and after $', () => {
    has(inSteps('echo "${‸}"', top), 'MEMORY', 'BRANCH', 'BUILD_NUMBER', 'env', 'params');
    has(inSteps('echo "$‸"', top), 'MEMORY');
    has(inSteps('echo "${ME‸', top), 'MEMORY');
    has(inSteps('script { def local = 1\n echo "$‸" }', top), 'local');
    lacks(inSteps('echo "${‸}"', top), 'sh');
  });

  it('tells their values', () => {
    const item = items(inSteps('echo "${‸}"', top)).find(({ label }) => label === 'MEMORY');
    assert.equal(item?.detail, '4096');
    assert.match(item.documentation, /`environment` of the pipeline/);
  });

  it('offers them in the shells, and no others there', () => {
    has(inSteps("sh 'echo $‸'", top), 'MEMORY');
    has(inSteps("sh 'echo ${ME‸}'", top), 'MEMORY');
    has(inSteps('sh "echo \\$‸"', top), 'MEMORY');
    lacks(inSteps("script { def local = 1\n sh 'echo $‸' }", top), 'local');
  });

  it('offers members of env, params and currentBuild', () => {
    has(inSteps('echo env.‸', top), 'MEMORY', 'BRANCH', 'BUILD_NUMBER');
    assert.deepEqual(labels(inSteps('echo params.‸', top)), ['BRANCH']);
    has(inSteps('echo "${env.M‸}"', top), 'MEMORY');
    has(inSteps('script { currentBuild.‸ }'), 'result', 'displayName');
    has(inSteps('echo "${currentBuild.‸}"'), 'currentResult');
  });

  it('offers them in conditions and indices', () => {
    has(
      `pipeline { ${top}\n stages { stage('a') { when { environment name: '‸', value: 'x' } } } }`,
      'MEMORY',
    );
    has(inSteps("script { env['‸'] }", top), 'MEMORY');
  });

  it('offers results and stages where these are compared', () => {
    has(inSteps("script { currentBuild.result = '‸' }"), 'UNSTABLE');
    assert.deepEqual(labels(inSteps("script { if (env.STAGE_NAME == '‸') { } }")), ['Build']);
  });

  it('offers what a value of environment can be', () => {
    has(inSteps('', 'environment { X = ‸ }'), 'credentials');
    lacks(inSteps('', 'environment { X = ‸ }'), 'echo', 'agent');
  });

  it('offers the parts of a credential', () => {
    has(inSteps("sh 'x $‸'", "environment { C = credentials('c') }"), 'C', 'C_USR', 'C_PSW');
  });
});
