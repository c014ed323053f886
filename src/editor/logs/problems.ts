import { wholeLines } from '../../jenkins/lines';
import type { LogText } from './logText';
import { shownLine, type Showing } from './showing';
import type { Window } from './window';

/** Something that a tool complains of in a log. */
export interface Problem {
  /** As the log names it; empty where only the line of the log can be pointed at, which is then `line`. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number | undefined;
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
  /** Which tool: `gcc`, `go`, `python`, `ginkgo`, `rust`, `shell`, `kernel`. */
  readonly tool: string;
}

/** A problem with the line of the log that tells it, counted from 0 among those that were read. */
export type FoundProblem = Problem & { readonly at: number };

const MOST = 2000;
/** Longer lines are nobody's message. */
const LONGEST = 2000;
/** A traceback or report that has not ended by then is none. */
const PATIENCE = 100;

/** What Vagrant and Pipeline put before the lines of a machine or branch: `    runtime-1: `, `[unit] `. */
const PREFIX =
  /^(?:\[(?!(?:FAIL|FAILED|Fail|It)\])[\w .:/-]{1,60}\] )?(?: {4}[\w.-]{1,60}: |==> [\w.-]{1,60}: )?/;

/** The problems in a part of a log of any length. */
export async function problemsIn(
  log: LogText,
  {
    part: { from, to },
    showing,
    signal,
  }: { readonly part: Window; readonly showing: Showing; readonly signal: AbortSignal },
): Promise<readonly FoundProblem[]> {
  const reader = createProblemReader();
  const whole = wholeLines((block) => {
    for (const raw of block.toString('utf8').split('\n').slice(0, -1))
      reader.line(shownLine(raw, showing));
  });
  for await (const piece of log.pieces(from.offset, to.offset, { signal })) {
    whole.push(piece);
    if (reader.full()) return reader.problems();
  }
  whole.end();
  return reader.problems();
}

/**
 * Finds problems line by line, as they are shown: compilers, Go's tools and tests, tracebacks of
 * Python, Ginkgo, Rust, shells, and what a kernel says of itself.
 */
export function createProblemReader() {
  const found: FoundProblem[] = [];
  const seen = new Set<string>();
  let at = -1;
  let trace: { file: string; line: number; since: number } | undefined;
  let report: { message: string; severity: 'error' | 'warning'; since: number } | undefined;
  let rust: { message: string; severity: 'error' | 'warning'; since: number } | undefined;
  let ginkgo: { message: string; since: number } | undefined;

  function add(problem: Problem): void {
    const key = [problem.path, problem.line, problem.message].join('\n');
    if (seen.has(key) || found.length >= MOST) return;
    seen.add(key);
    found.push({ ...problem, at });
  }

  function expire(): void {
    if (trace && at - trace.since > PATIENCE) trace = undefined;
    if (report && at - report.since > PATIENCE) report = undefined;
    if (rust && at - rust.since > 3) rust = undefined;
    if (ginkgo && at - ginkgo.since > PATIENCE) ginkgo = undefined;
  }

  /** The last file of a traceback is where it was thrown; the line that names the exception ends it. */
  function python(line: string): boolean {
    const [, file, number] = /^\s*File "([^"]+)", line (\d+)/.exec(line) ?? [];
    if (file !== undefined) {
      trace = { file, line: Number(number), since: at };
      return true;
    }
    const message = /^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b.*$/.exec(
      line,
    )?.[0];
    if (trace && message !== undefined) {
      add({
        path: trace.file,
        line: trace.line,
        column: undefined,
        severity: 'error',
        message,
        tool: 'python',
      });
      trace = undefined;
      return true;
    }
    return false;
  }

  /** `error[E0308]: …` and then `--> src/a.rs:1:2`. */
  function rustc(line: string): boolean {
    const [, kind, message] = /^(error|warning)(?:\[\w+\])?: (.+)$/.exec(line) ?? [];
    if (message !== undefined) {
      rust = { message, severity: kind === 'error' ? 'error' : 'warning', since: at };
      return true;
    }
    const [, path, number, column] = /^\s*--> ([^:\s]+):(\d+):(\d+)$/.exec(line) ?? [];
    if (!rust || path === undefined) return false;
    const { message: said, severity } = rust;
    add({
      path,
      line: Number(number),
      column: Number(column),
      severity,
      message: said,
      tool: 'rust',
    });
    rust = undefined;
    return true;
  }

  /** `[FAIL] Suite [It] does this`, and the place on a line of its own, after or before it. */
  function ginkgoSays(line: string): boolean {
    const header = /^\s*(?:•\s*)?(?:\[(?:FAIL|FAILED|Fail|PANICKED!)\]|• Failure)\s*(\S.*)?$/.exec(
      line,
    );
    if (header) {
      const message = (header[1] ?? '').replace(/\[[\d.]+ seconds?\]$/, '').trimEnd();
      ginkgo = { message: message || 'failed', since: at };
      return true;
    }
    const [, path, number] =
      /^\s*(?:\[It\] .* )?(\/?[\w@+./~-]+_test\.go):(\d+)(?: @ .*)?$/.exec(line) ?? [];
    if (!ginkgo || path === undefined) return false;
    add({
      path,
      line: Number(number),
      column: undefined,
      severity: 'error',
      message: ginkgo.message,
      tool: 'ginkgo',
    });
    ginkgo = undefined;
    return true;
  }

  /** The place of a kernel's report is a symbol; a file is only named by `BUG` and `WARNING … at`. */
  function kernel(line: string): boolean {
    const text = line.replace(/^(?:<\d>)?\s*\[\s*\d+\.\d+\](?:\[[^\]]*\])?\s*/, '');
    const [, kind, path, number, symbol] =
      /\b(kernel BUG|WARNING|BUG): .*?\bat ([\w./-]+\.[chS]):(\d+)(?!\d)(?:[!,]?\s*([^\s+]+\+0x[\da-f]+\/0x[\da-f]+))?/.exec(
        text,
      ) ??
      /\b(kernel BUG) at ([\w./-]+\.[chS]):(\d+)!/.exec(text) ??
      [];
    if (path !== undefined) {
      const severity = kind === 'WARNING' ? 'warning' : 'error';
      const message = `${kind}${symbol === undefined ? '' : ` in ${symbol}`}`;
      add({ path, line: Number(number), column: undefined, severity, message, tool: 'kernel' });
      return true;
    }
    const oops =
      /^(BUG: .+|Oops: .+|general protection fault.*|Unable to handle kernel .+|INFO: task .+ blocked for more than .+|Kernel panic - not syncing: .+)$/.exec(
        text,
      )?.[1];
    if (oops !== undefined) {
      report = {
        message: oops,
        severity: oops.startsWith('INFO') ? 'warning' : 'error',
        since: at,
      };
      return true;
    }
    const place = /^(?:RIP: \w+:|pc : |PC is at )\s*(\S+\+0x[\da-f]+\/0x[\da-f]+)/.exec(text)?.[1];
    if (!report || place === undefined) return false;
    // No file is told: the line of the log itself is the place.
    add({
      path: '',
      line: at + 1,
      column: undefined,
      severity: report.severity,
      message: `${report.message}, in ${place}`,
      tool: 'kernel',
    });
    report = undefined;
    return true;
  }

  return {
    /** The next line, as it is shown. */
    line(shown: string): void {
      at++;
      if (shown.length > LONGEST) return;
      expire();
      const line = shown.replace(PREFIX, '');
      if (python(line) || kernel(line) || ginkgoSays(line) || rustc(line)) return;
      for (const matcher of MATCHERS) {
        const problem = matcher(line);
        if (!problem) continue;
        add(problem);
        return;
      }
    },
    problems: (): readonly FoundProblem[] => found,
    /** Whether more are not looked for. */
    full: (): boolean => found.length >= MOST,
  };
}

/** The same expressions are the `problemMatchers` of package.json, for tasks. */
export const GCC = /^(\/?[\w@+./~-]+):(\d+):(?:(\d+):)? (fatal error|error|warning|note): (.*)$/;
export const GO = /^(?:vet: )?(\/?[\w@+./~-]+\.go):(\d+):(\d+): (.*)$/;
export const GO_TEST = /^\s+(\/?[\w@+./~-]+_test\.go):(\d+): (.*)$/;
export const SHELL = /^(\/?[\w@+./~-]+): line (\d+): (.*)$/;

const MATCHERS: readonly ((line: string) => Problem | undefined)[] = [
  (line) => {
    const [, path, number, column, kind, message] = GCC.exec(line) ?? [];
    if (path === undefined || message === undefined) return undefined;
    const severity = kind === 'warning' || kind === 'note' ? kind : 'error';
    return { ...place(path, number, column), severity, message, tool: 'gcc' };
  },
  (line) => {
    const [, path, number, column, message] = GO.exec(line) ?? [];
    if (path === undefined || message === undefined) return undefined;
    return { ...place(path, number, column), severity: 'error', message, tool: 'go' };
  },
  (line) => {
    const [, path, number, message] = GO_TEST.exec(line) ?? [];
    if (path === undefined || message === undefined) return undefined;
    return { ...place(path, number, undefined), severity: 'error', message, tool: 'go' };
  },
  (line) => {
    const [, path, number, message] = SHELL.exec(line) ?? [];
    if (path === undefined || message === undefined) return undefined;
    return { ...place(path, number, undefined), severity: 'error', message, tool: 'shell' };
  },
];

function place(path: string, line: string | undefined, column: string | undefined) {
  return { path, line: Number(line), column: column === undefined ? undefined : Number(column) };
}
