import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { listReproductions } from '../../src/reproduce/store';
import { runLike42, type Demo } from '../bed/demo/demo';
import type { RunSpec } from '../bed/jenkins/world';
import {
  assertNothingLeft,
  commitOnto,
  guardRepository,
  openBed,
  runCli,
  type E2eBed,
} from './bed';

/** A scripted pipeline of functions and a loop, in which one of two branches fails. */
const jenkinsfile = `def on(name, body) {
    return { node(name) { ws("side/\${name}") { unstash 'built'; body() } } }
}

node {
    stage('Build') {
        checkout scm
        def version = sh(script: 'echo 1.2', returnStdout: true).trim()
        writeFile file: 'version.txt', text: "\${version} of \${env.JOB_NAME}"
        stash name: 'built', includes: 'version.txt'
    }
}
stage('Tests') {
    def branches = [:]
    for (name in ['linux', 'mac']) {
        def os = name
        branches[os] = on(os) {
            sh "cat version.txt; echo; for i in 1 2 3; do echo \${os} \\$i; sleep 0.05; done"
            if (os == 'linux') {
                sh 'echo "--- FAIL: TestPolicyEgressDeny (0.00s)"; exit 3'
            }
        }
    }
    parallel(branches)
}
`;

describe('A scripted pipeline with parallel branches', function () {
  this.timeout('2m');
  let bed: E2eBed;
  let demo: Demo;
  let check: () => void;

  before(async function () {
    bed = await openBed(this, { vagrant: 'stand-in' });
    demo = await bed.demo({
      prepare: (sample) => {
        const commit = commitOnto(sample, sample.commits.broken, { Jenkinsfile: jenkinsfile });
        return Promise.resolve([failedRun(46, commit, sample.origin)]);
      },
    });
    check = guardRepository(demo);
  });
  after(() => bed[Symbol.asyncDispose]());

  it('is done again with all its branches, whose lines never mix', async () => {
    const { code, output } = await runCli(demo, bed.packaged, ['reproduce', demo.runUrl(46)]);
    assert.equal(code, 0, output);
    const [one] = listReproductions(demo.stateDir);
    assert.ok(one);
    assert.equal(one.verdict?.sentence, 'reproduced: linux failed as in #46, same test', output);
    const log = readFileSync(one.files.output, 'utf8');
    for (const name of ['linux', 'mac']) {
      assert.match(log, new RegExp(`^\\[${name}\\] 1\\.2 of .*master`, 'm'));
      assert.match(log, new RegExp(`^\\[${name}\\] ${name} 3$`, 'm'));
    }
    for (const line of log.split('\n'))
      assert.match(line, /^(\[linux\] (?!mac)|\[mac\] (?!linux)|[^[]|$)/);
    check();
    await assertNothingLeft(demo);
  });

  it('is done again with the branch that failed only, if that is asked', async () => {
    const args = ['reproduce', demo.runUrl(46), '--only-failed-branch'];
    const { code, output } = await runCli(demo, bed.packaged, args);
    assert.equal(code, 0, output);
    assert.match(output, /branch Tests \/ mac: left out, as you asked/);
    assert.doesNotMatch(output, /\[mac\]/);
    assert.match(output, /reproduced: linux failed as in #46, same test/);
    check();
    await assertNothingLeft(demo);
  });

  it('has a plan that shows its branches', async () => {
    const { code, output, cli } = await runCli(demo, bed.packaged, ['plan', demo.runUrl(46)]);
    assert.equal(code, 0, output);
    const [{ document }] = cli.events() as unknown as [{ document: string }];
    assert.match(document, /### Branch `Tests \/ linux`/);
    assert.match(document, /### Branch `Tests \/ mac`/);
  });
});

function failedRun(number: number, commit: string, origin: string): RunSpec {
  return {
    ...runLike42(number, commit, origin),
    tests: [],
    error: 'script returned exit code 3',
    stages: [
      { name: 'Build', state: 'passed', log: ['[Pipeline] sh', '+ echo 1.2'] },
      {
        name: 'Tests',
        state: 'failed',
        parallel: true,
        children: [
          {
            name: 'linux',
            state: 'failed',
            log: [
              '[Pipeline] sh',
              '+ echo --- FAIL: TestPolicyEgressDeny (0.00s)',
              '--- FAIL: TestPolicyEgressDeny (0.00s)',
              '+ exit 3',
            ],
          },
          { name: 'mac', state: 'passed', log: ['[Pipeline] sh', '+ cat version.txt'] },
        ],
      },
    ],
  };
}
