import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describe as say,
  partsOf,
  titleOf,
} from '../../../src/editor/reproductions/reproductionText';
import { ReproductionWatch } from '../../../src/editor/reproductions/reproductionWatch';
import { bornAt } from '../../../src/machines/processes';
import { openJournal, type NewEvent, type Verdict } from '../../../src/reproduce/journal';
import {
  createReproduction,
  deleteReproduction,
  readReproduction,
} from '../../../src/reproduce/store';
import { recipeFor } from '../../reproduce/recipes';

const verdict: Verdict = {
  kind: 'reproduced',
  sentence: 'reproduced: Build failed as in #42, same test',
  details: [],
  failedTests: [{ group: 'policy', name: 'TestX', details: undefined }],
};

describe('watching reproductions', () => {
  let root: string;
  let watch: ReproductionWatch;
  let waiting: (() => void)[];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-watch-'));
    waiting = [];
    watch = new ReproductionWatch(() => waiting.splice(0).forEach((done) => done()), root);
  });
  afterEach(() => {
    watch.dispose();
    rmSync(root, { recursive: true });
  });

  /** Resolves when what the watch tells is so. */
  async function until(is: () => boolean): Promise<void> {
    while (!is()) await new Promise<void>((done) => waiting.push(done));
  }

  function states(): string[] {
    return watch.all().map(({ status }) => status.state);
  }

  function begin(pid = process.pid) {
    const files = createReproduction(recipeFor(), root);
    const journal = openJournal(files.journal);
    journal.append({ type: 'started', version: 1, pid, bornAt: bornAt(pid) ?? '' });
    return { files, write: (event: NewEvent) => journal.append(event) };
  }

  it('sees one appear, run, and end with its verdict', async () => {
    assert.deepEqual(watch.all(), []);
    const { write } = begin();
    await until(() => states().join() === 'running');
    write({ type: 'stage', path: ['Build'], state: 'running' });
    await until(() => watch.all()[0]?.stages.length === 1);
    const [running] = watch.all();
    assert.ok(running && say(running, Date.now()) === 'running Build');
    write({ type: 'stage', path: ['Build'], state: 'failed' });
    write({ type: 'verdict', verdict });
    write({ type: 'ended', left: [] });
    await until(() => states().join() === 'ended');
    const [ended] = watch.all();
    assert.ok(ended);
    assert.match(say(ended, Date.now()), /^reproduced · just now · 0\.\d s$/);
    assert.equal(titleOf(ended), '#42 cilium');
    assert.deepEqual(
      partsOf(ended).map(({ kind }) => kind),
      ['stage', 'test'],
    );
  });

  it('sees one that has no journal yet get one', async () => {
    const files = createReproduction(recipeFor(), root);
    assert.deepEqual(states(), ['new']);
    const journal = openJournal(files.journal);
    journal.append({
      type: 'started',
      version: 1,
      pid: process.pid,
      bornAt: bornAt(process.pid) ?? '',
    });
    await until(() => states().join() === 'running');
  });

  it('sees that the owner of one was killed, although nothing is written then', async function () {
    this.timeout(10_000);
    const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(owner, 'spawn');
    const { write } = begin(owner.pid);
    write({ type: 'intent', what: 'worktree', where: '/w' });
    assert.deepEqual(states(), ['running']);
    owner.kill('SIGKILL');
    await until(() => states().join() === 'interrupted');
    const [left] = watch.all();
    assert.ok(left);
    assert.deepEqual(partsOf(left), [{ kind: 'note', text: 'may be left behind: worktree /w' }]);
    write({ type: 'gone', what: 'worktree', where: '/w' });
    await until(() => watch.all()[0]?.made.length === 0);
  });

  it('sees one deleted', async () => {
    const { files, write } = begin();
    write({ type: 'ended', left: [] });
    assert.deepEqual(states(), ['ended']);
    deleteReproduction(readReproduction(files.id, root));
    await until(() => states().length === 0);
  });

  it('lists the newest first', () => {
    const ids = [begin(), begin(), begin()].map(({ files }) => files.id);
    const times = watch.all().map(({ files }) => files.id.split('-').at(-2));
    assert.deepEqual(times, [...times].sort().reverse());
    assert.equal(watch.all().length, ids.length);
  });
});

describe('the parts of a reproduction', () => {
  it('nest stages by their paths, and put warnings of the machine first', () => {
    const root = mkdtempSync(join(tmpdir(), 'ci-parity-parts-'));
    try {
      const files = createReproduction(recipeFor(), root);
      const journal = openJournal(files.journal);
      const write = (event: NewEvent): void => journal.append(event);
      write({ type: 'finding', finding: { level: 'ok', subject: 'git', message: 'is there' } });
      write({ type: 'finding', finding: { level: 'stop', subject: 'disk', message: 'is full' } });
      write({ type: 'stage', path: ['Test'], state: 'failed' });
      write({ type: 'stage', path: ['Test', 'Unit'], state: 'passed' });
      write({ type: 'stage', path: ['Test', 'E2E'], state: 'failed' });
      const [finding, stage, ...rest] = partsOf(readReproduction(files.id, root));
      assert.ok(finding?.kind === 'finding' && finding.finding.subject === 'disk');
      assert.ok(stage?.kind === 'stage');
      assert.deepEqual(
        stage.children.map((child) => child.kind === 'stage' && child.name),
        ['Unit', 'E2E'],
      );
      assert.deepEqual(rest, []);
      journal[Symbol.dispose]();
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
