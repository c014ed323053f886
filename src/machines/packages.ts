/** Where a host has no other way out, its login says so in these: apt, dnf, Vagrant and curl heed them. */
export const PROXIES =
  'http_proxy https_proxy ftp_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY NO_PROXY';

/**
 * What scripts that install something with the system's own packages begin with: apt on Debian and Ubuntu, dnf
 * on Fedora and its kin. For POSIX shells, also under `set -eu`.
 *
 * Facts: apt-get(8) and apt.conf(5), dpkg(1) at 1.21, dnf(8) at 4.14. apt waits for the locks of packages as long as
 * it is told, and says so; for that of its lists it does not wait (`apt-pkg/acquire.cc`), and a machine that has just been
 * started is often holding it. dnf waits for its lock by itself (`exit_on_lock` in dnf.conf(5)).
 */
export const INSTALLING = `
proxies=
for name in ${PROXIES}; do
  eval "value=\\\${$name-}"
  [ -z "$value" ] || proxies=$proxies\${proxies:+,}$name
done
say() { printf 'ci-parity: %s\\n' "$*"; }
has() { command -v "$1" > /dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n \${proxies:+"--preserve-env=$proxies"} "$@"; fi; }
can_be_root() { [ "$(id -u)" = 0 ] || sudo -n true > /dev/null 2>&1; }
if has apt-get; then system=apt; elif has dnf; then system=dnf; else system=none; fi
updated=
# The answer to a question about a file of settings that somebody has changed is: keep it.
debian() { as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }
apt() { debian apt-get -q -o DPkg::Lock::Timeout=600 "$@"; }
apt_install() {
  apt -y --no-install-recommends -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install "$@"
}
# Where the lists cannot be had anew, those that are there may do.
update_lists() {
  [ -z "$updated" ] || return 0
  updated=yes
  errors=$(mktemp) || return 0
  waited=0
  until apt update 2> "$errors"; do
    cat "$errors" >&2
    if ! grep -q '/lists/lock' "$errors" || [ "$waited" -ge 600 ]; then break; fi
    [ "$waited" -gt 0 ] || say 'waiting for whoever fetches the lists of packages'
    waited=$((waited + 2))
    sleep 2
  done
  rm -f "$errors"
}
# Packages that belong together, all or none.
install() {
  case $system in
    apt)
      update_lists
      if apt_install "$@"; then return 0; fi
      # Somebody was interrupted in the middle: apt wants that to be finished first.
      [ -n "$(dpkg --audit 2> /dev/null || :)$(ls /var/lib/dpkg/updates 2> /dev/null || :)" ] || return 1
      say 'an installation was interrupted here: finishing that first'
      debian dpkg --force-confdef --force-confold --configure -a || :
      apt_install -f || :
      apt_install "$@" ;;
    dnf) as_root dnf -q -y install "$@" ;;
    none)
      say 'this system has neither apt-get nor dnf'
      return 1 ;;
  esac
}
`;
