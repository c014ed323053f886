#!/bin/sh
# Lends machines of AWS, such as c5.metal, by its own command line tool, version 2.
# In the environment: AWS_IMAGE (an AMI with cloud-init), and where your account wants them AWS_SUBNET and
# AWS_SECURITY_GROUP (which must let SSH in). AWS's own variables and profiles hold as ever.
# When the lease is over, the machine halts by itself, which terminates it.
. "$(dirname "$0")/common.sh"

# The machines of the filter $1, with what a lease wants to know of them.
machines() {
  answer=$(aws ec2 describe-instances --output json --filters "$1" \
    'Name=instance-state-name,Values=pending,running,stopping,stopped,shutting-down') || exit 1
  printf '%s' "$answer" |
    jq '[.Reservations[].Instances[] | (.Tags // [] | from_entries) as $tag |
      {lease: $tag["ci-parity"], owner: $tag["ci-parity-owner"], title: .InstanceType,
       handle: {instance: .InstanceId}, host: .PublicIpAddress}]'
}

case $verb in
borrow)
  make_keys
  user_data >"$folder/user-data"
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
  host=$(machines "Name=tag:ci-parity,Values=$lease" | jq -r '.[0].host // empty')
  [ -n "$host" ] || { say 'there is no such machine' && exit 1; }
  move_end "$host"
  echo '{}'
  ;;
return)
  found=$(machines "Name=tag:ci-parity,Values=$lease")
  for instance in $(printf '%s' "$found" | jq -r '.[].handle.instance'); do
    aws ec2 terminate-instances --instance-ids "$instance" >/dev/null
    aws ec2 wait instance-terminated --instance-ids "$instance"
  done
  gone
  ;;
list)
  found=$(machines 'Name=tag-key,Values=ci-parity')
  printf '%s' "$found" | jq '{machines: map(del(.host))}'
  ;;
*) say "there is no $verb" && exit 2 ;;
esac
