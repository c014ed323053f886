import { setTimeout as delay } from 'node:timers/promises';
import { orAborted } from '../../base/abort';
import { isAbort, messageOf, UserError } from '../../base/errors';
import type { SshAddress } from '../lender';
import { connect, ConnectionLost, isRefusedChannel, NotLetIn, type Connection } from './connection';
import { newNonce, runScript, shellCommand, type FarCall } from './farShell';
import { createKeyring } from './keyring';
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
  /** Milliseconds that were spent on looking for it since it was lost. */
  let away = 0;

  const take = (connection: Connection): void => {
    const seat: Seat = { connection, taken: 0, most: MOST_CHANNELS };
    seats.add(seat);
    void connection.closed.then(() => seats.delete(seat) || old.delete(seat));
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
        if (lost) surroundings.say(`The connection to ${name} is back.`);
        [lost, away] = [false, 0];
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
        // At once, then ever later, and not all windows at the same moment.
        const pause = 100 * 2 ** attempt;
        if (pause >= patience.pause && !slow) {
          slow = true;
          surroundings.say(
            `${name} is still away. It is looked for every ${words(patience.pause)}, for ${words(patience.away - away)} more.`,
          );
        }
        const waited = Math.min(patience.pause, pause) * (0.5 + Math.random());
        await delay(waited, undefined, { signal: over.signal });
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
  return {
    name,
    run: async (call, until) => {
      for (let attempt = 0; ; attempt++) {
        const seat = await seatWithRoom(until);
        seat.taken++;
        try {
          const nonce = newNonce();
          const opening = seat.connection.channel(shellCommand(nonce));
          const channel = await orAborted(opening, until, (late) => late.close());
          return await runScript(channel, nonce, call(attempt), until);
        } catch (error) {
          if (isRefusedChannel(error) && seat.taken > 1) {
            // This server allows fewer than usual.
            seat.most = seat.taken - 1;
            continue;
          }
          if (isRefusedChannel(error))
            throw new UserError(`${name} lets us in, but runs no commands.`, { cause: error });
          if (!(error instanceof ConnectionLost)) throw error;
          // Its own end may be told a moment later.
          seats.delete(seat);
          seat.connection[Symbol.dispose]();
          over.signal.throwIfAborted();
          if (!lost) {
            lost = true;
            surroundings.say(
              `The connection to ${name} was lost. What runs there goes on; trying to get back to it.`,
            );
          }
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
  taken: number;
  most: number;
}

function words(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
}
