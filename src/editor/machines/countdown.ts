import * as vscode from 'vscode';
import type { Lease } from '../../machines/leases/ledger';
import { endsNext } from './machineActions';
import { describeLease, isThere, leftText, SOON, titleOf, type Known } from './machineText';

/** The machine that ends next in the status bar. */
export class Countdown implements Disposable {
  readonly #known: () => Known;
  readonly #item = vscode.window.createStatusBarItem(
    'ciParity.machines',
    vscode.StatusBarAlignment.Left,
    44,
  );
  #shown = '';

  constructor(known: () => Known) {
    this.#known = known;
    this.#item.name = 'Borrowed Machines';
    this.#item.command = 'ciParity.machineActions';
  }

  /** What is shown; empty where nothing is. */
  get text(): string {
    return this.#shown;
  }

  update(leases: readonly Lease[]): void {
    const known = this.#known();
    const next = endsNext(leases);
    if (next) this.#show(next, leases, known);
    else this.#item.hide();
    if (!next) this.#shown = '';
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
}
