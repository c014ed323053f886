/** A place in a source file, as words of a test or of a log name it. */
export interface NamedPlace {
  /** As it was written, with `/`: `policy_test.go`, `/vagrant/pkg/policy_test.go`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** The function, where it is told. */
  readonly label: string | undefined;
}

const MOST_LINES = 300;
const MOST_PLACES = 30;
/** What is longer is data, on which the patterns would only lose time. */
const LONGEST_LINE = 500;

/**
 * The places that a message or a stack trace names, in its order, each once: `file:line` as Go,
 * gocheck, Ginkgo, pytest, compilers and scripts have it, and the frames of Java, Python, JavaScript
 * and .NET.
 */
export function placesIn(words: string): NamedPlace[] {
  const places = new Map<string, NamedPlace>();
  for (const line of words.split('\n', MOST_LINES)) {
    if (places.size >= MOST_PLACES) break;
    const place = placeIn(line.slice(0, LONGEST_LINE).replaceAll('\\', '/'));
    if (place) places.set(`${place.file}:${place.line}`, place);
  }
  return [...places.values()];
}

function placeIn(line: string): NamedPlace | undefined {
  for (const form of FORMS) {
    const { file, line: at, label } = form.exec(line)?.groups ?? {};
    if (file === undefined || at === undefined) continue;
    return { file: file.replace(/^(?:file:\/\/|\.\/)/, ''), line: Number(at), label };
  }
  return undefined;
}

const FORMS: readonly RegExp[] = [
  // at org.acme.PolicyTest.denies(PolicyTest.java:12), also with a module before the class
  /\bat (?<label>[\w.$<>/@-]+)\((?<file>[\w$]+\.\w+):(?<line>\d{1,7})\)/,
  // File "/src/test_a.py", line 12, in test_b
  /File "(?<file>[^"]+)", line (?<line>\d{1,7})(?:, in (?<label>\S+))?/,
  // at Policy.denies (/src/policy.test.ts:12:5)
  /\bat (?<label>[^()]+?) \((?<file>[^()\s]+):(?<line>\d{1,7}):\d{1,7}\)/,
  // at Acme.PolicyTest.Denies() in C:/src/PolicyTest.cs:line 12
  /\bat (?<label>[^()\s]+)\(.*?\) in (?<file>\S+):line (?<line>\d{1,7})/,
  /(?<![\w./@+~-])(?<file>(?:[A-Za-z]:|file:\/\/)?[\w./@+~-]*(?<=[\w-])\.[A-Za-z]\w{0,9}):(?<line>\d{1,7})(?!\w|\.\d)/,
];

/** Where a test's source may be, as a glob; the file whose path ends most like `path` is meant. */
export interface Candidate {
  readonly glob: string;
  /** Without its extension where that is not known. */
  readonly path: string;
}

/**
 * Which files a test's class, package or file may stand in: `policy_test.go` and `tests/test_a.py`
 * themselves, `org.acme.PolicyTest` in `PolicyTest.java` and its like, `tests.unit.test_a.TestB` in
 * `test_a.py`, those of the Go package `github.com/acme/moat/pkg/policy` in `policy/*_test.go`.
 */
export function filesOf(group: string): Candidate[] {
  const words = group.trim();
  if (!/^[\w./$-]+$/.test(words)) return [];
  if (/[\w-]\.(?:go|py|[cm]?[jt]sx?|rb|rs|java|kt|cs|php|sh|bats|c|cc|cpp)$/.test(words))
    return [{ glob: `**/${lastOf(words)}`, path: words }];
  if (words.includes('/')) return [{ glob: `**/${lastOf(words)}/*_test.go`, path: words }];
  const parts = words.split('.');
  const python = parts.findLastIndex((part) => /^test_|_test$/.test(part));
  const file = parts[python];
  if (file !== undefined)
    return [{ glob: `**/${file}.py`, path: `${parts.slice(0, python + 1).join('/')}.py` }];
  const at = parts.findIndex((part) => /^[A-Z]/.test(part));
  const name = parts[at]?.replace(/\$.*/, '');
  if (name === undefined || name === '') return [];
  const path = [...parts.slice(0, at), name].join('/');
  return [{ glob: `**/${name}.{java,kt,groovy,scala,cs}`, path }];
}

/** The line of a text, counted from 1, where a test of that name is defined; undefined where it is not. */
export function definedAt(text: string, name: string): number | undefined {
  const short = shortName(name);
  const word = new RegExp(`(?<!\\w)${escaped(short)}(?!\\w)`);
  let first: number | undefined;
  for (let at = text.indexOf(short); at >= 0 && short !== '';) {
    const from = text.lastIndexOf('\n', at) + 1;
    const end = text.indexOf('\n', at);
    const line = text.slice(from, end < 0 ? undefined : end);
    if (word.test(line)) {
      if (DEFINES.test(line)) return lineAt(text, from);
      first ??= from;
    }
    at = end < 0 ? -1 : text.indexOf(short, end);
  }
  return first === undefined ? undefined : lineAt(text, first);
}

/** `test_b` of `TestA::test_b[1-2]`, `TestPolicy` of `TestPolicy/egress`, `TestEgress` of `PolicySuite.TestEgress`. */
export function shortName(name: string): string {
  const begin = name.endsWith(']')
    ? name.indexOf('[')
    : name.endsWith(')')
      ? name.indexOf('(')
      : -1;
  const bare = begin < 0 ? name : name.slice(0, begin);
  // A sentence, as Ginkgo and Mocha have them, stands as it is in the source.
  if (/\s/.test(bare)) return bare.trim();
  return bare.split('/')[0]?.split(/::|\./).at(-1) ?? bare;
}

/** Paths in the order in which they are like the wanted one: by their last parts, the shortest of equals first. */
export function byLikeness<T extends { readonly path: string }>(
  found: readonly T[],
  wanted: string,
): T[] {
  const score = ({ path }: T): number => {
    // The wanted one may lack its extension, or be the folder.
    const bare = path.replace(/\.\w+$/, '');
    const folder = path.replace(/\/[^/]*$/, '');
    return Math.max(...[path, bare, folder].map((each) => commonEnd(each, wanted)));
  };
  return [...found].sort((a, b) => score(b) - score(a) || a.path.length - b.path.length);
}

function commonEnd(path: string, wanted: string): number {
  const a = path.split('/').reverse();
  const b = wanted.split('/').reverse();
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same;
}

const DEFINES =
  /\b(?:func|def|function|fun|void|fn|it|test|describe|It|Describe|Context|TEST\w*)\b/;

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function lastOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
