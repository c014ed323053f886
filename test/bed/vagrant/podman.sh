#!/bin/bash
# podman.sh: a Vagrant that is up in seconds: Vagrant's own docker provider on Debian's podman, without daemon or VM.
#   podman.sh             makes what is needed; at once when it is there; exit code 3 and a line when the system lacks something
#   podman.sh --env       the environment variables to use it, as JSON
#   podman.sh --packages  the Debian packages it wants
. "$(dirname "$0")/common.sh"
PACKAGES='vagrant podman runc mmdebstrap rsync openssh-client'
IMAGE=localhost/ci-parity-bed:$(version_of common.sh guest.sh podman.sh)
SHIM=$BED/podman/shim
export VAGRANT_HOME=$BED/podman/home VAGRANT_DEFAULT_PROVIDER=docker

case ${1:-} in
--packages) echo "$PACKAGES"; exit ;;
--env)
  # The shim comes first: a docker client without a daemon may well lie in the PATH.
  export PATH=$SHIM:$PATH
  env_json PATH VAGRANT_HOME VAGRANT_DEFAULT_PROVIDER VAGRANT_CHECKPOINT_DISABLE VAGRANT_BOX_UPDATE_CHECK_DISABLE
  exit ;;
esac

need_commands "$PACKAGES" vagrant podman runc mmdebstrap rsync ssh
[ "$(id -u)" = 0 ] || missing 'podman: this bed needs root'
lock podman
mkdir -p "$SHIM" "$VAGRANT_HOME"

# crun, podman's default, fails on older or hybrid cgroups ("cgroups in hybrid mode not supported",
# "setrlimit `RLIMIT_NOFILE`: Operation not permitted"); runc with explicit ulimits works there too.
cat >"$SHIM/docker.new" <<'E'
#!/bin/sh
exec podman --runtime runc --cgroup-manager=cgroupfs "$@"
E
chmod +x "$SHIM/docker.new"
mv "$SHIM/docker.new" "$SHIM/docker"

# Vagrant merges this with the project's Vagrantfile, which so runs on the docker provider unmodified.
cat >"$VAGRANT_HOME/Vagrantfile.new" <<E
Vagrant.configure('2') do |config|
  config.vm.provider 'docker' do |d, o|
    o.vm.box = nil
    o.vm.guest = :debian        # detecting it costs 25 round trips
    o.ssh.insert_key = false
    d.image = '$IMAGE'
    d.has_ssh = true
    d.remains_running = true
    d.create_args = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024',
                     '--memory', "#{ENV['MEMORY'] || 512}m"]
  end
end
E
mv "$VAGRANT_HOME/Vagrantfile.new" "$VAGRANT_HOME/Vagrantfile"

if ! podman image exists "$IMAGE"; then
  tar=$("$HERE/guest.sh")
  say 'importing the image'
  podman import -q --change 'CMD ["/bin/sh","-c","mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e"]' \
    --change 'EXPOSE 22' "$tar" "$IMAGE" >/dev/null
  # Images of earlier versions of this script; one that a container still uses stays.
  podman images --format '{{.Repository}}:{{.Tag}}' localhost/ci-parity-bed | grep -vxF "$IMAGE" |
    xargs -r podman rmi >/dev/null 2>&1 || true
fi
say 'ready'
