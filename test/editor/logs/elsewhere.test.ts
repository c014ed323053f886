import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readElsewhere } from '../../../src/editor/logs/elsewhere';
import type { LogAddress } from '../../../src/editor/logs/logAddress';
import { LogFolder } from '../../../src/editor/logs/logFolder';
import type { LogReading } from '../../../src/editor/logs/logReading';
import { LogReadings, type Lent } from '../../../src/editor/logs/logReadings';
import { LogView } from '../../../src/editor/logs/logView';
import { queryOf, type Hit } from '../../../src/editor/logs/search';
import { connect } from '../../../src/jenkins/client';
import type { ConnectOptions } from '../../../src/jenkins/http';
import type { JenkinsError } from '../../../src/jenkins/jenkinsError';
import { startJenkins, type JenkinsOptions } from '../../bed/jenkins/double';
import { hugeLog } from '../../bed/jenkins/hugeLog';
import type { RunSpec } from '../../bed/jenkins/world';

const { signal } = new AbortController();
const program = fileURLToPath(new URL('../../../dist/reader.js', import.meta.url));
const BOUND = 1 << 20;
const LOG = hugeLog(5e6);
const failed: RunSpec = { number: 1, result: 'FAILURE', log: LOG, stages: LOG.stages };
const running: RunSpec = { number: 1, building: true, log: 'it goes on\n'.repeat(200_000) };

/** A server with one run, whose log of more than a megabyte is large where somebody reads `far`. */
async function bed(
  run: RunSpec,
  options: Partial<JenkinsOptions> = {},
  how: Partial<ConnectOptions> = {},
) {
  assert.ok(existsSync(program), 'build first: node esbuild.mjs');
  const root = await mkdtemp(join(tmpdir(), 'ci-parity-logs-'));
  const jenkins = await startJenkins({ world: { jobs: [{ name: 'a', runs: [run] }] }, ...options });
  const way = { base: jenkins.base, pollInterval: 1, ...how };
  const large = {
    bound: BOUND,
    program,
    elsewhere: () => Promise.resolve(readElsewhere(program, way)),
  };
  const [near, far] = [connect(way), connect(way, undefined, large)];
  const url = `${jenkins.base}job/a/1/`;
  const readings: LogReadings[] = [];
  const children: ChildProcess[] = [];
  const note = (message: unknown): void =>
    void children.push((message as { process: ChildProcess }).process);
  subscribe('child_process', note);
  return {
    ...{ jenkins, near, far, url, way, children },
    files: () =>
      readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
        file.endsWith('.log'),
      ),
    async open(
      where: 'near' | 'far',
      address: LogAddress = { kind: 'run', url },
      other = large,
    ): Promise<Lent> {
      const client = where === 'near' ? near : far;
      const all = new LogReadings(
        {
          client: () => Promise.resolve(client),
          stages: (of) => client.stages(of, signal),
          ...(where === 'far' && { large: other }),
        },
        new LogFolder(join(root, where)),
      );
      readings.push(all);
      return all.lend(address, signal);
    },
    async [Symbol.asyncDispose]() {
      unsubscribe('child_process', note);
      for (const each of readings) await each[Symbol.asyncDispose]();
      for (const client of [near, far]) client[Symbol.dispose]();
      await jenkins.close();
      await rm(root, { recursive: true });
    },
  };
}

async function grownTo(reading: LogReading, size: number): Promise<void> {
  if (reading.log.size >= size) return;
  await new Promise<void>((done) => {
    reading.onChange(() => {
      if (reading.log.size >= size) done();
    });
  });
}

async function errorOf(work: Promise<unknown>): Promise<Partial<JenkinsError>> {
  const error = await work.then(
    () => assert.fail('it went well'),
    (reason: unknown) => reason as JenkinsError,
  );
  const { name, message, advice, kind } = error;
  return { name, message, advice, kind };
}

describe('a large log is read by a process of its own, which', () => {
  it('explains the failure as it is explained here', async () => {
    await using at = await bed(failed, { stages: 'stages' });
    const run = await at.near.run(at.url, signal);
    const stages = await at.near.stages(run, signal);
    const expected = await at.near.explain(run, stages, signal);
    assert.equal(at.children.length, 0);
    assert.match(expected.diagnosis.message ?? '', /want DENIED/);
    assert.deepEqual(await at.far.explain(run, stages, signal), expected);
    assert.equal(at.children.length, 1);
  });

  it('tells the stages of a server that has no plugin for them', async () => {
    await using at = await bed(failed, { stages: 'none' });
    const run = await at.near.run(at.url, signal);
    const expected = await at.near.stages(run, signal);
    assert.equal(expected.length, LOG.stages.length);
    assert.deepEqual(await at.far.stages(run, signal), expected);
    assert.equal(at.children.length, 1);
  });

  it('tells the commands that a run without a Jenkinsfile is done again by', async () => {
    const output = `${'a line of output\n'.repeat(10)}[Pipeline] echo\n`;
    const step = (name: string): string =>
      `[Pipeline] { (${name})\n[Pipeline] sh\n+ make ${name}\n${output.repeat(5000)}[Pipeline] }\n`;
    const log = step('Build') + step('Test');
    await using at = await bed({ number: 1, result: 'FAILURE', log });
    assert.ok(log.length > BOUND);
    const run = await at.near.run(at.url, signal);
    const expected = [
      { stages: ['Build'], commands: ['make Build'] },
      { stages: ['Test'], commands: ['make Test'] },
    ];
    assert.deepEqual(await at.near.commands(run, signal), expected);
    assert.equal(at.children.length, 0);
    assert.deepEqual(await at.far.commands(run, signal), expected);
    assert.equal(at.children.length, 1);
  });

  it('writes the same file, with its lines, sections and folders', async () => {
    await using at = await bed(failed);
    const [near, far] = [await at.open('near'), await at.open('far')];
    await Promise.all([near.reading.complete, far.reading.complete]);
    assert.equal(at.children.length, 1);
    const [log, other] = [near.reading.log, far.reading.log];
    assert.equal(other.size, LOG.clean.size);
    assert.ok((await log.read(0, log.size)).equals(await other.read(0, other.size)));
    assert.deepEqual(other.index.known(), log.index.known());
    assert.deepEqual(far.sections(), near.sections());
    assert.deepEqual(far.roots(), near.roots());
    assert.ok(far.sections().length > 5 && far.roots().length === 1);
  });

  it('reads the clues, hits and problems off the file, so that the server is not asked again', async () => {
    await using at = await bed(failed, { stages: 'stages' });
    const [near, far] = [await at.open('near'), await at.open('far')];
    await Promise.all([near.reading.complete, far.reading.complete]);
    const run = await at.near.run(at.url, signal);
    const stages = await at.near.stages(run, signal);
    const asked = (): number =>
      at.jenkins.requests.filter(({ path }) => path.endsWith('consoleText')).length;
    const before = asked();
    const explained = await at.far.explain(run, stages, signal, far.whole.clues);
    assert.equal(asked(), before);
    assert.deepEqual(explained, await at.near.explain(run, stages, signal));

    async function looked({ reading, whole }: Lent) {
      const view = new LogView(reading.log, 'hide');
      const options = { part: view.part, showing: await view.showing(), signal };
      const hits: Hit[] = [];
      const progress = (more: readonly Hit[]): void => void hits.push(...more);
      const more = await whole.search(queryOf('/TestPolicyEgress|needle/', true), {
        ...options,
        progress,
      });
      return { more, hits, problems: await whole.problems(options) };
    }
    const found = await looked(far);
    assert.deepEqual(found, await looked(near));
    assert.equal(found.hits.length, 4);
    assert.ok(found.problems.length > 0);
    assert.equal(at.children.length, 4);
  });

  it('writes what a server keeps of one stage', async () => {
    const lines = Array.from({ length: 150_000 }, (_, at) => `line ${at}`);
    const stages: RunSpec['stages'] = [{ name: 'Build', log: ['[Pipeline] sh', ...lines] }];
    await using at = await bed({ number: 1, result: 'SUCCESS', stages }, { stages: 'stages' });
    const run = await at.near.run(at.url, signal);
    const [stage] = await at.near.stages(run, signal);
    assert.ok(stage);
    const address = { kind: 'stage', url: at.url, id: stage.id, stage: stage.path } as const;
    const { reading, only } = await at.open('far', address);
    await reading.complete;
    assert.equal(only, undefined);
    assert.equal(at.children.length, 1);
    const { size } = reading.log;
    assert.equal((await reading.log.read(0, size)).toString(), `${lines.join('\n')}\n`);
  });

  it('follows a log that grows, and tells what has come', async () => {
    await using at = await bed(running);
    const { reading } = await at.open('far');
    const { length } = running.log as string;
    await grownTo(reading, length);
    assert.equal(at.children.length, 1);
    at.jenkins.appendLog('a', 1, 'the last line\n');
    await grownTo(reading, length + 14);
    at.jenkins.finish('a', 1, 'SUCCESS');
    await reading.complete;
    const { size } = reading.log;
    assert.equal((await reading.log.read(size - 14, 14)).toString(), 'the last line\n');
    assert.equal(reading.log.index.lines, 200_001);
  });

  it('ends when nobody wants the log any more, and its file with it', async () => {
    await using at = await bed(running);
    const { reading, giveBack } = await at.open('far');
    await grownTo(reading, (running.log as string).length);
    const [child] = at.children;
    assert.ok(child?.exitCode === null);
    giveBack();
    await once(child, 'exit');
    while (at.files().length > 0) await new Promise((done) => setImmediate(done));
  });

  it('ends when the question is cancelled', async () => {
    await using at = await bed(failed, { stages: 'stages' });
    const run = await at.far.run(at.url, signal);
    const stages = await at.far.stages(run, signal);
    const cancel = new AbortController();
    const begun = new Promise<ChildProcess>((done) => {
      const look = (message: unknown): void => {
        unsubscribe('child_process', look);
        done((message as { process: ChildProcess }).process);
      };
      subscribe('child_process', look);
    });
    const explained = at.far.explain(run, stages, cancel.signal);
    const exited = begun.then((child) => once(child, 'exit'));
    await begun;
    cancel.abort(new Error('never mind'));
    await assert.rejects(explained, /never mind/);
    const [, killed] = (await exited) as [unknown, unknown];
    assert.equal(killed, 'SIGTERM');
  });

  it('ends with whoever started it', async () => {
    await using at = await bed(running);
    const { reading } = await at.open('far');
    await grownTo(reading, (running.log as string).length);
    const [child] = at.children;
    assert.ok(child);
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
    await assert.rejects(reading.complete, /has ended/);
  });

  it('says of a fault in the middle what would be said here', async () => {
    await using at = await bed(failed, { stages: 'stages' });
    const run = await at.near.run(at.url, signal);
    const stages = await at.near.stages(run, signal);
    at.jenkins.fault(/consoleText/, 'cut');
    const here = await errorOf(at.near.explain(run, stages, signal));
    assert.equal(here.kind, 'truncated');
    assert.deepEqual(await errorOf(at.far.explain(run, stages, signal)), here);
    assert.equal(at.children.length, 1);
  });

  it('is told of in plain words when it dies', async () => {
    await using at = await bed(running);
    const { reading } = await at.open('far');
    await grownTo(reading, (running.log as string).length);
    at.children[0]?.kill('SIGKILL');
    assert.deepEqual(await errorOf(reading.complete), {
      name: 'UserError',
      message: 'The process that was reading the log has ended (SIGKILL).',
      advice: 'Try again; the system may have run out of memory.',
      kind: undefined,
    });
  });

  it('is not needed: what it cannot reach is read here', async () => {
    await using at = await bed(failed, { stages: 'stages' });
    const nowhere = { ...at.way, base: 'http://127.0.0.1:9/' };
    const lost = {
      bound: BOUND,
      program,
      elsewhere: () => Promise.resolve(readElsewhere(program, nowhere)),
    };
    const { reading } = await at.open('far', undefined, lost);
    await reading.complete;
    assert.equal(reading.log.size, LOG.clean.size);
    const run = await at.near.run(at.url, signal);
    const stages = await at.near.stages(run, signal);
    using client = connect(at.way, undefined, lost);
    assert.deepEqual(
      await client.explain(run, stages, signal),
      await at.near.explain(run, stages, signal),
    );
    assert.equal(at.children.length, 2);
  });

  it('is not started for a log that is short', async () => {
    await using at = await bed({ number: 1, result: 'SUCCESS', log: 'one\ntwo\n' });
    const { reading } = await at.open('far');
    await reading.complete;
    assert.equal(at.children.length, 0);
  });

  it('has the token over its channel alone', async function () {
    if (process.platform !== 'linux') this.skip();
    const token = 'canary-token-9c1e';
    const how = { user: 'ada', token };
    const users = { ada: { token } };
    await using at = await bed(running, { users, anonymous: false }, how);
    const { reading } = await at.open('far');
    // Without the token nothing would come.
    await grownTo(reading, (running.log as string).length);
    const [child] = at.children;
    const told = ['cmdline', 'environ'].map((file) =>
      readFileSync(`/proc/${child?.pid}/${file}`, 'utf8'),
    );
    assert.match(told[0] ?? '', /reader\.js/);
    for (const text of told)
      for (const secret of [token, Buffer.from(`ada:${token}`).toString('base64')])
        assert.ok(!text.includes(secret));
  });
});
