#!/bin/sh
# Lends servers of Hetzner Cloud, by its own tool hcloud. They are virtual machines without /dev/kvm: good for recipes
# that run in containers, not for those that start machines of Vagrant's.
# In the environment: HCLOUD_CONTEXT (a context of hcloud's; the active one, or HCLOUD_TOKEN, unless told),
# HCLOUD_IMAGE (debian-12 unless told), HCLOUD_LOCATION. A server halts by itself when the lease is over, and costs on
# until it is deleted: that is done when CI Parity is started the next time.
. "$(dirname "$0")/common.sh"
need_tools hcloud

# The servers or ssh-keys ($1) of the selector $2. A label cannot hold what an owner is called by.
things() {
  answer=$(hcloud "$1" list --selector "$2" --output json) || exit 1
  printf '%s' "$answer" |
    jq --argjson now "$(date +%s)" --arg kind "$1" '[.[]? | {lease: .labels["ci-parity"],
      owner: (.labels["ci-parity-owner"] // "nobody" | sub("_at_"; "@")), title: (.server_type.name // "a key"),
      handle: {($kind): (.id | tostring)}, host: .public_net.ipv4.ip,
      seconds: ((.labels["ci-parity-until"] // "\($now)" | tonumber) - $now)}]'
}
# Deletes what bears the mark; how many that were is in $count.
put_away() {
  count=0
  for kind in server ssh-key; do
    found=$(things "$kind" "ci-parity=$lease")
    for id in $(printf '%s' "$found" | jq -r '.[].handle[]'); do
      hcloud "$kind" delete "$id" >&2
      count=$((count + 1))
    done
  done
}
# A project has no name here that one could ask for. Of a token no more is kept than tells it from another one.
here() {
  if [ -n "${HCLOUD_TOKEN:-}" ]; then
    echo "the project of a token with the sum $(printf '%s' "$HCLOUD_TOKEN" | cksum | cut -d ' ' -f 1)"
  else
    context=$(hcloud context active) && echo "the context $context"
  fi
}
until_label() { echo "ci-parity-until=$(($(date +%s) + seconds))"; }

case $verb in
borrow)
  only_system "${HCLOUD_IMAGE:-debian-12}"
  ask_first hcloud server-type describe "$offer"
  place=$(here)
  make_keys
  user_data >"$folder/user-data"
  label=$(printf '%s' "$owner" | sed 's/@/_at_/; s/[^A-Za-z0-9._-]/-/g' | cut -c 1-63)
  # Without a key of its own, Hetzner gives root a password that has expired: nobody can log in by a key either.
  hcloud ssh-key create --name "ci-parity-$lease" --public-key-from-file "$folder/key.pub" \
    --label "ci-parity=$lease" --label "ci-parity-owner=$label" >/dev/null
  say "asking for a $offer"
  hcloud server create --name "ci-parity-$lease" --type "$offer" --image "${HCLOUD_IMAGE:-debian-12}" \
    ${HCLOUD_LOCATION:+--location "$HCLOUD_LOCATION"} --user-data-from-file "$folder/user-data" \
    --ssh-key "ci-parity-$lease" --label "ci-parity=$lease" --label "ci-parity-owner=$label" \
    --label "$(until_label)" >/dev/null 2>"$folder/said" || {
    why=$(tail -n 1 "$folder/said")
    # These say no. After anything else there may be one.
    case $why in
    *'(resource_'* | *'(invalid_input'* | *'(placement_error'*)
      put_away
      refuse "$why"
      ;;
    esac
    say "$why" && exit 1
  }
  server=$(things server "ci-parity=$lease")
  host=$(printf '%s' "$server" | jq -r '.[0].host')
  wait_for_ssh "$host"
  lent "$host" "$offer" server "$(printf '%s' "$server" | jq -r '.[0].handle.server')"
  ;;
extend)
  found=$(things server "ci-parity=$lease")
  host=$(printf '%s' "$found" | jq -r '.[0].host // empty')
  [ -n "$host" ] || { say "there is no such server in $(here)" && exit 1; }
  move_end "$host"
  hcloud server add-label --overwrite "ci-parity-$lease" "$(until_label)" >&2
  echo '{}'
  ;;
return)
  put_away
  place=$(here)
  # The token of a project may be another one by now.
  [ "$count" != 0 ] || same_place
  found=$(things server "ci-parity=$lease")
  [ "$(printf '%s' "$found" | jq length)" != 0 ] || gone
  echo '{"gone": false}'
  ;;
list)
  # A key that was left without its server is put away like one.
  servers=$(things server ci-parity)
  keys=$(things ssh-key ci-parity)
  printf '%s' "$servers$keys" | jq -s '{machines: (add | unique_by(.lease) | map(del(.host)))}'
  ;;
*) say "there is no $verb" && exit 2 ;;
esac
