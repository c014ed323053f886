import type { Price } from '../lender';
import type { HostKeyQuestion, PassphraseQuestion } from '../ssh/surroundings';
import type { LeaseNews } from './attend';
import type { Offered } from './offers';
import type { Caps } from './caps';
import type { OnClose } from './handOver';
import type { Lease } from './ledger';

/**
 * What an editor's window and its `ci-parity attend` say to each other: JSON, one object a line. The
 * machines that the window borrows belong to that process, which lets them go when its standard input
 * is closed.
 */
export interface Wishes {
  /** What may be borrowed, who could not be asked, and what is allowed. */
  readonly offers: {
    readonly wish: Quiet;
    readonly answer: {
      readonly offers: readonly Offered[];
      readonly problems: readonly string[];
      readonly caps: Caps;
      /** A key is locked, or a host is new, and the person was not asked about it. */
      readonly unasked: boolean;
    };
  };
  /** `most` is the price of an hour that the person has agreed to; `directory` is in the clone that it is wanted for. */
  readonly borrow: {
    readonly wish: {
      readonly lender: string;
      readonly offer: string;
      readonly hours: number;
      readonly most?: Price | undefined;
      readonly directory?: string | undefined;
    };
    readonly answer: Lease;
  };
  readonly extend: {
    readonly wish: { readonly lease: string; readonly hours: number };
    readonly answer: Lease;
  };
  /** Keeps it until its end, though the window closes. */
  readonly keep: { readonly wish: { readonly lease: string }; readonly answer: null };
  readonly return: { readonly wish: { readonly lease: string }; readonly answer: null };
  /** Leases that no living process has become the window's; answered with those that are its own now. */
  readonly take: {
    readonly wish: Quiet & { readonly leases: readonly string[] };
    readonly answer: readonly string[];
  };
  /**
   * Has a machine get what a clone wants of it; of the commit that is checked out unless one is told. Resolves
   * with what it lacks all the same, and with null where there is no clone. `insist` asks whether to install also
   * where the answer was no.
   */
  readonly ready: {
    readonly wish: {
      readonly lease: string;
      readonly directory: string;
      readonly commit?: string | undefined;
      /** Variables of steps: `VAGRANT_DEFAULT_PROVIDER` counts. */
      readonly environment: Readonly<Record<string, string>>;
      readonly insist?: boolean;
    };
    readonly answer: readonly string[] | null;
  };
  /** Gives back what nobody uses any more; each a title or a sentence. */
  readonly sweep: {
    readonly wish: Quiet;
    readonly answer: {
      readonly returned: readonly string[];
      readonly left: readonly string[];
      readonly others: readonly string[];
    };
  };
}

export type Verb = keyof Wishes;

/** Whether the person is left alone, since they asked for nothing: what they would have to answer is no then. */
export interface Quiet {
  readonly quiet?: boolean;
}

/** What only the person knows. */
export type PersonQuestion =
  | ({ readonly kind: 'host key' } & HostKeyQuestion)
  | ({ readonly kind: 'passphrase' } & PassphraseQuestion)
  /** Whether what it lacks may be installed on a host. */
  | { readonly kind: 'install'; readonly host: string; readonly lacks: string };

export type ToAttendant =
  /** `n` tells requests apart. */
  | {
      [V in Verb]: { readonly n: number; readonly do: V; readonly wish: Wishes[V]['wish'] };
    }[Verb]
  | { readonly cancel: number }
  /** To a question: null where the person gave no answer. It may be a passphrase. */
  | { readonly reply: number; readonly answer: string | boolean | null }
  /** Holds until the next one; tokens by the names of lenders. */
  | { readonly onClose: OnClose; readonly tokens: Readonly<Record<string, string>> };

export type FromAttendant =
  | { readonly n: number; readonly progress: string }
  | { readonly n: number; readonly answer: Wishes[Verb]['answer'] }
  | { readonly n: number; readonly failed: Failed }
  | { readonly news: LeaseNews }
  /** Where it is `quiet`, the window answers what it knows already. */
  | { readonly question: number; readonly asks: PersonQuestion; readonly quiet: boolean }
  /** The question is of no interest any more. */
  | { readonly withdrawn: number };

export interface Failed {
  readonly message: string;
  readonly advice?: string | undefined;
  /** It is a defect unless a person can do something about it. */
  readonly forPeople: boolean;
  readonly cancelled: boolean;
}
