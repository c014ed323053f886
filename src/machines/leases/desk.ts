import type { Clock } from '../../base/clock';
import { UserError } from '../../base/errors';
import type { Lender } from '../lender';
import type { Caps } from './caps';

/** Where one borrows: who lends, how much is allowed, and where it is written down. */
export interface Desk {
  /** The state directory. */
  readonly root: string;
  readonly lenders: readonly Lender[];
  readonly caps: Caps;
  readonly clock: Clock;
  /** Who borrows: `user@host`. */
  readonly who: string;
  /** Called before a machine is given back, for what goes by it elsewhere; never rejects, and is short. */
  readonly leave?: (lease: string, signal: AbortSignal) => Promise<void>;
  /** Whether a machine serves somebody elsewhere, though nothing of ours runs on it. */
  readonly serves?: (lease: string) => boolean;
}

/**
 * How far, in milliseconds, a lender's own end lies ahead of a machine whose owner lives. It is moved
 * forward when a quarter is gone; so the machine of a laptop that went offline ends by itself within it,
 * and a lender has that long to make one.
 */
export const STEP = 40 * 60_000;

/** @throws UserError where the settings know no such lender any more. */
export function lenderOf(desk: Pick<Desk, 'lenders'>, name: string): Lender {
  const lender = desk.lenders.find((one) => one.name === name);
  if (!lender)
    throw new UserError(`The settings know no lender "${name}".`, {
      advice: 'Lenders are named in lenders.json.',
    });
  return lender;
}
