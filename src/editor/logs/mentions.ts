/** A place in a file, as a log names it. */
export interface Mention {
  /** As the log has it: absolute on some machine, or relative to some folder. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number | undefined;
  /** Where in the line it stands. */
  readonly from: number;
  readonly to: number;
}

/** Longer paths are none. */
const LONGEST_PATH = 500;
const PLACE = /:(\d{1,7})(?::(\d{1,5}))?(?![\d\w])/g;
const PYTHON = /File "([^"]{1,500})", line (\d{1,7})/g;
const SHELL = /: line (\d{1,7}):/g;
/** Files that have no ending. */
const NAMES =
  /^(?:Makefile|GNUmakefile|Jenkinsfile|Vagrantfile|Dockerfile|Rakefile|Kconfig|BUILD)$/;

/**
 * The places in files that a line names: `pkg/a.go:12:3`, `File "a.py", line 12`, `a.sh: line 12:`.
 * Whether there is such a file is another question. Paths are read backwards from their number, so
 * that a line of any kind takes no longer than its length.
 */
export function mentionsIn(text: string): Mention[] {
  const found: Mention[] = [];
  for (const match of text.matchAll(PYTHON)) {
    const from = match.index + 'File "'.length;
    const to = match.index + match[0].length;
    found.push({ path: match[1] ?? '', line: Number(match[2]), column: undefined, from, to });
  }
  for (const pattern of [PLACE, SHELL])
    for (const match of text.matchAll(pattern)) {
      const from = beginOfPath(text, match.index);
      const path = text.slice(from, match.index);
      if (!isFile(path)) continue;
      const to = match.index + match[0].length - (pattern === SHELL ? 1 : 0);
      const column = match[2] === undefined ? undefined : Number(match[2]);
      found.push({ path, line: Number(match[1]), column, from, to });
    }
  return found.filter(({ line }) => line > 0).sort((a, b) => a.from - b.from);
}

function beginOfPath(text: string, end: number): number {
  let at = end;
  while (at > 0 && end - at < LONGEST_PATH && /[\w@+./~\\-]/.test(text[at - 1] ?? '')) at--;
  return at;
}

function isFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return /^[\w@+~-][\w@+.~-]*\.[A-Za-z][\w+]{0,9}$/.test(name) || NAMES.test(name);
}
