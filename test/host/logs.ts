import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as vscode from 'vscode';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';
import { hugeLog } from '../bed/jenkins/hugeLog';
import type { RunSpec } from '../bed/jenkins/world';
import { api, disconnect, until } from './bed';
import { standIns } from './standIns';

const { signal } = new AbortController();
const LOG = hugeLog(12e6);

const SCRIPT = `pipeline {
  stages {
    stage('Test') {
      environment { MEMORY = '4096' }
    }
  }
}
`;

describe('a log in the editor', function () {
  // Windows of megabytes go to and fro between VS Code's processes.
  this.timeout(60_000);
  const { replace, hear } = standIns();
  let jenkins: JenkinsDouble;
  before(async () => {
    const runs: RunSpec[] = [
      { number: 1, result: 'FAILURE', log: LOG, stages: LOG.stages },
      {
        number: 2,
        result: 'FAILURE',
        error: 'script returned exit code 1',
        script: SCRIPT,
        stages: [
          {
            name: 'Build',
            log: ['[Pipeline] sh', '+ make', '\u001b[31mcc\u001b[0m main.c', 'done'],
          },
          { name: 'Test', state: 'failed', log: ['[Pipeline] sh', '+ ./test.sh', 'no'] },
        ],
      },
      {
        number: 3,
        result: 'FAILURE',
        log: [
          'Running on agent-1 in /srv/ws/logs',
          '/srv/ws/logs/src/extension.ts:3:7: error: from the agent',
          '    runtime-1: /vagrant/src/cli.ts:5: warning: from the machine',
          'nowhere/to/be/found.c:1:1: error: elsewhere',
          'see bed.ts:2',
          'Finished: FAILURE\n',
        ].join('\n'),
      },
    ];
    jenkins = await startJenkins({ world: { jobs: [{ name: 'logs', runs }] } });
    const { servers } = await api();
    await servers.add({ url: jenkins.base, name: 'logs', user: undefined }, { token: undefined });
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await disconnect();
    await jenkins.close();
  });

  async function node(number: number) {
    const { servers } = await api();
    const server = servers.at(jenkins.base);
    const client = await servers.client(server);
    const run = await client.run(`${jenkins.base}job/logs/${number}/`, signal);
    return { kind: 'run', server, run } as const;
  }

  async function open(number: number): Promise<vscode.TextEditor> {
    await vscode.commands.executeCommand('ciParity.openLog', await node(number));
    return active();
  }

  function active(): vscode.TextEditor {
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.scheme, 'ci-parity-log');
    return editor;
  }

  function cursorLine(): string {
    const { document, selection } = active();
    return document.lineAt(selection.active.line).text;
  }

  /** Opens the search with the words that are selected, and gives it when it has looked through all. */
  async function searched() {
    const pick = vscode.window.createQuickPick();
    const accept = new vscode.EventEmitter<void>();
    const done = new Promise<void>((settle) => {
      Object.defineProperty(pick, 'busy', { set: (busy) => (busy ? undefined : settle()) });
    });
    replace(pick, 'onDidAccept', accept.event);
    replace(vscode.window, 'createQuickPick', () => pick);
    await vscode.commands.executeCommand('ciParity.logSearch');
    await done;
    return { pick, accept };
  }

  async function lenses(): Promise<string[]> {
    const { uri } = active().document;
    const found = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      uri,
    );
    return found.flatMap(({ command }) => (command ? [command.title] : []));
  }

  it('that is long opens at the failure, in a window that tells where it is', async () => {
    const children: ChildProcess[] = [];
    const note = (message: unknown): void =>
      void children.push((message as { process: ChildProcess }).process);
    subscribe('child_process', note);
    const { document } = await open(1);
    unsubscribe('child_process', note);
    assert.ok(
      children.some(({ spawnargs }) => spawnargs.some((each) => each.endsWith('reader.js'))),
      'it is not read in the extension host',
    );
    assert.ok(document.getText().length <= 1 << 20);
    assert.match(cursorLine(), /FAIL: TestPolicyEgressDeny|want DENIED/);
    const titles = await lenses();
    assert.match(titles[0] ?? '', /^▲ earlier · lines 1–[\d,]+$/);
    assert.ok(!titles.some((title) => title.startsWith('▼')));
  });

  it('goes to any line of the whole, and on from window to window', async () => {
    await open(1);
    const needle = LOG.needles[0];
    replace(vscode.window, 'showInputBox', () => Promise.resolve(String(needle.line)));
    await vscode.commands.executeCommand('ciParity.logGoToLine');
    assert.equal(cursorLine(), 'needle at a quarter of the log');
    await vscode.commands.executeCommand('ciParity.logBeginning');
    assert.equal(cursorLine(), 'Started by user Ada');
    const last = active().document.lineAt(active().document.lineCount - 1).text;
    assert.ok((await lenses()).some((title) => title.startsWith('▼ later')));
    await vscode.commands.executeCommand('ciParity.logLater');
    assert.equal(cursorLine(), last);
    assert.ok(active().selection.active.line < active().document.lineCount - 1000);
    await vscode.commands.executeCommand('ciParity.logEnd');
    assert.equal(
      active().document.lineAt(active().document.lineCount - 2).text,
      'Finished: FAILURE',
    );
  });

  it('shows times when they are wanted', async () => {
    await open(1);
    replace(vscode.window, 'showInputBox', () => Promise.resolve(String(LOG.needles[1].line)));
    await vscode.commands.executeCommand('ciParity.logGoToLine');
    await vscode.commands.executeCommand('ciParity.logTimestamps');
    assert.equal(cursorLine(), '[2026-02-01T10:01:00.000Z] needle at a half of the log');
    await vscode.commands.executeCommand('ciParity.logTimestamps');
    assert.equal(cursorLine(), '+0:01:00 needle at a half of the log');
    await vscode.commands.executeCommand('ciParity.logTimestamps');
    assert.equal(cursorLine(), 'needle at a half of the log');
  });

  it('is searched as a whole, and gone through from result to result', async () => {
    await open(1);
    replace(vscode.window, 'showInputBox', () => Promise.resolve(String(LOG.needles[2].line)));
    await vscode.commands.executeCommand('ciParity.logGoToLine');
    const { line } = active().selection.active;
    active().selection = new vscode.Selection(line, 0, line, 'needle at a'.length);
    const { pick, accept } = await searched();
    assert.deepEqual(
      pick.items.map(({ label }) => label),
      ['quarter', 'half', 'three quarters'].map((part) => `needle at a ${part} of the log`),
    );
    replace(pick, 'selectedItems', pick.items.slice(1, 2));
    accept.fire();
    await until(vscode.window.onDidChangeTextEditorSelection, () =>
      cursorLine().startsWith('needle at a half'),
    );
    await until(
      vscode.window.onDidChangeTextEditorSelection,
      () => active().document.getText(active().selection) === 'needle at a',
    );
    // What the editor tells of the selection may still be of the one before.
    const goes = async (command: string, to: string): Promise<void> => {
      await vscode.commands.executeCommand(`ciParity.${command}`);
      await until(vscode.window.onDidChangeTextEditorSelection, () => cursorLine() === to);
    };
    await goes('logNextResult', 'needle at a three quarters of the log');
    await goes('logNextResult', 'needle at a quarter of the log');
    await goes('logPreviousResult', 'needle at a three quarters of the log');
  });

  it('folds and has an outline by stage and step', async () => {
    const { document } = await open(2);
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      document.uri,
    );
    const build = symbols.find(({ name }) => name === 'Build');
    assert.deepEqual(
      build?.children.map(({ name, detail }) => [name, detail]),
      [['sh', 'make']],
    );
    const folds = await vscode.commands.executeCommand<vscode.FoldingRange[]>(
      'vscode.executeFoldingRangeProvider',
      document.uri,
    );
    assert.ok(
      folds.some(
        ({ start, end }) => start === build.range.start.line && end === build.range.end.line,
      ),
    );
  });

  it('has no escapes in its text', async () => {
    const { document } = await open(2);
    assert.match(document.getText(), /^cc main\.c$/m);
  });

  it('of a stage is that of the stage alone', async () => {
    const of = await node(2);
    const { servers } = await api();
    const client = await servers.client(servers.at(jenkins.base));
    const [stage] = await client.stages(of.run, signal);
    await vscode.commands.executeCommand('ciParity.openLog', { kind: 'stage', of, stage });
    assert.equal(active().document.getText(), '+ make\ncc main.c\ndone\n');
  });

  it('links the places that it names to the files of the workspace that are there', async () => {
    const { document } = await open(3);
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>(
      'vscode.executeLinkProvider',
      document.uri,
    );
    const told = links.map(({ range, target }) => [
      document.getText(range),
      target?.scheme === 'command'
        ? 'choose'
        : `${vscode.workspace.asRelativePath(target?.path ?? '')}#${target?.fragment}`,
    ]);
    assert.deepEqual(told.slice(0, 3), [
      ['/srv/ws/logs/src/extension.ts:3:7', 'src/extension.ts#L3,7'],
      ['/vagrant/src/cli.ts:5', 'src/cli.ts#L5'],
      ['bed.ts:2', 'choose'],
    ]);
  });

  it('shows its problems in the files, until it is closed', async () => {
    await open(3);
    const heard = hear('Information');
    await vscode.commands.executeCommand('ciParity.logProblems');
    const [root] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(root);
    const of = (path: string) =>
      vscode.languages
        .getDiagnostics(vscode.Uri.joinPath(root.uri, path))
        .filter(({ source }) => source === 'CI #3')
        .map(({ message, severity, range }) => [message, severity, range.start.line]);
    const { Error, Warning } = vscode.DiagnosticSeverity;
    assert.deepEqual(of('src/extension.ts'), [['from the agent', Error, 2]]);
    assert.deepEqual(of('src/cli.ts'), [['from the machine', Warning, 4]]);
    assert.match(heard[0] ?? '', /^2 problems .* 1 in others/);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await until(vscode.languages.onDidChangeDiagnostics, () => of('src/cli.ts').length === 0);
  });

  it('is copied for an issue, from the editor and from the view', async () => {
    await open(3);
    await vscode.commands.executeCommand('ciParity.copyMarkdown', active().document.uri);
    assert.match(
      await vscode.env.clipboard.readText(),
      /### Log, from line 1\n\n```text\nRunning on/,
    );
    await vscode.commands.executeCommand('ciParity.copyMarkdown', await node(2));
    const text = await vscode.env.clipboard.readText();
    assert.match(text, /logs #2/);
    assert.match(text, /First failing command: `\.\/test\.sh`/);
    assert.ok(text.includes('| `MEMORY` | `4096` | `environment of stage Test` |'), text);
  });

  it('is forgotten with its last tab', async () => {
    await open(2);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    const { tabGroups } = vscode.window;
    await until(tabGroups.onDidChangeTabs, () =>
      tabGroups.all.every(({ tabs }) => tabs.length === 0),
    );
    const before = jenkins.requests.length;
    await open(2);
    assert.ok(jenkins.requests.slice(before).some(({ path }) => path.endsWith('consoleText')));
  });
});
