/** A command line for a POSIX shell that runs exactly these words. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** The words of a text with quotes and backslashes, as Jenkins takes the arguments of `docker`; nothing is expanded. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [whole] of text.matchAll(/(?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"?|'[^']*'?)+/g))
    words.push(
      whole.replace(
        /\\([^])|"((?:[^"\\]|\\[^])*)"?|'([^']*)'?/g,
        (_all, escaped?: string, double?: string, single?: string) =>
          escaped ?? double?.replace(/\\(["\\])/g, '$1') ?? single ?? '',
      ),
    );
  return words;
}
