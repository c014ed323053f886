/** On each host; it outlives a reboot, as what runs there for a lease may. */
export const LOCK = '/var/tmp/ci-parity-lease';

/**
 * The lock of a host: a folder with a file of three lines: lease, owner, and end in seconds of the host's own clock.
 * It is stale a quarter of an hour after that; one whose file cannot be read, ten minutes after it was made. Whoever
 * changes it does so alone, by `flock(1)`, which ends with its process; and it appears and goes with its content.
 *
 * Called with VERB LOCK LEASE OWNER SECONDS. Says in lines: what the lock is now, lease, owner, seconds left,
 * number of CPUs, megabytes of memory.
 */
export const LOCK_SCRIPT = String.raw`
LC_ALL=C
umask 022
verb=$1 lock=$2 lease=$3 owner=$4 seconds=$5
now=$(date +%s)
alone() {
  command -v flock >/dev/null || { echo 'flock is not there' >&2; exit 1; }
  # Somebody else's may be read, and no more.
  [ -e "$lock.turn" ] || (: >"$lock.turn") 2>/dev/null
  exec 9<"$lock.turn" && flock -w 30 9 || { echo "somebody else is at $lock" >&2; exit 1; }
}
read_lock() {
  holder= by= end=
  [ ! -f "$lock/lease" ] || { read -r holder; read -r by; read -r end; } <"$lock/lease"
  case $end in *[!0-9]*) end= ;; esac
}
write_lock() {
  printf '%s\n%s\n%s\n' "$lease" "$owner" "$((now + seconds))" >"$1/new" && mv "$1/new" "$1/lease"
}
is_stale() {
  if [ -n "$end" ]; then [ "$((end + 900))" -lt "$now" ]
  else [ -n "$(find "$lock" -prune -mmin +10 2>/dev/null)" ]; fi
}
remove_lock() {
  rm -rf "$lock.$lease" && mv "$lock" "$lock.$lease" && rm -rf "$lock.$lease"
}
answer() {
  read_lock
  printf '%s\n%s\n%s\n%s\n' "$1" "$holder" "$by" "$((\${end:-$now} - now))"
  getconf _NPROCESSORS_ONLN 2>/dev/null || echo
  awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo 2>/dev/null || echo
  exit 0
}
look() {
  [ -d "$lock" ] || answer free
  read_lock
  if is_stale; then answer stale; else answer held; fi
}
case $verb in
take)
  alone
  how=taken
  if [ -d "$lock" ]; then
    read_lock
    if [ "$holder" = "$lease" ]; then
      write_lock "$lock" || exit 1
      answer taken
    fi
    # One that somebody else has made may not be ours to remove.
    is_stale && remove_lock || answer held
    how='taken over'
  fi
  made=$lock.$lease
  rm -rf "$made" && mkdir "$made" && write_lock "$made" && mv "$made" "$lock" || exit 1
  answer "$how"
  ;;
extend)
  alone
  read_lock
  [ "$holder" = "$lease" ] || answer lost
  owner=$by
  write_lock "$lock" || exit 1
  answer moved
  ;;
release)
  alone
  read_lock
  [ "$holder" != "$lease" ] || remove_lock || exit 1
  answer free
  ;;
*) look ;;
esac
`.replaceAll('\\${', '${');
