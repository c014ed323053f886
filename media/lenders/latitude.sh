#!/bin/sh
# Lends bare metal of Latitude.sh, by its API and curl.
# In the environment: LATITUDE_TOKEN_FILE (a file with the token, which only you can read), LATITUDE_PROJECT,
# LATITUDE_SITE (such as ASH), LATITUDE_SYSTEM (debian_12 unless told). A server halts by itself when the lease is
# over, and costs on until it is deleted: that is done when CI Parity is started the next time.
. "$(dirname "$0")/common.sh"
api=${LATITUDE_API:-https://api.latitude.sh}

# Asks the API: METHOD PATH [BODY]. The token goes by a pipe, where nobody can read it off the processes.
ask() {
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$LATITUDE_TOKEN_FILE")" |
    curl --silent --show-error --fail --config - --request "$1" --max-time 60 \
      --header 'Content-Type: application/json' ${3:+--data "$3"} "$api$2"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# All pages of a list: whoever is on none of them is gone.
all() {
  page=1
  : >"$work/all"
  while :; do
    ask GET "$1page%5Bsize%5D=100&page%5Bnumber%5D=$page" >"$work/page" || exit 1
    jq '.data[]' "$work/page" >>"$work/all" || exit 1
    [ "$(jq '.data | length' "$work/page")" = 100 ] || break
    page=$((page + 1))
  done
  jq -s . "$work/all"
}

# What the project has: the user data bears the lease and its owner, the server's name the lease.
user_data_of_all() { all "/projects/$LATITUDE_PROJECT/user_data?"; }
servers() {
  answer=$(all "/servers?filter%5Bproject%5D=$LATITUDE_PROJECT&") || exit 1
  printf '%s' "$answer" |
    jq '[.[] | select(.attributes.hostname | startswith("ci-parity-")) |
      {id, lease: (.attributes.hostname | ltrimstr("ci-parity-")), status: .attributes.status,
       host: .attributes.primary_ipv4, title: (.attributes.plan.slug // "a server")}]'
}
server() {
  them=$(servers) || exit 1
  printf '%s' "$them" | jq "[.[] | select(.lease == \"$lease\")]"
}

case $verb in
borrow)
  make_keys
  content=$(user_data | base64 | tr -d '\n')
  data=$(ask POST "/projects/$LATITUDE_PROJECT/user_data" "$(jq -n --arg content "$content" \
    --arg words "ci-parity $lease $owner" '{data: {type: "user_data",
      attributes: {description: $words, content: $content}}}')" | jq -r .data.id)
  say "asking for a $offer"
  id=$(ask POST /servers "$(jq -n --arg project "$LATITUDE_PROJECT" --arg plan "$offer" \
    --arg site "$LATITUDE_SITE" --arg system "${LATITUDE_SYSTEM:-debian_12}" \
    --arg name "ci-parity-$lease" --arg data "$data" '{data: {type: "servers", attributes: {
      project: $project, plan: $plan, site: $site, operating_system: $system, hostname: $name,
      user_data: $data, billing: "hourly"}}}')" | jq -r .data.id)
  while :; do
    found=$(server)
    status=$(printf '%s' "$found" | jq -r '.[0].status')
    case $status in
    on) break ;;
    failed_deployment | null) say "the server could not be deployed ($status)" && exit 1 ;;
    esac
    say 'the server is being deployed'
    sleep "${POLL_SECONDS:-20}"
  done
  host=$(server | jq -r '.[0].host')
  wait_for_ssh "$host"
  lent "$host" "$offer" server "$id"
  ;;
extend)
  host=$(server | jq -r '.[0].host // empty')
  [ -n "$host" ] || { say 'there is no such server' && exit 1; }
  move_end "$host"
  echo '{}'
  ;;
return)
  found=$(server)
  for id in $(printf '%s' "$found" | jq -r '.[].id'); do ask DELETE "/servers/$id" >&2; done
  found=$(server)
  [ "$(printf '%s' "$found" | jq length)" = 0 ] || { echo '{"gone": false}' && exit 0; }
  data=$(user_data_of_all)
  for id in $(printf '%s' "$data" |
    jq -r ".[] | select(.attributes.description | startswith(\"ci-parity $lease \")) | .id"); do
    ask DELETE "/projects/$LATITUDE_PROJECT/user_data/$id" >&2
  done
  gone
  ;;
list)
  data=$(user_data_of_all)
  owners=$(printf '%s' "$data" | jq '[.[].attributes.description | split(" ") |
    select(.[0] == "ci-parity") | {key: .[1], value: .[2]}] | from_entries')
  found=$(servers)
  printf '%s' "$found" | jq --argjson owners "$owners" '{machines: map({lease, title,
    handle: {server: .id}, owner: ($owners[.lease] // "nobody")})}'
  ;;
*) say "there is no $verb" && exit 2 ;;
esac
