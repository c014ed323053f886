/**
 * The offset in a log of the first of `wanted` that is there, at its last place: what broke a run
 * stands near the end. The end of the log if none is.
 */
export function findInLog(log: string, wanted: readonly string[]): number {
  for (const text of wanted) {
    const at = text.trim() === '' ? -1 : log.lastIndexOf(text);
    if (at >= 0) return at;
  }
  return log.length;
}
