import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Handle, LeaseRequest, SshAddress } from '../../../src/machines/lender';
import { packetLender } from '../../../src/machines/lenders/packet';
import type { Machine } from '../../../src/machines/machine';
import { openSshMachine } from '../../../src/machines/ssh/sshMachine';
import { newSshKey } from '../../../src/machines/sshKey';
import { startMetal } from '../../bed/metal/double';
import { realDevices } from '../../bed/metal/realDevice';
import { openBySystemSsh } from '../../bed/metal/systemSsh';
import { needSshd } from '../../bed/sshd';
import { surroundings } from '../ssh/far';

const { signal } = new AbortController();
const HOUR = 3_600_000;

describe('A machine of the lender packet, with a real SSH server', function () {
  this.timeout(60_000);

  before(needSshd);

  it("is entered with the lease's key, shows the pinned host key from the first connection, and is given back", async () => {
    await using bed = await open();
    const { ssh, handle } = await bed.borrow();
    await using machine = await openBySystemSsh(ssh, signal);
    const { stdout } = await machine.exec(
      ['sh', '-c', 'id -un; cat /var/lib/ci-parity/bootstrap.log'],
      {
        signal,
      },
    );
    assert.equal(stdout, 'root\nready by /root');
    const other: SshAddress = { ...ssh, hostKeys: [newSshKey('other').publicKey] };
    await assert.rejects(openBySystemSsh(other, signal), /Host key verification failed/);
    await bed.lender.giveBack({ id: 'abcdef012345', handle }, signal);
    await assert.rejects(openBySystemSsh(ssh, signal), /No route|timed out|refused|unreachable/);
    const { devices, keys } = bed.double.books();
    assert.deepEqual([devices, keys], [[], []]);
  });

  it('is waited for while it still shows the key that it was made with', async () => {
    await using bed = await open({ before: LATE });
    const { ssh } = await bed.borrow();
    await using machine = await openBySystemSsh(ssh, signal);
    const { stdout } = await machine.exec(['cat', '/root/first-key'], { signal });
    assert.notEqual(stdout.split(' ')[1], ssh.hostKeys?.[0]?.split(' ')[1]);
    assert.ok(bed.refusals() > 0);
  });

  it('switches itself off when nobody moves its end, and does not before a moved one', async () => {
    await using bed = await open();
    const { ssh, handle } = await bed.borrow();
    const [device] = bed.real.devices;
    const left = async (): Promise<number> =>
      Number(await device?.sshd.inside('cat /var/lib/ci-parity/left'));
    await bed.lender.extend({ id: 'abcdef012345', handle }, Date.now() + 5 * HOUR, signal);
    while ((await left()) < (4 * HOUR) / 1000);
    // Whoever counts dies: the next one goes on where that one was, and there is but one.
    const counting = await device?.sshd.inside(
      'cd /var/lib/ci-parity; pid=$(cat /run/ci-parity-end.pid); kill "$pid"; while kill -0 "$pid"; do sleep 0.1; done; sh ./arm; sh ./arm; pgrep -P 1 -fc "^sh [.]/end"',
    );
    assert.equal(counting, '1');
    assert.ok((await left()) > (4 * HOUR) / 1000);
    // The owner is gone: what it told last counts.
    {
      await using machine = await openBySystemSsh(ssh, signal);
      const told = '/run/ci-parity-end.told';
      await machine.exec(['sh', '-c', `echo 1 > ${told}.new; mv ${told}.new ${told}`], { signal });
    }
    await bed.ended(() => openBySystemSsh(ssh, signal));
    // The lender's own end comes too.
    await bed.double.advance(6 * HOUR);
    assert.deepEqual(bed.double.books().devices, []);
  });

  it('has its end moved also while its disks are full', async () => {
    const state = await mkdtemp(join(tmpdir(), 'ci-parity-state-'));
    const around = await surroundings({ stateDirectory: state });
    await using bed = await open({
      before: 'mkdir -p /var/lib/ci-parity; mount -t tmpfs -o size=64k tmpfs /var/lib/ci-parity\n',
      kind: { homeMegabytes: 2 },
      open: (address, until) => openSshMachine(address, around, until),
    });
    const { handle } = await bed.borrow();
    const { sshd } = bed.real.devices[0] ?? assert.fail();
    const fill = '/root/fill /var/lib/ci-parity/fill';
    await sshd.inside(`for f in ${fill}; do head -c 9000000 /dev/zero > $f || :; done`);
    await bed.lender.extend({ id: 'abcdef012345', handle }, Date.now() + 5 * HOUR, signal);
    await sshd.inside('while [ -e /run/ci-parity-end.told ]; do sleep 0.1; done');
    await sshd.inside(`rm ${fill}`);
    while (Number(await sshd.inside('cat /var/lib/ci-parity/left')) < (4 * HOUR) / 1000);
    await rm(state, { recursive: true });
  });
});

/** The user data runs only after somebody has come in vain. */
const LATE = `cp /etc/ssh/ssh_host_ed25519_key.pub /root/first-key
cat > /root/late <<'LATE'
while ! grep -q . /root/tried 2> /dev/null; do sleep 0.1; done
/run/userdata
LATE
`;

interface Opening {
  /** Prepares the device. */
  readonly before?: string;
  readonly kind?: Parameters<typeof realDevices>[1];
  readonly open?: (address: SshAddress, signal: AbortSignal) => Promise<Machine>;
}

async function open({ before, kind, open: enter = openBySystemSsh }: Opening = {}) {
  const real = realDevices(before, kind);
  const double = await startMetal({ boot: real.boot });
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-device-'));
  let refusals = 0;
  let handle: Handle = {};
  const lender = packetLender({
    name: 'metal',
    address: double.address,
    token: double.token,
    pollInterval: 50,
    bootstrap: 'echo "ready by $HOME"',
    open: (address, cancel) =>
      enter(address, cancel).catch(async (error: unknown) => {
        if (/verification failed/.test(String(error))) {
          refusals++;
          await real.devices[0]?.sshd.inside('echo yes > /root/tried');
        }
        throw error;
      }),
  });
  const lease: LeaseRequest = {
    id: 'abcdef012345',
    owner: 'me@here',
    until: Date.now() + HOUR,
    folder: join(folder, 'lease'),
    progress: () => undefined,
    note: (noted) => {
      handle = noted;
      return Promise.resolve();
    },
  };
  return {
    double,
    real,
    lender,
    refusals: () => refusals,
    borrow: () => lender.borrow({}, lease, signal),
    ended: async (connect: () => Promise<AsyncDisposable>) => {
      for (;;) {
        try {
          await (await connect())[Symbol.asyncDispose]();
        } catch {
          return;
        }
      }
    },
    [Symbol.asyncDispose]: async () => {
      await lender.giveBack({ id: lease.id, handle }, signal);
      const { devices, keys } = double.books();
      await double[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
      assert.deepEqual([devices, keys], [[], []]);
    },
  };
}
