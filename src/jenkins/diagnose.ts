import type { Diagnosis, Evidence, FailureKind } from './diagnosis';
import { endingOf, kindOfLine, type Ending } from './ending';
import { errorLine, type ErrorLine } from './errorLine';
import { linesOf, type LogStep, type LogSteps, type Notice } from './logSteps';
import type { FailedTest, Stage } from './run';

const MOST_EVIDENCE = 10;
const SCRIPTS: ReadonlySet<string> = new Set(['sh', 'bat', 'powershell', 'pwsh']);

/** What is known of a run that broke. */
export interface Known {
  readonly stages: readonly Stage[];
  readonly log: LogSteps;
  readonly tests: readonly FailedTest[];
}

/** Says what broke a run first. */
export function diagnose({ stages, log, tests }: Known): Diagnosis {
  const branches = log.notices.flatMap(({ kind, text }) =>
    kind === 'branch' ? [text.slice('Failed in branch '.length)] : [],
  );
  const after = linesOf(log.ending ?? log.tail);
  const last = endingOf(after);
  const stage = blamed(stages, branches, last !== undefined)?.path;
  const caught = last === undefined ? firstCaught(log.notices, stage) : undefined;
  const ending = last ?? (caught && endingOf([caught]));
  const step = caught?.step ?? culprit(log.steps, stage, ending);
  const lines = step === undefined ? after : linesOf(step.output);
  const early = step?.failedTest === undefined ? [] : linesOf(step.failedTest);
  const script = step !== undefined && SCRIPTS.has(step.name);
  const exitCode = ending?.exitCode;
  const shown =
    script || step === undefined ? commandOf(step?.traces ?? tracesIn(lines)) : undefined;
  const from = shown === undefined ? 0 : lines.findIndex(({ offset }) => offset > shown.at.offset);
  const own = from < 0 ? [] : lines.slice(from);
  const error = script || step === undefined ? whyOf(early, lines, own, exitCode) : undefined;
  const kind = kindOf(ending, error?.evidence, [...lines], exitCode, log.notices);
  const fromScript = kind === 'command' || kind === 'killed' || kind === 'unknown';
  const test = tests[0];
  const message = fromScript
    ? (error?.message ?? (ending?.message || undefined))
    : ending?.message || error?.message || (test && `${test.name}: ${firstLine(test.details)}`);
  return {
    kind,
    stage,
    step: step?.name,
    command: shown?.text,
    exitCode,
    message,
    evidence: ordered([shown?.at, error?.evidence, ending?.at]),
  };
}

/** The stage that broke first: of branches the one that failed first, else the one nothing came after. */
function blamed(
  stages: readonly Stage[],
  branches: readonly string[],
  uncaught: boolean,
): Stage | undefined {
  for (const state of ['failed', 'aborted', 'unstable'] as const) {
    const broken = stages.filter((stage) => stage.state === state);
    const own = broken.filter(({ name }) => !name.startsWith('Declarative: Post'));
    const some = own.length > 0 ? own : broken;
    const first = branches.map((name) => some.find((stage) => stage.name === name)).find(Boolean);
    const found = first ?? (uncaught ? some.at(-1) : some[0]);
    if (found !== undefined) return blamed(found.children, branches, uncaught) ?? found;
  }
  return undefined;
}

/** The first error that the pipeline went on after, unless it tried again. */
function firstCaught(
  notices: readonly Notice[],
  stage: readonly string[] | undefined,
): Notice | undefined {
  return notices.find(
    (notice, at) =>
      notice.kind === 'error' &&
      !notice.after &&
      (stage === undefined || isIn(notice.stage, stage)) &&
      notices[at + 1]?.kind !== 'retry',
  );
}

function culprit(
  steps: readonly LogStep[],
  stage: readonly string[] | undefined,
  ending: Ending | undefined,
): LogStep | undefined {
  const own = steps.filter((step) => !step.after);
  const there =
    stage === undefined
      ? own
      : [
          own.filter((step) => same(step.stage, stage)),
          own.filter((step) => step.stage.at(-1) === stage.at(-1)),
          own.filter((step) => step.stage[0] === stage[0]),
        ].find((some) => some.length > 0);
  if (there === undefined) return undefined;
  if (ending?.exitCode !== undefined) return there.findLast(({ name }) => SCRIPTS.has(name));
  return there.at(-1);
}

interface Shown {
  readonly text: string;
  readonly at: Evidence;
}

/** The command that failed is the last one that was shown, unless that only says so. */
function commandOf(traces: readonly Evidence[]): Shown | undefined {
  const shown = traces.filter(({ text }) => text.startsWith('+ '));
  const at = shown.findLast(({ text }) => !SAYS_SO.test(text)) ?? shown.at(-1);
  if (at === undefined || /^\+ set \+\w*x/.test(at.text)) return undefined;
  return { text: at.text.slice(2), at };
}

const SAYS_SO = /^\+ (?:exit|return|echo|printf|false)\b/;

function tracesIn(lines: readonly Evidence[]): Evidence[] {
  return lines.filter(({ text }) => text.startsWith('+ '));
}

/** Looks in what the command itself wrote first. */
function whyOf(
  early: readonly Evidence[],
  all: readonly Evidence[],
  own: readonly Evidence[],
  exitCode: number | undefined,
): { message: string; evidence: Evidence } | undefined {
  const at = (lines: readonly Evidence[], found: ErrorLine | undefined) => {
    const evidence = found && lines[found.at];
    return found && evidence && { message: found.message, evidence, grade: found.grade };
  };
  const found = [
    at(early, errorLine(early, exitCode)),
    at(own, errorLine(own, exitCode)),
    at(all, errorLine(all, exitCode)),
  ];
  const GRADES: readonly (readonly ErrorLine['grade'][])[] = [
    ['test', 'error'],
    ['hint'],
    ['last'],
  ];
  return GRADES.map((grades) => found.find((one) => one && grades.includes(one.grade))).find(
    Boolean,
  );
}

function kindOf(
  ending: Ending | undefined,
  error: Evidence | undefined,
  lines: readonly Evidence[],
  exitCode: number | undefined,
  notices: readonly Notice[],
): FailureKind {
  if (ending === undefined) return 'unknown';
  if (ending.kind !== 'command') return ending.kind;
  if (exitCode === 137)
    return notices.some(({ kind, text }) => kind === 'memory' && MEMORY.test(text)) ||
      lines.some(({ text }) => MEMORY.test(text))
      ? 'out-of-memory'
      : 'killed';
  return (error && kindOfLine(error.text)) ?? 'command';
}

const MEMORY =
  /ut of memory: Killed process|oom[-_]kill|OOMKilled|OutOfMemoryError|heap out of memory|signal: killed|Killed signal terminated/i;

function ordered(evidence: readonly (Evidence | undefined)[]): Evidence[] {
  const known = new Map(evidence.flatMap((one) => (one ? [[one.offset, one] as const] : [])));
  return [...known.values()].sort((a, b) => a.offset - b.offset).slice(0, MOST_EVIDENCE);
}

function firstLine(text: string | undefined): string {
  return (
    text
      ?.split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? 'failed'
  );
}

function isIn(path: readonly string[], stage: readonly string[]): boolean {
  return same(path, stage) || path.at(-1) === stage.at(-1);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}
