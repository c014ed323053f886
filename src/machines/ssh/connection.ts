import type { Duplex } from 'node:stream';
import ssh2, { type Algorithms, type Client, type ClientChannel, type NextAuthHandler } from 'ssh2';
import { orAborted } from '../../base/abort';
import { codeOf, messageOf, UserError } from '../../base/errors';
import { printable } from '../../base/json';
import type { SshAddress } from '../lender';
import { ownKnownHosts, resolveTarget, type SshTarget } from './configuration';
import {
  algorithmsFor,
  findKnown,
  fingerprint,
  judge,
  keyType,
  knownName,
  pinnedKeys,
  refusal,
  remember,
} from './hostKeys';
import type { Keyring } from './keyring';
import { usualPatience, type SshSurroundings } from './surroundings';

/** One connection to a host, until it is closed or lost. */
export interface Connection extends Disposable {
  /** Resolves when it is no more, with why. */
  readonly closed: Promise<string>;
  /** Starts a command on a channel of its own. Rejects with `ConnectionLost` where that fails for want of a connection. */
  channel(command: string): Promise<ClientChannel>;
}

/** There is no connection, or no longer; another attempt may succeed. */
export class ConnectionLost extends UserError {}

/** The host was reached, and did not let us in. */
export class NotLetIn extends UserError {}

/**
 * Connects to a host, through others if the person's configuration says so, and logs in.
 * @throws ConnectionLost where it cannot be reached at the moment, another UserError where it is not
 * to be trusted or does not let us in.
 */
export async function connect(
  address: SshAddress,
  keyring: Keyring,
  surroundings: SshSurroundings,
  signal: AbortSignal,
): Promise<Connection> {
  return connectThrough(address, { keyring, surroundings, signal }, undefined, 0);
}

interface Way {
  readonly keyring: Keyring;
  readonly surroundings: SshSurroundings;
  readonly signal: AbortSignal;
}

/** Milliseconds for the other side to close a connection that was ended here. */
const PARTING = 1000;

/** More than anybody has, and an end for configurations that go round in a circle. */
const MOST_JUMPS = 8;

async function connectThrough(
  address: SshAddress,
  way: Way,
  through: Established | undefined,
  depth: number,
): Promise<Established> {
  const target = await resolveTarget(address, way.surroundings, way.signal);
  if (depth > MOST_JUMPS) throw new UserError(`The way to ${target.name} has too many jumps.`);
  let last = through;
  try {
    // Whoever is reached through another one is not asked for a way of its own, as with `ssh`.
    if (!through)
      for (const jump of target.jumps) last = await connectThrough(jump, way, last, depth + 1);
    return await login(target, way, last);
  } catch (error) {
    last?.[Symbol.dispose]();
    throw error;
  }
}

interface Established extends Connection {
  /** A way to what can be reached from there. */
  forward(host: string, port: number): Promise<Duplex>;
}

async function login(
  target: SshTarget,
  { keyring, surroundings, signal }: Way,
  through: Established | undefined,
): Promise<Established> {
  signal.throwIfAborted();
  const patience = surroundings.patience ?? usualPatience;
  const name = knownName(
    target.hostKeyAlias ?? target.host,
    target.hostKeyAlias ? 22 : target.port,
  );
  const own = ownKnownHosts(surroundings.stateDirectory);
  const pinned = target.hostKeys.length > 0;
  const known = pinned
    ? pinnedKeys(target.hostKeys)
    : await findKnown([own, ...target.knownHosts], name);
  const wantedKeys = algorithmsFor(known);
  const sock = through && (await forwarded(through, target, patience.connect, signal));

  const client = new ssh2.Client();
  const tried: string[] = [];
  let refused: unknown;
  /** While a person is asked, nobody counts the time. */
  let asking = 0;
  let timer: NodeJS.Timeout | undefined;
  const asked = async <T>(question: Promise<T>): Promise<T> => {
    asking++;
    try {
      return await question;
    } finally {
      asking--;
      timer?.refresh();
    }
  };
  const verify = async (key: Buffer): Promise<boolean> => {
    const judgement = judge(known, key);
    if (judgement.kind === 'known') return true;
    if (judgement.kind !== 'unknown') throw refusal(name, key, judgement, pinned);
    const question = { host: name, type: keyType(key), fingerprint: fingerprint(key) };
    if (!(await asked(surroundings.ask.hostKey(question, signal))))
      throw new UserError(`The host key of ${name} was not accepted: ${question.fingerprint}`);
    await remember(own, name, key);
    return true;
  };
  const tries = keyring.tries(target, signal);
  const nextTry = async (next: NextAuthHandler): Promise<void> => {
    for (;;) {
      const found = await asked(tries.next());
      if (found.done === true) {
        // ssh2 takes false for the end, which its types do not say.
        next(false as never);
        return;
      }
      const { name: what, method, why } = found.value;
      tried.push(why === undefined ? what : `${what} (${printable(why)})`);
      if (method) {
        next(method);
        return;
      }
    }
  };
  const give = (error: unknown): void => {
    refused ??= error;
    client.destroy();
  };

  let first = true;
  const ready = new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    client.on('error', (error) => {
      if (isOfAgent(error)) {
        // The next key is tried.
        tried.push(printable(messageOf(error)));
        return;
      }
      refused ??= error;
      reject(error);
    });
    client.once('close', () => reject(new Error('The connection was closed.')));
    timer = setTimeout(function late() {
      if (asking > 0) timer?.refresh();
      else give(new ConnectionLost(`${target.name} does not answer.`));
    }, patience.connect);
  });
  const stop = (): void => give(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    client.connect({
      host: target.host,
      port: target.port,
      username: target.user,
      ...(sock && { sock }),
      readyTimeout: 0,
      keepaliveInterval: patience.keepAlive,
      keepaliveCountMax: 3,
      algorithms: algorithms(wantedKeys),
      hostVerifier: (key: Buffer, done: (fits: boolean) => void) => {
        verify(key).then(done, (error: unknown) => {
          refused ??= error;
          done(false);
        });
      },
      authHandler: (_left, _partial, next) => {
        if (first) {
          // Some let everybody in; and whoever is asked so tells what is wanted.
          first = false;
          next({ type: 'none', username: target.user });
        } else nextTry(next).catch(give);
      },
    });
    // What is asked comes in small pieces, one after the other: each would wait 40 ms for the server's late ACK.
    client.setNoDelay(true);
    await ready;
  } catch (error) {
    client.destroy();
    sock?.destroy();
    signal.throwIfAborted();
    throw explain(refused ?? error, target, tried, wantedKeys !== undefined);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    await tries.return(undefined);
  }
  return established(client, target, through);
}

/** An agent that is away, or that does not sign with a key that it has. */
function isOfAgent(error: Error): boolean {
  return 'level' in error && error.level === 'agent';
}

/** The way to a host from the one before it. */
async function forwarded(
  through: Established,
  { host, port, name }: SshTarget,
  patience: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const late = AbortSignal.timeout(patience);
  const opening = through.forward(host, port);
  try {
    return await orAborted(opening, AbortSignal.any([signal, late]), (socket) => socket.destroy());
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted)
      throw new ConnectionLost(`${name} does not answer the host that leads to it.`);
    if (!isRefusedChannel(error)) throw error;
    const words = printable(messageOf(error).replace('(SSH) ', ''), 300);
    throw new ConnectionLost(`${name} cannot be reached from the host that leads to it: ${words}`, {
      cause: error,
    });
  }
}

function established(
  client: Client,
  target: SshTarget,
  through: Established | undefined,
): Established {
  let why = 'the connection was closed';
  let open = true;
  client.on('error', (error) => (why = messageOf(error)));
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve())).then(() => {
    open = false;
    through?.[Symbol.dispose]();
    return why;
  });
  const lost = (cause?: unknown): ConnectionLost =>
    new ConnectionLost(`The connection to ${target.name} was lost.`, { cause });
  const opened = async <T>(
    start: (done: (error: Error | undefined, made: T) => void) => unknown,
  ) => {
    if (!open) throw lost();
    return Promise.race([
      new Promise<T>((resolve, reject) => {
        try {
          start((error, made) => {
            if (!error) resolve(made);
            // Whoever may have no more channels can wait for one; all else comes of a connection that ends.
            else reject(isRefusedChannel(error) ? error : lost(error));
          });
        } catch (error) {
          // ssh2 knows already what `close` has not told yet.
          reject(lost(error));
        }
      }),
      closed.then((): never => {
        throw lost();
      }),
    ]);
  };
  return {
    closed,
    channel: (command) => opened((done) => client.exec(command, done)),
    forward: (host, port) => opened((done) => client.forwardOut('127.0.0.1', 0, host, port, done)),
    [Symbol.dispose]: () => {
      // What is on its way out, such as the end of a channel, still gets there.
      client.end();
      // A host that is silent does not end its side, and the open socket would keep this process alive.
      if (open) setTimeout(() => client.destroy(), PARTING).unref();
    },
  };
}

/** The server is there, and allows no more channels, or none. */
export function isRefusedChannel(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('(SSH) Channel open failure');
}

/** AES in the processor's own instructions first: ssh2 has the other one only in JavaScript. */
function algorithms(hostKeys: readonly string[] | undefined): Algorithms {
  const cipher = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'] as const;
  return {
    // In this order: it moves them, since what is in the list already is not put before it.
    cipher: { remove: [...cipher], prepend: [...cipher], append: [] },
    ...(hostKeys && { serverHostKey: hostKeys as Algorithms['serverHostKey'] & object }),
  };
}

function explain(
  error: unknown,
  target: SshTarget,
  tried: readonly string[],
  knowsKeys: boolean,
): UserError {
  if (error instanceof UserError) return error;
  const { name, user, port, host } = target;
  const options = { cause: error };
  const level = error instanceof Error && 'level' in error ? error.level : undefined;
  const words = printable(messageOf(error), 300);
  if (level === 'client-authentication')
    return new NotLetIn(`${name} does not let ${user} in.`, {
      ...options,
      advice:
        tried.length === 0
          ? 'There was no key to try: start an agent, or name a key file.'
          : `Tried: ${tried.join(', ')}.`,
    });
  if (/no matching host key/i.test(words))
    return new UserError(
      knowsKeys
        ? `${name} shows no host key of the kind that is known of it.`
        : `${name} shows no host key that is understood here.`,
      { ...options, advice: 'Nothing was sent to it.' },
    );
  if (/no matching/i.test(words)) return new UserError(`${name}: ${words}`, options);
  switch (codeOf(error)) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConnectionLost(`The host ${host} is not known.`, {
        ...options,
        advice: 'Look at the name, and at the network.',
      });
    case 'ECONNREFUSED':
      return new ConnectionLost(`${name} refuses connections at port ${port}.`, options);
    default:
      return new ConnectionLost(`${name} cannot be reached: ${words}`, options);
  }
}
