import * as vscode from 'vscode';
import type { LeaseNews } from '../../machines/leases/attend';
import type { Lease } from '../../machines/leases/ledger';
import { dayAndTime } from '../look/age';
import { plain } from '../look/plain';
import { unreturnedBecause } from './machineActions';
import { isThere, leftText, SOON, soFar, titleOf } from './machineText';

/** What a notification about a machine offers. */
const ACTIONS = {
  'Extend…': 'ciParity.machineExtend',
  'Return…': 'ciParity.machineReturn',
  'SSH In': 'ciParity.machineSsh',
  Keep: 'ciParity.machineKeep',
  'Get Ready…': 'ciParity.machineReady',
  'Try Again': 'ciParity.machineReturn',
  'Borrow Another…': 'ciParity.borrowMachine',
  'Show Machines': 'ciParity.machines.focus',
} as const;
type Action = keyof typeof ACTIONS;

/** Notifications about machines, each once; what costs money, once a day. */
export class MachineNotices {
  readonly #claim: (key: string) => boolean;
  /** What this window has told, or left to another one. */
  readonly #told = new Set<string>();

  /** `claim` tells whether it is ours to tell of something: true for one window of all. */
  constructor(claim: (key: string) => boolean) {
    this.#claim = claim;
  }

  /** Warns before the end, and where a machine could not be given back; `busy` are those that this window gives back now. */
  look(leases: readonly Lease[], busy: ReadonlySet<string>, now: number): void {
    for (const lease of leases) {
      const left = lease.end - now;
      if (isThere(lease) && !lease.letGo && left > 0 && left <= SOON)
        this.#once(`machine ${lease.id} ends ${lease.end}`, () =>
          warn(lease, `ends in ${leftText(left)}`, ['Extend…', 'Return…', 'SSH In']),
        );
      const problem = unreturnedBecause(lease);
      if (problem !== undefined && !busy.has(lease.id)) this.unreturned(lease, problem, now);
    }
  }

  /** Once a day, as long as it may cost money. */
  unreturned(lease: Lease, problem: string, now: number): void {
    const [day] = dayAndTime(now);
    this.#once(`machine ${lease.id} unreturned ${day}`, () =>
      warn(lease, unreturnedText(lease, problem), ['Try Again', 'Show Machines']),
    );
  }

  /** What became of a machine that this window owns. */
  tell({ kind, lease, ...more }: LeaseNews): void {
    switch (kind) {
      case 'over':
        void vscode.window.showInformationMessage(
          `The time of ${titleOf(lease)} is over: it is given back.`,
        );
        return;
      case 'gone':
        this.#once(`machine ${lease.id} gone`, () =>
          warn(
            lease,
            `is gone before its end: ${plain(lease.lender)} has it no more. What was on it is lost.`,
            ['Borrow Another…', 'Show Machines'],
          ),
        );
        return;
      case 'cannot extend': {
        const why = 'why' in more ? plain(more.why) : '';
        // It is tried each minute; told once for each end that comes nearer.
        this.#once(`machine ${lease.id} cannot extend ${lease.until}`, () =>
          warn(
            lease,
            `may end at ${new Date(lease.until).toLocaleTimeString()}, since its lender could not be told to wait: ${why}`,
            ['Extend…', 'Return…', 'SSH In'],
          ),
        );
      }
    }
  }

  /** In one window of all the person is asked whether to keep a machine whose window has closed. */
  askAbout(lease: Lease, now: number): void {
    const cost = soFar(lease, now);
    const words = `is still borrowed, though its window was closed. ${cost === undefined ? 'Its' : `It has cost ${cost}; its`} end comes by itself in ${leftText(lease.end - now)}.`;
    this.#once(`machine ${lease.id} let go ${lease.letGo?.at ?? 0}`, () =>
      warn(lease, words, ['Keep', 'Return…', 'SSH In']),
    );
  }

  #once(key: string, tell: () => Promise<void>): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    if (this.#claim(key)) void tell();
  }
}

/** What is wrong with a machine, with what can be done about it. */
export async function warn(lease: Lease, words: string, actions: readonly Action[]): Promise<void> {
  const answer = await vscode.window.showWarningMessage(`${titleOf(lease)} ${words}`, ...actions);
  if (answer !== undefined) await act(lease, answer);
}

/** Good news, likewise. */
export async function inform(
  lease: Lease,
  words: string,
  actions: readonly Action[],
): Promise<void> {
  const message = `${titleOf(lease)} ${words}`;
  const answer = await vscode.window.showInformationMessage(message, ...actions);
  if (answer !== undefined) await act(lease, answer);
}

export function unreturnedText(lease: Lease, problem: string): string {
  return `of ${plain(lease.lender)} could not be given back: ${plain(problem)}. It may still cost money. It is tried again.`;
}

async function act({ id }: Lease, action: Action): Promise<void> {
  const command = ACTIONS[action];
  // A new machine has nothing to do with this one.
  const node = action === 'Borrow Another…' ? undefined : { kind: 'lease', id };
  await vscode.commands.executeCommand(command, node);
}
