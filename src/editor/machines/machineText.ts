import type { Attachment } from '../../attach/ledger';
import { priceSoFar, priceText } from '../../machines/leases/caps';
import { ownerLives, workOn, type Lease } from '../../machines/leases/ledger';
import type { SshAddress } from '../../machines/lender';
import { dayAndTime } from '../look/age';
import type { Mark } from '../look/marks';
import { plain } from '../look/plain';

/** Milliseconds before its end from which a machine is worth a warning. */
export const SOON = 10 * 60_000;

/** What a line about a machine is made from, beside its lease. */
export interface Known {
  readonly now: number;
  /** `user@host` of this person here. */
  readonly here: string;
  /** How far the lender is, while this window waits for it. */
  readonly progress: (lease: Lease) => string | undefined;
  readonly owned: (lease: Lease) => boolean;
  /** Of which Jenkins it is an agent. */
  readonly agent: (lease: Lease) => Attachment | undefined;
}

/** Whether something can be done on it. */
export function isThere({ state }: Lease): boolean {
  return state.kind === 'lent' || state.kind === 'ready';
}

/** `2 h 5 min`, `42 min`, `less than a minute`: what is left is never said to be more than it is. */
export function leftText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}

/** `17:05`, with the day where that is not the same. */
export function momentText(moment: number, now: number): string {
  const [day, time] = dayAndTime(moment);
  return day === dayAndTime(now)[0] ? time : `${time} on ${day}`;
}

export function titleOf({ title }: Lease): string {
  return plain(title);
}

/** As it stands in a line, where what is behind it matters more than what it has: `lab-3` of `lab-3 (8 CPUs, 32 GB)`. */
export function shortTitle(title: string): string {
  const short = plain(title.replace(/ \([^()]*\)/, ''));
  return short === '' ? plain(title) : short;
}

/** How it is with a machine, in a few words. */
export function stateText(lease: Lease, { now, progress }: Known): string {
  const { state, end, letGo } = lease;
  const readying = isThere(lease) ? progress(lease) : undefined;
  if (readying !== undefined) return `getting ready: ${plain(readying)}`;
  switch (state.kind) {
    case 'asked':
      return plain(progress(lease) ?? 'being borrowed');
    case 'returning':
      return state.problem === undefined
        ? 'being given back'
        : `cannot be given back yet: ${plain(state.problem)}`;
    case 'lent':
    case 'ready':
      if (now >= end) return 'its time is over';
      if (letGo) return `${leftText(end - now)} left, nobody uses it`;
      return state.kind === 'lent' && state.problem !== undefined
        ? `${leftText(end - now)} left, not ready`
        : `${leftText(end - now)} left`;
  }
}

/** What it has cost until now; undefined where that is nothing, or not known. Hours that were begun count as whole. */
export function soFar(lease: Lease, now: number): string | undefined {
  // While it is asked for, how far that is says more.
  const price = lease.state.kind === 'asked' ? undefined : priceSoFar(lease, now);
  return price && price.amount > 0 ? priceText(price) : undefined;
}

/** State, price and work, as they stand behind a machine's title. */
export function describeLease(lease: Lease, known: Known): string {
  const cost = soFar(lease, known.now);
  return [
    stateText(lease, known),
    ...(cost === undefined ? [] : [`${cost} so far`]),
    ...agentText(known.agent(lease)),
    ...workOn(lease).map(({ words }) => plain(words)),
  ].join(' · ');
}

function agentText(agent: Attachment | undefined): string[] {
  if (!agent) return [];
  const label = agent.labels === undefined ? '' : ` (${plain(agent.labels)})`;
  return [`agent of ${plain(hostOf(agent.server))}${label}`];
}

/** `ci.example.org`: a server's address without what is the same of all. */
export function hostOf(server: string): string {
  return URL.canParse(server) ? new URL(server).host : server;
}

/** Whose it is. */
export function ownerText(lease: Lease, { here, owned }: Known): string {
  const { owner, letGo } = lease;
  if (owner.who !== here) return `lent to ${plain(owner.who)}`;
  if (owned(lease)) return "this window's";
  if (ownerLives(owner, here)) return "another window's or terminal's";
  if (owner.process) return 'of a program that has ended; it is given back soon';
  return letGo ? 'the window that had it has closed' : 'kept until its end';
}

/** `root@192.0.2.7`, with the port where it is not the usual one. */
export function addressText({ host, user, port }: SshAddress): string {
  const name = user === undefined ? host : `${user}@${host}`;
  return plain(port === undefined || port === 22 ? name : `${name}:${port}`);
}

export function markOfLease(lease: Lease, { now, progress }: Known): Mark {
  const { state, end, letGo } = lease;
  if (isThere(lease) && progress(lease) !== undefined)
    return { icon: 'sync~spin', color: undefined };
  switch (state.kind) {
    case 'asked':
      return { icon: 'sync~spin', color: undefined };
    case 'returning':
      return state.problem === undefined
        ? { icon: 'sync~spin', color: undefined }
        : { icon: 'warning', color: 'testing.iconErrored' };
    case 'lent':
    case 'ready':
      if (letGo || end - now < SOON) return { icon: 'vm-outline', color: 'testing.iconQueued' };
      if (state.kind === 'lent' && state.problem !== undefined)
        return { icon: 'warning', color: 'testing.iconErrored' };
      return workOn(lease).length > 0
        ? { icon: 'vm-running', color: 'testing.iconPassed' }
        : { icon: 'vm', color: undefined };
  }
}
