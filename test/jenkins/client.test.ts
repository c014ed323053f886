import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, type Client } from '../../src/jenkins/client';
import type { ConnectOptions } from '../../src/jenkins/http';
import { JenkinsError, type JenkinsErrorKind } from '../../src/jenkins/jenkinsError';
import { ciliumWorld } from '../bed/jenkins/cilium';
import {
  startJenkins,
  type FaultKind,
  type JenkinsDouble,
  type JenkinsOptions,
} from '../bed/jenkins/double';

const BROKEN = 'b'.repeat(40);
const MENDED = 'e'.repeat(40);
const PULL = 'a'.repeat(40);
const ORIGIN = 'https://github.com/cilium/cilium.git';
const world = ciliumWorld({
  commits: { broken: BROKEN, mended: MENDED, pull: PULL },
  originUrl: ORIGIN,
});
const MASTER = 'job/networking/job/cilium/job/master/';
const { signal } = new AbortController();

interface Bed extends AsyncDisposable {
  readonly jenkins: JenkinsDouble;
  readonly client: Client;
}

async function bed(
  options: Partial<JenkinsOptions> = {},
  connection: Partial<ConnectOptions> = {},
): Promise<Bed> {
  const jenkins = await startJenkins({ world, ...options });
  const client = connect({ base: jenkins.base, ...connection });
  return {
    jenkins,
    client,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await jenkins.close();
    },
  };
}

async function rejectsWith(
  promise: Promise<unknown>,
  kind: JenkinsErrorKind,
): Promise<JenkinsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof JenkinsError, String(error));
  assert.equal(error.kind, kind);
  return error;
}

describe('a Jenkins client', () => {
  it('tells the version and whom the server takes us for', async () => {
    await using it = await bed(
      { users: { ada: { token: 't0ken' } } },
      { user: 'ada', token: 't0ken' },
    );
    assert.deepEqual(await it.client.ping(signal), { version: '2.504.3', user: 'ada' });
  });

  it('lists folders, projects and branches with decoded names, below the address the user typed', async () => {
    await using it = await bed({ rootUrl: 'https://ci.internal/other/' });
    const [folder] = await it.client.jobs(it.client.base, signal);
    assert.deepEqual([folder?.kind, folder?.url], ['folder', `${it.client.base}job/networking/`]);
    const [project] = await it.client.jobs(folder!.url, signal);
    assert.equal(project?.kind, 'multibranch');
    const branches = await it.client.jobs(project.url, signal);
    assert.deepEqual(
      branches.map(({ name, state, running }) => [name, state, running]),
      [
        ['master', 'passed', false],
        ['PR-17', 'not-built', true],
        ['feature/any-direction', 'not-built', false],
      ],
    );
    assert.equal(branches[2]?.url, `${project.url}job/feature%252Fany-direction/`);
    assert.deepEqual(await it.client.runs(branches[2].url, { limit: 5 }, signal), []);
  });

  it('lists more runs than fit into one request, newest first', async () => {
    const runs = Array.from({ length: 40 }, (_, at) => ({
      number: at + 1,
      result: 'SUCCESS' as const,
    }));
    await using it = await bed({ world: { jobs: [{ name: 'a', runs }] } });
    const job = `${it.client.base}job/a/`;
    const newest = await it.client.runs(job, { limit: 25 }, signal);
    assert.deepEqual(
      newest.map(({ number }) => number),
      Array.from({ length: 25 }, (_, at) => 40 - at),
    );
    const older = await it.client.runs(job, { limit: 25, olderThan: 16 }, signal);
    assert.deepEqual(
      older.map(({ number }) => number),
      Array.from({ length: 15 }, (_, at) => 15 - at),
    );
    assert.ok(it.jenkins.requests.every(({ path }) => path.length < 6000));
  });

  it('finds a run by its permalink, with its commit, branch and agent', async () => {
    await using it = await bed();
    const run = await it.client.run(`${it.client.base}${MASTER}lastFailedBuild/`, signal);
    assert.equal(run.url, `${it.client.base}${MASTER}42/`);
    assert.equal(run.job, 'networking/cilium/master');
    assert.equal(run.result, 'FAILURE');
    assert.deepEqual(run.commit, { sha: BROKEN, remoteUrls: [ORIGIN] });
    assert.equal(run.branch, 'master');
    assert.equal(run.node, 'agent-1');
    assert.equal(run.change, undefined);
  });

  it('tells of a pull request and takes its own head for the commit', async () => {
    await using it = await bed();
    const run = await it.client.run(
      `${it.client.base}job/networking/job/cilium/job/PR-17/3/`,
      signal,
    );
    assert.equal(run.commit?.sha, PULL);
    assert.deepEqual(
      [run.change?.id, run.change?.target, run.change?.fork],
      ['17', 'master', true],
    );
  });

  it('does not believe the result of a run that goes on', async () => {
    const going = { number: 1, building: true, result: 'FAILURE' as const, duration: 1000 };
    await using it = await bed({ world: { jobs: [{ name: 'a', runs: [going] }] } });
    const run = await it.client.run(`${it.client.base}job/a/1/`, signal);
    assert.deepEqual([run.building, run.result, run.duration], [true, undefined, 0]);
  });

  it('says where run #42 broke', async () => {
    await using it = await bed();
    const run = await it.client.run(`${it.client.base}${MASTER}42/`, signal);
    const failure = await it.client.failure(run, await it.client.stages(run, signal), signal);
    assert.deepEqual(failure.stage, ['Build']);
    assert.equal(failure.command, './contrib/vagrant/start.sh');
    assert.equal(failure.exitCode, 1);
    assert.deepEqual(
      failure.tests.map(({ name }) => name),
      ['TestPolicyEgressDeny'],
    );
    assert.ok(failure.lines.some((line) => line.includes('--- FAIL: TestPolicyEgressDeny')));
    assert.ok(failure.lines.length <= 30);
  });

  it('prefers the test report to the log, and does without a report that cannot be read', async () => {
    await using it = await bed();
    const run = await it.client.run(`${it.client.base}${MASTER}40/`, signal);
    assert.deepEqual(await it.client.failedTests(run, signal), [
      {
        group: 'moat/pkg/policy',
        name: 'TestPolicyIngressDeny',
        details: 'flaky',
        age: 1,
        failedSince: 40,
        duration: 2,
        suite: 'moat/pkg/policy',
      },
    ]);
    it.jenkins.fault(/testReport/, '500');
    assert.deepEqual((await it.client.failure(run, [], signal)).tests, []);
    await rejectsWith(it.client.failedTests(run, signal), 'server-error');
  });

  it('knows the Jenkinsfile by the log, and its text where the replay page may be seen', async () => {
    const script = 'pipeline { agent any /* <&"\' */ }';
    const own = ciliumWorld({
      commits: { broken: BROKEN, mended: MENDED },
      originUrl: ORIGIN,
      script,
    });
    const users = { ada: { token: 'a', replay: true }, bob: { token: 'b', replay: false } };
    for (const [user, token, text] of [
      ['ada', 'a', script],
      ['bob', 'b', undefined],
    ] as const) {
      await using it = await bed({ world: own, users }, { user, token });
      const run = await it.client.run(`${it.client.base}${MASTER}42/`, signal);
      const file = await it.client.jenkinsfile(run, signal);
      assert.deepEqual(file, { path: 'Jenkinsfile', source: BROKEN, text });
    }
  });
});

describe('the lines that tell of a failure', () => {
  it('name the test even where much was printed after it', async () => {
    const noise = Array.from({ length: 1000 }, (_, line) => `cleaning ${line}`);
    const log = ['[Pipeline] sh', '+ make', '--- FAIL: TestEarly (0.20s)', ...noise];
    const run = {
      number: 1,
      result: 'FAILURE' as const,
      stages: [{ name: 'A', state: 'failed' as const, log }],
    };
    await using it = await bed({ world: { jobs: [{ name: 'a', runs: [run] }] } });
    const found = await it.client.run(`${it.client.base}job/a/1/`, signal);
    const { lines, command } = await it.client.failure(
      found,
      await it.client.stages(found, signal),
      signal,
    );
    assert.equal(command, 'make');
    assert.equal(lines[0], '--- FAIL: TestEarly (0.20s)');
    assert.equal(lines.at(-1), 'cleaning 999');
    assert.ok(lines.length <= 30);
  });
});

describe('a Jenkins client in trouble', () => {
  const faults: [FaultKind, JenkinsErrorKind][] = [
    ['html', 'malformed'],
    ['truncated', 'truncated'],
    ['huge', 'too-large'],
    ['slow', 'timeout'],
    ['401', 'sign-in'],
    ['403', 'sign-in'],
    ['404', 'not-found'],
    ['500', 'server-error'],
    ['login-redirect', 'sign-in'],
    ['redirect', 'redirect'],
    ['reset', 'network'],
  ];
  for (const [fault, kind] of faults) {
    it(`reports ${fault} as ${kind}, with advice`, async () => {
      await using it = await bed({}, { idleTimeout: fault === 'slow' ? 60 : 5000 });
      it.jenkins.fault(/api\/json/, fault);
      const error = await rejectsWith(
        it.client.jobs(it.client.base, signal),
        fault === 'html' ? 'not-jenkins' : kind,
      );
      assert.ok(error.advice !== undefined && error.advice.length > 10);
    });
  }

  it('tells a wrong token, a refused stranger and a user without permission apart', async () => {
    const users = { ada: { token: 'right' }, bob: { token: 'b', read: false } };
    const options = { users, anonymous: false };
    await using wrong = await bed(options, { user: 'ada', token: 'wr0ng-t0ken' });
    const error = await rejectsWith(wrong.client.ping(signal), 'unauthorized');
    assert.ok(!`${error.message}${error.advice}${error.stack}`.includes('wr0ng'));
    await using stranger = await bed(options);
    await rejectsWith(stranger.client.ping(signal), 'sign-in');
    await using bob = await bed(options, { user: 'bob', token: 'b' });
    const forbidden = await rejectsWith(bob.client.ping(signal), 'forbidden');
    assert.match(forbidden.advice ?? '', /hudson\.model\.Hudson\.Read/);
  });

  it('says so when nothing listens, and when the name is unknown', async () => {
    const { jenkins } = await bed();
    const { base } = jenkins;
    await jenkins.close();
    using nobody = connect({ base });
    await rejectsWith(nobody.ping(signal), 'refused');
    // A label of more than 63 letters is unknown without asking anybody.
    using unknown = connect({ base: `http://${'x'.repeat(64)}.example/` });
    await rejectsWith(unknown.ping(signal), 'dns');
  });

  it('says so when a server does not speak TLS', async () => {
    await using it = await bed();
    using client = connect({ base: it.jenkins.base.replace('http:', 'https:') });
    await rejectsWith(client.ping(signal), 'tls');
  });

  it('knows a server that is not Jenkins', async () => {
    const server = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<p>hi'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    using client = connect({ base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
    await rejectsWith(client.ping(signal), 'not-jenkins');
    server.close();
  });

  it('ends with the reason of its signal, before and in the middle of an answer', async () => {
    await using it = await bed();
    await assert.rejects(it.client.ping(AbortSignal.abort()), { name: 'AbortError' });
    it.jenkins.fault(/api\/json/, 'slow');
    const controller = new AbortController();
    const answer = it.client.jobs(it.client.base, controller.signal);
    setImmediate(() => controller.abort());
    await assert.rejects(answer, { name: 'AbortError' });
  });

  it('asks no other server than its own, and sends the token nowhere else', async () => {
    await using it = await bed({ users: { ada: { token: 't' } } }, { user: 'ada', token: 't' });
    await rejectsWith(it.client.run('https://elsewhere.example/job/a/1/', signal), 'not-found');
    assert.equal(it.jenkins.requests.length, 0);
  });
});

describe('whom a server takes us for', () => {
  const users = { ada: { token: 't0ken' } };

  it('is told also where we gave no name', async () => {
    await using before = await bed({ users, signedInBefore: 'ada', anonymous: false });
    assert.equal(await before.client.whoAmI(signal), 'ada');
    await using stranger = await bed({ users, anonymous: false });
    assert.equal(await stranger.client.whoAmI(signal), undefined);
    await using ada = await bed({ users }, { user: 'ada', token: 't0ken' });
    assert.equal(await ada.client.whoAmI(signal), 'ada');
  });
});
