#!/bin/sh
# Lends bare metal of Latitude.sh, by its API and curl.
# In the environment: LATITUDE_TOKEN_FILE (a file with the token, which only you can read), LATITUDE_PROJECT,
# LATITUDE_SITE (such as ASH), LATITUDE_SYSTEM (debian_12 unless told). Nothing ends by itself: a server is
# given back when CI Parity is started the next time after its end.
. "$(dirname "$0")/common.sh"
api=${LATITUDE_API:-https://api.latitude.sh}

# Asks the API: METHOD PATH [BODY]. The token goes by a pipe, where nobody can read it off the processes.
ask() {
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$LATITUDE_TOKEN_FILE")" |
    curl --silent --show-error --fail --config - --request "$1" --max-time 60 \
      --header 'Content-Type: application/json' ${3:+--data "$3"} "$api$2"
}

# What the project has: the user data bears the lease and its owner, the server's name the lease.
user_data_of_all() { ask GET "/projects/$LATITUDE_PROJECT/user_data?page%5Bsize%5D=100"; }
servers() {
  ask GET "/servers?filter%5Bproject%5D=$LATITUDE_PROJECT&page%5Bsize%5D=100" |
    jq '[.data[] | select(.attributes.hostname | startswith("ci-parity-")) |
      {id, lease: (.attributes.hostname | ltrimstr("ci-parity-")), status: .attributes.status,
       host: .attributes.primary_ipv4, title: (.attributes.plan.slug // "a server")}]'
}
server() { servers | jq "[.[] | select(.lease == \"$lease\")]"; }

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
  until [ "$(server | jq -r '.[0].status')" = on ]; do
    say 'the server is being deployed'
    sleep "${POLL_SECONDS:-20}"
  done
  host=$(server | jq -r '.[0].host')
  wait_for_ssh "$host"
  lent "$host" "$offer" server "$id"
  ;;
extend) echo '{}' ;;
return)
  for id in $(server | jq -r '.[].id'); do ask DELETE "/servers/$id" >&2; done
  [ "$(server | jq length)" = 0 ] || { echo '{"gone": false}' && exit 0; }
  for id in $(user_data_of_all |
    jq -r ".data[] | select(.attributes.description | startswith(\"ci-parity $lease \")) | .id"); do
    ask DELETE "/projects/$LATITUDE_PROJECT/user_data/$id" >&2
  done
  gone
  ;;
list)
  owners=$(user_data_of_all | jq '[.data[].attributes.description | split(" ") |
    select(.[0] == "ci-parity") | {key: .[1], value: .[2]}] | from_entries')
  servers | jq --argjson owners "$owners" '{machines: map({lease, title, handle: {server: .id},
    owner: ($owners[.lease] // "nobody")})}'
  ;;
*) say "there is no $verb" && exit 2 ;;
esac
