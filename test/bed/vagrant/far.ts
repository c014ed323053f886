/**
 * The real Vagrant of the podman bed on a small machine of `sshd.ts`: its containers are that machine's own,
 * in its own network, and end with it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sshd } from '../sshd';
import { podmanBed, type Missing } from './vagrant';

export interface FarVagrant {
  /** A script for the first start. */
  readonly firstBoot: string;
  /** What the machine's image holds, so that nothing has to be downloaded. */
  readonly images: string;
}

export async function farVagrant(signal: AbortSignal): Promise<FarVagrant | Missing> {
  const bed = await podmanBed(signal);
  if ('missing' in bed) return bed;
  const { PATH = '', VAGRANT_HOME = '', ...variables } = bed.env;
  const [shim = ''] = PATH.split(':');
  const told = ['info', '--format', '{{.Store.GraphRoot}}'];
  const files = {
    '/usr/local/bin/docker': readFileSync(join(shim, 'docker'), 'utf8'),
    '/root/.vagrant.d/Vagrantfile': readFileSync(join(VAGRANT_HOME, 'Vagrantfile'), 'utf8'),
    '/etc/containers/storage.conf': STORAGE,
  };
  const lines = Object.entries(files).map(([path, text]) => {
    const encoded = Buffer.from(text).toString('base64');
    return `mkdir -p "$(dirname ${path})"; echo ${encoded} | base64 -d > ${path}; chmod 755 ${path}\n`;
  });
  // The same for every session, as an administrator would set it.
  const environment = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  lines.push(`echo 'SetEnv ${environment.join(' ')}' >> /etc/ssh/sshd_config\n`);
  return {
    firstBoot: lines.join(''),
    images: execFileSync('podman', told, { encoding: 'utf8' }).trim(),
  };
}

/** The names of the containers there are on such a machine, running or not. */
export async function farContainers(sshd: Sshd): Promise<string[]> {
  return linesOf(await sshd.inside("docker ps --all --format '{{.Names}}'"));
}

/** What Vagrant and podman have there: containers by their names, Vagrant's machines by their folders. */
export async function farLeftovers(sshd: Sshd): Promise<string[]> {
  const machines = await sshd.inside(
    "HOME=/root vagrant global-status --machine-readable | sed -n 's/.*,machine-home,//p'",
  );
  return [...(await farContainers(sshd)), ...linesOf(machines)];
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

const STORAGE = `[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
[storage.options]
additionalimagestores = ["/opt/images"]
`;
