import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UserError } from '../base/errors';
import { checkAgentName, checkLabels, type Agents } from '../jenkins/agents';
import { mayPass } from '../jenkins/jenkinsError';
import { endAgent, lookAtAgent, prepareAgent, startAgent } from '../machines/agent';
import { readLedger, thisProcess } from '../machines/leases/ledger';
import type { SshAddress } from '../machines/lender';
import type { Machine } from '../machines/machine';
import type { OtherMachine } from '../recipe/recipe';
import { addressOf, placeName } from '../reproduce/place';
import {
  attachmentId,
  attachmentOf,
  holding,
  isBusy,
  readAttachments,
  write,
  type Attachment,
} from './ledger';
import { leftWords, markOf, takeOff, type Leaving } from './leave';

/** What joins a machine to a server, and parts them. */
export interface Ways extends Leaving {
  readonly open: (address: SshAddress, signal: AbortSignal) => Promise<Machine>;
}

export interface AttachWish {
  readonly machine: OtherMachine;
  /** The server's base address. */
  readonly server: string;
  readonly user: string | undefined;
  readonly labels: string;
  readonly executors: number;
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
  ways: Ways,
  wish: AttachWish,
  signal: AbortSignal,
): Promise<Attachment> {
  const { machine: on, server, user, executors } = wish;
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
    const folder = await prepareAgent(machine, id, { install: 'lease' in on }, signal);
    const attaching: Attachment = {
      ...{ version: 1, id, machine: on, server, name },
      ...(user === undefined ? {} : { user }),
      owner: { who: ways.who, process: thisProcess() },
      state: 'attaching',
    };
    write(ways.root, { ...attaching, askedAt: Date.now() });
    try {
      const mark = markOf(attaching);
      ways.say(`creating the agent ${name} at ${server}`);
      try {
        await agents.create({ name, labels, executors, folder, mark }, signal);
      } catch (error) {
        // The server has said no: nothing of it is under way any more.
        if (!mayPass(error) && !signal.aborted) write(ways.root, attaching);
        throw error;
      }
      write(ways.root, attaching);
      const secret = await agents.secret(name, signal);
      ways.say(`starting it on ${machine.name}`);
      await startAgent(machine, { id, url: server, name, secret }, signal);
      await untilOnline(agents, attaching, machine, signal);
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

/** Takes a machine off its server. Whatever runs there for the server ends. */
export async function detach(ways: Ways, on: OtherMachine, signal: AbortSignal): Promise<void> {
  const id = attachmentId(on);
  await holding(ways.root, id, async () => {
    const attachment = attachmentOf(ways.root, id);
    if (!attachment) throw new UserError(`${placeName(on)} is no agent of anybody's.`);
    await takeOff(ways, attachment, () => endOnMachine(ways, attachment, signal), signal);
  });
}

/**
 * Takes off what dead processes had begun with, those whose machines were given back, and agents that bear our
 * mark on the servers concerned, but are in no ledger. Resolves with sentences about what is left.
 */
export async function sweepAgents(ways: Ways, signal: AbortSignal): Promise<string[]> {
  const { attachments, damaged } = readAttachments(ways.root);
  const left = damaged.map((id) => `what was written of the agent ${id} cannot be read`);
  for (const attachment of attachments) {
    if (isBusy(attachment, ways.who) || !isDue(ways, attachment)) continue;
    try {
      await holding(ways.root, attachment.id, async () => {
        const now = attachmentOf(ways.root, attachment.id);
        if (!now || !isDue(ways, now)) return;
        ways.say(`taking the agent ${now.name} off ${now.server}`);
        await takeOff(ways, now, () => endOnMachine(ways, now, signal), signal);
      });
    } catch (error) {
      signal.throwIfAborted();
      left.push(leftWords(attachment, error));
    }
  }
  const servers = new Map(attachments.map(({ server, user }) => [server, user]));
  for (const [server, user] of servers) {
    // Where one could not be asked, that was told of each agent there that is due.
    const more = await sweepServer(ways, server, user, signal).catch(() => []);
    signal.throwIfAborted();
    left.push(...more);
  }
  return left;
}

/** Agents of ours that the ledger has lost: their machines cannot be told, but the server can. */
async function sweepServer(
  ways: Ways,
  server: string,
  user: string | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  using agents = await ways.agents(server, user);
  const marked = await agents.marked(signal);
  // Read afterwards: what was attached in between is in it.
  const known = new Set(readAttachments(ways.root).attachments.map(({ id }) => id));
  const left: string[] = [];
  for (const { name, mark } of marked) {
    if (mark.owner !== ways.who || known.has(mark.lease)) continue;
    ways.say(`taking off the agent ${name}, which nobody knows any more`);
    try {
      await agents.remove(name, mark, signal);
    } catch (error) {
      signal.throwIfAborted();
      left.push(`the agent ${name}: ${messageOf(error)}`);
    }
  }
  return left;
}

function isDue({ root }: Ways, { state, machine }: Attachment): boolean {
  if (state !== 'attached') return true;
  return 'lease' in machine && !hasLease(root, machine.lease);
}

function hasLease(root: string, lease: string): boolean {
  const { leases, damaged } = readLedger(root);
  return damaged.includes(lease) || leases.some(({ id }) => id === lease);
}

async function endOnMachine(
  { root, open }: Ways,
  { id, machine: on }: Attachment,
  signal: AbortSignal,
): Promise<void> {
  const address = isGone(root, on) ? undefined : addressOf(on, root);
  if (!address) return;
  await using machine = await open(address, signal);
  await endAgent(machine, id, signal);
}

/** A machine that goes back to its lender takes what is on it along. */
function isGone(root: string, on: OtherMachine): boolean {
  if (!('lease' in on)) return false;
  const lease = readLedger(root).leases.find(({ id }) => id === on.lease);
  return lease === undefined ? !hasLease(root, on.lease) : lease.state.kind === 'returning';
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
      { advice: words === '' ? 'It said nothing.' : `It said:\n${words}` },
    );
  }
}
