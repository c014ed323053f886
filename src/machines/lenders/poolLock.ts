/** On each host; it outlives a reboot, as what runs there for a lease may. */
export const LOCK = '/var/tmp/ci-parity-lease';

/**
 * The lock of a host: a folder, since making one is atomic, with a file of three lines: lease, owner, and
 * end in seconds of the host's own clock. It is stale a quarter of an hour after that; without its
 * file (its maker died) ten minutes after it was made. Whoever breaks a stale one moves it aside and looks
 * whether it is still the one that was meant: another may have taken it over before.
 *
 * Called with VERB LOCK LEASE OWNER SECONDS. Says in lines: what the lock is now, lease, owner, seconds left,
 * number of CPUs, megabytes of memory.
 */
export const LOCK_SCRIPT = String.raw`
LC_ALL=C
verb=$1 lock=$2 lease=$3 owner=$4 seconds=$5
now=$(date +%s)
read_lock() {
  holder= by= end=
  [ ! -f "$1/lease" ] || { read -r holder; read -r by; read -r end; } <"$1/lease"
  case $end in *[!0-9]*) end= ;; esac
}
write_lock() {
  printf '%s\n%s\n%s\n' "$lease" "$owner" "$((now + seconds))" >"$lock/new.$$" &&
    mv "$lock/new.$$" "$lock/lease"
}
is_stale() {
  if [ -n "$end" ]; then [ "$((end + 900))" -lt "$now" ]
  else [ -n "$(find "$lock" -prune -mmin +10 2>/dev/null)" ]; fi
}
answer() {
  read_lock "$lock"
  printf '%s\n%s\n%s\n%s\n' "$1" "$holder" "$by" "$((\${end:-$now} - now))"
  getconf _NPROCESSORS_ONLN 2>/dev/null || echo
  awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo 2>/dev/null || echo
  exit 0
}
look() {
  [ -d "$lock" ] || answer free
  read_lock "$lock"
  if is_stale; then answer stale; else answer held; fi
}
case $verb in
take)
  how=taken
  for attempt in 1 2; do
    if mkdir -m 755 "$lock" 2>/dev/null; then
      write_lock || exit 1
      answer "$how"
    fi
    read_lock "$lock"
    if [ "$holder" = "$lease" ]; then
      write_lock || exit 1
      answer taken
    fi
    is_stale || break
    was=$holder
    rm -rf "$lock.$lease"
    mv "$lock" "$lock.$lease" || break
    read_lock "$lock.$lease"
    if [ "$holder" != "$was" ]; then
      mv "$lock.$lease" "$lock"
      break
    fi
    rm -rf "$lock.$lease"
    how='taken over'
  done
  [ -d "$lock" ] || { echo "$lock cannot be made" >&2; exit 1; }
  answer held
  ;;
extend)
  read_lock "$lock"
  [ "$holder" = "$lease" ] || answer lost
  owner=$by
  write_lock || exit 1
  answer moved
  ;;
release)
  read_lock "$lock"
  [ "$holder" != "$lease" ] || { rm -rf "$lock.$lease" && mv "$lock" "$lock.$lease"; } || exit 1
  rm -rf "$lock.$lease" || exit 1
  answer free
  ;;
*) look ;;
esac
`.replaceAll('\\${', '${');
