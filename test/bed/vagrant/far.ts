/**
 * The real Vagrants of the beds on a small machine of `sshd.ts`: its containers or VMs are that machine's own,
 * in its own network, and end with it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shellLine } from '../../../src/machines/quote';
import type { Sshd, SshdOptions } from '../sshd';
import { libvirtBed, machinesOf, podmanBed, type Missing, type VagrantBed } from './vagrant';

export interface FarVagrant extends Pick<SshdOptions, 'holds' | 'containers'> {
  readonly kind: VagrantBed['kind'];
  /** A script for the first start, after which Vagrant is there as on a machine whose image has it. */
  readonly firstBoot: string;
}

/** What a machine needs to have one; nothing is downloaded there. */
export async function farVagrant(
  kind: VagrantBed['kind'],
  signal: AbortSignal,
): Promise<FarVagrant | Missing> {
  const bed = await { podman: podmanBed, libvirt: libvirtBed }[kind](signal);
  if ('missing' in bed) return bed;
  const { PATH = '', VAGRANT_HOME = '', ...variables } = bed.env;
  // The same for every session, as an administrator would set it.
  const environment = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const sessions = `echo 'SetEnv ${environment.join(' ')}' >> /etc/ssh/sshd_config\n`;
  if (kind === 'libvirt')
    return {
      kind,
      firstBoot: `${sessions}${LIBVIRT}`,
      holds: { '/opt/boxes': join(VAGRANT_HOME, 'boxes') },
    };
  const [shim = ''] = PATH.split(':');
  const told = ['info', '--format', '{{.Store.GraphRoot}}'];
  const files = [
    written('/usr/local/bin/docker', readFileSync(join(shim, 'docker'), 'utf8')),
    written(
      '/root/.vagrant.d/Vagrantfile',
      readFileSync(join(VAGRANT_HOME, 'Vagrantfile'), 'utf8'),
    ),
    written('/etc/containers/storage.conf', STORAGE),
  ];
  return {
    kind,
    firstBoot: `${sessions}${files.join('')}`,
    holds: { '/opt/images': execFileSync('podman', told, { encoding: 'utf8' }).trim() },
    containers: true,
  };
}

/** The names of the containers or VMs that are there, running or not, and of those of which only a disk is left. */
export function farMachines({ kind }: FarVagrant, sshd: Sshd): Promise<string[]> {
  return machinesOf(kind, (...words) => sshd.inside(shellLine(words)));
}

/** With them what Vagrant itself knows of, by its folders. */
export async function farLeftovers(vagrant: FarVagrant, sshd: Sshd): Promise<string[]> {
  const told = await sshd.inside('HOME=/root vagrant global-status --machine-readable');
  const known = [...told.matchAll(/,machine-home,(.*)$/gm)].map(([, folder = '']) => folder);
  return [...(await farMachines(vagrant, sshd)), ...known];
}

function written(path: string, text: string): string {
  const encoded = Buffer.from(text).toString('base64');
  return `mkdir -p "$(dirname ${path})"; echo ${encoded} | base64 -d > ${path}; chmod 755 ${path}\n`;
}

const STORAGE = `[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
[storage.options]
additionalimagestores = ["/opt/images"]
`;

/** What this machine's libvirt has made is none of its own. */
const LIBVIRT = `rm -rf /var/lib/libvirt /etc/libvirt/qemu /etc/libvirt/storage
mkdir -p /var/lib/libvirt/images /run/libvirt /root/.vagrant.d
ln -s /opt/boxes /root/.vagrant.d/boxes
env -i PATH="$PATH" HOME=/root libvirtd -d --pid-file /run/libvirtd.pid
`;
