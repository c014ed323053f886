import assert from 'node:assert/strict';
import { checkAgentName, checkLabels, type Agents, type NewAgent } from '../../src/jenkins/agents';
import { connect } from '../../src/jenkins/client';
import { isJenkinsError } from '../../src/jenkins/jenkinsError';
import { startJenkins, type JenkinsDouble, type JenkinsOptions } from '../bed/jenkins/double';
import { secretOf } from '../bed/jenkins/nodes';

const { signal } = new AbortController();
const mark = { lease: 'abcdef012345', owner: 'ada@desk' };
const fresh: NewAgent = {
  name: 'metal one',
  labels: 'vagrant big-memory',
  executors: 2,
  folder: '/root/.cache/ci-parity/agents/abcdef012345/work',
  mark,
};

async function withAgents(
  options: Partial<JenkinsOptions>,
  work: (agents: Agents, jenkins: JenkinsDouble) => Promise<void>,
  token = 'c4nary',
): Promise<void> {
  const users = { ada: { token: 'c4nary', password: 'by crumb' } };
  await using jenkins = await startJenkins({ world: { jobs: [] }, users, ...options });
  using client = connect({ base: jenkins.base, user: 'ada', token, pollInterval: 10 });
  await work(await client.doing.agents(), jenkins);
}

const refusal = (pattern: RegExp, advice: RegExp) => (error: unknown) => {
  assert.ok(isJenkinsError(error, 'forbidden'));
  assert.match((error as Error).message, pattern);
  assert.match((error as { advice?: string }).advice ?? '', advice);
  return true;
};

describe('Agents of ours on a server', () => {
  it('are created with labels, executors and a mark, and are offline until they connect', () =>
    withAgents({}, async (agents, jenkins) => {
      assert.equal(await agents.status(fresh.name, signal), undefined);
      await agents.create(fresh, signal);
      const [node] = jenkins.nodes;
      assert.deepEqual(
        { ...node, channel: undefined },
        {
          ...{ ssh: undefined, log: '' },
          ...{ name: 'metal one', executors: 2, folder: fresh.folder, mode: 'EXCLUSIVE' },
          ...{ labels: ['vagrant', 'big-memory'], channel: undefined },
          description: 'ci-parity lease=abcdef012345 of ada@desk',
        },
      );
      const offline = { online: false, reason: undefined, mark };
      assert.deepEqual(await agents.status(fresh.name, signal), offline);
      assert.deepEqual(await agents.marked(signal), [{ name: 'metal one', ...offline }]);
    }));

  it('are created with a crumb where the server wants one', () =>
    withAgents(
      {},
      async (agents, jenkins) => {
        await agents.create(fresh, signal);
        assert.equal(jenkins.nodes.length, 1);
        assert.ok(await agents.remove(fresh.name, mark, signal));
        assert.equal(jenkins.nodes.length, 0);
      },
      'by crumb',
    ));

  it('have a secret, also on a server whose page has its former name', async () => {
    for (const options of [{}, { agentPages: 'old' as const }])
      await withAgents(options, async (agents) => {
        await agents.create(fresh, signal);
        assert.equal(await agents.secret(fresh.name, signal), secretOf(fresh.name));
      });
  });

  it('are online once they have connected with their secret, and with no other', () =>
    withAgents({}, async (agents, jenkins) => {
      await agents.create(fresh, signal);
      const headers = { 'Node-Name': fresh.name, 'X-Remoting-Capability': 'x' };
      const knock = (secret: string) =>
        fetch(`${jenkins.base}wsagents/`, { headers: { ...headers, 'Secret-Key': secret } });
      assert.equal((await knock('0123')).status, 403);
      assert.equal((await agents.status(fresh.name, signal))?.online, false);
      const answer = await knock(secretOf(fresh.name));
      assert.equal((await agents.status(fresh.name, signal))?.online, true);
      await answer.body?.cancel();
    }));

  it('are not created over others: the name is said to be taken', () =>
    withAgents({}, async (agents, jenkins) => {
      await agents.create({ ...fresh, mark: { ...mark, owner: 'bob@desk' } }, signal);
      await assert.rejects(agents.create(fresh, signal), /has an agent called metal one already/);
      assert.equal(await agents.remove(fresh.name, mark, signal), false);
      assert.equal(jenkins.nodes.length, 1, 'somebody else’s stays');
    }));

  it('say which permission is missing', async () => {
    const may = (agents: readonly ('create' | 'connect' | 'delete')[]) => ({
      users: { ada: { token: 'c4nary', agents } },
    });
    await withAgents(may(['connect', 'delete']), (agents) =>
      assert.rejects(
        agents.create(fresh, signal),
        refusal(/does not allow your user to create the agent metal one/, /Agent\/Create/),
      ),
    );
    await withAgents(may(['create']), async (agents) => {
      await agents.create(fresh, signal);
      const secret = agents.secret(fresh.name, signal);
      await assert.rejects(secret, refusal(/connect the agent/, /Agent\/Connect/));
      const gone = agents.remove(fresh.name, mark, signal);
      await assert.rejects(gone, refusal(/delete the agent/, /Agent\/Delete/));
    });
  });

  it('that the server reaches by SSH say how, which key the host must show, and whom they serve', () =>
    withAgents({}, async (agents, jenkins) => {
      const ssh = {
        ...{ host: '192.0.2.7', port: 2222, credential: 'key-of-ci', prefix: 'export X=1; ' },
        ...{ hostKey: 'ssh-ed25519 AAAAC3Nz', java: '/usr/bin/java' },
      };
      await agents.create({ ...fresh, shared: true, ssh }, signal);
      const [node] = jenkins.nodes;
      assert.equal(node?.mode, 'NORMAL');
      assert.deepEqual(node.ssh, {
        ...{ host: '192.0.2.7', port: 2222, credentialsId: 'key-of-ci', prefix: 'export X=1; ' },
        ...{ hostKey: 'ssh-ed25519 AAAAC3Nz', javaPath: '/usr/bin/java' },
        workingDirectory: fresh.folder,
      });
      assert.match(
        await agents.log(fresh.name, signal),
        /credentials cannot be found\n.*Launch failed/s,
      );
    }));

  it('cannot be reached by SSH where the plugin is missing, which is said', () =>
    withAgents({ sshAgents: false }, async (agents) => {
      const ssh = {
        ...{ host: 'h', port: 22, credential: 'k', prefix: '' },
        ...{ hostKey: 'ssh-ed25519 AAAA', java: 'java' },
      };
      await assert.rejects(agents.create({ ...fresh, ssh }, signal), (error: unknown) => {
        assert.match(String((error as { advice?: string }).advice), /SSH Build Agents/);
        return true;
      });
    }));

  it('have keys in the store of the server that no job can use, until they are removed', () =>
    withAgents({}, async ({ keys }, jenkins) => {
      const key = {
        ...{ id: 'ci-parity-1', user: 'ada & co', privateKey: '-----BEGIN<KEY>-----\nx\n' },
        description: 'ci-parity lease=abcdef012345 of ada@desk',
      };
      await keys.add(key, signal);
      const { user: username, ...rest } = key;
      assert.deepEqual([...jenkins.credentials.values()], [{ ...rest, username, scope: 'SYSTEM' }]);
      await assert.rejects(keys.add(key, signal));
      await keys.remove('ci-parity-1', signal);
      assert.equal(jenkins.credentials.size, 0);
      await keys.remove('ci-parity-1', signal);
    }));

  it('that may have no key made say which permission that takes, and what else can be done', () =>
    withAgents(
      { users: { ada: { token: 'c4nary', agents: ['create', 'connect', 'delete'] } } },
      async ({ keys }) => {
        const key = { id: 'k', user: 'root', privateKey: 'x', description: 'd' };
        const refused = refusal(/add a credential/, /Credentials\/Create.*--credential ID/s);
        await assert.rejects(keys.add(key, signal), refused);
      },
    ));

  it('run the agent.jar of the server, and nothing that it gives instead', () =>
    withAgents({}, async (agents, jenkins) => {
      assert.equal((await agents.jar(signal)).toString('latin1', 0, 2), 'PK');
      const page = jenkins.fault(/agent\.jar/, ({ send }) =>
        send({ status: 200, headers: {}, body: 'something else' }),
      );
      await assert.rejects(agents.jar(signal), /something else than its agent\.jar/);
      page[Symbol.dispose]();
    }));

  it('that are gone already are removed without complaint', () =>
    withAgents({}, async (agents) => {
      assert.equal(await agents.remove('never there', mark, signal), false);
    }));

  it('are found by their mark only: what others write into a description is no mark', () =>
    withAgents({}, async (agents) => {
      await agents.create({ ...fresh, mark: { lease: 'x', owner: 'a b' } }, signal);
      assert.deepEqual(await agents.marked(signal), []);
    }));

  it('have names that Jenkins takes', () => {
    assert.equal(checkAgentName(' metal one '), 'metal one');
    for (const wrong of ['', '.', '..', 'a/b', 'a:b', 'a$b', 'a\nb', 'dot.', '(built-in)', 'new'])
      assert.throws(() => checkAgentName(wrong), /agent/i, wrong);
  });

  it('have labels that need no quotes', () => {
    assert.equal(checkLabels('  vagrant   kvm-2 '), 'vagrant kvm-2');
    for (const wrong of ['', 'a&&b', '"a b"', 'a(b)', 'a!', 'a|b'])
      assert.throws(() => checkLabels(wrong), /label/, wrong);
  });
});
