import * as vscode from 'vscode';
import type { Lease } from '../../machines/leases/ledger';
import { endsNext, unreturnedBecause } from './machineActions';
import { describeLease, isThere, leftText, SOON, titleOf, type Known } from './machineText';

/** The machine that ends next in the status bar, and whether one could not be given back. */
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

  /** The id of the colour behind it, where it has one. */
  get background(): string | undefined {
    return this.#item.backgroundColor?.id;
  }

  update(leases: readonly Lease[]): void {
    const known = this.#known();
    const next = endsNext(leases);
    const there = leases.filter(isThere);
    const unreturned = leases.filter((lease) => unreturnedBecause(lease) !== undefined);
    const left = next ? next.end - known.now : 0;
    const words = left > 0 ? leftText(left) : 'over';
    const text = [
      ...(next ? [`$(vm) ${words}${numberOf(there)}`] : []),
      ...(unreturned.length > 0 ? [`$(warning) not given back${numberOf(unreturned)}`] : []),
    ].join(' ');
    if (text === this.#shown) return;
    this.#shown = text;
    if (text === '') {
      this.#item.hide();
      return;
    }
    const shown = [...unreturned, ...there];
    this.#item.text = text;
    this.#item.tooltip = [
      shown.length > 1 ? `${shown.length} borrowed machines` : 'A borrowed machine',
      ...shown.map((lease) => `${titleOf(lease)}: ${describeLease(lease, known)}`),
    ].join('\n');
    const spoken = [
      ...unreturned.map((lease) => `${titleOf(lease)} could not be given back`),
      ...(next ? [`${titleOf(next)}, ${left > 0 ? `${words} left` : 'its time is over'}`] : []),
    ];
    this.#item.accessibilityInformation = {
      label: `Borrowed machine ${spoken.join('; ')}`,
      role: 'button',
    };
    const colour = unreturned.length > 0 ? 'error' : next && left < SOON ? 'warning' : undefined;
    this.#item.backgroundColor =
      colour && new vscode.ThemeColor(`statusBarItem.${colour}Background`);
    this.#item.show();
  }

  [Symbol.dispose](): void {
    this.#item.dispose();
  }
}

function numberOf(leases: readonly Lease[]): string {
  return leases.length > 1 ? ` (${leases.length})` : '';
}
