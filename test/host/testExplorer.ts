import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { FailingTests } from '../../src/editor/tests/main';
import { Sources } from '../../src/editor/tests/sources';
import { bornAt } from '../../src/machines/processes';
import { openJournal, type Verdict } from '../../src/reproduce/journal';
import { filesOf, listReproductions } from '../../src/reproduce/store';
import { api, aroundMoat, failedRun, folder } from './bed';
import { standIns, type StandIns } from './standIns';

/** What a run of the Test Explorer was told: `TestMoat failed: words`. */
type Results = readonly { readonly name: string | undefined; readonly said: string[] }[];

describe('the Test Explorer', () => {
  const { replace, hear, catchTerminals } = standIns();
  aroundMoat();
  const source = () => join(folder(), 'out', 'host-tests', 'moat_test.go');

  before(() => {
    mkdirSync(join(folder(), 'out', 'host-tests'), { recursive: true });
    writeFileSync(source(), 'package moat\n\nfunc TestMoat(t *testing.T) {\n}\n');
  });
  afterEach(async () => (await failing()).forget((await failedRun()).run.jobUrl));

  it('shows the failing tests of a run, with their results', async () => {
    const tests = await failing();
    const results = watchResults(tests, replace);
    await vscode.commands.executeCommand('ciParity.showTests', await failedRun());
    const [[, run] = []] = [...tests.controller.items];
    assert.equal(run?.label, 'moat #42');
    assert.deepEqual(
      leaves(run).map(({ label }) => label),
      ['TestMoat'],
    );
    const [result] = results;
    assert.equal(result?.name, 'failed in CI #42');
    assert.match(result.said.join('|'), /^TestMoat failed: --- FAIL: TestMoat [^|]*\|end$/);
  });

  it('finds where a test stands and where it failed, though the paths are those of CI', async () => {
    const sources = new Sources(AbortSignal.timeout(10_000));
    const details = '/home/vagrant/go/src/moat/out/host-tests/moat_test.go:4: want DENIED';
    const group = 'github.com/acme/moat/host-tests';
    const { test, failure } = await sources.of({ group, name: 'TestMoat/egress', details });
    const shown = [test, failure].map((each) => `${each?.uri.fsPath ?? ''}:${each?.line ?? ''}`);
    assert.deepEqual(shown, [`${source()}:3`, `${source()}:4`]);
    const stranger = { group: 'org.acme.Nowhere', name: 'denies', details: 'x.kt:1' };
    assert.deepEqual((await sources.of(stranger)).test, undefined);
  });

  it('reproduces the run whose test is wanted, and tells its verdict of the test', async () => {
    const tests = await failing();
    const terminals = catchTerminals();
    await tests.show(await failedRun(), AbortSignal.timeout(10_000));
    const results = watchResults(tests, replace);
    const working = tests.reproduce(new vscode.TestRunRequest(), never());
    await started(terminals);
    play({ kind: 'reproduced', failedTests: [{ group: '', name: 'TestMoat', details: 'DENIED' }] });
    await working;
    const [result] = results;
    assert.equal(result?.name, 'reproduction of moat #42');
    assert.deepEqual(
      result.said.filter((line) => !line.startsWith('output')),
      ['TestMoat started', 'TestMoat failed: DENIED', 'end'],
    );
    assert.ok(result.said.includes('output Test: failed'));
  });

  it('asks the runner to stop when the run is cancelled', async () => {
    const tests = await failing();
    const terminals = catchTerminals();
    await tests.show(await failedRun(), AbortSignal.timeout(10_000));
    const results = watchResults(tests, replace);
    const cancel = new vscode.CancellationTokenSource();
    const working = tests.reproduce(new vscode.TestRunRequest(), cancel.token);
    await started(terminals);
    cancel.cancel();
    play({ kind: 'cancelled', failedTests: [] });
    await working;
    assert.ok(results[0]?.said.includes('TestMoat skipped'));
  });

  it('runs nothing in an untrusted workspace', async () => {
    const tests = await failing();
    const errors = hear('Error');
    const terminals = catchTerminals();
    await tests.show(await failedRun(), AbortSignal.timeout(10_000));
    replace(vscode.workspace, 'isTrusted', false);
    await assert.rejects(tests.reproduce(new vscode.TestRunRequest(), never()), /not trusted/);
    assert.deepEqual([terminals.length, errors.length], [0, 0]);
  });
});

async function failing(): Promise<FailingTests> {
  return (await api()).tests.load();
}

function never(): vscode.CancellationToken {
  return new vscode.CancellationTokenSource().token;
}

function leaves(item: vscode.TestItem | undefined): vscode.TestItem[] {
  if (!item) return [];
  if (item.children.size === 0) return [item];
  return [...item.children].flatMap(([, child]) => leaves(child));
}

/** Notes what is told of runs from now on; VS Code hears of none of it. */
function watchResults(tests: FailingTests, replace: StandIns['replace']): Results {
  const all: { name: string | undefined; said: string[] }[] = [];
  replace(tests.controller, 'createTestRun', (_: unknown, name?: string) => {
    const said: string[] = [];
    all.push({ name, said });
    const note =
      (word: string) =>
      (item: vscode.TestItem, message?: vscode.TestMessage): void => {
        said.push(`${item.label} ${word}${message ? `: ${message.message as string}` : ''}`);
      };
    return {
      ...Object.fromEntries(
        ['started', 'failed', 'passed', 'skipped', 'errored'].map((word) => [word, note(word)]),
      ),
      appendOutput: (text: string) => said.push(`output ${text.trim()}`),
      end: () => said.push('end'),
    };
  });
  return all;
}

/** Resolves when a terminal was opened for a runner. */
async function started(terminals: readonly unknown[]): Promise<void> {
  const { reproductions } = await api();
  while (terminals.length === 0)
    await new Promise<void>((done) => {
      const once = reproductions.onDidChangeTreeData(() => {
        once.dispose();
        done();
      });
    });
}

/** What a runner would write: it took the newest reproduction, and came to this verdict. */
function play({ kind, failedTests }: Pick<Verdict, 'kind' | 'failedTests'>): void {
  const [newest] = listReproductions();
  assert.ok(newest);
  const journal = openJournal(filesOf(newest.files.id).journal);
  const born = bornAt(process.pid) ?? '';
  journal.append({ type: 'started', version: 1, pid: process.pid, bornAt: born });
  journal.append({ type: 'stage', path: ['Test'], state: 'failed' });
  const sentence = `${kind}: so it was`;
  journal.append({ type: 'verdict', verdict: { kind, sentence, details: [], failedTests } });
  journal.append({ type: 'ended', left: [] });
  journal[Symbol.dispose]();
}
