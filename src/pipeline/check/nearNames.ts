/** The name that was probably meant; undefined if none is near enough. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const between =
      candidate.toLowerCase() === name.toLowerCase() ? 0 : distance(name, candidate, least);
    if (between < least) {
      least = between;
      best = candidate;
    }
  }
  return best;
}

/** A sentence that asks; empty if no name is near. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const near = nearest(name, names);
  return near === undefined ? '' : ` Did you mean "${near}"?`;
}

/** The name that is so near that nothing else can be meant: other capitals, or one slip in a long word. */
export function slipOf(name: string, names: Iterable<string>): string | undefined {
  const known = [...names];
  if (known.includes(name)) return undefined;
  return known.find(
    (candidate) =>
      candidate.toLowerCase() === name.toLowerCase() ||
      (candidate.length >= 5 && distance(name, candidate, 2) < 2),
  );
}

/** How many letters must be put in, taken out, changed or swapped; `limit` if not fewer than that. */
function distance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) >= limit) return limit;
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      let least = Math.min(
        (above[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (above[j - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (swapped) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = above;
    above = row;
  }
  return Math.min(limit, above[other.length] ?? limit);
}
