import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { stateDirectory } from '../../base/stateDirectory';
import { lendersFile } from '../../machines/lenders/lendersFile';
import type { OtherMachine, Recipe } from '../../recipe/recipe';
import type { Commands } from '../frame/commands';
import { Later } from '../frame/later';
import { treeItem } from '../look/treeItem';
import type { MachineNode } from './machineRows';
import type { MachineCommand } from './machineCommands';
import type { MachinesDesk, MachinesParts } from './main';

/**
 * The view "Machines" and what it leads to. All of it is a bundle of its own, `dist/machines.js`: it is
 * loaded when the view is seen, a command is run, or something is lent or somebody lends.
 */
export class Machines implements vscode.TreeDataProvider<MachineNode>, vscode.Disposable {
  readonly #output: vscode.LogOutputChannel;
  readonly #desk: Later<MachinesDesk>;
  readonly #changed = new vscode.EventEmitter<MachineNode | undefined>();
  readonly #view: vscode.TreeView<MachineNode>;
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChangeTreeData = this.#changed.event;
  /** Whether somebody lends, or something is lent. */
  available = false;

  constructor(parts: Omit<MachinesParts, 'changed' | 'lending' | 'onDidUnfold'>) {
    this.#output = parts.output;
    const view = vscode.window.createTreeView('ciParity.machines', { treeDataProvider: this });
    this.#view = view;
    const changed = (node: MachineNode | undefined): void => this.#changed.fire(node);
    const lending = (anything: boolean): void => {
      if (anything === this.available) return;
      this.available = anything;
      void vscode.commands.executeCommand('setContext', 'ciParity.lending', anything);
    };
    const onDidUnfold: vscode.Event<MachineNode> = (listener) =>
      view.onDidExpandElement(({ element }) => void listener(element));
    this.#desk = new Later(async () =>
      (await import('./main')).startMachines({ ...parts, changed, lending, onDidUnfold }),
    );
    this.#subscriptions = vscode.Disposable.from(
      view,
      this.#changed,
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        if (uri.fsPath === lendersFile()) this.#look();
      }),
    );
    this.#look();
  }

  load(): Promise<MachinesDesk> {
    return this.#desk.get();
  }

  async getChildren(node?: MachineNode): Promise<MachineNode[]> {
    return (await this.load()).children(node);
  }

  async getTreeItem(node: MachineNode): Promise<vscode.TreeItem> {
    return treeItem((await this.load()).row(node), node);
  }

  get visible(): boolean {
    return this.#view.visible;
  }

  /** Lets the person pick a machine that is lent, or borrow one; undefined when they cancelled. */
  async choose(): Promise<OtherMachine | undefined> {
    return (await this.load()).choose();
  }

  /** The recipe with a machine that is there and ready; undefined when the person cancelled. */
  async prepare(recipe: Recipe): Promise<Recipe | undefined> {
    return recipe.on && 'lease' in recipe.on ? (await this.load()).prepare(recipe) : recipe;
  }

  commands(): Commands {
    const command =
      (name: MachineCommand) =>
      async (node?: MachineNode): Promise<void> =>
        (await this.load()).commands[name](node);
    return {
      'ciParity.borrowMachine': command('borrow'),
      'ciParity.machineSsh': command('ssh'),
      'ciParity.machineRemote': command('remote'),
      'ciParity.machineReady': command('ready'),
      'ciParity.machineExtend': command('extend'),
      'ciParity.machineReturn': command('giveBack'),
      'ciParity.machineReturnAll': command('giveAllBack'),
      'ciParity.machineKeep': command('keep'),
      'ciParity.machineAttach': command('attach'),
      'ciParity.machineDetach': command('detach'),
      'ciParity.machineActions': command('actions'),
      'ciParity.refreshOffers': command('refresh'),
      'ciParity.openLenders': command('configure'),
      'ciParity.lenderToken': command('askToken'),
    };
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#desk.dispose();
  }

  /** Nobody waits for it: it only looks whether there is anything to look after. */
  #look(): void {
    this.#hasAnything()
      .then(async (anything) => {
        if (anything || this.#desk.wanted) await (await this.load()).begin();
      })
      .catch((error: unknown) => this.#output.error(String(error)));
  }

  async #hasAnything(): Promise<boolean> {
    const leases = await readdir(join(stateDirectory(), 'leases')).catch(() => []);
    if (leases.some((name) => name.endsWith('.json'))) return true;
    return access(lendersFile()).then(
      () => true,
      () => false,
    );
  }
}
