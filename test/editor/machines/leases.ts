import type { Known } from '../../../src/editor/machines/machineText';
import type { Lease } from '../../../src/machines/leases/ledger';

export const NOW = new Date('2026-03-04T12:00:00').getTime();
const MINUTE = 60_000;

/** Borrowed 50 minutes ago for two hours, at 0.50 USD an hour. */
export function leaseFor(more: Partial<Lease> = {}): Lease {
  return {
    version: 1,
    id: 'abcdef123456',
    lender: 'metal',
    owner: { who: 'ada@laptop' },
    title: 'c3.small.x86 in Amsterdam (am)',
    price: { amount: 0.5, currency: 'USD' },
    askedAt: NOW - 50 * MINUTE,
    end: NOW + 70 * MINUTE,
    until: NOW + 30 * MINUTE,
    handle: { device: 'd-1' },
    state: { kind: 'ready', ssh: { host: '192.0.2.7', user: 'root', port: 2222 } },
    work: [],
    ...more,
  };
}

export function knownAt(now = NOW, more: Partial<Known> = {}): Known {
  const nothing = { progress: () => undefined, agent: () => undefined };
  return { now, here: 'ada@laptop', owned: () => false, ...nothing, ...more };
}
