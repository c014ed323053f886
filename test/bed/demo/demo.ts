/**
 * A world to try CI Parity in: the sample repository, a Jenkins that knows its runs, and a Vagrant.
 * `npm start` shows it to a newcomer, and the end-to-end tests live in it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { messageOf } from '../../../src/base/errors';
import { bornAt } from '../../../src/machines/processes';
import { listReproductions } from '../../../src/reproduce/store';
import { bedCache, cleanEnv, findProgram } from '../host/host';
import { ciliumWorld } from '../jenkins/cilium';
import { startJenkins, type JenkinsDouble, type JenkinsOptions } from '../jenkins/double';
import { onlyAgents } from '../jenkins/linter';
import type { JobSpec, RunSpec, World } from '../jenkins/world';
import { makeSample, type Sample } from '../sample/sample';
import {
  libvirtBed,
  podmanBed,
  removeLeftovers,
  type Missing,
  type VagrantBed,
} from '../vagrant/vagrant';

export interface DemoOptions {
  /** Ends the starting when aborted; a demo that stands is ended by disposing it. */
  readonly signal: AbortSignal;
  /** `auto` takes podman, else libvirt where that was set up before, else the stand-in. */
  readonly vagrant: 'podman' | 'libvirt' | 'stand-in' | 'auto';
  /** An empty folder to live in, which is left to the caller; else a temporary one, removed at the end. */
  readonly root?: string;
  /** How the Jenkins differs from one that shows everything to everybody. */
  readonly jenkins?: Omit<JenkinsOptions, 'world'>;
  /** Changes the repository before Jenkins starts, and gives further runs of the job. */
  readonly prepare?: (sample: Sample) => Promise<readonly RunSpec[]>;
}

export interface Demo extends AsyncDisposable {
  readonly root: string;
  /** The clone to open in the editor. */
  readonly repository: string;
  readonly sample: Sample;
  readonly jenkins: JenkinsDouble;
  /** The multibranch project, as the setting `ciParity.jobs` names it. */
  readonly jobUrl: string;
  /** #42: TestPolicyEgressDeny fails, in CI and here. */
  readonly failedRunUrl: string;
  /** A run of `master`: #43 passed, and #44 failed in CI at the same commit, which passes here. */
  runUrl(number: number): string;
  /** What a process of the demo needs over its own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** CI Parity's own part of `XDG_STATE_HOME`. */
  readonly stateDir: string;
  readonly vagrant: DemoVagrant;
}

export interface DemoVagrant {
  readonly kind: 'podman' | 'libvirt' | 'stand-in';
  /** Whether there is no real Vagrant, only a script that plays it. */
  readonly standIn: boolean;
  /** A sentence for people. */
  readonly why: string;
  /** Undefined for the stand-in. */
  readonly bed: VagrantBed | undefined;
}

/** What a newcomer is missing, thrown where a certain Vagrant was asked for and is not to be had. */
export class NoVagrant extends Error {
  override readonly name = 'NoVagrant';
}

/**
 * Starts the demo. Whoever calls it disposes it, after what runs in it has ended: that puts away what
 * reproductions have left, machines included, and removes its folder.
 * @throws NoVagrant when the Vagrant that was asked for cannot be had here.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { signal } = options;
  const vagrant = await findVagrant(options.vagrant, signal);
  await removeStale();
  const root = options.root ?? (await ownFolder());
  const removeRoot = async (): Promise<void> => {
    if (options.root === undefined) await rm(root, { recursive: true, force: true });
  };
  try {
    const env = await environment(root, vagrant);
    await writeFile(join(root, NOTE), JSON.stringify({ env, bed: vagrant.bed }));
    const sample = await makeSample(join(root, 'moat'), signal);
    const more = (await options.prepare?.(sample)) ?? [];
    const world = worldOf(sample, more);
    const jenkins = await startJenkins({ linter: onlyAgents, ...options.jenkins, world });
    const jobUrl = `${jenkins.base}job/networking/job/cilium/`;
    const runUrl = (number: number): string => `${jobUrl}job/master/${number}/`;
    const stateDir = join(root, 'state', 'ci-parity');
    let ending: Promise<void> | undefined;
    const end = async (): Promise<void> => {
      try {
        await putAwayReproductions(stateDir, env, vagrant.bed);
      } finally {
        await jenkins.close();
        await removeRoot();
      }
    };
    return {
      root,
      repository: sample.dir,
      sample,
      jenkins,
      jobUrl,
      runUrl,
      failedRunUrl: runUrl(42),
      env,
      stateDir,
      vagrant,
      [Symbol.asyncDispose]: () => (ending ??= end()),
    };
  } catch (error) {
    await removeRoot();
    throw error;
  }
}

/** Further runs of the job, like #42 in all but their number and commit. */
export function runLike42(number: number, commit: string, originUrl: string): RunSpec {
  const world = ciliumWorld({ commits: { broken: commit, mended: commit }, originUrl });
  const run = masterOf(world).runs?.find((one) => one.number === 42);
  if (run === undefined) throw new Error('the Cilium world has no run #42');
  const told = JSON.stringify(run).replaceAll('moat-42', `moat-${number}`);
  const startedAt = Date.now() - 900_000 + (number - 44) * 60_000;
  return { ...(JSON.parse(told) as RunSpec), number, startedAt };
}

function worldOf(sample: Sample, more: readonly RunSpec[]): World {
  const { commits, origin } = sample;
  // The flaky run came an hour after #43, which in the Cilium world is the newest.
  const world = ciliumWorld({ commits, originUrl: origin, now: Date.now() - 3_600_000 });
  const runs = [runLike42(44, commits.mended, origin), ...more];
  const extend = (job: JobSpec): JobSpec => ({
    ...job,
    ...(job.name === 'master' && { runs: [...(job.runs ?? []), ...runs] }),
    ...(job.jobs !== undefined && { jobs: job.jobs.map(extend) }),
  });
  return { jobs: world.jobs.map(extend) };
}

function masterOf(world: World): JobSpec {
  const find = (jobs: readonly JobSpec[]): JobSpec | undefined =>
    jobs.find(({ name }) => name === 'master') ?? find(jobs.flatMap((job) => job.jobs ?? []));
  const master = find(world.jobs);
  if (master === undefined) throw new Error('the Cilium world has no job master');
  return master;
}

async function environment(root: string, vagrant: DemoVagrant): Promise<Record<string, string>> {
  const folders = {
    HOME: join(root, 'home'),
    TMPDIR: join(root, 'tmp'),
    XDG_STATE_HOME: join(root, 'state'),
  };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  if (vagrant.bed !== undefined) return { ...folders, ...vagrant.bed.env };
  const home = join(root, 'vagrant.d');
  // The stand-in needs no box, so nothing should say that one will be downloaded.
  await mkdir(join(home, 'boxes', 'ci-parity-VAGRANTSLASH-debian-12'), { recursive: true });
  return {
    ...folders,
    PATH: [join(import.meta.dirname, 'stand-in'), process.env['PATH'] ?? ''].join(delimiter),
    VAGRANT_HOME: home,
    VAGRANT_DEFAULT_PROVIDER: 'stand-in',
  };
}

async function findVagrant(
  wanted: DemoOptions['vagrant'],
  signal: AbortSignal,
): Promise<DemoVagrant> {
  const open = { podman: podmanBed, libvirt: libvirtBed };
  if (wanted === 'podman' || wanted === 'libvirt') {
    const bed = await open[wanted](signal);
    if ('missing' in bed) throw new NoVagrant(bed.missing);
    return real(bed);
  }
  if (wanted === 'stand-in') return standIn('it was asked for');
  if (findProgram('vagrant') === undefined) return standIn('vagrant is not on the PATH');
  if (process.platform !== 'linux')
    return standIn("your vagrant would have to download the sample's box");
  const reasons: string[] = [];
  for (const kind of ['podman', 'libvirt'] as const) {
    // Its box takes half a minute and a lot of packages to make: nothing to surprise a newcomer with.
    if (kind === 'libvirt' && !existsSync(join(bedCache(), 'libvirt', 'version'))) continue;
    const bed = await open[kind](signal).catch((error: unknown): Missing => {
      signal.throwIfAborted();
      return { missing: messageOf(error).split('\n')[0] ?? '' };
    });
    if (!('missing' in bed)) return real(bed);
    reasons.push(bed.missing);
  }
  return standIn(
    `a machine for the sample could not be had (${reasons.join('; ')}), and your vagrant would have to download its box`,
  );
}

function real(bed: VagrantBed): DemoVagrant {
  const why = {
    podman: 'the real Vagrant; its machines are containers, by its docker provider on podman',
    libvirt: 'the real Vagrant; its machines are VMs, by libvirt',
  };
  return { kind: bed.kind, standIn: false, why: why[bed.kind], bed };
}

function standIn(reason: string): DemoVagrant {
  const why = `a small stand-in that makes no machine and runs the tests right here: ${reason}`;
  return { kind: 'stand-in', standIn: true, why, bed: undefined };
}

/** What is needed to put a demo away whose process was killed. */
const NOTE = 'demo.json';

/** A folder whose name says whose it is. */
async function ownFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `ci-parity-demo-${process.pid}-${birthOf(process.pid)}-`));
}

/** A word, as a folder's name can have it. */
function birthOf(pid: number): string {
  return (bornAt(pid) ?? 'gone').replace(/\W/g, '');
}

/** Puts away what demos left that were killed. */
async function removeStale(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid, born] = /^ci-parity-demo-(\d+)-(\w+)-/.exec(name) ?? [];
    if (pid === undefined || birthOf(Number(pid)) === born) continue;
    const root = join(tmpdir(), name);
    const alive = listReproductions(join(root, 'state', 'ci-parity')).some(
      ({ status: { state } }) => state === 'running' || state === 'kept',
    );
    // Its terminal was closed with the demo, and it is putting itself away; the next start looks again.
    if (alive) continue;
    const note = await readFile(join(root, NOTE), 'utf8').catch(() => undefined);
    if (note !== undefined) {
      const { env, bed } = JSON.parse(note) as Pick<Demo, 'env'> & { bed?: VagrantBed };
      await putAwayReproductions(join(root, 'state', 'ci-parity'), env, bed);
    }
    await rm(root, { recursive: true, force: true });
  }
}

/** With CI Parity's own `clean`; and past it what that could not put away, so that nothing is left in any case. */
async function putAwayReproductions(
  stateDir: string,
  env: Readonly<Record<string, string>>,
  bed: VagrantBed | undefined,
): Promise<void> {
  const ids = listReproductions(stateDir).map(({ files }) => files.id);
  if (ids.length === 0) return;
  const cli = join(import.meta.dirname, '..', '..', '..', 'src', 'cli.ts');
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, cli, 'clean'], {
    // A group of its own: the Ctrl-C that ended the demo must not end its putting away.
    detached: true,
    env: cleanEnv(env),
    stdio: 'ignore',
  });
  await once(child, 'exit');
  if (bed === undefined) return;
  for (const id of ids) await removeLeftovers(bed, id, new AbortController().signal);
}
