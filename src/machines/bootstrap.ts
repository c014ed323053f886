import { createHash } from 'node:crypto';
import { UserError } from '../base/errors';
import type { Machine, RunOptions } from './machine';
import { INSTALLING, PROXIES } from './packages';

/** What a machine has to have for a recipe, beside git and rsync. */
export interface ReadyWish {
  /** `other` is one that is not ours to install; `none` where nothing is done with Vagrant. */
  readonly provider: 'libvirt' | 'virtualbox' | 'other' | 'none';
  /** Names of Vagrant's plugins, such as `neededPlugins` finds. */
  readonly plugins: readonly string[];
  /** Whether the repository keeps files in Git LFS. */
  readonly lfs?: boolean;
  /** Whether steps run in containers: Docker, or Podman, which is brought where there is neither. */
  readonly containers?: boolean;
}

/** The text of the project's own `.ci-parity/bootstrap.sh`, which is run afterwards: `sh`, or what its `#!` says. */
export type Hook = string | undefined;

export interface MakingReady extends Pick<RunOptions, 'onOutput' | 'signal' | 'kill'> {
  readonly hook?: Hook;
}

/** How far a machine is from having all that is wished. */
export interface Readiness {
  /** For people, each as what it lacks: `virsh`, `the plugin vagrant-reload`. */
  readonly lacking: readonly string[];
  /** Whether the project's own script has still to be run there. */
  readonly hookWaits: boolean;
  /** Whether ours has come to its end there. */
  readonly marked: boolean;
}

/** Looks, and changes nothing; a machine that was made ready by the same scripts is at once known to be. */
export async function readinessOf(
  machine: Machine,
  wish: ReadyWish,
  hook: Hook,
  signal: AbortSignal,
): Promise<Readiness> {
  return lookAt(machine, wish, hook, signal);
}

/**
 * Makes a machine ready; nothing is run where that was done before by the same scripts. Resolves with what
 * it lacks all the same, since the system does not have it.
 * Rejects with a UserError where a script fails.
 */
export async function makeReady(
  machine: Machine,
  wish: ReadyWish,
  { hook, ...running }: MakingReady,
): Promise<readonly string[]> {
  const { signal } = running;
  const before = await lookAt(machine, wish, hook, signal);
  const run = async ({ script, advice }: Script): Promise<void> => {
    const { home, path, login } = before;
    const { code } = await machine.run(script, {
      ...running,
      directory: home,
      environment: { ...login, HOME: home, PATH: path, LANG: 'C.UTF-8' },
      grace: 10_000,
      captureStdout: false,
    });
    signal.throwIfAborted();
    if (code === 0) return;
    const { lacking } = await lookAt(machine, wish, undefined, signal);
    if (code === NO_ROOT && !before.marked && script === ours(wish).script)
      throw new UserError(
        `You may install nothing on ${machine.name}, which lacks ${lacking.join(', ')}: nothing was changed.`,
        {
          advice:
            'It takes root, or a user whose sudo asks for no password (NOPASSWD in sudoers). Or install it there by hand.',
        },
      );
    const lacks = lacking.length > 0 ? ` It lacks ${lacking.join(', ')}.` : '';
    throw new UserError(
      `${machine.name} could not be made ready (exit code ${code ?? 'none'}).${lacks}`,
      { advice },
    );
  };
  if (!before.marked) {
    await run(ours(wish));
    machine.newLogin?.();
  }
  if (hook !== undefined && before.hookWaits) {
    await run(theirs(hook));
    const done = `${PLACE}\nmkdir -p "$place" && : > "$place/$1"`;
    await machine.exec(['sh', '-c', done, 'sh', theirs(hook).mark], { signal });
  }
  if (before.marked) return [];
  return (await lookAt(machine, wish, undefined, signal)).lacking;
}

async function lookAt(
  machine: Machine,
  wish: ReadyWish,
  hook: Hook,
  signal: AbortSignal,
): Promise<Readiness & { home: string; path: string; login: Record<string, string> }> {
  const { mark, plugins } = ours(wish);
  const marks = [mark, hook === undefined ? '' : theirs(hook).mark];
  const words = [...marks, programsFor(wish).join(' '), plugins.join(' ')];
  const { stdout } = await machine.exec(['sh', '-c', LOOK, 'sh', ...words], { signal });
  const [home = '/', path = '', ...told] = stdout.split('\n');
  return {
    home,
    path,
    lacking: told.flatMap((line) => {
      const lacks = /^lacks (.+)$/.exec(line)?.[1];
      return lacks?.startsWith('/') === true
        ? `the kernel module of VirtualBox (${lacks})`
        : (lacks?.replaceAll('|', ' or ') ?? []);
    }),
    hookWaits: told.includes('hook waits'),
    marked: told.includes('marked'),
    login: Object.fromEntries(
      told.flatMap((line) => {
        const [, name, value] = /^login (\w+)=(.*)$/.exec(line) ?? [];
        return name === undefined ? [] : [[name, value ?? '']];
      }),
    ),
  };
}

/** There is none unless its kernel module was built for the kernel that runs, and is loaded. */
const VBOXDRV = '/dev/vboxdrv';

/** Of those that are joined by a bar, one is enough; what begins with a stroke has to be there. */
function programsFor({ provider, lfs = false, containers = false }: ReadyWish): string[] {
  return [
    'git',
    'rsync',
    ...(lfs ? ['git-lfs'] : []),
    ...(provider === 'libvirt'
      ? ['virsh']
      : provider === 'virtualbox'
        ? ['VBoxManage', VBOXDRV]
        : []),
    ...(provider === 'none' ? [] : ['vagrant']),
    ...(containers ? ['docker|podman'] : []),
  ];
}

/**
 * A POSIX shell script that installs what is missing with the system's own packages: apt on Debian and Ubuntu,
 * dnf on Fedora. It may be run any number of times, and leaves a marker when all is there. Only a failure to
 * install git and rsync is one: what else the system does not have, the project's hook may bring.
 */
export function bootstrapScript(wish: ReadyWish): string {
  return ours(wish).script;
}

interface Script {
  /** The name of the marker's file. */
  readonly mark: string;
  readonly script: string;
  readonly advice: string;
}

/** It marks itself. */
function ours(wish: ReadyWish): Script & { plugins: string[] } {
  const { provider, plugins, lfs = false } = wish;
  const wrong = plugins.find((plugin) => !/^[A-Za-z\d][\w.-]*$/.test(plugin));
  if (wrong !== undefined) throw new UserError(`There is no Vagrant plugin of this name: ${wrong}`);
  const needed = [...new Set(provider === 'libvirt' ? ['vagrant-libvirt', ...plugins] : plugins)];
  const wishes = `provider=${provider}\nplugins='${needed.join(' ')}'\nlfs=${lfs ? 'yes' : 'no'}\nprograms='${programsFor(wish).join(' ')}'`;
  const mark = markOf(`${wishes}\n${INSTALLING}${HAS}${BODY}`);
  return {
    mark,
    plugins: needed,
    script: `#!/bin/sh\n# Makes a machine ready for CI Parity.\nset -eu\n${wishes}\nmark=${mark}\n${PLACE}\n${INSTALLING}${HAS}${BODY}`,
    advice: READY_ADVICE,
  };
}

/** What to do about what a system does not have. */
export const READY_ADVICE =
  'Its output says what is missing. What the system does not have can be installed by `.ci-parity/bootstrap.sh`, or by hand.';

function theirs(script: string): Script {
  return {
    mark: markOf(script),
    script,
    advice: "The project's own `.ci-parity/bootstrap.sh` failed.",
  };
}

function markOf(text: string): string {
  return `ready-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

const PLACE = 'place="${XDG_STATE_HOME:-$HOME/.local/state}/ci-parity"';

/** Of programs with a bar between, one; or a file. */
const HAS = `has() {
  case $1 in /*) [ -e "$1" ]; return ;; esac
  ( IFS='|'; for one in $1; do if command -v "$one" > /dev/null 2>&1; then exit 0; fi; done; exit 1 )
}
`;

const LOOK = `${PLACE}
${HAS}mark=$1 hook=$2 programs=$3 plugins=$4
printf '%s\\n' "$HOME" "$PATH"
for name in USER LOGNAME ${PROXIES}; do
  eval "value=\\\${$name-}"
  [ -z "$value" ] || printf 'login %s=%s\\n' "$name" "$value"
done
if [ -n "$hook" ] && [ ! -e "$place/$hook" ]; then echo 'hook waits'; fi
if [ -e "$place/$mark" ]; then echo marked; exit 0; fi
for program in $programs; do has "$program" || echo "lacks $program"; done
if [ -n "$plugins" ] && command -v vagrant > /dev/null 2>&1; then
  installed=$(vagrant plugin list 2> /dev/null || true)
  for plugin in $plugins; do
    printf '%s\\n' "$installed" | grep -q "^$plugin " || echo "lacks the plugin $plugin"
  done
fi
exit 0`;

/** The exit code of a user who may install nothing. */
const NO_ROOT = 77;

const BODY = `[ ! -e "$place/$mark" ] || exit 0
mkdir -p "$place"

# One at a time: the first start of a machine does the same by itself. A claim appears with its content.
boot=$(cat /proc/sys/kernel/random/boot_id 2> /dev/null || echo one)
draft="$place/making-ready.$$"
claim="$place/making-ready"
echo "$$ $boot" > "$draft"
trap 'rm -f "$draft" "$draft".*' EXIT
trap 'exit 1' HUP INT TERM
waited=0
until ln "$draft" "$claim" 2> /dev/null; do
  holder= since=
  read -r holder since < "$claim" || true
  if [ "$since" != "$boot" ] || ! kill -0 "$holder" 2> /dev/null; then rm -f "$claim"; fi
  if [ "$waited" = 1 ]; then say 'somebody else is making it ready: waiting for that'; fi
  if [ "$waited" -gt 3600 ]; then say "somebody else is making it ready for too long"; exit 1; fi
  waited=$((waited + 1))
  sleep 1
done
trap 'rm -f "$draft" "$draft".* "$claim"' EXIT
[ ! -e "$place/$mark" ] || exit 0

# A program, and the packages that bring it, which differ by system.
need() {
  program=$1 apt=$2 dnf=$3
  if has "$program"; then return 0; fi
  if [ "$system" = dnf ]; then packages=$dnf; else packages=$apt; fi
  say "installing $packages"
  if install $packages; then
    if has "$program"; then return 0; fi
    say "$program is not in what was installed"
  else
    say "$packages could not be installed"
  fi
  missing="$missing $program"
  return 0
}

missing=
for program in $programs; do has "$program" || missing="$missing $program"; done
if [ -n "$missing" ] && ! can_be_root; then
  say "missing:$missing; $(id -un) may install nothing here, since sudo wants a password or is not there"
  exit ${NO_ROOT}
fi
missing=
need git git git-core
need rsync rsync rsync
if [ "$lfs" = yes ]; then need git-lfs git-lfs git-lfs; fi
if ! has git || ! has rsync; then say 'without these nothing can be brought here'; exit 1; fi

case $provider in
  libvirt)
    case $(uname -m) in aarch64 | arm64) emulator=qemu-system-arm ;; *) emulator=qemu-system-x86 ;; esac
    need virsh "libvirt-daemon-system libvirt-clients $emulator qemu-utils dnsmasq-base" 'libvirt-daemon-kvm libvirt-client qemu-kvm'
    if [ -d /run/systemd/system ]; then
      units=libvirtd.service
      # Fedora's libvirt is several daemons, started when they are asked (libvirt.org/daemons.html).
      if [ "$system" = dnf ] && systemctl -q cat virtqemud.socket > /dev/null 2>&1; then
        units='virtqemud.socket virtnetworkd.socket virtstoraged.socket virtnodedevd.socket'
      fi
      systemctl -q is-active $units || as_root systemctl enable --now $units || say 'libvirt could not be started'
    fi
    # It holds from the next login on.
    if [ "$(id -u)" != 0 ] && ! id -nG "$(id -un)" | grep -qw libvirt; then
      as_root usermod -aG libvirt "$(id -un)" || say 'the libvirt of the system may not be yours to use'
    fi ;;
  virtualbox)
    need VBoxManage virtualbox VirtualBox
    has VBoxManage || say 'Ubuntu has VirtualBox in multiverse, Fedora in RPM Fusion only, Debian not at all: see virtualbox.org'
    if has VBoxManage && ! has ${VBOXDRV}; then
      # Its kernel module is built where the headers of the kernel that runs are there.
      if [ "$system" = dnf ]; then headers=kernel-devel-$(uname -r); else headers=linux-headers-$(uname -r); fi
      say "VirtualBox lacks its kernel module: installing $headers"
      install "$headers" || say "$headers could not be installed"
      as_root modprobe vboxdrv || say 'the kernel module of VirtualBox cannot be loaded'
      has ${VBOXDRV} || missing="$missing ${VBOXDRV}"
    fi ;;
esac
# The system's Vagrant has its own package of the plugin, which fits it.
if [ "$provider" = libvirt ]; then
  need vagrant 'vagrant vagrant-libvirt' 'vagrant vagrant-libvirt'
elif [ "$provider" != none ]; then
  need vagrant vagrant vagrant
fi
case " $programs " in *' docker|podman '*)
  if ! has 'docker|podman'; then
    need 'docker|podman' 'podman uidmap slirp4netns' podman
    # An image that names no registry is one of Docker's, as it is in CI.
    if has podman; then
      printf '%s\\n' 'unqualified-search-registries = ["docker.io"]' |
        as_root sh -c 'mkdir -p /etc/containers/registries.conf.d && cat > /etc/containers/registries.conf.d/50-ci-parity.conf' ||
        say 'images may have to be named with their registry'
    fi
  fi ;;
esac
has_plugin() { vagrant plugin list 2> /dev/null | grep -q "^$1 "; }
# What it says is seen as it comes, and looked through.
install_plugin() {
  { vagrant plugin install "$1" 2>&1 && : > "$draft.done"; } | tee "$draft.said"
  if [ -e "$draft.done" ]; then rm -f "$draft.done"; return 0; fi
  return 1
}
# What plugins with a native extension are compiled by, and against.
install_compilers() {
  grep -q 'native extension' "$draft.said" && can_be_root || return 1
  say 'a part of it has to be compiled: installing what that takes'
  if [ "$system" = dnf ]; then
    install gcc gcc-c++ make redhat-rpm-config ruby-devel libvirt-devel libxml2-devel libxslt-devel zlib-devel
  else
    install build-essential ruby-dev libvirt-dev libxml2-dev libxslt1-dev zlib1g-dev pkg-config
  fi
}
if [ -n "$plugins" ] && has vagrant; then
  for plugin in $plugins; do
    if has_plugin "$plugin"; then continue; fi
    say "installing the plugin $plugin"
    # A Vagrant of the system that was there before has its own package of it, too; else it would have to be compiled.
    if [ "$plugin" = vagrant-libvirt ] && can_be_root && install vagrant-libvirt && has_plugin "$plugin"; then continue; fi
    if install_plugin "$plugin"; then continue; fi
    if install_compilers && install_plugin "$plugin"; then continue; fi
    missing="$missing $plugin"
  done
fi
if [ -n "$missing" ]; then say "still missing:$missing"; exit 0; fi
: > "$place/$mark"
say 'ready'
`;
