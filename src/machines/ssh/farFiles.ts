import { UserError } from '../../base/errors';
import { printable } from '../../base/json';
import { antMatcher, type AntPatterns } from '../antFiles';
import type { FileStat, FoundFile, MachineFiles } from '../machine';
import { shellLine } from '../quote';
import { checkRemoval, removalScript, REMOVAL_CODES } from '../removal';
import { shellSystemError } from '../shellSystemError';
import type { Link } from './link';

/** The most bytes that the names of the files in a folder may take. */
const MOST_NAMES = 256 << 20;

/** Files on a far machine, by a small script for each thing that is asked. */
export function farFiles(link: Link): MachineFiles {
  const ask = async (script: string, signal: AbortSignal, input: Buffer[] = []): Promise<Buffer> =>
    (await call(link, script, { signal, input, most: MOST_NAMES })).output;

  return {
    read: async (path, most, signal) => {
      const script = `f=${word(path)}\n[ ! -d "$f" ] || { echo "Is a directory" >&2; exit 1; }\n${REGULAR}\nhead -c ${most + 1} < "$f"`;
      const accept = [NOT_REGULAR];
      const { code, output } = await call(link, script, { signal, most: most + 1, accept });
      refuseIrregular(path, code);
      if (output.length > most) throw new UserError(`${path} is longer than ${most} bytes.`);
      return output;
    },
    write: async (path, content, { mode, exclusive = false }, signal) => {
      const bytes = Buffer.from(content);
      const script = [
        `f=${word(path)} size=${bytes.length} mode=${mode?.toString(8) ?? ''} exclusive=${exclusive ? 1 : 0}`,
        WRITE,
      ].join('\n');
      const accept = [NOT_REGULAR];
      const { code } = await call(link, script, { signal, input: [bytes], most: 0, accept });
      refuseIrregular(path, code);
    },
    stat: async (path, signal) => {
      const script = `f=${word(path)}\n${STAT}`;
      return statOf((await ask(script, signal)).toString());
    },
    makeFolder: async (path, mode, signal) => {
      // Those above it get the same mode, as from Node.
      const umask = (~mode & 0o777).toString(8);
      await ask(`f=${word(path)}\n[ -d "$f" ] || { umask ${umask}; mkdir -p -- "$f"; }`, signal);
    },
    remove: async (path, signal, options = {}) => {
      const script = removalScript(path, options, word);
      const limits = { signal, most: MOST_NAMES, accept: REMOVAL_CODES };
      const { code, output, words } = await call(link, script, limits);
      checkRemoval(path, { code, stdout: output.toString(), stderr: words });
    },
    list: async (path, signal) => {
      const script = `f=${word(path)}\n[ -d "$f" ] || exit 0\ncd -- "$f" && find . ! -name . -prune -print0`;
      return names(await ask(script, signal))
        .map((name) => name.slice(2))
        .sort();
    },
    find: (directory, patterns, signal) => findFiles(link, directory, patterns, signal),
    copy: async (from, to, paths, signal) => {
      if (paths.length === 0) return;
      for (const path of paths) checkRelative(path);
      const script = `from=${word(from)} to=${word(to)}\n${COPY}`;
      const { code, words } = await call(link, script, {
        signal,
        input: [Buffer.from(paths.map((path) => `${path}\0`).join(''))],
        most: 0,
        accept: [LEADS_OUT],
      });
      if (code === LEADS_OUT)
        throw new UserError(
          `${printable(words.split('\n', 1)[0] ?? '', 500)} Nothing is written there.`,
        );
    },
    touch: async (path, time, signal) => {
      const seconds = (time / 1000).toFixed(3);
      const script = `f=${word(path)}\n${NO_PIPE}\n: >> "$f" || exit\ntouch -d @${seconds} -- "$f" 2>/dev/null || touch -d @${Math.round(time / 1000)} -- "$f"`;
      const { code } = await call(link, script, { signal, most: 0, accept: [NOT_REGULAR] });
      refuseIrregular(path, code);
    },
  };
}

/** A name that leads nowhere but below. */
export function isRelative(path: string): boolean {
  return (
    path !== '' &&
    !path.includes('\0') &&
    !path.includes('\uFFFD') &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

function checkRelative(path: string): void {
  if (!isRelative(path)) throw new UserError(`This leads out of its folder: ${printable(path)}`);
}

export async function findFiles(
  link: Link,
  directory: string,
  patterns: AntPatterns,
  signal: AbortSignal,
): Promise<FoundFile[]> {
  const matcher = antMatcher(patterns);
  const { output } = await call(link, `dir=${word(directory)}\n${FIND}`, {
    signal,
    most: MOST_NAMES,
  });
  return names(output)
    .flatMap((entry): FoundFile[] => {
      const [, size, seconds, path = ''] = /^(\d+) (-?[\d.]+) \.\/(.+)$/s.exec(entry) ?? [];
      if (!matcher(path)) return [];
      return [{ path, size: Number(size), changedAt: Math.round(Number(seconds) * 1000) }];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Called {
  readonly code: number;
  readonly output: Buffer;
  readonly words: string;
}

interface CallOptions {
  readonly signal: AbortSignal;
  readonly input?: readonly Buffer[];
  /** The most bytes that it may give. */
  readonly most: number;
  /** Exit codes that are values; 0 is one. */
  readonly accept?: readonly number[];
  /** Called when something of it has come. */
  readonly onBegun?: () => void;
}

/** Of what takes a moment. */
const MOST_ATTEMPTS = 20;

/** Rejects with an error that has the system's code where the script fails with the system's words. */
export async function call(link: Link, script: string, options: CallOptions): Promise<Called> {
  let output: Buffer[] = [];
  let words = '';
  const code = await link.run((attempt) => {
    if (attempt > MOST_ATTEMPTS)
      throw new UserError(
        `The connection to ${link.name} is lost each time it is asked something.`,
      );
    output = [];
    words = '';
    let room = options.most;
    return {
      script: `attempt=${attempt}\n${script}`,
      input: () => options.input ?? [],
      onOutput: (chunk) => {
        options.onBegun?.();
        room -= chunk.length;
        if (room < 0) throw new UserError(`${link.name} gives more than was asked for.`);
        output.push(chunk);
      },
      onWords: (chunk) => {
        if (words.length < 16_384) words += chunk.toString();
      },
    };
  }, options.signal);
  words = words.trim();
  if (code !== 0 && options.accept?.includes(code) !== true)
    throw shellSystemError({ code, stderr: words }, link.name);
  return { code, output: Buffer.concat(output), words };
}

function names(output: Buffer): string[] {
  const all = output.toString().split('\0');
  all.pop();
  return all;
}

function statOf(text: string): FileStat | undefined {
  const [, mode, size, seconds] = /^([0-9a-f]+) (\d+) ([\d.]+)/.exec(text) ?? [];
  if (mode === undefined) return undefined;
  const type = parseInt(mode, 16) & 0o170000;
  return {
    kind: type === 0o100000 ? 'file' : type === 0o040000 ? 'folder' : 'other',
    size: Number(size),
    changedAt: Math.round(Number(seconds) * 1000),
  };
}

export function word(text: string): string {
  if (text.includes('\0')) throw new UserError(`No file has such a name: ${printable(text)}`);
  return shellLine([text]);
}

const NOT_REGULAR = 78;

/** What is no regular file may wait or go on for ever. */
const REGULAR = `[ ! -e "$f" ] || [ -f "$f" ] || exit ${NOT_REGULAR}`;
const NO_PIPE = `[ ! -p "$f" ] || exit ${NOT_REGULAR}`;

function refuseIrregular(path: string, code: number): void {
  if (code === NOT_REGULAR) throw new UserError(`${printable(path, 500)} is not a regular file.`);
}

/** Whole or not at all: what comes is counted before it gets its name, or its place in what is there. */
const WRITE = `
umask=$(umask)
umask 077
while [ -L "$f" ]; do
  l=$(readlink -- "$f") || exit
  case $l in /*) f=$l ;; *) f=\${f%/*}/$l ;; esac
done
[ ! -d "$f" ] || { echo "Is a directory" >&2; exit 1; }
${NO_PIPE}
t=$f.$nonce
trap 'rm -f -- "$t"' EXIT
cat > "$t" || exit 1
[ "$(wc -c < "$t")" -eq "$size" ] || { echo 'cut short' >&2; exit 75; }
if [ "$exclusive" = 1 ]; then
  if [ -n "$mode" ]; then chmod "$mode" "$t"; else chmod "$(printf '%o' $((0666 & ~0$umask)))" "$t"; fi || exit
  ln -- "$t" "$f" && exit 0
  # The answer to the first attempt may have been lost.
  [ "$attempt" -gt 0 ] && cmp -s -- "$t" "$f" && exit 0
  exit 1
fi
if [ -e "$f" ]; then
  cat -- "$t" > "$f" || exit 1
  [ -z "$mode" ] || chmod "$mode" "$f" || exit 1
else
  if [ -n "$mode" ]; then chmod "$mode" "$t"; else chmod "$(printf '%o' $((0666 & ~0$umask)))" "$t"; fi || exit
  mv -f -- "$t" "$f"
fi
`;

const STAT = `
[ -e "$f" ] || [ -L "$f" ] || {
  # Not to be seen is something else than not to be there.
  stat -- "$f" 2>&1 > /dev/null | grep -qi 'permission denied' && { echo 'Permission denied' >&2; exit 1; }
  exit 0
}
[ -e "$f" ] || exit 0
stat -L -c '%f %s %.3Y' -- "$f" 2>/dev/null | grep '^[0-9a-f]* [0-9]* [0-9][0-9.]*$' || stat -L -c '%f %s %Y' -- "$f"
`;

const FIND = `
[ -e "$dir" ] || exit 0
cd -- "$dir" || exit 1
if find . -prune -printf '' 2>/dev/null; then
  # Of a link to something, that; what may not be looked into has nothing.
  find . ! -type d ! -type l -printf '%s %T@ %p\\0' 2>/dev/null
  find . -type l -print0 2>/dev/null | xargs -0 sh -c '
    for f do printf "%s %s\\0" "$(stat -L -c "%s %Y" -- "$f" 2>/dev/null || echo 0 0)" "$f"; done' sh
else
  find . ! -type d -print0 2>/dev/null | xargs -0 sh -c '
    for f do printf "%s %s\\0" "$(stat -L -c "%s %Y" -- "$f" 2>/dev/null || echo 0 0)" "$f"; done' sh
fi
exit 0
`;

const LEADS_OUT = 77;

const COPY = `
mkdir -p -- "$to" || exit 1
root=$(cd -P -- "$to" && pwd -P) || exit 1
export root from to
xargs -0 sh -c '
for f do
  t=$to/$f
  up=\${t%/*}
  while [ ! -e "$up" ] && [ ! -L "$up" ]; do up=\${up%/*}; done
  real=$(cd -P -- "$up" && pwd -P) || { echo "$up leads nowhere." >&2; exit 255; }
  case $real/ in "\${root%/}"/*) ;; *) echo "$up leads out of $root." >&2; exit 255 ;; esac
  mkdir -p -- "\${t%/*}" && rm -f -- "$t" || exit 1
  if [ -L "$from/$f" ]; then ln -s -- "$(readlink -- "$from/$f")" "$t"
  elif [ -f "$from/$f" ]; then cp -p -- "$from/$f" "$t" && touch -c -- "$t"
  else [ -e "$from/$f" ] || { echo "$from/$f: No such file or directory" >&2; false; }
  fi || exit 1
done' sh
case $? in 0) exit 0 ;; 124) exit 77 ;; *) exit 1 ;; esac
`;
