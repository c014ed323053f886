import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readAttachments, type Attachment } from '../../src/attach/ledger';
import { Cleanups } from '../../src/base/cleanups';
import { offerSecrets } from '../../src/base/secretChannel';
import { readLedger } from '../../src/machines/leases/ledger';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';
import type { Fault } from '../bed/jenkins/faults';
import { secretOf } from '../bed/jenkins/nodes';
import { startSshAgent } from '../bed/sshAgent';
import { needSshd, startSshd, type Sshd } from '../bed/sshd';

const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Runs the double's agent.jar, which is a script. */
const JAVA = `cat > /usr/local/bin/java <<'JAVA'
#!/bin/sh
[ "$1" = -jar ] || exit 1
shift
exec sh "$@"
JAVA
chmod 755 /usr/local/bin/java
`;

/** What is left on the far side of anybody's agent. */
const LEFT = `
for one in /proc/[0-9]*; do
  tr '\\0' '\\n' < $one/environ 2>/dev/null | grep '^CI_PARITY_AGENT=' || :
done
ls /root/.cache/ci-parity/agents 2>/dev/null || :
`;

describe('ci-parity attach', function () {
  this.timeout(120_000);
  const cleanups = new Cleanups();
  let server: Sshd;
  let agent: Disposable;
  let jenkins: JenkinsDouble;
  let root: string;
  let environment: Record<string, string>;

  before(needSshd);
  before(async () => {
    server = await startSshd({ firstBoot: JAVA });
    cleanups.defer(async () => server[Symbol.asyncDispose]());
  });
  after(() => cleanups[Symbol.asyncDispose]());

  beforeEach(async () => {
    const users = { ada: { token: 'c4nary' }, eve: { token: 'c4nary', agents: [] } };
    jenkins = await startJenkins({ world: { jobs: [] }, users, address: server.gateway });
    root = mkdtempSync(join(tmpdir(), 'ci-parity-attach-'));
    environment = { JENKINS_USER: 'ada', JENKINS_TOKEN: 'c4nary' };
    for (const folder of ['config/ci-parity', 'state/ci-parity'])
      mkdirSync(join(root, folder), { recursive: true });
    const { address: host, port, user, keyFile, hostKey } = server;
    const lab = { host, port, user, keyFile, hostKeys: [hostKey] };
    writeFileSync(
      join(root, 'config/ci-parity/lenders.json'),
      JSON.stringify({ lenders: [{ kind: 'pool', name: 'lab', hosts: [lab] }] }),
    );
    agent = startSshAgent(join(root, 'agent'), keyFile);
    // As one that the person has accepted.
    writeFileSync(join(state(), 'known_hosts'), `${server.knownHosts}\n`);
  });
  afterEach(async () => {
    if (readLedger(state()).leases.length > 0) {
      const { code, errors } = await ciParity('return', '--all').ended;
      assert.equal(code, 0, errors);
    }
    await jenkins.close();
    agent[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });

  const state = (): string => join(root, 'state', 'ci-parity');
  const agents = (): Attachment[] => readAttachments(state()).attachments;
  const left = async (): Promise<string[]> =>
    (await server.inside(LEFT)).split('\n').filter((line) => line !== '');

  function ciParity(...args: string[]) {
    const child = spawn(process.execPath, ['--import', loader, program, ...args], {
      env: {
        ...process.env,
        XDG_CONFIG_HOME: join(root, 'config'),
        XDG_STATE_HOME: join(root, 'state'),
        HOME: root,
        SSH_AUTH_SOCK: join(root, 'agent'),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exit = once(child, 'exit') as Promise<[number | null]>;
    const ended = Promise.all([exit, text(child.stdout), text(child.stderr)]).then(
      ([[code], output, errors]) => ({ code, output, errors }),
    );
    return { child, ended };
  }

  async function borrowed(): Promise<string> {
    const { code, errors } = await ciParity('borrow', 'lab', '--yes').ended;
    assert.equal(code, 0, errors);
    return readLedger(state()).leases[0]?.id ?? '';
  }

  async function attached(id: string): Promise<void> {
    const words = ['attach', id, jenkins.base, '--label', 'vagrant kvm', '--executors', '3'];
    const { code, errors, output } = await ciParity(...words).ended;
    assert.equal(code, 0, output + errors);
  }

  const assertNothing = async (): Promise<void> => {
    assert.deepEqual(jenkins.nodes, [], 'nothing is at the server');
    assert.deepEqual(await left(), [], 'nothing is on the machine');
    assert.deepEqual(agents(), [], 'nothing is in the ledger');
  };

  it('makes a borrowed machine an agent, which outlives the program; detach takes all of it away', async () => {
    const id = await borrowed();
    await attached(id);
    const [node] = jenkins.nodes;
    assert.deepEqual(
      [node?.name, node?.labels, node?.executors, node?.mode],
      [`ci-parity-${id}`, ['vagrant', 'kvm'], 3, 'EXCLUSIVE'],
    );
    assert.ok(node?.channel, 'it is online, though the program has ended');
    assert.deepEqual(
      agents().map(({ state: told }) => told),
      ['attached'],
    );

    const secret = secretOf(node.name);
    const place = `/root/.cache/ci-parity/agents/${id}`;
    const where = `grep -rlF ${secret} /root /tmp /var/tmp /run 2>/dev/null || :`;
    assert.equal(await server.inside(where), `${place}/secret`);
    assert.equal(await server.inside(`stat -c %a ${place}/secret ${place}`), '600\n700');
    const argv = `cat /proc/[0-9]*/cmdline | tr '\\0' ' '`;
    const commands = await server.inside(argv);
    assert.match(commands, /-webSocket -secret @/);
    assert.ok(!commands.replaceAll(where, '').includes(secret), 'it is in no command line');
    for (const file of readdirSync(state(), { recursive: true, encoding: 'utf8' }))
      if (statSync(join(state(), file)).isFile())
        assert.ok(!readFileSync(join(state(), file), 'utf8').includes(secret), file);

    const again = await ciParity('attach', id, jenkins.base, '--label', 'vagrant').ended;
    assert.deepEqual([again.code, /is the agent .* already/.test(again.errors)], [3, true]);

    const gone = await ciParity('detach', id).ended;
    assert.equal(gone.code, 0, gone.errors);
    await assertNothing();
    assert.equal(await server.inside(where), '');
    assert.equal((await ciParity('detach', id).ended).code, 3);
  });

  it('takes any host that OpenSSH reaches, with a name of one’s own, and speaks JSON', async () => {
    const words = [
      'attach',
      server.address,
      jenkins.base,
      '--label',
      'vagrant',
      '--name',
      'my box',
    ];
    const { code, output, errors } = await ciParity(...words, '--json').ended;
    assert.equal(code, 0, errors);
    const { kind, name } = JSON.parse(output) as Record<string, unknown>;
    assert.deepEqual([kind, name, jenkins.nodes[0]?.name], ['attached', 'my box', 'my box']);
    const swept = await ciParity('machines').ended;
    assert.equal(swept.code, 0, swept.errors);
    assert.equal(jenkins.nodes.length, 1, 'a sweep leaves it alone');
    assert.equal((await ciParity('detach', server.address).ended).code, 0);
    await assertNothing();
  });

  it('is undone by giving the machine back', async () => {
    const id = await borrowed();
    await attached(id);
    const { code, errors } = await ciParity('return', id).ended;
    assert.equal(code, 0, errors);
    await assertNothing();
  });

  it('gives the machine back though the server is away, says so, and takes it off when it is there again', async () => {
    const id = await borrowed();
    await attached(id);
    const down = await jenkins.down();
    const { code, output } = await ciParity('return', id).ended;
    assert.equal(code, 0);
    assert.match(output, /the agent ci-parity-\w+ could not be taken off http/);
    assert.deepEqual(readLedger(state()).leases, []);
    assert.deepEqual(await left(), [], 'the pool has cleaned the machine');
    await down[Symbol.asyncDispose]();
    assert.equal(jenkins.nodes.length, 1);
    const swept = await ciParity('machines').ended;
    assert.match(swept.output, /taking the agent ci-parity-\w+ off http/);
    await assertNothing();
  });

  it('sends its user and token to no other server', async () => {
    const id = await borrowed();
    await attached(id);
    const asked = jenkins.requests.length;
    for (const other of [{ JENKINS_URL: 'https://ci.example.org/' }, { JENKINS_USER: 'bob' }]) {
      environment = { ...environment, JENKINS_USER: 'ada', ...other };
      const { code, errors } = await ciParity('detach', id).ended;
      assert.deepEqual([code, /not known how to sign in/.test(errors)], [3, true], errors);
    }
    assert.deepEqual(
      jenkins.requests.slice(asked).filter(({ headers }) => headers.authorization),
      [],
    );
    // What the editor offers is for one server each.
    const login = { kind: 'login', username: 'ada', password: 'c4nary' } as const;
    await using offer = await offerSecrets({ [`JENKINS ${jenkins.base}`]: login });
    environment = { CI_PARITY_SECRETS: offer.path };
    const { code, errors } = await ciParity('detach', id).ended;
    assert.equal(code, 0, errors);
    await assertNothing();
  });

  it('names the permission that is missing, and leaves nothing', async () => {
    const id = await borrowed();
    environment = { ...environment, JENKINS_USER: 'eve' };
    const { code, errors } = await ciParity('attach', id, jenkins.base, '--label', 'x').ended;
    assert.equal(code, 3);
    assert.match(errors, /does not allow your user to create the agent/);
    assert.match(errors, /Agent\/Create/);
    await assertNothing();
  });

  it('says what the agent said where it ends at once, and leaves nothing', async () => {
    await server.inside('printf "#!/bin/sh\\necho too old a Java\\n" > /usr/local/bin/java');
    try {
      const { code, errors } = await ciParity(
        'attach',
        server.address,
        jenkins.base,
        '--label',
        'x',
      ).ended;
      assert.equal(code, 3);
      assert.match(errors, /The agent ended on /);
      assert.match(errors, /too old a Java/);
      await assertNothing();
    } finally {
      await server.inside(JAVA);
    }
  });

  it('says where Java is missing on a host of one’s own, before the server is asked', async () => {
    const hide = 'for j in /usr/local/bin/java /usr/bin/java; do mv $j $j.hidden || :; done';
    await server.inside(hide);
    try {
      const { code, errors } = await ciParity(
        'attach',
        server.address,
        jenkins.base,
        '--label',
        'x',
      ).ended;
      assert.equal(code, 3);
      assert.match(errors, /has no Java/);
      assert.deepEqual(jenkins.requests, []);
      await assertNothing();
    } finally {
      await server.inside(hide.replaceAll('mv $j $j.hidden', 'mv $j.hidden $j'));
    }
  });

  it('has the server log in, for whoever asks for it and for jobs that ask for nothing, with --ssh --shared', async () => {
    const id = await borrowed();
    const how = ['--ssh', '--shared', '--label', 'vagrant'];
    const { code, errors, output } = await ciParity('attach', id, jenkins.base, ...how).ended;
    assert.equal(code, 0, output + errors);
    assert.equal(jenkins.nodes[0]?.mode, 'NORMAL');
    assert.ok(jenkins.nodes[0].channel);
    const admitted = 'grep -c ci-parity-agent /root/.ssh/authorized_keys; true';
    assert.equal(await server.inside(admitted), '1');
    // Also where the server is away, nobody can log in any more at a host that was given back.
    const down = await jenkins.down();
    assert.equal((await ciParity('return', id).ended).code, 0);
    assert.equal(await server.inside(admitted), '0');
    await down[Symbol.asyncDispose]();
    await ciParity('machines').ended;
    await assertNothing();
    assert.equal(jenkins.credentials.size, 0);
    for (const wrong of [
      ['--credential', 'x'],
      ['--ssh', '--proxy', 'http://proxy'],
    ]) {
      const words = ['attach', server.address, jenkins.base, '--label', 'x', ...wrong];
      assert.equal((await ciParity(...words).ended).code, 2);
    }
  });

  it('wants a label, and a name that Jenkins takes', async () => {
    assert.equal((await ciParity('attach', server.address, jenkins.base).ended).code, 2);
    const wrong = ['attach', server.address, jenkins.base, '--label', 'x', '--name', 'a/b'];
    const { code, errors } = await ciParity(...wrong).ended;
    assert.deepEqual([code, /cannot have "\/" in it/.test(errors)], [3, true]);
    assert.deepEqual(jenkins.requests, []);
  });

  /** Where the program is killed: while the server is silent about a request, done or not. */
  const table: readonly [where: string, path: RegExp, done: boolean, verb: 'attach' | 'detach'][] =
    [
      ['before the server has created it', /doCreateItem/, false, 'attach'],
      ['when the server has created it, and not said so', /doCreateItem/, true, 'attach'],
      ['while it asks for the secret', /jenkins-agent\.jnlp/, false, 'attach'],
      ['while the machine fetches the agent', /agent\.jar/, false, 'attach'],
      ['when it was started, and not yet seen', /computer\/[^/]+\/api/, false, 'attach'],
      ['before the server has deleted it', /doDelete/, false, 'detach'],
      ['when the server has deleted it, and not said so', /doDelete/, true, 'detach'],
    ];
  for (const [where, path, done, verb] of table)
    it(`leaves nothing behind the next sweep where it is killed ${where}`, async () => {
      const id = await borrowed();
      if (verb === 'detach') await attached(id);
      let tell: () => void = () => undefined;
      const reached = new Promise<void>((resolve) => (tell = resolve));
      const silence: Fault = async ({ right }) => {
        if (done) await right();
        tell();
      };
      const held = jenkins.fault(path, silence);
      const words = verb === 'attach' ? [id, jenkins.base, '--label', 'vagrant'] : [id];
      const { child, ended } = ciParity(verb, ...words);
      await Promise.race([reached, ended.then(({ errors }) => assert.fail(errors))]);
      child.kill('SIGKILL');
      await ended;
      held[Symbol.dispose]();
      assert.equal(agents().length, 1, 'what was begun is written down');
      const first = await ciParity('machines').ended;
      assert.equal(first.code, 0, first.errors);
      if (where === 'before the server has created it') {
        assert.match(first.output, /a request may still be under way/);
        // Half a minute later.
        const file = join(state(), 'agents', `${id}.json`);
        const [found] = agents();
        writeFileSync(file, JSON.stringify({ ...found, askedAt: Date.now() - 60_000 }));
        await ciParity('machines').ended;
      }
      await assertNothing();
      assert.equal(readLedger(state()).leases.length, 1, 'the machine is kept');
    });
});
