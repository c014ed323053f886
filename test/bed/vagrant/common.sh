# Sourced by the scripts beside it.
set -euo pipefail

# Everything the beds make lies here, so that one `rm -rf` is a clean slate.
BED=${XDG_CACHE_HOME:-$HOME/.cache}/ci-parity-bed
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ME=$(basename "$0")
mkdir -p "$BED"

say() { printf '[%s %3ds] %s\n' "$ME" "$SECONDS" "$*" >&2; }

# Exit code 3 means "this system lacks something"; the one line on standard output says what to do.
missing() { printf '%s\n' "$*"; exit 3; }

# need_commands PACKAGES COMMAND... : all of them, or the way to get them.
need_commands() {
  local packages=$1 command; shift
  for command; do
    command -v "$command" >/dev/null || missing "$command: apt-get install --no-install-recommends $packages"
  done
}

# What is made from a script is named after the script's text, so that a changed script makes it anew.
version_of() { (cd "$HERE" && cat "$@") | sha256sum | cut -c1-12; }

# Two test runs may set up at once; the second waits for the first and then finds everything done.
# Whatever is started in the background must close descriptor 9, or it would hold the lock for ever.
lock() { exec 9>"$BED/$1.lock"; flock 9; }

# env_json NAME... : these environment variables as JSON.
env_json() {
  node -e 'console.log(JSON.stringify(Object.fromEntries(process.argv.slice(1).map((k) => [k, process.env[k]])), null, 2))' "$@"
}

# Vagrant asks its maker about new versions unless told not to; a test run talks to nobody.
export VAGRANT_CHECKPOINT_DISABLE=1 VAGRANT_BOX_UPDATE_CHECK_DISABLE=1
