import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { MachineFiles } from './machine';

/** A virtual machine that Vagrant made for a directory. */
export interface VagrantMachine {
  /** As the Vagrantfile defines it. */
  readonly name: string;
  readonly provider: string;
}

/** A folder in which Vagrant has worked. */
export interface VagrantFolder {
  readonly directory: string;
  /** Those that it has made there, as it noted. */
  readonly machines: readonly VagrantMachine[];
}

/**
 * The folders at or below `directory` in which Vagrant has worked, at most three levels down, read
 * from its own notes: asking `vagrant status` evaluates the Vagrantfile and takes up to 20 s while a
 * machine boots.
 */
export async function vagrantFolders(
  files: MachineFiles,
  directory: string,
  signal: AbortSignal,
): Promise<VagrantFolder[]> {
  const levels = ['', '*/', '*/*/', '*/*/*/'];
  const patterns = {
    includes: levels.map((level) => `${level}${NOTES}/**`).join(),
    excludes: '**/.git/**,**/node_modules/**',
  };
  const folders = new Map<string, VagrantMachine[]>();
  for (const { path } of await files.find(directory, patterns, signal)) {
    const end = path.indexOf(`${NOTES}/`);
    const folder = join(directory, path.slice(0, end));
    const machines = folders.get(folder) ?? [];
    folders.set(folder, machines);
    const [name = '', provider = '', note] = path.slice(end + NOTES.length + 1).split('/');
    if (note === 'id') machines.push({ name, provider });
  }
  return [...folders].map(([folder, machines]) => ({ directory: folder, machines }));
}

/** The providers with which Vagrant has begun to make machines for `directory`, whether it noted an id or not. */
export async function providersIn(
  files: MachineFiles,
  directory: string,
  signal: AbortSignal,
): Promise<string[]> {
  const root = join(directory, NOTES);
  const found = new Set<string>();
  for (const name of await files.list(root, signal))
    for (const provider of await files.list(join(root, name), signal)) found.add(provider);
  return [...found];
}

/** The machines that Vagrant made for a folder of this machine, at once. */
export function machinesOf(directory: string): VagrantMachine[] {
  const root = join(directory, NOTES);
  return list(root).flatMap((name) =>
    list(join(root, name))
      .filter((provider) => isFile(join(root, name, provider, 'id')))
      .map((provider) => ({ name, provider })),
  );
}

/** Things of a provider that bear a machine's name, as its own program tells and removes them. */
export interface Traces {
  readonly list: {
    readonly command: string;
    readonly args: readonly string[];
    /** The names that it printed. */
    readonly parse: (output: string) => string[];
  };
  /** To be run one after the other; the first fails where there is nothing to stop. */
  readonly remove: (
    name: string,
  ) => readonly { readonly command: string; readonly args: readonly string[] }[];
}

/**
 * Vagrant notes the id of a machine after it has made it, and prints something in between: killed
 * or without a reader, it forgets the machine, and its own `destroy` passes it over. The provider
 * still has it, by a name that begins with the base name of the Vagrantfile's folder and `_`.
 */
export const tracesOf: Readonly<Record<string, readonly Traces[]>> = {
  docker: [
    {
      list: { command: 'docker', args: ['ps', '--all', '--format', '{{.Names}}'], parse: lines },
      remove: (name) => [{ command: 'docker', args: ['rm', '--force', '--volumes', name] }],
    },
  ],
  libvirt: [
    {
      list: { command: 'virsh', args: ['--quiet', 'list', '--all', '--name'], parse: lines },
      remove: (name) => [
        { command: 'virsh', args: ['destroy', name] },
        {
          command: 'virsh',
          args: ['undefine', name, '--managed-save', '--snapshots-metadata', '--nvram'],
        },
      ],
    },
    {
      list: {
        command: 'virsh',
        args: ['--quiet', 'vol-list', 'default'],
        parse: (output) => lines(output).map((line) => line.split(/\s/)[0] ?? ''),
      },
      remove: (name) => [{ command: 'virsh', args: ['vol-delete', '--pool', 'default', name] }],
    },
  ],
  virtualbox: [
    {
      list: {
        command: 'VBoxManage',
        args: ['list', 'vms'],
        parse: (output) => [...output.matchAll(/^"(.+)" \{/gm)].map(([, name]) => name ?? ''),
      },
      remove: (name) => [
        { command: 'VBoxManage', args: ['controlvm', name, 'poweroff'] },
        { command: 'VBoxManage', args: ['unregistervm', name, '--delete'] },
      ],
    },
  ],
};

/** A Vagrant command as data. */
export const vagrant = {
  destroy: { command: 'vagrant', args: ['destroy', '-f'] },
  ssh: (machine: string) => ({ command: 'vagrant', args: ['ssh', machine] }),
} as const;

/**
 * Servers that a step may have started and that other machines of the person live in too:
 * VirtualBox' service above all. They are never ended with a step.
 */
export const hypervisors =
  /^(VBox|VirtualBox|vmware|vmnet|prl_|libvirtd|virt|qemu|dnsmasq|dockerd|containerd|conmon|podman)/;

/** What Vagrant itself could not do, as opposed to a test that failed in the machine. */
export interface VagrantTrouble {
  readonly class: string;
  readonly message: string;
  readonly advice: string;
}

/**
 * The class of Vagrant's own error in what a step on `machine` printed, with what to do about it. A failing
 * provisioner is none: that is the run's own failure. Words and classes from Vagrant 2.3.4's
 * `templates/locales/en.yml` and vagrant-libvirt 0.11.2, as they were seen.
 */
export function findTrouble(output: string, machine = 'this machine'): VagrantTrouble | undefined {
  // Vagrant breaks its messages into lines of 80 columns, each with the machine's name before it.
  const text = output
    .split('\n')
    .map((line) => line.replace(/^(?:==> |\s+)[\w.-]+: /, '').trim())
    .filter((line) => line !== '')
    .join(' ');
  for (const { pattern, message, ...trouble } of troubles)
    if (pattern.test(text))
      return { ...trouble, message: message.replace('this machine', machine) };
  return undefined;
}

/** Words that say that `vagrant up` ran no provisioner: its exit code 0 says nothing about tests. */
export const falseGreen = 'Machine already provisioned';

const troubles: readonly (VagrantTrouble & { readonly pattern: RegExp })[] = [
  {
    class: 'NoDefaultProvider',
    pattern: /No usable default provider could be found for your system/,
    message: 'Vagrant found no provider on this machine.',
    advice:
      'Install VirtualBox, or libvirt with the vagrant-libvirt plugin, or set VAGRANT_DEFAULT_PROVIDER to one that is there.',
  },
  {
    class: 'ProviderNotFound',
    pattern: /The provider '[^']+' could not be found, but was requested/,
    message: "The Vagrantfile's provider is not installed.",
    advice:
      "Install the provider's plugin (`vagrant plugin install …`), or set VAGRANT_DEFAULT_PROVIDER to one that is there.",
  },
  {
    class: 'DockerDown',
    pattern: /Cannot connect to the Docker daemon/,
    message: 'The Docker daemon does not answer.',
    advice: 'Start Docker (or Podman with its docker command), then reproduce again.',
  },
  {
    class: 'ProviderNotUsable',
    pattern:
      /The provider '[^']+' that was requested to back the machine '[^']+' is reporting that it isn't usable/,
    message: "The Vagrantfile's provider is not usable on this machine.",
    advice: 'Install or start it, or set VAGRANT_DEFAULT_PROVIDER to another one.',
  },
  {
    class: 'FogLibvirtConnectionError',
    pattern: /Error while connecting to [Ll]ibvirt/,
    message: 'libvirt does not answer.',
    advice:
      'Start libvirtd, and see that you are in the group libvirt: `virsh -c qemu:///system list` must work.',
  },
  {
    class: 'BoxAddShortNotFound',
    pattern: /could not be found or could not be accessed in the remote catalog/,
    message: 'The Vagrant box is not on this machine and could not be had.',
    advice: 'Add it by hand: `vagrant box add NAME FILE-OR-URL`, or log in if it is private.',
  },
  {
    class: 'NameTaken',
    pattern: /Name [`'"]?[\w.-]+[`'"]? of domain about to create is already taken/,
    message: 'A virtual machine of this name is already there, without Vagrant knowing it.',
    advice:
      'Look with `virsh list --all`, and remove it: `virsh undefine --remove-all-storage NAME`.',
  },
  {
    class: 'MachineActionLockedError',
    pattern: /another process is already executing an action on the machine/,
    message: 'Another Vagrant works on the same virtual machine at the moment.',
    advice: 'Wait until it has ended, or end it.',
  },
  {
    class: 'ConfigInvalid',
    pattern: /There are errors in the configuration of this machine/,
    message: 'Vagrant finds the Vagrantfile wrong on this machine.',
    advice:
      'The lines above that begin with * say what; often a plugin is missing or the provider differs from CI.',
  },
  {
    class: 'NoEnvironmentError',
    pattern: /A Vagrant environment or target machine is required to run this command/,
    message: 'There is no Vagrantfile where the step ran.',
    advice: 'Check the directory that the Jenkinsfile runs Vagrant in.',
  },
  {
    class: 'MachineNotFound',
    pattern:
      /The machine with the name '[^']+' was not found configured for this Vagrant environment/,
    message: 'The Vagrantfile defines no machine of that name.',
    advice: 'A variable that names the machine may differ from CI: see the plan.',
  },
  {
    class: 'EarlyStage',
    pattern: /Vagrant failed to initialize at a very early stage/,
    message: 'Vagrant could not read the Vagrantfile.',
    advice: 'A plugin or a version that it requires is missing here; Vagrant says which above.',
  },
];

const NOTES = '.vagrant/machines';

function lines(output: string): string[] {
  return output.split('\n').flatMap((line) => line.trim() || []);
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
