import { messageOf, UserError } from '../base/errors';
import type { AgentMark, Agents } from '../jenkins/agents';
import { thisProcess } from '../machines/leases/ledger';
import { ownerMark } from '../machines/leases/ownerMark';
import { attachmentOf, holding, strikeOff, write, type Attachment } from './ledger';

/** What an agent is taken off its server by. */
export interface Leaving {
  /** The state directory. */
  readonly root: string;
  /** `user@host` */
  readonly who: string;
  /**
   * The agents of a server, asked as that user, or as nobody.
   * @throws UserError where it is not known how to sign in: nothing is sent to a server that it is not meant for.
   */
  readonly agents: (server: string, user: string | undefined) => Promise<Agents & Disposable>;
  readonly say: (words: string) => void;
}

/** How many milliseconds a machine that is given back waits for its server: it may cost money. */
const LEAVING = 10_000;

/** A request to create an agent may be under way so many milliseconds after it was sent, though nobody waits for it. */
const LATE = 30_000;

/**
 * Takes a machine that is given back off its server; what runs on it for that, its lender ends. What is left is
 * told, and hinders nothing.
 */
export async function leave(ways: Leaving, lease: string, signal: AbortSignal): Promise<void> {
  let attachment: Attachment | undefined;
  try {
    // Also what is written in a way that cannot be read must not keep a machine from going back.
    attachment = attachmentOf(ways.root, lease);
    if (!attachment) return;
    const soon = AbortSignal.any([signal, AbortSignal.timeout(LEAVING)]);
    await holding(ways.root, lease, async () => {
      const now = attachmentOf(ways.root, lease);
      if (now) await takeOff(ways, now, () => Promise.resolve(), soon);
    });
  } catch (error) {
    ways.say(attachment ? leftWords(attachment, error) : messageOf(error));
  }
}

/** To be called while `holding` it; `end` sees to the machine, once the server has let go of it. */
export async function takeOff(
  ways: Omit<Leaving, 'say'>,
  attachment: Attachment,
  end: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { id, server, user, name, credential, askedAt } = attachment;
  const leaving: Attachment = {
    ...attachment,
    owner: { who: ways.who, process: thisProcess() },
    state: 'leaving',
  };
  write(ways.root, leaving);
  try {
    using agents = await ways.agents(server, user);
    // First the server, so that nothing new is sent there.
    const wasThere = await agents.remove(name, await markOf(ways.root, attachment), signal);
    if (credential !== undefined) await agents.keys.remove(credential, signal);
    const age = Date.now() - (askedAt ?? 0);
    if (!wasThere && age >= 0 && age < LATE)
      throw new UserError('there is none yet; a request may still be under way');
    await end();
    strikeOff(ways.root, id);
  } catch (error) {
    write(ways.root, { ...leaving, problem: messageOf(error) });
    throw error;
  }
}

export async function markOf(root: string, { id, owner }: Attachment): Promise<AgentMark> {
  return { lease: id, owner: await ownerMark(root, owner.who) };
}

export function leftWords({ name, server }: Attachment, error: unknown): string {
  return `the agent ${name} could not be taken off ${server}: ${messageOf(error)}`;
}
