import type { Price } from '../lender';
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
    readonly wish: object;
    readonly answer: {
      readonly offers: readonly Offered[];
      readonly problems: readonly string[];
      readonly caps: Caps;
    };
  };
  /** `most` is the price of an hour that the person has agreed to. */
  readonly borrow: {
    readonly wish: {
      readonly lender: string;
      readonly offer: string;
      readonly hours: number;
      readonly most?: Price | undefined;
    };
    readonly answer: Lease;
  };
  readonly extend: {
    readonly wish: { readonly lease: string; readonly hours: number };
    readonly answer: Lease;
  };
  readonly return: { readonly wish: { readonly lease: string }; readonly answer: null };
  /** Leases that no living process has become the window's; answered with those that are its own now. */
  readonly take: {
    readonly wish: { readonly leases: readonly string[] };
    readonly answer: readonly string[];
  };
  /** Gives back what nobody uses any more; each a title or a sentence. */
  readonly sweep: {
    readonly wish: object;
    readonly answer: {
      readonly returned: readonly string[];
      readonly left: readonly string[];
      readonly others: readonly string[];
    };
  };
}

export type Verb = keyof Wishes;

export type ToAttendant =
  /** `n` tells requests apart. */
  | {
      [V in Verb]: { readonly n: number; readonly do: V; readonly wish: Wishes[V]['wish'] };
    }[Verb]
  | { readonly cancel: number }
  /** Holds until the next one; tokens by the names of lenders. */
  | { readonly onClose: OnClose; readonly tokens: Readonly<Record<string, string>> };

export type FromAttendant =
  | { readonly n: number; readonly progress: string }
  | { readonly n: number; readonly answer: Wishes[Verb]['answer'] }
  | { readonly n: number; readonly failed: Failed }
  | { readonly news: LeaseNews };

export interface Failed {
  readonly message: string;
  readonly advice?: string | undefined;
  /** It is a defect unless a person can do something about it. */
  readonly forPeople: boolean;
  readonly cancelled: boolean;
}
