import type { Diagnosis, Evidence, FailureKind } from './diagnosis';
import { endingOf, troubleIn, type Ending } from './ending';
import { errorLine, withoutGuest, type ErrorLine } from './errorLine';
import { linesOf, upTo, type LogStep, type LogSteps, type Notice, type Stretch } from './logSteps';
import type { RecordedStep } from './recordedSteps';
import type { FailedTest, Stage } from './run';
import {
  commandBefore,
  failedCommand,
  failsSilently,
  shownCommands,
  type ShownCommand,
} from './shellTrace';

/** What is known of a run that broke. */
export interface Known {
  readonly stages: readonly Stage[];
  /** Undefined where the log may not be read. */
  readonly log: LogSteps | undefined;
  readonly tests: readonly FailedTest[];
  /** What a plugin's record says of the step that failed. */
  readonly recorded?: RecordedStep | undefined;
}

/** Says what broke a run first. */
export function diagnose({ stages, log, tests, recorded }: Known): Diagnosis {
  const failedBranches = (log?.notices ?? []).filter(({ kind }) => kind === 'branch');
  const after = log === undefined ? [] : linesAfter(log);
  const final = endingOf(after) ?? recordedEnding(recorded);
  const stage = blamedStage(stages, failedBranches.map(branchOf), final !== undefined)?.path;
  const branch = failedBranches.find((notice) => stage?.includes(branchOf(notice)));
  const story: Story = {
    log: log ?? NO_LOG,
    stage,
    branch,
    steps: stepsIn(log?.steps ?? [], stage, branch?.offset ?? Infinity),
    after,
    final,
    tests,
    recorded,
  };
  return interrupted(story) ?? uncaught(story) ?? caught(story) ?? marked(story) ?? unclear(story);
}

/** Whether a diagnosis leaves open what a plugin's record of the stage's steps could tell. */
export function isOpen({ kind, command, step }: Diagnosis, { notices }: LogSteps): boolean {
  if (kind === 'unknown') return true;
  const script = step === undefined || SCRIPTS.has(step);
  return (
    kind === 'command' &&
    script &&
    (command === undefined || notices.some((one) => one.kind === 'branch'))
  );
}

const MOST_EVIDENCE = 10;
const NO_LINES: Stretch = { bytes: Buffer.alloc(0), offset: 0, known: { line: 1, at: 0 } };
const NO_LOG: LogSteps = {
  isPipeline: true,
  steps: [],
  notices: [],
  ending: NO_LINES,
  tail: NO_LINES,
};
const SCRIPTS: ReadonlySet<string> = new Set(['sh', 'bat', 'powershell', 'pwsh']);
const CHECKOUTS: ReadonlySet<string> = new Set(['checkout', 'git', 'svn']);
/** How a script ends that was told to. */
const INTERRUPTED: ReadonlySet<number> = new Set([-1, 130, 137, 143]);

interface Story {
  readonly log: LogSteps;
  readonly stage: readonly string[] | undefined;
  /** Where the stage's branch failed, if it lies in one. */
  readonly branch: Notice | undefined;
  /** Those of the stage, as far as the log tells, up to where its branch failed. */
  readonly steps: readonly LogStep[];
  /** The lines after the pipeline's end. */
  readonly after: readonly Evidence[];
  /** What ended the run; undefined where nothing did: what went wrong was caught, or only marked. */
  readonly final: Ending | undefined;
  readonly tests: readonly FailedTest[];
  readonly recorded: RecordedStep | undefined;
}

function branchOf({ text }: Notice): string {
  return text.slice('Failed in branch '.length);
}

function linesAfter({ ending, steps, tail }: LogSteps): Evidence[] {
  if (ending !== undefined) return linesOf(ending);
  const lines = linesOf(tail);
  const last = steps.at(-1);
  if (last !== undefined) return lines.filter(({ offset }) => offset >= endOf(last));
  // A freestyle job's: what its tools said is no word of Jenkins.
  const built = lines.findLastIndex(({ text }) => BUILD_STEP.test(text));
  return built < 0 ? lines : lines.slice(built);
}

const BUILD_STEP = /^Build step '.*' (?:marked build as failure|changed build result to)/;

function recordedEnding(recorded: RecordedStep | undefined): Ending | undefined {
  if (recorded?.error === undefined) return undefined;
  const lines = recorded.error.split('\n').map((text) => ({ line: 0, offset: 0, text }));
  const ending = endingOf(lines);
  return ending && { ...ending, at: undefined };
}

/**
 * The innermost stage that broke first: of branches the one that failed first. Where an error ended
 * the run it is the last one that failed, since the errors before it were caught.
 */
function blamedStage(
  stages: readonly Stage[],
  branches: readonly string[],
  uncaught: boolean,
): Stage | undefined {
  for (const state of ['failed', 'aborted', 'unstable'] as const) {
    const broken = stages.filter((stage) => stage.state === state);
    const own = broken.filter(({ name }) => !name.startsWith('Declarative: Post'));
    const some = own.length > 0 ? own : broken;
    const branch = branches.find((name) => some.some((stage) => stage.name === name));
    const found =
      branch === undefined
        ? some.at(uncaught ? -1 : 0)
        : some.find((stage) => stage.name === branch);
    if (found !== undefined) return blamedStage(found.children, branches, uncaught) ?? found;
  }
  return undefined;
}

function stepsIn(
  steps: readonly LogStep[],
  stage: readonly string[] | undefined,
  before: number,
): readonly LogStep[] {
  const own = steps.filter((step) => !step.after && step.output.offset < before);
  if (stage === undefined) return own;
  const there = [
    own.filter((step) => samePath(step.stage, stage)),
    own.filter((step) => step.stage.at(-1) === stage.at(-1)),
    // Of branches, whose lines are mixed, it is not sure whose a step is.
    own.filter((step) => step.stage[0] === stage[0]),
  ];
  return there.find((some) => some.length > 0) ?? [];
}

/** Somebody, a newer run or a clock ended it. */
function interrupted({ log, steps, stage, final }: Story): Diagnosis | undefined {
  const notice = log.notices.findLast(({ kind }) => kind === 'interrupt');
  const ended = final?.kind === 'timeout' || final?.kind === 'aborted';
  if (notice === undefined && !ended) return undefined;
  const step = log.isPipeline
    ? ((notice && steps.find((one) => endOf(one) >= notice.offset)) ?? steps.at(-1))
    : freestyle(log, notice);
  const isLate = notice !== undefined && notice.offset >= (step?.output.offset ?? 0);
  const isQuiet =
    final === undefined ||
    (final.exitCode !== undefined &&
      (INTERRUPTED.has(final.exitCode) || final.at?.text.startsWith('ERROR: ') !== true));
  if (!ended && !(isLate && isQuiet)) return undefined;
  const told = endingOf(notice === undefined ? [] : [notice]) ?? final;
  if (told === undefined) return undefined;
  const lines = step === undefined ? [] : linesOf(step.output);
  const early = lines.filter(({ offset }) => notice === undefined || offset < notice.offset);
  const last = early.findLast(({ text }) => text.trim() !== '' && !text.startsWith('+'));
  const lost = last !== undefined && troubleIn(last.text) === 'agent-lost' ? last : undefined;
  const shown = failedCommand(shownIn(step, early));
  const limit = log.notices.findLast(({ kind }) => kind === 'limit');
  return {
    kind: lost === undefined ? told.kind : 'agent-lost',
    stage,
    step: step?.name === '' ? undefined : step?.name,
    command: shown?.text,
    exitCode: final?.exitCode,
    message:
      lost?.text ?? (told.kind === 'timeout' ? timeoutOf(limit, final ?? told) : told.message),
    evidence: ordered([shown?.at, last, notice, final?.at]),
  };
}

function timeoutOf(limit: Notice | undefined, ending: Ending): string {
  const span = /^Timeout set to expire in (.*)/.exec(limit?.text ?? '')?.[1];
  const said = ending.kind === 'timeout' ? ending.message : 'Timeout has been exceeded';
  return span === undefined ? said : `${said} (${span})`;
}

/** An error ended the run. */
function uncaught(of: Story): Diagnosis | undefined {
  const { log, steps, final, recorded, branch } = of;
  if (final === undefined) return undefined;
  if (final.kind !== 'command') return otherEnd(of, final, steps.at(-1));
  const { exitCode } = final;
  if (!log.isPipeline) return scriptEnd(of, final, freestyle(log, final.at));
  const isSilent = (one: LogStep | undefined) => !isCertain(reasonOf(one, exitCode).error);
  const step = culprit(
    steps.filter(({ name }) => SCRIPTS.has(name)),
    exitCode,
    recorded,
  );
  const post = log.notices.find(({ kind }) => kind === 'post')?.step;
  const mixed = branch?.mixed;
  if (post?.after === true && isSilent(step)) return scriptEnd(of, final, post);
  // Other branches' markers may have come between the step and what it wrote.
  if (mixed !== undefined && isSilent(step) && !isSilent(mixed))
    return scriptEnd(of, final, { ...mixed, name: step?.name ?? mixed.name });
  return scriptEnd(of, final, step);
}

/** What a freestyle job wrote up to a line, as if it were a step. */
function freestyle({ tail }: LogSteps, until: Evidence | undefined): LogStep {
  const output = upTo(tail, until?.offset ?? Infinity);
  return { name: '', stage: [], after: false, traces: [], failedTest: undefined, output };
}

/**
 * Which of a stage's scripts failed: the last one, unless that says nothing of an error and one
 * before it ended with one. Then the last only tidied up.
 */
function culprit(
  scripts: readonly LogStep[],
  exitCode: number | undefined,
  recorded: RecordedStep | undefined,
): LogStep | undefined {
  const script = recorded?.script;
  const known =
    script === undefined
      ? undefined
      : scripts.findLast(({ traces }) =>
          traces.some(({ text }) => script.includes(text.replace(/^\++ /, ''))),
        );
  if (known !== undefined) return known;
  const last = scripts.at(-1);
  const { command, error } = reasonOf(last, exitCode);
  if (isCertain(error) || (command !== undefined && failsSilently(command))) return last;
  const earlier = scripts.slice(-6, -1).findLast(({ output }) => {
    const lines = linesOf(output).filter(({ text }) => text.trim() !== '');
    const error = picked(lines.slice(-3), exitCode);
    return isCertain(error) && commandBefore(shownCommands(lines), error.evidence) !== undefined;
  });
  return earlier ?? last;
}

interface Reason {
  readonly command: ShownCommand | undefined;
  readonly error: (ErrorLine & { readonly evidence: Evidence }) | undefined;
}

/** What of a script failed, and what it said. */
function reasonOf(step: LogStep | undefined, exitCode: number | undefined): Reason {
  if (step === undefined) return { command: undefined, error: undefined };
  const lines = linesOf(step.output);
  const shown = shownIn(step, lines);
  const command = failedCommand(shown);
  const own = lines.filter(({ offset }) => offset > (command?.at.offset ?? -1));
  const first =
    step.failedTest === undefined ? undefined : picked(linesOf(step.failedTest), exitCode);
  const its = picked(own, exitCode);
  const any = picked(lines, exitCode);
  const certain = [first, its, any].find(isCertain);
  if (certain === undefined || certain === its) return { command, error: certain ?? its };
  // What the last command did not say, an earlier one did: then the last came in a trap.
  if (command !== undefined && failsSilently(command)) return { command, error: its };
  return { command: commandBefore(shown, certain.evidence) ?? command, error: certain };
}

function picked(lines: readonly Evidence[], exitCode: number | undefined): Reason['error'] {
  const found = errorLine(lines, exitCode);
  const evidence = found && lines[found.at];
  return found && evidence && { ...found, evidence };
}

function isCertain(error: ErrorLine | undefined): error is ErrorLine {
  return error?.grade === 'error' || error?.grade === 'test';
}

function shownIn(step: LogStep | undefined, lines: readonly Evidence[]): readonly Evidence[] {
  return step === undefined || step.traces.length === 0 ? shownCommands(lines) : step.traces;
}

/** A script ended with an exit code. */
function scriptEnd(of: Story, ending: Ending, step: LogStep | undefined): Diagnosis {
  const { exitCode } = ending;
  const { command, error } = reasonOf(step, exitCode);
  const shown = of.branch === undefined ? command : commandOfBranch(of, step, command);
  const lost = exitCode !== undefined && exitCode < 0 ? lostIn(step) : undefined;
  if (lost !== undefined) return lostAgent(of, ending, step, shown, lost);
  const memory = of.log.notices.find(
    ({ kind, text, offset }) =>
      kind === 'memory' && OUT_OF_MEMORY.test(text) && offset >= (step?.output.offset ?? 0),
  );
  const kind = kindOfScript(exitCode, error?.evidence.text, memory);
  return {
    kind,
    stage: of.stage,
    step: ending.step ?? (step?.name || of.recorded?.name),
    command: shown?.text ?? commandOf(of.recorded),
    exitCode,
    message:
      (kind === 'out-of-memory' ? memory && withoutGuest(memory.text) : undefined) ??
      error?.message,
    evidence: ordered([
      shown?.at,
      error?.evidence,
      kind === 'out-of-memory' ? memory : undefined,
      ending.at,
    ]),
  };
}

/** Which of the commands that several branches showed is this one's: told by the record, its name, or its being the only one. */
function commandOfBranch(
  { branch, recorded }: Story,
  step: LogStep | undefined,
  guess: ShownCommand | undefined,
): ShownCommand | undefined {
  if (step === undefined || branch === undefined) return guess;
  const shown = shownIn(step, linesOf(step.output));
  const script = recorded?.script;
  const name = branchOf(branch);
  const its = shown.filter(({ text }) =>
    script === undefined ? text.includes(name) : script.includes(text.replace(/^\++ /, '')),
  );
  return its.length > 0 ? failedCommand(its) : shown.length > 1 ? undefined : guess;
}

/** The wrapper of a script is watched; that it is gone is said at the end. */
function lostIn(step: LogStep | undefined): Evidence | undefined {
  const lines = step === undefined ? [] : linesOf(step.output).slice(-8);
  return lines.find(({ text }) => troubleIn(text) === 'agent-lost');
}

function lostAgent(
  { stage }: Story,
  ending: Ending,
  step: LogStep | undefined,
  shown: ShownCommand | undefined,
  lost: Evidence,
): Diagnosis {
  return {
    ...{ kind: 'agent-lost', stage, step: step?.name, command: shown?.text },
    ...{ exitCode: ending.exitCode, message: lost.text },
    evidence: ordered([shown?.at, lost, ending.at]),
  };
}

/** Words that only a want of memory explains. */
const OUT_OF_MEMORY =
  /ut of memory: Kill(?:ed)? process|oom[-_]kill|OOMKilled|OutOfMemoryError|heap out of memory|bad_alloc|Cannot allocate memory|virtual memory exhausted|^MemoryError\b/i;
/** Words for a process that somebody ended who does not say why. */
const KILLED =
  /signal: killed|Killed signal terminated|(?:^|\s)Killed(?:\s|$)|(?:code|status):? 137\b/;

function kindOfScript(
  exitCode: number | undefined,
  error: string | undefined,
  memory: Notice | undefined,
): FailureKind {
  const killed = exitCode === 137 || (error !== undefined && KILLED.test(error));
  if (error !== undefined && OUT_OF_MEMORY.test(error)) return 'out-of-memory';
  if (killed) return memory === undefined ? 'killed' : 'out-of-memory';
  return (error === undefined ? undefined : troubleIn(error)) ?? 'command';
}

/** The first line of a recorded script that does something. */
function commandOf(recorded: RecordedStep | undefined): string | undefined {
  const lines = (recorded?.script ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !/^set [-+]/.test(line));
  return lines.length > 1 ? `${lines[0] ?? ''} …` : lines[0];
}

/** Something else than a script's exit code ended it. */
function otherEnd(of: Story, ending: Ending, leaf: LogStep | undefined): Diagnosis {
  const lines = leaf === undefined ? [] : linesOf(leaf.output);
  const isCheckout = leaf !== undefined && CHECKOUTS.has(leaf.name) && !ending.thrown;
  const kind =
    isCheckout &&
    (ending.kind === 'pipeline' || ending.kind === 'configuration') &&
    !/credentials/i.test(ending.message)
      ? 'checkout'
      : ending.kind;
  const isBelow = kind === 'agent-lost' || kind === 'no-space';
  const script = leaf !== undefined && (SCRIPTS.has(leaf.name) || leaf.name === 'echo');
  // An error after a script that ended well is that of the code around it.
  const isItsDoing = isBelow || !(script || ending.thrown);
  const said = isBelow
    ? lines.find(({ text }) => troubleIn(text) === kind)
    : kind === 'checkout'
      ? gitSaid([...lines, ...of.after])
      : undefined;
  const command = script && isBelow ? failedCommand(shownIn(leaf, lines)) : undefined;
  return {
    kind,
    stage: of.stage,
    step: leaf === undefined ? of.recorded?.name : isItsDoing ? leaf.name : undefined,
    command: command?.text,
    exitCode: ending.exitCode,
    message: said === undefined ? ending.message : said.text.replace(/^(?:stderr|ERROR): /, ''),
    evidence: ordered([command?.at, said, ending.at]),
  };
}

/** Git's own word, which says more than what Jenkins says of it. */
function gitSaid(lines: readonly Evidence[]): Evidence | undefined {
  return (
    lines.find(({ text }) =>
      /^(?:stderr: )?(?:fatal|error|ERROR): (?!Error (?:fetching|cloning)|Maximum)/.test(text),
    ) ??
    lines.find(({ text }) =>
      /^(?:stderr: )?.*(?:Permission denied|Could not resolve host|timed out)/.test(text),
    )
  );
}

/** An error that the pipeline went on after, unless it tried again; it made the result nevertheless. */
function caught(of: Story): Diagnosis | undefined {
  const { notices } = of.log;
  const first = notices.find(
    (notice, at) =>
      notice.kind === 'error' &&
      !notice.after &&
      (of.stage === undefined ||
        samePath(notice.stage, of.stage) ||
        notice.stage.at(-1) === of.stage.at(-1)) &&
      !notices.some(
        (next, later) => later > at && next.kind === 'retry' && next.step === notice.step,
      ),
  );
  if (first === undefined) return undefined;
  const group = notices.filter(({ kind, step }) => kind === 'error' && step === first.step);
  const code = group.find(
    ({ text }) => endingOf([{ line: 0, offset: 0, text }])?.kind === 'command',
  );
  const ending = endingOf([code ?? first]);
  if (ending === undefined) return undefined;
  return ending.kind === 'command'
    ? scriptEnd(of, ending, first.step)
    : otherEnd(of, ending, first.step);
}

/** Nothing threw: a step marked the run, or tests failed. */
function marked(of: Story): Diagnosis | undefined {
  const { steps, stage, tests } = of;
  const unstable = steps.find(({ name }) => name === 'unstable');
  const warning =
    unstable && linesOf(unstable.output).find(({ text }) => text.startsWith('WARNING: '));
  if (unstable !== undefined && warning !== undefined) {
    return {
      ...{ kind: 'pipeline', stage, step: unstable.name, command: undefined, exitCode: undefined },
      message: warning.text.slice('WARNING: '.length),
      evidence: [warning],
    };
  }
  const [test] = tests;
  if (test === undefined) return undefined;
  const recorder = steps.find(({ name }) => /^(?:junit|xunit|nunit|testng)/i.test(name));
  const reasons = steps
    .filter(({ name }) => SCRIPTS.has(name))
    .map((step) => ({ step, ...reasonOf(step, undefined) }));
  const found = reasons.find(({ error }) => error?.grade === 'test');
  const details = test.details?.split('\n').find((line) => line.trim() !== '');
  return {
    kind: 'tests',
    stage,
    step: found?.step.name ?? recorder?.name,
    command: found?.command?.text,
    exitCode: undefined,
    message:
      found?.error?.message ??
      (details === undefined ? test.name : `${test.name}: ${details.trim()}`),
    evidence: ordered([found?.command?.at, found?.error?.evidence]),
  };
}

/** The record does not say what it was; what a script said may. */
function unclear({ steps, stage, recorded }: Story): Diagnosis {
  const reasons = steps
    .filter(({ name }) => SCRIPTS.has(name))
    .map((step) => ({ step, ...reasonOf(step, undefined) }));
  const found = reasons.find(({ error }) => isCertain(error));
  return {
    kind: 'unknown',
    stage,
    step: found?.step.name ?? recorded?.name,
    command: found?.command?.text ?? commandOf(recorded),
    exitCode: undefined,
    message: found?.error?.message,
    evidence: ordered([found?.command?.at, found?.error?.evidence]),
  };
}

function endOf({ output }: LogStep): number {
  return output.offset + output.bytes.length;
}

/** In the order of the log, each once, without the fields of others. */
function ordered(evidence: readonly (Evidence | undefined)[]): Evidence[] {
  const known = new Map(
    evidence.flatMap((one) =>
      one === undefined
        ? []
        : [[one.offset, { line: one.line, offset: one.offset, text: one.text }] as const],
    ),
  );
  return [...known.values()].sort((a, b) => a.offset - b.offset).slice(0, MOST_EVIDENCE);
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}
