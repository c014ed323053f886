import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attach, type AttachWish, type Joining, type Way } from '../../src/attach/attach';
import { detach, sweepAgents } from '../../src/attach/detach';
import { ownerMark } from '../../src/machines/leases/ownerMark';
import { readAttachments } from '../../src/attach/ledger';
import { Cleanups } from '../../src/base/cleanups';
import { isUserError } from '../../src/base/errors';
import { connect } from '../../src/jenkins/client';
import { checkAgentProxy } from '../../src/machines/agent';
import { openSshMachine } from '../../src/machines/ssh/sshMachine';
import { startJenkins, type JenkinsDouble, type JenkinsOptions } from '../bed/jenkins/double';
import { createAuthority } from '../bed/net/certificates';
import { startProxy } from '../bed/net/proxy';
import { needSshd, startSshd, type Sshd } from '../bed/sshd';
import { addressOf, never, surroundings } from '../machines/ssh/far';

/** Runs the double's agent.jar, which is a script; it goes through a proxy as Java does. */
const JAVA = `cat > /usr/local/bin/java <<'JAVA'
#!/bin/sh
host= port=
while :; do
  case $1 in
    -Dhttp.proxyHost=*) host=\${1#*=} ;;
    -Dhttp.proxyPort=*) port=\${1#*=} ;;
    -D*) ;;
    *) break ;;
  esac
  shift
done
[ -z "$host" ] || export http_proxy="http://$host:$port" https_proxy="http://$host:$port"
[ "$1" = -jar ] || exit 1
shift
exec sh "$@"
JAVA
chmod 755 /usr/local/bin/java
printf 'ssh-ed25519 AAAAmine of-mine' > /root/.ssh/more
cat /root/.ssh/more >> /root/.ssh/authorized_keys
`;

const SSH: Way = { kind: 'ssh', credential: undefined };
const INBOUND: Way = { kind: 'inbound', proxy: undefined, ca: undefined };

/** A real SSH server as the machine; the double reaches it by a real ssh. */
describe('A machine as an agent', function () {
  this.timeout('2m');
  const cleanups = new Cleanups();
  let host: Sshd;
  let jenkins: JenkinsDouble;
  let root: string;
  let said: string[];

  before(needSshd);
  before(async () => {
    host = await startSshd({ firstBoot: JAVA });
    cleanups.defer(async () => host[Symbol.asyncDispose]());
  });
  after(() => cleanups[Symbol.asyncDispose]());
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-attach-'));
    said = [];
  });
  afterEach(async () => {
    rmSync(root, { recursive: true, force: true });
    await jenkins.close();
  });

  const start = async (options: Partial<JenkinsOptions> = {}): Promise<void> => {
    const users = { ada: { token: 'c4nary' } };
    jenkins = await startJenkins({ world: { jobs: [] }, users, address: host.gateway, ...options });
  };
  const ways = (changes: Partial<Joining> = {}): Joining => ({
    root,
    who: 'ada@desk',
    say: (words) => void said.push(words),
    agents: async () => {
      const options = { base: jenkins.base, user: 'ada', token: 'c4nary', pollInterval: 10 };
      const client = connect({ ...options, ...(ca === undefined ? {} : { tls: { ca } }) });
      return {
        ...(await client.doing.agents()),
        [Symbol.dispose]: () => client[Symbol.dispose](),
      };
    },
    open: async (_, signal) =>
      openSshMachine(addressOf(host), await surroundings({ stateDirectory: root }), signal),
    resolve: () => Promise.resolve({ host: host.address, port: host.port, jumps: [] }),
    ...changes,
  });
  let ca: string | undefined;
  const on = () => ({ host: host.address });
  const wish = (way: Way, changes: Partial<AttachWish> = {}): AttachWish => ({
    ...{ machine: on(), server: jenkins.base, user: 'ada', labels: 'vagrant kvm' },
    ...{ executors: 2, shared: false, way, folder: undefined, name: 'metal' },
    ...changes,
  });
  const keys = () => host.inside('cat /root/.ssh/authorized_keys');
  const processes = () =>
    host.inside("grep -lz '^CI_PARITY_AGENT=' /proc/[0-9]*/environ 2> /dev/null; true");
  const assertNothing = async (keysBefore: string): Promise<void> => {
    assert.deepEqual(jenkins.nodes, [], 'nothing is at the server');
    assert.deepEqual([...jenkins.credentials], [], 'no key is at the server');
    assert.equal(await keys(), keysBefore, 'no key is let in');
    assert.equal(await processes(), '', 'nothing runs');
    assert.equal(await host.inside('ls -A /root/.cache/ci-parity/agents 2> /dev/null; true'), '');
    assert.deepEqual(readAttachments(root).attachments, [], 'nothing is in the ledger');
  };
  const refused = async (work: Promise<unknown>, message: RegExp, advice: RegExp = /^/) =>
    assert.rejects(work, (error: unknown) => {
      assert.ok(isUserError(error), String(error));
      assert.match(error.message, message);
      assert.match(error.advice ?? '', advice);
      return true;
    });

  for (const way of [INBOUND, SSH])
    it(`is one by ${way.kind}, with labels, executors, a folder and whom it serves, until it is taken off`, async () => {
      await start();
      const keysBefore = await keys();
      const bySsh = way.kind === 'ssh';
      const changes = { shared: bySsh, folder: bySsh ? '/srv/builds' : '/srv/jenkins builds' };
      await attach(ways(), wish(way, changes), never);
      const [node] = jenkins.nodes;
      assert.deepEqual(
        [node?.labels, node?.executors, node?.mode, node?.folder],
        [['vagrant', 'kvm'], 2, bySsh ? 'NORMAL' : 'EXCLUSIVE', changes.folder],
      );
      assert.ok(node?.channel, said.join('\n'));
      assert.notEqual(await processes(), '', 'all that it starts can be found');
      if (bySsh) {
        const [credential] = jenkins.credentials.values();
        assert.deepEqual([credential?.scope, credential?.username], ['SYSTEM', 'root']);
        assert.equal(node.ssh?.hostKey, host.hostKey);
        assert.match(await keys(), /\nrestrict ssh-ed25519 \S+ ci-parity-agent-\w{12}$/);
        for (const found of readAttachments(root).attachments)
          assert.ok(!JSON.stringify(found).includes('PRIVATE'), 'the key is only at the server');
      }
      await detach(ways(), on(), never);
      await assertNothing(keysBefore);
      assert.equal(await host.inside(`cd '${changes.folder}' && pwd`), changes.folder);
    });

  it('is logged in at with a credential of the server’s own, which stays', async () => {
    await start();
    const keysBefore = await keys();
    jenkins.credentials.set('of-the-lab', {
      ...{ id: 'of-the-lab', scope: 'GLOBAL', username: 'root', description: '' },
      privateKey: readFileSync(host.keyFile, 'utf8'),
    });
    await attach(ways(), wish({ kind: 'ssh', credential: 'of-the-lab' }), never);
    assert.equal(await keys(), keysBefore);
    await detach(ways(), on(), never);
    assert.deepEqual([...jenkins.credentials.keys()], ['of-the-lab']);
    jenkins.credentials.clear();
    await assertNothing(keysBefore);
  });

  it('goes through a proxy, and believes the authority that it is told', async () => {
    const authority = createAuthority('the lab');
    ca = authority.ca;
    try {
      await start({ tls: authority.issue({ name: 'jenkins', hosts: [host.gateway] }) });
      const keysBefore = await keys();
      const straight = attach(ways(), wish(INBOUND), never);
      await refused(straight, /cannot reach https/, /certificate/);
      await assertNothing(keysBefore);
      await using proxy = await startProxy({ address: host.gateway });
      const through = checkAgentProxy(`http://${host.gateway}:${proxy.port}`);
      await attach(ways(), wish({ kind: 'inbound', proxy: through, ca }), never);
      assert.ok(jenkins.nodes[0]?.channel);
      assert.ok(proxy.requests.length > 0);
      await detach(ways(), on(), never);
      await assertNothing(keysBefore);
    } finally {
      ca = undefined;
    }
  });

  /** What goes wrong, what is said of it; afterwards nothing is left. */
  const FAULTS: readonly {
    readonly what: string;
    readonly way?: Way;
    readonly options?: Partial<JenkinsOptions>;
    readonly message: RegExp;
    readonly advice?: RegExp;
    readonly before?: () => unknown;
    readonly after?: () => unknown;
    readonly changes?: () => Partial<Joining>;
    readonly wish?: Partial<AttachWish>;
  }[] = [
    {
      what: 'the permission to create agents is missing',
      options: { users: { ada: { token: 'c4nary', agents: [] } } },
      message: /does not allow your user to create the agent/,
      advice: /Agent\/Create/,
    },
    {
      what: 'the permission to add a key is missing',
      way: SSH,
      options: { users: { ada: { token: 'c4nary', agents: ['create', 'connect', 'delete'] } } },
      message: /does not allow your user to add a credential/,
      advice: /Credentials\/Create.*--credential ID/s,
    },
    {
      what: 'the server has no plugin for SSH',
      way: SSH,
      options: { sshAgents: false },
      message: /could not make an agent that it reaches by SSH/,
      advice: /SSH Build Agents/,
    },
    {
      what: 'there is no credential of that name',
      way: { kind: 'ssh', credential: 'not-there' },
      message: /could not start the agent metal by SSH/,
      advice: /must let root in.*credentials cannot be found/s,
    },
    {
      what: 'another machine is at its address',
      way: SSH,
      changes: () => ({
        resolve: () => Promise.resolve({ host: host.gateway, port: 9, jumps: [] }),
      }),
      message: /could not start the agent metal by SSH/,
      advice: /refused/,
    },
    {
      what: 'the machine is only reached through another one',
      way: SSH,
      changes: () => ({
        resolve: () => Promise.resolve({ host: 'inner', port: 22, jumps: [{ host: 'jump' }] }),
      }),
      message: /only reached through another host/,
      advice: /Without --ssh/,
    },
    {
      what: 'the folder cannot be made',
      wish: { folder: '/proc/none' },
      message: /No agent can work in \/proc\/none/,
    },
    {
      what: 'the server would not quote the folder',
      way: SSH,
      wish: { folder: '/srv/two words' },
      message: /starts no agent by SSH in a folder like/,
      advice: /--folder/,
    },
    {
      what: 'the folder is none',
      wish: { folder: 'here' },
      message: /absolute path/,
    },
    {
      what: 'the label wants quotes',
      wish: { labels: '"two words"' },
      message: /no label that Jenkins takes without quotes/,
    },
    {
      what: 'the Java there is too old',
      before: () =>
        host.inside(
          "mv /usr/local/bin/java /root/java; printf '#!/bin/sh\\necho java.lang.UnsupportedClassVersionError: hudson/remoting/Launcher\\nexit 1\\n' > /usr/local/bin/java; chmod 755 /usr/local/bin/java",
        ),
      after: () => host.inside('mv /root/java /usr/local/bin/java'),
      message: /The agent ended on/,
      advice: /The Java there is older than this server takes/,
    },
  ];
  for (const { what, way = INBOUND, options, message, advice, ...row } of FAULTS)
    it(`is refused, and nothing is left, where ${what}`, async () => {
      await start(options);
      const keysBefore = await keys();
      await row.before?.();
      try {
        const trying = attach(ways(row.changes?.()), wish(way, row.wish), never);
        await refused(trying, message, advice);
      } finally {
        await row.after?.();
      }
      await assertNothing(keysBefore);
    });

  it('does not take the place of an agent that others have made, which stays', async () => {
    await start();
    using agents = await ways().agents(jenkins.base, 'ada');
    const mark = { lease: 'abcdef012345', owner: 'bob@desk' };
    const theirs = { name: 'metal', labels: 'x', executors: 1, folder: '/srv', mark };
    await agents.create(theirs, never);
    for (const way of [INBOUND, SSH])
      await refused(
        attach(ways(), wish(way), never),
        /has an agent called metal already/,
        /--name/,
      );
    assert.equal(jenkins.nodes.length, 1);
    assert.deepEqual([[...jenkins.credentials], await processes()], [[], '']);
    assert.deepEqual(readAttachments(root).attachments, []);
  });

  it('is taken off although somebody has removed it at the server by hand', async () => {
    await start();
    const keysBefore = await keys();
    await attach(ways(), wish(SSH), never);
    using agents = await ways().agents(jenkins.base, 'ada');
    const [marked] = await agents.marked(never);
    assert.ok(marked);
    await agents.remove('metal', marked.mark, never);
    jenkins.credentials.clear();
    await detach(ways(), on(), never);
    await assertNothing(keysBefore);
  });

  for (const way of [INBOUND, SSH])
    it(`that was cut off while ${way.kind === 'ssh' ? 'its key was added' : 'it was created'} is taken away when the server is back`, async () => {
      await start();
      const keysBefore = await keys();
      const match = way.kind === 'ssh' ? /createCredentials/ : /doCreateItem/;
      const lost = jenkins.fault(match, async ({ right, response }) => {
        await right();
        response.destroy();
      });
      await refused(attach(ways(), wish(way), never), /./);
      lost[Symbol.dispose]();
      // What was created is known by its mark at once; what is not there may still come.
      const [left] = readAttachments(root).attachments;
      if (left) {
        assert.match(left.problem ?? '', /may still be under way/);
        const file = join(root, 'agents', `${left.id}.json`);
        writeFileSync(file, JSON.stringify({ ...left, owner: { who: 'ada@desk' }, askedAt: 0 }));
        assert.deepEqual(await sweepAgents(ways(), never), []);
      }
      await assertNothing(keysBefore);
    });

  it('is taken off where the ledger has lost it, and let be where a namesake has it', async () => {
    await start();
    await attach(ways(), wish(INBOUND), never);
    using agents = await ways().agents(jenkins.base, 'ada');
    const made = async (name: string, lease: string, owner: string): Promise<void> => {
      const agent = { name, labels: 'x', executors: 1, folder: '/srv', mark: { lease, owner } };
      await agents.create(agent, never);
    };
    await made('lost', 'abcdef012345', await ownerMark(root, 'ada@desk'));
    await made('theirs', 'abcdef543210', 'k3f9x2q8abcd.ada@desk');
    assert.deepEqual(await sweepAgents(ways(), never), []);
    assert.deepEqual(
      jenkins.nodes.map(({ name }) => name),
      ['metal', 'theirs'],
    );
    await detach(ways(), on(), never);
  });

  it('is asked for nothing at a server that is away, and what is left is told', async () => {
    await start();
    const down = await jenkins.down();
    await refused(attach(ways(), wish(SSH), never), /^Cannot reach \S+: connection refused/);
    assert.match(said.join('\n'), /could not be taken off .*it is tried again: ci-parity machines/);
    await down[Symbol.asyncDispose]();
    const { attachments } = readAttachments(root);
    assert.equal(attachments.length, 1);
    assert.equal(attachments[0]?.state, 'leaving');
  });
});

describe('The proxy of an agent', () => {
  it('is an HTTP proxy without a password', () => {
    assert.equal(checkAgentProxy('http://proxy:3128').host, 'proxy:3128');
    for (const wrong of ['https://proxy', 'socks5://proxy', 'proxy:3128', ''])
      assert.throws(() => checkAgentProxy(wrong), /no HTTP proxy/);
    assert.throws(() => checkAgentProxy('http://ada:c4nary@proxy'), /wants a password/);
  });
});
