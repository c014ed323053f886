import assert from 'node:assert/strict';

import { Unknown } from '../../src/pipeline/effects';
import { record } from './recorder';
import type { World } from './recorder';

/** The environment of `sh 'x'` in a stage, without WORKSPACE. */
async function environmentIn(
  parts: { file?: string; pipeline?: string; stage?: string; steps?: string },
  world: World = {},
): Promise<Record<string, string>> {
  const recording = await record(
    `${parts.file ?? ''}
pipeline {
  agent any
  ${parts.pipeline ?? ''}
  stages {
    stage('S') {
      ${parts.stage ?? ''}
      steps { ${parts.steps ?? "sh 'x'"} }
    }
  }
}`,
    world,
  );
  assert.equal(recording.error, undefined);
  const environment = Object.entries(recording.environments.get('x') ?? {});
  return Object.fromEntries(environment.filter(([name]) => name !== 'WORKSPACE'));
}

describe('environment', () => {
  it('gives a step the constants of the pipeline and of its stage, the stage winning', async () => {
    const environment = await environmentIn({
      pipeline: `environment { A = 'pipeline'; B = 'pipeline' }`,
      stage: `environment { B = 'stage' }`,
    });
    assert.deepEqual(environment, { A: 'pipeline', B: 'stage' });
  });

  it('beats a parameter of the same name, and `env.X =`', async () => {
    const environment = await environmentIn(
      {
        pipeline: `parameters { string(name: 'MEMORY', defaultValue: '1') }
          environment { MEMORY = '4096' }`,
        steps: `script { env.MEMORY = '2' }; sh 'x'`,
      },
      { parameters: { MEMORY: '8192' } },
    );
    assert.equal(environment['MEMORY'], '4096');
  });

  it('is beaten by withEnv inside of it', async () => {
    const environment = await environmentIn({
      pipeline: `environment { A = 'outer' }`,
      steps: `withEnv(['A=inner', "B=\${A}"]) { sh 'x' }`,
    });
    assert.deepEqual(environment, { A: 'inner', B: 'outer' });
  });

  it('lets `env.X =` beat the run and its parameters', async () => {
    const environment = await environmentIn(
      { steps: `script { env.A = 'set'; env.P = 'set' }; sh 'x'` },
      { environment: { A: 'run' }, parameters: { P: 'given' } },
    );
    assert.equal(environment['A'], 'set');
    assert.equal(environment['P'], 'set');
  });

  it('computes keys in any order, also ones that come later', async () => {
    const environment = await environmentIn({
      pipeline: 'environment { A = "${B}!"; B = "${C}?"; C = \'c\' }',
    });
    assert.deepEqual(environment, { A: 'c?!', B: 'c?', C: 'c' });
  });

  it('sees the outer value in its own key', async () => {
    const environment = await environmentIn({
      pipeline: `environment { V = 'a' }`,
      stage: 'environment { V = "${V} b" }',
    });
    assert.equal(environment['V'], 'a b');
  });

  it('sees the outer value through `env.` in its own key, and the new one in others', async () => {
    const environment = await environmentIn({
      pipeline: `environment { V = 'a' }`,
      stage: 'environment { V = "${env.V} b"; W = "${env.V} c" }',
    });
    assert.deepEqual(environment, { V: 'a b', W: 'a b c' });
  });

  it('sees the outer value in an elvis of its own key', async () => {
    const environment = await environmentIn(
      { pipeline: `environment { FOO = "\${FOO ?: 'BAR'}"; GONE = "\${GONE ?: 'BAR'}" }` },
      { environment: { FOO: 'run' } },
    );
    assert.deepEqual(environment, { FOO: 'run', GONE: 'BAR' });
  });

  it('does not go in circles when two keys refer to each other', async () => {
    const environment = await environmentIn({
      pipeline: 'environment { A = "a${B}"; B = "b${A}" }',
    });
    assert.deepEqual(environment, { A: 'abnull', B: 'banull' });
  });

  it('gives the text null for a name that nothing defines', async () => {
    const environment = await environmentIn({ pipeline: 'environment { A = "<${NOWHERE}>" }' });
    assert.equal(environment['A'], '<null>');
  });

  it('fails the run when a method is called on such a name', async () => {
    const recording = await record(`pipeline { agent any
      environment { A = "\${NOWHERE.trim()}" }
      stages { stage('S') { steps { sh 'x' } } } }`);
    assert.equal(recording.outcome, 'FAILURE');
    assert.ok(!recording.log.includes('sh x'));
  });

  it('removes a variable that is given an empty value', async () => {
    const environment = await environmentIn(
      { pipeline: `environment { A = '' }` },
      { environment: { A: 'run', B: 'run' } },
    );
    assert.deepEqual(environment, { B: 'run' });
  });

  it('leaves single quotes alone', async () => {
    const environment = await environmentIn({
      pipeline: `environment { A = 'a'; B = '\${A} $A' }`,
    });
    assert.equal(environment['B'], '${A} $A');
  });

  it('adds constants and interpolations with +', async () => {
    const environment = await environmentIn({
      pipeline: "environment { A = 'a'; B = '<' + \"${A}\" + '>' + 1 }",
    });
    assert.equal(environment['B'], '<a>1');
  });

  it('keeps the digits of a number, and the words of a boolean', async () => {
    const environment = await environmentIn({
      pipeline: 'environment { A = 1.10; B = true; C = 4096 }',
    });
    assert.deepEqual(environment, { A: '1.10', B: 'true', C: '4096' });
  });

  it('keeps the value of one stage from its siblings', async () => {
    const recording = await record(`pipeline { agent any
      stages {
        stage('A') { environment { V = 'a' }; steps { sh 'a' } }
        stage('B') { steps { sh 'b' } }
      } }`);
    assert.equal(recording.environments.get('a')?.['V'], 'a');
    assert.equal(recording.environments.get('b')?.['V'], undefined);
  });

  it('runs a referenced sh again each time it is asked for', async () => {
    const recording = await record(
      `pipeline { agent any
      environment { A = sh(script: 'id', returnStdout: true).trim(); B = "\${A}-\${A}" }
      stages { stage('S') { steps { sh 'x' } } } }`,
      { sh: (script) => (script === 'id' ? 'me\n' : 0) },
    );
    assert.equal(recording.log.filter((line) => line === 'sh id').length, 3);
    assert.equal(recording.environments.get('x')?.['B'], 'me-me');
  });

  it('sees variables and functions of the file', async () => {
    const environment = await environmentIn({
      file: `def v = 'file'\ndef f(x) { return "f(\${x})" }`,
      pipeline: 'environment { A = "${v}"; B = f(\'y\') }',
    });
    assert.deepEqual(environment, { A: 'file', B: 'f(y)' });
  });

  it('exports a parameter also in upper case, and a boolean as its word', async () => {
    const environment = await environmentIn({}, { parameters: { foo: 'x', Flag: true } });
    assert.deepEqual(environment, { foo: 'x', FOO: 'x', Flag: 'true', FLAG: 'true' });
  });

  it('uses the defaults of parameters that the run has not', async () => {
    const environment = await environmentIn(
      {
        pipeline: `parameters {
          string(name: 'A', defaultValue: 'a')
          booleanParam(name: 'B', defaultValue: true)
          choice(name: 'C', choices: ['first', 'second'])
          choice(name: 'D', choices: 'one\\ntwo')
        }`,
        steps: 'sh \'x\'; echo "${params.B} ${A}"',
      },
      { parameters: { A: 'given' } },
    );
    assert.deepEqual(environment, { A: 'given', B: 'true', C: 'first', D: 'one' });
  });

  it('resolves $X, ${X} and $$ in what the run brings', async () => {
    const environment = await environmentIn(
      {},
      { environment: { A: 'a', B: '$A-${A}', C: '$$A', D: '$NOWHERE' } },
    );
    assert.deepEqual(environment, { A: 'a', B: 'a-a', C: '$A', D: '$NOWHERE' });
  });

  it('puts PATH+X before PATH', async () => {
    const environment = await environmentIn(
      { steps: `withEnv(['PATH+TOOL=/tool']) { sh 'x' }` },
      { environment: { PATH: '/bin' } },
    );
    assert.deepEqual(environment, { PATH: '/tool:/bin' });
  });

  it('gives a credential of user and password three variables, seen by the others', async () => {
    const secret = new Map([
      ['username', 'u'],
      ['password', 'p'],
    ]);
    const environment = await environmentIn(
      { pipeline: 'environment { WHO = "${LOGIN_USR}"; LOGIN = credentials(\'my-id\') }' },
      { step: (call) => (call.name === 'credentials' ? secret : undefined) },
    );
    assert.deepEqual(environment, { LOGIN: 'u:p', LOGIN_USR: 'u', LOGIN_PSW: 'p', WHO: 'u' });
  });

  it('gives a credential that is a text one variable', async () => {
    const environment = await environmentIn(
      { pipeline: `environment { TOKEN = credentials('t') }` },
      { step: (call) => (call.name === 'credentials' ? 's3cret' : undefined) },
    );
    assert.deepEqual(environment, { TOKEN: 's3cret' });
  });

  it('lets what is unknown show its origin in everything that depends on it', async () => {
    const environment = await environmentIn(
      {
        pipeline:
          "environment { A = sh(script: 'id', returnStdout: true); B = \"x ${A}\"; C = 'y' }",
      },
      { effects: { sh: unknownSh } },
    );
    assert.deepEqual(environment, {});
  });

  it('says where each value comes from', async () => {
    const recording = await record(`pipeline { agent any
      environment { A = '1' }
      stages { stage('S') {
        environment { B = '2' }
        steps { withEnv(['C=3']) { sh 'x' } } } } }`);
    const environment = recording.scopes.get('x')?.environment;
    const origins = ['A', 'B', 'C'].map((name) => environment?.get(name));
    assert.deepEqual(
      origins.map((variable) => [variable?.origin, variable?.line]),
      [
        ['environment of the pipeline', 2],
        ['environment of stage S', 4],
        ['withEnv', 5],
      ],
    );
  });
});

/** A dry `sh`: it passes, and its output is not known. */
function unknownSh(call: { script: string | Unknown; returnStdout: boolean }) {
  const stdout = call.returnStdout ? new Unknown('sh', 1) : undefined;
  return Promise.resolve({ status: 0, stdout });
}
