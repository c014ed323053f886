import { messageOf, UserError } from '../base/errors';
import { endAgent } from '../machines/agent';
import { readLedger } from '../machines/leases/ledger';
import { isOurs } from '../machines/leases/ownerMark';
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
  type Attachment,
} from './ledger';
import { leftWords, takeOff, type Leaving } from './leave';

/** What parts a machine from its server. */
export interface Ways extends Leaving {
  readonly open: (address: SshAddress, signal: AbortSignal) => Promise<Machine>;
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
    if (!isOurs(ways.root, mark.owner) || known.has(mark.lease)) continue;
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
