import { endOfLine, linesWith, plainText, wholeLines, type Line } from './lines';
import type { Result, Stage, StageState } from './run';

/** The last command of a step that runs a script, with the end of what the step printed. */
export interface Command {
  /** As `sh -x` shows it; undefined where the script switched that off. */
  readonly text: string | undefined;
  /** Names of the stages around it, from the outermost. */
  readonly stage: readonly string[];
  /** The last lines of output, at most 20. */
  readonly output: readonly string[];
}

/** What the console log of a Pipeline run tells by its own markers. */
export interface ConsoleFindings {
  readonly stages: readonly LogStage[];
  /** Of each stage that ran commands the last one, in the order of the log. */
  readonly commands: readonly Command[];
  /** The messages of the lines that begin with `ERROR: `, the last 10. */
  readonly errors: readonly string[];
  readonly branchesFailed: ReadonlySet<string>;
}

export interface LogStage {
  readonly name: string;
  readonly path: readonly string[];
  readonly children: LogStage[];
  skipped: boolean;
  closed: boolean;
  /** It recorded tests or was marked unstable by a step. */
  unstable: boolean;
}

export interface ConsoleScanner {
  push(chunk: Buffer): void;
  end(): ConsoleFindings;
}

/** Somebody who reads along, and looks at some lines that the console log's own reader does not. */
export interface Companion {
  readonly needles: readonly string[];
  /** A block of whole lines, of which the first byte lies at `offset` of the log. */
  begin(block: Buffer, offset: number): void;
  /**
   * A line of that block with a needle of either of us, in order; `text` is plain. `stage` is where
   * it was written, `after` the stage's own steps where Declarative says so.
   */
  line(text: string, line: Line, stage: readonly string[], after: boolean): void;
  /** All lines of the block were told. */
  end(): void;
}

/** An open `{` of the log: a stage, a parallel branch, or any other block. */
interface Block {
  readonly stage: LogStage | undefined;
  readonly branch: string | undefined;
  /** Whether a stage was entered in it. */
  entered: boolean;
}

const NEEDLES = ['[Pipeline] ', 'Stage "', '+ ', 'ERROR: ', 'Failed in branch ', 'Post stage'];
const SCRIPT_STEPS: ReadonlySet<string> = new Set(['sh', 'bat', 'powershell', 'pwsh']);
const MOST_STAGES = 2000;
const NOWHERE: readonly string[] = [];
const TAIL = 8 * 1024;
const TAIL_LINES = 20;
const LOG_BOUND = 256 * 1024 * 1024;

/**
 * Reads stages and commands off a console log. Blocks of parallel branches are interleaved there
 * without a name, so that their nesting is what is most likely: a stage of a branch's own name
 * belongs to that branch, any other to the branch that was entered last.
 */
export function createConsoleScanner(companion?: Companion): ConsoleScanner {
  const needles = [...NEEDLES, ...(companion?.needles ?? [])];
  const roots: LogStage[] = [];
  const open: Block[] = [];
  const commands = new Map<string, Command>();
  const errors: string[] = [];
  const branchesFailed = new Set<string>();
  let stageCount = 0;
  // How many blocks were open when the last `parallel` began.
  let parallelAt = 0;
  let command: { text: string | undefined } | undefined;
  let inPost = false;
  // What the block before this one ended with, since a command's output may begin there.
  let before: Buffer = Buffer.alloc(0);
  let outputFrom = 0;

  function current(): LogStage | undefined {
    return open.findLast((block) => block.stage !== undefined)?.stage;
  }

  function enter(name: string): void {
    const branch = /^Branch: (.*)$/.exec(name)?.[1];
    const around = blockAround(name, branch !== undefined);
    const parent = around?.stage;
    if (around !== undefined) around.entered = true;
    if (parent !== undefined && around?.branch === name) {
      // Declarative wraps a parallel stage in a branch of the same name: they are one.
      open.push({ stage: parent, branch: undefined, entered: false });
      return;
    }
    const stage: LogStage = {
      name: branch ?? name,
      path: [...(parent?.path ?? []), branch ?? name],
      children: [],
      skipped: false,
      closed: false,
      unstable: false,
    };
    if (stageCount++ >= MOST_STAGES) return;
    (parent?.children ?? roots).push(stage);
    open.push({ stage, branch, entered: false });
  }

  /** Branches are all entered before any of them runs, so none of them lies in another. */
  function blockAround(name: string, isBranch: boolean): Block | undefined {
    const blocks = isBranch ? open.slice(0, parallelAt) : open;
    const ofName = isBranch ? undefined : blocks.findLast(({ branch }) => branch === name);
    return ofName ?? blocks.findLast(({ stage }) => stage !== undefined);
  }

  /** Of several branches that could be left now, it is one in which a stage has begun and ended. */
  function leave(): void {
    const first = open.findLastIndex(({ branch }) => branch === undefined) + 1;
    const done = open.findLastIndex(({ entered }, at) => at >= first && entered);
    const [block] = open.splice(done < 0 ? -1 : done, 1);
    if (block?.stage === undefined) return;
    inPost = false;
    if (!open.some(({ stage }) => stage === block.stage)) block.stage.closed = true;
  }

  function endCommand(block: Buffer, at: number): void {
    if (command === undefined) return;
    const stage = current()?.path ?? [];
    const from = Math.max(outputFrom, at - TAIL, -before.length);
    const bytes =
      from < 0
        ? Buffer.concat([before.subarray(from), block.subarray(0, at)])
        : block.subarray(from, at);
    const key = stage.join('\n');
    // Deleted first, so that the order stays that of the log.
    commands.delete(key);
    commands.set(key, { text: command.text, stage, output: tailOf(bytes) });
    command = undefined;
  }

  function marker(text: string): void {
    const name = /^\{ \((.*)\)$/.exec(text)?.[1];
    if (name !== undefined) {
      inPost = false;
      enter(name);
    } else if (text === '{') {
      if (open.length < MOST_STAGES)
        open.push({ stage: undefined, branch: undefined, entered: false });
    } else if (text === '}') leave();
    else if (text === 'parallel') parallelAt = open.length;
    else if (text === 'junit' || text === 'unstable') {
      const stage = current();
      if (stage !== undefined) stage.unstable = true;
    }
  }

  const lines = wholeLines((block, offset) => {
    companion?.begin(block, offset);
    for (const line of linesWith(block, needles)) {
      const text = plainText(block, line);
      companion?.line(text, line, current()?.path ?? NOWHERE, inPost);
      if (text.startsWith('[Pipeline] ')) {
        endCommand(block, line.start);
        const step = text.slice('[Pipeline] '.length);
        marker(step);
        if (SCRIPT_STEPS.has(step) && !inPost) {
          command = { text: undefined };
          outputFrom = line.end + 1;
        }
      } else if (text.startsWith('+ ')) {
        // What a stage runs after its own steps does not explain why they failed.
        if (inPost) continue;
        command = { text: text.slice(2) };
        outputFrom = line.end + 1;
      } else if (text === 'Post stage') inPost = true;
      else if (text.startsWith('ERROR: ')) {
        errors.push(text);
        if (errors.length > 10) errors.shift();
      } else if (text.startsWith('Failed in branch ')) {
        if (branchesFailed.size < MOST_STAGES)
          branchesFailed.add(text.slice('Failed in branch '.length));
      } else if (/^Stage ".*" skipped due to /.test(text)) {
        const stage = current();
        if (stage !== undefined) stage.skipped = true;
      }
    }
    companion?.end();
    outputFrom = Math.max(outputFrom - block.length, -TAIL);
    before = Buffer.concat([before, block.subarray(-TAIL)]).subarray(-TAIL);
  });

  return {
    push: (chunk) => lines.push(chunk),
    end() {
      lines.end();
      endCommand(Buffer.alloc(0), 0);
      return { stages: roots, commands: [...commands.values()], errors, branchesFailed };
    },
  };
}

/** What the markers of a whole log tell, as far as its first 256 MB go. */
export async function readFindings(log: AsyncIterable<Buffer>): Promise<ConsoleFindings> {
  const scanner = createConsoleScanner();
  let size = 0;
  for await (const bytes of log) {
    scanner.push(bytes.subarray(0, LOG_BOUND - size));
    size += bytes.length;
    if (size >= LOG_BOUND) break;
  }
  return scanner.end();
}

/** The stages of a log as the other sources would tell them, but for times, which it has not. */
export function stagesOfLog(
  findings: ConsoleFindings,
  run: { building: boolean; result: Result | undefined },
): Stage[] {
  const blamed = blame(findings, run.result);
  let count = 0;
  function convert(stage: LogStage, skipped: boolean): Stage {
    const own = skipped || stage.skipped;
    const id = `log-${++count}`;
    const children = stage.children.map((child) => convert(child, own));
    return {
      id,
      name: stage.name,
      path: stage.path,
      state: stateOf(stage, own),
      startedAt: undefined,
      duration: undefined,
      children,
    };
  }
  function stateOf(stage: LogStage, skipped: boolean): StageState {
    if (skipped) return 'skipped';
    if (run.building && !stage.closed) return 'running';
    return blamed.get(stage) ?? 'passed';
  }
  return findings.stages.map((stage) => convert(stage, false));
}

/**
 * Which stages made the run's result. An error closes all blocks up to the one that is skipped or
 * the end, so that the last stage that ran, before the actions after it, is the one.
 */
function blame(findings: ConsoleFindings, result: Result | undefined): Map<LogStage, StageState> {
  const blamed = new Map<LogStage, StageState>();
  if (result === 'UNSTABLE') {
    walk(findings.stages, (stage, above) => {
      if (stage.unstable) for (const each of [...above, stage]) blamed.set(each, 'unstable');
    });
  }
  if (result !== 'FAILURE' && result !== 'ABORTED') return blamed;
  const state = result === 'FAILURE' ? 'failed' : 'aborted';
  function last(stages: readonly LogStage[]): void {
    const ran = stages.filter((stage) => !stage.skipped && !isSynthetic(stage.name));
    const failed = ran.filter((stage) => findings.branchesFailed.has(stage.name));
    for (const stage of failed.length > 0 ? failed : ran.slice(-1)) {
      blamed.set(stage, state);
      last(stage.children);
    }
    // Nothing of the Jenkinsfile's own ran: its checkout failed.
    const first = stages[0];
    if (ran.length === 0 && first !== undefined && stages === findings.stages && !first.skipped) {
      blamed.set(first, state);
    }
  }
  last(findings.stages);
  return blamed;
}

/** Stages that Declarative adds of its own accord. */
export function isSynthetic(name: string): boolean {
  return name.startsWith('Declarative: ');
}

function walk(
  stages: readonly LogStage[],
  visit: (stage: LogStage, above: readonly LogStage[]) => void,
  above: readonly LogStage[] = [],
): void {
  for (const stage of stages) {
    visit(stage, above);
    walk(stage.children, visit, [...above, stage]);
  }
}

function tailOf(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = endOfLine(bytes, start);
    lines.push(plainText(bytes, { start, end }));
    start = end + 1;
  }
  return lines.filter((line) => line.trim() !== '').slice(-TAIL_LINES);
}
