import * as vscode from 'vscode';
import { messageOf, UserError } from '../../base/errors';
import { costOf } from '../../machines/leases/caps';
import { mustBeAbleToBorrow, type Lease } from '../../machines/leases/ledger';
import type { Wishes } from '../../machines/leases/talk';
import { lendersFile } from '../../machines/lenders/lendersFile';
import { readLendingSettings } from '../../machines/lenders/settings';
import type { OtherMachine, Recipe } from '../../recipe/recipe';
import { openProgram } from '../frame/programTerminal';
import { withProgress } from '../frame/progress';
import { onMachinesClose } from '../frame/settings';
import { plain } from '../look/plain';
import type { Attaching } from './attaching';
import type { Attendant } from './attendant';
import { agreeOn, chooseHours, chooseMachine } from './borrowing';
import type { LeaseWatch } from './leaseWatch';
import { agreesToReturn, pickLease, soleOrPicked } from './chooseLease';
import { openLenders } from './lendersDocument';
import { actionsFor, hoursText } from './machineActions';
import type { MachineNode } from './machineRows';
import { describeLease, isThere, momentText, titleOf, type Known } from './machineText';
import { unreturnedText, warn } from './notices';
import { clone, makeReady, readyForWorkspace, type Reporting } from './readying';
import { openRemote, remoteIsThere } from './remoteSsh';
import { askToken } from './tokens';

export interface MachineCommandParts {
  readonly cli: string;
  readonly secrets: vscode.SecretStorage;
  readonly watch: LeaseWatch;
  readonly attendant: Attendant;
  readonly attaching: Attaching;
  readonly known: () => Known;
  /** Asks the person what the lenders want to know. */
  readonly offers: () => Promise<Wishes['offers']['answer']>;
  /** Asks the lenders again. */
  readonly refresh: () => void;
  readonly reporting: Reporting;
}

/** The commands about machines; from the palette each lets the person pick one first. */
export interface MachineCommands extends Record<
  MachineCommand,
  (node?: MachineNode) => Promise<void>
> {
  /** A machine that is lent, or one that is borrowed now; undefined when the person cancelled. */
  choose(): Promise<OtherMachine | undefined>;
  /** The recipe with a machine that is there and ready; undefined when the person cancelled. */
  prepare(recipe: Recipe): Promise<Recipe | undefined>;
  /** The ids of what is given back at the moment. */
  readonly returning: ReadonlySet<string>;
}

export type MachineCommand =
  | 'borrow'
  | 'ssh'
  | 'remote'
  | 'ready'
  | 'extend'
  | 'giveBack'
  | 'giveAllBack'
  | 'keep'
  | 'attach'
  | 'detach'
  | 'actions'
  | 'refresh'
  | 'configure'
  | 'askToken';

/** Where to reproduce: here, where nothing is told. */
interface Chosen {
  readonly on: OtherMachine | undefined;
}

export function machineCommands(parts: MachineCommandParts): MachineCommands {
  const { watch, attendant, attaching, known, offers } = parts;
  const returning = new Set<string>();

  /** As it is now: the view may be a moment behind. */
  async function chosen(
    node: MachineNode | undefined,
    title: string,
    fits: (lease: Lease) => boolean,
  ): Promise<Lease | undefined> {
    const id = idOf(node);
    if (id !== undefined) {
      const lease = watch.all().find((one) => one.id === id);
      if (lease && fits(lease)) return lease;
      throw new UserError(
        lease ? `That cannot be done with ${titleOf(lease)} now.` : 'It is given back already.',
      );
    }
    return pickLease(watch.all().filter(fits), known(), title);
  }

  async function borrowOffer(offered: Parameters<typeof agreeOn>[0]): Promise<Lease | undefined> {
    const agreed = await agreeOn(offered, await offers());
    if (!agreed) return undefined;
    const wish = { ...agreed, directory: clone() };
    const { title } = offered.offer;
    return withProgress(`Borrowing ${plain(title)}`, (signal, report) =>
      parts.reporting(title, report, (told) => attendant.ask('borrow', wish, signal, told)),
    );
  }

  async function choose(title: string, here?: true): Promise<Chosen | undefined> {
    if (!here) await mustLend(watch.all().length);
    const choice = await chooseMachine(title, watch.all(), known(), offersOrNone, here);
    if (choice?.kind === 'here') return { on: undefined };
    const lease = choice?.kind === 'offer' ? await borrowOffer(choice.offered) : choice?.lease;
    return lease && { on: { lease: lease.id } };
  }

  async function offersOrNone(): Promise<Wishes['offers']['answer']> {
    const { lenders, caps } = readLendingSettings(lendersFile());
    return lenders.length > 0 ? offers() : { offers: [], problems: [], caps, unasked: false };
  }

  async function returnAll(leases: readonly Lease[], title: string): Promise<void> {
    for (const { id } of leases) returning.add(id);
    try {
      await withProgress(title, async (signal) => {
        const left = await Promise.all(leases.map(({ id }) => attaching.leave(id, signal)));
        if (left.flat().length > 0)
          void vscode.window.showWarningMessage(plain(left.flat().join('; ')));
        const ended = await Promise.allSettled(
          leases.map(({ id }) => attendant.ask('return', { lease: id }, signal)),
        );
        signal.throwIfAborted();
        for (const [at, one] of ended.entries()) {
          const lease = leases[at];
          if (one.status === 'rejected' && lease)
            void warn(lease, unreturnedText(lease, messageOf(one.reason)), UNRETURNED);
        }
      });
    } finally {
      for (const { id } of leases) returning.delete(id);
    }
  }

  /** What a window of Remote-SSH does on a machine is not seen from here; false when the person cancelled. */
  async function stays(lease: Lease): Promise<boolean> {
    if (!attendant.owns(lease) || onMachinesClose() === 'keep') return true;
    const until = momentText(lease.end, Date.now());
    const answer = await vscode.window.showInformationMessage(
      `Keep ${titleOf(lease)} until ${until}, though this window closes?`,
      {
        modal: true,
        detail:
          'It is this window that has borrowed it. If it is not kept, it is let go of when this window closes, whatever is open on it in another one.',
      },
      KEEP,
      WITH_WINDOW,
    );
    if (answer === KEEP)
      await withProgress(`Keeping ${titleOf(lease)}`, (signal) =>
        attendant.ask('keep', { lease: lease.id }, signal),
      );
    return answer !== undefined;
  }

  return {
    returning,

    async choose() {
      return (await choose('Reproduce on which machine?'))?.on;
    },

    async prepare(recipe) {
      const { on } = recipe;
      if (!on || !('lease' in on)) return recipe;
      // It may just have been borrowed.
      const lease = watch.now().find(({ id }) => id === on.lease);
      if (!lease || lease.state.kind === 'returning') {
        const gone = lease ? 'is being given back' : 'was given back';
        const chosen = await choose(`Its machine ${gone}. Reproduce where?`, true);
        if (!chosen) return undefined;
        if (chosen.on) return this.prepare({ ...recipe, on: chosen.on });
        const elsewhere = { ...recipe };
        delete elsewhere.on;
        return elsewhere;
      }
      if (lease.state.kind === 'asked')
        throw new UserError(`${titleOf(lease)} is not there yet.`, {
          advice: 'The view Machines shows how far it is.',
        });
      // What a commit wants besides, the reproduction brings by itself.
      if (lease.state.kind === 'lent')
        await makeReady(parts, lease, {
          directory: recipe.repository.directory,
          commit: recipe.commit,
          environment: { ...recipe.environment, ...recipe.overrides },
        });
      return recipe;
    },

    async borrow(node) {
      await mustLend(0);
      const offered = node?.kind === 'offer' ? node.offered : undefined;
      const choice = offered ?? (await offeredBy(known(), offers));
      const lease = choice && (await borrowOffer(choice));
      if (lease) await readyForWorkspace(parts, lease, true);
    },

    async ssh(node) {
      const lease = await chosen(node, 'Log in at which machine?', isThere);
      if (lease)
        openProgram(parts.cli, ['ssh', lease.id], {
          ...{ name: titleOf(lease), icon: 'vm-connect', holds: 'failed' },
        });
    },

    async remote(node) {
      if (!remoteIsThere())
        throw new UserError('Remote-SSH cannot open it from here.', {
          advice:
            'It takes the extension "Remote - SSH", in a window of this machine itself. SSH In works in any.',
        });
      const lease = await chosen(node, 'Open which machine?', isThere);
      if (lease && (await stays(lease))) await openRemote(lease, watch.all());
    },

    async ready(node) {
      const fits = ({ state }: Lease): boolean => state.kind === 'lent';
      const lease = await chosen(node, 'Get which machine ready?', fits);
      if (lease) await readyForWorkspace(parts, lease, false);
    },

    async extend(node) {
      const lease = await chosen(node, 'Extend which machine?', isThere);
      if (!lease) return;
      const { caps } = readLendingSettings(lendersFile());
      const end = lease.letGo?.end ?? lease.end;
      const most = caps.hours - (end - lease.askedAt) / 3600_000;
      if (most < 0.1)
        throw new UserError(`No machine may be lent for more than ${hoursText(caps.hours)}.`, {
          advice: 'The caps are in lenders.json: "caps".',
        });
      const hours = await chooseHours(`Extend ${titleOf(lease)}`, most, (more) =>
        costOf(lease.price, end - lease.askedAt + more * 3600_000),
      );
      if (hours === undefined) return;
      await withProgress(`Extending ${titleOf(lease)}`, (signal) =>
        attendant.ask('extend', { lease: lease.id, hours }, signal),
      );
    },

    async giveBack(node) {
      const lease = await chosen(node, 'Give back which machine?', () => true);
      if (lease && (await agreesToReturn([lease], Date.now())))
        await returnAll([lease], `Giving back ${titleOf(lease)}`);
    },

    async giveAllBack() {
      const { here } = known();
      // Of another host one cannot say whether somebody works with it: only one by one.
      const leases = watch.all().filter(({ owner }) => owner.who === here);
      const away = watch.all().filter(({ owner }) => owner.who !== here);
      if (leases.length + away.length === 0) throw new UserError('Nothing is borrowed.');
      if (leases.length > 0) {
        if (!(await agreesToReturn(leases, Date.now()))) return;
        await returnAll(leases, 'Giving back all machines');
      }
      if (away.length > 0)
        throw new UserError(
          `Still lent, since it was borrowed on another computer than ${plain(here)}, or by another name of it: ${away.map(titleOf).join(', ')}`,
          { advice: 'If nobody works there, use Return… in its line of the view Machines.' },
        );
    },

    async keep(node) {
      const lease = await chosen(node, 'Keep which machine?', ({ letGo }) => letGo !== undefined);
      if (!lease) return;
      const ids = await withProgress(`Keeping ${titleOf(lease)}`, (signal) =>
        attendant.ask('take', { leases: [lease.id] }, signal),
      );
      if (!ids.includes(lease.id))
        throw new UserError(
          `${titleOf(lease)} cannot be kept: it is given back, or others have it.`,
        );
    },

    async attach(node) {
      const lease = await chosen(node, 'Attach which machine to Jenkins?', isThere);
      if (lease) await attaching.attach(lease);
    },

    async detach(node) {
      const lease = await chosen(node, 'Take which machine off Jenkins?', isThere);
      if (lease) await attaching.detach(lease);
    },

    async actions(node) {
      const id = idOf(node);
      const lease =
        id === undefined
          ? await soleOrPicked(watch.all(), known())
          : watch.all().find((one) => one.id === id);
      if (!lease) return;
      const picked = await vscode.window.showQuickPick(
        [
          ...actionsFor(lease, remoteIsThere(), attaching.isAttached(lease)),
          { icon: 'list-tree', label: 'Show Machines', command: 'ciParity.machines.focus' },
        ].map(({ icon, label, command }) => ({ label: `$(${icon}) ${label}`, command })),
        { title: titleOf(lease), placeHolder: describeLease(lease, known()) },
      );
      if (picked)
        await vscode.commands.executeCommand(picked.command, { kind: 'lease', id: lease.id });
    },

    refresh() {
      parts.refresh();
      return Promise.resolve();
    },

    configure: () => openLenders(),

    async askToken() {
      if (!(await askToken(readLendingSettings(lendersFile()).lenders, parts.secrets))) return;
      // Before the lenders are asked again with it.
      await attendant.tell();
      parts.refresh();
    },
  };
}

/** @throws UserError where nobody can borrow, and where nobody lends, once the person has been led to where that is said. */
async function mustLend(lent: number): Promise<void> {
  mustBeAbleToBorrow();
  if (lent > 0 || readLendingSettings(lendersFile()).lenders.length > 0) return;
  await openLenders();
  throw new UserError('Nobody lends you a machine yet.', {
    advice: 'Name a lender in lenders.json: completion and hovers tell what it takes.',
  });
}

async function offeredBy(
  known: Known,
  offers: MachineCommandParts['offers'],
): Promise<Parameters<typeof agreeOn>[0] | undefined> {
  const choice = await chooseMachine('Borrow which machine?', [], known, offers);
  return choice?.kind === 'offer' ? choice.offered : undefined;
}

function idOf(node: MachineNode | undefined): string | undefined {
  if (node?.kind === 'lease') return node.id;
  return node?.kind === 'line' ? node.lease : undefined;
}

const KEEP = 'Keep Until Its End';
const WITH_WINDOW = 'Only with This Window';
const UNRETURNED = ['Try Again', 'Show Machines'] as const;
