import * as vscode from 'vscode';
import { messageOf, UserError } from '../../base/errors';
import { costOf } from '../../machines/leases/caps';
import type { Lease } from '../../machines/leases/ledger';
import type { Wishes } from '../../machines/leases/talk';
import { lendersFile } from '../../machines/lenders/lendersFile';
import { readLendingSettings } from '../../machines/lenders/settings';
import type { OtherMachine } from '../../recipe/recipe';
import { openProgram } from '../frame/programTerminal';
import { withProgress } from '../frame/progress';
import { plain } from '../look/plain';
import type { Attaching } from './attaching';
import type { Attendant } from './attendant';
import { agreeOn, chooseHours, chooseMachine } from './borrowing';
import type { LeaseWatch } from './leaseWatch';
import { agreesToReturn, pickLease, soleOrPicked } from './chooseLease';
import { openLenders } from './lendersDocument';
import { actionsFor, hoursText } from './machineActions';
import type { MachineNode } from './machineRows';
import { describeLease, isThere, leftText, titleOf, type Known } from './machineText';
import { openRemote, remoteIsThere } from './remoteSsh';
import { askToken } from './tokens';

export interface MachineCommandParts {
  readonly cli: string;
  readonly secrets: vscode.SecretStorage;
  readonly watch: LeaseWatch;
  readonly attendant: Attendant;
  readonly attaching: Attaching;
  readonly known: () => Known;
  readonly offers: () => Promise<Wishes['offers']['answer']>;
  readonly refresh: () => void;
  /** Hears how far the borrowing of a machine with this title is. */
  readonly reporting: (title: string, report: (words: string) => void) => (words: string) => void;
}

/** The commands about machines; from the palette each lets the person pick one first. */
export interface MachineCommands extends Record<
  MachineCommand,
  (node?: MachineNode) => Promise<void>
> {
  /** A machine that is lent, or one that is borrowed now; undefined when the person cancelled. */
  choose(): Promise<OtherMachine | undefined>;
}

export type MachineCommand =
  | 'borrow'
  | 'ssh'
  | 'remote'
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

export function machineCommands(parts: MachineCommandParts): MachineCommands {
  const { watch, attendant, attaching, known, offers } = parts;

  /** As it is now: the view may be a moment behind. */
  async function chosen(
    node: MachineNode | undefined,
    title: string,
    fits: (lease: Lease) => boolean,
  ): Promise<Lease | undefined> {
    if (node?.kind === 'lease') {
      const lease = watch.all().find(({ id }) => id === node.id);
      if (lease && fits(lease)) return lease;
      throw new UserError(
        lease ? `That cannot be done with ${titleOf(lease)} now.` : 'It is given back already.',
      );
    }
    return pickLease(watch.all().filter(fits), known(), title);
  }

  async function borrowOffer(offered: Parameters<typeof agreeOn>[0]): Promise<Lease | undefined> {
    const wish = await agreeOn(offered, await offers());
    if (!wish) return undefined;
    const { title } = offered.offer;
    const lease = await withProgress(`Borrowing ${plain(title)}`, (signal, report) =>
      attendant.ask('borrow', wish, signal, parts.reporting(title, report)),
    );
    return lease;
  }

  async function choose(title: string): Promise<Lease | undefined> {
    await mustLend(watch.all().length);
    const choice = await chooseMachine(title, watch.all(), known(), offers);
    return choice?.kind === 'offer' ? borrowOffer(choice.offered) : choice?.lease;
  }

  async function returnAll(leases: readonly Lease[], title: string): Promise<void> {
    const problems = await withProgress(title, async (signal) => {
      const left = await Promise.all(leases.map(({ id }) => attaching.leave(id, signal)));
      if (left.flat().length > 0)
        void vscode.window.showWarningMessage(plain(left.flat().join('; ')));
      const ended = await Promise.allSettled(
        leases.map(({ id }) => attendant.ask('return', { lease: id }, signal)),
      );
      signal.throwIfAborted();
      return ended.flatMap((one, at) =>
        one.status === 'rejected' ? [`${leases[at]?.title ?? ''}: ${messageOf(one.reason)}`] : [],
      );
    });
    if (problems.length > 0)
      throw new UserError('Not all could be given back.', {
        advice: `${problems.join('\n')}\nIt is tried again at the next start, and by Return.`,
      });
  }

  return {
    async choose() {
      const lease = await choose('Reproduce on which machine?');
      return lease && { lease: lease.id };
    },

    async borrow(node) {
      await mustLend(0);
      const offered = node?.kind === 'offer' ? node.offered : undefined;
      const choice = offered ?? (await offeredBy(known(), offers));
      const lease = choice && (await borrowOffer(choice));
      if (lease) void tellBorrowed(lease);
    },

    async ssh(node) {
      const lease = await chosen(node, 'Log in at which machine?', isThere);
      if (lease)
        openProgram(parts.cli, ['ssh', lease.id], { name: titleOf(lease), icon: 'vm-connect' });
    },

    async remote(node) {
      if (!remoteIsThere())
        throw new UserError('Remote-SSH cannot open it from here.', {
          advice:
            'It takes the extension "Remote - SSH", in a window of this machine itself. SSH In works in any.',
        });
      const lease = await chosen(node, 'Open which machine?', isThere);
      if (lease) await openRemote(lease, watch.all());
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
      if (leases.length === 0) throw new UserError('Nothing is borrowed.');
      if (await agreesToReturn(leases, Date.now()))
        await returnAll(leases, 'Giving back all machines');
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
      const lease =
        node?.kind === 'lease'
          ? watch.all().find(({ id }) => id === node.id)
          : await soleOrPicked(watch.all(), known());
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
      if (await askToken(readLendingSettings(lendersFile()).lenders, parts.secrets))
        parts.refresh();
    },
  };
}

/** @throws UserError where nobody lends, once the person has been led to where that is said. */
async function mustLend(lent: number): Promise<void> {
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

async function tellBorrowed(lease: Lease): Promise<void> {
  const answer = await vscode.window.showInformationMessage(
    `${titleOf(lease)} is yours for ${leftText(lease.end - Date.now())}.`,
    SSH,
  );
  if (answer === SSH)
    await vscode.commands.executeCommand('ciParity.machineSsh', { kind: 'lease', id: lease.id });
}

const SSH = 'SSH In';
