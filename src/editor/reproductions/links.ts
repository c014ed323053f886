import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { parseRunUrl } from '../../jenkins/url';
import { guarded } from '../frame/boundary';
import { plain } from '../look/plain';

/**
 * Answers `vscode://ci-parity.ci-parity/reproduce?run=<address of a run>`, as a chat or a mail may
 * have it. Anybody can write a link, so the person is asked before anything is done.
 */
export function linkHandler(output: vscode.LogOutputChannel): {
  handleUri(uri: vscode.Uri): Promise<void>;
} {
  return { handleUri: guarded(output, follow) };
}

async function follow(uri: vscode.Uri): Promise<void> {
  const run = runOfLink(uri);
  if (uri.path !== '/reproduce' || run === undefined)
    throw new UserError('The link names no Jenkins run.', {
      advice: 'It looks like vscode://ci-parity.ci-parity/reproduce?run=https://…/job/cilium/42/.',
    });
  const answer = await vscode.window.showWarningMessage(
    'Reproduce this failure here?',
    {
      modal: true,
      detail: `A link asks for it. The code of this run would be executed on this machine:\n${plain(run)}`,
    },
    REPRODUCE,
  );
  if (answer === REPRODUCE) await vscode.commands.executeCommand('ciParity.reproduceUrl', run);
}

const REPRODUCE = 'Reproduce';

/** VS Code has decoded the query already; decoding it again would break names with `%`. */
function runOfLink({ query }: vscode.Uri): string | undefined {
  const run = /^(?:.*&)?run=([^&]+)/.exec(query)?.[1];
  return run !== undefined && parseRunUrl(run) ? run : undefined;
}
