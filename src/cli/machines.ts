import { messageOf, UserError } from '../base/errors';
import { extend } from '../machines/leases/borrow';
import { costOf, costText } from '../machines/leases/caps';
import { giveBack } from '../machines/leases/giveBack';
import { leaseNamed, leaseOf, readLedger, workOn, type Lease } from '../machines/leases/ledger';
import { offersAt } from '../machines/leases/offers';
import { lendersFile } from '../machines/lenders/lendersFile';
import { interruptible } from './commands';
import { leaver, openDesk, sweepDesk, tokenOf } from './desk';
import { UsageError, type Flags } from './flags';
import { leaseLine, offerLine, summary, timeText } from './machineText';
import { opener } from './sshQuestions';
import type { Terminal } from './terminal';

/** What is lent, and what may be borrowed. */
export async function machines(terminal: Terminal): Promise<void> {
  const signal = interruptible(terminal);
  const desk = openDesk(await tokenOf(signal), opener(terminal), { leave: leaver(terminal) });
  const { others } = await sweepDesk(desk, terminal, signal);
  const now = desk.clock.now();
  const { leases } = readLedger(desk.root);
  for (const lease of leases) {
    terminal.emit({ kind: 'lease', ...summary(lease, now) });
    if (!terminal.json) terminal.print(leaseLine(lease, now));
  }
  if (leases.length === 0) terminal.say('nothing is borrowed');
  for (const other of others) {
    terminal.emit({ kind: 'other', ...other });
    terminal.say(`${other.title} of ${other.lender} is lent to ${other.owner}`);
  }
  const { offers, problems } = await offersAt(desk, signal);
  for (const { lender, offer } of offers) {
    terminal.emit({ kind: 'offer', lender, ...offer });
    if (!terminal.json) terminal.print(offerLine({ lender, offer }));
  }
  for (const problem of problems) terminal.say(problem);
  if (desk.lenders.length === 0) terminal.say(`nobody lends: name lenders in ${lendersFile()}`);
}

export async function returnMachines(
  ids: readonly string[],
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  if (flags.all === ids.length > 0) throw new UsageError('return wants ids, or --all.');
  const signal = interruptible(terminal);
  const desk = openDesk(await tokenOf(signal), opener(terminal), { leave: leaver(terminal) });
  // Of another host one cannot say whether somebody works with it: by name only.
  const { leases } = readLedger(desk.root);
  const away = flags.all ? leases.filter(({ owner }) => owner.who !== desk.who) : [];
  const wanted = flags.all
    ? leases.filter(({ owner }) => owner.who === desk.who)
    : [...new Set(ids.map((id) => leaseNamed(desk.root, id).id))].map((id) =>
        leaseOf(desk.root, id),
      );
  // Once it is begun, it is not kept by a no.
  const isBusy = (lease: Lease): boolean =>
    !flags.yes && lease.state.kind !== 'returning' && workOn(lease).length > 0;
  const busy = wanted.filter(isBusy);
  const chosen = wanted.filter((lease) => !isBusy(lease));
  const outcomes = await Promise.allSettled(
    chosen.map(async ({ id, title }) => {
      terminal.say(`giving back ${title} (${id})`);
      const trouble = (why: string, next: number): void =>
        terminal.say(`${title} (${id}): ${why} (it is tried again in ${Math.ceil(next / 1000)} s)`);
      await giveBack(desk, id, { attempts: 6, trouble }, signal);
      terminal.emit({ kind: 'returned', id });
      terminal.say(`${title} (${id}) is gone`);
    }),
  );
  signal.throwIfAborted();
  const problems = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [messageOf(outcome.reason)] : [],
  );
  if (problems.length > 0)
    throw new UserError('Not all could be seen gone.', {
      advice: `${problems.join('\n')}\nIt is tried again with the next command: ci-parity machines`,
    });
  if (busy.length > 0)
    throw new UserError('Something runs on what was to be given back.', {
      advice: [
        ...busy.map((lease) => leaseLine(lease, desk.clock.now())),
        'If it is to end with the machine: --yes',
      ].join('\n'),
    });
  if (away.length > 0)
    throw new UserError(
      `Some was borrowed on another computer than ${desk.who}, or by another name of it.`,
      {
        advice: [
          ...away.map((lease) => `${leaseLine(lease, desk.clock.now())}  ${lease.owner.who}`),
          'If nobody works there: ci-parity return ID',
        ].join('\n'),
      },
    );
  if (wanted.length === 0) terminal.say('nothing is borrowed');
}

export async function extendMachine(name: string, flags: Flags, terminal: Terminal): Promise<void> {
  const signal = interruptible(terminal);
  const desk = openDesk(await tokenOf(signal), opener(terminal), { leave: leaver(terminal) });
  const lease = await extend(desk, leaseNamed(desk.root, name).id, flags.duration / 3600, signal);
  const now = desk.clock.now();
  terminal.emit({ kind: 'lease', ...summary(lease, now) });
  const total = costOf(lease.price, lease.end - lease.askedAt);
  const cost = total && total.amount > 0 ? `, ${costText(total)} in all` : '';
  terminal.say(`${lease.title} is lent for ${timeText(lease.end - now)} more${cost}`);
}
