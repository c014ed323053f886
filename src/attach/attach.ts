import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../base/errors';
import { checkAgentName, checkLabels, descriptionOf, type Agents } from '../jenkins/agents';
import { mayPass } from '../jenkins/jenkinsError';
import {
  admitKey,
  agentCookie,
  endAgent,
  lastLines,
  lookAtAgent,
  makeAgentFolders,
  prepareAgent,
  startAgent,
  type Prepared,
} from '../machines/agent';
import { thisProcess } from '../machines/leases/ledger';
import type { SshAddress } from '../machines/lender';
import type { Machine } from '../machines/machine';
import type { SshTarget } from '../machines/ssh/configuration';
import { newSshKey } from '../machines/sshKey';
import type { OtherMachine } from '../recipe/recipe';
import { addressOf, placeName } from '../reproduce/place';
import { attachmentId, attachmentOf, holding, write, type Attachment } from './ledger';
import type { Ways } from './detach';
import { leftWords, markOf, takeOff } from './leave';

/** What joins a machine to a server. */
export interface Joining extends Ways {
  /** Where a machine is found by others than us. */
  readonly resolve: (
    address: SshAddress,
    signal: AbortSignal,
  ) => Promise<Pick<SshTarget, 'host' | 'port' | 'jumps'>>;
}

/** Who connects to whom. */
export type Way =
  | {
      /** The machine to the server, by WebSocket. */
      readonly kind: 'inbound';
      /** Through which the machine reaches the server. */
      readonly proxy: URL | undefined;
      /** The certificates, as PEM, of the authorities to believe beside those that Java knows. */
      readonly ca: string | undefined;
    }
  | {
      /** The server to the machine, by its plugin SSH Build Agents. */
      readonly kind: 'ssh';
      /** The id of a credential of the server's own; undefined for a key that is made for it. */
      readonly credential: string | undefined;
    };

export interface AttachWish {
  readonly machine: OtherMachine;
  /** The server's base address. */
  readonly server: string;
  readonly user: string | undefined;
  readonly labels: string;
  readonly executors: number;
  /** Whether jobs that ask for no label may run on it, too. */
  readonly shared: boolean;
  readonly way: Way;
  /** Absolute, on the machine; a folder of ours unless told. */
  readonly folder: string | undefined;
  /** Made of the machine's id unless told. */
  readonly name: string | undefined;
}

/** How many milliseconds an agent may take until its server sees it. */
const PATIENCE = 120_000;

/** How many milliseconds what was begun may take to be undone. */
const UNDOING = 60_000;

/**
 * Makes a machine an agent, and resolves when the server sees it. It stays one when this process ends.
 * When it rejects, all was taken away again, or the ledger knows what was not.
 */
export async function attach(
  ways: Joining,
  wish: AttachWish,
  signal: AbortSignal,
): Promise<Attachment> {
  const { machine: on, server, user, executors, way } = wish;
  if (wish.folder !== undefined && !/^\/[^\p{Cc}]*$/u.test(wish.folder))
    throw new UserError('The folder of an agent is told as an absolute path on its machine.');
  const id = attachmentId(on);
  const labels = checkLabels(wish.labels);
  const name = checkAgentName(wish.name ?? `ci-parity-${id}`);
  using agents = await ways.agents(server, user);
  const address = addressOf(on, ways.root);
  if (!address) throw new UserError(`The machine ${placeName(on)} was given back.`);
  return await holding(ways.root, id, async () => {
    const before = attachmentOf(ways.root, id);
    if (before)
      throw new UserError(
        `${placeName(on)} is the agent ${before.name} of ${before.server} already.`,
        { advice: `Take it off first: ci-parity detach ${placeName(on)}` },
      );
    await using machine = await ways.open(address, signal);
    // Of a host of one's own its owner says what is installed there.
    const wished = { install: 'lease' in on, folder: wish.folder };
    const prepared = await prepareAgent(machine, id, wished, signal);
    const at = way.kind === 'ssh' ? await reachable(ways, address, prepared, signal) : undefined;
    // What starts it there quotes nothing (SSHLauncher.startAgent).
    if (at && /[^\w./@%+=:,-]/.test(`${prepared.folder}${prepared.java}`))
      throw new UserError(`Jenkins starts no agent by SSH in a folder like ${prepared.folder}`, {
        advice: 'Name another one: --folder DIR',
      });
    const ours =
      way.kind === 'ssh' && way.credential === undefined
        ? `ci-parity-${id}-${randomBytes(4).toString('hex')}`
        : undefined;
    const attaching: Attachment = {
      ...{ version: 1, id, machine: on, server, name, labels },
      ...(user === undefined ? {} : { user }),
      ...(ours === undefined ? {} : { credential: ours }),
      owner: { who: ways.who, process: thisProcess() },
      state: 'attaching',
    };
    write(ways.root, attaching);
    try {
      const mark = await markOf(ways.root, attaching);
      const { folder } = prepared;
      /** Where the server says no, nothing of it is under way any more. */
      const asking = async (request: () => Promise<void>): Promise<void> => {
        write(ways.root, { ...attaching, askedAt: Date.now() });
        try {
          await request();
          write(ways.root, attaching);
        } catch (error) {
          if (!mayPass(error) && !signal.aborted) write(ways.root, attaching);
          throw error;
        }
      };
      await makeAgentFolders(machine, id, folder, signal);
      if (ours !== undefined) {
        ways.say(`letting a key of its own in at ${machine.name}, which ${server} gets`);
        const key = newSshKey(ours);
        await admitKey(machine, id, key.publicKey, signal);
        const { privateKey } = key;
        const description = descriptionOf(mark);
        const added = { id: ours, description, user: prepared.user, privateKey };
        await asking(() => agents.keys.add(added, signal));
      }
      ways.say(`creating the agent ${name} at ${server}`);
      const ssh = at && {
        ...at,
        credential: (way.kind === 'ssh' ? way.credential : undefined) ?? ours ?? '',
        java: prepared.java,
        prefix: `export ${agentCookie(id)}; `,
      };
      const fresh = { name, labels, executors, folder, shared: wish.shared, mark };
      await asking(() => agents.create({ ...fresh, ...(ssh && { ssh }) }, signal));
      if (way.kind === 'inbound') {
        const secret = await agents.secret(name, signal);
        const jar = await agents.jar(signal);
        ways.say(`starting it on ${machine.name}`);
        const { ca, proxy } = way;
        const start = { id, url: server, name, secret, jar, folder, ca, proxy };
        await startAgent(machine, start, signal);
        await untilOnline(agents, attaching, machine, signal);
      } else {
        ways.say(`${server} is connecting to ${at?.host ?? ''}`);
        await untilConnected(agents, attaching, prepared.user, signal);
      }
      const attached: Attachment = { ...attaching, state: 'attached', owner: { who: ways.who } };
      write(ways.root, attached);
      return attached;
    } catch (error) {
      ways.say('taking away what was made of it');
      try {
        // Also where the person has cancelled; but nobody is held for ever.
        const soon = AbortSignal.timeout(UNDOING);
        const begun = attachmentOf(ways.root, id) ?? attaching;
        await takeOff(ways, begun, () => endAgent(machine, id, soon), soon);
      } catch (why) {
        ways.say(`${leftWords(attaching, why)}; it is tried again: ci-parity machines`);
      }
      throw error;
    }
  });
}

/** What the server needs to know to log in there. */
async function reachable(
  ways: Joining,
  address: SshAddress,
  { hostKey }: Prepared,
  signal: AbortSignal,
): Promise<{ host: string; port: number; hostKey: string }> {
  const { host, port, jumps } = await ways.resolve(address, signal);
  if (jumps.length > 0)
    throw new UserError(
      `${address.host} is only reached through another host, and Jenkins knows no such way.`,
      {
        advice: 'Without --ssh the machine connects to the server.',
      },
    );
  const pinned = address.hostKeys?.[0] ?? hostKey;
  if (pinned === undefined)
    throw new UserError(
      `The host key of ${address.host} is not known, and without it anybody could be taken for it.`,
    );
  return { host, port, hostKey: pinned };
}

/** Until the server has logged in and started its agent. */
async function untilConnected(
  agents: Agents,
  { name, server }: Attachment,
  user: string,
  signal: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(PATIENCE);
  for (;;) {
    if ((await agents.status(name, signal))?.online === true) return;
    const log = await agents.log(name, signal);
    if (!late.aborted && !/Launch failed/.test(log)) {
      await delay(500, undefined, { signal });
      continue;
    }
    const words = lastLines(log);
    throw new UserError(`${server} could not start the agent ${name} by SSH.`, {
      advice: `The machine must be reachable from there, and the credential must let ${user} in.\n${words === '' ? 'It said nothing.' : `It said:\n${words}`}`,
    });
  }
}

async function untilOnline(
  agents: Agents,
  { id, name, server }: Attachment,
  machine: Machine,
  signal: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(PATIENCE);
  for (let ended = false; ;) {
    if ((await agents.status(name, signal))?.online === true) return;
    const { running, words } = await lookAtAgent(machine, id, signal);
    if (!ended && !late.aborted) {
      // It may have come online, and gone, in between: asked once more.
      ended = !running;
      await delay(500, undefined, { signal });
      continue;
    }
    throw new UserError(
      running ? `${server} does not see the agent ${name}.` : `The agent ended on ${machine.name}.`,
      { advice: adviceOf(words) },
    );
  }
}

function adviceOf(words: string): string {
  const hint = words.includes('UnsupportedClassVersionError')
    ? 'The Java there is older than this server takes.\n'
    : '';
  return words === '' ? 'It said nothing.' : `${hint}It said:\n${words}`;
}
