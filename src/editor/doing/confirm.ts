import * as vscode from 'vscode';
import { plain } from '../look/plain';
import type { Target } from './choose';

/** What is to be done, and what comes of it. */
export interface Question {
  /** "Stop run #42 of networking/cilium/master?" */
  readonly message: string;
  readonly lines?: readonly string[];
}

/** Asks before something is done on a server, with the server's name and address. */
export async function confirm(
  at: Pick<Target, 'server'>,
  question: Question,
  button: string,
): Promise<boolean> {
  return (await choose(at, question, [button])) === 0;
}

/** Which of several things to do, by its place; undefined for none. */
export async function choose(
  { server }: Pick<Target, 'server'>,
  { message, lines = [] }: Question,
  buttons: readonly string[],
): Promise<number | undefined> {
  const user = server.user === undefined ? 'not signed in' : `as ${server.user}`;
  const where = `On ${server.name} (${server.url}), ${user}.`;
  const detail = [...lines, ...(lines.length > 0 ? [''] : []), where].map(plain).join('\n');
  // The words of buttons may be a server's, and alike.
  const items = buttons.map((title, place) => ({ title: plain(title), place }));
  const options = { modal: true, detail };
  return (await vscode.window.showWarningMessage(plain(message), options, ...items))?.place;
}
