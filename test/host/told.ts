import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { RunNode } from '../../src/editor/runs/runsNodes';
import type { BranchStatus } from '../../src/editor/told/branchStatus';
import type { Telling } from '../../src/editor/told/main';
import { api, aroundMoat, until } from './bed';
import { standIns } from './standIns';

describe('being told of the branch', () => {
  const { replace, hear } = standIns();
  const jenkins = aroundMoat();
  let telling: Telling;
  let status: BranchStatus | undefined;

  const { workspace } = vscode;
  const directory = mkdtempSync(join(tmpdir(), 'told-'));
  const git = (...args: string[]) => execFileSync('git', ['-C', directory, ...args]);

  const folders = Object.getOwnPropertyDescriptor(workspace, 'workspaceFolders');

  // The folder that the tests run in may have no branch checked out.
  before(async () => {
    git('init', '-q', '-b', 'topic');
    git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'a');
    const folder = { uri: vscode.Uri.file(directory), name: 'topic', index: 0 };
    Object.defineProperty(workspace, 'workspaceFolders', { value: [folder], configurable: true });
    telling = await (await api()).told.load();
    telling.onDidRender((shown) => (status = shown));
    telling.begin();
  });
  after(() => {
    if (folders) Object.defineProperty(workspace, 'workspaceFolders', folders);
    telling.begin();
  });

  /** Resolves when the status bar shows this. */
  async function shows(mark: string, label: string): Promise<void> {
    await until(
      telling.onDidRender,
      () => status?.mark.icon === mark && status.label.startsWith(label),
    );
  }

  /** The newest run goes on, then ends. */
  async function build(number: number, result: 'SUCCESS' | 'FAILURE'): Promise<void> {
    jenkins().enqueue('moat');
    await vscode.commands.executeCommand('ciParity.refresh');
    await shows('sync~spin', `CI #${number}`);
    jenkins().finish('moat', number, result);
    await vscode.commands.executeCommand('ciParity.refresh');
  }

  it('shows how it is in the status bar, with what failed first', async () => {
    await shows('error', 'CI #42');
    await until(telling.onDidRender, () => (status?.tooltip.length ?? 0) > 2);
    assert.match(status?.tooltip.join('\n') ?? '', /CI of topic\n#42 failed · .*\nTest.*test\.sh/);
  });

  it('counts the new failures on the icon of the view', async () => {
    const { runs } = await api();
    assert.deepEqual(runs.badge, { value: 1, tooltip: '1 new failure of topic' });
  });

  it('shows its failing tests in the Test Explorer', async () => {
    const { controller } = await (await api()).tests.load();
    // Their results are told when they are there.
    if (controller.items.size === 0)
      await new Promise<void>((done) => {
        replace(controller, 'createTestRun', () => ({ failed: () => undefined, end: done }));
      });
    assert.deepEqual(
      [...controller.items].map(([, item]) => item.label),
      ['moat #42'],
    );
  });

  it('offers what can be done about it', async () => {
    let labels: string[] = [];
    replace(vscode.window, 'showQuickPick', (items: vscode.QuickPickItem[]) => {
      labels = items.map(({ label, description }) => `${label} ${description ?? ''}`);
      return Promise.resolve(items[0]);
    });
    const done: unknown[] = [];
    replace(vscode.commands, 'executeCommand', (command: string, node: RunNode) => {
      done.push([command, node.run.number]);
      return Promise.resolve();
    });
    await telling.pick();
    assert.equal(labels[0], '$(debug-rerun) Reproduce #42');
    assert.deepEqual(done, [['ciParity.reproduce', 42]]);
  });

  it('tells that it is green again, and takes its tests away', async () => {
    const told = hear('Information');
    await build(43, 'SUCCESS');
    await shows('pass', 'CI #43');
    assert.deepEqual(told, ['topic is green again with moat #43.']);
    const { controller } = await (await api()).tests.load();
    assert.equal(controller.items.size, 0);
    assert.equal((await api()).runs.badge, undefined);
  });

  it('tells that it turned red, with Reproduce as the first answer', async () => {
    const asked: unknown[] = [];
    const done: unknown[] = [];
    const answered = new Promise<void>((resolve) => {
      const { executeCommand } = vscode.commands;
      replace(vscode.window, 'showWarningMessage', (...words: string[]) => {
        asked.push(words);
        return Promise.resolve(words[1]);
      });
      replace(vscode.commands, 'executeCommand', (command: string, ...rest: unknown[]) => {
        if (command !== 'ciParity.reproduce')
          return executeCommand.call(vscode.commands, command, ...rest);
        done.push((rest[0] as RunNode).run.number);
        resolve();
        return Promise.resolve();
      });
    });
    await build(44, 'FAILURE');
    await answered;
    assert.match(JSON.stringify(asked), /^\[\["topic turned red with moat #44: /);
    assert.match(JSON.stringify(asked), /"Reproduce","Show","Don't Tell Again Here"\]\]$/);
    assert.deepEqual(done, [44]);
  });

  it('counts a failure no more once it was seen in the view', async () => {
    const { runs } = await api();
    const badge = (): number | undefined => runs.badge?.value;
    assert.equal(badge(), undefined, 'who reproduces #44 has seen it');
    await build(45, 'FAILURE');
    await shows('error', 'CI #45');
    assert.equal(badge(), 1);
    await vscode.commands.executeCommand('ciParity.showRun', `${jenkins().base}job/moat/45/`);
    await until(runs.onDidChangeVisibility, () => runs.visible);
    assert.equal(badge(), undefined);
  });

  it('tells nothing where the person wants none of it', async () => {
    const told = [hear('Information'), hear('Warning')];
    const settings = vscode.workspace.getConfiguration('ciParity');
    await settings.update('notify', 'off', vscode.ConfigurationTarget.Global);
    await build(46, 'SUCCESS');
    await shows('pass', 'CI #46');
    await settings.update('notify', undefined, vscode.ConfigurationTarget.Global);
    assert.deepEqual(told, [[], []]);
  });

  it('follows the person to another branch', async () => {
    git('switch', '-q', '-c', 'other');
    await until(telling.onDidRender, () => status?.tooltip[0] === 'CI of other');
    git('switch', '-q', '--detach');
    await until(telling.onDidRender, () => status === undefined);
    git('switch', '-q', 'topic');
    await shows('pass', 'CI #46');
  });

  it('shows nothing where the person wants it hidden, nor in an untrusted workspace', async () => {
    const settings = vscode.workspace.getConfiguration('ciParity');
    await settings.update('branchStatus', false, vscode.ConfigurationTarget.Global);
    await until(telling.onDidRender, () => status === undefined);
    await settings.update('branchStatus', undefined, vscode.ConfigurationTarget.Global);
    await shows('pass', 'CI #46');
    replace(vscode.workspace, 'isTrusted', false);
    telling.begin();
    assert.equal(status, undefined);
    await assert.rejects(telling.pick(), /No job of this workspace builds the branch/);
  });

  describe('in several folders', () => {
    const other = mkdtempSync(join(tmpdir(), 'told-side-'));
    before(async () => {
      const inOther = (...args: string[]) => execFileSync('git', ['-C', other, ...args]);
      inOther('init', '-q', '-b', 'side');
      inOther(
        '-c',
        'user.name=a',
        '-c',
        'user.email=a@b',
        'commit',
        '-q',
        '--allow-empty',
        '-m',
        'a',
      );
      // What the view shows counts as seen.
      const { runs } = await api();
      await vscode.commands.executeCommand('workbench.view.explorer');
      await until(runs.onDidChangeVisibility, () => !runs.visible);
    });

    it('tells of all, and shows the branch of the folder that the person is in', async () => {
      const { runs } = await api();
      const all = [directory, other].map((path, index) => {
        return { uri: vscode.Uri.file(path), name: basename(path), index };
      });
      const { getConfiguration } = workspace;
      replace(workspace, 'workspaceFolders', all);
      replace(workspace, 'getWorkspaceFolder', ({ path }: vscode.Uri) =>
        all.find(({ uri }) => path.startsWith(`${uri.path}/`)),
      );
      replace(workspace, 'getConfiguration', (section: string, scope?: vscode.Uri) => {
        const settings = getConfiguration.call(workspace, section, scope);
        if (section !== 'ciParity' || scope?.path !== all[1]?.uri.path) return settings;
        const jobs = [`${jenkins().base}job/team/job/live/`];
        return { get: (key: string) => (key === 'jobs' ? jobs : settings.get(key)) };
      });
      telling.begin();
      await shows('pass', 'CI #46');
      const file = join(other, 'a.txt');
      writeFileSync(file, '');
      await vscode.window.showTextDocument(vscode.Uri.file(file));
      await shows('sync~spin', 'CI #1');
      assert.equal(status?.tooltip[0], 'CI of side');

      const told: string[] = [];
      const both = new Promise<void>((done) => {
        replace(vscode.window, 'showWarningMessage', (message: string) => {
          if (told.push(message) === 2) done();
          return Promise.resolve(undefined);
        });
      });
      jenkins().enqueue('moat');
      jenkins().finish('moat', 47, 'FAILURE');
      jenkins().finish('team/live', 1, 'FAILURE');
      await vscode.commands.executeCommand('ciParity.refresh');
      await until(telling.onDidRender, () => runs.badge?.value === 2);
      await both;
      assert.equal(runs.badge?.tooltip, '2 new failures of topic, side');
      assert.match(
        told.sort().join('\n'),
        /^side turned red with team\/live #1\b.*\ntopic turned red with moat #47\b/,
      );

      // What is no file of the workspace leaves the person where they are.
      await vscode.window.showTextDocument(await workspace.openTextDocument({ content: '' }));
      assert.equal(status.tooltip[0], 'CI of side');
      const own = join(directory, 'a.txt');
      writeFileSync(own, '');
      await vscode.window.showTextDocument(vscode.Uri.file(own));
      await until(telling.onDidRender, () => status?.tooltip[0] === 'CI of topic');
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    });
  });
});
