import type { Companion } from './consoleLog';
import type { Evidence } from './diagnosis';
import { endOfLine, plainText, type Line } from './lines';

/** A part of the clean log, of whole lines. */
export interface Stretch {
  readonly bytes: Buffer;
  /** Where it begins, in bytes of the clean log. */
  readonly offset: number;
  /** The number of one of its lines, counted from 1, and where that begins in `bytes`. */
  readonly known: { readonly line: number; readonly at: number };
}

/** A step as the log shows it. */
export interface LogStep {
  /** As a Jenkinsfile calls it: `sh`. */
  readonly name: string;
  /** Names of the stages around it, from the outermost; in parallel branches a guess. */
  readonly stage: readonly string[];
  /** Whether it is what its stage runs after its own steps. */
  readonly after: boolean;
  /** Its last lines that begin with `+`, at most 12. */
  readonly traces: readonly Evidence[];
  /** The last 64 KB that it wrote. */
  readonly output: Stretch;
  /** What is around the first line that names a failed test, where that is before `output`. */
  readonly failedTest: Stretch | undefined;
}

/** A line in which Jenkins, or the system below it, says something of its own. */
export interface Notice extends Evidence {
  readonly kind: 'error' | 'retry' | 'branch' | 'interrupt' | 'limit' | 'post' | 'memory';
  readonly stage: readonly string[];
  readonly after: boolean;
  /** The step that had ended before; undefined where none had. */
  readonly step: LogStep | undefined;
  /** Of a branch that failed: what all branches wrote before, as if one step had. */
  readonly mixed: LogStep | undefined;
}

export interface LogSteps {
  /** Whether it is a Pipeline's. */
  readonly isPipeline: boolean;
  /** In the order in which they ended; at most the last 64. */
  readonly steps: readonly LogStep[];
  /** In the order of the log; of each kind the first 10 and the last 10. */
  readonly notices: readonly Notice[];
  /** What comes after the pipeline's end; at most 32 KB. */
  readonly ending: Stretch | undefined;
  /** The last 64 KB of the log. */
  readonly tail: Stretch;
}

const TAIL = 64 * 1024;
const ENDING = 32 * 1024;
const AROUND = 4 * 1024;
const MOST_STEPS = 64;
const MOST_TRACES = 12;
const MOST_NOTICES = 10;
const MOST_MIXED = 3;

const NOTICES: readonly (readonly [Notice['kind'], RegExp])[] = [
  ['error', /^(?:ERROR|FATAL): /],
  ['retry', /^Retrying$/],
  ['branch', /^Failed in branch /],
  ['interrupt', /^(?:(?:Aborted|Superseded) by |Cancelling nested steps |Build timed out \()/],
  ['limit', /^Timeout set to expire /],
  ['post', /^Error when executing .* post condition:$/],
  ['memory', /\bKilled process\b|OutOfMemoryError/],
];
const NEEDLES = [
  ...['FAIL', 'FATAL: ', 'Retrying', 'Aborted by ', 'Superseded by ', 'Cancelling nested steps '],
  ...['Build timed out ', 'Timeout set to expire ', 'Error when executing ', 'Killed process'],
  'OutOfMemoryError',
];
const TRACE = /^\++ /;
const BETWEEN_STEPS =
  /^(?:Post stage|Retrying|Error when executing .* post condition:|ERROR: script returned exit code -?\d+)$/;
const TEST_FAILURE = /--- FAIL: |^FAIL: |\[(?:FAIL|FAILED|Fail)\] |^FAILED |FAILURE!/;

/**
 * Keeps of the steps of a log what may tell why they failed, in constant memory: read along with the
 * console log's own reader. `wanted` says of which stages steps are of interest.
 */
export function createStepReader(wanted: (stage: readonly string[]) => boolean): {
  readonly companion: Companion;
  end(): LogSteps;
} {
  const steps: LogStep[] = [];
  const notices = new Map<Notice['kind'], Notice[]>();
  let open: OpenStep | undefined;
  let last: LogStep | undefined;
  let isPipeline = false;
  // Where the last `parallel` began, and the commands that were shown since.
  let parallelAt = 0;
  let commands: Evidence[] = [];
  let ending: Capture | undefined;
  let pending: Capture[] = [];

  // The bytes that went by before the block, and the block itself.
  let before: Buffer = Buffer.alloc(0);
  let block: Buffer = Buffer.alloc(0);
  let offset = 0;
  // Both together, as soon as somebody wants that.
  let joined: Buffer | undefined;
  // The number of the line that begins at `counted` of the block.
  let line = 1;
  let counted = 0;

  function lineAt(at: number): number {
    for (
      let end = block.indexOf(NEWLINE, counted);
      end >= 0 && end < at;
      end = block.indexOf(NEWLINE, counted)
    ) {
      line++;
      counted = end + 1;
    }
    return line;
  }

  function placeOf(text: string, { start }: Line): Evidence {
    return { line: lineAt(start), offset: offset + start, text };
  }

  /**
   * The whole lines between two places of the log, as far as they are known. `here` is where a line of
   * the block begins, not before what was counted.
   */
  function stretch(from: number, here: number, to = here): Stretch {
    const known = offset - before.length;
    let start = Math.max(from, known, here - TAIL);
    const bytes = start >= offset ? block : (joined ??= Buffer.concat([before, block]));
    const base = start >= offset ? offset : known;
    const isCut = start !== from && start !== offset && bytes[start - base - 1] !== NEWLINE;
    if (isCut) start = Math.min(here, base + bytes.indexOf(NEWLINE, start - base) + 1);
    return {
      bytes: Buffer.from(bytes.subarray(start - base, to - base)),
      offset: start,
      known: { line: lineAt(here - offset), at: here - start },
    };
  }

  /** The same, of which a part may be still to come. */
  function capture(from: number, here: number, to: number): Capture {
    const have = Math.min(to, offset + block.length);
    const captured: Capture = { begin: stretch(from, here, have), more: [], to };
    if (have < to) pending.push(captured);
    return captured;
  }

  /** Some lines before and after the one that begins `here`. */
  function around(from: number, here: number): Capture {
    const { bytes, offset: start } = stretch(from, here);
    const cut = Math.max(0, bytes.length - AROUND);
    const first = cut === 0 ? 0 : bytes.indexOf(NEWLINE, cut) + 1;
    return capture(start + first, here, here + AROUND);
  }

  function endStep(at: number): void {
    if (open === undefined) return;
    const { name, stage, after, traces, from, failedTest } = open;
    const output = stretch(from, at);
    const around = failedTest && captured(failedTest);
    last = {
      ...{ name, stage, after, traces, output },
      failedTest: around && around.offset < output.offset ? around : undefined,
    };
    steps.push(last);
    if (steps.length > MOST_STEPS) steps.shift();
    open = undefined;
  }

  function notice(
    kind: Notice['kind'],
    evidence: Evidence,
    stage: readonly string[],
    after: boolean,
  ): void {
    const known = notices.get(kind) ?? [];
    notices.set(kind, known);
    const mixed = kind === 'branch' && known.length < MOST_MIXED ? mixedStep(evidence) : undefined;
    known.push({ ...evidence, kind, stage, after, step: last, mixed });
    if (known.length > 2 * MOST_NOTICES) known.splice(MOST_NOTICES, 1);
  }

  function mixedStep({ offset: here }: Evidence): LogStep {
    const output = stretch(parallelAt, here);
    return { name: '', stage: [], after: false, traces: commands, output, failedTest: undefined };
  }

  const companion: Companion = {
    needles: NEEDLES,
    begin(bytes, at) {
      // After a line that was too long, what was before does not join.
      if (at !== offset + block.length) {
        before = Buffer.alloc(0);
        pending = [];
      }
      block = bytes;
      offset = at;
      joined = undefined;
      counted = 0;
      for (const one of pending) one.more.push(Buffer.from(bytes.subarray(0, one.to - at)));
      pending = pending.filter(({ to }) => to > at + bytes.length);
    },
    line(text, at, stage, after) {
      const here = offset + at.start;
      if (text.startsWith(MARKER)) {
        isPipeline = true;
        const marker = text.slice(MARKER.length);
        // What is followed by a block is no step of its own.
        if (marker.startsWith('{')) open = undefined;
        endStep(here);
        const next = offset + at.end + 1;
        const name = /^([A-Za-z_]\w*)(?: \(.*\))?$/.exec(marker)?.[1];
        if (marker === 'End of Pipeline') ending ??= capture(next, next, next + ENDING);
        else if (name === 'parallel') {
          parallelAt = here;
          commands = [];
        } else if (name !== undefined && wanted(stage))
          open = { name, stage, after, from: next, traces: [], failedTest: undefined };
        return;
      }
      if (TRACE.test(text)) {
        const trace = placeOf(text, at);
        commands = [...commands, trace].slice(-MOST_TRACES);
        if (open !== undefined) open.traces = [...open.traces, trace].slice(-MOST_TRACES);
        return;
      }
      // Jenkins says that between steps, without a marker of its own.
      if (BETWEEN_STEPS.test(text)) endStep(here);
      for (const [kind, pattern] of NOTICES)
        // What a tool calls an error is its own affair.
        if (pattern.test(text) && !(kind === 'error' && open !== undefined))
          notice(kind, placeOf(text, at), stage, after);
      if (open !== undefined && open.failedTest === undefined && TEST_FAILURE.test(text))
        open.failedTest = around(open.from, here);
    },
    end() {
      lineAt(block.length);
      before =
        block.length < TAIL
          ? Buffer.concat([before, block]).subarray(-TAIL)
          : Buffer.from(block.subarray(-TAIL));
    },
  };

  return {
    companion,
    end() {
      const end = offset + block.length;
      block = Buffer.alloc(0);
      offset = end;
      joined = undefined;
      counted = 0;
      endStep(end);
      return {
        isPipeline,
        steps,
        notices: [...notices.values()].flat().sort((a, b) => a.offset - b.offset),
        ending: ending && captured(ending),
        tail: stretch(end - before.length, end),
      };
    },
  };
}

/** The lines of a stretch, each with its place; at most the first 4 KB of a line. */
export function linesOf(stretch: Stretch): Evidence[] {
  const { bytes, offset } = stretch;
  const lines: Evidence[] = [];
  const line = firstLine(stretch);
  for (let start = 0; start < bytes.length;) {
    const end = endOfLine(bytes, start);
    lines.push({
      line: line + lines.length,
      offset: offset + start,
      text: plainText(bytes, { start, end }),
    });
    start = end + 1;
  }
  return lines;
}

const NEWLINE = 10;
/** The part of a stretch that lies before a place of the log. */
export function upTo(stretch: Stretch, place: number): Stretch {
  const bytes = stretch.bytes.subarray(0, Math.max(0, place - stretch.offset));
  return { ...stretch, bytes, known: { line: firstLine(stretch), at: 0 } };
}

function firstLine({ bytes, known }: Stretch): number {
  return known.line - newlinesIn(bytes.subarray(0, known.at));
}

const MARKER = '[Pipeline] ';

interface OpenStep {
  readonly name: string;
  readonly stage: readonly string[];
  readonly after: boolean;
  /** Where it begins to write. */
  readonly from: number;
  traces: readonly Evidence[];
  failedTest: Capture | undefined;
}

interface Capture {
  readonly begin: Stretch;
  readonly more: Buffer[];
  readonly to: number;
}

function captured({ begin, more }: Capture): Stretch {
  return { ...begin, bytes: Buffer.concat([begin.bytes, ...more]) };
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
