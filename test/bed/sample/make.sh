#!/bin/bash
# make.sh DEST: makes the sample, a repository with the history of a small network-policy engine whose tests run in
# Vagrant under Jenkins, and beside it the bare repository `origin.git` that is its remote. Names and dates are fixed,
# so every commit has the same id everywhere. Prints `name id` for the commits that tests speak of.
# On a DEST made by this very script it does nothing; on one of an earlier version it makes it anew.
set -euo pipefail
[ $# = 1 ] || { echo 'usage: make.sh DEST' >&2; exit 2; }

# The sample depends neither on the caller's repository (as in a git hook) nor on anybody's configuration of git.
unset $(git rev-parse --local-env-vars)
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
umask 022

script=$(sha256sum "${BASH_SOURCE[0]}" | cut -d' ' -f1)
mkdir -p "$(dirname "$1")"
parent=$(cd "$(dirname "$1")" && pwd)
dest=$parent/$(basename "$1")
origin=$parent/origin.git
for repository in "$dest/.git" "$origin"; do
  [ ! -e "$repository" ] || [ -f "$repository/sample" ] || { echo "$repository exists and is not ours" >&2; exit 1; }
done
if [ -d "$dest" ] && [ ! -f "$dest/.git/sample" ] && ! rmdir "$dest" 2>/dev/null; then
  echo "$dest exists and is not ours" >&2
  exit 1
fi

commits_of() { sed -n 's/^commit //p' "$1/sample"; }
if grep -qsx "script $script" "$dest/.git/sample" && grep -qsx "script $script" "$origin/sample"; then
  commits_of "$dest/.git"
  exit
fi

work=$(mktemp -d "$parent/.sample.XXXXXX")
trap 'rm -rf "$work"' EXIT
git init -q -b master "$work/sample"
cd "$work/sample"
git config user.name 'Sample'
git config user.email 'sample@example.com'
echo "script $script" >"$work/marks"

clock=1500000000 # 14 July 2017
# commit NAME MESSAGE: commits everything, an hour after the commit before.
commit() {
  clock=$((clock + 3600))
  git add -A
  GIT_AUTHOR_NAME='Ada Policy' GIT_AUTHOR_EMAIL=ada@example.com GIT_AUTHOR_DATE="$clock +0000" \
    GIT_COMMITTER_NAME='Ada Policy' GIT_COMMITTER_EMAIL=ada@example.com GIT_COMMITTER_DATE="$clock +0000" \
    git commit -q -m "$2"
  echo "commit $1 $(git rev-parse HEAD)" >>"$work/marks"
}

# policy RULE: the engine. A rule is "how a matching line of policy changes the verdict"; the rest never changes.
policy() {
  cat >pkg/policy/policy.awk <<E
# Decides whether one endpoint may talk to another:
#   awk -f policy.awk -v direction=egress -v from=web -v to=db -v port=5432 POLICY
# A line of POLICY is "DIRECTION allow|deny FROM TO PORT", and * stands for any. What no line allows is denied.

function matches(pattern, value) {
	return pattern == "*" || pattern == value
}

\$1 == direction && matches(\$3, from) && matches(\$4, to) && matches(\$5, port) {
$1
}

END {
	print (allowed && !denied) ? "ALLOWED" : "DENIED"
}
E
}

# --- The history ------------------------------------------------------------------------------------------------

mkdir -p pkg/policy
cat >README.md <<'E'
# Moat

Moat decides which endpoint may talk to which.

    awk -f pkg/policy/policy.awk -v direction=egress -v from=web -v to=db -v port=5432 POLICY

`./pkg/policy/policy_test.sh` runs the tests.
E
policy '	if ($2 == "deny") denied = 1
	else allowed = 1'
cat >pkg/policy/policy_test.sh <<'E'
#!/bin/bash
# The tests of policy.awk, with a report like that of `go test`.
cd "$(dirname "$0")" || exit 2
failed=0

# expect WANT DIRECTION FROM TO PORT: asks about the policy on standard input.
expect() {
	local got
	got=$(awk -f policy.awk -v direction="$2" -v from="$3" -v to="$4" -v port="$5")
	[ "$got" = "$1" ] || messages+="    policy_test.sh:${BASH_LINENO[0]}: $2 $3 -> $4:$5: want $1, got $got"$'\n'
}

run() {
	local messages= start=${EPOCHREALTIME/./} took
	echo "=== RUN   $1"
	$1
	took=$(((${EPOCHREALTIME/./} - start) / 10000))
	printf -v took '%d.%02ds' $((took / 100)) $((took % 100))
	if [ -z "$messages" ]; then
		echo "--- PASS: $1 ($took)"
	else
		echo "--- FAIL: $1 ($took)"
		printf '%s' "$messages"
		failed=1
	fi
}

TestPolicyDefaultDeny() {
	expect DENIED egress web db 5432 </dev/null
	expect DENIED ingress web db 5432 </dev/null
}

TestPolicyIngressAllow() {
	expect ALLOWED ingress web api 443 <<-P
		ingress allow web api 443
	P
}

TestPolicyIngressDeny() {
	expect DENIED ingress web api 22 <<-P
		ingress deny * api 22
		ingress allow web api *
	P
}

run TestPolicyDefaultDeny
run TestPolicyIngressAllow
run TestPolicyIngressDeny
if [ $failed = 0 ]; then
	echo PASS
	printf 'ok  \tmoat/pkg/policy\n'
else
	echo FAIL
	printf 'FAIL\tmoat/pkg/policy\n'
fi
exit $failed
E
chmod +x pkg/policy/policy_test.sh
commit initial 'Moat: decide which endpoint may talk to which'

mkdir -p contrib/vagrant
cat >Vagrantfile <<'E'
# -*- mode: ruby -*-
# The development machine, which is also CI's. It reads:
#   MEMORY          megabytes (default 2048)
#   CPUS            (default 1)
#   RUN_TEST_SUITE  1: the tests run when the machine is made
#   BUILD_NUMBER    Jenkins' number of the build, so that builds on one host have machines of their own

Vagrant.configure('2') do |config|
  config.vm.box = 'ci-parity/debian-12'
  config.vm.define "moat-#{ENV['BUILD_NUMBER'] || 'dev'}"
  config.vm.synced_folder '.', '/vagrant', type: 'rsync', rsync__exclude: ['.git']

  %w[virtualbox libvirt].each do |provider|
    config.vm.provider provider do |p|
      p.memory = Integer(ENV['MEMORY'] || 2048)
      p.cpus = Integer(ENV['CPUS'] || 1)
    end
  end

  config.vm.provision 'build', type: 'shell', privileged: false, inline: <<~SCRIPT
    awk '/^MemTotal:/ { print "guest memory: " $2 " kB" }' /proc/meminfo
    mkdir -p ~/build && cp -r /vagrant/pkg ~/build/
  SCRIPT

  if ENV['RUN_TEST_SUITE'] == '1'
    config.vm.provision 'testsuite', type: 'shell', privileged: false, inline: '~/build/pkg/policy/policy_test.sh'
  end
end
E
cat >contrib/vagrant/start.sh <<'E'
#!/bin/bash
# Starts the development machine. RUN_TEST_SUITE=1 runs the tests in it.
set -e
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
vagrant up
E
chmod +x contrib/vagrant/start.sh
printf '.vagrant/\n' >.gitignore
cat >>README.md <<'E'

`./contrib/vagrant/start.sh` starts a development machine; with `RUN_TEST_SUITE=1` it runs the tests in it.
E
commit vagrant 'vagrant: a development machine that can run the tests'

cat >Jenkinsfile <<'E'
pipeline {
    agent {
        label 'vagrant'
    }
    options {
        timeout(time: 30, unit: 'MINUTES')
    }
    stages {
        stage('Build') {
            environment {
                MEMORY = '4096'
                RUN_TEST_SUITE = '1'
            }
            steps {
                sh './contrib/vagrant/start.sh'
            }
        }
    }
    post {
        always {
            sh 'vagrant destroy -f'
        }
    }
}
E
commit jenkins 'ci: run the test suite in Jenkins'

# Two more tests, put where they belong.
awk '
/^run TestPolicyDefaultDeny/ {
  print "TestPolicyEgressAllow() {"
  print "\texpect ALLOWED egress web db 5432 <<-P"
  print "\t\tegress allow web db 5432"
  print "\tP"
  print "}\n"
  print "TestPolicyEgressDeny() {"
  print "\texpect DENIED egress web db 22 <<-P"
  print "\t\tegress allow web * *"
  print "\t\tegress deny * db 22"
  print "\tP"
  print "}\n"
}
{ print }
/^run TestPolicyIngressDeny/ { print "run TestPolicyEgressAllow\nrun TestPolicyEgressDeny" }
' pkg/policy/policy_test.sh >policy_test.new
cat policy_test.new >pkg/policy/policy_test.sh
rm policy_test.new
commit before 'policy: test egress as well'

policy '	if ($2 == "deny") denied = 1
	else allowed = 1
	exit'
commit broken 'policy: stop at the first line that matches

Long policies were read to their end for every packet.'

policy '	if ($2 == "allow") {
		allowed = 1
		next
	}
	denied = 1
	exit'
commit mended 'policy: a deny counts wherever it stands

Only a deny ends the search; an allow may still be overruled by a later line.'

# A pull request, which GitHub publishes outside refs/heads; its author branched before the bug came.
git checkout -q -b any-direction HEAD~2
sed -i 's/^\$1 == direction/matches($1, direction)/; s/^# A line of POLICY is "DIRECTION/&|*/' pkg/policy/policy.awk
commit pull 'policy: a line may be about both directions'

# As Cilium has it since 2020: the Jenkinsfile is a link to the pipeline's real file.
git checkout -q -b ginkgo master
git mv Jenkinsfile ginkgo.Jenkinsfile
ln -s ginkgo.Jenkinsfile Jenkinsfile
commit symlink 'ci: name the pipeline after what it runs'

# --- The remote -------------------------------------------------------------------------------------------------

git checkout -q master
git clone -q --bare "$work/sample" "$work/origin.git"
git -C "$work/origin.git" update-ref refs/pull/17/head any-direction
# GitHub too serves a commit by its id.
git -C "$work/origin.git" config uploadpack.allowAnySHA1InWant true
git -C "$work/origin.git" remote remove origin
git remote add origin "$origin"
git fetch -q "$work/origin.git" '+refs/heads/*:refs/remotes/origin/*'
git branch -q --set-upstream-to origin/master master

cp "$work/marks" "$work/origin.git/sample"
cp "$work/marks" .git/sample
rm -rf "$origin" "$dest"
mv "$work/origin.git" "$origin"
mv "$work/sample" "$dest"
commits_of "$dest/.git"
