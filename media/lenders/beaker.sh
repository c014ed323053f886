#!/bin/sh
# Lends hosts of a Beaker lab, by its own tool bkr. An offer is an architecture, such as x86_64.
# In the environment: BEAKER_DISTRO (such as Fedora-41), BEAKER_REQUIRE (such as "memory > 16000"). The
# watchdog takes the host back by itself when the lease is over. A job's whiteboard bears the mark.
. "$(dirname "$0")/common.sh"
need_tools bkr
began=$(date +%s)

jobs() { bkr job-list --unfinished --format list --whiteboard "$1"; }
# An attribute $2 of the first element $1 of the results on standard input.
attribute() { tr '\n' ' ' | grep -o "<$1 [^>]*" | grep -o " $2=\"[^\"]*" | head -n 1 | cut -d '"' -f 2; }

case $verb in
borrow)
  need_settings BEAKER_DISTRO
  only_system "$BEAKER_DISTRO"
  ask_first bkr whoami
  memory=$(field memory)
  make_keys
  # When %post runs, the host has no keys of its own yet that it would keep. The private one is put in
  # afterwards: a command line can be read by everybody.
  post=$(
    cat <<END
%post
mkdir -m 700 -p /root/.ssh
echo '$(cat "$folder/key.pub")' >>/root/.ssh/authorized_keys
rm -f /etc/ssh/ssh_host_*
(umask 077 && cat >/etc/ssh/ssh_host_ed25519_key) <<'KEY'
@HOST_KEY@
KEY
%end
END
  )
  say "submitting a job for $offer"
  # It shows the job only with --debug.
  ask_first bkr workflow-simple --dry-run --debug --distro "$BEAKER_DISTRO" --arch "$offer" \
    ${BEAKER_REQUIRE:+--hostrequire "$BEAKER_REQUIRE"} ${memory:+--hostrequire "memory >= $memory"} \
    --whiteboard "ci-parity $lease $owner" --task /distribution/check-install --reserve \
    --reserve-duration "$seconds" --ks-append "$post"
  job=$(printf '%s\n' "$answer" | awk -v key="$folder/host" '
      /^@HOST_KEY@$/ { while ((getline line < key) > 0) print line; next } { print }' |
    bkr job-submit - | grep -o 'J:[0-9]*' | head -n 1)
  [ -n "$job" ] || { say 'no job was made' && exit 1; }
  until [ "$(bkr job-results --no-logs "$job" | attribute recipe status)" = Reserved ]; do
    [ -n "$(jobs "ci-parity $lease ")" ] || { say "$job has ended" && exit 1; }
    say "$job is waiting for a host"
    sleep "${POLL_SECONDS:-30}"
  done
  host=$(bkr job-results --no-logs "$job" | attribute recipe system)
  wait_for_ssh "$host"
  # The reservation is counted from when it began, the lease from when it was asked for.
  left=$((seconds + began - $(date +%s)))
  [ "$left" -gt 0 ] || { say 'the lease was over before there was a host' && exit 1; }
  bkr watchdog-extend --by "$left" "$host" >&2
  lent "$host" "$host" job "$job"
  ;;
extend)
  job=$(jobs "ci-parity $lease " | head -n 1)
  [ -n "$job" ] || { say 'there is no such job' && exit 1; }
  # It is counted from now on, whatever the name says.
  bkr watchdog-extend --by "$seconds" "$(bkr job-results --no-logs "$job" | attribute recipe system)" >&2
  echo '{}'
  ;;
return)
  found=$(jobs "ci-parity $lease ")
  for job in $found; do bkr job-cancel "$job" >&2; done
  found=$(jobs "ci-parity $lease ")
  # Another lab does not know the job, or has another one of that name.
  job=$(field handle.job)
  [ -z "$job" ] || bkr job-results --no-logs "$job" | grep -F "ci-parity $lease " >/dev/null ||
    { say "$job is not ours in the lab that bkr asks now" && exit 1; }
  [ -n "$found" ] || gone
  echo '{"gone": false}'
  ;;
list)
  found=$(jobs 'ci-parity ')
  machines=
  for job in $found; do
    results=$(bkr job-results --no-logs "$job")
    words=$(printf '%s' "$results" | tr '\n' ' ' |
      grep -o '<whiteboard>[^<]*' | head -n 1 | cut -d '>' -f 2)
    machines="$machines
$(jq -n --arg job "$job" --arg words "$words" '($words | split(" ")) as $word |
      select($word[0] == "ci-parity") |
      {lease: $word[1], owner: $word[2], title: $job, handle: {job: $job}}')"
  done
  printf '%s' "$machines" | jq -s '{machines: .}'
  ;;
*) say "there is no $verb" && exit 2 ;;
esac
