import * as vscode from 'vscode';
import type { Commands } from './commands';
import { leftThings } from '../reproductions/reproductionWatch';
import type { Reproductions } from '../reproductions/reproductions';
import type { Servers } from '../servers/servers';
import { readJobs } from './settings';

const ALL_JOBS = 'allJobs';
const FAILING_ONLY = 'failingOnly';

/** What the menus and welcome texts of package.json ask for in their `when` clauses. */
export class ViewState implements vscode.Disposable {
  readonly #servers: Servers;
  readonly #memento: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  /** What the view "Runs" is made from has changed. */
  readonly onDidChange = this.#changed.event;

  constructor(servers: Servers, reproductions: Reproductions, memento: vscode.Memento) {
    this.#servers = servers;
    this.#memento = memento;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      servers.onDidChange(() => this.#update()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('ciParity.jobs')) this.#update();
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#update()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#update()),
      reproductions.onDidChange(() =>
        set('ciParity.leftThings', reproductions.all().some(leftThings)),
      ),
    );
    this.#setContext();
  }

  /** Whether all jobs of the servers are shown, and not only the workspace's. */
  showsAll(): boolean {
    return this.#memento.get(ALL_JOBS, false);
  }

  /** Whether only what fails is shown. */
  failingOnly(): boolean {
    return this.#memento.get(FAILING_ONLY, false);
  }

  /** Shows all jobs of the servers, however they are. */
  async showEverything(): Promise<void> {
    await this.#memento.update(FAILING_ONLY, false);
    await this.#set(ALL_JOBS, true);
  }

  commands(): Commands {
    return {
      'ciParity.showAllJobs': () => this.#set(ALL_JOBS, true),
      'ciParity.showChosenJobs': () => this.#set(ALL_JOBS, false),
      'ciParity.showFailingOnly': () => this.#set(FAILING_ONLY, true),
      'ciParity.showAnyResult': () => this.#set(FAILING_ONLY, false),
    };
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  async #set(key: string, value: boolean): Promise<void> {
    await this.#memento.update(key, value);
    this.#update();
  }

  #update(): void {
    this.#setContext();
    this.#changed.fire();
  }

  #setContext(): void {
    const state =
      this.#servers.list().length === 0 ? 'noServer' : readJobs().length === 0 ? 'noJob' : 'ready';
    set('ciParity.state', state);
    set('ciParity.allJobs', this.showsAll());
    set('ciParity.failingOnly', this.failingOnly());
  }
}

function set(key: string, value: unknown): void {
  void vscode.commands.executeCommand('setContext', key, value);
}
