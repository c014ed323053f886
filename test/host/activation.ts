import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { api } from './bed';

describe('activation', () => {
  it('has not happened before anybody wants something', () => {
    assert.equal(vscode.extensions.getExtension('ci-parity.ci-parity')?.isActive, false);
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
