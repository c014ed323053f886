# What the examples share. Each is called with a verb (borrow, extend, return, list), gets a request in
# JSON on standard input, answers in JSON on standard output, and says how far it is on standard error.
# They want jq, and OpenSSH's ssh, ssh-keygen and ssh-keyscan.
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

# For cloud-init: both keys; with $1, the machine halts by itself when the lease is over.
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
END
  if [ -n "${1:-}" ]; then
    printf 'runcmd:\n  - [shutdown, -h, "+%s"]\n' $(((seconds + 59) / 60))
  fi
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
