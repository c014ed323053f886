#!/bin/bash
# libvirt.sh: a Vagrant whose machines are real VMs, under QEMU's emulation, so that no KVM is needed.
#   libvirt.sh             starts libvirtd and adds the box where they lack; at once when all is there;
#                          exit code 3 and a line when the system lacks something
#   libvirt.sh --env       the environment variables to use it, as JSON
#   libvirt.sh --packages  the Debian packages it wants
#   libvirt.sh --system    root's part, for a machine of CI's: makes the users and the configuration in /etc that
#                          Debian's libvirt-daemon-system would bring (it wants systemd, so we go without it)
. "$(dirname "$0")/common.sh"
PACKAGES='vagrant vagrant-libvirt libvirt-daemon libvirt-clients libvirt-daemon-driver-qemu dnsmasq-base iptables
  iproute2 qemu-system-x86 qemu-utils mmdebstrap cpio rsync openssh-client e2fsprogs'
BOX_NAME=ci-parity/debian-12
VERSION=$(version_of common.sh guest.sh box.sh)
export VAGRANT_HOME=$BED/libvirt/home VAGRANT_DEFAULT_PROVIDER=libvirt LIBVIRT_DEFAULT_URI=qemu:///system

system() {
  for group in kvm libvirt libvirt-qemu; do getent group "$group" >/dev/null || groupadd -r "$group"; done
  id libvirt-qemu >/dev/null 2>&1 || useradd -r -g kvm -d /var/lib/libvirt -s /usr/sbin/nologin libvirt-qemu
  mkdir -p /var/log/libvirt/qemu /var/lib/libvirt/images /etc/libvirt
  if [ ! -e /etc/libvirt/qemu.conf ]; then
    cat >/etc/libvirt/qemu.conf.new <<'E'
# Made by CI Parity's test bed: no systemd, no cgroups, no virtlogd, QEMU as root.
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
stdio_handler = "file"
namespaces = [ ]
E
    mv /etc/libvirt/qemu.conf.new /etc/libvirt/qemu.conf
  fi
}

case ${1:-} in
--packages) echo $PACKAGES; exit ;;
--env)
  env_json VAGRANT_HOME VAGRANT_DEFAULT_PROVIDER LIBVIRT_DEFAULT_URI \
    VAGRANT_CHECKPOINT_DISABLE VAGRANT_BOX_UPDATE_CHECK_DISABLE
  exit ;;
--system) system; exit ;;
esac

need_commands "$(echo $PACKAGES)" vagrant virsh libvirtd dnsmasq iptables qemu-system-x86_64 qemu-img mmdebstrap \
  cpio rsync ssh mke2fs
dpkg-query -W vagrant-libvirt >/dev/null 2>&1 ||
  missing 'vagrant-libvirt: apt-get install --no-install-recommends vagrant-libvirt'
lock libvirt

if ! virsh uri >/dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || missing 'libvirtd: it does not run, and starting it needs root'
  [ -e /etc/libvirt/qemu.conf ] || missing "libvirtd: run '$HERE/libvirt.sh --system' as root"
  say 'starting libvirtd'
  mkdir -p /run/libvirt
  # Its HOME and XDG directories must not be those of a test run, which go away.
  env -i PATH="$PATH" HOME=/root libvirtd -d --pid-file /run/libvirtd.pid 9>&-
  # The socket is there when `libvirtd -d` returns; the first connection waits until QEMU was probed (seconds).
  timeout 120 virsh uri >/dev/null
fi

mkdir -p "$VAGRANT_HOME"
if [ "$(cat "$BED/libvirt/version" 2>/dev/null)" != "$VERSION" ]; then
  box=$("$HERE/box.sh")
  say 'adding the box'
  vagrant box add --no-tty --force --name "$BOX_NAME" "$box" >&2
  echo "$VERSION" >"$BED/libvirt/version.new"
  mv "$BED/libvirt/version.new" "$BED/libvirt/version"
fi
say 'ready'
