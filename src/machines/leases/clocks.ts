import type { Desk } from './desk';
import { change, type Lease } from './ledger';

/** Milliseconds; less between two answers of a lender is no clock that was set. */
export const TOLERANCE = 60_000;

/** What a lease is noted with, so that it can be found out later that somebody has set this machine's clock. */
export function clockNote(desk: Pick<Desk, 'lenders'>, name: string): Pick<Lease, 'clockAhead'> {
  const clockAhead = clockAheadOf(desk, name);
  return clockAhead === undefined ? {} : { clockAhead };
}

/**
 * The lease with its moments put right, where the clock of this machine was set since they were written:
 * else it would end too early, or too late. To be called after its lender has answered something.
 */
export async function putRight(desk: Desk, lease: Lease): Promise<Lease> {
  const ahead = clockAheadOf(desk, lease.lender);
  if (ahead === undefined || !isSet(lease, ahead)) return lease;
  // Somebody else may do the same.
  const changed = await change(desk.root, lease.id, (one) =>
    isSet(one, ahead) ? moved(one, ahead) : undefined,
  );
  return changed ?? lease;
}

function clockAheadOf({ lenders }: Pick<Desk, 'lenders'>, name: string): number | undefined {
  return lenders.find((one) => one.name === name)?.clockAhead?.();
}

function isSet({ clockAhead }: Lease, ahead: number): boolean {
  return clockAhead !== undefined && Math.abs(clockAhead - ahead) > TOLERANCE;
}

function moved(lease: Lease, ahead: number): Lease {
  const { askedAt, end, until, letGo, clockAhead = ahead } = lease;
  const by = clockAhead - ahead;
  return {
    ...lease,
    ...{ askedAt: askedAt + by, end: end + by, until: until + by, clockAhead: ahead },
    ...(letGo && { letGo: { at: letGo.at + by, end: letGo.end + by } }),
  };
}
