import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFolder } from '../../../src/editor/logs/logFolder';
import { LogReadings } from '../../../src/editor/logs/logReadings';
import { LogView } from '../../../src/editor/logs/logView';
import { connect } from '../../../src/jenkins/client';
import { startJenkins, type JenkinsOptions } from '../../bed/jenkins/double';
import { hugeLog } from '../../bed/jenkins/hugeLog';
import type { RunSpec } from '../../bed/jenkins/world';

const { signal } = new AbortController();

async function bed(run: RunSpec, options: Partial<JenkinsOptions> = {}) {
  const root = await mkdtemp(join(tmpdir(), 'ci-parity-logs-'));
  const jenkins = await startJenkins({ world: { jobs: [{ name: 'a', runs: [run] }] }, ...options });
  const client = connect({ base: jenkins.base, pollInterval: 1 });
  const readings = new LogReadings(
    {
      client: () => Promise.resolve(client),
      stages: (of) => client.stages(of, signal),
    },
    new LogFolder(root),
  );
  const url = `${jenkins.base}job/a/${run.number}/`;
  const files = (): string[] =>
    existsSync(join(root, 'logs'))
      ? readdirSync(join(root, 'logs'), { recursive: true, encoding: 'utf8' }).filter((file) =>
          file.endsWith('.log'),
        )
      : [];
  return {
    ...{ jenkins, client, readings, root, url, files },
    requests: () => jenkins.requests.filter(({ path }) => /consoleText|progressive/.test(path)),
    async [Symbol.asyncDispose]() {
      await readings[Symbol.asyncDispose]();
      client[Symbol.dispose]();
      await jenkins.close();
      await rm(root, { recursive: true });
    },
  };
}

async function textOf(view: LogView): Promise<string> {
  return (await view.log.read(0, view.log.size)).toString();
}

describe('the reading of a log', () => {
  const finished: RunSpec = { number: 1, result: 'SUCCESS', log: 'one\ntwo\nthree\n' };

  it('is done once, however many want it, and its file goes with the last of them', async () => {
    await using at = await bed(finished);
    const [first, second] = await Promise.all([
      at.readings.lend({ kind: 'run', url: at.url }, signal),
      at.readings.lend({ kind: 'run', url: at.url }, signal),
    ]);
    await first.reading.complete;
    assert.equal(first.reading, second.reading);
    assert.equal(at.requests().filter(({ path }) => path.endsWith('consoleText')).length, 2);
    first.giveBack();
    first.giveBack();
    assert.equal(await textOf(new LogView(second.reading.log, 'hide')), 'one\ntwo\nthree\n');
    assert.equal(at.files().length, 1);
    second.giveBack();
    while (at.files().length > 0) await new Promise((done) => setImmediate(done));
  });

  it('goes on where the connection broke', async () => {
    const lines = Array.from({ length: 50_000 }, (_, at) => `line ${at}\n`).join('');
    await using at = await bed({ number: 1, result: 'SUCCESS', log: lines });
    const fault = at.jenkins.fault(/consoleText/, 'cut');
    const { reading } = await at.readings.lend({ kind: 'run', url: at.url }, signal);
    await new Promise<void>((done) => {
      reading.onChange(() => {
        if (reading.state.kind === 'waiting') done();
      });
    });
    fault[Symbol.dispose]();
    await reading.complete;
    assert.equal(await textOf(new LogView(reading.log, 'hide')), lines);
  });

  it('that fails at once is tried again by the next who wants it', async () => {
    await using at = await bed(finished);
    const fault = at.jenkins.fault(/consoleText/, '500');
    const { reading, giveBack } = await at.readings.lend({ kind: 'run', url: at.url }, signal);
    await assert.rejects(reading.complete, /problem of its own/);
    giveBack();
    fault[Symbol.dispose]();
    const again = await at.readings.lend({ kind: 'run', url: at.url }, signal);
    await again.reading.complete;
  });

  it('follows a running run to its end', async () => {
    await using at = await bed({ number: 1, building: true, log: 'begun\n' });
    const { reading } = await at.readings.lend({ kind: 'run', url: at.url }, signal);
    await reading.begun;
    assert.equal(reading.growing, true);
    at.jenkins.appendLog('a', 1, 'going on\n');
    at.jenkins.finish('a', 1, 'SUCCESS');
    await reading.complete;
    assert.equal(await textOf(new LogView(reading.log, 'hide')), 'begun\ngoing on\n');
  });

  it('sweeps what windows left that are no more, and nothing else', async () => {
    await using at = await bed(finished);
    const ours = join(at.root, 'logs');
    mkdirSync(join(ours, '999999999-1'), { recursive: true });
    mkdirSync(join(ours, `${process.pid}-0`));
    const { reading } = await at.readings.lend({ kind: 'run', url: at.url }, signal);
    await reading.complete;
    const left = readdirSync(ours);
    assert.equal(left.length, 1);
    assert.match(left[0] ?? '', new RegExp(`^${process.pid}-(?!0$)`));
  });

  it('of 300 MB takes no memory to speak of, and any line is soon there', async function () {
    this.timeout(120_000);
    const log = hugeLog(300e6);
    await using at = await bed({ number: 1, result: 'FAILURE', log });
    const held = (): number => {
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      return heapUsed + Math.max(external, arrayBuffers);
    };
    const before = held();
    let most = 0;
    const watching = setInterval(() => (most = Math.max(most, held() - before)), 20);
    try {
      const { reading } = await at.readings.lend({ kind: 'run', url: at.url }, signal);
      await reading.complete;
      assert.ok(reading.log.size >= 300e6);
      const view = new LogView(reading.log, 'hide');
      for (const offset of [0, 150e6, 42, reading.log.size]) {
        await view.show(offset);
        assert.ok(view.shown.text.length <= 1 << 20);
      }
    } finally {
      clearInterval(watching);
    }
    assert.ok(most < 100e6, `${(most / 1e6).toFixed(0)} MB`);
  });
});

describe('the log of one stage', () => {
  const stages = [
    { name: 'Build', log: ['[Pipeline] sh', '+ make', 'made'] },
    {
      name: 'Checks',
      parallel: true,
      children: [
        { name: 'unit', log: ['[Pipeline] sh', '+ go test', 'ok'] },
        { name: 'lint', log: ['[Pipeline] sh', '+ golint', 'fine'] },
      ],
    },
  ];
  const run: RunSpec = { number: 1, result: 'SUCCESS', stages };

  async function stageText(options: Partial<JenkinsOptions>, name: string) {
    await using at = await bed(run, options);
    const all = await at.client.stages(await at.client.run(at.url, signal), signal);
    const stage = all.find((each) => each.name === name)!;
    const before = at.requests().length;
    const address = { kind: 'stage', url: at.url, id: stage.id, stage: stage.path } as const;
    const { reading, only } = await at.readings.lend(address, signal);
    await reading.complete;
    const text = await textOf(new LogView(reading.log, 'hide'));
    const asked = at
      .requests()
      .slice(before)
      .filter(({ path }) => path.endsWith('consoleText'));
    return { text, only, console: asked.length };
  }

  it('comes from the server where it keeps them apart, with those of the stages in it', async () => {
    for (const plugin of ['stages', 'pipeline-overview'] as const) {
      const { text, only } = await stageText({ stages: plugin }, 'Checks');
      assert.equal(only, undefined);
      assert.equal(
        text,
        '[Pipeline] { (unit)\n+ go test\nok\n[Pipeline] }\n[Pipeline] { (lint)\n+ golint\nfine\n[Pipeline] }\n',
      );
    }
  });

  it('goes on where the connection broke', async () => {
    const lines = Array.from({ length: 50_000 }, (_, at) => `line ${at}`);
    const long: RunSpec = {
      number: 1,
      result: 'SUCCESS',
      stages: [{ name: 'Build', log: ['[Pipeline] sh', ...lines] }],
    };
    await using at = await bed(long, { stages: 'stages' });
    const [stage] = await at.client.stages(await at.client.run(at.url, signal), signal);
    const address = { kind: 'stage', url: at.url, id: stage!.id, stage: stage!.path } as const;
    const fault = at.jenkins.fault(/stages\/log/, 'cut');
    const { reading } = await at.readings.lend(address, signal);
    await new Promise<void>((done) => {
      reading.onChange(() => {
        if (reading.state.kind === 'waiting') done();
      });
    });
    fault[Symbol.dispose]();
    await reading.complete;
    assert.equal(await textOf(new LogView(reading.log, 'hide')), `${lines.join('\n')}\n`);
  });

  it('is cut out of the whole log elsewhere', async () => {
    for (const plugin of ['wfapi', 'none'] as const) {
      const { text, only } = await stageText({ stages: plugin }, 'Build');
      assert.deepEqual(only, ['Build']);
      assert.match(text, /Started by[^]*made[^]*Finished/);
    }
  });
});
