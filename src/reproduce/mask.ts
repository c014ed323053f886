/** What Jenkins shows instead of a secret. */
const stars = Buffer.from('****');

export interface Mask {
  /** The part of the stream that can be shown now; the rest of a possible secret is held back. */
  push(chunk: Buffer): Buffer;
  /** What is still held back. The mask can be used for another stream afterwards. */
  flush(): Buffer;
  /** Masks a whole text. */
  text(text: string): string;
}

/** Masks each secret, also in the forms that `sh -x` prints it in, and across chunk boundaries. */
export function createMask(secrets: Iterable<string>): Mask {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret === '') continue;
    forms.add(secret);
    // dash and bash quote each word of a trace that needs it.
    forms.add(secret.replaceAll("'", String.raw`'\''`));
    forms.add(secret.replaceAll("'", `'"'"'`));
  }
  // The longest first, so that a secret which is part of another leaves no rest of it.
  const needles = [...forms].sort((a, b) => b.length - a.length).map((form) => Buffer.from(form));
  const longest = needles[0]?.length ?? 0;
  let held: Buffer = Buffer.alloc(0);
  return {
    push: (chunk) => {
      if (longest === 0) return chunk;
      const all = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      const masked = replaceAll(all, needles);
      const keep = possibleStart(masked, needles);
      held = Buffer.from(masked.subarray(masked.length - keep));
      return masked.subarray(0, masked.length - keep);
    },
    flush: () => {
      const rest = held;
      held = Buffer.alloc(0);
      return rest;
    },
    text: (text) => (longest === 0 ? text : replaceAll(Buffer.from(text), needles).toString()),
  };
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
function possibleStart(buffer: Buffer, needles: readonly Buffer[]): number {
  let most = 0;
  for (const needle of needles)
    for (let length = Math.min(needle.length - 1, buffer.length); length > most; length--)
      if (buffer.subarray(buffer.length - length).equals(needle.subarray(0, length))) most = length;
  return most;
}
