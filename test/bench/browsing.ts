import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ClientRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJobFinder } from '../../src/editor/runs/jobFinder';
import { RunDetails } from '../../src/editor/runs/runDetails';
import { rowOf } from '../../src/editor/runs/runRows';
import type { RunsNode } from '../../src/editor/runs/runsNodes';
import { createRunStore, type RunStore } from '../../src/editor/runs/runStore';
import { RunsTree } from '../../src/editor/runs/runsTree';
import { connect } from '../../src/jenkins/client';
import { INDEX_FIELDS, type Job } from '../../src/jenkins/jobs';
import type { Run } from '../../src/jenkins/run';
import { openRunCache } from '../../src/jenkins/runCache';
import { findProgram } from '../bed/host/host';
import { SCALE } from '../bed/jenkins/scale';
import {
  interleave,
  median,
  medianOfRounds,
  millisecondsOf,
  type Figure,
  type Row,
} from './measure';
import { run, startServer } from './programs';

const ROUNDS = 11;
const VISIBLE = 20;
const AGES = 60_000;
/** Lines below the server. */
const TOP = 54;

/** A person in front of the double at scale, from the first look at it on. */
export const browsing: Figure = async (signal) => {
  if (findProgram('curl') === undefined)
    throw new Error('there is no curl (Debian: apt-get install curl)');
  await using server = await startScale(signal);
  return [
    await firstPaint(server.base, signal),
    ...(await searching(server.base, signal)),
    ...(await refreshing(server.base, signal)),
  ];
};

/** From the click on a server to the lines of all that lies in it, for a person who has just come. */
async function firstPaint(base: string, signal: AbortSignal): Promise<Row> {
  let requests: readonly string[] = [];
  const times = await interleave(
    {
      ours: () =>
        millisecondsOf(async () => {
          await using view = await openView(base);
          requests = await requestsOf(async () => {
            const [server] = await view.lines(undefined);
            const { length } = await view.lines(server);
            if (length !== TOP) throw new Error(`${length} lines came, ${TOP} were due`);
          });
        }),
      curl: () => curl([`${base}api/json?tree=${INDEX_FIELDS}`], signal),
    },
    ROUNDS,
  );
  const compared = medianOfRounds('ratio', times.ours, times.curl);
  return {
    what: `first paint of ${SCALE.jobs} jobs, in ${requests.length} request(s)`,
    unit: 'ms',
    ours: median(times.ours),
    reference: { name: 'curl', value: median(times.curl) },
    compared,
    target: {
      words: 'under × 2, in 1 request',
      met: compared.value < 2 && requests.length === 1,
    },
    samples: times,
  };
}

/** What somebody types into the search over all jobs, letter by letter. */
const TYPED = ['service-3 release', 'nightly jobs 17', 'gewicht', 'feature/lib-2', 'xyzzy'];

async function searching(base: string, signal: AbortSignal): Promise<Row[]> {
  using client = connect({ base });
  const jobs = await client.index(signal);
  return [1, 10].map((times) => {
    const all = Array.from({ length: times }, (_, nth) => copyOf(jobs, nth)).flat();
    const find = createJobFinder(all);
    const letters = TYPED.flatMap((words) =>
      words.split('').map((_, at) => words.slice(0, at + 1)),
    );
    const rounds = Array.from({ length: ROUNDS }, () =>
      letters.map((typed) => {
        const began = performance.now();
        find(typed, 200);
        return performance.now() - began;
      }),
    );
    // The slowest letter, of which a person would feel it.
    const worst = Math.max(...letters.map((_, at) => median(rounds.map((round) => round[at]!))));
    return {
      what: `search as you type among ${all.length} jobs and folders, the slowest keystroke`,
      unit: 'ms',
      ours: worst,
      target: { words: 'under 50 ms', met: worst < 50 },
    };
  });
}

function copyOf(jobs: readonly Job[], nth: number): readonly Job[] {
  if (nth === 0) return jobs;
  return jobs.map((job) => ({ ...job, fullName: `copy-${nth}/${job.fullName}` }));
}

/** 20 favourites are looked at again: as time goes by, and as somebody presses the button. */
async function refreshing(base: string, signal: AbortSignal): Promise<Row[]> {
  const project = `${base}job/org-1/job/service-2/`;
  const jobs = Array.from({ length: VISIBLE }, (_, nth) => `feature%252Fservice-2-${nth + 1}`);
  await using view = await openView(
    base,
    jobs.map((job) => `${project}job/${job}/`),
  );
  const [favourites] = await view.lines(undefined);
  const shown = await view.lines(favourites);
  const read = async (): Promise<void> => {
    for (const job of shown) await view.lines(job);
  };
  const look = async (): Promise<void> => {
    await view.store.refresh();
    await read();
  };
  // Where the runs broke that are seen for the first time is found out once, in its own time.
  for (let quiet = 0; quiet < 3; quiet++) {
    const asked = await requestsOf(look);
    if (asked.some((path) => path.includes('/stages/'))) quiet = 0;
  }
  view.turn(AGES);
  const asked = await requestsOf(look);
  const ofServer = asked.filter((path) => !path.includes('/job/')).length;
  view.turn(AGES);
  const pressed = await requestsOf(async () => {
    await view.tree.refresh();
    await read();
  });
  const urls = asked.map((path) => new URL(path, base).href);
  const times = await interleave(
    { ours: () => millisecondsOf(look), curl: () => curl(urls, signal) },
    ROUNDS,
  );
  const what = `${shown.length} visible jobs are looked at again`;
  return [
    {
      what,
      unit: 'requests',
      ours: asked.length,
      target: { words: `at most ${VISIBLE}`, met: asked.length <= VISIBLE },
      note: `${ofServer} of them for the queue and the agents of the whole server; by the button ${pressed.length}`,
    },
    {
      what,
      unit: 'ms',
      ours: median(times.ours),
      reference: { name: 'curl', value: median(times.curl) },
      compared: medianOfRounds('ratio', times.ours, times.curl),
      samples: times,
    },
  ];
}

interface View extends AsyncDisposable {
  readonly store: RunStore;
  readonly tree: RunsTree;
  /** What is below a node, each as a line; of the view itself where there is none. */
  lines(node: RunsNode | undefined): Promise<RunsNode[]>;
  /** Has so many milliseconds go by. */
  turn(milliseconds: number): void;
}

/** The view "Runs" without VS Code, of somebody who has not been here before. */
async function openView(base: string, favourites: readonly string[] = []): Promise<View> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-bench-'));
  const client = connect({ base }, openRunCache(base, undefined, folder));
  const server = { url: base, name: 'scale', user: undefined };
  // Nothing is looked at by itself while something is measured.
  let now = Date.now();
  const clock = { now: () => now, after: () => ({ [Symbol.dispose]: () => undefined }) };
  const store = createRunStore({
    server: () => base,
    client: () => Promise.resolve(client),
    interval: () => AGES,
    clock,
  });
  const tree = new RunsTree(
    {
      servers: () => [server],
      jobs: () => [],
      favourites: () => favourites.map((url) => ({ url, kind: 'job' })),
      showsAll: () => favourites.length === 0,
      failingOnly: () => false,
      branch: () => Promise.resolve(undefined),
      repositories: () => Promise.resolve([]),
      client: () => Promise.resolve(client),
      clock,
      store,
      details: new RunDetails(() => Promise.resolve(client)),
    },
    () => undefined,
  );
  tree.see(true);
  const known = {
    brokenIn: (of: Run) => tree.brokenIn(of),
    runs: (jobUrl: string) => store.known(jobUrl),
    trouble: (url: string) => store.trouble(url),
  };
  return {
    store,
    tree,
    turn: (milliseconds) => void (now += milliseconds),
    async lines(node) {
      const nodes = await tree.children(node);
      for (const each of nodes) rowOf(each, known, now);
      return nodes;
    },
    async [Symbol.asyncDispose]() {
      tree[Symbol.dispose]();
      store[Symbol.dispose]();
      client[Symbol.dispose]();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The paths of all requests that are made meanwhile. */
async function requestsOf(work: () => Promise<void>): Promise<string[]> {
  const paths: string[] = [];
  const note = (message: unknown): void =>
    void paths.push((message as { request: ClientRequest }).request.path);
  subscribe('http.client.request.start', note);
  try {
    await work();
    return paths;
  } finally {
    unsubscribe('http.client.request.start', note);
  }
}

/** Milliseconds of `curl` for these addresses, one after the other over one connection. */
async function curl(urls: readonly string[], signal: AbortSignal): Promise<number> {
  const args = ['-gs', ...urls.flatMap((url) => ['-o', '/dev/null', url])];
  return (await run({ command: 'curl', args }, signal)).milliseconds;
}

/** The double at scale. */
export function startScale(signal: AbortSignal): Promise<AsyncDisposable & { base: string }> {
  return startServer('scaleServer.ts', signal);
}
