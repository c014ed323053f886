import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './demo/package';

/**
 * A script that lays down, as a machine's Vagrant, what the demo uses in place of one. A machine has a `/tmp` of its
 * own, so it might not see this clone.
 */
export function standInVagrant(): string {
  const file = join(projectRoot, 'test/bed/demo/stand-in/vagrant');
  return `echo ${readFileSync(file).toString('base64')} | base64 -d > /usr/local/bin/stand-in-vagrant
cat > /usr/local/bin/vagrant <<'END'
#!/bin/sh
case "$1 $2" in
  'plugin list') echo 'vagrant-libvirt (0.11.2, system)' ;;
  *) exec stand-in-vagrant "$@" ;;
esac
END
chmod +x /usr/local/bin/vagrant /usr/local/bin/stand-in-vagrant
`;
}

/**
 * A script for the first start of a bed's machine: it takes away what getting ready would bring, and lays down
 * an `apt-get` that writes what it is asked into `/root/asked`, and brings programs that do nothing, all but
 * `without`; Vagrant remembers plugins.
 */
export function standInPackages({ without = 'nothing' } = {}): string {
  return `rm -f /usr/bin/rsync /usr/bin/virsh /usr/sbin/virsh /usr/bin/VBoxManage /usr/bin/vagrant /usr/bin/dnf
cat > /usr/local/bin/apt-get <<'MANAGER'
#!/bin/sh
echo "apt-get $*" >> /root/asked
for package; do
  case $package in
    ${without}) echo "E: Unable to locate package $package" >&2; exit 100 ;;
    rsync) name=rsync ;; libvirt-clients) name=virsh ;; virtualbox) name=VBoxManage ;; vagrant) name=vagrant ;;
    *) continue ;;
  esac
  printf '#!/bin/sh\\nexit 0\\n' > /usr/local/bin/$name
  if [ $name = vagrant ]; then cat /root/vagrant > /usr/local/bin/vagrant; fi
  chmod +x /usr/local/bin/$name
  echo "Setting up $package"
done
MANAGER
cat > /root/vagrant <<'VAGRANT'
#!/bin/sh
case "$1 $2" in
  'plugin list') echo 'vagrant-libvirt (0.11.2, system)'; cat /root/plugins 2> /dev/null; true ;;
  'plugin install') echo "vagrant $*" >> /root/asked; echo "$3 (1.0, global)" >> /root/plugins ;;
esac
VAGRANT
chmod +x /usr/local/bin/apt-get
`;
}
