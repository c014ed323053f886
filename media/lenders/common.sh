# What the examples share. Each is called with a verb (borrow, extend, return, list), gets a request in
# JSON on standard input, answers in JSON on standard output, and says how far it is on standard error.
# They want jq, and OpenSSH's ssh, ssh-keygen and ssh-keyscan. A cloud that could not be asked must not pass for an
# empty one: what it says goes into a variable first, where `set -e` sees that it failed, and then to jq.
set -eu
umask 077

request=$(cat)
# One field of the request; empty where it is not there.
field() { printf '%s' "$request" | jq -r ".$1 // empty"; }
lease=$(field lease)
owner=$(field owner)
seconds=$(field seconds)
folder=$(field folder)
offer=$(field offer)

say() { printf '%s\n' "$*" >&2; }
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

# Moves the end of the machine at host $1, whose keys are in the lease's folder.
move_end() {
  folder=$(field handle.folder)
  printf '%s %s\n' "$1" "$(cut -d ' ' -f 1,2 "$folder/host.pub")" >"$folder/known_hosts"
  ssh -n -i "$folder/key" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes \
    -o UserKnownHostsFile="$folder/known_hosts" "root@$1" "/usr/local/sbin/ci-parity-end $seconds" >&2
}

# Waits until the SSH server of host $1 shows the key that it was given.
wait_for_ssh() {
  rm -f "$folder/host" "$folder/user-data"
  key=$(cut -d ' ' -f 2 "$folder/host.pub")
  until ssh-keyscan -T 5 -t ed25519 "$1" 2>/dev/null | grep -qF "$key"; do
    say "waiting for the SSH server of $1"
    sleep "${POLL_SECONDS:-5}"
  done
}

# The answer to borrow: the host $1, what is told of it, and what it is known by (NAME VALUE).
lent() {
  jq -n --arg host "$1" --arg title "$2" --arg name "$3" --arg value "$4" \
    --arg folder "$folder" --arg hostkey "$(cut -d ' ' -f 1,2 "$folder/host.pub")" \
    '{ssh: {host: $host, user: "root", keyFile: "\($folder)/key", hostKeys: [$hostkey]},
      title: $title, handle: {($name): $value, folder: $folder}}'
}

verb=${1:?borrow, extend, return or list}
