import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunOptions } from '../../src/machines/machine';
import { openSshMachine, type SshMachine } from '../../src/machines/ssh/sshMachine';
import type { SshSurroundings } from '../../src/machines/ssh/surroundings';
import { shellLine } from '../../src/machines/quote';
import { carry, nameOf } from '../../src/reproduce/carry';
import { checkout } from '../../src/reproduce/checkout';
import type { SlowWire } from '../bed/net/namespace';
import { isolatedSshdMissing, startSshd } from '../bed/sshd';
import { recipeFor } from '../reproduce/recipes';
import {
  interleave,
  median,
  medianOfRounds,
  millisecondsOf,
  speeds,
  type Figure,
  type Row,
} from './measure';
import { run } from './programs';

/** A link, and how much is sent over it: enough to see its speed, and no more. */
interface Link {
  readonly name: string;
  readonly wire: SlowWire | undefined;
  /** Bytes that a step prints. */
  readonly output: number;
  /** Bytes of the repository's files, which do not shrink. */
  readonly source: number;
  readonly rounds: number;
}

const LINKS: readonly Link[] = [
  { name: 'fast link', wire: undefined, output: 200e6, source: 40e6, rounds: 5 },
  {
    name: '50 ms, 10 Mbit/s',
    wire: { delayMs: 50, mbit: 10 },
    output: 6e6,
    source: 4e6,
    rounds: 3,
  },
];

/**
 * Another machine, by us and by OpenSSH, git and rsync, against one server. A step's output is timed from its
 * first byte to its last, since our connection is there already; what is carried, with the login.
 *
 * A first transfer ends for all three with the commit checked out: our checkout, a push into a repository that
 * checks out what it gets, and rsync of the clone's `.git` with a reset there, in one connection each. With
 * `git push`, and with us all but the first time, when the pack goes with its index, git over there hashes every
 * object; rsync's are taken as they are. `nothing new` is the transfer alone, since each reproduction checks out anew.
 */
export const machines: Figure = async (signal) => {
  const missing = await isolatedSshdMissing();
  if (missing !== undefined) throw new Error(missing);
  const rows: Row[] = [];
  for (const link of LINKS) rows.push(...(await onLink(link, signal)));
  return rows;
};

async function onLink(link: Link, signal: AbortSignal): Promise<Row[]> {
  await using bench = await openBench(link, signal);
  const { host } = bench;
  await host.inside(
    `head -c ${link.output} /dev/urandom | base64 -w 100 | head -c ${link.output} > /root/big`,
  );
  if (link.wire) await host.slow(link.wire);
  await using machine = await bench.open();

  const output = await interleave(
    {
      ours: () => bench.step(machine, 'set +x; cat /root/big', link.output),
      channel: () => bench.channel(machine, 'cat /root/big', link.output),
      ssh: () => bench.ssh('cat /root/big', link.output),
    },
    link.rounds,
  );
  const first = await interleave(
    {
      ours: () => bench.checkout(),
      push: () => bench.push('forget'),
      rsync: () => bench.rsync('forget'),
    },
    link.rounds,
  );
  await bench.checkTrees();
  const second = await interleave(
    { ours: () => bench.carry(), push: () => bench.push(), rsync: () => bench.rsync() },
    link.rounds * 2 + 1,
  );
  const lines = await interleave(
    { ours: () => bench.firstLine(machine), ssh: () => bench.sshFirstLine() },
    link.rounds * 2 + 1,
  );

  const speed = (what: string, reference: readonly number[], name: string, least?: number): Row => {
    const [ours, others] = [speeds(link.output, output.ours), speeds(link.output, reference)];
    const compared = medianOfRounds('ratio', ours, others);
    return {
      what: `${link.name}: ${what}`,
      unit: 'MB/s',
      ours: median(ours),
      reference: { name, value: median(others) },
      compared,
      samples: { ours, [name]: others },
      ...(least !== undefined && {
        target: { words: `at least × ${least}`, met: compared.value >= least },
      }),
    };
  };
  const time = (
    what: string,
    ours: readonly number[],
    [name, reference]: readonly [string, readonly number[]],
    most: number,
  ): Row => {
    const compared = medianOfRounds('ratio', ours, reference);
    return {
      what: `${link.name}: ${what}`,
      unit: 'ms',
      ours: median(ours),
      reference: { name, value: median(reference) },
      compared,
      samples: { ours, [name]: reference },
      target: { words: `at most × ${most}`, met: compared.value <= most },
    };
  };
  const line = median(lines.ours);
  return [
    speed("a step's output", output.ssh, 'ssh', 0.7),
    speed("a step's output", output.channel, 'without supervisor and file'),
    time('first transfer, checked out', first.ours, ['git push', first.push], 1.2),
    time('first transfer, checked out', first.ours, ['rsync', first.rsync], 1.2),
    time('nothing new', second.ours, ['git push', second.push], 1.5),
    time('nothing new', second.ours, ['rsync', second.rsync], 1.5),
    {
      what: `${link.name}: asked to first line`,
      unit: 'ms',
      ours: line,
      reference: { name: 'ssh, with its login', value: median(lines.ssh) },
      target: { words: 'at most 500 ms', met: line <= 500 },
      samples: { ours: lines.ours, ssh: lines.ssh },
    },
  ];
}

/** Where each has the commit over there. */
const TREES = { ours: '/root/carried', push: '/root/pushed', rsync: '/root/synced' };

async function openBench({ source }: Link, signal: AbortSignal) {
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-bench-'));
  // Where packs are made.
  process.env['XDG_STATE_HOME'] = folder;
  const host = await startSshd();
  const commit = await repositoryOf(source, folder, signal);
  await writeFile(join(folder, 'known_hosts'), `${host.knownHosts}\n`);
  const options = [
    ...['-F', 'none', '-i', host.keyFile, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
    ...['-o', `UserKnownHostsFile=${join(folder, 'known_hosts')}`],
  ];
  const who = `${host.user}@${host.address}`;
  const env = { ...process.env, GIT_SSH_COMMAND: shellLine(['ssh', ...options]) };
  const surroundings: SshSurroundings = {
    stateDirectory: folder,
    ask: { hostKey: () => Promise.resolve(false), passphrase: () => Promise.resolve(undefined) },
    say: () => undefined,
    configFile: 'none',
  };
  const open = (): Promise<SshMachine> => {
    const { address, port, user, keyFile, hostKey } = host;
    const at = { host: address, port, user, keyFile, hostKeys: [hostKey] };
    return openSshMachine(at, surroundings, signal);
  };
  const repository = join(folder, 'repository');
  const time = async (command: string, args: readonly string[]): Promise<number> =>
    (await run({ command, args, cwd: repository, env }, signal)).milliseconds;
  return {
    host,
    open,
    step: async (machine: SshMachine, script: string, size: number): Promise<number> => {
      const watch = stopwatch(size);
      await machine.run(script, { ...quiet(signal), onOutput: watch.take });
      return watch.milliseconds();
    },
    /** The connection alone: no supervisor, no file. */
    channel: async (machine: SshMachine, script: string, size: number): Promise<number> => {
      const watch = stopwatch(size);
      await machine.link.run(
        () => ({ script, onOutput: watch.take, onWords: () => undefined }),
        signal,
      );
      return watch.milliseconds();
    },
    ssh: async (script: string, size: number): Promise<number> => {
      const watch = stopwatch(size);
      const stdio = ['ignore', 'pipe', 'inherit'] as const;
      const child = spawn('ssh', [...options, who, script], { signal, stdio: [...stdio] });
      child.stdout.on('data', watch.take);
      await once(child, 'close');
      return watch.milliseconds();
    },
    checkout: async (): Promise<number> => {
      await host.inside(`rm -rf /root/.cache/ci-parity/repositories ${TREES.ours}`);
      const recipe = recipeFor({
        repository: { directory: repository, remoteUrl: undefined },
        commit,
        on: { host: host.address },
      });
      return millisecondsOf(async () => {
        await using machine = await open();
        const options = { marks: {}, say: () => undefined };
        await checkout(recipe, machine, TREES.ours, options, signal);
      });
    },
    /** What `checkout` does first, where the commit is there already. */
    carry: (): Promise<number> =>
      millisecondsOf(async () => {
        await using machine = await open();
        const name = nameOf(repository);
        const carried = { directory: repository, commit, name, remoteUrl: '' };
        await carry({ ...carried, refs: 'refs/ci-parity' }, machine, signal);
      }),
    push: async (forget?: 'forget'): Promise<number> => {
      if (forget)
        await host.inside(`rm -rf ${TREES.push}; git init -q -b main ${TREES.push}
          git -C ${TREES.push} config receive.denyCurrentBranch updateInstead`);
      return time('git', ['push', '-q', `ssh://${who}${TREES.push}`, 'HEAD:refs/heads/main']);
    },
    rsync: async (forget?: 'forget'): Promise<number> => {
      if (forget) await host.inside(`rm -rf ${TREES.rsync}; mkdir ${TREES.rsync}`);
      const shell = ['-e', shellLine(['ssh', ...options])];
      const reset = `git -C ${TREES.rsync} reset -q --hard`;
      const path = forget ? ['--rsync-path', `f() { rsync "$@" && ${reset}; }; f`] : [];
      return time('rsync', ['-a', ...shell, ...path, '.git/', `${who}:${TREES.rsync}/.git/`]);
    },
    /** That all have done the same work. */
    checkTrees: async (): Promise<void> => {
      for (const tree of Object.values(TREES)) {
        const state = await host.inside(`cd ${tree}; git rev-parse HEAD; git status --porcelain`);
        if (state !== commit) throw new Error(`${tree} is not the commit: ${state}`);
      }
    },
    firstLine: async (machine: SshMachine): Promise<number> => {
      const began = performance.now();
      let came = Number.NaN;
      await machine.run('echo first', {
        ...quiet(signal),
        onOutput: () => {
          if (Number.isNaN(came)) came = performance.now() - began;
        },
      });
      return came;
    },
    sshFirstLine: async (): Promise<number> => {
      const args = [...options, who, 'echo first'];
      return (await run({ command: 'ssh', args }, signal, { mark: 'first' })).untilMark;
    },
    [Symbol.asyncDispose]: async () => {
      await host[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function quiet(signal: AbortSignal): Omit<RunOptions, 'onOutput'> {
  return {
    directory: '/root',
    environment: { PATH: '/usr/bin:/bin' },
    signal,
    kill: signal,
    grace: 1000,
    captureStdout: false,
  };
}

/** From the first byte to the last. */
function stopwatch(size: number): { take: (chunk: Buffer) => void; milliseconds: () => number } {
  let [taken, first, last] = [0, Number.NaN, 0];
  return {
    take: (chunk) => {
      last = performance.now();
      if (taken === 0) first = last;
      taken += chunk.length;
    },
    milliseconds: () => {
      if (taken < size) throw new Error(`${taken} bytes came of ${size}`);
      return last - first;
    },
  };
}

/** Fifty commits, one upon the other; resolves with the last. */
async function repositoryOf(size: number, folder: string, signal: AbortSignal): Promise<string> {
  const cwd = join(folder, 'repository');
  const git = async (...args: string[]): Promise<string> => {
    const identity = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com'];
    return (await run({ command: 'git', args: [...identity, ...args], cwd }, signal)).output;
  };
  await run({ command: 'git', args: ['init', '-q', cwd] }, signal);
  for (let commit = 0; commit < 50; commit++) {
    await writeFile(join(cwd, `file-${commit}`), randomBytes(size / 50));
    await git('add', '--all');
    await git('commit', '-q', '-m', `commit ${commit}`);
  }
  // As a clone has it.
  await git('gc', '-q');
  return (await git('rev-parse', 'HEAD')).trim();
}
