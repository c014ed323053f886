import assert from 'node:assert/strict';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { api } from './bed';

describe('activation', () => {
  it('loads nothing that is not wanted yet', async () => {
    await api();
    const extension = vscode.extensions.getExtension('ci-parity.ci-parity');
    const dist = join(extension?.extensionPath ?? '', 'dist');
    const loaded = Object.keys(require.cache).filter((file) => dirname(file) === dist);
    assert.deepEqual(
      loaded.map((file) => basename(file)),
      ['extension.js'],
    );
  });

  it('leaves all commands registered', async () => {
    await api();
    const registered = await vscode.commands.getCommands(true);
    const extension = vscode.extensions.getExtension('ci-parity.ci-parity');
    const manifest = extension?.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    for (const { command } of manifest.contributes.commands)
      assert.ok(registered.includes(command), command);
  });

  it('gives newcomers an empty view, which shows the welcome text', async () => {
    const { runs } = await api();
    assert.deepEqual(await runs.getChildren(), []);
  });
});
