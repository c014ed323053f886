#!/bin/sh
# Lends machines of AWS, such as c5.metal, by its own command line tool.
# In the environment: AWS_IMAGE (an AMI with cloud-init), AWS_SECURITY_GROUP (one that lets SSH in from where you are:
# the default one lets nobody in), AWS_DISK (100 gigabytes unless told), AWS_SUBNET (of the default network unless
# told; one that gives public addresses). AWS_PROFILE and AWS_REGION say where; else AWS's own configuration does.
# When the lease is over, the machine halts by itself, which terminates it.
. "$(dirname "$0")/common.sh"
need_tools aws
# Version 1 of it knows the region by another name only.
[ -z "${AWS_REGION:-}" ] || export AWS_DEFAULT_REGION="$AWS_REGION"

# The machines of the filter $1, with what a lease wants to know of them.
machines() {
  answer=$(aws ec2 describe-instances --output json --filters "$1" \
    'Name=instance-state-name,Values=pending,running,stopping,stopped,shutting-down') || exit 1
  printf '%s' "$answer" |
    jq '[.Reservations[].Instances[] | (.Tags // [] | from_entries) as $tag |
      {lease: $tag["ci-parity"], owner: ($tag["ci-parity-owner"] // "nobody"), title: .InstanceType,
       handle: {instance: .InstanceId}, host: .PublicIpAddress}]'
}
# Account and region: who asks in another one sees no machine.
here() {
  account=$(aws sts get-caller-identity --query Account --output text) &&
    region=$(aws ec2 describe-availability-zones --query 'AvailabilityZones[0].RegionName' --output text) &&
    echo "account $account, $region"
}

case $verb in
borrow)
  need_settings AWS_IMAGE AWS_SECURITY_GROUP
  only_system "$AWS_IMAGE"
  ask_first aws ec2 describe-images --image-ids "$AWS_IMAGE" --query 'Images[0].RootDeviceName' --output text
  disks=$(jq -cn --arg name "$answer" --arg size "${AWS_DISK:-100}" '[{DeviceName: $name,
    Ebs: {VolumeSize: ($size | tonumber), VolumeType: "gp3", DeleteOnTermination: true}}]') ||
    refuse "AWS_DISK is to be a number of gigabytes, not ${AWS_DISK:-}"
  ask_first here
  place=$answer
  make_keys
  user_data >"$folder/user-data"
  tags=$(jq -cn --arg lease "$lease" --arg owner "$owner" '[{ResourceType: "instance", Tags: [
    {Key: "ci-parity", Value: $lease}, {Key: "ci-parity-owner", Value: $owner},
    {Key: "Name", Value: "ci-parity-\($lease)"}]}]')
  say "asking for a $offer"
  instance=$(aws ec2 run-instances --count 1 --image-id "$AWS_IMAGE" --instance-type "$offer" \
    --client-token "$lease" --instance-initiated-shutdown-behavior terminate --block-device-mappings "$disks" \
    --user-data "file://$folder/user-data" --tag-specifications "$tags" \
    ${AWS_SUBNET:+--subnet-id "$AWS_SUBNET"} --security-group-ids "$AWS_SECURITY_GROUP" \
    --query 'Instances[0].InstanceId' --output text 2>"$folder/said") || {
    why=$(tail -n 1 "$folder/said")
    # These say no. After anything else there may be one.
    case $why in
    *'(Insufficient'* | *'LimitExceeded)'* | *'(Invalid'* | *'(Unsupported'* | *'(Unauthorized'*) refuse "$why" ;;
    esac
    say "$why" && exit 1
  }
  say "waiting for $instance"
  aws ec2 wait instance-running --instance-ids "$instance"
  found=$(machines "Name=instance-id,Values=$instance")
  host=$(printf '%s' "$found" | jq -r '.[0].host // empty')
  [ -n "$host" ] || { say "$instance has no public address: see AWS_SUBNET" && exit 1; }
  wait_for_ssh "$host"
  lent "$host" "$offer" instance "$instance"
  ;;
extend)
  found=$(machines "Name=tag:ci-parity,Values=$lease")
  host=$(printf '%s' "$found" | jq -r '.[0].host // empty')
  [ -n "$host" ] || { say "there is no such machine in $(here)" && exit 1; }
  move_end "$host"
  echo '{}'
  ;;
return)
  found=$(machines "Name=tag:ci-parity,Values=$lease")
  for instance in $(printf '%s' "$found" | jq -r '.[].handle.instance'); do
    aws ec2 terminate-instances --instance-ids "$instance" >/dev/null
    aws ec2 wait instance-terminated --instance-ids "$instance"
  done
  place=$(here)
  same_place
  gone
  ;;
list)
  found=$(machines 'Name=tag-key,Values=ci-parity')
  printf '%s' "$found" | jq '{machines: map(del(.host))}'
  ;;
*) say "there is no $verb" && exit 2 ;;
esac
