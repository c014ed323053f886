#!/bin/bash
# guest.sh: makes the Debian that is the guest of both beds, and prints where its tar archive is.
# It has what Vagrant wants of a guest: the user "vagrant" with Vagrant's well-known key, sudo, sshd, rsync.
. "$(dirname "$0")/common.sh"
need_commands 'mmdebstrap vagrant openssh-client' mmdebstrap vagrant ssh-keygen
TAR=$BED/guest-$(version_of common.sh guest.sh).tar
lock guest
if [ ! -f "$TAR" ]; then
  say 'making the guest (about half a minute)'
  rm -rf "$BED"/guest.?????? # left by one that was killed; we hold the lock
  W=$(mktemp -d "$BED/guest.XXXXXX"); trap 'rm -rf "$W"' EXIT

  # Vagrant carries its key along and unpacks it at its first start.
  VAGRANT_HOME=$W/home vagrant global-status >/dev/null
  PUBLIC_KEY=$(ssh-keygen -y -f "$W/home/insecure_private_key"); export PUBLIC_KEY

  # The mirror, and how it is reached, come from this machine's own apt.
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(apt-get indextargets --format '$(LABEL) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
    awk -v suite="$suite" '$1 == "Debian" && $2 == suite { print $3; exit }')
  [ -n "$mirror" ] || { say "apt knows no mirror of Debian $suite; is there an 'apt-get update' to do?"; exit 1; }
  apt-config dump | grep -E '^Acquire::(http|https|Check-[A-Za-z-]+)(::| )' >"$W/apt.conf" || true

  cat >"$W/customize" <<'E'
set -e
R=$1
chroot "$R" useradd -m -s /bin/bash vagrant
chroot "$R" usermod -p '*' vagrant
install -d -m 700 "$R/home/vagrant/.ssh"
echo "$PUBLIC_KEY" >"$R/home/vagrant/.ssh/authorized_keys"
chmod 600 "$R/home/vagrant/.ssh/authorized_keys"
install -d "$R/vagrant"
chroot "$R" chown -R vagrant:vagrant /home/vagrant /vagrant
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$R/etc/sudoers.d/vagrant"
chmod 440 "$R/etc/sudoers.d/vagrant"
sed -i 's/^UsePAM.*/UsePAM no/' "$R/etc/ssh/sshd_config"
echo 'UseDNS no' >>"$R/etc/ssh/sshd_config"
rm -f "$R"/etc/ssh/ssh_host_*
chroot "$R" ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
E
  mmdebstrap --quiet --mode=root --variant=essential \
    --include=openssh-server,sudo,rsync,iproute2,busybox-static \
    --aptopt="$W/apt.conf" --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --customize-hook="sh $W/customize \"\$1\"" \
    "$suite" "$W/guest.tar" "$mirror" >&2
  rm -f "$BED"/guest-*.tar
  mv "$W/guest.tar" "$TAR"
  say "made: $(du -h "$TAR" | cut -f1)"
fi
echo "$TAR"
