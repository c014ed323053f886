import { isUserError, messageWithAdvice, UserError } from '../base/errors';
import { borrow } from '../machines/leases/borrow';
import { checkCaps, costText } from '../machines/leases/caps';
import { mustBeAbleToBorrow, type Lease } from '../machines/leases/ledger';
import { estimates, type Estimate } from '../machines/leases/offers';
import { lendersFile } from '../machines/lenders/lendersFile';
import type { Surroundings } from '../machines/lenders/open';
import type { Source } from '../reproduce/ready';
import { interruptible } from './commands';
import { leaver, openDesk, sweepDesk, tokenOf } from './desk';
import { UsageError, type Flags } from './flags';
import { leaseLine, offerLine, summary, timeText } from './machineText';
import { bootstrapFor, makeLeaseReady, sourceIn } from './readying';
import { opener } from './sshQuestions';
import type { Terminal } from './terminal';

/** Borrows what was chosen by name or by what it must be; else shows what there is, and asks. */
export async function borrowMachine(
  what: string | undefined,
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  mustBeAbleToBorrow();
  const signal = interruptible(terminal);
  const here = await sourceIn(flags.repository, signal);
  const bootstrap = here && (await bootstrapFor(here, signal));
  const open = opener(terminal);
  const desk = openDesk(await tokenOf(signal), open, { bootstrap, leave: leaver(terminal) });
  await sweepDesk(desk, terminal, signal);
  if (desk.lenders.length === 0)
    throw new UserError('Nobody lends machines yet.', {
      advice: `Name lenders in ${lendersFile()}.`,
    });
  const found = await estimates(desk, what, flags.wanted, flags.duration / 3600, signal);
  const isChosen = flags.yes || what !== undefined || Object.keys(flags.wanted).length > 0;
  const wanted =
    isChosen || found.length === 1 ? found[0] : await chooseFrom(found, flags, terminal, signal);
  if (!wanted || !(await isAgreed(wanted, desk.caps, flags, terminal, signal))) {
    terminal.say('nothing was borrowed');
    return;
  }
  const progress = (words: string): void => terminal.say(words);
  const lease = await borrow(desk, wanted, { keep: 'until its end', progress }, signal);
  const now = desk.clock.now();
  terminal.emit({ kind: 'lease', ...summary(lease, now) });
  if (!terminal.json) terminal.print(leaseLine(lease, now));
  terminal.say(`log in: ci-parity ssh ${lease.id} · give back: ci-parity return ${lease.id}`);
  if (here && lease.mayInstall === true) await readyLease(lease, here, open, terminal, signal);
}

/** The most offers that are shown to choose from. */
const MOST_SHOWN = 30;

/** Undefined where the person wants none of them. */
async function chooseFrom(
  found: readonly Estimate[],
  { duration }: Flags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Estimate | undefined> {
  const shown = found.slice(0, MOST_SHOWN);
  const lines = shown.map((one, at) => `${String(at + 1).padStart(3)}  ${offerLine(one)}`);
  const more = found.length - shown.length;
  if (more > 0) lines.push(`     and ${more} more: ci-parity machines`);
  if (!terminal.asks)
    throw new UsageError('Nobody can be asked which machine is wanted.', {
      advice: `Name one, or say what it must be: --plan, --metro, --memory, --system, --spot, --max-price.\n${lines.join('\n')}`,
    });
  for (const line of lines) terminal.print(line);
  let question = `Which one for ${timeText(duration * 1000)}? [1-${shown.length}, or Enter for none] `;
  for (;;) {
    const answer = (await terminal.ask(question, false, signal))?.trim() ?? '';
    if (answer === '') return undefined;
    const chosen = shown.find(
      ({ lender, offer }, at) =>
        String(at + 1) === answer || [offer.id, `${lender}/${offer.id}`].includes(answer),
    );
    if (chosen) return chosen;
    question = `A number from 1 to ${shown.length}, or Enter for none: `;
  }
}

/** Caps are told of before anybody is asked. */
async function isAgreed(
  { lender, offer, total, hours }: Estimate,
  caps: Parameters<typeof checkCaps>[0],
  { yes, duration }: Flags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  checkCaps(caps, hours, total);
  const plan = `${offer.title} of ${lender}, for ${timeText(duration * 1000)}: ${costText(total)}`;
  if (yes) {
    terminal.say(plan);
    return true;
  }
  const answer = await terminal.ask(`Borrow ${plan}? [y/N] `, false, signal);
  if (answer === undefined)
    throw new UsageError('Nobody can be asked whether that is right.', {
      advice: `It would be ${plan}. If it is right: --yes`,
    });
  return /^y(es)?$/i.test(answer.trim());
}

/** What the person's clone wants of it, already; a reproduction looks again. It stays borrowed if that fails. */
async function readyLease(
  lease: Lease,
  here: Source,
  open: Surroundings['open'],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (lease.state.kind !== 'lent') return;
  try {
    const ask = (): Promise<undefined> => Promise.resolve(undefined);
    const readying = { environment: {}, open, screen: terminal, ask };
    const lacking = await makeLeaseReady(lease.id, here, readying, signal);
    if (lacking.length === 0) terminal.say(`${lease.title} is ready`);
  } catch (error) {
    if (!isUserError(error)) throw error;
    terminal.say(messageWithAdvice(error));
    terminal.say('it is tried again before the first reproduction there');
  }
}
