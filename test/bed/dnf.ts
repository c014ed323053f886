/**
 * A system of Fedora's kin as far as getting ready can see one: no apt-get, the real dnf and rpm (as Debian has them),
 * with a repository of small packages that are made there. A script for the first start of a bed's machine.
 */
import { existsSync } from 'node:fs';

/** Why it cannot be had here; undefined where it can. */
export function dnfMissing(): string | undefined {
  const lacks = ['dnf', 'rpmbuild', 'createrepo_c'].find((name) => !existsSync(`/usr/bin/${name}`));
  return lacks && `${lacks} is not there: apt-get install dnf rpm createrepo-c`;
}

export function realDnf(): string {
  return `set -e
rm -f /usr/bin/apt-get /usr/bin/rsync /usr/bin/virsh /usr/sbin/virsh /usr/bin/VBoxManage /usr/bin/vagrant /usr/local/bin/vagrant
mount -t tmpfs tmpfs /var/lib/rpm
mount -t tmpfs tmpfs /var/cache/dnf
mkdir -p /etc/yum.repos.d /srv/packages /run/rpm
rm -f /etc/yum.repos.d/*
printf '%s\\n' '[bed]' 'name=bed' 'baseurl=file:///srv/packages' 'gpgcheck=0' > /etc/yum.repos.d/bed.repo
# NAME PROGRAM: a package with a program, whose text comes over standard input; - for none.
package() {
  {
    printf '%s\\n' "Name: $1" 'Version: 1.0' 'Release: 1' 'Summary: of the bed' 'License: none' 'BuildArch: noarch' \\
      'AutoReqProv: no' '%description' 'Of the bed.' '%install' 'mkdir -p %{buildroot}/usr/bin'
    if [ $2 != - ]; then
      cat > /run/rpm/program
      printf '%s\\n' "install -m 755 /run/rpm/program %{buildroot}/usr/bin/$2" '%files' "/usr/bin/$2"
    else
      echo '%files'
    fi
  } > /run/rpm/spec
  rpmbuild -bb --define '_topdir /run/rpm/build' --define '_rpmdir /srv/packages' /run/rpm/spec > /run/rpm/log 2>&1 ||
    { cat /run/rpm/log; return 1; }
}
for pair in rsync:rsync libvirt-client:virsh libvirt-daemon-kvm:- qemu-kvm:- vagrant-libvirt:-; do
  echo '#!/bin/sh' | package \${pair%:*} \${pair#*:}
done
package vagrant vagrant <<'END'
#!/bin/sh
case "$1 $2" in
  'plugin list') ! rpm -q vagrant-libvirt > /dev/null || echo 'vagrant-libvirt (0.11.2, system)' ;;
esac
END
createrepo_c -q /srv/packages
`;
}
