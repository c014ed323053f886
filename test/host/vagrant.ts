import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import * as vscode from 'vscode';
import { stateDirectory } from '../../src/base/stateDirectory';
import { api, folder, until } from './bed';
import { standIns } from './standIns';

/** A stand-in for Vagrant: `up` and `destroy` make and remove a machine's note, `status` tells of it. */
const STAND_IN = `#!/bin/sh
echo "$*" >> calls
case $1 in
status)
  for name in web db; do
    state=not_created
    [ -f ".vagrant/machines/$name/stand-in/id" ] && state=running
    printf '1,%s,provider-name,stand-in\\n1,%s,state,%s\\n1,%s,state-human-short,%s\\n' \\
      $name $name $state $name "$(echo $state | tr _ ' ')"
  done ;;
up) mkdir -p ".vagrant/machines/$2/stand-in" && echo 1 > ".vagrant/machines/$2/stand-in/id" ;;
destroy) rm -r ".vagrant/machines/$3" ;;
esac
`;

const VAGRANTFILE = `Vagrant.configure('2') do |config|
  config.vm.define 'web', primary: true
  config.vm.define 'db'
  config.vm.provider 'libvirt' do |p|
    p.memory = Integer(ENV['MOAT_MEMORY'] || 2048)
    p.cpus = Integer(ENV['MOAT_CPUS'] || 1)
  end
end
`;

const JENKINSFILE = `pipeline {
  agent any
  environment {
    MOAT_MEMORY = '4096'
    MOAT_UNREAD = 'x'
    MOAT_DEPTH = '3'
  }
  stages {
    stage('Build') {
      steps { sh './moat-start.sh' }
    }
  }
}
`;

const SCRIPT = `#!/bin/sh
set -e
echo "\${MOAT_DEPTH:-1}"
vagrant up
`;

describe('a Vagrantfile', () => {
  const { replace, hear, catchTerminals } = standIns();
  const path = process.env['PATH'];
  const exclude = vscode.workspace.getConfiguration('files');
  let directory: string;
  let bin: string;
  let vagrantfile: vscode.TextDocument;
  let jenkinsfile: vscode.TextDocument;
  before(async () => {
    directory = join(folder(), 'out', 'host-vagrant');
    bin = join(folder(), 'out', 'host-vagrant-bin');
    rmSync(directory, { recursive: true, force: true });
    for (const each of [directory, bin]) mkdirSync(each, { recursive: true });
    writeFileSync(join(bin, 'vagrant'), STAND_IN);
    chmodSync(join(bin, 'vagrant'), 0o755);
    process.env['PATH'] = [bin, path].join(delimiter);
    // This repository has files of its own that would count.
    const before = exclude.get<Record<string, boolean>>('files.exclude');
    await exclude.update('exclude', { ...before, test: true }, vscode.ConfigurationTarget.Global);
    writeFileSync(join(directory, 'Vagrantfile'), VAGRANTFILE);
    writeFileSync(join(directory, 'Jenkinsfile'), JENKINSFILE);
    writeFileSync(join(directory, 'moat-start.sh'), SCRIPT);
    await api();
    vagrantfile = await vscode.workspace.openTextDocument(join(directory, 'Vagrantfile'));
    jenkinsfile = await vscode.workspace.openTextDocument(join(directory, 'Jenkinsfile'));
  });
  after(async () => {
    process.env['PATH'] = path;
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await exclude.update('exclude', undefined, vscode.ConfigurationTarget.Global);
  });

  async function titles(): Promise<string[]> {
    const { vagrantLenses } = await (await api()).languages.load();
    return vagrantLenses.provideCodeLenses(vagrantfile).map(({ command }) => command?.title ?? '');
  }

  async function untilTitles(wanted: RegExp): Promise<string[]> {
    const { vagrantLenses } = await (await api()).languages.load();
    await until(vagrantLenses.onDidChangeCodeLenses, async () =>
      wanted.test((await titles()).join('\n')),
    );
    return titles();
  }

  function at(document: vscode.TextDocument, text: string): vscode.Position {
    return document.positionAt(document.getText().indexOf(text) + 1);
  }

  async function definitions(document: vscode.TextDocument, text: string): Promise<string[]> {
    const found = await vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[]>(
      'vscode.executeDefinitionProvider',
      document.uri,
      at(document, text),
    );
    return found.map((each) => {
      const [uri, range] =
        'targetUri' in each ? [each.targetUri, each.targetRange] : [each.uri, each.range];
      return `${uri.path.split('/').at(-1)}:${range.start.line + 1}`;
    });
  }

  it('shows its machines when it comes into sight, and changes nothing by that', async () => {
    await vscode.window.showTextDocument(vagrantfile);
    assert.deepEqual(await untilTitles(/not created/), [
      '$(vm-outline) web: not created · db: not created',
      '$(play) Up web',
      '$(play) Up db',
    ]);
    // Vagrant would make its folder `.vagrant` here.
    assert.ok(!existsSync(join(directory, 'calls')));
  });

  it('has Vagrant asked when somebody wants that', async () => {
    const { vagrantLenses } = await (await api()).languages.load();
    await vscode.commands.executeCommand('ciParity.vagrantRefresh', vagrantfile.uri);
    assert.match((await titles()).join(), /sync~spin/);
    await until(vagrantLenses.onDidChangeCodeLenses, async () =>
      (await titles()).every((title) => !title.includes('sync~spin')),
    );
    assert.equal(readFileSync(join(directory, 'calls'), 'utf8'), 'status --machine-readable\n');
    assert.match((await titles()).join(), /web: not created · db: not created/);
  });

  it('starts a machine in a terminal in its folder, and tells of it', async function () {
    this.timeout(60_000);
    const { executeTask } = vscode.tasks;
    const tasks: vscode.Task[] = [];
    replace(vscode.tasks, 'executeTask', (task: vscode.Task) => {
      tasks.push(task);
      const { args, options } = task.execution as vscode.ProcessExecution;
      // The terminal's PATH is not this process's.
      task.execution = new vscode.ProcessExecution(join(bin, 'vagrant'), args, options);
      return executeTask(task);
    });
    await vscode.commands.executeCommand('ciParity.vagrantUp', {
      file: vagrantfile.uri,
      machine: 'web',
    });
    assert.equal(tasks[0]?.name, 'vagrant up web');
    assert.deepEqual((tasks[0].execution as vscode.ProcessExecution).args, ['up', 'web']);
    assert.ok(existsSync(join(directory, '.vagrant/machines/web/stand-in/id')));
    assert.deepEqual(await untilTitles(/^\$\(vm-running\) web: running/), [
      '$(vm-running) web: running · db: not created',
      '$(vm-connect) SSH web',
      '$(debug-stop) Halt web',
      '$(trash) Destroy… web',
      '$(play) Up db',
    ]);
  });

  it('enters a machine in a terminal', async () => {
    const terminals = catchTerminals();
    await vscode.commands.executeCommand('ciParity.vagrantSsh', {
      file: vagrantfile.uri,
      machine: 'web',
    });
    const [options] = terminals;
    assert.deepEqual([options?.shellPath, options?.shellArgs], ['vagrant', ['ssh', 'web']]);
    assert.equal(options?.cwd, directory);
  });

  it('destroys a machine only after a yes', async () => {
    const warnings = hear('Warning');
    await vscode.commands.executeCommand('ciParity.vagrantDestroy', {
      file: vagrantfile.uri,
      machine: 'web',
    });
    assert.deepEqual(warnings, ['Destroy the VM web?']);
    assert.ok(existsSync(join(directory, '.vagrant/machines/web/stand-in/id')));
    assert.doesNotMatch(readFileSync(join(directory, 'calls'), 'utf8'), /destroy/);
  });

  it('tells when somebody else has taken a machine away', async () => {
    rmSync(join(directory, '.vagrant/machines/web'), { recursive: true });
    await untilTitles(/web: not created/);
  });

  it('asks for a machine of no other name, and for none in an untrusted workspace', async () => {
    const errors = hear('Error');
    const run = (machine: string): Thenable<unknown> =>
      vscode.commands.executeCommand('ciParity.vagrantUp', { file: vagrantfile.uri, machine });
    await run('--force');
    assert.match(errors[0] ?? '', /no machine "--force"/);
    replace(vscode.workspace, 'isTrusted', false);
    await run('web');
    assert.match(errors[1] ?? '', /not trusted/);
    assert.deepEqual(await titles(), ['VMs: trust this workspace to have Vagrant asked']);
  });

  it('of a reproduction is left alone', async () => {
    const errors = hear('Error');
    const file = vscode.Uri.file(join(stateDirectory(), 'workspaces', 'x', 'Vagrantfile'));
    await vscode.commands.executeCommand('ciParity.vagrantDestroy', { file, machine: 'web' });
    assert.match(errors[0] ?? '', /belong to a reproduction/);
  });

  it('leads from what it reads to the Jenkinsfile that sets it', async () => {
    assert.deepEqual(await definitions(vagrantfile, 'MOAT_MEMORY'), ['Jenkinsfile:4']);
  });

  it('is found from the Jenkinsfile that sets what it reads, as is a script that a step runs', async () => {
    const ofMemory = await definitions(jenkinsfile, 'MOAT_MEMORY');
    assert.ok(ofMemory.includes('Vagrantfile:5'), ofMemory.join());
    const ofDepth = await definitions(jenkinsfile, 'MOAT_DEPTH');
    assert.ok(ofDepth.includes('moat-start.sh:3'), ofDepth.join());
  });

  it('says in a hover what a variable is in CI and here', async () => {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      vagrantfile.uri,
      at(vagrantfile, 'MOAT_MEMORY'),
    );
    const text = hovers
      .flatMap(({ contents }) => contents)
      .map((content) => (content as vscode.MarkdownString).value)
      .join('\n');
    assert.match(text, /`4096`, by `environment` of the pipeline, line 4 of `.*Jenkinsfile`/);
    assert.match(text, /Here: `2048`/);
  });

  it('hints at what it reads and CI never sets, and at what CI sets and nobody reads', async () => {
    const hints = (uri: vscode.Uri): string[] =>
      vscode.languages
        .getDiagnostics(uri)
        .filter(({ code }) => code === 'unread-variable' || code === 'never-set-variable')
        .map(({ range, code }) => `${range.start.line + 1} ${code as string}`);
    const { onDidChangeDiagnostics } = vscode.languages;
    await until(onDidChangeDiagnostics, () => hints(vagrantfile.uri).length > 0);
    assert.deepEqual(hints(vagrantfile.uri), ['6 never-set-variable']);
    await until(onDidChangeDiagnostics, () => hints(jenkinsfile.uri).length > 0);
    assert.deepEqual(hints(jenkinsfile.uri), ['5 unread-variable']);
  });

  it('takes a hint back when the other file is changed', async () => {
    const { onDidChangeDiagnostics, getDiagnostics } = vscode.languages;
    const edit = new vscode.WorkspaceEdit();
    edit.insert(vagrantfile.uri, new vscode.Position(0, 0), "puts ENV['MOAT_UNREAD']\n");
    await vscode.workspace.applyEdit(edit);
    await until(onDidChangeDiagnostics, () =>
      getDiagnostics(jenkinsfile.uri).every(({ code }) => code !== 'unread-variable'),
    );
    await vscode.window.showTextDocument(vagrantfile);
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });
});
