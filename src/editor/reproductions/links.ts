import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { guarded } from '../frame/boundary';
import { plain } from '../look/plain';
import type { Servers } from '../servers/servers';
import { readLink, type Link } from './linkText';

/**
 * Answers `vscode://ci-parity.ci-parity/reproduce?url=<address of a run>` and `/open?url=…`, as a
 * chat or a mail may have them. Anybody can write a link: the person is asked before anything is
 * run, and before a server that is not connected is asked at all.
 */
export function linkHandler(
  servers: Servers,
  output: vscode.LogOutputChannel,
): { handleUri(uri: vscode.Uri): Promise<void> } {
  return { handleUri: guarded(output, (uri: vscode.Uri) => follow(uri, servers)) };
}

async function follow(uri: vscode.Uri, servers: Servers): Promise<void> {
  const link = readLink(uri);
  if (!link)
    throw new UserError('The link names no Jenkins run.', {
      advice: 'It looks like vscode://ci-parity.ci-parity/reproduce?url=https://…/job/cilium/42/.',
    });
  if (!servers.of(link.run) && !(await connectFor(link, servers))) return;
  if (link.wish === 'open') {
    await vscode.commands.executeCommand('ciParity.showRun', link.run);
    return;
  }
  const answer = await vscode.window.showWarningMessage(
    'Reproduce this failure here?',
    {
      modal: true,
      detail: `A link asks for it. The code of this run would be executed on this machine:\n${plain(link.run)}`,
    },
    REPRODUCE,
  );
  if (answer === REPRODUCE) await vscode.commands.executeCommand('ciParity.reproduceUrl', link.run);
}

/** A link must not lead to a sign-in by itself: that would be the way to ask for somebody's token. */
async function connectFor(link: Link, servers: Servers): Promise<boolean> {
  const answer = await vscode.window.showWarningMessage(
    'You are not connected to the server that this link names.',
    {
      modal: true,
      detail: `Connect only if you know it:\n${plain(link.server)}`,
    },
    CONNECT,
  );
  if (answer !== CONNECT) return false;
  const node = { kind: 'stranger', url: link.server } as const;
  await vscode.commands.executeCommand('ciParity.connect', node);
  return servers.of(link.run) !== undefined;
}

const REPRODUCE = 'Reproduce';
const CONNECT = 'Connect…';
