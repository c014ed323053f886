/** What Jenkins shows instead of a secret. */
const stars = Buffer.from('****');

/** What must not be shown, and how a text or a stream looks without it. */
export interface Mask {
  /** Masks a whole text. */
  text(text: string): string;
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
 */
export function createMask(secrets: Iterable<string>): Mask {
  const always = new Set([...secrets].flatMap(formsOf));
  const meanwhile: string[][] = [];
  let needles = index(always);
  const renew = (): void => {
    needles = index(new Set([...always, ...meanwhile.flat()]));
  };
  return {
    text: (text) =>
      needles.longest === 0 ? text : replaceAll(Buffer.from(text), needles.all).toString(),
    stream: () => {
      let held: Buffer = Buffer.alloc(0);
      return {
        push: (chunk) => {
          if (needles.longest === 0 && held.length === 0) return chunk;
          const all = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
          const masked = replaceAll(all, needles.all);
          const keep = possibleStart(masked, needles);
          held = Buffer.from(masked.subarray(masked.length - keep));
          return masked.subarray(0, masked.length - keep);
        },
        flush: () => {
          const rest = held;
          held = Buffer.alloc(0);
          return rest;
        },
      };
    },
    hide: (text) => {
      const forms = formsOf(text);
      meanwhile.push(forms);
      renew();
      return {
        [Symbol.dispose]: () => {
          const at = meanwhile.indexOf(forms);
          if (at >= 0) meanwhile.splice(at, 1);
          renew();
        },
      };
    },
  };
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
  return lines
    .filter((line) => line.length >= SHORTEST_LINE)
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
  return forms
    .flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
    .filter((form) => form.length >= SHORTEST_BASE64);
}

interface Needles {
  /** The longest first, so that a secret which is part of another leaves no rest of it. */
  readonly all: readonly Buffer[];
  readonly longest: number;
  readonly byFirst: ReadonlyMap<number, readonly Buffer[]>;
}

function index(forms: ReadonlySet<string>): Needles {
  const all = [...forms].map((form) => Buffer.from(form)).sort((a, b) => b.length - a.length);
  const byFirst = new Map<number, Buffer[]>();
  for (const needle of all) {
    const first = needle[0] ?? 0;
    const same = byFirst.get(first);
    if (same) same.push(needle);
    else byFirst.set(first, [needle]);
  }
  return { all, longest: all[0]?.length ?? 0, byFirst };
}

function replaceAll(buffer: Buffer, needles: readonly Buffer[]): Buffer {
  let result = buffer;
  for (const needle of needles) {
    let at = result.indexOf(needle);
    if (at < 0) continue;
    const parts: Buffer[] = [];
    let from = 0;
    for (; at >= 0; at = result.indexOf(needle, from)) {
      parts.push(result.subarray(from, at), stars);
      from = at + needle.length;
    }
    parts.push(result.subarray(from));
    result = Buffer.concat(parts);
  }
  return result;
}

/** How many bytes at the end could be the beginning of a secret. */
function possibleStart(buffer: Buffer, { longest, byFirst }: Needles): number {
  const end = buffer.length;
  for (let at = Math.max(0, end - longest + 1); at < end; at++)
    for (const needle of byFirst.get(buffer[at] ?? 0) ?? [])
      if (needle.length > end - at && buffer.compare(needle, 0, end - at, at, end) === 0)
        return end - at;
  return 0;
}
