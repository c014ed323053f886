import * as vscode from 'vscode';
import { attachmentOf, readAttachments } from '../../attach/ledger';
import { leave, type Leaving } from '../../attach/leave';
import { messageOf, UserError } from '../../base/errors';
import { offerSecrets, type Offer } from '../../base/secretChannel';
import { stateDirectory } from '../../base/stateDirectory';
import { checkLabels } from '../../jenkins/agents';
import { checkAgentProxy } from '../../machines/agent';
import { readLedger, whoWeAre, type Lease } from '../../machines/leases/ledger';
import { openProgram } from '../frame/programTerminal';
import { proxySettings, type Server } from '../frame/settings';
import { plain } from '../look/plain';
import type { Servers } from '../servers/servers';
import { wayOfPrograms } from '../servers/wayOfPrograms';
import { titleOf } from './machineText';

export type AgentServers = Pick<Servers, 'list' | 'at' | 'client' | 'secrets'>;

/**
 * Borrowed machines as agents of the person's Jenkins. What goes to the machine is done by the program, in a
 * terminal, which gets the server's token by the channel of secrets; the server alone is asked from here.
 */
export class Attaching implements vscode.Disposable {
  readonly #cli: string;
  readonly #servers: AgentServers;
  readonly #offers = new Map<vscode.Terminal, Offer>();
  readonly #closing: vscode.Disposable;

  constructor(cli: string, servers: AgentServers) {
    this.#cli = cli;
    this.#servers = servers;
    this.#closing = vscode.window.onDidCloseTerminal((terminal) => {
      void this.#offers.get(terminal)?.[Symbol.asyncDispose]();
      this.#offers.delete(terminal);
    });
  }

  isAttached({ id }: Lease): boolean {
    return readAttachments(stateDirectory()).attachments.some((one) => one.id === id);
  }

  /** Asks for the server and the label, which says yes to it. */
  async attach(lease: Lease): Promise<void> {
    const server = await this.#choose();
    if (!server) return;
    const labels = await vscode.window.showInputBox({
      title: `Attach ${titleOf(lease)} to ${plain(server.name)}`,
      prompt:
        'The label by which jobs ask for it. Whoever may build there can then run programs on the machine.',
      value: 'vagrant',
      ignoreFocusOut: true,
      validateInput: refusalOf(checkLabels),
    });
    const ways = labels === undefined ? undefined : await chooseWays(lease);
    if (labels === undefined || !ways) return;
    const words = ['attach', lease.id, server.url, '--label', labels, ...ways];
    await this.#run(server, lease, words);
  }

  async detach(lease: Lease): Promise<void> {
    const attachment = attachmentOf(stateDirectory(), lease.id);
    if (!attachment) throw new UserError(`${titleOf(lease)} is no agent of a Jenkins.`);
    await this.#run(this.#servers.at(attachment.server), lease, ['detach', lease.id]);
  }

  /** Before a machine is given back. Resolves with what could not be done: a sentence, or none. */
  async leave(lease: string, signal: AbortSignal): Promise<string[]> {
    const said: string[] = [];
    await leave(
      this.#ways((words) => said.push(words)),
      lease,
      signal,
    );
    return said;
  }

  /** Takes agents off whose machines were given back while their servers were away. */
  async sweep(signal: AbortSignal): Promise<string[]> {
    const known = readLedger(stateDirectory());
    const left: string[] = [];
    for (const { machine } of readAttachments(stateDirectory()).attachments) {
      if (!('lease' in machine) || known.damaged.includes(machine.lease)) continue;
      if (known.leases.some(({ id }) => id === machine.lease)) continue;
      left.push(...(await this.leave(machine.lease, signal)));
    }
    return left;
  }

  dispose(): void {
    this.#closing.dispose();
    for (const offer of this.#offers.values()) void offer[Symbol.asyncDispose]();
  }

  #ways(say: (words: string) => void): Leaving {
    return {
      root: stateDirectory(),
      who: whoWeAre(),
      say,
      agents: async (url) => {
        const client = await this.#servers.client(this.#servers.at(url));
        // The client is the servers' own, and stays open.
        return { ...(await client.doing.agents()), [Symbol.dispose]: () => undefined };
      },
    };
  }

  async #choose(): Promise<Server | undefined> {
    const servers = this.#servers.list();
    const [only] = servers;
    if (!only)
      throw new UserError('You are not connected to a Jenkins.', {
        advice: 'Run: CI Parity: Connect to Jenkins…',
      });
    if (servers.length === 1) return only;
    const choice = await vscode.window.showQuickPick(
      servers.map((server) => ({ label: plain(server.name), description: server.url, server })),
      { title: 'Attach to which Jenkins?' },
    );
    return choice?.server;
  }

  async #run(server: Server, { title }: Lease, words: string[]): Promise<void> {
    const { url, user } = server;
    const way = wayOfPrograms(server, proxySettings(), process.env);
    const { token } = await this.#servers.secrets(url);
    const login =
      user === undefined || token === undefined
        ? undefined
        : ({ kind: 'login', username: user, password: token } as const);
    const offer = login && (await offerSecrets({ [`JENKINS ${url}`]: login }));
    const terminal = openProgram(this.#cli, words, {
      ...{ name: plain(title), icon: 'server-process', holds: 'always' },
      env: {
        ...(offer
          ? { CI_PARITY_SECRETS: offer.path }
          : { JENKINS_USER: null, JENKINS_TOKEN: null }),
        ...way,
      },
    });
    if (offer) this.#offers.set(terminal, offer);
  }
}

/** More words of the command line; undefined where the person cancelled. */
async function chooseWays(lease: Lease): Promise<string[] | undefined> {
  const title = `Attach ${titleOf(lease)}: how?`;
  const picked = await vscode.window.showQuickPick(WAYS, {
    ...{ title, canPickMany: true, ignoreFocusOut: true },
    placeHolder:
      'Without any: the machine connects, and only jobs that ask for the label come. Enter goes on.',
  });
  if (!picked) return undefined;
  const words: string[] = [];
  for (const { flag, asks } of picked) {
    words.push(flag);
    if (!asks) continue;
    const { prompt, placeHolder, check } = asks;
    const typed = await vscode.window.showInputBox({
      ...{ title, prompt, placeHolder, ignoreFocusOut: true, validateInput: refusalOf(check) },
    });
    if (typed === undefined) return undefined;
    words.push(typed);
  }
  return words;
}

interface Way extends vscode.QuickPickItem {
  readonly flag: string;
  readonly asks?: {
    readonly prompt: string;
    readonly placeHolder: string;
    /** Throws what is wrong with what was typed. */
    readonly check: (typed: string) => unknown;
  };
}

const WAYS: readonly Way[] = [
  {
    flag: '--ssh',
    label: 'The server connects to the machine',
    detail: 'By its plugin SSH Build Agents, with a key that is made for the machine.',
  },
  {
    flag: '--shared',
    label: 'Jobs that ask for no label may come, too',
  },
  {
    flag: '--folder',
    label: 'It works in a folder of your choice…',
    asks: {
      prompt: 'Where it works on the machine.',
      placeHolder: '/var/lib/jenkins',
      check: (typed) => {
        if (!typed.startsWith('/')) throw new UserError('An absolute path: /…');
      },
    },
  },
  {
    flag: '--proxy',
    label: 'The machine reaches the server by a proxy…',
    asks: {
      prompt: 'The proxy between the machine and the server.',
      placeHolder: 'http://proxy.example.org:3128',
      check: checkAgentProxy,
    },
  },
];

/** What is wrong with what was typed, as an input box wants it. */
function refusalOf(check: (typed: string) => unknown): (typed: string) => string | undefined {
  return (typed) => {
    try {
      check(typed);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  };
}
