import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { runItems } from '../../src/editor/runs/pickRun';
import { nodeOf, now } from '../editor/runs/runs';
import type { RunsNode } from '../../src/editor/runs/runsNodes';
import { api, aroundMoat, failedRun, until, walk } from './bed';
import { personIn } from './person';
import { standIns } from './standIns';

describe('the view "Runs"', () => {
  const ins = standIns();
  const { replace, hear } = ins;
  aroundMoat();

  it('shows workspace, job and runs with icons, and labels for screen readers', async () => {
    const { runs } = await api();
    const items = (await walk()).map((node) => runs.getTreeItem(node));
    assert.deepEqual(
      items.map(({ label }) => label),
      ['This workspace', 'moat', '#42', '#41', '#40'],
    );
    const failed = items[2];
    assert.equal(failed?.contextValue, 'run.failed');
    assert.ok(failed.iconPath instanceof vscode.ThemeIcon);
    assert.equal(failed.iconPath.id, 'error');
    assert.match(failed.accessibilityInformation?.label ?? '', /^Run 42, failed/);
  });

  it("never trusts a server's words as Markdown", async () => {
    const { runs } = await api();
    const test = { group: '[x](command:y)', name: '**bold** <img src=x>', details: undefined };
    const { tooltip } = runs.getTreeItem({ kind: 'test', of: await failedRun(), test });
    assert.ok(tooltip instanceof vscode.MarkdownString);
    assert.notEqual(tooltip.isTrusted, true);
    assert.notEqual(tooltip.supportHtml, true);
    assert.doesNotMatch(tooltip.value, /\[x\]\(command|\*\*bold/);
  });

  it('shows below a failed run what failed first, the test, and the stages', async () => {
    const { runs } = await api();
    const run = await failedRun();
    let below: RunsNode[] = [];
    await until(runs.onDidChangeTreeData, async () => {
      below = await runs.getChildren(run);
      return below.some(({ kind }) => kind === 'test');
    });
    const [first, ...labels] = below.map((node) => runs.getTreeItem(node).label as string);
    assert.match(first ?? '', /^Test: \.\/test\.sh → exit 1/);
    assert.deepEqual(labels, ['TestMoat', 'Build', 'Test', 'Artifacts']);
  });

  it('offers all jobs of the server when they are wanted', async () => {
    const { runs } = await api();
    await vscode.commands.executeCommand('ciParity.showAllJobs');
    const [, server] = await runs.getChildren();
    const jobs = await runs.getChildren(server);
    assert.deepEqual(
      jobs.map((node) => runs.getTreeItem(node).label),
      ['moat', 'team'],
    );
    await vscode.commands.executeCommand('ciParity.showChosenJobs');
    assert.deepEqual(await kinds(), ['section']);
  });

  it('keeps the favourites that the person marks, until they are unmarked', async () => {
    const { runs } = await api();
    const [, job] = await walk();
    await vscode.commands.executeCommand('ciParity.addFavourite', job);
    const [, favourites] = await runs.getChildren();
    assert.ok(favourites);
    const [favourite] = await runs.getChildren(favourites);
    assert.ok(favourite?.kind === 'job');
    assert.match(runs.getTreeItem(favourite).contextValue ?? '', /\.favourite$/);
    await vscode.commands.executeCommand('ciParity.removeFavourite', favourite);
    assert.deepEqual(await kinds(), ['section']);
  });

  it('shows only what fails while that is wanted', async () => {
    const labels = async () => {
      const { runs } = await api();
      return (await walk()).map((node) => runs.getTreeItem(node).label);
    };
    await vscode.commands.executeCommand('ciParity.showFailingOnly');
    assert.deepEqual(await labels(), ['This workspace', 'moat', '#42', '#40']);
    await vscode.commands.executeCommand('ciParity.showAnyResult');
    assert.deepEqual(await labels(), ['This workspace', 'moat', '#42', '#41', '#40']);
  });

  it('finds a job in any folder of the server, and shows it in the view', async () => {
    const person = personIn(ins);
    person.picks.push('live');
    await vscode.commands.executeCommand('ciParity.findJob');
    assert.match(person.seen[0] ?? '', /^Find Job\n[^]*^live: team$/m);
    const { runs } = await api();
    const labels = (await walk()).map((node) => runs.getTreeItem(node).label);
    assert.ok(labels.includes('live'));
    await vscode.commands.executeCommand('ciParity.showChosenJobs');
  });

  it('shows an artifact that is text, and saves any where the person wants', async () => {
    const { runs } = await api();
    const below = await runs.getChildren(await failedRun());
    const artifacts = below.find(({ kind }) => kind === 'artifacts');
    assert.ok(artifacts);
    const [text] = await runs.getChildren(artifacts);
    await vscode.commands.executeCommand('ciParity.openArtifact', text);
    const { document } = vscode.window.activeTextEditor ?? {};
    assert.equal(document?.getText(), 'the VM booted\n');
    assert.match(document.uri.path, /\/moat\/42\/logs\/vm\.txt$/);
    const folder = mkdtempSync(join(tmpdir(), 'ci-parity-'));
    const file = join(folder, 'vm.txt');
    // A repository may hold links under the names that are written.
    const precious = join(mkdtempSync(join(tmpdir(), 'ci-parity-')), 'precious');
    writeFileSync(precious, 'precious');
    for (const name of ['vm.txt', 'vm.txt.part']) symlinkSync(precious, join(folder, name));
    replace(vscode.window, 'showSaveDialog', () => Promise.resolve(vscode.Uri.file(file)));
    await vscode.commands.executeCommand('ciParity.saveArtifact', text);
    assert.equal(readFileSync(file, 'utf8'), 'the VM booted\n');
    assert.deepEqual(readdirSync(folder), ['vm.txt', 'vm.txt.part']);
    assert.equal(readFileSync(precious, 'utf8'), 'precious');
  });

  it('offers broken runs to pick from, those of the own branch under a heading', () => {
    const nodes = [nodeOf({ number: 1, branch: 'other' }), nodeOf({ number: 2 })];
    const labels = runItems(nodes, 'master', now).map(({ label, kind }) =>
      kind === vscode.QuickPickItemKind.Separator ? `-- ${label}` : label,
    );
    assert.deepEqual(labels, [
      '-- checked out: master',
      'cilium/master #2',
      '-- other branches',
      'cilium/master #1',
    ]);
  });

  it('tells a known error in its own words, and a defect with a way to the log', async () => {
    const errors = hear('Error');
    await vscode.commands.executeCommand(
      'ciParity.reproduceUrl',
      'https://nowhere.example/job/x/1/',
    );
    assert.match(errors[0] ?? '', /^You are not connected to the server/);
    replace(vscode.window, 'withProgress', () => {
      throw new TypeError('no such thing');
    });
    await vscode.commands.executeCommand('ciParity.openLog', await failedRun());
    assert.match(errors[1] ?? '', /did something wrong: no such thing/);
  });

  it('reproduces nothing in an untrusted workspace, but can be browsed there', async () => {
    const errors = hear('Error');
    const node = await failedRun();
    replace(vscode.workspace, 'isTrusted', false);
    for (const command of ['reproduce', 'showPlan'])
      await vscode.commands.executeCommand(`ciParity.${command}`, node);
    assert.deepEqual(
      errors.map((words) => /not trusted/.test(words)),
      [true, true],
    );
    assert.ok((await walk()).length > 3);
  });
});

async function kinds(): Promise<string[]> {
  return (await (await api()).runs.getChildren()).map(({ kind }) => kind);
}
