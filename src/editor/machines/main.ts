import * as vscode from 'vscode';
import { ownerLives, whoWeAre, type Lease } from '../../machines/leases/ledger';
import { lendersFile } from '../../machines/lenders/lendersFile';
import { readLendingSettings } from '../../machines/lenders/settings';
import type { OtherMachine, Recipe } from '../../recipe/recipe';
import { onMachinesClose } from '../frame/settings';
import type { Row } from '../look/row';
import { claim } from '../told/claims';
import { Attaching, type AgentServers } from './attaching';
import { Attendant } from './attendant';
import { lookAfter } from './beginning';
import { Countdown } from './countdown';
import { LeaseWatch } from './leaseWatch';
import { leftBehind } from './machineActions';
import { machineCommands, type MachineCommands } from './machineCommands';
import type { MachineNode } from './machineRows';
import { isThere, type Known } from './machineText';
import { MachineTree } from './machineTree';
import { remoteIsThere } from './remoteSsh';
import { MachineNotices } from './notices';
import { Questions } from './questions';
import { isTokenKey, tokensOf } from './tokens';

export interface MachinesParts {
  /** The path of the program. */
  readonly cli: string;
  readonly secrets: vscode.SecretStorage;
  readonly servers: AgentServers;
  /** The workspace's own. */
  readonly memento: vscode.Memento;
  readonly output: vscode.LogOutputChannel;
  /** A line of the view has changed, or all of it. */
  readonly changed: (node: MachineNode | undefined) => void;
  /** Whether somebody lends, or something is lent. */
  readonly lending: (anything: boolean) => void;
  readonly onDidUnfold: vscode.Event<MachineNode>;
}

/** Ids of the leases that this workspace's window owned last. */
const MINE = 'machines.mine';
/** Milliseconds between two sweeps for machines whose time is over, though nobody attends them. */
const PAUSE = 60_000;

/** Everything about borrowed machines in a window, behind the view and its commands. */
export class MachinesDesk implements vscode.Disposable {
  readonly watch: LeaseWatch;
  readonly attendant: Attendant;
  readonly commands: MachineCommands;
  readonly countdown: Countdown;
  readonly #attaching: Attaching;
  readonly #parts: MachinesParts;
  readonly #tree: MachineTree;
  readonly notices = new MachineNotices(claim);
  /** How far what this window waits for is: by titles while a machine is borrowed, then by ids. */
  readonly #progress = new Map<string, string>();
  readonly #life = new AbortController();
  readonly #subscriptions: vscode.Disposable;
  #begun = false;
  #lent = false;
  #swept = 0;
  /** Ids of what this workspace's window had before; of what it has now. */
  readonly #before: readonly string[];
  #mine: string;
  /** What was done about machines whose window has closed. */
  readonly #done = new Set<string>();

  constructor(parts: MachinesParts) {
    const { cli, secrets, memento, output, changed, onDidUnfold } = parts;
    this.#parts = parts;
    this.#before = memento.get<readonly string[]>(MINE, []);
    this.#mine = this.#before.join();
    const questions = new Questions();
    this.watch = new LeaseWatch(() => this.#update());
    this.attendant = new Attendant({
      cli,
      greeting: async () => ({
        onClose: onMachinesClose(),
        tokens: await tokensOf(readLendingSettings(lendersFile()).lenders, secrets),
      }),
      news: (news) => this.notices.tell(news),
      question: (asks, quiet, signal) => questions.answer(asks, quiet, signal),
      died: (pid) => this.#failing(this.#takeAfter(pid)),
      log: (line) => output.info(line),
    });
    this.#tree = new MachineTree({
      leases: () => this.watch.all(),
      damaged: () => this.watch.damaged(),
      known: () => this.known(),
      settings: () => readLendingSettings(lendersFile()),
      offers: (quiet, signal) => this.attendant.ask('offers', { quiet }, signal),
      changed,
      onDidUnfold,
    });
    this.countdown = new Countdown(() => this.known());
    this.#attaching = new Attaching(cli, parts.servers);
    this.commands = machineCommands({
      attaching: this.#attaching,
      cli,
      secrets,
      watch: this.watch,
      attendant: this.attendant,
      known: () => this.known(),
      offers: () => this.#tree.offers(false),
      refresh: () => {
        this.#tree.askAgain();
        this.#update();
      },
      reporting: (key, report, work) => this.#reporting(key, report, work),
    });
    this.#subscriptions = vscode.Disposable.from(
      this.#attaching,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('ciParity.machines')) this.#failing(this.attendant.tell());
      }),
      secrets.onDidChange(({ key }) => {
        if (isTokenKey(key)) this.#failing(this.attendant.tell());
      }),
    );
    void vscode.commands.executeCommand('setContext', 'ciParity.remoteSsh', remoteIsThere());
  }

  children(node?: MachineNode): Promise<MachineNode[]> {
    return this.#tree.children(node);
  }

  row(node: MachineNode): Row {
    return this.#tree.row(node);
  }

  choose(): Promise<OtherMachine | undefined> {
    return this.commands.choose();
  }

  /** The recipe with a machine that is there and ready; undefined when the person cancelled. */
  prepare(recipe: Recipe): Promise<Recipe | undefined> {
    return this.commands.prepare(recipe);
  }

  known(): Known {
    return {
      now: Date.now(),
      here: whoWeAre(),
      progress: (lease) =>
        lease.state.kind === 'asked' && this.attendant.owns(lease)
          ? this.#progress.get(lease.title)
          : this.#progress.get(lease.id),
      owned: (lease) => this.attendant.owns(lease),
      agent: (lease) => this.watch.agent(lease),
    };
  }

  /** What is lent, or who lends, may have changed; the first time, looks after what was left. */
  async begin(): Promise<void> {
    this.#tree.refresh();
    this.#update();
    if (this.#begun) return;
    this.#begun = true;
    const { signal } = this.#life;
    const beginning = {
      ...{ attendant: this.attendant, output: this.#parts.output },
      leases: () => this.watch.all(),
      unreturned: (lease: Lease, problem: string) =>
        this.notices.unreturned(lease, problem, Date.now()),
    };
    this.#failing(lookAfter(beginning, true, signal));
    for (const words of await this.#attaching.sweep(signal)) this.#parts.output.warn(words);
    this.#update();
  }

  dispose(): void {
    this.#life.abort();
    this.#subscriptions.dispose();
    this.#tree[Symbol.dispose]();
    this.watch[Symbol.dispose]();
    this.countdown[Symbol.dispose]();
    this.attendant[Symbol.dispose]();
  }

  #update(): void {
    if (this.#life.signal.aborted) return;
    const leases = this.watch.all();
    this.countdown.update(leases);
    this.notices.look(leases, this.commands.returning, Date.now());
    this.#tree.update();
    this.#tellLent(leases.length > 0);
    this.#parts.lending(leases.length > 0 || this.#tree.lends());
    const mine = leases.filter((lease) => this.attendant.owns(lease));
    if (mine.length > 0) this.attendant.stay();
    else this.attendant.rest();
    this.#remember(mine.map(({ id }) => id).join());
    for (const lease of leases) this.#lookAt(lease);
    if (leases.some((lease) => this.#isOver(lease)) && Date.now() - this.#swept > PAUSE) {
      this.#swept = Date.now();
      this.#failing(this.attendant.ask('sweep', { quiet: true }, this.#life.signal));
    }
  }

  #tellLent(anything: boolean): void {
    if (anything === this.#lent) return;
    this.#lent = anything;
    void vscode.commands.executeCommand('setContext', 'ciParity.lent', anything);
  }

  /** What a window owned is not forgotten with its end: so it finds it when it comes back. */
  #remember(mine: string): void {
    if (mine === this.#mine || (mine === '' && !this.#begun)) return;
    this.#mine = mine;
    this.#parts.memento
      .update(MINE, mine === '' ? [] : mine.split(','))
      .then(undefined, (error: unknown) => this.#parts.output.error(String(error)));
  }

  /** Takes back what this window had before it was reloaded; in one window of all the person is asked about the rest. */
  #lookAt(lease: Lease): void {
    const what = leftBehind(lease, this.#before, Date.now());
    const key = `${what ?? ''} ${lease.id} ${lease.letGo?.at ?? 0}`;
    if (what === undefined || this.#done.has(key)) return;
    this.#done.add(key);
    if (what === 'ask') this.notices.askAbout(lease, Date.now());
    else this.#failing(this.#take([lease.id]));
  }

  /** Its time is over, or it could not be given back, and nobody attends it. */
  #isOver(lease: Lease): boolean {
    const { owner, state, end } = lease;
    if (isThere(lease)) return !owner.process && Date.now() > end + 2000;
    if (state.kind !== 'returning' || this.commands.returning.has(lease.id)) return false;
    const here = whoWeAre();
    return owner.who === here && !ownerLives(owner, here);
  }

  /** Another attendant goes on with what one had that was killed, before anybody takes it for nobody's. */
  async #takeAfter(pid: number): Promise<void> {
    const leases = this.watch.all().filter(({ owner }) => owner.process?.pid === pid);
    const ids = leases.map(({ id }) => id);
    if (ids.length > 0) await this.#take(ids);
  }

  async #take(leases: readonly string[]): Promise<void> {
    await this.attendant.ask('take', { leases, quiet: true }, this.#life.signal);
  }

  /** What is told while a machine is borrowed, or made ready, is shown in the view, too. */
  async #reporting<T>(
    key: string,
    report: (words: string) => void,
    work: (report: (words: string) => void) => Promise<T>,
  ): Promise<T> {
    const told = (words: string): void => {
      report(words);
      this.#progress.set(key, words);
      this.#tree.update();
    };
    try {
      return await work(told);
    } finally {
      this.#progress.delete(key);
      this.#tree.update();
    }
  }

  #failing(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.#life.signal.aborted) this.#parts.output.warn(String(error));
    });
  }
}

export function startMachines(parts: MachinesParts): MachinesDesk {
  return new MachinesDesk(parts);
}
