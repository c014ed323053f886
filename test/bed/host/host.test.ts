import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { electronAvailable, runMochaInElectron } from './electron';
import {
  type HostInstall,
  cleanUpStale,
  ensureHost,
  findChromium,
  runMochaInHost,
  runToEnd,
  startWorkbench,
} from './host';
import {
  answerDialog,
  codeLens,
  notification,
  openFile,
  openPalette,
  openView,
  reload,
  screenshot,
  treeItem,
  trustFolder,
  typeIntoQuickInput,
  typeIntoTerminal,
  waitForTerminal,
} from './person';
import { without } from '../without';

// CI sets this to keep the pictures; without it they go with the temporary folder.
const keptShots = process.env['CI_PARITY_SHOTS'];

describe('the VS Code of the test bed', function () {
  this.timeout(180_000);
  let temporary = '';
  let extension = '';
  let folder = '';
  let vsix = '';
  let signal = AbortSignal.timeout(600_000);

  before(async function () {
    if (findChromium() === undefined)
      without(this, 'Chromium is missing: apt-get install chromium fonts-dejavu-core');
    temporary = await mkdtemp(join(tmpdir(), 'ci-parity-host-test-'));
    extension = join(temporary, 'an extension');
    folder = join(temporary, 'a folder');
    await writeExtension(extension);
    await mkdir(folder);
    await writeFile(join(folder, 'Jenkinsfile'), "node {\n  sh 'make'\n}\n");
    vsix = join(temporary, 'throw-away.vsix');
    const packaging = { allowMissingRepository: true, skipLicense: true, dependencies: false };
    await writeFile(join(extension, '.vscodeignore'), 'suite/**\n');
    await createVSIX({ cwd: extension, packagePath: vsix, ...packaging });
    await Promise.all([ensureHost('newest', signal), ensureHost('1.99', signal)]);
  });

  beforeEach(() => {
    signal = AbortSignal.timeout(170_000);
  });

  after(async () => {
    if (temporary !== '') await rm(temporary, { recursive: true, force: true });
  });

  for (const which of ['newest', '1.99'] as const) {
    describe(which, () => {
      let install: HostInstall;
      before(async () => {
        install = await ensureHost(which, signal);
      });
      const runSuite = (suite: string, timeoutMs = 120_000, from: AbortSignal = signal) =>
        runMochaInHost({
          install,
          extensionPath: extension,
          testsPath: join(extension, 'suite', `${suite}.js`),
          folder,
          env: { SAID: 'from outside' },
          signal: from,
          timeoutMs,
        });

      it('runs a suite inside the extension host', async () => {
        const result = await runSuite('good');
        assert.deepEqual(
          { ...result, output: undefined },
          { passes: 3, failures: 0, pending: 1, exitCode: 0, output: undefined },
          result.output,
        );
        assert.match(result.output, /3 passing/);
      });

      it('reports a failing test', async () => {
        const result = await runSuite('bad');
        assert.equal(result.failures, 1, result.output);
        assert.equal(result.passes, 1);
        assert.notEqual(result.exitCode, 0);
        assert.match(result.output, /this was expected to fail/);
      });

      it('reports a suite that is killed half way as failed', async () => {
        const result = await runSuite('killed');
        assert.notEqual(result.exitCode, 0);
        assert.equal(result.failures, 1);
        assert.match(result.output, /wrote no result/);
      });

      it('shows a person the packaged extension, and leaves nothing behind', async () => {
        const shots = keptShots ?? join(temporary, 'shots');
        const workbench = await startWorkbench({ install, folder, vsix, signal });
        let detached = 0;
        try {
          const { page } = workbench;
          await openView(page, 'Throw-Away');
          await treeItem(page, 'second leaf').waitFor();
          await openFile(page, 'Jenkinsfile');
          await codeLens(page, 'Say hello').click();
          await notification(page, 'Hello from the throw-away extension');
          await openPalette(page, 'Throw-Away: Open Terminal');
          await waitForTerminal(page, /^ready, a TTY: true$/m, { signal });
          const shown = await waitForTerminal(page, /^detached: \d+$/m, { signal });
          detached = Number(/^detached: (\d+)$/m.exec(shown)?.[1]);
          assert.ok(await isRunning(detached));
          await typeIntoTerminal(page, 'a line\n');
          await waitForTerminal(page, /^heard: a line$/m, { signal });
          await screenshot(page, join(shots, `bed-${which}.png`));
          await openPalette(page, 'Throw-Away: Show Output');
          await page.locator('.output-view', { hasText: 'a line in the channel' }).waitFor();
          await writeFile(join(folder, 'new.txt'), which);
          await notification(page, 'Seen new.txt');
          await rm(join(folder, 'new.txt'));
          await openPalette(page, 'Throw-Away: Keep Secret');
          await typeIntoQuickInput(page, 'hush', 'What is the secret?');
          await answerDialog(page, 'Keep it?', 'Keep');
          await notification(page, 'It is kept');
          await reload(page);
          await openPalette(page, 'Throw-Away: Tell Secret');
          await notification(page, 'The secret is hush');
        } catch (error) {
          await screenshot(workbench.page, join(shots, `bed-${which}-failed.png`));
          throw error;
        } finally {
          await workbench[Symbol.asyncDispose]();
        }
        assert.equal(existsSync(workbench.dataDir), false);
        await assert.rejects(fetch(workbench.url));
        assert.equal(await isRunning(detached), false);
        await nothingLeft();
      });
    });
  }

  it('ends the whole workbench when the signal is aborted', async () => {
    const install = await ensureHost('newest', signal);
    const controller = new AbortController();
    await using workbench = await startWorkbench({
      install,
      folder,
      signal: AbortSignal.any([signal, controller.signal]),
    });
    const waiting = treeItem(workbench.page, 'that never comes').waitFor();
    controller.abort(new Error('enough'));
    await assert.rejects(waiting);
    await workbench[Symbol.asyncDispose]();
    await nothingLeft();
  });

  it('gives up a suite that hangs, as a failure', async () => {
    const install = await ensureHost('newest', signal);
    const testsPath = join(extension, 'suite', 'hanging.js');
    const common = { install, extensionPath: extension, folder, testsPath, signal };
    const result = await runMochaInHost({ ...common, timeoutMs: 12_000 });
    assert.equal(result.exitCode, 124);
    assert.match(result.output, /No end after 12000 ms/);
    await nothingLeft();
  });

  it('starts in Restricted Mode where that is wished, and a person can trust the folder', async () => {
    const install = await ensureHost('newest', signal);
    await using workbench = await startWorkbench({
      install,
      folder,
      vsix,
      signal,
      workspaceTrust: true,
    });
    await workbench.page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
    await trustFolder(workbench.page);
  });

  it('puts away what a killed test run left', async () => {
    const install = await ensureHost('newest', signal);
    const program = `import { startWorkbench } from ${JSON.stringify(join(import.meta.dirname, 'host.ts'))};
      const options = ${JSON.stringify({ install, folder })};
      void startWorkbench({ ...options, signal: new AbortController().signal }).then(() => {
        process.kill(process.pid, 'SIGKILL');
      });`;
    const file = join(temporary, 'killed.ts');
    await writeFile(file, program);
    const tsx = createRequire(import.meta.url).resolve('tsx');
    const args = ['--import', tsx, file];
    const { output } = await runToEnd(process.execPath, args, process.env, signal);
    assert.equal(output, '');
    assert.equal((await leftFolders()).length, 1);
    await cleanUpStale();
    await nothingLeft();
  });

  it('says quickly whether a desktop VS Code can be had, and runs the same suite there', async function () {
    const started = performance.now();
    const available = await electronAvailable(signal);
    assert.ok(performance.now() - started < 6000);
    if (!available) {
      console.log(
        '        No desktop VS Code can be downloaded here, so only the web workbench runs.',
      );
      this.skip();
    }
    const testsPath = join(extension, 'suite', 'good.js');
    const env = { SAID: 'from outside' };
    const common = { extensionPath: extension, folder, testsPath, env, signal };
    const result = await runMochaInElectron({ ...common, timeoutMs: 160_000 });
    assert.equal(result.exitCode, 0, result.output);
    assert.equal(result.passes, 3);
  });

  it('believes no desktop VS Code whose suite wrote no result', async () => {
    // Stands in for the program, so that this is checked where none can be downloaded.
    const executable = join(temporary, 'code');
    await writeFile(executable, '#!/bin/sh\necho "opened $1"\nexit 0\n', { mode: 0o755 });
    const display = process.env['DISPLAY'];
    process.env['DISPLAY'] ??= ':none';
    try {
      const testsPath = join(extension, 'suite', 'good.js');
      const common = { extensionPath: extension, folder, testsPath, signal, executable };
      const result = await runMochaInElectron({ ...common, timeoutMs: 20_000 });
      assert.notEqual(result.exitCode, 0);
      assert.match(result.output, /opened .*a folder/);
      assert.match(result.output, /wrote no result/);
    } finally {
      if (display === undefined) delete process.env['DISPLAY'];
    }
  });
});

/** Another test process may be at work in the same folder, so only what this one owns is looked at. */
async function leftFolders(): Promise<string[]> {
  const ours = await readdir(tmpdir());
  return ours.filter((name) => {
    const pid = /^cip-host-(\d+)-/.exec(name)?.[1];
    return pid !== undefined && (Number(pid) === process.pid || !existsSync(`/proc/${pid}`));
  });
}

/** One that has ended and that init has not collected yet does not run. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^State:\s+[^ZX]/m.test(status);
}

async function nothingLeft(): Promise<void> {
  assert.deepEqual(await leftFolders(), []);
  const mark = `CI_PARITY_HOST_DIR=${join(tmpdir(), `cip-host-${process.pid}-`)}`;
  for (const name of await readdir('/proc')) {
    const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
    assert.ok(!environment.includes(mark), `process ${name} is left`);
  }
}

async function writeExtension(path: string): Promise<void> {
  await mkdir(join(path, 'suite'), { recursive: true });
  const commands = ['Say Hello', 'Open Terminal', 'Show Output', 'Keep Secret', 'Tell Secret'].map(
    (title) => ({
      command: `throwAway.${title.replace(' ', '')}`,
      title,
      category: 'Throw-Away',
    }),
  );
  const manifest = {
    name: 'throw-away',
    publisher: 'ci-parity-bed',
    version: '0.0.1',
    description: 'Shows that the test bed works.',
    engines: { vscode: '^1.99.0' },
    main: './main.js',
    activationEvents: ['onStartupFinished'],
    contributes: {
      commands,
      viewsContainers: {
        activitybar: [{ id: 'throwAway', title: 'Throw-Away', icon: '$(beaker)' }],
      },
      views: { throwAway: [{ id: 'throwAway.leaves', name: 'Leaves' }] },
    },
  };
  await writeFile(join(path, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(path, 'README.md'), 'Shows that the test bed works.');
  await writeFile(join(path, 'main.js'), mainSource);
  const mocha = JSON.stringify(createRequire(import.meta.url).resolve('mocha'));
  for (const [name, body] of Object.entries(suites)) {
    await writeFile(join(path, 'suite', `${name}.js`), suiteSource(mocha, body));
  }
}

// It also leaves a process that hears neither of a hang-up nor of the end of its parent.
const terminalProgram = `
console.log('ready, a TTY: ' + process.stdin.isTTY);
const options = { detached: true, stdio: 'ignore' };
console.log('detached: ' + require('child_process').spawn('sleep', ['600'], options).pid);
process.stdin.on('data', (line) => console.log('heard: ' + line));
`;

const mainSource = `
const vscode = require('vscode');
exports.activate = (context) => {
  const on = (id, run) => context.subscriptions.push(vscode.commands.registerCommand('throwAway.' + id, run));
  on('SayHello', () => void vscode.window.showInformationMessage('Hello from the throw-away extension'));
  on('OpenTerminal', () => vscode.window.createTerminal({
    name: 'Throw-Away',
    shellPath: process.execPath,
shellArgs: ['-e', ${JSON.stringify(terminalProgram)}],
    env: { ELECTRON_RUN_AS_NODE: '1' },
  }).show());
  on('ShowOutput', () => {
    const channel = vscode.window.createOutputChannel('Throw-Away');
    channel.appendLine('a line in the channel');
    channel.show();
  });
  const watcher = vscode.workspace.createFileSystemWatcher('**/*.txt');
  watcher.onDidCreate((uri) => void vscode.window.showInformationMessage('Seen ' + uri.path.split('/').pop()));
  context.subscriptions.push(watcher);
  on('KeepSecret', async () => {
    const secret = await vscode.window.showInputBox({ prompt: 'What is the secret?', password: true });
    if (await vscode.window.showWarningMessage('Keep it?', { modal: true }, 'Keep') !== 'Keep') return;
    await context.secrets.store('secret', secret);
    void vscode.window.showInformationMessage('It is kept');
  });
  on('TellSecret', async () => {
    void vscode.window.showInformationMessage('The secret is ' + await context.secrets.get('secret'));
  });
  context.subscriptions.push(
    vscode.window.registerTreeDataProvider('throwAway.leaves', {
      getTreeItem: (leaf) => new vscode.TreeItem(leaf),
      getChildren: () => ['first leaf', 'second leaf'],
    }),
    vscode.languages.registerCodeLensProvider({ pattern: '**/Jenkinsfile' }, {
      provideCodeLenses: () => [
        new vscode.CodeLens(new vscode.Range(0, 0, 0, 1), { title: 'Say hello', command: 'throwAway.SayHello' }),
      ],
    }),
  );
};
`;

const suites = {
  good: `
    it('has the command', async () => {
      assert.ok((await vscode.commands.getCommands()).includes('throwAway.SayHello'));
    });
    it('has the folder', () => assert.equal(vscode.workspace.workspaceFolders.length, 1));
    it('has the environment', () => assert.equal(process.env.SAID, 'from outside'));
    it('has something left to do');`,
  bad: `
    it('passes', () => {});
    it('fails', () => assert.fail('this was expected to fail'));`,
  killed: `
    it('passes', () => {});
    it('ends the extension host', () => process.exit(0));
    it('never runs', () => {});`,
  hanging: `
    it('hangs', function (done) { this.timeout(0); });`,
};

const suiteSource = (mocha: string, body: string) => `
const vscode = require('vscode');
const assert = require('node:assert/strict');
const { writeFileSync } = require('node:fs');
exports.run = async () => {
  const { default: Mocha } = await import(${mocha});
  const mocha = new Mocha({ ui: 'bdd', reporter: 'spec', color: false });
  mocha.suite.emit('pre-require', globalThis, null, mocha);
  const extension = vscode.extensions.getExtension('ci-parity-bed.throw-away');
  describe('in the host', () => {
    before(() => extension.activate());
    ${body}
  });
  const stats = await new Promise((settle) => {
    const runner = mocha.run(() => settle(runner.stats));
  });
  const { passes, failures, pending } = stats;
  writeFileSync(process.env.HOST_RESULT, JSON.stringify({ passes, failures, pending }));
  if (failures > 0) throw new Error(failures + ' failed');
};
`;
