import { UserError } from '../base/errors';

/**
 * Who lends machines: the Metal API, a pool of one's own hosts, or commands of the person's.
 * Moments are in milliseconds since the epoch by the clock of this machine, which may be wrong: a lender
 * that knows its own time turns what is left of a lease into a moment here, and back.
 */
export interface Lender {
  /** As the settings name it; names are unique. */
  readonly name: string;
  /** What may be borrowed at the moment, the cheapest first. Rejects with a UserError where it cannot be asked. */
  offers(signal: AbortSignal): Promise<Offer[]>;
  /**
   * Borrows a machine for a lease that has been written down already. Resolves when the machine is there
   * and its SSH server answers. When it rejects, or the process dies, a machine may have been made, or may
   * be in the making: whoever has the lease calls `giveBack`, which finds it by the lease's id. Only a
   * `LoanRefused` says that there is none and will be none.
   */
  borrow(wish: Wish, lease: LeaseRequest, signal: AbortSignal): Promise<Borrowed>;
  /** Moves the lease's end, as far as the lender has one of its own. */
  extend(lease: Lent, until: number, signal: AbortSignal): Promise<void>;
  /**
   * Gives back whatever the lender has for the lease, also of one whose `borrow` never told its end, and
   * resolves when it is seen gone; nothing to give back is success. Rejects where that could not be seen:
   * whoever has the lease tries again. Resolves with whether it has seen the lease's machine at all: then no
   * other one is to be expected, though the answer to its making was lost.
   */
  giveBack(lease: Lent, signal: AbortSignal): Promise<boolean>;
  /**
   * Ends what still makes a machine for the lease, also where whoever asked for it is dead. Resolves with whether there
   * was something. Not there where nothing outlives who asks.
   */
  readonly stop?: (lease: string, signal: AbortSignal) => Promise<boolean>;
  /**
   * All machines at the lender that bear our mark, whoever borrowed them: what is not among them is gone.
   * Undefined where the lender cannot tell at all; rejects where it could not be asked, or not about all.
   */
  list(signal: AbortSignal): Promise<Marked[] | undefined>;
  /**
   * Milliseconds that its clock is ahead of this machine's, as it told last: so whoever set this one's is
   * found out. Undefined where it has not told; not there where it never does.
   */
  readonly clockAhead?: () => number | undefined;
}

/** What somebody wants to borrow. */
export interface Wish {
  /** An offer's id; the first that fits unless told. */
  readonly offer?: string;
  /** Megabytes of memory that the machine must have at least. */
  readonly memory?: number;
  /** For `packet`: the operating system's slug, such as `debian_12`. */
  readonly system?: string;
  /** At most so much an hour, in the offer's currency. */
  readonly maxPrice?: number;
}

export interface Offer {
  readonly id: string;
  /** For people: `c3.small.x86 in Amsterdam (am)`. */
  readonly title: string;
  readonly price: Price | undefined;
  /** Megabytes; undefined where the lender does not tell. */
  readonly memory: number | undefined;
  readonly cpus: number | undefined;
  /** Undefined where the lender does not tell. */
  readonly available: boolean | undefined;
  /** Why the machine itself could not be asked; it is not available then. */
  readonly problem?: string;
  /** Others may outbid it and take it away. */
  readonly spot: boolean;
  /** What its lender calls that kind of machine, and the code of its place, where it tells. */
  readonly plan?: string;
  readonly metro?: string;
  /** The slugs of the operating systems that it can have; undefined where the lender does not tell. */
  readonly systems?: readonly string[];
}

export interface Price {
  /** For an hour. */
  readonly amount: number;
  /** ISO 4217, such as `USD`. */
  readonly currency: string;
}

/** What a lender is told of the lease that a machine is borrowed for. */
export interface LeaseRequest {
  /** Unique; 12 letters and digits. It is part of the machine's mark. */
  readonly id: string;
  /** Who borrows, as `ownerMark` tells it. It is part of the machine's mark. */
  readonly owner: string;
  /** When the lender may end it by itself, unless `extend` is called. */
  readonly until: number;
  /** A folder on this machine for its key; removed when the machine is seen gone. */
  readonly folder: string;
  /** Told in words how far it is: `the machine is being made (40 %)`. */
  readonly progress: (words: string) => void;
  /** What the lender must remember to give back, as soon as it knows it: written down before it resolves. */
  readonly note: (handle: Handle) => Promise<void>;
}

/** What a lender knows its machine by: data of its own, without secrets. */
export type Handle = Readonly<Record<string, string>>;

/** A lease, as far as its lender needs it. */
export interface Lent {
  readonly id: string;
  readonly handle: Handle;
}

export interface Borrowed {
  readonly handle: Handle;
  readonly ssh: SshAddress;
  readonly price: Price | undefined;
  /** For people: `c3.small.x86 in Amsterdam (am)`. */
  readonly title: string;
  /** What a recipe needs may be installed on it without asking. */
  readonly mayInstall?: boolean;
}

/** How a machine is reached. */
export interface SshAddress {
  /** A host name or address, or an alias of the person's OpenSSH configuration. */
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  /** The path of a private key on this machine; the agent and the usual files unless told. */
  readonly keyFile?: string;
  /** Public keys that the host may show, as in known_hosts (`ssh-ed25519 AAAA…`): no other is accepted. */
  readonly hostKeys?: readonly string[];
}

/** A machine at a lender that bears our mark. */
export interface Marked {
  /** The lease's id. */
  readonly lease: string;
  /** As the request told it, if the lender keeps it whole. */
  readonly owner: string;
  readonly handle: Handle;
  readonly title: string;
  /** When the lender ends it by itself; undefined where the lender does not know. */
  readonly until: number | undefined;
}

/** The lender made nothing for the lease, and nothing is on its way: there is nothing to give back. */
export class LoanRefused extends UserError {
  override readonly name = 'LoanRefused';
}

/** Also for one that another bundle made: each has a class of its own. */
export function isLoanRefused(error: unknown): error is LoanRefused {
  return error instanceof Error && error.name === 'LoanRefused';
}
