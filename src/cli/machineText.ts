import { printable } from '../base/json';
import { hourText, priceSoFar, priceText } from '../machines/leases/caps';
import { workOn, type Lease } from '../machines/leases/ledger';
import type { Offered } from '../machines/leases/offers';

/** A lease for programs; `ci-parity help machines` has its shape. */
export function summary(lease: Lease, now: number): object {
  const { id, lender, title, price, owner, askedAt, end, state } = lease;
  return {
    ...{ id, state: state.kind, lender, title, price, owner, askedAt, end },
    secondsLeft: Math.round((end - now) / 1000),
    soFar: priceSoFar(lease, now),
    work: workOn(lease).map(({ words }) => words),
    ssh: 'ssh' in state ? state.ssh : undefined,
    problem: state.kind === 'returning' ? state.problem : undefined,
  };
}

export function leaseLine(lease: Lease, now: number): string {
  const { id, state, title, lender, end } = lease;
  const soFar = priceSoFar(lease, now);
  return [
    id,
    `${title} of ${lender}`,
    stateWords(state),
    end > now ? `${timeText(end - now)} left` : 'its time is over',
    ...(soFar && soFar.amount > 0 ? [`${priceText(soFar)} so far`] : []),
    ...workOn(lease).map(({ words }) => words),
  ].join('  ');
}

export function offerLine({ lender, offer }: Offered): string {
  const { id, title, price, available, spot, memory, problem } = offer;
  return [
    `${lender}/${id}`,
    title,
    ...(memory === undefined ? [] : [`${Math.round(memory / 102.4) / 10} GB`]),
    hourText(price),
    ...(spot ? ['spot: others may outbid it'] : []),
    ...(available === false ? [problem ?? 'not to be had at the moment'] : []),
  ]
    .map((words) => printable(words, 300))
    .join('  ');
}

export function stateWords(state: Lease['state']): string {
  switch (state.kind) {
    case 'asked':
      return 'being made';
    case 'returning':
      return state.problem === undefined
        ? 'being given back'
        : `being given back (${state.problem})`;
    default:
      return state.kind;
  }
}

/** `1 h 20 min` */
export function timeText(milliseconds: number): string {
  const minutes = Math.max(1, Math.round(milliseconds / 60_000));
  const hours = Math.floor(minutes / 60);
  const parts = [
    ...(hours > 0 ? [`${hours} h`] : []),
    ...(minutes % 60 > 0 ? [`${minutes % 60} min`] : []),
  ];
  return parts.join(' ');
}
