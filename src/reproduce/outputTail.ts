/** Keeps the end of a stream, some more than `size` bytes, as the chunks that came: to copy each would cost more than all else that is done with them. */
export function createTail(size: number) {
  let chunks: Buffer[] = [];
  let held = 0;
  return {
    push: (chunk: Buffer): void => {
      chunks.push(chunk);
      held += chunk.length;
      for (let [first] = chunks; first && held - first.length >= size; [first] = chunks) {
        held -= first.length;
        chunks.shift();
      }
      if (chunks.length > 1000) chunks = [Buffer.concat(chunks)];
    },
    text: (): string => Buffer.concat(chunks).toString('utf8'),
  };
}

/** Tells of each chunk whether `words` end in it; they may have begun in an earlier one. */
export function lookOutFor(words: string): (chunk: Buffer) => boolean {
  let edge: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const seam = Buffer.concat([edge, chunk.subarray(0, words.length)]);
    edge = Buffer.concat([edge, chunk.subarray(-words.length)]).subarray(-words.length);
    return chunk.includes(words) || seam.includes(words);
  };
}
