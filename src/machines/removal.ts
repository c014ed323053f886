import { execa } from 'execa';
import { posix } from 'node:path';
import { childEnvironment } from '../base/childEnvironment';
import { UserError } from '../base/errors';
import { printable } from '../base/json';
import { shellSystemError } from './shellSystemError';

export interface RemoveOptions {
  /** Empties a folder and keeps it. */
  readonly contents?: boolean;
  /**
   * A workspace: with links resolved, what is removed must be this folder, below it, or beside it with
   * its name (`workspace@tmp`, `workspace-2`); else it is refused.
   */
  readonly within?: string;
}

/** What the script below gave on a machine. */
interface Result {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const MOUNTED = 78;
const OUTSIDE = 79;

/**
 * POSIX shell: removes the path `$1`; with `$2` only what is in it; with `$3` only within that folder. It is the
 * only way in which this program removes a folder that a step could write to, on any machine.
 *
 * A bind mount below a folder shows somebody's files, and may lie on the same file system: so mounts are read from
 * the kernel's table (proc_pid_mountinfo(5)) and unmounted first. Where one stays, nothing is removed.
 * Read-only folders, such as those of Go's module cache, are made writable where they are in the way.
 */
const REMOVE = String.raw`
path=$1 contents=$2 within=$3
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

# Sets $real: $1 with the links above its last part resolved. The dot keeps line breaks at the end of a name.
resolve() {
  up=${'${1%/*}'}
  real=$(cd -P -- "${'${up:-/}'}" && pwd -P && echo .) || return
  real=${'${real%??}'}
  real=${'${real%/}'}/${'${1##*/}'}
}
# Sets $plain: a mount point as it is; the kernel writes white space and backslashes in octal.
decode() {
  plain=$1
  case $1 in
    *\\*)
      plain=$(printf '%b.' "$(printf '%s\n' "$1" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')")
      plain=${'${plain%.}'} ;;
  esac
}
mount_points() {
  if [ -r /proc/self/mountinfo ]; then
    while read -r id parent device root point rest; do printf '%s\n' "$point"; done < /proc/self/mountinfo
  else
    mount | sed -n -e 's/\\/\\134/g' -e 's/^.* on \(\/.*\) (.*)$/\1/p'
  fi
}
# Those at or below the target, the last one first.
mounted() {
  mount_points | while IFS= read -r point; do
    decode "$point"
    case $plain in *//deleted) ;; "$target" | "$target"/*) printf '%s\n' "$point" ;; esac
  done | sed '1!G;h;$!d'
}
gone() {
  if [ -n "$contents" ]; then [ -d "$target" ] && all=$(ls -A -- "$target") && [ -z "$all" ]
  else [ ! -e "$target" ] && [ ! -L "$target" ]; fi
}
remove() {
  if [ -z "$contents" ]; then rm -rf $one -- "$target"; return; fi
  cd -P -- "$target" || return
  here=$(pwd -P && echo .)
  [ "${'${here%??}'}" = "$target" ] && find . ! -name . -prune -exec rm -rf $one -- {} +
}

# Where the folder above is missing there is nothing to remove; where it may not be entered, rm says so.
resolve "$path" 2> /dev/null || { rm -f -- "$path"; exit; }
target=$real
if [ -n "$within" ]; then
  resolve "$within" 2> /dev/null || exit ${OUTSIDE}
  case $target in "$real" | "$real"/* | "$real"@* | "$real"-[0-9]*) ;; *) exit ${OUTSIDE} ;; esac
fi
[ -e "$target" ] || [ -L "$target" ] || { rm -f -- "$target"; exit; }
if [ -n "$contents" ]; then
  [ ! -L "$target" ] || exit ${OUTSIDE}
  [ -d "$target" ] || { echo "$target: Not a directory" >&2; exit 1; }
elif [ -L "$target" ]; then rm -f -- "$target"; exit; fi

[ -n "$(mount_points)" ] || { echo 'The mounted file systems cannot be listed' >&2; exit 1; }
points=$(mounted)
while [ -n "$points" ]; do
  before=$points
  printf '%s\n' "$points" | while IFS= read -r point; do
    decode "$point"
    umount "$plain" < /dev/null || fusermount -u "$plain" < /dev/null 2> /dev/null
  done
  points=$(mounted)
  [ "$points" != "$before" ] || {
    printf '%s\n' "$points" | while IFS= read -r point; do decode "$point"; printf '%s\0' "$plain"; done
    exit ${MOUNTED}
  }
done

# Options by which rm does not enter another file system, should one be mounted meanwhile: GNU's, BSD's.
one=
if rm -f --one-file-system 2> /dev/null; then one=--one-file-system
elif rm -f -x 2> /dev/null; then one=-x; fi
remove 2> /dev/null
gone 2> /dev/null && exit
find "$target" -xdev -type d ! -perm -700 \
  \( ! -perm -500 -exec chmod u+rwx {} \; -o -exec chmod u+w {} + \) 2> /dev/null
remove 2> /dev/null
gone 2> /dev/null && exit
remove
gone
`;

/** The script with its arguments set: for a shell that reads it from its input. */
export function removalScript(path: string, options: RemoveOptions, word: Quote): string {
  return `set -- ${argumentsOf(path, options).map(word).join(' ')}\n${REMOVE}`;
}

type Quote = (text: string) => string;

/** Exit codes of the script that `checkRemoval` takes. */
export const REMOVAL_CODES: readonly number[] = [MOUNTED, OUTSIDE];

/** Removes on this machine; see `MachineFiles.remove`. */
export async function removeHere(
  path: string,
  options: RemoveOptions,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { exitCode, stdout, stderr } = await execa(
    'sh',
    ['-c', REMOVE, 'sh', ...argumentsOf(path, options)],
    {
      cwd: '/',
      env: childEnvironment(),
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      stripFinalNewline: false,
      cancelSignal: signal,
    },
  );
  signal.throwIfAborted();
  const result = { code: exitCode, stdout, stderr };
  checkRemoval(path, result);
  if (exitCode !== 0) throw shellSystemError(result, undefined);
}

/** @throws UserError when the script refused to remove the path. */
export function checkRemoval(path: string, { code, stdout, stderr }: Result): void {
  if (code === OUTSIDE)
    throw new UserError(
      `${printable(path)} is not removed: it lies outside the folders of this reproduction.`,
    );
  if (code !== MOUNTED) return;
  const points = stdout.split('\0').filter((point) => point !== '');
  // "umount: /the/path: target is busy."
  const why = stderr.trim().split(':').at(-1)?.trim().replace(/\.$/, '') ?? '';
  throw new UserError(
    `Nothing is removed from ${printable(path)}: ${points.map((point) => printable(point)).join(', ')} ` +
      `${points.length > 1 ? 'are' : 'is'} mounted there and could not be unmounted (${printable(why, 300)}).`,
    { advice: 'Unmount it (umount, as root), then clean up again.' },
  );
}

function argumentsOf(path: string, { contents = false, within }: RemoveOptions): string[] {
  const [target, limit] = [path, within].map((one) => one && posix.resolve('/', one));
  if (!target || !path.startsWith('/') || target === '/' || path.includes('\0'))
    throw new UserError(`This cannot be removed: ${printable(path)}`);
  return [target, contents ? 'contents' : '', limit ?? ''];
}
