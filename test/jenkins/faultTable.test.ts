import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import { isUserError } from '../../src/base/errors';
import type { JenkinsError } from '../../src/jenkins/jenkinsError';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';
import { changed, FAULTS, type Fault, type FaultKind } from '../bed/jenkins/faults';
import { OPTIONS, USES, type Outcome, type Place, type Use } from './uses';

/** `expired`: the session of somebody who has signed in with a password, and has posted in it, is over. */
type Trouble = FaultKind | 'down' | 'expired';

/** What comes of a fault, where the use does not say otherwise. */
const DUE: Readonly<Record<Trouble, Outcome>> = {
  down: 'refused',
  expired: 'right',
  reset: 'network',
  slow: 'timeout',
  silent: 'timeout',
  drip: 'right',
  truncated: 'truncated',
  cut: 'truncated',
  huge: 'too-large',
  gigabyte: 'too-large',
  html: 'not-jenkins',
  login: 'sign-in',
  'login-redirect': 'sign-in',
  redirect: 'redirect',
  'redirect-loop': 'redirect',
  '401': 'unauthorized',
  '403': 'forbidden',
  '404': 'not-found',
  '429': 'busy',
  '429-date': 'busy',
  '500': 'server-error',
  '503': 'server-error',
  skew: 'right',
};

const KINDS = Object.keys(DUE) as Trouble[];
/** So much of an answer may come before it is too much. */
const BOUND = 48 * 1024 * 1024;

describe('whatever a server does, the client says what is wrong, and heals:', () => {
  for (const [name, use] of Object.entries(USES)) {
    it(name, async () => {
      await using well = await placeFor(use);
      const right = shown(await use.use(well.place), well.jenkins);
      const kinds = KINDS.filter((kind) => use.large !== true || !LARGE.includes(kind));
      const ask = (some: typeof kinds) =>
        Promise.all(some.map(async (kind) => [kind, await outcome(use, kind, right)] as const));
      const found = [
        ...(await ask(kinds.filter((kind) => !QUIET.includes(kind)))),
        // Those that are given up after a moment must not wait for the others.
        ...(await ask(kinds.filter((kind) => QUIET.includes(kind)))),
      ];
      assert.deepEqual(
        Object.fromEntries(found),
        Object.fromEntries(kinds.map((kind) => [kind, use.but?.[kind] ?? DUE[kind]])),
      );
    });
  }
});

describe('whatever types a server answers with, the client', () => {
  for (const [name, use] of Object.entries(USES)) {
    if (use.once === true || use.large === true) continue;
    it(`gives something or says what is wrong: ${name}`, async () => {
      await using well = await placeFor(use);
      let parts = 1;
      for (let part = 0; part < parts; part++) {
        const fault = well.jenkins.fault(
          asked(use),
          changed((json) => {
            parts = Math.min(count(json), 60);
            return replaced(json, part, ODD[part % ODD.length]);
          }),
        );
        const patience = use.waits === true ? AbortSignal.timeout(20) : well.place.signal;
        await use.use({ ...well.place, signal: patience }).catch((error: unknown) => {
          if (!isJenkinsError(error) && !patience.aborted) throw error;
        });
        fault[Symbol.dispose]();
      }
    });
  }
});

describe('the table of faults', () => {
  it('has a row for whatever a client asks', async () => {
    const strange = new Set<string>();
    for (const use of Object.values(USES)) {
      await using well = await placeFor(use);
      const before = well.jenkins.requests.length;
      await use.use(well.place);
      const paths = well.jenkins.requests
        .slice(before)
        .map(({ path }) => path.slice('/jenkins/'.length));
      assert.ok(paths.some((path) => use.asks.test(path)));
      for (const path of paths)
        if (!Object.values(USES).some(({ asks }) => asks.test(path))) strange.add(path);
    }
    assert.deepEqual([...strange], []);
  });

  it('uses whatever a client can', async () => {
    const used = new Set<string>();
    let methods: string[] = [];
    for (const use of Object.values(USES)) {
      await using well = await placeFor(use);
      const { client } = well.place;
      methods = [...functionsOf(client), ...functionsOf(client.doing)];
      const doing = noting(client.doing, used);
      const watched = { ...noting(client, used), base: client.base, doing };
      await use.use({ ...well.place, client: watched });
    }
    // What keeps a run asks for it by the others.
    assert.deepEqual(
      methods.filter((method) => method !== 'keep' && !used.has(method)),
      [],
    );
  });
});

/** What comes of a use under a fault; with what is wrong besides, which should be nothing. */
async function outcome(given: Use, kind: Trouble, right: string): Promise<string> {
  const use: Use = kind === 'expired' ? { ...given, password: true } : given;
  await using well = await placeFor(use, QUIET.includes(kind) ? 300 : 20_000);
  const { place, jenkins } = well;
  let sent = 0;
  const watched: Fault = (it) => {
    const { socket } = it.response;
    it.response.once('close', () => (sent = Math.max(sent, socket?.bytesWritten ?? 0)));
    return FAULTS[kind as FaultKind](it);
  };
  const down = kind === 'down' ? await jenkins.down() : undefined;
  const fault =
    kind === 'down' || kind === 'expired' ? undefined : jenkins.fault(asked(use), watched);
  if (kind === 'expired') {
    await place.client.lint('', place.signal);
    jenkins.endSessions();
  }
  let came: string;
  try {
    came = shown(await use.use(place), jenkins) === right ? 'right' : 'less';
  } catch (error) {
    if (!isJenkinsError(error)) return `a defect: ${String(error)}`;
    if ((error.advice?.length ?? 0) < 10) return `${error.kind} without advice`;
    came = error.kind;
  }
  fault?.[Symbol.dispose]();
  await down?.[Symbol.asyncDispose]();
  if (sent > BOUND) return `${came} after ${sent} bytes`;
  // A server that is busy is left alone for a while; and what was done cannot be done again.
  if (BUSY.includes(kind) || (use.once === true && MAYBE_DONE.includes(kind))) return came;
  try {
    const again = shown(await use.use(place), jenkins);
    return again === right || use.once === true ? came : `${came}, and then ${again}`;
  } catch (error) {
    return `${came}, and then ${String(error)}`;
  }
}

const BUSY: readonly string[] = ['429', '429-date'];
const QUIET: readonly string[] = ['slow', 'silent'];
const LARGE: readonly string[] = ['huge', 'gigabyte'];
const MAYBE_DONE: readonly string[] = ['cut', 'drip', 'skew', 'expired'];

async function placeFor(
  use: Use,
  idleTimeout = 20_000,
): Promise<AsyncDisposable & { place: Place; jenkins: JenkinsDouble }> {
  const { signal } = new AbortController();
  const jenkins = await startJenkins({ ...OPTIONS, ...use.options });
  jenkins.enqueue('main');
  using scout = connect({ base: jenkins.base, user: 'ada', token: 't0ken' });
  const job = `${jenkins.base}job/main/`;
  const runs = await scout.runs(job, { limit: 5 }, signal);
  const [going, ended] = [3, 2].map((wanted) => runs.find(({ number }) => number === wanted)!);
  const stages = await scout.stages(ended!, signal);
  const token = use.password === true ? 'pass' : 't0ken';
  const client = connect({
    ...{ base: jenkins.base, user: 'ada', token },
    ...{ idleTimeout, pollInterval: 1 },
  });
  return {
    jenkins,
    place: { client, signal, job, going: going!, ended: ended!, stages },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await jenkins.close();
    },
  };
}

/** Also one of another bundle, which has a class of its own. */
function isJenkinsError(error: unknown): error is JenkinsError {
  return isUserError(error) && 'kind' in error;
}

function asked({ asks }: Use): RegExp {
  return new RegExp(asks.source.replace('^', '^/jenkins/'));
}

/** As text, without what differs from server to server, and from clock to clock. */
function shown(value: unknown, { base }: JenkinsDouble): string {
  const whole = JSON.stringify(value ?? null, (_, part: unknown) =>
    part instanceof Map ? [...(part as Map<unknown, unknown>)] : part,
  );
  return whole.replaceAll(base, '').replace(/"(startedAt|since)":\d+/g, '"$1":0');
}

const ODD: readonly unknown[] = [null, 'x', [], {}, 0, true, [null]];

function count(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, part: unknown) => sum + count(part), 1);
}

/** The value with one of its parts, counted from the outermost, replaced. */
function replaced(value: unknown, part: number, odd: unknown): unknown {
  let at = 0;
  function change(here: unknown): unknown {
    if (at++ === part) return odd;
    if (Array.isArray(here)) return here.map(change);
    if (typeof here !== 'object' || here === null) return here;
    return Object.fromEntries(Object.entries(here).map(([key, inner]) => [key, change(inner)]));
  }
  return change(value);
}

function functionsOf(of: object): string[] {
  return Object.entries(of).flatMap(([key, value]) => (typeof value === 'function' ? key : []));
}

/** The same, but that it notes which of its functions are called. */
function noting<T extends object>(of: T, used: Set<string>): T {
  return new Proxy(of, {
    get(target, key, receiver) {
      used.add(String(key));
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
}
