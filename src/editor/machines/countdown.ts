import * as vscode from 'vscode';
import type { LeaseNews } from '../../machines/leases/attend';
import type { Lease } from '../../machines/leases/ledger';
import { plain } from '../look/plain';
import { endsNext } from './machineActions';
import { describeLease, isThere, leftText, SOON, titleOf, type Known } from './machineText';

export interface CountdownParts {
  readonly known: () => Known;
  /** Whether it is ours to tell of something: true for one window of all. */
  readonly claim: (key: string) => boolean;
}

/** The machine that ends next in the status bar, with a warning before its end. */
export class Countdown implements Disposable {
  readonly #parts: CountdownParts;
  readonly #item = vscode.window.createStatusBarItem(
    'ciParity.machines',
    vscode.StatusBarAlignment.Left,
    44,
  );
  readonly #warned = new Set<string>();
  #shown = '';

  constructor(parts: CountdownParts) {
    this.#parts = parts;
    this.#item.name = 'Borrowed Machines';
    this.#item.command = 'ciParity.machineActions';
  }

  /** What is shown; empty where nothing is. */
  get text(): string {
    return this.#shown;
  }

  update(leases: readonly Lease[]): void {
    const known = this.#parts.known();
    const next = endsNext(leases);
    if (next) this.#show(next, leases, known);
    else this.#item.hide();
    if (!next) this.#shown = '';
    for (const lease of leases) this.#warn(lease, known.now);
  }

  [Symbol.dispose](): void {
    this.#item.dispose();
  }

  #show(next: Lease, leases: readonly Lease[], known: Known): void {
    const there = leases.filter(isThere);
    const left = next.end - known.now;
    const more = there.length > 1 ? ` (${there.length})` : '';
    const words = left > 0 ? leftText(left) : 'over';
    const text = `$(vm) ${words}${more}`;
    if (text === this.#shown) return;
    this.#shown = text;
    this.#item.text = text;
    this.#item.tooltip = [
      there.length > 1 ? `${there.length} borrowed machines` : 'A borrowed machine',
      ...there.map((lease) => `${titleOf(lease)}: ${describeLease(lease, known)}`),
    ].join('\n');
    this.#item.accessibilityInformation = {
      label: `Borrowed machine ${titleOf(next)}, ${left > 0 ? `${words} left` : 'its time is over'}`,
      role: 'button',
    };
    this.#item.backgroundColor =
      left < SOON ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.show();
  }

  #warn(lease: Lease, now: number): void {
    const left = lease.end - now;
    if (!isThere(lease) || lease.letGo || left <= 0 || left > SOON) return;
    const key = `machine ${lease.id} ends ${lease.end}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    if (this.#parts.claim(key)) void offerActions(lease, `ends in ${leftText(left)}`);
  }
}

/** Tells what became of a machine that this window owns. */
export function tellNews({ kind, lease, ...more }: LeaseNews): void {
  switch (kind) {
    case 'over':
      void vscode.window.showInformationMessage(
        `The time of ${titleOf(lease)} is over: it is given back.`,
      );
      return;
    case 'gone':
      void vscode.window.showWarningMessage(
        `${plain(lease.lender)} has ${titleOf(lease)} no more, though its end had not come.`,
      );
      return;
    case 'cannot extend': {
      const why = 'why' in more ? plain(more.why) : '';
      void offerActions(
        lease,
        `may end at ${new Date(lease.until).toLocaleTimeString()}, since its lender could not be told to wait: ${why}`,
      );
    }
  }
}

async function offerActions(lease: Lease, words: string): Promise<void> {
  const message = `${titleOf(lease)} ${words}`;
  const answer = await vscode.window.showWarningMessage(message, EXTEND, RETURN);
  const node = { kind: 'lease', id: lease.id };
  if (answer === EXTEND) await vscode.commands.executeCommand('ciParity.machineExtend', node);
  if (answer === RETURN) await vscode.commands.executeCommand('ciParity.machineReturn', node);
}

const EXTEND = 'Extend…';
const RETURN = 'Return…';
