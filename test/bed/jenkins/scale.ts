import type { StageState } from '../../../src/jenkins/run';
import { hugeLog, type HugeLog } from './hugeLog';
import type { JobSpec, MadeRuns, RunSpec, StageSpec, TestSpec, World } from './world';

/** As large as a company's server: folders of all kinds count as folders, branches as jobs. */
export const SCALE = { jobs: 2000, folders: 60, runs: 300_000 } as const;

/** The full name of the job with the most runs; the newest one failed and has the large log. */
export const LARGEST_JOB = 'org-1/service-1/main';

export interface ScaleOptions {
  /** Milliseconds since the epoch: the newest runs began shortly before. */
  readonly now: number;
  /** 2 GB unless told. */
  readonly log?: HugeLog;
}

/**
 * 4 organizations, 10 teams' folders and some jobs beside them. The same for the same options; runs
 * and logs are made when they are asked for, so that it costs next to nothing until then.
 */
export function scaleWorld({ now, log = hugeLog(2e9) }: ScaleOptions): World {
  let jobs = 0;

  /** 7 folders, 240 jobs. */
  function organization(name: string): JobSpec {
    return { name, kind: 'organization', jobs: times(6, (nth) => project(`service-${nth}`)) };
  }

  /** 2 folders with 52 jobs; 2 more with 80 more where there are libraries. */
  function team(nth: number): JobSpec {
    const libraries = nth <= 6 ? times(2, (library) => project(`library-${library}`)) : [];
    const nightly = times(26, (job) => plain(`nightly-${job}`));
    const inner: JobSpec = {
      name: 'nightly jobs',
      kind: 'folder',
      jobs: [...libraries, ...nightly],
    };
    const name = nth === 3 ? 'Größe & Gewicht' : `team-${nth}`;
    return { name, kind: 'folder', jobs: [inner, ...times(26, (job) => plain(`job-${job}`))] };
  }

  /** A folder with 40 jobs, of which 12 are pull requests. */
  function project(name: string): JobSpec {
    return {
      name,
      kind: 'multibranch',
      jobs: [
        job('main'),
        ...times(7, (nth) => job(`release%2F1.${nth}`)),
        ...times(20, (nth) => job(`feature%2F${name}-${nth}`)),
        ...times(12, (nth) => job(`PR-${nth * 7}`)),
      ],
    };
  }

  function plain(name: string): JobSpec {
    return jobs % 5 === 0 ? { ...job(name), kind: 'freestyle' } : job(name);
  }

  function job(name: string): JobSpec {
    const id = jobs++;
    const newest = id === 0 ? SCALE.runs - othersRuns() : runsOf(id);
    const make = (number: number): RunSpec =>
      id === 0 && number === newest
        ? { ...largest(log), number, startedAt: now - 3_600_000, duration: 3_000_000 }
        : run({ id, name, number, newest, now });
    return {
      name,
      ...(chance(id, 'disabled') < 0.02 && { disabled: true }),
      madeRuns: { newest, make } satisfies MadeRuns,
    };
  }

  return {
    jobs: [
      ...times(4, (nth) => organization(`org-${nth}`)),
      ...times(10, team),
      ...times(40, (nth) => plain(`tool-${nth}`)),
    ],
  };
}

function largest(log: HugeLog): Omit<RunSpec, 'number'> {
  return { result: 'FAILURE', error: 'script returned exit code 2', stages: log.stages, log };
}

function runsOf(id: number): number {
  return 20 + Math.floor(250 * chance(id, 'runs'));
}

function othersRuns(): number {
  let sum = 0;
  for (let id = 1; id < SCALE.jobs; id++) sum += runsOf(id);
  return sum;
}

interface Place {
  /** Counts the jobs. */
  readonly id: number;
  readonly name: string;
  readonly number: number;
  readonly newest: number;
  readonly now: number;
}

type End = 'ABORTED' | 'UNSTABLE' | 'FAILURE' | 'SUCCESS' | undefined;

/** How a run ends, and up to which lot. */
const ENDS: readonly (readonly [End, number])[] = [
  ['ABORTED', 0.03],
  ['UNSTABLE', 0.07],
  ['FAILURE', 0.2],
  ['SUCCESS', 1],
];

function run({ id, name, number, newest, now }: Place): RunSpec {
  const seed = id * 10_007 + number;
  const every = 600_000 * (1 + (id % 144));
  const startedAt =
    now - 120_000 - (newest - number) * every - Math.floor(chance(id, 'at') * every);
  const building = number === newest && chance(id, 'building') < 0.02;
  const lot = chance(seed, 'result');
  const result = building ? undefined : ENDS.find(([, below]) => lot < below)?.[0];
  const sha = shaOf(seed);
  const pull = /^PR-(\d+)$/.exec(name)?.[1];
  return {
    number,
    startedAt,
    duration: 60_000 + Math.floor(chance(seed, 'duration') * 3_000_000),
    building,
    result,
    causes: [CAUSES[seed % CAUSES.length]!],
    ...(id % 7 === 0 && { parameters: PARAMETERS }),
    checkouts: [{ sha, remoteUrls: [`https://github.com/company/repository-${id % 97}.git`] }],
    revision: pull === undefined ? { hash: sha } : { hash: shaOf(seed + 1), pullHash: sha },
    environment: {
      BRANCH_NAME: decodeURIComponent(name),
      ...(pull !== undefined && {
        CHANGE_ID: pull,
        CHANGE_URL: `https://github.com/company/repository-${id % 97}/pull/${pull}`,
        CHANGE_TITLE: `policy: rule ${pull} is read in both directions`,
        CHANGE_AUTHOR: AUTHORS[seed % AUTHORS.length]!,
        CHANGE_TARGET: 'main',
      }),
    },
    preamble: [`Obtained Jenkinsfile from ${sha}`],
    stages: stages(result, seed),
    ...(result === 'FAILURE' && { error: 'script returned exit code 1' }),
    ...((result === 'FAILURE' || result === 'UNSTABLE') &&
      seed % 3 === 0 && { tests: tests(seed) }),
  };
}

const CAUSES = [
  'Branch indexing',
  'Push event to branch',
  'Started by timer',
  'Started by user Ada',
];
const AUTHORS = ['ada', 'grace', 'edsger', 'barbara', 'Zoë Ångström'];
const PARAMETERS = [
  { name: 'TARGET', value: 'runtime', kind: 'Choice' },
  { name: 'VERBOSE', value: true, kind: 'Boolean' },
  { name: 'PASSWORD', kind: 'Password' },
] as const;

const STATES = {
  ABORTED: 'aborted',
  UNSTABLE: 'unstable',
  FAILURE: 'failed',
  SUCCESS: 'passed',
} as const;

/** Parallel branches and a matrix; one of the cells ends as the run does. */
function stages(end: End, seed: number): StageSpec[] {
  const state: StageState = end === undefined ? 'running' : STATES[end];
  const cells: StageSpec[] = ['4.19', '5.4', '5.10', 'next'].map((kernel, at) => ({
    name: `Matrix - KERNEL = '${kernel}'`,
    duration: 400_000,
    ...(at === seed % 4 && { state }),
    log: ['[Pipeline] sh', `+ make runtime KERNEL=${kernel}`, ...noise(seed + at)],
  }));
  return [
    { name: 'Declarative: Checkout SCM', duration: 4000, log: ['[Pipeline] checkout'] },
    { name: 'Build', duration: 90_000, log: ['[Pipeline] sh', '+ make -j8', ...noise(seed)] },
    {
      name: 'Checks',
      parallel: true,
      children: ['Lint', 'Unit'].map((name) => ({
        name,
        duration: 30_000,
        log: ['[Pipeline] sh', `+ make ${name.toLowerCase()}`, ...noise(seed)],
      })),
    },
    { name: 'Runtime', parallel: true, state, children: cells },
    ...(end === 'SUCCESS' ? [{ name: 'Deploy' }] : []),
    ...(end === 'FAILURE'
      ? [{ name: 'Deploy', state: 'skipped', reason: 'earlier failure(s)' } as const]
      : []),
  ];
}

function noise(seed: number): string[] {
  return times(20, (nth) => `ok  \tcompany/pkg/p${nth}\t0.${seed % 1000}s`);
}

function tests(seed: number): TestSpec[] {
  return times(40, (nth) => ({
    group: `company.pkg${nth % 5}`,
    name: `TestRule${nth}`,
    ...((nth + seed) % 13 === 0 && {
      status: (seed % 2 === 0 ? 'REGRESSION' : 'FAILED') satisfies TestSpec['status'],
      details: `rule ${nth}: want DENIED, got ALLOWED`,
    }),
  }));
}

function shaOf(seed: number): string {
  return times(5, (nth) => hash(seed, `sha${nth}`).toString(16).padStart(8, '0')).join('');
}

/** From 0 up to 1, the same for the same question. */
function chance(seed: number, what: string): number {
  return hash(seed, what) / 2 ** 32;
}

/** FNV-1a with an avalanche at the end. */
function hash(seed: number, what: string): number {
  let value = 0x811c9dc5 ^ seed;
  for (let at = 0; at < what.length; at++)
    value = Math.imul(value ^ what.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** What `make` makes of 1 to `count`. */
function times<T>(count: number, make: (nth: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at + 1));
}
