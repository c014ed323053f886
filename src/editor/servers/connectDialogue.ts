import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { connect } from '../../jenkins/client';
import { JenkinsError } from '../../jenkins/http';
import { ask } from '../frame/ask';
import { serverAddress, serverName, tokenPage } from './serverAddress';
import type { Server } from '../frame/settings';

const TITLE = 'Connect to Jenkins';

/** What is known before the dialogue begins; from a server that is connected again. */
export interface Known {
  readonly url?: string | undefined;
  readonly user?: string | undefined;
  readonly name?: string | undefined;
}

/** A server that answered, with the token it accepted. */
export interface Connection {
  readonly server: Server;
  readonly token: string | undefined;
}

/** Asks for a server's address and, where it is wanted, for user and token. Each answer is tried at once. */
export async function connectDialogue(known: Known): Promise<Connection | undefined> {
  const found = { open: true };
  const typed = await ask({
    title: TITLE,
    step: [1, 3],
    prompt: 'The address of any page of your Jenkins, as the browser shows it.',
    placeholder: 'https://ci.example.org/jenkins/',
    value: known.url,
    check: async (answer, signal) => {
      const base = serverAddress(answer);
      if (base === undefined) throw new UserError('That is no web address.');
      found.open = await isOpen(base, signal);
    },
  });
  const url = typed === undefined ? undefined : serverAddress(typed);
  if (url === undefined) return undefined;
  const name = known.name ?? serverName(url);
  // Who signs in again wants to sign in.
  if (found.open && known.user === undefined) {
    const way = await chooseWay();
    if (way === undefined) return undefined;
    if (way === 'anonymous') return { server: { url, name, user: undefined }, token: undefined };
  }
  const user = await ask({
    title: TITLE,
    step: [2, 3],
    prompt: `Your user name on ${name}.`,
    value: known.user,
    check: (answer) =>
      answer.trim() === '' ? Promise.reject(new UserError('A user name is needed.')) : DONE,
  });
  if (user === undefined) return undefined;
  const token = await ask({
    title: TITLE,
    step: [3, 3],
    prompt: `An API token of ${user}. The button opens the page where Jenkins makes one.`,
    password: true,
    button: {
      icon: 'link-external',
      tooltip: 'Open the page where Jenkins makes API tokens',
      press: () => vscode.env.openExternal(vscode.Uri.parse(tokenPage(url, user.trim()))),
    },
    check: async (answer, signal) => {
      using client = connect({ base: url, user: user.trim(), token: answer.trim() });
      await client.ping(signal);
    },
  });
  if (token === undefined) return undefined;
  return { server: { url, name, user: user.trim() }, token: token.trim() };
}

const DONE = Promise.resolve();

/** Whether the server shows anything to those who have not signed in. Rejects if it is no Jenkins. */
async function isOpen(base: string, signal: AbortSignal): Promise<boolean> {
  using client = connect({ base });
  try {
    await client.ping(signal);
    return true;
  } catch (error) {
    if (error instanceof JenkinsError && WANTS_SIGN_IN.has(error.kind)) return false;
    throw error;
  }
}

const WANTS_SIGN_IN: ReadonlySet<string> = new Set(['sign-in', 'unauthorized', 'forbidden']);

async function chooseWay(): Promise<'anonymous' | 'token' | undefined> {
  const ways = [
    {
      label: '$(eye) Anonymously',
      detail: 'This server shows something to everybody.',
      way: 'anonymous',
    },
    {
      label: '$(key) With user name and API token',
      detail: 'To see all that you are allowed to see.',
      way: 'token',
    },
  ] as const;
  const choice = await vscode.window.showQuickPick<(typeof ways)[number]>(ways, {
    title: TITLE,
    placeHolder: 'How do you want to read this server?',
    ignoreFocusOut: true,
  });
  return choice?.way;
}
