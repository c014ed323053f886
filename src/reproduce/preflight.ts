import { homedir } from 'node:os';
import { join } from 'node:path';
import { findDocker } from '../machines/docker';
import { factsOf, type MachineFacts } from '../machines/facts';
import { findPrograms } from '../machines/programs';
import type { Plan } from '../recipe/plan';
import type { Recipe } from '../recipe/recipe';
import type { Finding } from './journal';
import type { Place } from './place';
import { mentionedProviders, textAt } from './ready';
import type { Reproduction } from './store';

/**
 * Looks at what the reproduction will want, all at once, and says what to do about what is
 * missing. It does not ask Vagrant itself: even `--version` takes long, and `status` seconds.
 */
export async function preflight(
  recipe: Recipe,
  plan: Plan,
  place: Place,
  others: readonly Reproduction[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const { machine, workspace } = place;
  const asking = factsOf(machine, workspace, signal);
  const [ofVagrant, ofDocker, facts] = await Promise.all([
    vagrantFindings(recipe, place, asking, signal),
    wantsContainers(plan) ? dockerFindings(place, signal) : [],
    asking,
  ]);
  return [
    ...ofVagrant,
    ...ofDocker,
    ...diskFindings(facts, workspace),
    ...memoryFindings(plan, facts, machine.name),
    ...leftoverFindings(others),
  ];
}

async function vagrantFindings(
  recipe: Recipe,
  place: Place,
  facts: Promise<MachineFacts>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { machine, base } = place;
  const names = ['vagrant', ...Object.values(providers)];
  const [vagrantfile, found] = await Promise.all([
    textAt(recipe, 'Vagrantfile', signal),
    findPrograms(machine, names, base['PATH'] ?? '', signal),
  ]);
  if (vagrantfile === undefined) return [];
  // Only where it is: Vagrant takes a tenth of a second or more to say its version.
  const [path] = found.get('vagrant') ?? [];
  const vagrant: Finding =
    path === undefined
      ? {
          level: 'stop',
          subject: 'vagrant',
          message: `Vagrant is not on ${machine.name}.`,
          advice:
            'Install it (Debian: apt-get install vagrant; macOS: brew install vagrant), or reproduce on another machine.',
        }
      : { level: 'ok', subject: 'vagrant', message: `Vagrant at ${path}` };
  return [
    vagrant,
    ...providerFindings(vagrantfile, place, (name) => found.has(name), await facts),
    ...(await boxFindings(vagrantfile, place, signal)),
  ];
}

/** Whether steps of it run in containers. */
export function wantsContainers({ items }: Plan): boolean {
  return items.some(
    (item) =>
      (item.kind === 'agent' && item.container !== undefined) ||
      (item.kind === 'step' && item.text.startsWith('docker.')),
  );
}

/** Without it the steps would run in another environment than CI's, and the verdict would say nothing. */
async function dockerFindings({ machine, base }: Place, signal: AbortSignal): Promise<Finding[]> {
  const found = await findDocker(machine, base, signal);
  if (found?.trouble === undefined && found)
    return [{ level: 'ok', subject: 'docker', message: `containers by ${found.docker.program}` }];
  return [
    {
      level: 'stop',
      subject: 'docker',
      message: found
        ? `The Jenkinsfile runs steps in containers, and ${found.docker.program} does not answer: ${found.trouble ?? ''}`
        : `The Jenkinsfile runs steps in containers, and neither docker nor podman is on ${machine.name}.`,
      advice: 'Install or start Docker or Podman, or reproduce a stage that wants no container.',
    },
  ];
}

/** The program that shows that a provider is there. */
const providers: Readonly<Record<string, string>> = {
  virtualbox: 'VBoxManage',
  libvirt: 'virsh',
  docker: 'docker',
  parallels: 'prlctl',
  vmware_desktop: 'vmrun',
  qemu: 'qemu-system-x86_64',
};

function providerFindings(
  vagrantfile: string,
  { machine, base }: Place,
  isThere: (program: string) => boolean,
  { kvm }: MachineFacts,
): Finding[] {
  const chosen = base['VAGRANT_DEFAULT_PROVIDER'];
  const wanted =
    chosen === undefined
      ? [...new Set([...mentionedProviders(vagrantfile), 'virtualbox', 'libvirt', 'docker'])]
      : [chosen];
  for (const name of wanted) {
    const program = providers[name];
    // Of a provider that we do not know, Vagrant itself has to speak.
    if (program === undefined || isThere(program))
      return [
        { level: 'ok', subject: 'provider', message: `provider ${name}` },
        ...(kvm === false && usesKvm.has(name) ? [withoutKvm(machine.name)] : []),
      ];
  }
  return [
    {
      level: 'warning',
      subject: 'provider',
      message: `No provider was found on ${machine.name} (looked for ${wanted.join(', ')}).`,
      advice: 'Install VirtualBox, or libvirt with the vagrant-libvirt plugin.',
    },
  ];
}

const usesKvm: ReadonlySet<string> = new Set(['libvirt', 'qemu']);

function withoutKvm(name: string): Finding {
  return {
    level: 'warning',
    subject: 'virtualisation',
    message: `There is no /dev/kvm on ${name}: its virtual machines are emulated, if they start at all.`,
    advice: 'Turn on (nested) virtualisation, or expect everything to take ten times as long.',
  };
}

async function boxFindings(
  vagrantfile: string,
  { machine, base }: Place,
  signal: AbortSignal,
): Promise<Finding[]> {
  const [, box] = /\.vm\.box\s*=\s*["']([^"'#]+)["']\s*$/m.exec(vagrantfile) ?? [];
  // Docker images are no boxes, and a computed name is known to Vagrant alone.
  if (box === undefined || base['VAGRANT_DEFAULT_PROVIDER'] === 'docker') return [];
  const home = base['VAGRANT_HOME'] ?? join(base['HOME'] ?? homedir(), '.vagrant.d');
  const folder = join(home, 'boxes', box.replaceAll('/', '-VAGRANTSLASH-'));
  const there = await machine.files.stat(folder, signal);
  return there
    ? [{ level: 'ok', subject: 'box', message: `box ${box}` }]
    : [
        {
          level: 'warning',
          subject: 'box',
          message: `The box ${box} is not on ${machine.name} yet.`,
          advice:
            'Vagrant will download it, which can take long. Beforehand: vagrant box add ' + box,
        },
      ];
}

/** Holds what the pipeline calls MEMORY, in MB as Vagrantfiles have it, against what is there. */
function memoryFindings(plan: Plan, { memory }: MachineFacts, name: string): Finding[] {
  if (!memory) return [];
  const values = plan.items.flatMap((item) =>
    item.kind === 'sh'
      ? item.changes.filter(({ name }) => name === 'MEMORY').map(({ value }) => value)
      : [],
  );
  const wanted = Math.max(
    0,
    ...values.map((value) => (typeof value === 'string' ? Number(value) || 0 : 0)),
  );
  if (wanted === 0) return [];
  const mb = (bytes: number): number => Math.floor(bytes / 2 ** 20);
  if (wanted > mb(memory.total))
    return [
      {
        level: 'stop',
        subject: 'memory',
        message: `The run wants MEMORY=${wanted} MB, and ${name} has ${mb(memory.total)} MB in all.`,
        advice:
          'Use a larger machine, or give less with --env MEMORY=…: then it is not the same machine as in CI.',
      },
    ];
  if (wanted > mb(memory.free))
    return [
      {
        level: 'warning',
        subject: 'memory',
        message: `The run wants MEMORY=${wanted} MB, and ${mb(memory.free)} MB are free at the moment.`,
        advice: 'Close something large, or expect swapping.',
      },
    ];
  return [
    {
      level: 'ok',
      subject: 'memory',
      message: `MEMORY=${wanted} MB of ${mb(memory.free)} MB free`,
    },
  ];
}

function diskFindings({ disk: free }: MachineFacts, workspace: string): Finding[] {
  if (free === undefined) return [];
  const gigabytes = (free / 1e9).toFixed(1);
  if (free < 0.2e9)
    return [
      {
        level: 'stop',
        subject: 'disk',
        message: `Only ${gigabytes} GB are free for the workspace.`,
        advice: `Make room where ${workspace} lies.`,
      },
    ];
  if (free < 5e9)
    return [
      {
        level: 'warning',
        subject: 'disk',
        message: `Only ${gigabytes} GB are free for the workspace.`,
        advice: 'A virtual machine often wants more.',
      },
    ];
  return [{ level: 'ok', subject: 'disk', message: `${gigabytes} GB of disk free` }];
}

function leftoverFindings(others: readonly Reproduction[]): Finding[] {
  return others.flatMap(({ status, files, made }): Finding[] => {
    if (status.state === 'kept')
      return [
        {
          level: 'warning',
          subject: 'leftover',
          message: `The machine of ${files.id} is still kept.`,
          advice: `When you are done with it: ci-parity finish ${files.id}`,
        },
      ];
    if (status.state === 'interrupted' && made.length > 0)
      return [
        {
          level: 'warning',
          subject: 'leftover',
          message: `${files.id} was interrupted and left: ${made.map(({ what, where }) => `${what} ${where}`).join(', ')}.`,
          advice: 'Put it away: ci-parity clean',
        },
      ];
    return [];
  });
}
