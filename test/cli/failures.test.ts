import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { RunFacts } from '../../src/jenkins/facts';
import { ciliumWorld } from '../bed/jenkins/cilium';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';

const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

const commits = { broken: 'b'.repeat(40), mended: 'd'.repeat(40) };

describe('ci-parity about failures', () => {
  let jenkins: JenkinsDouble;
  before(async () => {
    jenkins = await startJenkins({
      world: ciliumWorld({ commits, originUrl: 'https://host/x.git' }),
    });
  });
  after(() => jenkins.close());

  const master = (): string => `${jenkins.base}job/networking/job/cilium/job/master/`;

  /** Its exit code, and what it wrote, without the server's address. */
  function ciParity(...args: string[]): Promise<{ code: unknown; output: string; errors: string }> {
    const none = { JENKINS_USER: undefined, JENKINS_TOKEN: undefined, JENKINS_URL: undefined };
    const env = { ...process.env, ...none };
    return new Promise((done) => {
      const node = ['--import', loader, program, ...args];
      execFile(process.execPath, node, { env }, (error, output, errors) => {
        done({ code: error?.code ?? 0, output, errors });
      });
    });
  }

  it('lists the failed runs of a job, and since when it failed then', async () => {
    const { code, output } = await ciParity('failures', master());
    assert.equal(code, 0);
    const lines = output.trim().split('\n');
    assert.deepEqual(
      lines.map((line) => line.split(/ {2,}/).filter((_, at) => at !== 2)),
      [
        ['#42', 'FAILURE', 'mended in #43', 'networking/cilium/master', `${master()}42/`],
        ['#40', 'UNSTABLE', 'mended in #41', 'networking/cilium/master', `${master()}40/`],
      ],
    );
  });

  it('says that nothing fails where nothing does', async () => {
    const { code, output } = await ciParity('failures', `${jenkins.base}job/networking/`);
    assert.deepEqual([code, output], [0, '▸ nothing fails there\n']);
  });

  it('explains a run to people: the sentence, the stage, the test, the log around the evidence', async () => {
    const { code, output } = await ciParity('explain', `${master()}42/console`);
    assert.equal(code, 0);
    assert.match(
      output,
      /^Build: \.\/contrib\/vagrant\/start\.sh → exit 1 — policy_test\.sh:53: egress web -> db:22: want DENIED, got ALLOWED$/m,
    );
    assert.match(output, /^ {2}stage {6}Build: failed$/m);
    assert.match(output, /^ {2}failed {5}moat\/pkg\/policy TestPolicyEgressDeny$/m);
    assert.match(output, /^> +\d+ {2}\+ \.\/contrib\/vagrant\/start\.sh$/m);
    assert.match(output, /^ +…$/m);
  });

  it('explains a run to programs, in one object', async () => {
    const { code, output } = await ciParity('explain', '--json', `${master()}42/`);
    assert.equal(code, 0);
    const { run, diagnosis, failedTests, stages, cut } = JSON.parse(output) as RunFacts;
    assert.deepEqual([run.number, run.result, run.commit], [42, 'FAILURE', commits.broken]);
    assert.deepEqual(
      [diagnosis.kind, diagnosis.stage, diagnosis.exitCode],
      ['command', 'Build', 1],
    );
    assert.deepEqual([failedTests.length, stages.length, cut], [1, 3, []]);
  });

  it('takes the address of a job for its last run that did not succeed', async () => {
    const { output } = await ciParity('explain', '--json', master());
    assert.equal((JSON.parse(output) as RunFacts).run.number, 42);
  });

  it('ends with 3 where there is nothing to explain, and with 2 where it is not asked rightly', async () => {
    const passed = await ciParity('explain', `${master()}43/`);
    assert.equal(passed.code, 3);
    assert.match(passed.errors, /#43 did not fail: it ended with SUCCESS/);
    assert.equal((await ciParity('explain', `${master()}999/`)).code, 3);
    assert.equal((await ciParity('explain')).code, 2);
    assert.equal((await ciParity('failures')).code, 2);
  });
});
