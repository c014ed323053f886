#!/bin/sh
# Lends bare metal of Latitude.sh, by its API and curl.
# In the environment: LATITUDE_TOKEN_FILE (a file with the token, which only you can read), LATITUDE_PROJECT,
# LATITUDE_SITE (such as ASH), LATITUDE_SYSTEM (debian_12 unless told). A server halts by itself when the lease is
# over, and costs on until it is deleted: that is done when CI Parity is started the next time.
. "$(dirname "$0")/common.sh"
need_tools curl base64
need_settings LATITUDE_TOKEN_FILE LATITUDE_PROJECT
token=$(cat "$LATITUDE_TOKEN_FILE") || missing "the token in $LATITUDE_TOKEN_FILE cannot be read"
place="the project $LATITUDE_PROJECT"
api=${LATITUDE_API:-https://api.latitude.sh}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Asks the API: METHOD PATH [BODY]. Nobody can read the token, or the host's key in user data, off the processes.
ask() {
  printf '%s' "${3:-}" >"$work/body"
  printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --silent --show-error --fail --config - --request "$1" --max-time 60 \
      --header 'Content-Type: application/json' ${3:+--data "@$work/body"} "$api$2"
}

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
user_data_of_all() { all "/user_data?filter%5Bproject%5D=$LATITUDE_PROJECT&"; }
servers() {
  answer=$(all "/servers?filter%5Bproject%5D=$LATITUDE_PROJECT&") || exit 1
  printf '%s' "$answer" |
    jq '[.[] | select(.attributes.hostname // "" | startswith("ci-parity-")) |
      {id, lease: (.attributes.hostname | ltrimstr("ci-parity-")), status: .attributes.status,
       host: .attributes.primary_ipv4, title: (.attributes.plan.slug // "a server")}]'
}
server() {
  them=$(servers) || exit 1
  printf '%s' "$them" | jq "[.[] | select(.lease == \"$lease\")]"
}
# A project that the token does not open has no servers that it could show.
has_project() {
  projects=$(all "/projects?") || return 1
  printf '%s' "$projects" | jq -e --arg it "$LATITUDE_PROJECT" \
    'any(.[]; .id == $it or .attributes.slug == $it)' >/dev/null ||
    { say "$place is none of those that the token opens" && return 1; }
}

case $verb in
borrow)
  need_settings LATITUDE_SITE
  only_system "${LATITUDE_SYSTEM:-debian_12}"
  ask_first has_project
  make_keys
  user_data | base64 | tr -d '\n' >"$work/content"
  made=$(ask POST /user_data "$(jq -n --rawfile content "$work/content" --arg project "$LATITUDE_PROJECT" \
    --arg words "ci-parity $lease $owner" '{data: {type: "user_data",
      attributes: {description: $words, project: $project, content: $content}}}')")
  data=$(printf '%s' "$made" | jq -er .data.id)
  say "asking for a $offer"
  made=$(ask POST /servers "$(jq -n --arg project "$LATITUDE_PROJECT" --arg plan "$offer" \
    --arg site "$LATITUDE_SITE" --arg system "${LATITUDE_SYSTEM:-debian_12}" \
    --arg name "ci-parity-$lease" --arg data "$data" '{data: {type: "servers", attributes: {
      project: $project, plan: $plan, site: $site, operating_system: $system, hostname: $name,
      user_data: $data, billing: "hourly"}}}')")
  id=$(printf '%s' "$made" | jq -er .data.id)
  while :; do
    found=$(server)
    status=$(printf '%s' "$found" | jq -r '.[0].status')
    case $status in
    on) break ;;
    failed_* | null) say "the server could not be deployed ($status)" && exit 1 ;;
    esac
    say 'the server is being deployed'
    sleep "${POLL_SECONDS:-20}"
  done
  host=$(printf '%s' "$found" | jq -r '.[0].host')
  wait_for_ssh "$host"
  lent "$host" "$offer" server "$id"
  ;;
extend)
  found=$(server)
  host=$(printf '%s' "$found" | jq -r '.[0].host // empty')
  [ -n "$host" ] || { say "there is no such server in $place" && exit 1; }
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
    jq -r ".[] | select(.attributes.description // \"\" | startswith(\"ci-parity $lease \")) | .id"); do
    ask DELETE "/user_data/$id" >&2
  done
  has_project
  same_place
  gone
  ;;
list)
  data=$(user_data_of_all)
  owners=$(printf '%s' "$data" | jq '[.[].attributes.description // "" | split(" ") |
    select(.[0] == "ci-parity") | {key: .[1], value: .[2]}] | from_entries')
  found=$(servers)
  printf '%s' "$found" | jq --argjson owners "$owners" '{machines: map({lease, title,
    handle: {server: .id}, owner: ($owners[.lease] // "nobody")})}'
  ;;
*) say "there is no $verb" && exit 2 ;;
esac
