/** What Ctrl-C does while something does not end: what is awaited is named, and the second one leaves. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cleanups } from '../../src/base/cleanups';
import { enter, thisProcess, whoWeAre } from '../../src/machines/leases/ledger';
import { bornAt } from '../../src/machines/processes';
import { listReproductions, type Reproduction } from '../../src/reproduce/store';
import { needSshd, startSshd, type Sshd } from '../bed/sshd';
import { addressOf } from '../machines/ssh/far';
import { openWorkshop, type Workshop } from '../reproduce/workshop';
import { program } from './program';

const LEASE = 'abcdef012345';

interface Running {
  readonly child: ChildProcess;
  /** All that was printed so far. */
  text(): string;
  /** Resolves when what is printed matches; rejects when the program ends before. */
  prints(pattern: RegExp): Promise<void>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

function start(
  shop: Workshop,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Running {
  const [node = '', ...words] = [...program, ...args];
  const child = spawn(node, words, {
    cwd: shop.repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let text = '';
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += String(chunk);
      child.emit('printed');
    });
  return {
    child,
    text: () => text,
    prints: async (pattern) => {
      const early = ended.then((code) => assert.fail(`it ended with ${code}:\n${text}`));
      while (!pattern.test(text)) await Promise.race([once(child, 'printed'), early]);
    },
    ended,
  };
}

function only(): Reproduction {
  const [one = assert.fail('there is none'), ...more] = listReproductions();
  assert.equal(more.length, 0);
  return one;
}

describe('Ctrl-C while something does not end', function () {
  this.timeout('2m');
  let shop: Workshop;
  let running: Running | undefined;

  beforeEach(() => {
    shop = openWorkshop();
  });
  afterEach(async () => {
    running?.child.kill('SIGKILL');
    await running?.ended;
    running = undefined;
    shop[Symbol.dispose]();
  });

  /** Puts a `vagrant` whose `destroy` does `script` before all others. */
  const standInVagrant = (script: string): NodeJS.ProcessEnv => {
    const bin = join(shop.root, 'bin');
    mkdirSync(bin, { recursive: true });
    const file = join(bin, 'vagrant');
    writeFileSync(file, `#!/bin/sh\n[ "$1" = destroy ] || exit 0\n${script}\n`);
    chmodSync(file, 0o755);
    return { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  };
  /** Fails, and leaves what looks like a machine of Vagrant. */
  const leavesMachine = `node {
  sh 'mkdir -p .vagrant/machines/default/none && echo 1 > .vagrant/machines/default/none/id; exit 1' }
`;
  const destroys = 'rm -r .vagrant/machines/default';

  it('names a `vagrant destroy` that hangs, and leaves at the second one though it cannot be ended', async () => {
    shop.commit({ Jenkinsfile: leavesMachine });
    const hangs = standInVagrant('trap "" INT TERM; echo $$ >> ../destroying; exec sleep 300');
    running = start(shop, ['reproduce', 'Jenkinsfile'], hangs);
    await running.prints(/destroying what is left of Vagrant in /);
    running.child.kill('SIGINT');
    const { files } = only();
    await running.prints(
      new RegExp(`Waiting for \`vagrant destroy -f\` in ${files.workspace} to end; press Ctrl-C`),
    );
    await running.prints(
      new RegExp(`What would stay on this machine: .*the folder ${files.workspace}`),
    );
    running.child.kill('SIGINT');
    assert.equal(await running.ended, 130, running.text());
    const pid = Number(readFileSync(join(files.workspace, '..', 'destroying'), 'utf8'));
    assert.ok(bornAt(pid) !== undefined, 'what does not end was not waited for');
    assert.deepEqual(
      only().made.map(({ where }) => where),
      [files.workspace],
    );
    const cleaning = start(shop, ['clean'], standInVagrant(destroys));
    assert.equal(await cleaning.ended, 0, cleaning.text());
    assert.deepEqual(only().made, []);
    assert.equal(bornAt(pid) !== undefined, false, 'it was ended by its cookie');
    assert.equal(existsSync(files.workspace), false);
  });

  it('names a step that does not end, and says nothing of what does', async () => {
    const fifo = join(shop.root, 'fifo');
    execFileSync('mkfifo', [fifo]);
    shop.commit({
      Jenkinsfile: `pipeline { agent any
  stages { stage('One') { steps { sh '''#!/bin/sh
    # It ends when it is told to.
    trap "" INT; echo ready; read -r word < ${fifo}''' } } }
  post { aborted { echo 'in aborted' } } }
`,
    });
    running = start(shop, ['reproduce', 'Jenkinsfile']);
    await running.prints(/^ready/m);
    running.child.kill('SIGINT');
    await running.prints(/Waiting for the step `trap "" INT; .*` to end; press Ctrl-C again/);
    writeFileSync(fifo, 'on\n');
    assert.equal(await running.ended, 130, running.text());
    assert.match(running.text(), /in aborted/);
    assert.equal(running.text().match(/Waiting for/g)?.length, 1, running.text());
    assert.deepEqual(only().made, []);
  });

  describe('on a machine that has gone silent', () => {
    const cleanups = new Cleanups();
    let host: Sshd;

    before(needSshd);
    before(async () => {
      host = await startSshd();
      cleanups.defer(async () => host[Symbol.asyncDispose]());
    });
    after(() => cleanups[Symbol.asyncDispose]());
    beforeEach(async () => {
      const soon = Date.now() + 3_600_000;
      await enter(join(shop.root, 'state', 'ci-parity'), {
        version: 1,
        ...{ id: LEASE, state: { kind: 'ready', ssh: addressOf(host) }, work: [] },
        ...{ lender: 'pool', title: 'bench', handle: {} },
        ...{ askedAt: Date.now(), end: soon, until: soon },
        owner: { who: whoWeAre(), process: thisProcess() },
      });
      await host.inside('rm -rf /root/.cache');
    });
    afterEach(() => host.heal());

    const cleansAll = async (id: string): Promise<void> => {
      const cleaning = start(shop, ['clean']);
      assert.equal(await cleaning.ended, 0, cleaning.text());
      assert.deepEqual(only().made, []);
      assert.equal(await host.inside('ls /root/.cache/ci-parity/lent'), '');
      const marked = await host.inside(
        `grep -lz 'CI_PARITY_COOKIE=${id}' /proc/[0-9]*/environ; true`,
      );
      assert.equal(marked, '', 'no process');
    };

    it('names the machine and what stays there, and leaves at the second one', async () => {
      shop.commit({
        Jenkinsfile: `node { checkout scm
  withCredentials([file(credentialsId: 'config', variable: 'CONF')]) { sh 'echo ready; sleep 300' } }
`,
      });
      const secret = join(shop.root, 'secret');
      writeFileSync(secret, 'canary');
      running = start(shop, ['reproduce', 'Jenkinsfile', '--on', LEASE], {
        CI_PARITY_CREDENTIAL_CONFIG_FILE: secret,
      });
      await running.prints(/^ready/m);
      await host.drop();
      running.child.kill('SIGINT');
      await running.prints(
        new RegExp(`Waiting for ${LEASE} to answer; press Ctrl-C again to leave now`),
      );
      const { files } = only();
      const folder = `/root/\\.cache/ci-parity/lent/${files.id}`;
      await running.prints(
        new RegExp(
          `What would stay on ${LEASE}: what the step of line 2 runs .*CI_PARITY_COOKIE=${files.id}.*` +
            `the folder ${folder}.* ci-parity clean`,
        ),
      );
      running.child.kill('SIGINT');
      // The machine is still silent: what ends here does not wait for it.
      assert.equal(await running.ended, 130, running.text());
      const { status, made, verdict } = only();
      assert.equal(status.state, 'ended');
      assert.equal(verdict?.kind, 'cancelled');
      assert.deepEqual(
        new Set(made.map(({ what }) => what)),
        new Set(['machine', 'worktree', 'secrets']),
      );
      assert.match(running.text(), new RegExp(`left: on ${LEASE}: machine ${folder}`));
      await host.heal();
      await cleansAll(files.id);
    });

    it('ends `clean` at the first one, and can be cleaned up later', async () => {
      shop.commit({
        Jenkinsfile: 'node { checkout scm\n sh \'trap "" INT TERM; echo ready; sleep 300\' }\n',
      });
      running = start(shop, ['reproduce', 'Jenkinsfile', '--on', LEASE]);
      await running.prints(/^ready/m);
      running.child.kill('SIGKILL');
      await running.ended;
      const { files } = only();
      await host.drop();
      running = start(shop, ['clean']);
      await running.prints(/putting it away/);
      running.child.kill('SIGINT');
      assert.equal(await running.ended, 130, running.text());
      await host.heal();
      await cleansAll(files.id);
    });
  });
});
