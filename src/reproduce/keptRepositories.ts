import { printable } from '../base/json';
import type { Machine } from '../machines/machine';

/**
 * Repositories stay on a machine so that the next time only the difference is sent. Those that nobody has used
 * for 30 days go, unless a checkout hangs on them, and many small packs become one, by git's own rules. Others
 * may use the machine at the same time. What fails is said, and keeps nobody from working.
 */
export async function tidyRepositories(
  machine: Machine,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  // With an input of its own it runs on the connection itself: it may be run again.
  const { code, stderr } = await machine.exec(['sh', '-c', TIDY], { signal, input: nothing });
  if (code === 0) return;
  const words = printable(stderr.trim().split('\n').at(-1) ?? '', 300);
  say(`what is kept on ${machine.name} for the next time could not be tidied: ${words}`);
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* nothing(): AsyncGenerator<Buffer> {
  yield* [];
}

/**
 * Shell: makes `$repository` unless it is there, with `$address` as its remote and the option `$format`, and says
 * that it is used. It appears whole, since others may make it at the same time. Whoever takes it away first makes the
 * folder `.going` beside it and then looks at `used`; whoever uses it does that the other way round: so one of the
 * two sees the other.
 */
export const USE = `
tries=0
while :; do
  if [ ! -e "$repository/HEAD" ]; then
    new=$repository.$$.new
    git init --quiet --bare $format "$new" || exit
    [ -z "$address" ] || git --git-dir="$new" config remote.origin.url "$address" || exit
    # Where another is there by now, it fails or lands inside of that.
    mv "$new" "$repository" 2> /dev/null
    rm -rf "$new" "$repository/\${new##*/}"
  fi
  # At last, whether it was said of one that has just been taken away.
  echo 2> /dev/null > "$repository/used" && [ ! -e "$repository.going" ] && [ -e "$repository/used" ] && break
  tries=$((tries + 1))
  # By now whoever made it has died.
  if [ "$tries" -gt 50 ]; then rmdir "$repository.going"; echo > "$repository/used" || exit; break; fi
  sleep 0.1 2> /dev/null || sleep 1
done
`;

/** Where they are, from the home folder. */
export const REPOSITORIES = '.cache/ci-parity/repositories';

const TIDY = `cd && cd ${REPOSITORIES} 2> /dev/null || exit 0
old() {
  [ -n "$(find "$1/used" -mtime +29)" ] || return
  for note in "$1"/worktrees/*/gitdir; do
    [ -e "$note" ] && read -r there < "$note" || continue
    case $there in /*) ;; *) there=\${note%/*}/$there ;; esac
    [ ! -e "$there" ] || return 1
  done
  return 0
}
failed=0
for one in *.git; do
  [ -e "$one/HEAD" ] || continue
  # An earlier version left none. Or another who tidies has taken it all away just now.
  [ -e "$one/used" ] || echo > "$one/used" || [ ! -e "$one" ] || echo > "$one/used" || failed=1
  if old "$one"; then
    # Only one who tidies looks and takes away at a time.
    mkdir "$one.going" 2> /dev/null || continue
    if old "$one"; then mv "$one" "$one.$$.gone" || failed=1; fi
    rmdir "$one.going"
    continue
  fi
  set -- "$one"/objects/pack/*.pack
  [ $# -le 50 ] || git --git-dir="$one" -c gc.auto=6700 -c gc.autoPackLimit=50 gc --auto --quiet || failed=1
done
# What those left who died at it; others may take that away at the same time, too.
for left in *.going *.new; do
  [ -z "$(find "$left" -prune -mmin +10 2> /dev/null)" ] || rm -rf -- "$left" || failed=1
done
rm -rf -- *.gone || failed=1
exit "$failed"`;
