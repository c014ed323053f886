# What the examples share. Each is called with a verb (borrow, extend, return, list), gets a request in
# JSON on standard input, answers in JSON on standard output, and says how far it is on standard error.
# They want jq, and OpenSSH's ssh and ssh-keygen. A cloud that could not be asked must not pass for an empty one: what
# it says goes into a variable first, where `set -e` sees that it failed, and then to jq.
set -eu
umask 077

verb=${1:?borrow, extend, return or list}
say() { printf '%s\n' "$*" >&2; }

# Nothing was made: so nothing has to be given back. Not within $( ), where it would end nothing.
refuse() { printf '{"refused": "%s"}\n' "$(printf '%s' "$*" | tr -d '[:cntrl:]"\\')" && exit 0; }
# What is missing is a refusal where something is to be made, and elsewhere a failure.
missing() {
  [ "$verb" != borrow ] || refuse "$*"
  say "$*" && exit 1
}
need_tools() { for tool in "$@"; do command -v "$tool" >/dev/null || missing "$tool is not installed"; done; }
need_settings() {
  for name in "$@"; do
    eval "[ -n \"\${$name:-}\" ]" || missing "$name is not set: see \"environment\" in lenders.json"
  done
}
need_tools jq ssh ssh-keygen

request=$(cat)
# One field of the request; empty where it is not there.
field() { printf '%s' "$request" | jq -r ".$1 // empty"; }
lease=$(field lease)
owner=$(field owner)
seconds=$(field seconds)
folder=$(field folder)
offer=$(field offer)

# Before anything is made: asks the cloud, and refuses where it does not answer, as it does to who is not signed in.
# The answer is in $answer.
ask_first() {
  answer=$("$@" 2>"$folder/said") || refuse "$(tail -n 1 "$folder/said")"
}
# Refuses a system that was asked for and is not the one that there is, $1; debian_12 and debian-12 are the same.
only_system() {
  wanted=$(field system)
  [ -z "$wanted" ] || [ "$(plain "$wanted")" = "$(plain "$1")" ] ||
    refuse "its system is $1, not $wanted: see \"environment\" in lenders.json"
}
plain() { printf '%s' "$1" | tr '[:upper:]' '[:lower:]' | tr -cd '[:alnum:]'; }

# Where the machine was borrowed (an account, a project); whoever looks elsewhere does not see it. Each sets it.
place=
# For one who finds nothing: that is no sign of its being gone where it was borrowed somewhere else.
same_place() {
  was=$(field handle.place)
  [ -z "$was" ] || [ "$was" = "$place" ] || { say "it was borrowed in $was, and this is $place" && exit 1; }
}
gone() { echo '{"gone": true}' && exit 0; }

# A key of the lease's own, and one that the host will show, so that no other host can be taken for it.
make_keys() {
  for name in key host; do
    ssh-keygen -q -t ed25519 -N '' -C "ci-parity-$lease" -f "$folder/$name"
  done
}

# For cloud-init: both keys, and the machine's own end. It halts when the lease is over, whoever is still
# there to ask for it: a timer of systemd, by the clock, that outlives restarts.
user_data() {
  cat <<END
#cloud-config
disable_root: false
users:
  - name: root
    ssh_authorized_keys:
      - $(cat "$folder/key.pub")
ssh_deletekeys: true
ssh_keys:
  ed25519_private: |
$(sed 's/^/    /' "$folder/host")
  ed25519_public: $(cat "$folder/host.pub")
write_files:
  - path: /usr/local/sbin/ci-parity-end
    permissions: "0755"
    content: |
      #!/bin/sh
      # Halts the machine in \$1 seconds, and no longer when it was told before.
      cd /etc/systemd/system || exit 1
      printf '[Service]\nType=oneshot\nExecStart=/sbin/shutdown -h now\n' >ci-parity-end.service
      printf '[Timer]\nOnCalendar=%s UTC\nPersistent=true\n[Install]\nWantedBy=timers.target\n' \\
        "\$(date -u -d "@\$((\$(date +%s) + \$1))" '+%Y-%m-%d %H:%M:%S')" >ci-parity-end.timer
      systemctl daemon-reload && systemctl enable ci-parity-end.timer && systemctl restart ci-parity-end.timer
runcmd:
  - [/usr/local/sbin/ci-parity-end, "$seconds"]
END
}

# Runs a command on the host $1, with the lease's key, if it shows the key that it was given.
on_host() {
  printf '%s %s\n' "$1" "$(cut -d ' ' -f 1,2 "$folder/host.pub")" >"$folder/known_hosts"
  # A path may have blanks, which would make two of it.
  ssh -n -i "$folder/key" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=10 -o ControlPath=none \
    -o StrictHostKeyChecking=yes -o "UserKnownHostsFile=\"$folder/known_hosts\"" -o GlobalKnownHostsFile=/dev/null \
    "root@$1" "$2"
}

# Moves the end of the machine at host $1, whose keys are in the lease's folder.
move_end() {
  folder=$(field handle.folder)
  on_host "$1" "/usr/local/sbin/ci-parity-end $seconds" >&2
}

# Waits until one can log in at host $1. Whoever is shut out by a firewall must not pay for it for long.
wait_for_ssh() {
  rm -f "$folder/host" "$folder/user-data" "$folder/said"
  asked=$(date +%s)
  hint=
  until said=$(on_host "$1" true 2>&1); do
    said=$(printf '%s' "$said" | tail -n 1)
    waited=$(($(date +%s) - asked))
    [ "$waited" -lt "${SSH_SECONDS:-1200}" ] || { say "nobody can log in at $1$hint: $said" && exit 1; }
    [ "$waited" -lt $((${SSH_SECONDS:-1200} / 4)) ] || hint=' (does its firewall or security group let SSH in?)'
    say "waiting for the SSH server of $1$hint"
    sleep "${POLL_SECONDS:-5}"
  done
}

# The answer to borrow: the host $1, what is told of it, and what it is known by (NAME VALUE).
lent() {
  jq -n --arg host "$1" --arg title "$2" --arg name "$3" --arg value "$4" --arg place "$place" \
    --arg folder "$folder" --arg hostkey "$(cut -d ' ' -f 1,2 "$folder/host.pub")" \
    '{ssh: {host: $host, user: "root", keyFile: "\($folder)/key", hostKeys: [$hostkey]},
      title: $title, handle: {($name): $value, place: $place, folder: $folder}}'
}
