import { setTimeout as delay } from 'node:timers/promises';
import { orAborted } from '../../base/abort';
import { isAbort, messageOf, UserError } from '../../base/errors';
import type { SshAddress } from '../lender';
import { connect, ConnectionLost, isRefusedChannel, NotLetIn, type Connection } from './connection';
import { NotBegun, runScript, type FarCall } from './farShell';
import { createKeyring } from './keyring';
import { shellsOf, type Shells } from './shells';
import { usualPatience, type SshSurroundings } from './surroundings';

/** The way to a far machine, which outlives its connections. */
export interface Link extends AsyncDisposable {
  /** For people. */
  readonly name: string;
  /**
   * Runs a script there, and resolves with its exit code. Where the connection is lost, it is made
   * again and the script is run once more from the beginning: `call` is asked for each attempt.
   * @throws UserError where the machine stayed away, or does not let us in any more.
   */
  run(call: (attempt: number) => FarCall, signal: AbortSignal): Promise<number>;
  /** What is run from now on goes by a new connection; what is under way by its own, until it has ended. */
  renew(): void;
}

/** Servers allow ten sessions on a connection unless they are told otherwise. */
const MOST_CHANNELS = 8;

/** How long, in milliseconds, a machine that is starting may keep us out. */
const STARTING = 60_000;

/** Milliseconds: whoever loses a connection as early as that may lose the next one so, too. */
const HUNG_UP = 100;

/** Connects, and from then on keeps the way open. Whatever keeps the first connection from being made is told. */
export async function openLink(
  address: SshAddress,
  surroundings: SshSurroundings,
  signal: AbortSignal,
): Promise<Link> {
  const patience = surroundings.patience ?? usualPatience;
  const keyring = createKeyring(surroundings.ask);
  const name = address.host;
  const over = new AbortController();
  const seats = new Set<Seat>();
  const old = new Set<Seat>();
  let dialing: Promise<void> | undefined;
  let lost = false;
  /** That it was lost; nobody is told of a connection that nobody wanted. */
  let told = false;
  /** Milliseconds that were spent on looking for it since it was lost. */
  let away = 0;

  const take = (connection: Connection): void => {
    const seat: Seat = {
      connection,
      shells: shellsOf(connection),
      taken: 0,
      most: MOST_CHANNELS,
      ran: false,
    };
    seats.add(seat);
    void connection.closed.then(() => {
      if (!old.delete(seat) && seats.delete(seat) && seats.size === 0) lost = true;
    });
  };
  const tellLost = (): void => {
    if (told) return;
    told = true;
    surroundings.say(
      `The connection to ${name} was lost. What runs there goes on; trying to get back to it.`,
    );
  };
  /** One that was renewed goes with the last of those who sit there. */
  const leave = (seat: Seat): void => {
    if (seat.taken > 0 || !old.delete(seat)) return;
    seat.connection[Symbol.dispose]();
  };
  /** Tries until the connection is there, or there is no hope. */
  const dial = async (): Promise<void> => {
    let slow = false;
    for (let attempt = 0; ; attempt++) {
      const began = performance.now();
      // Neither counts a laptop's sleep, nor what a person takes to answer.
      const took = (): number => Math.min(performance.now() - began, patience.connect);
      try {
        take(await connect(address, keyring, surroundings, over.signal));
        if (told) surroundings.say(`The connection to ${name} is back.`);
        [lost, told, away] = [false, false, 0];
        return;
      } catch (error) {
        const forsaken = lost ? surroundings.forsaken?.() : undefined;
        if (forsaken) throw forsaken;
        if (lost) away += took();
        const hope =
          error instanceof ConnectionLost
            ? patience.away
            : error instanceof NotLetIn
              ? Math.min(STARTING, patience.away)
              : 0;
        if (!lost || away >= hope) throw away > 0 ? gone(error, away) : error;
        tellLost();
        // At once, then ever later, and not all windows at the same moment.
        const pause = 100 * 2 ** attempt;
        if (pause >= patience.pause && !slow) {
          slow = true;
          surroundings.say(
            `${name} is still away. It is looked for every ${words(patience.pause)}, for ${words(patience.away - away)} more.`,
          );
        }
        const waited = Math.min(patience.pause, pause) * (0.5 + Math.random());
        await delay(waited, undefined, { signal: over.signal }).catch(() => undefined);
        over.signal.throwIfAborted();
        away += waited;
      }
    }
  };
  const gone = (cause: unknown, away: number): UserError =>
    cause instanceof UserError && !(cause instanceof ConnectionLost)
      ? cause
      : new UserError(`${name} has been away for ${words(away)}: ${messageOf(cause)}`, {
          cause,
          advice: 'What was started there may still run.',
        });
  const rest = async (milliseconds: number, until: AbortSignal): Promise<void> => {
    const signal = AbortSignal.any([until, over.signal]);
    // Whoever looks for a seat next hears why.
    await delay(milliseconds, undefined, { signal }).catch(() => undefined);
  };
  const seatWithRoom = async (until: AbortSignal): Promise<Seat> => {
    for (;;) {
      until.throwIfAborted();
      over.signal.throwIfAborted();
      for (const seat of seats) if (seat.taken < seat.most) return seat;
      dialing ??= dial().finally(() => (dialing = undefined));
      await orAborted(dialing, until);
    }
  };

  take(await connect(address, keyring, surroundings, signal));
  const { abandon } = surroundings;
  const onAbandon = (): void => {
    over.abort(new UserError(`${name} was not waited for any longer.`));
    for (const { connection } of [...seats, ...old]) connection[Symbol.dispose]();
  };
  if (abandon?.aborted === true) onAbandon();
  else abandon?.addEventListener('abort', onAbandon, { once: true });
  return {
    name,
    run: async (call, wanted) => {
      const until = abandon ? AbortSignal.any([wanted, over.signal]) : wanted;
      let [refusals, hungUp] = [0, 0];
      for (let attempt = 0; ; attempt++) {
        const seat = await seatWithRoom(until);
        seat.taken++;
        const began = performance.now();
        let waited = false;
        try {
          const shell = await orAborted(seat.shells.next(), until, (late) => late.channel.close());
          ({ waited } = shell);
          const code = await runScript(shell.channel, shell.nonce, call(attempt), until);
          seat.ran = true;
          return code;
        } catch (error) {
          if (error instanceof NotBegun) {
            if (waited) continue;
            return error.code;
          }
          if (isRefusedChannel(error) && seat.taken > 1) {
            // This server allows fewer than usual.
            seat.most = seat.taken - 1;
            continue;
          }
          if (isRefusedChannel(error) && seat.ran && ++refusals < 20) {
            // Those that have just ended are still counted there.
            await rest(50, until);
            continue;
          }
          if (isRefusedChannel(error))
            throw new UserError(`${name} lets us in, but runs no commands.`, { cause: error });
          if (!(error instanceof ConnectionLost)) throw error;
          // Its own end may be told a moment later.
          seats.delete(seat);
          seat.connection[Symbol.dispose]();
          over.signal.throwIfAborted();
          lost = true;
          tellLost();
          // A server that lets in and then hangs up is not asked without a pause.
          hungUp = performance.now() - began < HUNG_UP ? hungUp + 1 : 0;
          if (hungUp > 1) await rest(Math.min(patience.pause, 50 * 2 ** hungUp), until);
        } finally {
          seat.taken--;
          leave(seat);
        }
      }
    },
    renew: () => {
      for (const seat of seats) {
        seats.delete(seat);
        old.add(seat);
        leave(seat);
      }
    },
    [Symbol.asyncDispose]: async () => {
      abandon?.removeEventListener('abort', onAbandon);
      over.abort(new UserError(`The connection to ${name} was closed.`));
      for (const { connection } of [...seats, ...old]) connection[Symbol.dispose]();
      await dialing?.catch((error: unknown) => {
        // It ends because it was told to.
        if (!isAbort(error) && !(error instanceof UserError)) throw error;
      });
    },
  };
}

interface Seat {
  readonly connection: Connection;
  readonly shells: Shells;
  taken: number;
  most: number;
  /** That scripts run there is known. */
  ran: boolean;
}

function words(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
}
