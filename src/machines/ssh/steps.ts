import { constants } from 'node:os';
import { UserError } from '../../base/errors';
import { printable } from '../../base/json';
import { shellLine } from '../quote';
import type { FarCall } from './farShell';
import type { Link } from './link';

/**
 * What is to be run on the far machine so that it outlives the connection: it has a folder there
 * with a small supervisor, its output and its exit code. Whatever is asked may be asked again.
 */
export interface Step {
  /** Unique; it names the step's folder. */
  readonly id: string;
  readonly command: readonly string[];
  /** Absolute; the home folder unless told. */
  readonly directory: string | undefined;
  /** The whole environment; what a login gives unless told. */
  readonly environment: Readonly<Record<string, string>> | undefined;
  /** Files that are laid into the step's folder before. */
  readonly files: Readonly<Record<string, Buffer | string>>;
  /** Which of those is its standard input, if any. */
  readonly input?: string;
  /** Standard output goes into the file `stdout` of the step's folder, apart from standard error. */
  readonly apart: boolean;
}

/** How a step ended. */
export type StepEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly signal: string | undefined }
  /** It was told to end before it had begun. */
  | { readonly kind: 'unstarted' }
  | { readonly kind: 'no folder' }
  | { readonly kind: 'restarted' | 'vanished' | 'unsupervised' | 'full' };

/** Where the steps' folders are on a machine. */
export interface StepPlace {
  readonly link: Link;
  /** Absolute. */
  readonly place: string;
}

export function stepFolder({ place }: StepPlace, id: string): string {
  return `${place}/${id}`;
}

/**
 * Starts a step, unless it has been started, and follows it to its end. The output is handed on from
 * the byte that was handed on last, whatever happens to connections. With `whole` there is no
 * following: at the end standard output and what else there is are given at once, 16 MiB of each.
 */
export async function followStep(
  where: StepPlace,
  step: Step,
  onOutput: FarCall['onOutput'],
  signal: AbortSignal,
  whole?: (stdout: Buffer, words: Buffer) => void,
): Promise<StepEnd> {
  const files = filesOf(where, step);
  const sizes = files.map(([, content]) => content.length);
  let at = 0;
  /** The machine's start during which the step began, as far as is known. */
  let boot = '';
  for (;;) {
    let control: Buffer[] = [];
    let gathered: Buffer[] = [];
    let room = 0;
    /** What is longer does not come from the script. */
    const bound = (chunk: Buffer): void => {
      room -= chunk.length;
      if (room < 0) throw new UserError(`${where.link.name} gives more than was asked for.`);
    };
    const code = await where.link.run(() => {
      control = [];
      gathered = [];
      room = whole ? 2 * MOST_WHOLE + MOST_WORDS : MOST_WORDS;
      const values = [
        `place=${word(where.place)} id=${word(step.id)} at=${at} boot=${word(boot)}`,
        `directory=${word(step.directory ?? '')} size=${sum(sizes)} whole=${whole ? 1 : 0}`,
      ];
      let offset = 1;
      const lay = files.map(([name, content]) => {
        const part = `tail -c +${offset} "$in" | head -c ${content.length} > "$d"/${word(name)}`;
        offset += content.length;
        return `  ${part} || fail`;
      });
      return {
        script: [...values, FOLLOW, START.replace('#FILES#', () => lay.join('\n'))].join('\n'),
        input: () => files.map(([, content]) => content),
        onOutput: whole
          ? (chunk) => {
              bound(chunk);
              gathered.push(chunk);
            }
          : async (chunk) => {
              at += chunk.length;
              await onOutput(chunk);
            },
        onWords: (chunk) => {
          bound(chunk);
          control.push(chunk);
          boot ||= /^step: began (\S+)$/m.exec(chunk.toString('latin1'))?.[1] ?? '';
        },
      };
    }, signal);
    const words = Buffer.concat(control);
    const end = endOf(words);
    if (end) {
      const mark = words.indexOf(WORDS);
      whole?.(
        Buffer.concat(gathered),
        words.subarray(mark < 0 ? words.length : mark + WORDS.length),
      );
      return end;
    }
    // Another connection of ours followed it meanwhile: this one was thought to be lost.
    if (code === FOLLOWED_ELSEWHERE) continue;
    const said = words.toString();
    if (code === FULL || /no space left|quota exceeded/i.test(said))
      throw new UserError(`The disk of ${where.link.name} is full: the step could not be started.`);
    throw new UserError(
      `The step could not be started on ${where.link.name}: ${printable(said, 300)}`,
    );
  }
}

/** Sends a signal to all that the step has started in its process group; a step that has not begun never will. */
export async function signalStep(
  { link, place }: StepPlace,
  id: string,
  name: NodeJS.Signals,
  signal: AbortSignal,
): Promise<void> {
  const script = [`d=${word(`${place}/${id}`)} name=${name.replace(/^SIG/, '')}`, SIGNAL].join(
    '\n',
  );
  await link.run(() => ({ script, onOutput: ignore, onWords: ignore }), signal);
}

export async function removeSteps(
  { link, place }: StepPlace,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const script = `cd ${word(place)} && rm -rf -- ${ids.map(word).join(' ')}`;
  await link.run(() => ({ script, onOutput: ignore, onWords: ignore }), signal);
}

/**
 * Part of the script that greets a machine: removes what owners left that died, a day after its
 * last change, unless it still runs.
 */
export const SWEEP = `
[ ! -d "$place" ] || (cd -- "$place" && find . ! -name . -prune -type d -mtime +0) | while IFS= read -r d; do
  d=$place/$d
  s=; [ -e "$d/running" ] && read -r s < "$d/supervisor" 2>/dev/null
  [ -n "$s" ] && kill -0 "$s" 2>/dev/null && continue
  rm -rf -- "$d"
done
`;

/** Bytes of each stream of a step that is not followed; and of what the scripts say of themselves. */
const MOST_WHOLE = 16 << 20;
const MOST_WORDS = 1 << 20;

const FULL = 71;
const FOLLOWED_ELSEWHERE = 76;

function ignore(): void {
  // Nobody asked for it.
}

function word(text: string): string {
  return shellLine([text]);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** The step's own files, and those that run it. */
function filesOf(where: StepPlace, step: Step): [string, Buffer][] {
  const folder = stepFolder(where, step.id);
  const { environment } = step;
  const exports = Object.entries(environment ?? {}).flatMap(([name, value]) =>
    // A shell gives its children only what it could have itself.
    /^[A-Za-z_]\w*$/.test(name) && !READ_ONLY.has(name) ? [`export ${name}=${word(value)}\n`] : [],
  );
  const start = [
    `d=${word(folder)}`,
    // Not exported: an environment without it stays one.
    ...(environment ? ['PATH=/usr/local/bin:/usr/bin:/bin'] : []),
    'echo $$ > "$d/group"',
    'read -r mask < "$d/mask"; umask "$mask"',
    // What is secret lies on the disk only until it has been read.
    'values=$(cat "$d/environment"); rm -f "$d/environment"',
    `cd -- ${step.directory === undefined ? '"$HOME"' : word(step.directory)} || exit 127`,
    'unset mask d',
    'eval "unset values; $values"',
    `exec ${shellLine(step.command)}`,
  ];
  const input = step.input === undefined ? '/dev/null' : word(`${folder}/${step.input}`);
  const program = `exec setsid ${environment ? 'env -i ' : ''}/bin/sh "$d/start" < ${input}`;
  const supervise = [
    `d=${word(folder)}`,
    'cd /',
    'echo $$ > "$d/supervisor"',
    // In parentheses, since what a shell says of a child that a signal ended is not the step's own output.
    step.apart ? `(${program} >> "$d/stdout" 2>> "$d/out")` : `(${program} >> "$d/out" 2>&1)`,
    // Renaming wants no room on a disk that the step has filled.
    'mv "$d/running" "$d/exited.$?"',
  ];
  const files = {
    ...step.files,
    environment: exports.join(''),
    start: lines(start),
    supervise: lines(supervise),
  };
  return Object.entries(files).map(([name, content]) => [name, Buffer.from(content)]);
}

const READ_ONLY = new Set(['UID', 'EUID', 'PPID', 'BASHOPTS', 'SHELLOPTS', 'BASH_VERSINFO']);

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}

const SAYS = 'step: ';
const WORDS = Buffer.from(`\n${SAYS}words\n`);

function endOf(control: Buffer): StepEnd | undefined {
  const [, kind, code, sent] =
    /^step: (exited|unstarted|no folder|restarted|vanished|unsupervised|full)(?: (\d+) (\w+))?$/m.exec(
      control.toString('latin1'),
    ) ?? [];
  if (kind === undefined) return undefined;
  if (kind !== 'exited') return { kind: kind as 'unstarted' };
  const number = Number(code);
  if (sent === 'no') return { kind, code: number, signal: undefined };
  const [name] =
    Object.entries(constants.signals).find(([, value]) => value === number - 128) ?? [];
  return { kind, code: number, signal: name };
}

/** Follows the step in `$d` from the byte after `$at`. The one that began last is the only one. */
const FOLLOW = `
say() { printf 'step: %s\\n' "$*" >&2; }
fail() { exit 71; }
d=$place/$id
ended() {
  ended=
  for e in "$d"/exited.*; do [ -e "$e" ] && ended=\${e##*.}; done
  [ -n "$ended" ]
}
follow() {
  for e in "$d"/follower.*; do mv "$e" "$d/follower.$nonce" 2>/dev/null; done
  n=0
  [ "$whole" = 1 ] || exec 3< "$d/out" || exit 77
  [ "$at" -eq 0 ] || tail -c "+$((at + 1))" <&3 || exit 77
  while :; do
    [ -e "$d/follower.$nonce" ] || exit 76
    if ! ended; then
      if [ -e "$d/supervisor" ]; then
        s=; read -r s < "$d/supervisor"
        if [ -n "$s" ] && ! kill -0 "$s" 2>/dev/null && ! ended; then say unsupervised; exit 0; fi
      elif [ "$n" -gt 1000 ]; then say unsupervised; exit 0
      fi
    fi
    [ "$whole" = 1 ] || cat <&3 || exit 77
    [ -z "$ended" ] || break
    n=$((n + 1))
    if [ "$n" -lt 50 ]; then sleep 0.02; else sleep 0.1; fi 2>/dev/null || sleep 1
  done
  [ "$ended" != none ] || { say unstarted; exit 0; }
  # A disk without room for this had none for the end of the output.
  head -c 4096 /dev/zero > "$d/probe" 2>/dev/null || { say full; exit 0; }
  sent=no
  if [ "$ended" -gt 128 ]; then
    # A shell says that a signal ended its child, unless it was one that we have sent.
    [ ! -s "$d/words" ] || sent=yes
    [ ! -e "$d/sent.$((ended - 128))" ] || sent=yes
  fi
  say exited "$ended" "$sent"
  if [ "$whole" = 1 ]; then
    say words
    head -c ${MOST_WHOLE} "$d/stdout"
    head -c ${MOST_WHOLE} "$d/out" >&2
  fi
  exit 0
}
`;

const START = `
read -r now < /proc/sys/kernel/random/boot_id
attach() {
  n=0
  # Somebody may be starting it at this moment.
  while [ ! -e "$d/ready" ] && ! ended && [ "$n" -lt 300 ]; do
    n=$((n + 1)); sleep 0.1 2>/dev/null || sleep 1
  done
  if ! ended; then
    then=; [ ! -e "$d/boot" ] || read -r then < "$d/boot"
    [ "$then" = "$now" ] || ended || { say restarted; exit 0; }
  fi
  say began "$now"
  follow
}
[ ! -d "$d/started" ] || attach
if [ -n "$boot" ]; then
  if [ "$boot" = "$now" ]; then say vanished; else say restarted; fi
  exit 0
fi
if [ -n "$directory" ] && [ ! -d "$directory" ]; then say no folder; exit 0; fi
mask=$(umask)
umask 077
mkdir -p -- "$d" || fail
in=$d/in.$nonce
cat > "$in" || fail
# Less than all has come: whoever sent it is gone.
[ "$(wc -c < "$in")" -eq "$size" ] || exit 75
if mkdir "$d/started" 2>/dev/null; then
#FILES#
  rm -f "$in"
  [ ! -e "$d/script" ] || chmod 700 "$d/script" || fail
  echo "$mask" > "$d/mask" || fail
  cat /proc/sys/kernel/random/boot_id > "$d/boot" || fail
  : > "$d/out" && : > "$d/stdout" && : > "$d/running" && : > "$d/follower.0" || fail
  : > "$d/ready" || fail
  umask "$mask"
  # In a shell of its own: where the connection was cut just now it ends by that, and the step begins all the same.
  (say began "$now")
  # A part of a pipeline does not ignore interrupts, as a command in the background would.
  setsid /bin/sh "$d/supervise" < /dev/null 2> "$d/words" > /dev/null | follow
  exit
fi
rm -f "$in"
attach
`;

const SIGNAL = `
if [ ! -d "$d/started" ]; then
  umask 077
  mkdir -p "$d" && mkdir "$d/started" 2>/dev/null && { : > "$d/exited.none"; : > "$d/out"; : > "$d/follower.0"; exit 0; }
fi
for e in "$d"/exited.*; do [ ! -e "$e" ] || [ "$name" = KILL ] || exit 0; done
n=0
while [ ! -s "$d/group" ] && [ -d "$d" ] && [ "$n" -lt 50 ]; do n=$((n + 1)); sleep 0.1 || sleep 1; done
read -r group < "$d/group" || exit 0
: > "$d/sent.$(case $name in INT) echo 2 ;; TERM) echo 15 ;; *) echo 9 ;; esac)"
kill -s "$name" -- "-$group" 2>/dev/null
exit 0
`;
