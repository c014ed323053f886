import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { takeSecrets } from '../../src/base/secretChannel';
import { stateDirectory } from '../../src/base/stateDirectory';
import { bornAt } from '../../src/machines/processes';
import type { Recipe } from '../../src/recipe/recipe';
import { openJournal } from '../../src/reproduce/journal';
import {
  createReproduction,
  filesOf,
  listReproductions,
  readReproduction,
  type Files,
} from '../../src/reproduce/store';
import { recipeFor } from '../reproduce/recipes';
import { api, aroundMoat, failedRun, folder, until } from './bed';
import { standIns } from './standIns';

const CANARY = 'canary-credential-91c2';

describe('reproducing', () => {
  const { replace, hear, catchTerminals } = standIns();
  const jenkins = aroundMoat();

  it('writes the recipe and starts the runner in a terminal, without the token', async () => {
    const terminals = catchTerminals();
    await vscode.commands.executeCommand('ciParity.reproduce', await failedRun());
    const [options] = terminals;
    assert.ok(options);
    assert.equal(options.shellPath, process.execPath);
    const [cli, verb, id] = options.shellArgs as string[];
    assert.match(cli ?? '', /dist.cli\.js$/);
    assert.equal(verb, 'run');
    assert.equal(options.env?.['ELECTRON_RUN_AS_NODE'], '1');
    assert.equal(options.env['CI_PARITY_SECRETS'], undefined);
    const { recipe } = readReproduction(id ?? '');
    assert.equal(recipe.run?.number, 42);
    assert.deepEqual(recipe.run.failure?.stage, ['Test']);
    assert.equal(recipe.repository.directory, folder());
    assert.doesNotMatch(JSON.stringify([recipe, options]), /canary/);
  });

  it('runs a stage of a Jenkinsfile as it is in the working tree', async () => {
    const terminals = catchTerminals();
    const file = vscode.Uri.file(join(folder(), 'out', 'host-lenses', 'Jenkinsfile'));
    await vscode.commands.executeCommand('ciParity.runStage', file, 'Test');
    const { recipe } = readReproduction(idOf(terminals[0]));
    assert.equal(recipe.run, undefined);
    assert.deepEqual(recipe.select, { kind: 'stage', name: 'Test' });
    assert.equal(recipe.withChanges, true);
  });

  it('starts nothing of a Jenkinsfile that Jenkins would refuse, and shows the line', async () => {
    const terminals = catchTerminals();
    const directory = join(folder(), 'out', 'host-refused');
    mkdirSync(directory, { recursive: true });
    const file = vscode.Uri.file(join(directory, 'Jenkinsfile'));
    const stage = "stage('Build') { steps { sh 'make' } post { always { echo 'x' } } }";
    writeFileSync(file.fsPath, `pipeline {\n  agent any\n  stages {\n    ${stage}\n  }\n}\n`);
    const shown = new Promise<vscode.TextEditor>((resolve) => {
      const listening = vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (textEditor.document.uri.fsPath !== file.fsPath) return;
        listening.dispose();
        resolve(textEditor);
      });
    });
    const errors: string[] = [];
    replace(vscode.window, 'showErrorMessage', (message: string, ...buttons: string[]) => {
      errors.push(message);
      return Promise.resolve(buttons[0]);
    });
    await vscode.commands.executeCommand('ciParity.runStage', file, 'Build');
    const { selection } = await shown;
    assert.equal(selection.active.line, 3);
    assert.deepEqual(errors, [
      'Jenkins would refuse this Jenkinsfile: line 4: "post" must begin on a line of its own.',
    ]);
    assert.deepEqual(terminals, []);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    rmSync(directory, { recursive: true });
  });

  it('announces code that comes from a fork, and starts nothing before a yes', async () => {
    const terminals = catchTerminals();
    const warnings = hear('Warning');
    const recipe = recipeFor();
    assert.ok(recipe.run);
    const change = { id: '17', url: undefined, title: 'A change', author: 'eve' } as const;
    const more = { target: 'master', branch: 'x', fork: true } as const;
    await again(made({ ...recipe, run: { ...recipe.run, change: { ...change, ...more } } }));
    assert.match(warnings[0] ?? '', /Run the code of change 17/);
    assert.deepEqual(terminals, []);
  });

  it('asks for a credential once, keeps it secret, and hands it over a socket', async function () {
    this.timeout(60_000);
    const terminals = catchTerminals();
    const answers = { quickPick: 0, input: 0 };
    replace(vscode.window, 'showQuickPick', (items: readonly vscode.QuickPickItem[]) => {
      answers.quickPick++;
      return Promise.resolve(items[0]);
    });
    replace(vscode.window, 'showInputBox', (options: vscode.InputBoxOptions) => {
      answers.input++;
      assert.equal(options.password, true);
      return Promise.resolve(CANARY);
    });
    const text = `pipeline { agent any
      environment { KEY = credentials('deploy') }
      stages { stage('Build') { steps { sh 'make' } } } }`;
    const files = made(recipeFor({ jenkinsfile: { path: 'Jenkinsfile', text, source: 'commit' } }));
    await again(files);
    await again(files);
    assert.deepEqual(answers, { quickPick: 1, input: 1 });
    assert.equal(terminals.length, 2);
    for (const { env } of terminals) {
      const path = env?.['CI_PARITY_SECRETS'];
      assert.ok(path);
      const secrets = await takeSecrets(path, AbortSignal.timeout(5000));
      assert.deepEqual(secrets, { deploy: { kind: 'text', text: CANARY } });
    }
    assert.doesNotMatch(JSON.stringify(terminals), /canary/);
    const state = stateDirectory();
    for (const name of readdirSync(state, { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.json'))
        assert.doesNotMatch(readFileSync(join(state, name), 'utf8'), /canary/);
  });

  it('shows a reproduction as it goes on, and tells its verdict once', async () => {
    const { reproductions } = await api();
    const notices = hear('Information');
    const files = made(recipeFor({ repository: { directory: folder(), remoteUrl: undefined } }));
    const journal = openJournal(files.journal);
    const label = () =>
      reproductions
        .getChildren()
        .map((node) => reproductions.getTreeItem(node))
        .find(({ id }) => id === files.id);
    const born = bornAt(process.pid) ?? '';
    journal.append({ type: 'started', version: 1, pid: process.pid, bornAt: born });
    journal.append({ type: 'stage', path: ['Build'], state: 'running' });
    await until(reproductions.onDidChangeTreeData, () => label()?.description === 'running Build');
    assert.equal(label()?.contextValue, 'reproduction.running');
    const sentence = 'reproduced: Build failed as in #42, same test';
    const verdict = { kind: 'reproduced', sentence, details: [], failedTests: [] } as const;
    journal.append({ type: 'stage', path: ['Build'], state: 'failed' });
    journal.append({ type: 'verdict', verdict });
    journal.append({ type: 'ended', left: [] });
    await until(reproductions.onDidChangeTreeData, () => notices.length > 0);
    assert.deepEqual(notices, [sentence]);
    assert.match(String(label()?.description), /^reproduced · just now/);
    journal[Symbol.dispose]();
  });

  it('asks the runner to stop and to finish by files', async () => {
    const files = made(recipeFor());
    const journal = openJournal(files.journal);
    const born = bornAt(process.pid) ?? '';
    journal.append({ type: 'started', version: 1, pid: process.pid, bornAt: born });
    await vscode.commands.executeCommand('ciParity.stop', nodeOf(files));
    assert.equal(readFileSync(files.stop, 'utf8'), '');
    journal.append({ type: 'kept', directory: folder(), machines: ['default'], environment: {} });
    const terminals = catchTerminals();
    await vscode.commands.executeCommand('ciParity.enterMachine', nodeOf(files));
    assert.deepEqual(terminals[0]?.shellArgs?.slice(1), ['enter', files.id, 'default']);
    await vscode.commands.executeCommand('ciParity.finish', nodeOf(files));
    assert.equal(readFileSync(files.finish, 'utf8'), '');
    journal.append({ type: 'ended', left: [] });
    journal[Symbol.dispose]();
  });

  it('follows a link only when the person agrees', async () => {
    const before = listReproductions().length;
    const warnings = hear('Warning');
    const { links } = await api();
    const run = encodeURIComponent(`${jenkins().base}job/moat/42/`);
    for (const name of ['url', 'run']) {
      const link = `vscode://ci-parity.ci-parity/reproduce?${name}=${run}`;
      await links.handleUri(vscode.Uri.parse(link));
    }
    assert.deepEqual(warnings, Array(2).fill('Reproduce this failure here?'));
    assert.equal(listReproductions().length, before);
  });

  it('asks a server that a link names only once the person has connected to it', async () => {
    const { links } = await api();
    const asked: string[] = [];
    replace(vscode.window, 'showWarningMessage', (message: string, options: { detail: string }) => {
      asked.push(message, options.detail);
      return Promise.resolve(undefined);
    });
    const run = encodeURIComponent('https://evil.example/job/x%252Fy/1/');
    await links.handleUri(vscode.Uri.parse(`vscode://ci-parity.ci-parity/open?url=${run}`));
    assert.deepEqual(asked, [
      'You are not connected to the server that this link names.',
      'Connect only if you know it:\nhttps://evil.example/',
    ]);
  });

  it('opens the run that a link names without asking, since that runs nothing', async () => {
    const { links } = await api();
    const warnings = hear('Warning');
    const done: unknown[] = [];
    replace(vscode.commands, 'executeCommand', (...command: unknown[]) => {
      done.push(command);
      return Promise.resolve();
    });
    const run = `${jenkins().base}job/moat/41/`;
    const link = `vscode://ci-parity.ci-parity/open?url=${encodeURIComponent(run)}`;
    await links.handleUri(vscode.Uri.parse(link));
    assert.deepEqual(done, [['ciParity.showRun', run]]);
    assert.deepEqual(warnings, []);
  });
});

function made(recipe: Recipe): Files {
  return createReproduction(recipe);
}

function nodeOf(files: Files): unknown {
  return { kind: 'reproduction', reproduction: readReproduction(filesOf(files.id).id) };
}

function again(files: Files): Thenable<unknown> {
  return vscode.commands.executeCommand('ciParity.again', nodeOf(files));
}

function idOf(options: vscode.TerminalOptions | undefined): string {
  return (options?.shellArgs as string[] | undefined)?.[2] ?? '';
}
