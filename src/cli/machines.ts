import { execa } from 'execa';
import { leave as leaveServer } from '../attach/leave';
import { systemClock } from '../base/clock';
import { isUserError, messageOf, UserError } from '../base/errors';
import { takeSecrets } from '../base/secretChannel';
import { stateDirectory } from '../base/stateDirectory';
import { bootstrapScript } from '../machines/bootstrap';
import { borrow, estimate, extend, offersAt, type Offered } from '../machines/leases/borrow';
import { costOf, priceSoFar, priceText } from '../machines/leases/caps';
import type { Desk } from '../machines/leases/desk';
import { giveBack } from '../machines/leases/giveBack';
import {
  folderOf,
  leaseOf,
  readLedger,
  whoWeAre,
  workOn,
  type Lease,
} from '../machines/leases/ledger';
import { sweep, type Swept } from '../machines/leases/sweep';
import { lendersFile } from '../machines/lenders/lendersFile';
import { openLender, type Surroundings } from '../machines/lenders/open';
import { readLendingSettings, type LendingSettings } from '../machines/lenders/settings';
import { sshWords } from '../machines/openSsh';
import { headCommit, topLevel } from '../recipe/git';
import { environmentOf } from '../reproduce/place';
import { getReady, textAt, wishesFor, type Source } from '../reproduce/ready';
import { isNamed, sweepAttached, unlessNamedOtherwise, waysOf } from './attach';
import { interruptible } from './commands';
import { UsageError, type Flags } from './flags';
import { opener } from './sshQuestions';
import { printable, stepEnvironment, type Terminal } from './terminal';

/** What is lent, and what may be borrowed. */
export async function machines(terminal: Terminal): Promise<void> {
  const signal = interruptible(terminal);
  const desk = openDesk(await tokenOf(signal), opener(terminal), { leave: leaver(terminal) });
  const { others } = await sweepDesk(desk, terminal, signal);
  const now = desk.clock.now();
  const { leases } = readLedger(desk.root);
  for (const lease of leases) {
    terminal.emit({ kind: 'lease', ...summary(lease, now) });
    if (!terminal.json) terminal.print(printable(leaseLine(lease, now)));
  }
  if (leases.length === 0) terminal.say('nothing is borrowed');
  for (const other of others) {
    terminal.emit({ kind: 'other', ...other });
    terminal.say(`${other.title} of ${other.lender} is lent to ${other.owner}`);
  }
  const { offers, problems } = await offersAt(desk, signal);
  for (const { lender, offer } of offers) {
    terminal.emit({ kind: 'offer', lender, ...offer });
    if (!terminal.json) terminal.print(printable(offerLine({ lender, offer })));
  }
  for (const problem of problems) terminal.say(printable(problem));
  if (desk.lenders.length === 0) terminal.say(`nobody lends: name lenders in ${lendersFile()}`);
}

export async function borrowMachine(
  what: string | undefined,
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  const signal = interruptible(terminal);
  const here = await sourceHere(flags.repository, signal);
  const vagrantfile = here && (await textAt(here, 'Vagrantfile', signal));
  const [wish] = vagrantfile === undefined ? [] : wishesFor(vagrantfile, false, {});
  const bootstrap = wish && bootstrapScript(wish);
  const open = opener(terminal);
  const desk = openDesk(await tokenOf(signal), open, { bootstrap, leave: leaver(terminal) });
  await sweepDesk(desk, terminal, signal);
  if (desk.lenders.length === 0)
    throw new UserError('Nobody lends machines yet.', {
      advice: `Name lenders in ${lendersFile()}.`,
    });
  const hours = flags.duration / 3600;
  const wanted = await estimate(desk, what, {}, hours, signal);
  const { lender, offer, total } = wanted;
  const cost = total ? `up to ${priceText(total)}` : priceText(total);
  const plan = `${offer.title} of ${lender}, for ${timeText(flags.duration * 1000)}: ${cost}`;
  if (flags.yes) terminal.say(plan);
  else {
    const answer = await terminal.ask(printable(`Borrow ${plan}? [y/N] `), false, signal);
    if (answer === undefined)
      throw new UsageError('Nobody can be asked whether that is right.', {
        advice: `It would be ${plan}. If it is right: --yes`,
      });
    if (!/^y(es)?$/i.test(answer.trim())) {
      terminal.say('nothing was borrowed');
      return;
    }
  }
  const progress = (words: string): void => terminal.say(words);
  const lease = await borrow(desk, wanted, { keep: 'until its end', progress }, signal);
  const now = desk.clock.now();
  terminal.emit({ kind: 'lease', ...summary(lease, now) });
  if (!terminal.json) terminal.print(printable(leaseLine(lease, now)));
  terminal.say(`log in: ci-parity ssh ${lease.id} · give back: ci-parity return ${lease.id}`);
  if (here && lease.mayInstall === true) await readyLease(lease, here, open, terminal, signal);
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
    await using machine = await open(lease.state.ssh, signal);
    const ask = (): Promise<undefined> => Promise.resolve(undefined);
    const { signal: kill } = new AbortController();
    const root = stateDirectory();
    // It may choose its provider itself, as a reproduction there will find.
    const environment = environmentOf((await machine.exec(['env', '-0'], { signal })).stdout);
    const readying = { environment, lease, root, screen: terminal, ask, signal, kill };
    await getReady(machine, here, readying);
    if (leaseOf(root, lease.id).state.kind === 'ready') terminal.say(`${lease.title} is ready`);
  } catch (error) {
    if (!isUserError(error)) throw error;
    terminal.say(printable(`${error.message} ${error.advice ?? ''}`));
    terminal.say('it is tried again before the first reproduction there');
  }
}

/** The clone that one stands in, as it is committed; undefined where there is none. */
async function sourceHere(repository: string, signal: AbortSignal): Promise<Source | undefined> {
  try {
    const directory = await topLevel(repository, signal);
    return { repository: { directory }, commit: await headCommit(directory, signal) };
  } catch (error) {
    if (isUserError(error)) return undefined;
    throw error;
  }
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
  const ours = readLedger(desk.root).leases.filter(({ owner }) => owner.who === desk.who);
  const chosen = flags.all ? ours : ids.map((id) => leaseOf(desk.root, id));
  const outcomes = await Promise.allSettled(
    chosen.map(async ({ id, title }) => {
      terminal.say(`giving back ${title} (${id})`);
      await giveBack(desk, id, { attempts: 10 }, signal);
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
  if (chosen.length === 0) terminal.say('nothing is borrowed');
}

export async function extendMachine(id: string, flags: Flags, terminal: Terminal): Promise<void> {
  const signal = interruptible(terminal);
  const desk = openDesk(await tokenOf(signal), opener(terminal), { leave: leaver(terminal) });
  const lease = await extend(desk, id, flags.duration / 3600, signal);
  const now = desk.clock.now();
  terminal.emit({ kind: 'lease', ...summary(lease, now) });
  const total = costOf(lease.price, lease.end - lease.askedAt);
  const cost = total ? `, up to ${priceText(total)} in all` : '';
  terminal.say(`${lease.title} is lent for ${timeText(lease.end - now)} more${cost}`);
}

/** The system's `ssh`, with the lease's key, and the host's key pinned. Resolves with its exit code. */
export async function sshInto(
  id: string,
  command: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const root = stateDirectory();
  const { state, title } = leaseOf(root, id);
  if (state.kind !== 'lent' && state.kind !== 'ready')
    throw new UserError(`${title} is ${stateWords(state)}: nobody can log in.`);
  const [program = 'ssh', ...words] = await sshWords(state.ssh, folderOf(root, id));
  // An interrupt is meant for what runs in there.
  const listening = terminal.onInterrupt(() => undefined);
  try {
    const { exitCode } = await execa(program, [...words, ...command], {
      stdio: 'inherit',
      reject: false,
    });
    return exitCode ?? 255;
  } finally {
    listening[Symbol.dispose]();
  }
}

/** For commands that only start with it: what cannot be swept is said, and hinders nothing. */
export async function sweepLeases(terminal: Terminal): Promise<void> {
  const hasty = AbortSignal.timeout(15_000);
  // A sweep that nobody asked for asks nobody.
  const unasked = opener({ ...terminal, ask: () => Promise.resolve(undefined) });
  try {
    // What the editor offers can be taken once only, and is for the command itself.
    const desk = openDesk(process.env['METAL_AUTH_TOKEN'], unasked, {
      leave: leaver(terminal, isNamed),
    });
    await sweepDesk(desk, terminal, hasty, isNamed);
  } catch (error) {
    terminal.say(`borrowed machines could not be looked after: ${printable(messageOf(error))}`);
  }
}

/** Who lends is in the person's settings; what is lent in the state directory. */
export function openDesk(
  token: string | undefined,
  open: Surroundings['open'],
  {
    settings: { caps, lenders } = readLendingSettings(lendersFile()),
    tokens = {},
    bootstrap,
    leave,
  }: DeskOptions = {},
): Desk {
  const environment = stepEnvironment();
  return {
    root: stateDirectory(),
    lenders: lenders.map((one) =>
      openLender(one, { environment, token: tokens[one.name] ?? token, open, bootstrap }),
    ),
    caps,
    clock: systemClock,
    who: whoWeAre(),
    ...(leave && { leave }),
  };
}

export interface DeskOptions {
  readonly settings?: LendingSettings;
  /** Of Metal APIs, by the names of lenders; those that are not here have the one token. */
  readonly tokens?: Readonly<Record<string, string>>;
  /** What a machine may run at its first start. */
  readonly bootstrap?: string | undefined;
  readonly leave?: Desk['leave'];
}

/** Takes a machine off the Jenkins that it is an agent of. */
export function leaver(
  terminal: Terminal,
  isMeant = unlessNamedOtherwise,
): NonNullable<Desk['leave']> {
  return (lease, signal) => leaveServer(waysOf(terminal, {}, isMeant), lease, signal);
}

/** The Metal API's token: from the editor if it started us, else from the environment. */
async function tokenOf(signal: AbortSignal): Promise<string | undefined> {
  const offered = process.env['CI_PARITY_SECRETS'];
  const secret =
    offered === undefined ? undefined : (await takeSecrets(offered, signal))['METAL_AUTH_TOKEN'];
  return secret?.kind === 'text' ? secret.text : process.env['METAL_AUTH_TOKEN'];
}

async function sweepDesk(
  desk: Desk,
  terminal: Terminal,
  signal: AbortSignal,
  isMeant = unlessNamedOtherwise,
): Promise<Swept> {
  const swept = await sweep(desk, (words) => terminal.say(words), signal);
  for (const words of swept.left) terminal.say(words);
  await sweepAttached(terminal, isMeant, signal);
  return swept;
}

function summary(lease: Lease, now: number): object {
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

function leaseLine(lease: Lease, now: number): string {
  const { id, state, title, lender, end } = lease;
  const soFar = priceSoFar(lease, now);
  return [
    id,
    `${title} of ${lender}`,
    stateWords(state),
    end > now ? `${timeText(end - now)} left` : 'its time is over',
    ...(soFar ? [`${priceText(soFar)} so far`] : []),
    ...workOn(lease).map(({ words }) => words),
  ].join('  ');
}

function offerLine({ lender, offer }: Offered): string {
  const { id, title, price, available, spot } = offer;
  return [
    `${lender}/${id}`,
    title,
    price ? `${priceText(price)} an hour` : 'no price is known',
    ...(spot ? ['spot: others may outbid it'] : []),
    ...(available === false ? ['not to be had at the moment'] : []),
  ].join('  ');
}

function stateWords(state: Lease['state']): string {
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
function timeText(milliseconds: number): string {
  const minutes = Math.max(1, Math.round(milliseconds / 60_000));
  const hours = Math.floor(minutes / 60);
  const parts = [
    ...(hours > 0 ? [`${hours} h`] : []),
    ...(minutes % 60 > 0 ? [`${minutes % 60} min`] : []),
  ];
  return parts.join(' ');
}
