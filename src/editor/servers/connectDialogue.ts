import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { Client } from '../../jenkins/client';
import { JenkinsError } from '../../jenkins/jenkinsError';
import { ask } from '../frame/ask';
import type { Server } from '../frame/settings';
import { plain } from '../look/plain';
import { tryOut, type Draft } from './mending';
import { serverAddress, serverName, tokenPage } from './serverAddress';
import type { ServerSecrets } from './servers';

const TITLE = 'Connect to Jenkins';

/** What is known before the dialogue begins; from a server that is connected again. */
export type Known = Partial<Server> & { readonly passphrase?: string | undefined };

/** A server that answered, with what it accepted. */
export interface Connection {
  readonly server: Server;
  readonly secrets: ServerSecrets;
}

/** Asks for a server's address and, where it is wanted, for user and token. Each answer is tried at once. */
export async function connectDialogue(known: Known): Promise<Connection | undefined> {
  const { passphrase, tls = {} } = known;
  const draft: Draft = { url: '', user: undefined, token: undefined, passphrase, tls };
  const found = await askAddress(draft, known.url);
  if (found === undefined) return undefined;
  const way = await chooseWay(found, known);
  if (way === undefined) return undefined;
  if (way !== 'anonymous' && !(await signIn(draft, way, known.user ?? found.user, found)))
    return undefined;
  const { url, user, token } = draft;
  const name = known.url === url && known.name !== undefined ? known.name : serverName(url);
  return {
    server: { url, name, user, tls: draft.tls },
    secrets: { token, passphrase: draft.passphrase },
  };
}

/** What a server shows to those who have not signed in. */
interface Found {
  /** Why they have to; undefined where they need not. */
  closed: JenkinsError | undefined;
  /** Whom it takes us for already. */
  user: string | undefined;
  version: string | undefined;
}

async function askAddress(draft: Draft, value: string | undefined): Promise<Found | undefined> {
  let found: Found | undefined;
  const typed = await ask({
    title: TITLE,
    step: [1, 4],
    prompt: 'The address of any page of your Jenkins, as the browser shows it.',
    placeholder: 'https://ci.example.org/jenkins/',
    value,
    check: async (answer, signal, aside) => {
      const base = serverAddress(answer);
      if (base === undefined) throw new UserError('That is no web address.');
      draft.url = base;
      found = await tryOut(draft, (client) => lookAt(client, signal), aside, signal);
    },
  });
  return typed === undefined ? undefined : found;
}

/** Rejects if it is no Jenkins. */
async function lookAt(client: Client, signal: AbortSignal): Promise<Found> {
  try {
    const { version } = await client.ping(signal);
    return { closed: undefined, user: await client.whoAmI(signal), version };
  } catch (error) {
    if (!(error instanceof JenkinsError) || !WANTS_SIGN_IN.has(error.kind)) throw error;
    return { closed: error, user: undefined, version: undefined };
  }
}

const WANTS_SIGN_IN: ReadonlySet<string> = new Set(['sign-in', 'unauthorized', 'forbidden']);

type Way = 'anonymous' | 'token' | 'password';

async function chooseWay({ closed, user }: Found, known: Known): Promise<Way | undefined> {
  const ways: readonly (vscode.QuickPickItem & { readonly way: Way })[] = [
    {
      label: user === undefined ? '$(eye) Anonymously' : `$(account) As ${plain(user)}`,
      detail:
        user === undefined
          ? 'This server shows something to everybody.'
          : 'This server knows you already: by your certificate, or by what stands before it.',
      way: 'anonymous',
    },
    {
      label: '$(key) With user name and API token',
      detail:
        'To see all that you are allowed to see. You make a token in Jenkins, and can take it back there.',
      way: 'token',
    },
    {
      label: '$(lock) With user name and password',
      detail:
        'Only where Jenkins checks passwords itself, and not with single sign-on. It is kept where VS Code keeps secrets.',
      way: 'password',
    },
  ];
  // Who signs in again wants to sign in.
  const offered = closed !== undefined || known.user !== undefined ? ways.slice(1) : ways;
  const choice = await vscode.window.showQuickPick(offered, {
    title: TITLE,
    placeHolder: closed ? plain(closed.message) : 'How do you want to read this server?',
    ignoreFocusOut: true,
  });
  return choice?.way;
}

/** Whether the server has accepted what the person gave. */
async function signIn(
  draft: Draft,
  way: 'token' | 'password',
  name: string | undefined,
  { version }: Found,
): Promise<boolean> {
  const { url } = draft;
  const user = await ask({
    title: TITLE,
    step: [3, 4],
    prompt: `Your user name on ${serverName(url)}. The button opens the page where Jenkins tells it.`,
    value: name,
    button: opening('Open the page where Jenkins tells your user name', `${url}whoAmI/`),
    check: (answer) =>
      answer.trim() === '' ? Promise.reject(new UserError('A user name is needed.')) : DONE,
  });
  if (user === undefined) return false;
  draft.user = user.trim();
  const page = tokenPage(url, draft.user, version);
  const token = await ask({
    title: TITLE,
    step: [4, 4],
    prompt:
      way === 'token'
        ? `An API token of ${draft.user}. The button opens the page where Jenkins makes one: there, "Add new Token", "Generate", and copy it.`
        : `The password of ${draft.user}.`,
    password: true,
    ...(way === 'token' && {
      button: opening('Open the page where Jenkins makes API tokens', page),
    }),
    check: async (answer, signal, aside) => {
      draft.token = way === 'token' ? answer.trim() : answer;
      await tryOut(draft, (client) => client.ping(signal), aside, signal);
    },
  });
  return token !== undefined;
}

const DONE = Promise.resolve();

function opening(tooltip: string, page: string) {
  return {
    icon: 'link-external',
    tooltip,
    press: () => vscode.env.openExternal(vscode.Uri.parse(page)),
  };
}
