#!/bin/sh
# Lends servers of Hetzner Cloud, by its own tool hcloud.
# In the environment: HCLOUD_IMAGE (debian-12 unless told), HCLOUD_LOCATION; hcloud's own HCLOUD_TOKEN or
# its contexts hold as ever. A server that is halted costs as much as one that runs, so none ends by
# itself: it is given back when CI Parity is started the next time after its end.
. "$(dirname "$0")/common.sh"

# The servers of the selector $1. A label cannot hold what an owner is called by.
servers() {
  hcloud server list --selector "$1" --output json |
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
  hcloud server add-label --overwrite "ci-parity-$lease" "$(until_label)" >&2
  echo '{}'
  ;;
return)
  for server in $(servers "ci-parity=$lease" | jq -r '.[].handle.server'); do
    hcloud server delete "$server" >&2
  done
  [ "$(servers "ci-parity=$lease" | jq length)" = 0 ] && gone
  echo '{"gone": false}'
  ;;
list) servers ci-parity | jq '{machines: map(del(.host))}' ;;
*) say "there is no $verb" && exit 2 ;;
esac
