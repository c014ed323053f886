import { messageOf, UserError } from '../base/errors';
import { makeReady, READY_ADVICE, readinessOf, type ReadyWish } from '../machines/bootstrap';
import { markReady, markUnready, working } from '../machines/leases/borrow';
import type { Lease } from '../machines/leases/ledger';
import type { SshAddress } from '../machines/lender';
import type { Machine } from '../machines/machine';
import { neededPlugins } from '../machines/vagrantPlugins';
import { keepsLfs, showFile } from '../recipe/git';
import type { Recipe } from '../recipe/recipe';
import type { Screen } from './effects';
import { installLeave, rememberedName, rememberInstallLeave } from './installLeave';

/** The project's own script that makes a machine ready, as it is at the commit. */
const HOOK = '.ci-parity/bootstrap.sh';

/** Of which commit of which clone something is wanted. */
export interface Source {
  readonly repository: Pick<Recipe['repository'], 'directory'>;
  readonly commit: string;
}

/** Whose machine it is that is to be made ready, and who sees it. */
export interface Readying {
  /** The machine's own environment, with what beats it: `VAGRANT_DEFAULT_PROVIDER` counts. */
  readonly environment: Readonly<Record<string, string>>;
  readonly lease: Pick<Lease, 'id' | 'mayInstall'> | undefined;
  /** Whether steps run in containers. */
  readonly containers?: boolean;
  /** How it is reached. */
  readonly address: SshAddress;
  /** The state directory. */
  readonly root: string;
  readonly screen: Screen;
  /**
   * Asks the person, where the machine is not one on which we may install, whether what it lacks may be
   * installed there. A yes and a no are remembered; undefined is no, this time.
   */
  readonly ask: (lacks: string, signal: AbortSignal) => Promise<boolean | undefined>;
  /** Asks also where the answer was no before. */
  readonly insist?: boolean;
  readonly signal: AbortSignal;
  readonly kill: AbortSignal;
}

/**
 * Has another machine get what the commit needs: Vagrant with a provider and the Vagrantfile's plugins, git,
 * rsync, and what the project's own script brings. Nothing is installed without leave on a machine that is
 * not borrowed for it. Of what is missing all the same, preflight says whether it can be done without. A
 * lease says what the matter is. Resolves with what it lacks still.
 * @throws UserError where a script fails.
 */
export async function getReady(
  machine: Machine,
  source: Source,
  readying: Readying,
): Promise<readonly string[]> {
  const { lease, root, signal } = readying;
  const note = async (problem: string | undefined): Promise<void> => {
    if (lease) await markUnready({ root }, lease.id, problem);
  };
  try {
    const lacking = await bring(machine, source, readying);
    if (lacking.length > 0) await note(`it lacks ${lacking.join(', ')}`);
    else if (lease) await markReady({ root }, lease.id);
    return lacking;
  } catch (error) {
    if (!signal.aborted) await note(messageOf(error));
    throw error;
  }
}

async function bring(
  machine: Machine,
  source: Source,
  readying: Readying,
): Promise<readonly string[]> {
  const { environment, containers = false, lease, address, root, screen } = readying;
  const { ask, insist = false, signal, kill } = readying;
  const [vagrantfile, hook, lfs] = await Promise.all([
    textAt(source, 'Vagrantfile', signal),
    textAt(source, HOOK, signal),
    keepsLfs(source.repository.directory, source.commit, signal),
  ]);
  const wishes = wishesFor(vagrantfile, lfs, environment).map((wish) => ({
    ...wish,
    ...(containers && { containers }),
  }));
  // Where one of several providers is there already, no other is brought.
  const looks = await Promise.all(
    wishes.map(async (wish) => ({ wish, ...(await readinessOf(machine, wish, hook, signal)) })),
  );
  const best = looks.find(({ lacking }) => lacking.length === 0) ?? looks[0];
  if (!best) return [];
  const { wish, lacking, hookWaits, marked } = best;
  const wants = [...lacking, ...(hookWaits ? [`what ${HOOK} installs`] : [])].join(', ');
  if (wants === '' && (marked || lease?.mayInstall !== true)) return [];
  if (lease?.mayInstall !== true && !(await mayInstall())) {
    screen.say(`nothing is installed on ${machine.name}, which lacks ${wants}`);
    return [wants];
  }
  screen.say(`making ${machine.name} ready${wants === '' ? '' : `: it lacks ${wants}`}`);
  const work = lease && (await working({ root }, lease.id, 'Getting ready'));
  if (lease) await markUnready({ root }, lease.id, undefined);
  const onOutput = (chunk: Buffer): void | Promise<void> => screen.output(chunk);
  const left = await makeReady(machine, wish, { hook, onOutput, signal, kill }).finally(() =>
    work?.[Symbol.asyncDispose](),
  );
  if (left.length > 0)
    screen.say(`${machine.name} still lacks ${left.join(', ')}. ${READY_ADVICE}`);
  return left;

  async function mayInstall(): Promise<boolean> {
    const host = rememberedName(address);
    const before = host === undefined ? undefined : installLeave(root, host);
    if (before !== undefined && (before || !insist)) return before;
    const answer = await ask(wants, signal);
    if (host !== undefined && answer !== undefined) rememberInstallLeave(root, host, answer);
    return answer ?? false;
  }
}

/** What the commit wants of a machine, the likeliest provider first. */
export function wishesFor(
  vagrantfile: string | undefined,
  lfs: boolean,
  environment: Readonly<Record<string, string>>,
): ReadyWish[] {
  if (vagrantfile === undefined) return [{ provider: 'none', plugins: [], lfs }];
  const chosen = environment['VAGRANT_DEFAULT_PROVIDER'];
  const mentioned = chosen === undefined ? mentionedProviders(vagrantfile) : [chosen];
  const known = (['libvirt', 'virtualbox'] as const).filter(
    (name) => mentioned.length === 0 || mentioned.includes(name),
  );
  const plugins = neededPlugins(vagrantfile);
  const providers = known.length > 0 ? known : (['other'] as const);
  return providers.map((provider) => ({ provider, plugins, lfs }));
}

/** The providers that a Vagrantfile has settings for, in its order. */
export function mentionedProviders(vagrantfile: string): string[] {
  return [...vagrantfile.matchAll(/\.provider\s*(?:\(\s*)?[:"'](\w+)/g)].map(
    ([, name]) => name ?? '',
  );
}

/** Undefined where the commit has no such file. */
export async function textAt(
  { repository, commit }: Source,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await showFile(repository.directory, commit, path, signal)).text;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
