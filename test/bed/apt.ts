/**
 * A Debian that lacks all that getting ready brings, with the real apt and dpkg and a repository of small packages
 * that are made there: a script for the first start of a bed's machine. What dpkg knows is empty, so that nothing of
 * this machine is in the way. All of it is memory, and does not outlive `reboot`.
 *
 * The packages have maintainers' scripts that do what those of Debian do as far as it matters here: that of
 * libvirt-daemon-system makes the group and has a file of settings, vagrant carries some megabytes. The one called
 * `slow` tells that it is being configured by writing into /root/reached, and is until somebody writes into /root/slow.
 */
import { existsSync } from 'node:fs';

/** Why it cannot be had here; undefined where it can. */
export function aptMissing(): string | undefined {
  const lacks = ['apt-get', 'dpkg', 'dpkg-deb'].find((name) => !existsSync(`/usr/bin/${name}`));
  return lacks === undefined ? undefined : `${lacks} is not there: the tests want a Debian`;
}

export interface AptOptions {
  /** Packages that the repository does not have. */
  readonly without?: readonly string[];
  /** Bytes that /usr/share/vagrant has room for. */
  readonly room?: number;
  /** More of the script, run at the end. */
  readonly then?: string;
}

export function realPackages({ without = [], room, then = '' }: AptOptions = {}): string {
  return `set -e
rm -f /usr/bin/rsync /usr/bin/git-lfs /usr/bin/virsh /usr/sbin/virsh /usr/bin/VBoxManage /usr/bin/vagrant /usr/bin/dnf /usr/local/bin/vagrant /usr/bin/podman /usr/bin/docker /usr/local/bin/docker
rm -rf /usr/share/vagrant /etc/libvirt
! getent group libvirt > /dev/null || groupdel libvirt
for folder in /var/lib/dpkg /var/lib/apt /var/cache/apt /etc/apt; do mount -t tmpfs tmpfs $folder; done
mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates /var/lib/dpkg/triggers /var/lib/apt/lists/partial \\
  /var/cache/apt/archives/partial /etc/apt/apt.conf.d /etc/apt/preferences.d /etc/apt/sources.list.d /etc/apt/trusted.gpg.d
for file in status available diversions statoverride; do : > /var/lib/dpkg/$file; done
mkdir /usr/share/vagrant
${room === undefined ? '' : `mount -t tmpfs -o size=${room} tmpfs /usr/share/vagrant`}
mkdir -p /srv/packages /run/made
cd /srv/packages
# NAME DEPENDS: what is in /run/made/NAME becomes a package of the repository.
package() {
  case ' ${without.join(' ')} ' in *" $1 "*) return ;; esac
  at=/run/made/$1
  mkdir -p $at/DEBIAN
  printf '%s\\n' "Package: $1" 'Version: 1.0' 'Architecture: all' 'Maintainer: the bed <bed@localhost>' 'Description: of the bed' > $at/DEBIAN/control
  [ -z "$2" ] || echo "Depends: $2" >> $at/DEBIAN/control
  [ ! -e $at/DEBIAN/postinst ] || chmod 755 $at/DEBIAN/postinst
  dpkg-deb --root-owner-group -Znone -b $at $1.deb > /dev/null
  dpkg-deb -f $1.deb >> Packages
  printf 'Filename: ./%s.deb\\nSize: %s\\nSHA256: %s\\n\\n' $1 $(stat -c %s $1.deb) $(sha256sum < $1.deb | cut -d' ' -f1) >> Packages
}
# NAME PROGRAM: a package with a program that does nothing, or what it is told on standard input.
program() {
  mkdir -p /run/made/$1/usr/bin
  { echo '#!/bin/sh'; cat; } > /run/made/$1/usr/bin/$2
  chmod 755 /run/made/$1/usr/bin/$2
}
# NAME: its maintainer's script is told on standard input.
configured() {
  mkdir -p /run/made/$1/DEBIAN
  { echo '#!/bin/sh'; echo 'set -e'; cat; } > /run/made/$1/DEBIAN/postinst
}
program rsync rsync < /dev/null
package librsync-of-the-bed ''
package rsync librsync-of-the-bed
program git-lfs git-lfs < /dev/null
package git-lfs ''
configured libvirt-daemon-system <<'END'
[ "$1" != configure ] || getent group libvirt > /dev/null || groupadd --system libvirt
END
mkdir -p /run/made/libvirt-daemon-system/etc/libvirt
echo 'user = "root"' > /run/made/libvirt-daemon-system/etc/libvirt/qemu.conf
echo /etc/libvirt/qemu.conf > /run/made/libvirt-daemon-system/DEBIAN/conffiles
package libvirt-daemon-system ''
program libvirt-clients virsh < /dev/null
package libvirt-clients libvirt-daemon-system
for name in qemu-system-x86 qemu-system-arm qemu-utils dnsmasq-base; do package $name ''; done
program podman podman < /dev/null
for name in uidmap slirp4netns podman; do package $name ''; done
program vagrant vagrant <<'END'
case "$1 $2" in
  'plugin list') [ ! -e /usr/share/vagrant/libvirt ] || echo 'vagrant-libvirt (0.11.2, system)'; cat "$HOME/plugins" 2> /dev/null; true ;;
  'plugin install') echo "$3 (1.0, global)" >> "$HOME/plugins" ;;
esac
END
mkdir -p /run/made/vagrant/usr/share/vagrant
head -c 4000000 /dev/urandom > /run/made/vagrant/usr/share/vagrant/gems
package vagrant ''
mkdir -p /run/made/vagrant-libvirt/usr/share/vagrant
: > /run/made/vagrant-libvirt/usr/share/vagrant/libvirt
package vagrant-libvirt vagrant
configured slow <<'END'
[ "$1" = configure ] || exit 0
echo > /root/reached
read -r go < /root/slow
END
package slow ''
mkfifo /root/slow /root/reached
echo 'deb [trusted=yes] copy:/srv/packages ./' > /etc/apt/sources.list
${then}
`;
}

/** For `then`: a user, who logs in with root's key; and may use sudo without a password if told. */
export function userWith({ name, sudo }: { name: string; sudo: boolean }): string {
  return `id ${name} > /dev/null 2>&1 || useradd -m -s /bin/sh -p '*' ${name}
mkdir -p /home/${name}/.ssh
cp /root/.ssh/authorized_keys /home/${name}/.ssh/
chown -R ${name} /home/${name}
rm -rf /etc/sudoers.d; mkdir -p /etc/sudoers.d
echo '${name} ALL=(ALL) ${sudo ? 'NOPASSWD:' : ''}ALL' > /etc/sudoers.d/bed
chmod 440 /etc/sudoers.d/bed
`;
}
