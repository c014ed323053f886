import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { freemem, homedir, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { UserError } from '../base/errors';
import { findDocker } from '../machines/docker';
import { showFile } from '../recipe/git';
import type { Plan } from '../recipe/plan';
import type { Recipe } from '../recipe/recipe';
import type { Finding } from './journal';
import type { Files, Reproduction } from './store';

/**
 * Looks at what the reproduction will want, all at once, and says what to do about what is
 * missing. It does not ask Vagrant itself: even `--version` takes long, and `status` seconds.
 */
export async function preflight(
  recipe: Recipe,
  plan: Plan,
  files: Files,
  base: Readonly<Record<string, string>>,
  others: readonly Reproduction[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const vagrantfile = await vagrantfileOf(recipe, signal);
  const ofVagrant =
    vagrantfile === undefined
      ? []
      : [
          vagrantFindings(base),
          providerFindings(vagrantfile, base),
          boxFindings(vagrantfile, base),
        ];
  const ofDocker = wantsContainers(plan) ? [dockerFindings(base)] : [];
  const findings = await Promise.all([...ofVagrant, ...ofDocker, diskFindings(files)]);
  return [...findings.flat(), ...memoryFindings(plan), ...leftoverFindings(others)];
}

async function vagrantfileOf(recipe: Recipe, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await showFile(recipe.repository.directory, recipe.commit, 'Vagrantfile', signal)).text;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Only where it is: Vagrant takes a tenth of a second or more to say its version. */
async function vagrantFindings(base: Readonly<Record<string, string>>): Promise<Finding[]> {
  const path = await inPath('vagrant', base);
  return path === undefined
    ? [
        {
          level: 'stop',
          subject: 'vagrant',
          message: 'Vagrant is not on this machine.',
          advice:
            'Install it (Debian: apt-get install vagrant; macOS: brew install vagrant), or reproduce on another machine.',
        },
      ]
    : [{ level: 'ok', subject: 'vagrant', message: `Vagrant at ${path}` }];
}

function wantsContainers({ items }: Plan): boolean {
  return items.some(
    (item) =>
      (item.kind === 'agent' && item.container !== undefined) ||
      (item.kind === 'step' && item.text.startsWith('docker.')),
  );
}

/** Without it the steps would run in another environment than CI's, and the verdict would say nothing. */
async function dockerFindings(base: Readonly<Record<string, string>>): Promise<Finding[]> {
  const found = await findDocker(base);
  if (found?.trouble === undefined && found)
    return [{ level: 'ok', subject: 'docker', message: `containers by ${found.docker.program}` }];
  return [
    {
      level: 'stop',
      subject: 'docker',
      message: found
        ? `The Jenkinsfile runs steps in containers, and ${found.docker.program} does not answer: ${found.trouble ?? ''}`
        : 'The Jenkinsfile runs steps in containers, and neither docker nor podman is on this machine.',
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

async function providerFindings(
  vagrantfile: string,
  base: Readonly<Record<string, string>>,
): Promise<Finding[]> {
  const chosen = base['VAGRANT_DEFAULT_PROVIDER'];
  const mentioned = [...vagrantfile.matchAll(/\.provider\s*\(?\s*[:"'](\w+)/g)].map(
    ([, name]) => name ?? '',
  );
  const wanted =
    chosen === undefined
      ? [...new Set([...mentioned, 'virtualbox', 'libvirt', 'docker'])]
      : [chosen];
  for (const name of wanted) {
    const program = providers[name];
    // Of a provider that we do not know, Vagrant itself has to speak.
    if (program === undefined || (await inPath(program, base)) !== undefined)
      return [{ level: 'ok', subject: 'provider', message: `provider ${name}` }];
  }
  return [
    {
      level: 'warning',
      subject: 'provider',
      message: `No provider was found on this machine (looked for ${wanted.join(', ')}).`,
      advice: 'Install VirtualBox, or libvirt with the vagrant-libvirt plugin.',
    },
  ];
}

async function boxFindings(
  vagrantfile: string,
  base: Readonly<Record<string, string>>,
): Promise<Finding[]> {
  const [, box] = /\.vm\.box\s*=\s*["']([^"'#]+)["']\s*$/m.exec(vagrantfile) ?? [];
  // Docker images are no boxes, and a computed name is known to Vagrant alone.
  if (box === undefined || base['VAGRANT_DEFAULT_PROVIDER'] === 'docker') return [];
  const home = base['VAGRANT_HOME'] ?? join(base['HOME'] ?? homedir(), '.vagrant.d');
  const there = await exists(join(home, 'boxes', box.replaceAll('/', '-VAGRANTSLASH-')));
  return there
    ? [{ level: 'ok', subject: 'box', message: `box ${box}` }]
    : [
        {
          level: 'warning',
          subject: 'box',
          message: `The box ${box} is not on this machine yet.`,
          advice:
            'Vagrant will download it, which can take long. Beforehand: vagrant box add ' + box,
        },
      ];
}

/** Holds what the pipeline calls MEMORY, in MB as Vagrantfiles have it, against what is there. */
function memoryFindings(plan: Plan): Finding[] {
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
  if (wanted > mb(totalmem()))
    return [
      {
        level: 'stop',
        subject: 'memory',
        message: `The run wants MEMORY=${wanted} MB, and this machine has ${mb(totalmem())} MB in all.`,
        advice:
          'Use a larger machine, or give less with --env MEMORY=…: then it is not the same machine as in CI.',
      },
    ];
  if (wanted > mb(freemem()))
    return [
      {
        level: 'warning',
        subject: 'memory',
        message: `The run wants MEMORY=${wanted} MB, and ${mb(freemem())} MB are free at the moment.`,
        advice: 'Close something large, or expect swapping.',
      },
    ];
  return [
    { level: 'ok', subject: 'memory', message: `MEMORY=${wanted} MB of ${mb(freemem())} MB free` },
  ];
}

async function diskFindings(files: Files): Promise<Finding[]> {
  await mkdir(files.directory, { recursive: true });
  const { bavail, bsize } = await statfs(files.directory);
  const free = bavail * bsize;
  const gigabytes = (free / 1e9).toFixed(1);
  if (free < 0.2e9)
    return [
      {
        level: 'stop',
        subject: 'disk',
        message: `Only ${gigabytes} GB are free for the workspace.`,
        advice: `Make room where ${files.directory} lies.`,
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

/** Where a program is found first. */
async function inPath(
  program: string,
  base: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  for (const folder of (base['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program);
    if (folder !== '' && (await exists(path, constants.X_OK))) return path;
  }
  return undefined;
}

async function exists(path: string, mode = constants.F_OK): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false;
  }
}
