import { isAbort, messageOf } from '../../base/errors';
import type { Lease } from '../../machines/leases/ledger';
import type { Wishes } from '../../machines/leases/talk';
import type { LendingSettings } from '../../machines/lenders/settings';
import type { Row } from '../look/row';
import {
  leaseFacts,
  leaseRow,
  offerRow,
  offersRow,
  problemRow,
  unaskedRow,
  type MachineNode,
} from './machineRows';
import type { Known } from './machineText';

type Offers = Wishes['offers']['answer'];

export interface TreeSource {
  readonly leases: () => readonly Lease[];
  readonly damaged: () => readonly string[];
  readonly known: () => Known;
  /** @throws UserError where they are not understood. */
  readonly settings: () => LendingSettings;
  /** Where it is `quiet`, the person is not asked anything. */
  readonly offers: (quiet: boolean, signal: AbortSignal) => Promise<Offers>;
  readonly changed: (node: MachineNode | undefined) => void;
  readonly onDidUnfold: (listener: (node: MachineNode) => void) => { dispose(): unknown };
}

/** Milliseconds after which offers are asked for again when they are unfolded. */
const FRESH = 2 * 60_000;
/** Milliseconds that what was read may be on its way to VS Code, which passes over changes of it meanwhile. */
const UNDER_WAY = 150;

/** What the view "Machines" shows. Only lines whose words have changed are told of. */
export class MachineTree implements Disposable {
  readonly #source: TreeSource;
  readonly #nodes = new Map<string, MachineNode & { kind: 'lease' }>();
  /** What VS Code was given last of each lease, and of the top. */
  readonly #given = new Map<string, string>();
  readonly #life = new AbortController();
  readonly #unfolding: { dispose(): unknown };
  readonly #offersNode: MachineNode = { kind: 'offers' };
  #offers: { readonly at: number; readonly answer: Promise<Offers> } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: TreeSource) {
    this.#source = source;
    this.#unfolding = source.onDidUnfold((node) => {
      if (node.kind === 'offers' && this.#offers && Date.now() - this.#offers.at > FRESH)
        this.refresh();
    });
  }

  async children(node?: MachineNode): Promise<MachineNode[]> {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.update();
    }, UNDER_WAY).unref();
    switch (node?.kind) {
      case undefined:
        this.#given.set('', this.#top());
        return this.#roots();
      case 'lease': {
        const lease = this.#leaseOf(node.id);
        const facts = lease ? leaseFacts(lease, this.#source.known()) : [];
        return facts.map((row) => ({ kind: 'line', row, lease: node.id }));
      }
      case 'offers':
        return this.#offered();
      default:
        return [];
    }
  }

  row(node: MachineNode): Row {
    switch (node.kind) {
      case 'lease': {
        const lease = this.#leaseOf(node.id);
        if (!lease) return { id: node.id, label: 'Given back', fold: 'leaf' };
        this.#given.set(node.id, this.#textOf(lease));
        return leaseRow(lease, this.#source.known());
      }
      case 'offers':
        return offersRow;
      case 'offer':
        return offerRow(node.offered, node.unasked);
      case 'line':
        return node.row;
    }
  }

  /** The clock has gone on, or the ledger has changed. */
  update(): void {
    const before = this.#given.get('');
    // Nobody has looked yet.
    if (before === undefined) return;
    if (before !== this.#top()) {
      // What comes or goes may be borrowed no more, or again.
      this.#offers = undefined;
      this.#source.changed(undefined);
      return;
    }
    for (const lease of this.#source.leases()) {
      const node = this.#nodes.get(lease.id);
      const given = this.#given.get(lease.id);
      if (node && given !== undefined && given !== this.#textOf(lease)) this.#source.changed(node);
    }
  }

  /** Asks the lenders again when they can be seen. */
  refresh(): void {
    this.#offers = undefined;
    this.#source.changed(this.#given.has('') && this.lends() ? this.#offersNode : undefined);
  }

  /** Whether anybody is named who lends. */
  lends(): boolean {
    try {
      return this.#source.settings().lenders.length > 0;
    } catch {
      // The line about the settings says it.
      return false;
    }
  }

  /** Asks the lenders at once, and the person what they want to know. */
  askAgain(): void {
    if (this.lends()) void this.#ask(false).catch(() => undefined);
    this.#source.changed(this.#given.has('') && this.lends() ? this.#offersNode : undefined);
  }

  /** What was told lately, or is asked for now; `quiet` where the person did not ask for it just now. */
  async offers(quiet: boolean): Promise<Offers> {
    const asked = this.#offers;
    if (asked && Date.now() - asked.at < FRESH) {
      const answer = await asked.answer;
      // Who could not be asked may be by now, with a token that was told or a wire that was mended.
      if (quiet || (!answer.unasked && answer.problems.length === 0)) return answer;
    }
    return this.#ask(quiet);
  }

  #ask(quiet: boolean): Promise<Offers> {
    const answer = this.#source.offers(quiet, this.#life.signal);
    const asked = { at: Date.now(), answer };
    this.#offers = asked;
    answer.catch(() => {
      if (this.#offers === asked) this.#offers = undefined;
    });
    return answer;
  }

  [Symbol.dispose](): void {
    this.#life.abort();
    clearTimeout(this.#timer);
    this.#unfolding.dispose();
  }

  #roots(): MachineNode[] {
    const leases = this.#source.leases();
    for (const id of this.#nodes.keys())
      if (!leases.some((lease) => lease.id === id)) {
        this.#nodes.delete(id);
        this.#given.delete(id);
      }
    return [
      ...leases.map(({ id }) => this.#nodeOf(id)),
      ...this.#problems().map(line),
      ...(this.lends() ? [this.#offersNode] : []),
    ];
  }

  async #offered(): Promise<MachineNode[]> {
    try {
      const { offers, problems, unasked } = await (this.#offers?.answer ?? this.offers(true));
      const nodes: MachineNode[] = [
        ...offers.map((offered): MachineNode => ({ kind: 'offer', offered, unasked })),
        ...problems.map((words, at) => line(problemRow(`problem ${at}`, words, 'lenderProblem'))),
        ...(unasked ? [line(unaskedRow)] : []),
      ];
      const none: Row = { id: 'none', label: 'Nothing at the moment', fold: 'leaf' };
      return nodes.length > 0 ? nodes : [line(none)];
    } catch (error) {
      return isAbort(error) ? [] : [line(problemRow('problem', messageOf(error), 'lenderProblem'))];
    }
  }

  #problems(): Row[] {
    const { damaged } = this.#source;
    const rows = damaged().map((id) =>
      problemRow(`damaged ${id}`, `What was written of machine ${id} cannot be read.`, 'damaged'),
    );
    try {
      this.#source.settings();
      return rows;
    } catch (error) {
      return [...rows, problemRow('settings', messageOf(error), 'lendersProblem')];
    }
  }

  /** What the lines at the top are, in a text to compare. */
  #top(): string {
    const ids = this.#source.leases().map(({ id, state }) => [id, state.kind === 'asked']);
    return JSON.stringify([ids, this.#problems(), this.lends()]);
  }

  #textOf(lease: Lease): string {
    const known = this.#source.known();
    return JSON.stringify([leaseRow(lease, known), leaseFacts(lease, known)]);
  }

  #nodeOf(id: string): MachineNode {
    const node = this.#nodes.get(id) ?? ({ kind: 'lease', id } as const);
    this.#nodes.set(id, node);
    return node;
  }

  #leaseOf(id: string): Lease | undefined {
    return this.#source.leases().find((lease) => lease.id === id);
  }
}

function line(row: Row): MachineNode {
  return { kind: 'line', row };
}
