import { leave as leaveServer } from '../attach/leave';
import { systemClock } from '../base/clock';
import { isUserError, messageOf } from '../base/errors';
import { takeSecrets, type Secrets } from '../base/secretChannel';
import { stateDirectory } from '../base/stateDirectory';
import type { Desk } from '../machines/leases/desk';
import { whoWeAre } from '../machines/leases/ledger';
import { HASTE, sweep, type Swept } from '../machines/leases/sweep';
import { lendersFile } from '../machines/lenders/lendersFile';
import { openLender, type Surroundings } from '../machines/lenders/open';
import { readLendingSettings, type LendingSettings } from '../machines/lenders/settings';
import { isNamed, sweepAttached, unlessNamedOtherwise, waysOf } from './attach';
import { opener } from './sshQuestions';
import { stepEnvironment, type Terminal } from './terminal';

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
  open = opener(terminal),
): NonNullable<Desk['leave']> {
  const ways = { ...waysOf(terminal, {}, isMeant), open };
  return (lease, signal) => leaveServer(ways, lease, signal);
}

/** The Metal API's token: from the editor if it started us, else from the environment. */
export async function tokenOf(signal: AbortSignal): Promise<string | undefined> {
  const offered = process.env['CI_PARITY_SECRETS'];
  const secret =
    offered === undefined
      ? undefined
      : (await takeSecrets(offered, signal).catch(unlessGone))['METAL_AUTH_TOKEN'];
  return secret?.kind === 'text' ? secret.text : process.env['METAL_AUTH_TOKEN'];
}

/** Not every lender wants a token, and one that does says so: hosts of one's own go back without it. */
function unlessGone(error: unknown): Secrets {
  if (isUserError(error)) return {};
  throw error;
}

export async function sweepDesk(
  desk: Desk,
  terminal: Terminal,
  signal: AbortSignal,
  isMeant = unlessNamedOtherwise,
): Promise<Swept> {
  const swept = await sweep(desk, (words) => terminal.say(words), signal, HASTE);
  for (const words of swept.left) terminal.say(words);
  await sweepAttached(terminal, isMeant, signal);
  return swept;
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
    terminal.say(`borrowed machines could not be looked after: ${messageOf(error)}`);
  }
}
