import type { Evidence } from './diagnosis';

/** The line of a step's output that says why it failed. */
export interface ErrorLine {
  /** Among the lines that were given. */
  readonly at: number;
  /** What it says, without what tools put before it. */
  readonly message: string;
  /** `test`, `error`: it is certain that it says so; `hint`: it sounds like it; `last`: it is only what came last. */
  readonly grade: 'test' | 'error' | 'hint' | 'last';
}

type Picked = readonly [at: number, message: string];

/**
 * Finds the line that says why a script failed: what a compiler, a test, a tool said first, rather
 * than what those who called it said of it afterwards.
 */
export function errorLine(
  lines: readonly Evidence[],
  exitCode: number | undefined,
): ErrorLine | undefined {
  // No tool says it in more, and no pattern may take long over a line.
  const texts = lines.map(({ text }) => withoutGuest(text).slice(0, 1000));
  const told = (grade: ErrorLine['grade'], picked: Picked | undefined): ErrorLine | undefined =>
    picked && { at: picked[0], message: picked[1].trim(), grade };
  return (
    told('error', byExitCode(texts, exitCode)) ??
    told('error', firstOf(texts, COMPILERS)) ??
    told('test', firstTest(texts)) ??
    told('error', exception(texts)) ??
    told('error', lastOf(texts, TOOLS)) ??
    told('error', belowCaller(texts)) ??
    told('hint', lastOf(texts, HINTS)) ??
    told('last', lastLine(texts))
  );
}

/** Without the name of the machine that Vagrant puts before a guest's line. */
export function withoutGuest(text: string): string {
  return text.replace(/^(?: {4}|==> )(?![\w.$]*(?:Error|Exception)\b)[\w.-]+: /, '');
}

const NOT_FOUND = /\bnot found$|: No such file or directory$|is not recognized as/;
const NOT_PERMITTED = /: Permission denied$|cannot execute/;

function byExitCode(texts: readonly string[], exitCode: number | undefined): Picked | undefined {
  if (exitCode === 127 || exitCode === 9009) return lastOf(texts, [NOT_FOUND]);
  if (exitCode === 126) return lastOf(texts, [NOT_PERMITTED]);
  return undefined;
}

/** A place in a source and what is wrong there: the first explains those that follow. */
const COMPILERS = [
  // gcc, clang, swiftc, kotlinc, shellcheck; cl and csc with their parentheses.
  /^\s*(?:e: )?\S[^:\s]*:\d+(?::\d+)?: (?:fatal )?error\b.*/,
  /^\S[^(]*\(\d+(?:,\d+)?\)\s?: (?:fatal )?error\b.*/,
  // Go: `./policy.go:12:3: undefined: x`.
  /^(?:vet: )?\S+\.go:\d+:\d+: .*/,
  // rustc, and cargo's own.
  /^error\[E\d+\]: .*/,
  // javac by Maven, and javac.
  /^\[ERROR\] \S+\.(?:java|kt|scala):\[\d+,\d+\] .*/,
  /^\S+\.(?:java|scala|groovy):\d+: error: .*/,
  // ld.
  /: undefined reference to /,
  /^(?:\S*\/)?ld(?:\.\w+)?: (?:cannot find|error) .*/,
  // Python and Ruby that cannot be read.
  /^(?:Syntax|Indentation)Error: .*/,
  // CMake.
  /^CMake Error\b.*/,
];

/** What tools say of themselves; what comes last is what ended them. */
const TOOLS = [
  /^(?:\S+: )?fatal: .*/,
  /^\S+: line \d+: .*/,
  /^(?:\S*\/)?(?:sh|bash|dash): (?:\d+: |line \d+: )?.*: .*/,
  /^docker: .*/,
  /^Error response from daemon: .*/,
  /^Cannot connect to the Docker daemon.*/,
  /^ERROR: .*/,
  /^Error: .*/,
  /^error: .*/,
  /^E: .*/,
  /^curl: \(\d+\) .*/,
  /^wget: .*/,
  /^ssh: .*/,
  /^rsync error: .*/,
  /^npm (?:ERR!|error) (?!code|errno|path|cwd|syscall|command|A complete log)\S.*/,
  /^yarn run error .*|^error Command failed.*/,
  /^FAILURE: .*/,
  /^\[ERROR\] (?!\s*$|->|Re-run|To see|For more).*/,
  /^There are errors in the configuration of this machine\..*/,
  /^No usable default provider could be found.*/,
  /^The provider '.*/,
  /^The box '.*/,
  /^signal: killed$/,
  /^Vagrant failed to initialize .*/,
  /^Could not resolve dependencies .*|^Cannot find module .*/,
  /\bKernel panic - |\b(?:BUG|Oops): /,
  /\b(?:Segmentation fault|Bus error|Illegal instruction)\b/,
  /^FATAL ERROR: .*/,
];

/** They only pass on that something below them failed. */
const CALLERS = [
  /^(?:g?make|ninja)(?:\[\d+\])?: \*\*\* .*/,
  /^ninja: build stopped: .*/,
  /\(core dumped\)/,
  /^The SSH command responded with a non-zero exit status\..*/,
];

/** In lines. */
const NEAR = 15;

const HINTS = [
  /\b(?:error|fatal|fail(?:ed|ure)?|cannot|can't|could not|couldn't|unable to|denied|refused|no such|not found|invalid|missing|timed out|timeout|mismatch|unexpected|aborted|Killed)\b/i,
];
/** These words also stand in lines that say that all is well. */
const HARMLESS = /\b0 (?:errors?|fail(?:ed|ures?))\b|\bno errors?\b|-Werror|--fail|without error/i;

/** What was said shortly before somebody said that what he called had failed. */
function belowCaller(texts: readonly string[]): Picked | undefined {
  const caller = firstOf(texts, CALLERS);
  if (caller === undefined) return undefined;
  const from = Math.max(0, caller[0] - NEAR);
  const hint = lastOf(texts.slice(from, caller[0]), HINTS);
  return hint === undefined ? caller : [from + hint[0], hint[1]];
}

function firstOf(texts: readonly string[], patterns: readonly RegExp[]): Picked | undefined {
  const at = texts.findIndex((text) => patterns.some((pattern) => pattern.test(text)));
  return at < 0 ? undefined : [at, texts[at] ?? ''];
}

function lastOf(texts: readonly string[], patterns: readonly RegExp[]): Picked | undefined {
  const at = texts.findLastIndex(
    (text) =>
      !isTrace(text) && !HARMLESS.test(text) && patterns.some((pattern) => pattern.test(text)),
  );
  return at < 0 ? undefined : [at, texts[at] ?? ''];
}

function lastLine(texts: readonly string[]): Picked | undefined {
  const at = texts.findLastIndex((text) => text.trim() !== '' && !isTrace(text));
  return at < 0 ? undefined : [at, texts[at] ?? ''];
}

function isTrace(text: string): boolean {
  return /^\++ /.test(text);
}

/** The last line of a Python traceback, the first of a Java one's causes, and their like. */
function exception(texts: readonly string[]): Picked | undefined {
  const traceback = texts.findIndex((text) => text === 'Traceback (most recent call last):');
  if (traceback >= 0) {
    const at = texts.findIndex((text, line) => line > traceback && /^[\w.]+(?:: .*)?$/.test(text));
    if (at >= 0) return [at, texts[at] ?? ''];
  }
  const cause = texts.findIndex((text) => /^Caused by: /.test(text));
  if (cause >= 0) return [cause, (texts[cause] ?? '').slice('Caused by: '.length)];
  return firstOf(texts, [
    /^Exception in thread "[^"]*" .*/,
    /^(?:Uncaught )?(?:\w+\.)*\w*(?:Error|Exception)(?: \[\w+\])?: .*/,
    /^thread '.*' panicked at .*/,
    /^panic: .*/,
  ]);
}

interface TestRule {
  readonly failed: RegExp;
  /** What that test itself said. */
  readonly said: (texts: readonly string[], at: number) => Picked | undefined;
}

const TESTS: readonly TestRule[] = [
  { failed: /^\s*--- FAIL: (\S+)/, said: saidInGo },
  { failed: /^\s*\[FAILED\] /, said: (texts, at) => saidByGomega(texts, at) },
  { failed: /^\s*Expected$/, said: (texts, at) => saidByGomega(texts, at) },
  { failed: /^E {2,}\S/, said: (texts, at) => [at, (texts[at] ?? '').slice(1)] },
  { failed: /^(?:FAILED|ERROR) \S+\.py\b.* - /, said: (texts, at) => [at, texts[at] ?? ''] },
  { failed: /^(?:FAIL|ERROR): \w+ \([\w.]+\)/, said: saidByUnittest },
  {
    failed: /^\[ERROR\]\s+[^\s.:]+[.:]\S+(?= )(?<=.:\d+)/,
    said: (texts, at) => [at, (texts[at] ?? '').slice(7)],
  },
  { failed: /<<< (?:FAILURE|ERROR)!\s*$/, said: saidNext },
  { failed: /^\S.* > .* FAILED$/, said: saidNext },
  { failed: /^\s*● .* › /, said: saidNext },
  { failed: /^\s+1\) /, said: saidNext },
  { failed: /^thread '.*' panicked at /, said: saidByRust },
  { failed: /^not ok \d+/, said: (texts, at) => [at, texts[at] ?? ''] },
  { failed: /^\S+:\d+: Failure$/, said: saidNext },
  {
    failed: /^\t *\d+ - .* \((?:Failed|Timeout|SEGFAULT|Child aborted)\)/,
    said: (texts, at) => [at, texts[at] ?? ''],
  },
  { failed: /^\s*\[(?:FAIL|Fail)\] /, said: (texts, at) => [at, texts[at] ?? ''] },
  { failed: /^FAIL: \S+/, said: (texts, at) => [at, texts[at] ?? ''] },
  { failed: /^FAILED: /, said: (texts, at) => [at, texts[at] ?? ''] },
];

function firstTest(texts: readonly string[]): Picked | undefined {
  for (const [at, text] of texts.entries()) {
    const rule = TESTS.find(({ failed }) => failed.test(text));
    if (rule !== undefined) return rule.said(texts, at) ?? [at, text];
  }
  return undefined;
}

/** Go indents what a test said below its result, or with -v writes it before that. */
function saidInGo(texts: readonly string[], at: number): Picked | undefined {
  const PLACED = /^\s+\S+:\d+: /;
  const indent = indentOf(texts[at] ?? '');
  for (let line = at + 1; line < texts.length; line++) {
    const text = texts[line] ?? '';
    if (/^\s*--- FAIL: /.test(text) && indentOf(text) > indent)
      return saidInGo(texts, line) ?? [line, text];
    if (indentOf(text) <= indent) break;
    if (PLACED.test(text) || /^\s*panic: /.test(text))
      return [line, withMore(texts, line, indentOf(text))];
  }
  const name = /--- FAIL: (\S+)/.exec(texts[at] ?? '')?.[1] ?? '';
  for (let line = at - 1; line >= 0; line--) {
    const text = texts[line] ?? '';
    if (PLACED.test(text)) return [line, withMore(texts, line, indentOf(text))];
    if (/^\s*(?:=== RUN +|--- \w+: )/.test(text) && !text.includes(name)) break;
    if (new RegExp(`^=== RUN +${escaped(name)}$`).test(text.trim())) break;
  }
  const panic = texts.findIndex((text, line) => line > at && /^panic: /.test(text));
  return panic < 0 ? undefined : [panic, texts[panic] ?? ''];
}

/** A message that ends with its place (`x_test.go:3: `) goes on in the lines below: testify's. */
function withMore(texts: readonly string[], at: number, indent: number): string {
  const text = texts[at] ?? '';
  if (!/:\d+:\s*$/.test(text)) return text;
  const below = texts.slice(at + 1, at + 8).filter((line) => indentOf(line) > indent);
  const error = below.find((line) => /^\s*Error:\s/.test(line));
  return `${text.trimEnd()} ${(error ?? below[0] ?? '').replace(/^\s*Error:/, '').trim()}`;
}

/** `Expected <int>: 1 to equal <int>: 2`, of which Gomega makes several lines. */
function saidByGomega(texts: readonly string[], at: number): Picked | undefined {
  const parts = [(texts[at] ?? '').trim().replace(/^\[FAILED\] /, '')];
  for (const text of texts.slice(at + 1, at + 8)) {
    if (/^\s*(?:In \[\w+\] at: |\/\S+:\d+|$)/.test(text)) break;
    parts.push(text.trim());
  }
  return [at, parts.join(' ')];
}

function saidByUnittest(texts: readonly string[], at: number): Picked | undefined {
  const error = texts.findIndex(
    (text, line) => line > at && /^[\w.]*(?:Error|Exception|Failure)\b/.test(text),
  );
  return error < 0 ? undefined : [error, texts[error] ?? ''];
}

function saidByRust(texts: readonly string[], at: number): Picked | undefined {
  const text = texts[at] ?? '';
  const next = texts[at + 1] ?? '';
  return [at, /:\d+:\d+:$/.test(text) ? `${text} ${next.trim()}` : text];
}

/** The test's name with the first line below it that is not empty. */
function saidNext(texts: readonly string[], at: number): Picked | undefined {
  const name = (texts[at] ?? '').trim();
  const next = texts.slice(at + 1, at + 12).find((text) => text.trim() !== '');
  return [at, next === undefined ? name : `${name}: ${next.trim()}`];
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
