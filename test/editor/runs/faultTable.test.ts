import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { RunDetails } from '../../../src/editor/runs/runDetails';
import { idOf, type RunsNode } from '../../../src/editor/runs/runsNodes';
import { connect, type Client } from '../../../src/jenkins/client';
import { startJenkins, type FaultKind, type JenkinsDouble } from '../../bed/jenkins/double';
import { changed, FAULTS } from '../../bed/jenkins/faults';
import type { RunSpec, World } from '../../bed/jenkins/world';
import { showTree, type ShownTree } from './shownTree';
import { manualClock, storeOf, type ManualClock } from './stores';

/**
 * What is seen of a fault: it is told in one line and all else stays; nothing is seen of it; or, where
 * the server may lack what was asked for, something else is shown instead of it. All heal by themselves but
 * what is `believed`: a server that says that it has not what was asked for is asked again at a refresh.
 */
type Seen = 'told' | 'unseen' | 'replaced' | 'told and replaced' | 'believed';
type Kind = FaultKind | 'down' | 'types';

interface Question {
  /** The path below the server's address. */
  readonly asks: RegExp;
  /** All jobs of the server, or the workspace's; the latter unless told. */
  readonly showsAll?: boolean;
  /** Whether a run goes on. */
  readonly going?: boolean;
  readonly but?: Partial<Readonly<Record<Kind, Seen>>>;
  readonly leavesOut?: readonly Kind[];
}

const KINDS = [...(Object.keys(FAULTS) as FaultKind[]), 'down', 'types'] as const;

/** Another way to know the same is tried where a server has not, or spoils, a plugin's answer. */
const REPLACED: Question['but'] = {
  ...{ '403': 'believed', '404': 'believed', '500': 'replaced', '503': 'replaced' },
  ...{ html: 'replaced', huge: 'replaced', gigabyte: 'replaced', types: 'replaced' },
};
/** Nobody misses what a server has not, or does not show. */
const WITHHELD: Question['but'] = { '403': 'unseen', '404': 'unseen' };

const QUESTIONS: Readonly<Record<string, Question>> = {
  'everything that it is asked': {
    asks: /./,
    going: true,
    // The log still tells of stages.
    but: { types: 'told and replaced' },
    // Each of the others says what comes of too much.
    leavesOut: ['huge', 'gigabyte'],
  },
  'all of its jobs': { asks: /^api\/json\?tree=jobs/, showsAll: true },
  'what a folder holds': { asks: /^job\/folder\/api/, showsAll: true },
  'what a project holds': { asks: /^job\/project\/api/, showsAll: true },
  'the runs of a job': { asks: /^job\/main\/api/ },
  'the stages of a run': { asks: /^job\/main\/2\/stages/, but: REPLACED },
  'the test report of a run': { asks: /^job\/main\/2\/testReport/, but: REPLACED },
  'the log that says why a run failed': {
    asks: /^job\/main\/2\/consoleText/,
    // It is read as far as it may be.
    but: {
      '403': 'believed',
      '404': 'believed',
      huge: 'believed',
      gigabyte: 'believed',
      types: 'unseen',
    },
  },
  'the artifacts of a run': { asks: /^job\/main\/2\/api\/json\?tree=artifacts/, but: WITHHELD },
  'what waits on the server': { asks: /^queue\/api/, going: true, but: WITHHELD },
  'what its agents do': {
    asks: /^computer\/api/,
    going: true,
    but: { '403': 'replaced', '404': 'replaced' },
  },
};

describe('whatever a server does, the view tells it once, keeps what it knew, and heals:', () => {
  for (const [name, question] of Object.entries(QUESTIONS))
    it(name, async function () {
      this.timeout(120_000);
      const found: Record<string, string> = {};
      const try_ = async (kind: Kind) => (found[kind] = await seen(question, kind));
      const kinds = KINDS.filter((kind) => question.leavesOut?.includes(kind) !== true);
      await Promise.all(kinds.filter((kind) => !QUIET.includes(kind)).map(try_));
      // Those that are given up after a moment must not wait for the others.
      for (const kind of QUIET) await try_(kind);
      const due = (kind: Kind): string =>
        question.but?.[kind] ?? (UNSEEN.includes(kind) ? 'unseen' : 'told');
      assert.deepEqual(found, Object.fromEntries(kinds.map((kind) => [kind, due(kind)])));
    });
});

describe('a session that ends in the middle', () => {
  for (const kind of ['401', '403', 'login', 'login-redirect'] as const)
    it(`leads to signing in again, in one line, where it is answered with ${kind}`, async () => {
      await using bed = await plant({ asks: /./ }, kind);
      await bed.quiet();
      const before = shown(bed.view);
      await bed.begin();
      await bed.pass(5 * MINUTE);
      const [line, ...others] = problems(bed.view);
      assert.deepEqual(others, []);
      assert.ok(line?.kind === 'trouble');
      const { label, description, command } = bed.view.row(line);
      assert.match(label, /^Sign in( again)?…$/);
      assert.match(description ?? '', / · since \d\d:\d\d · tries again at \d\d:\d\d$/);
      assert.equal(command, 'ciParity.connect');
      await bed.end();
      assert.ok(await bed.heals(before));
    });
});

const QUIET: readonly Kind[] = ['slow', 'silent'];
/** What arrives in the end, if slowly or with a strange time. */
const UNSEEN: readonly Kind[] = ['drip', 'skew'];
/** Two pages disagree about times; and a pause that a server asks for is over in real seconds. */
const UNSTEADY: readonly Kind[] = ['skew', '429', '429-date'];
const MINUTE = 60_000;
/** Questions that the back-off leaves of five minutes, for each of two that ask: after 10 s, 20 s, 40 s … */
const MOST_ASKED = 2 * 6;
/** Requests of one question: the redirects that are followed, and the second try on a dead connection. */
const EACH: Partial<Readonly<Record<Kind, number>>> = { 'redirect-loop': 6, reset: 2 };

/** What is seen of a fault, or what is wrong with it. */
async function seen(question: Question, kind: Kind): Promise<string> {
  await using bed = await plant(question, kind);
  await bed.quiet();
  const before = shown(bed.view);
  if (before.some((id) => /problem|trouble/.test(id))) return `before: ${before.join(', ')}`;
  const told = new Map<string, number>();
  bed.onDidChange((url) => told.set(url, (told.get(url) ?? 0) + 1));
  await bed.begin();
  await bed.view.tree.refresh();
  await bed.quiet();
  const asked = bed.asked();
  await bed.pass(5 * MINUTE);
  const after = shown(bed.view);
  const lines = problems(bed.view);
  const missing = before.filter((id) => !after.includes(id));
  const result =
    [...(lines.length > 0 ? ['told'] : []), ...(missing.length > 0 ? ['replaced'] : [])].join(
      ' and ',
    ) || 'unseen';
  if (lines.length > 1) return `${lines.length} lines: ${lines.map(idOf).join(', ')}`;
  for (const line of lines) {
    const { label, description = '', tooltip = [], spoken = '' } = bed.view.row(line);
    if (label === '' || description === '' || tooltip.length < 2 || spoken === '')
      return `nobody understands ${label} ${description}`;
  }
  // Once at a server and once where it turns out to be alone, each with its end.
  const often = [...told].filter(([url, times]) => times > (url === bed.server ? 4 : 2));
  if (often.length > 0 && !UNSTEADY.includes(kind))
    return `announced again and again: ${JSON.stringify(often)}`;
  const late = bed.asked() - asked;
  // Of a run that goes on also the queue and the agents are asked.
  const most = MOST_ASKED * (EACH[kind] ?? 1) * (question.going === true ? 2 : 1);
  if (lines.length > 0 && late > most) return `asked ${late} times in five minutes`;
  await bed.end();
  if (await bed.heals(before)) return result;
  if (result === 'replaced') {
    await bed.view.tree.refresh();
    if (await bed.heals(before)) return 'believed';
  }
  return `${result}, and then ${shown(bed.view).join(', ')}`;
}

/** What stands in the view, without what is only said of nothing. */
function shown(view: ShownTree): string[] {
  return view
    .lines()
    .filter(({ kind }) => kind !== 'nothing')
    .map(idOf)
    .sort();
}

function problems(view: ShownTree): RunsNode[] {
  return view.lines().filter(({ kind }) => kind === 'problem' || kind === 'trouble');
}

interface Bed extends AsyncDisposable {
  readonly view: ShownTree;
  readonly server: string;
  /** How often the question was asked of the server. */
  asked(): number;
  begin(): Promise<void>;
  end(): Promise<void>;
  onDidChange(listener: (url: string) => void): void;
  /** Resolves once nothing is asked or read any more. */
  quiet(): Promise<void>;
  /** Has so many milliseconds go by, with all that is due in them. */
  pass(milliseconds: number): Promise<void>;
  /** Whether the view is as it was, once that is so or much time has passed. */
  heals(before: readonly string[]): Promise<boolean>;
}

const LOG = ['[Pipeline] sh', '+ make', 'make: *** [all] Error 2'];
const ended: RunSpec = {
  number: 2,
  result: 'FAILURE',
  error: 'script returned exit code 2',
  stages: [{ name: 'Build', state: 'failed', log: LOG }],
  tests: [{ group: 'pkg', name: 'TestA', status: 'FAILED', details: 'want 1' }],
  artifacts: { 'out/a.txt': 'a' },
};
const running: RunSpec = {
  number: 3,
  building: true,
  agent: 'agent-1',
  stages: [{ name: 'Build', state: 'running', log: ['[Pipeline] sh', '+ make'] }],
};
const passed: RunSpec = { number: 1, result: 'SUCCESS' };
const worldWith = (main: readonly RunSpec[]): World => ({
  agents: [{ name: 'agent-1', executors: 2 }],
  jobs: [
    { name: 'main', runs: main },
    { name: 'other', runs: [passed] },
    { name: 'folder', kind: 'folder', jobs: [{ name: 'inner', runs: [passed] }] },
    { name: 'project', kind: 'multibranch', jobs: [{ name: 'topic', runs: [passed] }] },
  ],
});

async function plant({ asks, showsAll, going }: Question, kind: Kind): Promise<Bed> {
  const jenkins = await startJenkins({
    world: worldWith(going === true ? [ended, running] : [ended]),
    users: { ada: { token: 't0ken', password: 'pass' } },
  });
  if (going === true) jenkins.enqueue('main', { partOf: 3, why: 'There are no nodes' });
  const idleTimeout = QUIET.includes(kind) ? 300 : 20_000;
  const client = connect({ base: jenkins.base, user: 'ada', token: 'pass', idleTimeout });
  const work = new Set<Promise<unknown>>();
  const watched = watching(client, work);
  const clock = manualClock();
  const store = storeOf(watched, clock);
  const asked = new RegExp(asks.source.replace('^', '^/jenkins/'));
  const server = { url: jenkins.base, name: 'ci', user: 'ada' };
  const view = showTree(
    {
      servers: () => [server],
      jobs: () =>
        showsAll === true ? [] : ['main', 'other'].map((name) => `${jenkins.base}job/${name}/`),
      favourites: () => [],
      showsAll: () => showsAll === true,
      failingOnly: () => false,
      branch: () => Promise.resolve('main'),
      repositories: () => Promise.resolve([]),
      client: () => Promise.resolve(watched),
      clock,
      store,
      details: new RunDetails(() => Promise.resolve(watched)),
    },
    // What is below single runs is what the workspace's jobs are there for.
    (node) => !(showsAll === true && node.kind === 'run'),
  );
  let over: () => Promise<void> = () => Promise.resolve();
  const quiet = async (): Promise<void> => {
    for (let idle = 0; idle < 5; idle++) {
      if (work.size > 0) idle = 0;
      await Promise.allSettled(work);
      await view.read();
      await setImmediate();
    }
  };
  const pass = (milliseconds: number) => passing(clock, milliseconds, quiet);
  return {
    view,
    server: jenkins.base,
    quiet,
    pass,
    asked: () => jenkins.requests.filter(({ path }) => asked.test(path)).length,
    onDidChange: (listener) => void store.onDidChange(listener),
    begin: async () => {
      over = await misbehave(jenkins, asked, kind);
    },
    end: () => over(),
    heals: async (before) => {
      const isAsBefore = () => assert.deepEqual(shown(view), before);
      const patience = AbortSignal.timeout(20_000);
      // A server that asks to be left alone means real seconds.
      const isBusy = () => kind.startsWith('429') && !patience.aborted;
      for (let turns = 0; turns < 3 || isBusy(); turns++) {
        await pass(6 * MINUTE);
        try {
          isAsBefore();
          return true;
        } catch {
          // It is looked at again.
        }
      }
      return false;
    },
    [Symbol.asyncDispose]: async () => {
      view[Symbol.dispose]();
      store[Symbol.dispose]();
      client[Symbol.dispose]();
      await jenkins.close();
    },
  };
}

async function misbehave(
  jenkins: JenkinsDouble,
  asked: RegExp,
  kind: Kind,
): Promise<() => Promise<void>> {
  if (kind !== 'down') {
    const fault = jenkins.fault(asked, kind === 'types' ? changed(otherTypes) : kind);
    return () => {
      fault[Symbol.dispose]();
      return Promise.resolve();
    };
  }
  const down = await jenkins.down();
  return () => Promise.resolve(down[Symbol.asyncDispose]());
}

async function passing(
  clock: ManualClock,
  milliseconds: number,
  quiet: () => Promise<void>,
): Promise<void> {
  const end = clock.now() + milliseconds;
  while (clock.now() < end) {
    clock.turn(Math.min(clock.next() ?? Infinity, end - clock.now()));
    await quiet();
  }
}

/** A list for what was an object, and words for what was a list. */
function otherTypes(json: unknown): unknown {
  return Object.fromEntries(
    Object.entries(json as object).map(([key, value]) => [
      key,
      Array.isArray(value) ? 'x' : [value],
    ]),
  );
}

/** The same client, but that what it was asked and has not answered is in `work`. */
function watching(client: Client, work: Set<Promise<unknown>>): Client {
  return new Proxy(client, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, args);
        if (answer instanceof Promise) {
          const done: Promise<unknown> = answer
            .catch(() => undefined)
            .finally(() => work.delete(done));
          work.add(done);
        }
        return answer;
      };
    },
  });
}
