/**
 * Real Vagrants for tests. `podman.sh` gives one whose machines are containers and up in seconds,
 * `libvirt.sh` one whose machines are VMs under QEMU's emulation; the sample runs in both.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface VagrantBed {
  readonly kind: 'podman' | 'libvirt';
  /**
   * What a process needs over its own environment. It does not depend on HOME or on XDG's
   * variables, so it can be given to a VS Code server that has a HOME of its own.
   */
  readonly env: Readonly<Record<string, string>>;
}

/** The system lacks something; the sentence says what to install. */
export interface Missing {
  readonly missing: string;
}

/** Containers by Debian's podman: an `up` takes 6 s. The first call ever takes half a minute. */
export async function podmanBed(signal: AbortSignal): Promise<VagrantBed | Missing> {
  const made = await bed('podman', signal);
  // Only root's podman works with rules of the whole machine.
  if ('env' in made && process.getuid?.() === 0) removeDeadForwardings();
  return made;
}

/**
 * VMs by QEMU, with the memory the Vagrantfile asks for: an `up` takes 25 s. Starts libvirtd if it
 * does not run, and leaves it running. The first call ever takes half a minute.
 */
export async function libvirtBed(signal: AbortSignal): Promise<VagrantBed | Missing> {
  return bed('libvirt', signal);
}

/**
 * The names of the machines that exist now, running or not, and of those of which only a disk is
 * left. A name begins with the base name of the directory of the Vagrantfile:
 * `<directory>_<machine>` for VMs, `<directory>_<machine>_<seconds since 1970>` for containers.
 */
export async function leftovers(bed: VagrantBed, signal: AbortSignal): Promise<string[]> {
  return machinesOf(bed.kind, async (command, ...args) => {
    const { code, stdout, stderr } = await run(command, args, bed.env, signal);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} exited ${code}: ${stderr}`);
    return stdout;
  });
}

/** The same of any computer on which `run` runs a program and resolves with what it prints. */
export async function machinesOf(
  kind: VagrantBed['kind'],
  run: (command: string, ...args: string[]) => Promise<string>,
): Promise<string[]> {
  const tell = async (command: string, ...args: string[]): Promise<string[]> =>
    (await run(command, ...args)).split('\n').flatMap((line) => line.trim() || []);
  if (kind === 'podman') return tell('docker', 'ps', '-a', '--format', '{{.Names}}');
  const domains = await tell('virsh', 'list', '--all', '--name');
  const pools = await tell('virsh', 'pool-list', '--name');
  const disks = pools.includes('default') ? await tell('virsh', 'vol-list', 'default') : [];
  const machinesOfDisks = disks.flatMap((line) => {
    const name = /^(\S+)\.img\s/.exec(line)?.[1];
    return name === undefined || name.includes('_vagrant_box_image_') ? [] : name;
  });
  return [...new Set([...domains, ...machinesOfDisks])];
}

/**
 * Removes the rules that CNI's plugins made for containers that exist no more: a podman that was
 * killed leaves them, and they take the port of the next container for good.
 */
export function removeDeadForwardings(): void {
  const nat = (...args: string[]): string =>
    execFileSync('iptables', ['-w', '-t', 'nat', ...args], { encoding: 'utf8' });
  const rules = nat('-S').split('\n');
  const living = execFileSync('podman', ['ps', '-aq', '--no-trunc'], { encoding: 'utf8' });
  for (const rule of rules) {
    const id = /^-A (?:CNI-HOSTPORT-DNAT|POSTROUTING) .*id: \\"([0-9a-f]{64})\\"/.exec(rule)?.[1];
    if (id === undefined || living.includes(id)) continue;
    // The words of a rule as iptables writes them are those of a shell.
    execFileSync('sh', ['-c', `iptables -w -t nat ${rule.replace(/^-A/, '-D')}`]);
    const chain = /-j (CNI-\S+)/.exec(rule)?.[1];
    if (chain === undefined) continue;
    nat('-F', chain);
    nat('-X', chain);
  }
}

/**
 * Removes the machines whose names begin with `prefix`, past Vagrant, and returns their names.
 * For what a test left behind, not for what a reproduction ought to put away.
 */
export async function removeLeftovers(
  bed: VagrantBed,
  prefix: string,
  signal: AbortSignal,
): Promise<string[]> {
  if (prefix === '') throw new Error('An empty prefix would remove the machines of everybody');
  const names = (await leftovers(bed, signal)).filter((name) => name.startsWith(prefix));
  for (const name of names) {
    // Each of these fails when its part is gone already; the last look tells.
    const commands =
      bed.kind === 'podman'
        ? [['docker', 'rm', '-f', '-t', '0', name]]
        : [
            ['virsh', 'destroy', name],
            ['virsh', 'undefine', name],
            ['virsh', 'vol-delete', '--pool', 'default', `${name}.img`],
          ];
    for (const [command = '', ...args] of commands) await run(command, args, bed.env, signal);
  }
  const left = (await leftovers(bed, signal)).filter((name) => names.includes(name));
  if (left.length > 0) throw new Error(`Could not be removed: ${left.join(', ')}`);
  return names;
}

async function bed(kind: VagrantBed['kind'], signal: AbortSignal): Promise<VagrantBed | Missing> {
  const script = join(import.meta.dirname, `${kind}.sh`);
  const made = await run('bash', [script], {}, signal);
  if (made.code === 3) return { missing: made.stdout.trim() };
  if (made.code !== 0) throw new Error(`${script} exited ${made.code}:\n${made.stderr}`);
  const told = await run('bash', [script, '--env'], {}, signal);
  if (told.code !== 0) throw new Error(`${script} --env exited ${told.code}:\n${told.stderr}`);
  return { kind, env: JSON.parse(told.stdout) as Record<string, string> };
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects when aborted, after the command and all it started were told to end and did. */
async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Ran> {
  signal.throwIfAborted();
  // A group of its own: a shell that waits for its child would act on a signal only after that.
  const child = spawn(command, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    const [stdout, stderr, [code, killedBy]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      closed,
    ]);
    signal.throwIfAborted();
    if (code === null) throw new Error(`${command} was ended by ${killedBy}:\n${stderr}`);
    return { code, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
