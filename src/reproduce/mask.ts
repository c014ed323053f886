/** What Jenkins shows instead of a secret. */
const stars = Buffer.from('****');

/** What must not be shown, and how a text or a stream looks without it. */
export interface Mask {
  /** Masks a whole text. */
  readonly text: (text: string) => string;
  /** A stream's own mask. Steps run side by side, and what one holds back is none of the other's. */
  stream(): MaskedStream;
  /** Hides this too, until it is disposed; in streams that have begun as well. */
  hide(text: string): Disposable;
}

export interface MaskedStream {
  /** The part of the stream that can be shown now; the rest of a possible secret is held back. */
  push(chunk: Buffer): Buffer;
  /** What is still held back. */
  flush(): Buffer;
}

/**
 * Masks each secret across chunk boundaries, also in the forms that Jenkins masks: as `sh -x` of
 * bash and dash quotes it, with `$` doubled, and in Base64 at any offset. Source: the
 * `SecretPatternFactory`s of credentials-binding. A secret of several lines is hidden line by line.
 * Forms that overlap in the text become one mask, so a stream looks the same however it is cut.
 */
export function createMask(secrets: Iterable<string>): Mask {
  const always = [...secrets].flatMap(formsOf);
  const meanwhile: string[][] = [];
  let automaton: Automaton | undefined;
  const current = (): Automaton => (automaton ??= buildAutomaton([...always, ...meanwhile.flat()]));
  return {
    text: (text) => {
      const bytes = Buffer.from(text);
      const stream = createStream(current);
      const parts = [stream.push(bytes), stream.flush()];
      const masked = parts.reduce((sum, part) => sum + part.length, 0);
      // Halves of characters, which no form has, stay what they are.
      if (masked === bytes.length && Buffer.concat(parts).equals(bytes)) return text;
      return Buffer.concat(parts).toString();
    },
    stream: () => createStream(current),
    hide: (text) => {
      const forms = formsOf(text);
      meanwhile.push(forms);
      automaton = undefined;
      return {
        [Symbol.dispose]: () => {
          const at = meanwhile.indexOf(forms);
          if (at >= 0) meanwhile.splice(at, 1);
          automaton = undefined;
        },
      };
    },
  };
}

/** Bytes `start` to `end` of what a stream holds; the mask of one that begins before it was given out. */
interface Interval {
  readonly start: number;
  readonly end: number;
}

function createStream(current: () => Automaton): MaskedStream {
  let automaton = current();
  let state = 0;
  let held: Buffer = Buffer.alloc(0);
  let hidden: Interval[] = [];

  /** Gives out the first `count` bytes, and keeps the rest. */
  const release = (all: Buffer, count: number): Buffer => {
    if (hidden.length === 0) {
      held = Buffer.from(all.subarray(count));
      return count === all.length ? all : all.subarray(0, count);
    }
    const parts: Buffer[] = [];
    const rest: Interval[] = [];
    let at = 0;
    for (const { start, end } of merged(hidden)) {
      if (start < count) {
        if (start >= 0) parts.push(all.subarray(at, start), stars);
        at = Math.min(end, count);
      }
      if (end > count) rest.push({ start: Math.max(-1, start - count), end: end - count });
    }
    parts.push(all.subarray(at, count));
    held = Buffer.from(all.subarray(count));
    hidden = rest;
    return Buffer.concat(parts);
  };

  return {
    push: (chunk) => {
      let from = held.length;
      if (automaton !== current()) {
        automaton = current();
        state = 0;
        from = 0;
      }
      if (automaton.states === 1 && held.length === 0) return chunk;
      const all = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      state = automaton.scan(all, from, state, hidden);
      return release(all, all.length - automaton.depth(state));
    },
    flush: () => {
      state = 0;
      const rest = release(held, held.length);
      hidden = [];
      return rest;
    },
  };
}

/** In order, with those that overlap as one. */
function merged(intervals: Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const { start, end } of intervals.sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last && start < last.end)
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    else result.push({ start, end });
  }
  return result;
}

/** Shorter lines of a secret that has several, like a `{`, would hide what is none. */
const SHORTEST_LINE = 4;

/** Shorter ones would be found in anything. */
const SHORTEST_BASE64 = 4;

function formsOf(secret: string): string[] {
  const whole = secret.trim();
  if (whole === '') return [];
  const lines = whole.split(/[\r\n]+/).map((line) => line.trim());
  if (lines.length === 1)
    return [...new Set([secret, whole])].flatMap(lineForms).concat(base64(whole));
  const telling = lines.filter((line) => line.length >= SHORTEST_LINE);
  return (telling.length > 0 ? telling : [whole, lines.join('\n')])
    .flatMap(lineForms)
    .concat(base64(secret), base64(whole));
}

function lineForms(line: string): string[] {
  const bash = line.replaceAll("'", String.raw`'\''`);
  const dash = line.replace(/'+/g, (quotes) => `'"${quotes}"'`);
  return [
    line,
    // Whether a shell quotes it tells something of it.
    ...[bash, dash].flatMap((quoted) => [quoted, `'${quoted}'`]),
    line.replace(/\\(\\?)/g, '$1'),
    line.replaceAll('$', '$$$$'),
    encodeURIComponent(Buffer.from(line).toString()),
  ].filter((form) => form !== '');
}

/** As it stands in the Base64 of any text that holds it; the characters that its neighbours share are left out. */
function base64(secret: string): string[] {
  const forms = ['', 'a', 'aa'].flatMap((before, shift) => {
    const encoded = Buffer.from(before + secret).toString('base64');
    const from = shift === 0 ? 0 : shift === 1 ? 2 : 3;
    const own = encoded.slice(from);
    return [own, own.replace(/.==$|.=$/, '')];
  });
  // As the program `base64` prints it, and PEM.
  const whole = Buffer.from(secret).toString('base64');
  const wrapped = [76, 64].flatMap((width) =>
    whole.length > width ? (whole.match(new RegExp(`.{1,${width}}`, 'g')) ?? []) : [],
  );
  return [...forms, ...wrapped]
    .flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
    .filter((form) => form.length >= SHORTEST_BASE64);
}

/** Finds all forms in one pass over the bytes, after Aho and Corasick. State 0 is where no form has begun. */
interface Automaton {
  readonly states: number;
  /** How many bytes of a form have been seen: what must be held back. */
  depth(state: number): number;
  /** Goes on at byte `from`; adds to `found` where forms are, and returns the state at the end. */
  scan(bytes: Buffer, from: number, state: number, found: Interval[]): number;
}

function buildAutomaton(forms: readonly string[]): Automaton {
  const needles = [...new Set(forms)].map((form) => Buffer.from(form));
  const most = needles.reduce((sum, { length }) => sum + length, 1);
  const depth = new Uint32Array(most);
  const parent = new Uint32Array(most);
  const byteOf = new Uint8Array(most);
  /** The state of the longest other beginning of a form that ends there. */
  const fallback = new Uint32Array(most);
  /** The length of the longest form that ends there. */
  const length = new Uint32Array(most);
  const first = new Uint32Array(256);
  // Most of the text is passed over as Wu and Manber do it: how far the beginning of a form is away
  // where two bytes end a window of the shortest form's length.
  const window = Math.min(...needles.map((needle) => needle.length), 255);
  const skips = new Uint8Array(1 << 16).fill(Math.max(0, window - 1));
  // The children of all states but the first, as a hash table with open addressing.
  const bits = Math.ceil(Math.log2(2 * most));
  const keys = new Uint32Array(1 << bits);
  const children = new Uint32Array(1 << bits);
  const slotOf = (key: number): number => {
    let slot = bits === 0 ? 0 : Math.imul(key, 0x9e3779b1) >>> (32 - bits);
    while (keys[slot] !== key && keys[slot] !== 0) slot = (slot + 1) & (keys.length - 1);
    return slot;
  };
  const childOf = (state: number, byte: number): number =>
    (state === 0 ? first[byte] : children[slotOf(state * 256 + byte)]) ?? 0;

  let states = 1;
  for (const needle of needles) {
    let state = 0;
    for (const byte of needle) {
      let next = childOf(state, byte);
      if (next === 0) {
        next = states++;
        depth[next] = (depth[state] ?? 0) + 1;
        parent[next] = state;
        byteOf[next] = byte;
        if (state === 0) first[byte] = next;
        else {
          const slot = slotOf(state * 256 + byte);
          keys[slot] = state * 256 + byte;
          children[slot] = next;
        }
      }
      state = next;
    }
    length[state] = needle.length;
    for (let at = 0; at + 2 <= window; at++) {
      const pair = needle.readUInt16BE(at);
      skips[pair] = Math.min(skips[pair] ?? 0, window - 2 - at);
    }
  }
  const step = (from: number, byte: number): number => {
    let state = from;
    for (;;) {
      const next = childOf(state, byte);
      if (next !== 0 || state === 0) return next;
      state = fallback[state] ?? 0;
    }
  };
  // By depth, since each leans on shorter ones.
  const order = Uint32Array.from({ length: states }, (_, state) => state);
  order.sort((a, b) => (depth[a] ?? 0) - (depth[b] ?? 0));
  for (const state of order) {
    const above = parent[state] ?? 0;
    if (above === 0) continue;
    const other = step(fallback[above] ?? 0, byteOf[state] ?? 0);
    fallback[state] = other;
    if (length[state] === 0) length[state] = length[other] ?? 0;
  }

  return {
    states,
    depth: (state) => depth[state] ?? 0,
    scan: (bytes, from, before, found) => {
      const end = bytes.length;
      let state = before;
      for (let at = from; at < end; at++) {
        if (state === 0 && window > 1)
          while (at + window <= end) {
            const last = at + window - 1;
            const skip = skips[((bytes[last - 1] ?? 0) << 8) | (bytes[last] ?? 0)] ?? 0;
            if (skip === 0) break;
            at += skip;
          }
        state = step(state, bytes[at] ?? 0);
        const size = length[state] ?? 0;
        if (size > 0) {
          const start = at + 1 - size;
          for (let last = found.at(-1); last && last.start >= start && last.end <= at;)
            last = (found.pop(), found.at(-1));
          found.push({ start, end: at + 1 });
        }
      }
      return state;
    },
  };
}
