import { randomBytes } from 'node:crypto';
import type { ClientChannel } from 'ssh2';
import { isRefusedChannel, type Connection } from './connection';
import { shellCommand } from './farShell';

/** A shell on the far machine that waits for its script: see `runScript`. */
export interface Shell {
  readonly channel: ClientChannel;
  /** What ends its script. */
  readonly nonce: string;
  /** It was there before anybody wanted it: it may be gone without a word. */
  readonly waited: boolean;
}

/**
 * The shells of a connection. Opening one takes two ways to the machine and back, so while one is at work the next
 * is opened already and waits; it ends with the connection.
 */
export interface Shells {
  /** Rejects as `Connection.channel` does. */
  next(): Promise<Shell>;
}

export function shellsOf(connection: Connection): Shells {
  let waiting: Promise<Shell | undefined> | undefined;
  let mayWait = true;
  const open = async (waited: boolean): Promise<Shell> => {
    const nonce = randomBytes(12).toString('hex');
    return { channel: await connection.channel(shellCommand(nonce)), nonce, waited };
  };
  const prepare = async (): Promise<Shell | undefined> => {
    try {
      return await open(true);
    } catch (error) {
      // Whoever wants one next opens it, and hears why it cannot be had.
      if (isRefusedChannel(error)) mayWait = false;
      return undefined;
    }
  };
  return {
    next: async () => {
      const prepared = waiting;
      waiting = undefined;
      const ready = await prepared;
      const shell = ready?.channel.writable === true ? ready : await open(false);
      if (mayWait) waiting ??= prepare();
      return shell;
    },
  };
}
