import assert from 'node:assert/strict';

import { StepError, Unknown } from '../../src/pipeline/effects';
import { declarative, record, steps } from './recorder';
import type { World } from './recorder';

async function run(text: string, world: World = {}): Promise<string[]> {
  return steps(await record(declarative(text), world));
}

describe('steps', () => {
  it('run sh in each of its forms', async () => {
    assert.deepEqual(
      await run(`sh 'a'
        sh "b"
        sh '''c
d'''
        sh(script: 'e')
        sh script: 'f', label: 'name'
        sh([script: 'g'])`),
      ['sh a', 'sh b', 'sh c\nd', 'sh e', 'sh f', 'sh g'],
    );
  });

  it('give the exit code with returnStatus, and do not fail', async () => {
    const log = await run(
      `script { def s = sh(script: 'a', returnStatus: true); echo "\${s + 1}" }`,
      {
        sh: () => 4,
      },
    );
    assert.deepEqual(log, ['sh a', 'echo 5']);
  });

  it('give the output with returnStdout', async () => {
    const log = await run(
      `script { def s = sh(returnStdout: true, script: 'a').trim(); echo "<\${s}>" }`,
      { sh: () => ' out\n' },
    );
    assert.deepEqual(log, ['sh a', 'echo <out>']);
  });

  it('fail with the exit code otherwise', async () => {
    const recording = await record(declarative(`sh 'a'; sh 'b'`), { sh: () => 2 });
    assert.deepEqual(steps(recording), ['sh a']);
    assert.equal(recording.error, 'script returned exit code 2');
  });

  it('change the directory by dir, also nested and absolute', async () => {
    const { scopes } = await record(
      declarative(`dir('a') { sh '1'; dir('b') { sh '2' }; dir('/c') { sh '3' }; dir('..') { sh '4' } }
        sh '5'`),
    );
    assert.deepEqual(
      ['1', '2', '3', '4', '5'].map((script) => scopes.get(script)?.directory),
      ['a', 'a/b', '/c', '.', '.'],
    );
  });

  it('retry until it passes, and no more often than said', async () => {
    let runs = 0;
    const world: World = { sh: () => (++runs < 3 ? 1 : 0) };
    assert.deepEqual(await run(`retry(5) { sh 'a' }; sh 'b'`, world), [
      'sh a',
      'sh a',
      'sh a',
      'sh b',
    ]);
    const recording = await record(declarative(`retry(2) { sh 'a' }`), { sh: () => 1 });
    assert.deepEqual(steps(recording), ['sh a', 'sh a']);
    assert.equal(recording.outcome, 'FAILURE');
  });

  it('go on after catchError, and the run has failed', async () => {
    const recording = await record(declarative(`catchError { sh 'a' }; sh 'b'`), {
      sh: (script) => (script === 'a' ? 1 : 0),
    });
    assert.deepEqual(steps(recording), ['sh a', 'sh b']);
    assert.equal(recording.outcome, 'FAILURE');
    assert.equal(recording.error, undefined);
  });

  it('go on after warnError, and the run is unstable', async () => {
    const recording = await record(declarative(`warnError('hm') { error 'x' }; sh 'b'`));
    assert.deepEqual(steps(recording), ['sh b']);
    assert.equal(recording.outcome, 'UNSTABLE');
  });

  it('mark a stage only, with catchError(buildResult: SUCCESS)', async () => {
    const recording = await record(
      declarative(`catchError(buildResult: 'SUCCESS', stageResult: 'UNSTABLE') { error 'x' }`),
    );
    assert.equal(recording.outcome, 'SUCCESS');
    assert.ok(recording.log.includes('end S UNSTABLE'));
  });

  it('pass what they do not know to the effects, by name and with arguments', async () => {
    assert.deepEqual(
      await run(`junit 'x.xml'
        archiveArtifacts artifacts: 'a', allowEmptyArchive: true
        somethingElse(1, [a: 'b'], true)`),
      [
        'junit x.xml',
        'archiveArtifacts artifacts=a allowEmptyArchive=true',
        'somethingElse 1 1={a=b} 2=true',
      ],
    );
  });

  it('run the body of a wrapper that they do not know', async () => {
    assert.deepEqual(
      await run(`timestamps { ansiColor('xterm') { lock(resource: 'r') { sh 'a' } } }`),
      ['timestamps', 'ansiColor xterm', 'lock resource=r', 'sh a'],
    );
  });

  it('do not run the body of a wrapper that failed', async () => {
    const log = await run(`lock('r') { sh 'a' }`, {
      step: (call) => {
        if (call.name === 'lock') throw new StepError('taken');
        return null;
      },
    });
    assert.deepEqual(log, ['lock r']);
  });

  it('set what a wrapper gives', async () => {
    const { environments } = await record(declarative(`wrapper { sh 'a' }; sh 'b'`), {
      step: (call) => (call.name === 'wrapper' ? new Map([['GIVEN', 'x']]) : null),
    });
    assert.equal(environments.get('a')?.['GIVEN'], 'x');
    assert.equal(environments.get('b')?.['GIVEN'], undefined);
  });

  it('name the variables of withCredentials, though their values are not known', async () => {
    const { environments, log } = await record(
      declarative(`withCredentials([string(credentialsId: 'id', variable: 'TOKEN'),
          usernamePassword(credentialsId: 'up', usernameVariable: 'U', passwordVariable: 'P')]) { sh 'a' }`),
    );
    const { TOKEN, U, P } = environments.get('a') ?? {};
    assert.deepEqual(
      [TOKEN, U, P],
      ['‹the credential id›', '‹the credential up›', '‹the credential up›'],
    );
    assert.ok(log.some((line) => line.startsWith('withCredentials [{$symbol=string')));
  });

  it('say the text of echo, and of println', async () => {
    assert.deepEqual(await run('script { def x = [1, [a: 2]]; echo "${x}"; println x }'), [
      'echo [1, [a:2]]',
      'echo [1, {a=2}]',
    ]);
  });

  it('make the run worse, never better, when the effects say so', async () => {
    const recording = await record(
      declarative(`junit 'a'; sh 'b'`, `post { unstable { echo 'u' } }`),
      {
        step: (call, at) => {
          if (call.name === 'junit') at.worsen('UNSTABLE');
          return null;
        },
      },
    );
    assert.equal(recording.outcome, 'UNSTABLE');
    assert.ok(recording.log.includes('end S UNSTABLE'));
    assert.ok(recording.log.includes('echo u'));
  });

  it('end the interpretation when an effect throws what is no StepError', async () => {
    await assert.rejects(
      record(declarative(`catchError { sh 'a' }`), {
        sh: () => {
          throw new TypeError('defect');
        },
      }),
      /defect/,
    );
  });
});

describe('the script block', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [
      'variables, if and else',
      `def a = 1; if (a > 1) { echo 'x' } else if (a == 1) { echo 'y' } else { echo 'z' }`,
      ['y'],
    ],
    ['for loops', `for (int i = 0; i < 3; i++) { if (i == 1) continue; echo "\${i}" }`, ['0', '2']],
    [
      'for-in over lists, maps and ranges',
      `for (x in ['a', 'b']) echo x
      for (e in [k: 'v']) { echo "\${e.key}\${e.value}" }
      for (i in 1..2) { echo "\${i}" }`,
      ['a', 'b', 'kv', '1', '2'],
    ],
    [
      'while and break',
      `def i = 0; while (true) { i++; if (i > 2) break; echo "\${i}" }`,
      ['1', '2'],
    ],
    [
      'switch with fall-through and default',
      `switch ('b') { case 'a': echo 'a'; case 'b': echo 'b'; case 'c': echo 'c'; break; default: echo 'd' }
      switch (3) { case 1: echo '1'; break; default: echo 'other' }`,
      ['b', 'c', 'other'],
    ],
    [
      'closures and their parameters',
      `def f = { a, b = 2 -> "\${a}\${b}" }; echo f(1); echo f.call(3, 4)
      [1, 2].each { echo "\${it}" }`,
      ['12', '34', '1', '2'],
    ],
    [
      'collections',
      `echo([3, 1, 2].sort().collect { it * 2 }.join(','))
      echo "\${['a', 'b'].find { it == 'b' }} \${[1, 2].any { it > 1 }} \${[1, 2].every { it > 1 }}"
      def m = [a: 1]; m.b = 2; m['c'] = 3; echo "\${m}"; m.each { k, v -> echo "\${k}=\${v}" }`,
      ['2,4,6', 'b true false', '[a:1, b:2, c:3]', 'a=1', 'b=2', 'c=3'],
    ],
    [
      'texts',
      `echo ' a b '.trim().split(' ').size() + ''
      echo 'a-b'.replaceAll('-', '_').toUpperCase()
      echo 'x/y/z'.tokenize('/').last()
      echo 'abc'[0..1] + 'abc'[-1]
      echo 'feature/x'.startsWith('feature') ? 'yes' : 'no'`,
      ['2', 'A_B', 'z', 'abc', 'yes'],
    ],
    [
      'elvis, safe navigation and ternary',
      `def n = null; echo(n ?: 'default'); echo "\${n?.foo}"; echo n ? 'x' : 'y'`,
      ['default', 'null', 'y'],
    ],
    [
      'try, catch and finally',
      `try { error 'bad' } catch (e) { echo e.message } finally { echo 'done' }`,
      ['bad', 'done'],
    ],
    [
      'catch by type',
      `try { throw new IllegalStateException('x') } catch (hudson.AbortException e) { echo 'no' } catch (Exception e) { echo e.getMessage() }`,
      ['x'],
    ],
    [
      'env, params and currentBuild',
      `env.A = 'a'; echo env.A + A; echo "\${params.P} \${currentBuild.currentResult} \${env.NOPE}"`,
      ['aa', 'p SUCCESS null'],
    ],
    ['numbers', `echo "\${7 % 3} \${2 ** 3} \${'5'.toInteger() + 1} \${1 <=> 2}"`, ['1 8 6 -1']],
    [
      'regular expressions',
      `echo(('v1.2' ==~ /v\\d\\.\\d/) ? 'yes' : 'no'); def m = ('a1b2' =~ /[a-z](\\d)/); echo m[1][1]`,
      ['yes', '2'],
    ],
    [
      'in, instanceof and as',
      `echo "\${'a' in ['a']} \${'a' instanceof String} \${('7' as int) + 1}"`,
      ['true true 8'],
    ],
    ['several declared at once', `def (a, b) = ['x', 'y']; echo a + b`, ['xy']],
    ['a GString’s closure', 'def x = 1; echo "${-> x + 1}"', ['2']],
  ];
  for (const [what, text, expected] of cases) {
    it(`knows ${what}`, async () => {
      const recording = await record(declarative(`script { ${text} }`), { parameters: { P: 'p' } });
      assert.equal(recording.error, undefined);
      assert.deepEqual(
        steps(recording).map((line) => line.replace(/^echo /, '')),
        expected,
      );
    });
  }

  it('calls functions of the file, which see bindings and not its local variables', async () => {
    const text = `def local = 'x'
import groovy.transform.Field
@Field def field = 'f'
shared = 's'
def f(a, b = 'b') { return "\${a}\${b}\${field}\${shared}" }
def g() { return local }
${declarative(`echo f('a'); script { g() }`)}`;
    const recording = await record(text);
    assert.deepEqual(steps(recording), ['echo abfs']);
    assert.match(recording.error ?? '', /No such property: local/);
  });

  it('fails on a name that nothing defines, unless the effects know it', async () => {
    const text = declarative('sh "echo ${NOPE}"');
    const recording = await record(text);
    assert.equal(recording.error, 'No such property: NOPE for class: groovy.lang.Binding');
    const known = await record(text, { effects: { missing: () => 'given' } });
    assert.deepEqual(steps(known), ['sh echo given']);
  });

  it('ends a recursion without end as Jenkins would', async () => {
    const recording = await record(`def f() { f() }\n${declarative('script { f() }')}`);
    assert.equal(recording.outcome, 'FAILURE');
  });

  it('ends a loop that does nothing', async () => {
    const recording = await record(declarative('script { while (true) { } }'));
    assert.match(recording.error ?? '', /without end/);
  }).timeout(20_000);

  it('cuts a loop of steps in a dry interpretation', async () => {
    const recording = await record(declarative(`script { while (true) { sh 'a' } }; sh 'b'`), {
      dry: true,
    });
    assert.equal(recording.log.filter((line) => line === 'sh a').length, 100);
    assert.ok(recording.log.includes('sh b'));
    assert.deepEqual(recording.notices, ['This loop was cut after 100 rounds.']);
  });

  it('lets what is unknown run through everything that depends on it', async () => {
    const log = await run(
      'script { def x = readFile("v"); def y = x.trim().split(",")[0]; sh "make ${y}"; sh "a" + x }',
      dryly,
    );
    assert.deepEqual(log, ['readFile v', 'sh ‹readFile›', 'sh ‹readFile›']);
  });

  it('goes both ways on an unknown condition if the effects want it, past errors on a way', async () => {
    const text = `script { if (readFile('v') == 'x') { sh 'a'; error 'no' } else { sh 'b' } ; sh 'c' }`;
    const both = { decide: () => Promise.resolve('both' as const) };
    assert.deepEqual(await run(text, { ...dryly, effects: both }), [
      'readFile v',
      'sh a',
      'sh b',
      'sh c',
    ]);
  });

  it('takes an unknown condition as false otherwise, and says so', async () => {
    const text = declarative(`script { if (readFile('v')) { sh 'a' } else { sh 'b' } }`);
    const recording = await record(text, dryly);
    assert.deepEqual(steps(recording), ['readFile v', 'sh b']);
    assert.deepEqual(recording.notices, [
      'This depends on readFile (line 8); it is taken as false.',
    ]);
  });

  it('passes the variables of a shared library to the effects', async () => {
    assert.deepEqual(await run(`script { lib.deploy('x'); docker.image('y').inside { sh 'a' } }`), [
      'lib.deploy x',
      'docker.inside image=y',
      'sh a',
    ]);
  });
});

describe('a scripted pipeline', () => {
  it('runs node, stage, dir, withEnv, timeout, retry and try', async () => {
    const recording = await record(
      `
      def tag = 'v1'
      node('linux') {
        stage('Build') {
          checkout scm
          withEnv(["TAG=\${tag}"]) { dir('src') { sh "make \${TAG}" } }
        }
        try {
          stage('Test') { timeout(time: 1, unit: 'HOURS') { retry(2) { sh 'test' } } }
        } finally {
          archiveArtifacts 'x'
        }
      }`,
      { sh: (script) => (script === 'test' ? 1 : 0) },
    );
    assert.deepEqual(recording.log, [
      'agent label linux',
      'stage Build',
      'checkout scm',
      'sh make v1',
      'end Build SUCCESS',
      'stage Test',
      'sh test',
      'sh test',
      'end Test FAILURE',
      'archiveArtifacts x',
      'end agent',
    ]);
    assert.equal(recording.outcome, 'FAILURE');
    assert.equal(recording.scopes.get('make v1')?.directory, 'src');
  });

  it('runs parallel branches of a map that it has built', async () => {
    const recording = await record(`
      def branches = [:]
      for (x in ['a', 'b']) { def y = x; branches["on \${y}"] = { node { sh "run \${y}" } } }
      parallel branches`);
    assert.deepEqual(recording.log.filter((line) => line.startsWith('sh')).sort(), [
      'sh run a',
      'sh run b',
    ]);
  });

  it('reads the defaults of parameters from properties', async () => {
    const recording = await record(`
      properties([parameters([string(name: 'A', defaultValue: 'x'), booleanParam(name: 'B')])])
      node { sh "\${params.A} \${params.B}" }`);
    assert.ok(recording.log.includes('sh x false'));
  });

  it('skips what the effects skip', async () => {
    const recording = await record(`node { stage('A') { sh 'a' }; stage('B') { sh 'b' } }`, {
      skip: ['A'],
    });
    assert.deepEqual(recording.log, [
      'agent any',
      'skip A',
      'stage B',
      'sh b',
      'end B SUCCESS',
      'end agent',
    ]);
  });
});

/** Effects that know nothing. */
const dryly: World = {
  step: (call) => (call.implicit ? null : new Unknown(call.name, 8)),
};
