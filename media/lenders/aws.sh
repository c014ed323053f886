#!/bin/sh
# Lends machines of AWS, such as c5.metal, by its own command line tool, version 2.
# In the environment: AWS_IMAGE (an AMI with cloud-init), and where your account wants them AWS_SUBNET and
# AWS_SECURITY_GROUP (which must let SSH in). AWS's own variables and profiles hold as ever.
# When the lease is over, the machine halts by itself, which terminates it.
. "$(dirname "$0")/common.sh"

# The machines of the filter $1, with what a lease wants to know of them.
machines() {
  aws ec2 describe-instances --output json --filters "$1" \
    'Name=instance-state-name,Values=pending,running,stopping,stopped,shutting-down' |
    jq '[.Reservations[].Instances[] | (.Tags // [] | from_entries) as $tag |
      {lease: $tag["ci-parity"], owner: $tag["ci-parity-owner"], title: .InstanceType,
       handle: {instance: .InstanceId}, host: .PublicIpAddress}]'
}

case $verb in
borrow)
  make_keys
  user_data halt >"$folder/user-data"
  tags=$(jq -cn --arg lease "$lease" --arg owner "$owner" '[{ResourceType: "instance", Tags: [
    {Key: "ci-parity", Value: $lease}, {Key: "ci-parity-owner", Value: $owner},
    {Key: "Name", Value: "ci-parity-\($lease)"}]}]')
  say "asking for a $offer"
  instance=$(aws ec2 run-instances --count 1 --image-id "$AWS_IMAGE" --instance-type "$offer" \
    --client-token "$lease" --instance-initiated-shutdown-behavior terminate \
    --user-data "file://$folder/user-data" --tag-specifications "$tags" \
    ${AWS_SUBNET:+--subnet-id "$AWS_SUBNET"} \
    ${AWS_SECURITY_GROUP:+--security-group-ids "$AWS_SECURITY_GROUP"} \
    --query 'Instances[0].InstanceId' --output text)
  say "waiting for $instance"
  aws ec2 wait instance-running --instance-ids "$instance"
  host=$(machines "Name=instance-id,Values=$instance" | jq -r '.[0].host // empty')
  [ -n "$host" ] || { say "$instance has no public address" && exit 1; }
  wait_for_ssh "$host"
  lent "$host" "$offer" instance "$instance"
  ;;
extend)
  folder=$(field handle.folder)
  host=$(machines "Name=tag:ci-parity,Values=$lease" | jq -r '.[0].host // empty')
  [ -n "$host" ] || { say 'there is no such machine' && exit 1; }
  printf '%s %s\n' "$host" "$(cut -d ' ' -f 1,2 "$folder/host.pub")" >"$folder/known_hosts"
  ssh -n -i "$folder/key" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes \
    -o UserKnownHostsFile="$folder/known_hosts" "root@$host" \
    "shutdown -c; shutdown -h +$(((seconds + 59) / 60))" >&2
  echo '{}'
  ;;
return)
  found=$(machines "Name=tag:ci-parity,Values=$lease" | jq -r '.[].handle.instance')
  [ -n "$found" ] || gone
  for instance in $found; do
    aws ec2 terminate-instances --instance-ids "$instance" >/dev/null
    aws ec2 wait instance-terminated --instance-ids "$instance"
  done
  gone
  ;;
list)
  machines 'Name=tag-key,Values=ci-parity' | jq '{machines: map(del(.host))}'
  ;;
*) say "there is no $verb" && exit 2 ;;
esac
