import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { runItems } from '../../src/editor/runs/pickRun';
import { nodeOf, now } from '../editor/runs/runs';
import { api, aroundMoat, failedRun, walk } from './bed';
import { standIns } from './standIns';

describe('the view "Runs"', () => {
  const { replace, hear } = standIns();
  aroundMoat();

  it('shows server, job and runs with icons, and labels for screen readers', async () => {
    const { runs } = await api();
    const items = (await walk()).map((node) => runs.getTreeItem(node));
    assert.deepEqual(
      items.map(({ label }) => label),
      ['ci', 'moat', '#42', '#41', '#40'],
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

  it('shows below a failed run its stages, and below the broken one the test', async () => {
    const { runs } = await api();
    const stages = await runs.getChildren(await failedRun());
    assert.deepEqual(
      stages.map((node) => runs.getTreeItem(node).label),
      ['Build', 'Test'],
    );
    const why = await runs.getChildren(stages[1]);
    assert.ok(why.some((node) => node.kind === 'test' && node.test.name === 'TestMoat'));
  });

  it('offers all jobs of the server when they are wanted', async () => {
    const { runs } = await api();
    await vscode.commands.executeCommand('ciParity.showAllJobs');
    const [server] = await runs.getChildren();
    const jobs = await runs.getChildren(server);
    assert.deepEqual(
      jobs.map((node) => runs.getTreeItem(node).label),
      ['moat', 'team'],
    );
    await vscode.commands.executeCommand('ciParity.showChosenJobs');
    assert.equal((await runs.getChildren(server)).length, 1);
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
