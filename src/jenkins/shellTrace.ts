import type { Evidence } from './diagnosis';

/** A command as a log shows it. */
export interface ShownCommand {
  readonly text: string;
  readonly at: Evidence;
}

/** What only passes on, or says, that something before it failed. */
const SAYS_SO = /^(?:exit|return|echo|printf|false|true|:|cat)\b/;
/** What fails without a word. */
const SILENT = /^(?:test|\[|\[\[|grep|egrep|diff|cmp|false|exit|return|command)(?: |$)/;
const TRACE = /^\++ /;
/** `C:\ws>call build.bat`, which a batch file echoes before it runs the command. */
const PROMPT = /^[A-Za-z]:\\[^<>|"*?]*>\s*(\S.*)$/;

/** The commands that lines show: those that `sh -x` traces, or a batch file's prompts. */
export function shownCommands(lines: readonly Evidence[]): Evidence[] {
  return lines.filter(({ text }) => TRACE.test(text) || PROMPT.test(text));
}

/**
 * Of the commands that a script showed the one that failed: with `sh -e` the last one, unless that
 * only says that another one did. `undefined` where the script hid it.
 */
export function failedCommand(shown: readonly Evidence[]): ShownCommand | undefined {
  const outer = shown.filter(({ text }) => !text.startsWith('++'));
  const last = outer.at(-1);
  if (last === undefined || /^set \+\w*x/.test(words(last))) return undefined;
  const at = outer.findLast((one) => !SAYS_SO.test(words(one))) ?? last;
  return { text: wholeText(shown, at), at };
}

/** The command that was running when a line was written; undefined where that was none, or a shell went on after it. */
export function commandBefore(
  shown: readonly Evidence[],
  { offset }: Evidence,
): ShownCommand | undefined {
  const at = shown.findLast(
    (one) => one.offset < offset && !one.text.startsWith('++') && !SAYS_SO.test(words(one)),
  );
  const next = shown.find((one) => one.offset > offset);
  if (at === undefined || (next !== undefined && /^(?:true|:)$/.test(words(next))))
    return undefined;
  return { text: wholeText(shown, at), at };
}

/** Whether a command may well have failed without a word. */
export function failsSilently({ at }: ShownCommand): boolean {
  return SILENT.test(words(at));
}

function words({ text }: Evidence): string {
  return PROMPT.exec(text)?.[1] ?? text.replace(TRACE, '');
}

/** With the other end of a pipe into `tee`, and a sign where it goes on in the next line. */
function wholeText(shown: readonly Evidence[], at: Evidence): string {
  const index = shown.indexOf(at);
  const beside = [shown[index - 1], shown[index + 1]].filter(
    (one) => one !== undefined && Math.abs(one.line - at.line) === 1,
  );
  const text = words(at);
  if (/^\w+=/.test(text)) {
    // `x=$(false)`: what was run inside is shown before.
    const inner = shown[index - 1];
    if (inner?.text.startsWith('++') === true) return cut(words(inner));
  }
  const isTee = text.startsWith('tee ');
  const other = beside.find((one) => one !== undefined && words(one).startsWith('tee ') !== isTee);
  if (isTee && other !== undefined) return `${words(other)} | ${text}`;
  const tee = beside.find((one) => one !== undefined && words(one).startsWith('tee '));
  return tee === undefined ? cut(text) : `${text} | ${words(tee)}`;
}

/** A trace with an open quote goes on in the lines below. */
function cut(text: string): string {
  return (text.match(/'/g)?.length ?? 0) % 2 === 1 ? `${text} …` : text;
}
