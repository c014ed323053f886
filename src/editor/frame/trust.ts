import * as vscode from 'vscode';
import { UserError } from '../../base/errors';

/** @throws UserError where code of the workspace may not, or can not, run. */
export function mustBeAbleToReproduce(): void {
  mustBeTrusted();
  if (process.platform === 'win32')
    throw new UserError('Reproducing wants a Linux or macOS machine.', {
      advice: 'Open the repository in WSL, a dev container or over SSH; it works there.',
    });
}

/** @throws UserError in an untrusted workspace: even git runs what a repository's settings say. */
export function mustBeTrusted(): void {
  if (vscode.workspace.isTrusted) return;
  throw new UserError('This workspace is not trusted, so nothing of it is run.', {
    advice: 'Run: Workspaces: Manage Workspace Trust.',
  });
}
