#!/bin/sh
# Lends servers of Hetzner Cloud, by its own tool hcloud.
# In the environment: HCLOUD_IMAGE (debian-12 unless told), HCLOUD_LOCATION; hcloud's own HCLOUD_TOKEN or
# its contexts hold as ever. A server halts by itself when the lease is over, and costs on until it is deleted:
# that is done when CI Parity is started the next time.
. "$(dirname "$0")/common.sh"

# The servers of the selector $1. A label cannot hold what an owner is called by.
servers() {
  answer=$(hcloud server list --selector "$1" --output json) || exit 1
  printf '%s' "$answer" |
    jq --argjson now "$(date +%s)" '[.[]? | {lease: .labels["ci-parity"],
      owner: (.labels["ci-parity-owner"] | sub("_at_"; "@")), title: .server_type.name,
      handle: {server: (.id | tostring)}, host: .public_net.ipv4.ip,
      seconds: ((.labels["ci-parity-until"] | tonumber) - $now)}]'
}
until_label() { echo "ci-parity-until=$(($(date +%s) + seconds))"; }

case $verb in
borrow)
  make_keys
  user_data >"$folder/user-data"
  label=$(printf '%s' "$owner" | sed 's/@/_at_/; s/[^A-Za-z0-9._-]/-/g' | cut -c 1-63)
  say "asking for a $offer"
  hcloud server create --name "ci-parity-$lease" --type "$offer" --image "${HCLOUD_IMAGE:-debian-12}" \
    ${HCLOUD_LOCATION:+--location "$HCLOUD_LOCATION"} --user-data-from-file "$folder/user-data" \
    --label "ci-parity=$lease" --label "ci-parity-owner=$label" --label "$(until_label)" >&2
  server=$(servers "ci-parity=$lease")
  host=$(printf '%s' "$server" | jq -r '.[0].host')
  wait_for_ssh "$host"
  lent "$host" "$offer" server "$(printf '%s' "$server" | jq -r '.[0].handle.server')"
  ;;
extend)
  host=$(servers "ci-parity=$lease" | jq -r '.[0].host // empty')
  [ -n "$host" ] || { say 'there is no such server' && exit 1; }
  move_end "$host"
  hcloud server add-label --overwrite "ci-parity-$lease" "$(until_label)" >&2
  echo '{}'
  ;;
return)
  found=$(servers "ci-parity=$lease")
  for server in $(printf '%s' "$found" | jq -r '.[].handle.server'); do
    hcloud server delete "$server" >&2
  done
  found=$(servers "ci-parity=$lease")
  [ "$(printf '%s' "$found" | jq length)" != 0 ] || gone
  echo '{"gone": false}'
  ;;
list)
  found=$(servers ci-parity)
  printf '%s' "$found" | jq '{machines: map(del(.host))}'
  ;;
*) say "there is no $verb" && exit 2 ;;
esac
