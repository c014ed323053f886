import type { Attachment } from '../../attach/ledger';
import type { Offered } from '../../machines/leases/offers';
import { costOf, hourText, priceText } from '../../machines/leases/caps';
import { workOn, type Lease } from '../../machines/leases/ledger';
import { plain } from '../look/plain';
import type { Row } from '../look/row';
import {
  addressText,
  describeLease,
  hostOf,
  isThere,
  leftText,
  markOfLease,
  momentText,
  ownerText,
  shortTitle,
  soFar,
  titleOf,
  type Known,
} from './machineText';

/** A line of the view "Machines". VS Code knows lines by their objects, so a lease's is the same all its life. */
export type MachineNode =
  | { readonly kind: 'lease'; readonly id: string }
  | { readonly kind: 'offers' }
  | { readonly kind: 'offer'; readonly offered: Offered; readonly unasked?: boolean }
  /** With the lease's id where it is about one. */
  | { readonly kind: 'line'; readonly row: Row; readonly lease?: string };

export const offersRow: Row = {
  id: 'offers',
  label: 'May Be Borrowed',
  mark: { icon: 'server-environment', color: undefined },
  context: 'offers',
  tooltip: ['May be borrowed', 'The lenders are asked when this is unfolded.'],
  spoken: 'Machines that may be borrowed',
  fold: 'closed',
};

/** What lenders would have to ask the person, who has not asked for them just now. */
export const unaskedRow: Row = {
  id: 'unasked',
  label: 'Answer What Hosts Ask…',
  description: 'a key is locked, or a host is new',
  mark: { icon: 'key', color: undefined },
  command: 'ciParity.refreshOffers',
  tooltip: ['Hosts want to ask you something', 'For the passphrase of a key, or about their own.'],
  fold: 'leaf',
};

export function leaseRow(lease: Lease, known: Known): Row {
  const title = titleOf(lease);
  const description = describeLease(lease, known);
  return {
    id: lease.id,
    label: shortTitle(lease.title),
    description,
    mark: markOfLease(lease, known),
    context: contextOf(lease, known),
    tooltip: [title, description, `of ${lease.lender}, ${ownerText(lease, known)}`, lease.id],
    spoken: `Borrowed machine ${title}, ${description.replaceAll(' · ', ', ')}`,
    fold: 'closed',
  };
}

/** What menus go by. */
function contextOf(lease: Lease, known: Known): string {
  const { state, letGo } = lease;
  return [
    `lease.${state.kind}`,
    ...(state.kind === 'lent' && state.problem !== undefined ? ['unready'] : []),
    ...(letGo ? ['letGo'] : []),
    ...(known.agent(lease) ? ['attached'] : []),
  ].join('.');
}

/** What stands below a machine: what keeps it from being given back, what runs on it, its end, price, lender and address. */
export function leaseFacts(lease: Lease, known: Known): Row[] {
  const { state, end, until, price, askedAt, lender } = lease;
  const { now } = known;
  const fact = (name: string, icon: string, label: string, more: Partial<Row> = {}): Row => ({
    id: `${lease.id} ${name}`,
    label,
    mark: { icon, color: undefined },
    fold: 'leaf',
    ...more,
  });
  const problem = state.kind === 'returning' ? state.problem : undefined;
  const rows: Row[] = [];
  if (state.kind === 'returning' && problem !== undefined)
    rows.push(
      fact('problem', 'warning', plain(problem), {
        description: `tried ${state.attempts} ${state.attempts === 1 ? 'time' : 'times'}`,
        mark: { icon: 'warning', color: 'testing.iconErrored' },
        tooltip: [
          'It could not be seen gone',
          problem,
          'It is tried again each minute while a window is open, and by Return.',
        ],
      }),
    );
  if (state.kind === 'lent' && state.problem !== undefined)
    rows.push(
      fact('unready', 'warning', `Not ready: ${plain(state.problem)}`, {
        mark: { icon: 'warning', color: 'testing.iconErrored' },
        tooltip: ['It is not ready', state.problem, 'A click tries again.'],
        command: 'ciParity.machineReady',
      }),
    );
  const agent = known.agent(lease);
  if (agent) rows.push(agentRow(`${lease.id} agent`, agent));
  for (const { words, pid } of workOn(lease))
    rows.push(
      fact(`work ${pid} ${words}`, 'run', plain(words), { spoken: `On it runs: ${plain(words)}` }),
    );
  if (isThere(lease))
    rows.push(
      fact('end', 'clock', `Ends at ${momentText(end, now)}`, {
        description: now < end ? `in ${leftText(end - now)}` : 'its time is over',
        tooltip: [
          `Ends at ${momentText(end, now)}`,
          ...(until < end
            ? [`By itself at ${momentText(until, now)}, if nobody moves that while it is used.`]
            : []),
        ],
      }),
    );
  const total = costOf(price, end - askedAt);
  rows.push(
    fact('price', 'credit-card', sentence(hourText(price)), {
      description: [
        ...(soFar(lease, now) === undefined ? [] : [`${soFar(lease, now) ?? ''} so far`]),
        ...(total && total.amount > 0 && isThere(lease)
          ? [`${priceText(total)} until its end`]
          : []),
      ].join(', '),
    }),
    fact('lender', 'organization', `Of ${plain(lender)}`, { description: lease.id }),
    fact('owner', 'account', sentence(ownerText(lease, known))),
  );
  if (state.kind === 'lent' || state.kind === 'ready')
    rows.push(
      fact('ssh', 'terminal', addressText(state.ssh), {
        description: state.kind === 'ready' ? 'made ready' : '',
        spoken: `Reached by SSH at ${addressText(state.ssh)}`,
      }),
    );
  return rows;
}

/** `unasked` where it may only be that the person was not asked yet what the machine wants to know. */
export function offerRow({ lender, offer }: Offered, unasked = false): Row {
  const { title, price, memory, cpus, available, spot, problem } = offer;
  if (problem !== undefined) {
    const words = unasked ? 'not asked yet' : plain(problem);
    return {
      ...problemRow(`offer ${lender}/${offer.id}`, problem, 'offerProblem'),
      ...(unasked && { mark: { icon: 'question', color: undefined } }),
      label: plain(title),
      description: words,
      tooltip: [title, `of ${lender}`, problem],
      spoken: `Of ${lender}: ${plain(title)}, ${words}`,
    };
  }
  const taken = available === false;
  const description = [
    taken ? 'not at the moment' : hourText(price),
    ...(memory === undefined ? [] : [`${Math.round(memory / 102.4) / 10} GB`]),
    ...(cpus === undefined ? [] : [`${cpus} CPUs`]),
    ...(spot ? ['spot: others may outbid it'] : []),
  ].join(' · ');
  return {
    id: `offer ${lender}/${offer.id}`,
    label: shortTitle(title),
    description,
    mark: { icon: taken ? 'circle-slash' : 'server', color: undefined },
    context: taken ? 'offer.taken' : 'offer.free',
    tooltip: [title, description, `of ${lender}`],
    spoken: `Of ${lender}: ${plain(title)}, ${description.replaceAll(' · ', ', ')}`,
    fold: 'leaf',
  };
}

/** A problem as a line; the whole of it is in the tooltip. */
export function problemRow(id: string, words: string, context: string): Row {
  return {
    id,
    label: plain(words),
    mark: { icon: 'warning', color: 'testing.iconErrored' },
    context,
    tooltip: words.split('\n'),
    spoken: `Problem: ${plain(words)}`,
    fold: 'leaf',
  };
}

function agentRow(id: string, { server, name, labels, state, problem }: Attachment): Row {
  const words = {
    attaching: 'is being attached to',
    attached: 'is an agent of',
    leaving: 'is being taken off',
  }[state];
  const host = plain(hostOf(server));
  const heading = `${plain(name)} ${words} ${host}`;
  return {
    id,
    label: state === 'attached' ? `Agent of ${host}` : heading,
    description: labels === undefined ? plain(name) : `${plain(labels)} · ${plain(name)}`,
    mark: { icon: 'server-process', color: undefined },
    tooltip: [
      heading,
      server,
      ...(labels === undefined ? [] : [`for jobs that ask for: ${labels}`]),
      ...(problem === undefined ? [] : [problem]),
    ],
    spoken: `${heading}${labels === undefined ? '' : `, with the label ${plain(labels)}`}`,
    fold: 'leaf',
  };
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
