/** The kinds of tokens. Keywords and operators are contiguous, so that a comparison tells them. */
export const T = {
  end: 0,
  name: 1,
  number: 2,
  /** A whole string without interpolation. */
  string: 3,
  /** What cannot be a token. */
  stray: 4,
  // A string with interpolation: gStart (gText | gName | gOpen … gClose)* gEnd.
  gStart: 5,
  gText: 6,
  /** `$a.b` without its braces; the range is that of `a.b`. */
  gName: 7,
  gOpen: 8,
  gClose: 9,
  gEnd: 10,
  parenOpen: 11,
  parenClose: 12,
  squareOpen: 13,
  squareClose: 14,
  curlyOpen: 15,
  curlyClose: 16,

  kAs: 20,
  kAssert: 21,
  kBreak: 22,
  kCase: 23,
  kCatch: 24,
  kClass: 25,
  kContinue: 26,
  kDef: 27,
  kDefault: 28,
  kElse: 29,
  kEnum: 30,
  kExtends: 31,
  kFalse: 32,
  kFinally: 33,
  kFor: 34,
  kIf: 35,
  kImplements: 36,
  kImport: 37,
  kIn: 38,
  kInstanceof: 39,
  kInterface: 40,
  /** `final`, `static`, `private` … */
  kModifier: 41,
  kNew: 42,
  kNull: 43,
  kPackage: 44,
  /** `int`, `boolean`, `void` … */
  kPrimitive: 45,
  kReturn: 46,
  kSuper: 47,
  kSwitch: 48,
  kThis: 49,
  kThrow: 50,
  kThrows: 51,
  kTrue: 52,
  kTry: 53,
  kWhile: 54,

  comma: 60,
  semicolon: 61,
  colon: 62,
  dot: 63,
  safeDot: 64,
  spreadDot: 65,
  pointer: 66,
  arrow: 67,
  at: 68,
  question: 69,
  elvis: 70,
  assign: 71,
  /** `+=` and its like; the operator is the text without `=`. */
  assignOp: 72,
  plus: 73,
  minus: 74,
  star: 75,
  slash: 76,
  percent: 77,
  power: 78,
  increment: 79,
  decrement: 80,
  not: 81,
  tilde: 82,
  equal: 83,
  notEqual: 84,
  identical: 85,
  notIdentical: 86,
  compare: 87,
  less: 88,
  lessEqual: 89,
  greater: 90,
  greaterEqual: 91,
  find: 92,
  match: 93,
  and: 94,
  or: 95,
  bitAnd: 96,
  bitOr: 97,
  bitXor: 98,
  shiftLeft: 99,
  shiftRight: 100,
  shiftRightUnsigned: 101,
  range: 102,
  rangeExclusive: 103,
  ellipsis: 104,
} as const;

/** Flags of a token. */
export const FLAG = {
  /** A line ended between this token and the one before. */
  newline: 1,
  /** The text of this string (part) holds a backslash or a carriage return, or `$` escapes. */
  escaped: 2,
} as const;

/** How a string is quoted; kept in a token's flags above `QUOTE_SHIFT`. */
export const QUOTE = {
  single: 1,
  double: 2,
  tripleSingle: 3,
  tripleDouble: 4,
  slashy: 5,
  dollarSlashy: 6,
} as const;
export const QUOTE_SHIFT = 2;

/** How many characters open, and close, each kind of string. */
export const QUOTE_LENGTH: readonly number[] = [0, 1, 1, 3, 3, 1, 2];

export interface Damage {
  readonly start: number;
  readonly end: number;
  readonly message: string;
  /** Whether it is only too much for us: Groovy may read it. */
  readonly ours?: boolean;
}

/** All tokens of a file in parallel arrays; the last one is `T.end`. */
export interface Tokens {
  readonly length: number;
  readonly kind: Uint8Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly flags: Uint8Array;
  readonly damage: Damage[];
}

/** A set of kinds that is asked for every other token: `set[kind] === 1`, and no hashing. */
export type Kinds = Uint8Array;

export function kindsOf(...kinds: readonly number[]): Kinds {
  const set = new Uint8Array(256);
  for (const kind of kinds) set[kind] = 1;
  return set;
}

/** Tokens in the making. */
export class TokenList {
  private readonly damage: Damage[];
  private count = 0;
  private kind: Uint8Array;
  private start: Int32Array;
  private end: Int32Array;
  private flags: Uint8Array;

  /** More than `capacity` tokens fit, but cost a copy of those before. */
  constructor(capacity: number, damage: Damage[] = []) {
    this.damage = damage;
    this.kind = new Uint8Array(capacity);
    this.start = new Int32Array(capacity);
    this.end = new Int32Array(capacity);
    this.flags = new Uint8Array(capacity);
  }

  /** The kind of the last token, or `T.end` if there is none yet. */
  get last(): number {
    return this.kind[this.count - 1] ?? T.end;
  }

  push(kind: number, start: number, end: number, flags: number): void {
    const at = this.count++;
    if (at === this.kind.length) this.grow();
    this.kind[at] = kind;
    this.start[at] = start;
    this.end[at] = end;
    this.flags[at] = flags;
  }

  blame(start: number, end: number, message: string): void {
    this.damage.push({ start, end, message });
  }

  tokens(): Tokens {
    const { kind, start, end, flags, damage } = this;
    return { length: this.count, kind, start, end, flags, damage };
  }

  private grow(): void {
    const capacity = this.kind.length * 2;
    this.kind = grown(this.kind, new Uint8Array(capacity));
    this.start = grown(this.start, new Int32Array(capacity));
    this.end = grown(this.end, new Int32Array(capacity));
    this.flags = grown(this.flags, new Uint8Array(capacity));
  }
}

function grown<A extends Uint8Array | Int32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
