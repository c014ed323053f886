import { randomUUID } from 'node:crypto';
import type { Enclosure, Executed, Machine } from './machine';
import { findPrograms } from './programs';

/** Docker's command line, or Podman's under either name. */
export interface Docker {
  readonly machine: Machine;
  /** Its path: a step's own PATH must not lead to another one. */
  readonly program: string;
  /** What it needs of the machine's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Each container carries it, with the reproduction's id: what was left is found by it. */
export const LABEL = 'ci-parity.reproduction';

/** Milliseconds for a question to docker, and for a container to be removed. */
const ANSWER = 20_000;
const REMOVAL = 60_000;

/** What takes things away is ended by its time only. */
const NEVER = new AbortController().signal;

/**
 * Looks in the PATH for `docker`, then for `podman`: the first that answers, since a client may well
 * lie there without its daemon. If none does, what the first one said; undefined if there is none.
 */
export async function findDocker(
  machine: Machine,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ readonly docker: Docker; readonly trouble: string | undefined } | undefined> {
  let silent: { docker: Docker; trouble: string } | undefined;
  const names = ['docker', 'podman'];
  const found = await findPrograms(machine, names, environment['PATH'] ?? '', signal);
  for (const program of names.flatMap((name) => found.get(name) ?? [])) {
    const docker = { machine, program, environment };
    const { code, stdout, stderr } = await ask(docker, ['version'], signal);
    if (code === 0) return { docker, trouble: undefined };
    silent ??= { docker, trouble: `${stdout}${stderr}`.trim().split('\n').at(-1) ?? '' };
  }
  return silent;
}

export interface ContainerWish {
  readonly name: string;
  /** The reproduction's id. */
  readonly label: string;
  readonly image: string;
  /** `run`'s own options that the Jenkinsfile gives. */
  readonly options: readonly string[];
  readonly directory: string;
  /** Paths of the machine that are seen in there under the same path. */
  readonly mounts: readonly { readonly path: string; readonly readOnly: boolean }[];
  /** Names of variables; their values come from the client's own environment, and are no arguments. */
  readonly variables: readonly string[];
}

/** The words of `docker run` for a container in which steps run, as Jenkins' `inside` does it. */
export async function runWords(
  docker: Docker,
  wish: ContainerWish,
  signal: AbortSignal,
): Promise<string[]> {
  const user = await userOf(docker.machine, signal);
  return [
    docker.program,
    ...['run', '-t', '-d', '-u', user],
    // Without it a Podman of an ordinary user maps that user to nobody's files.
    ...(!user.startsWith('0:') && isPodman(docker) ? ['--userns=keep-id'] : []),
    ...['--name', wish.name, '--label', `${LABEL}=${wish.label}`],
    ...wish.options,
    ...['-w', wish.directory],
    ...wish.mounts.flatMap(({ path, readOnly }) => [
      '-v',
      `${path}:${path}:${readOnly ? 'ro' : 'rw'},z`,
    ]),
    ...wish.variables.flatMap((name) => ['-e', name]),
    wish.image,
    'cat',
  ];
}

/** What scripts run in once the container `name` is up. `base` are the variables that the machine itself gives. */
export function enclosureOf(docker: Docker, name: string): Enclosure {
  const { environment: base, program } = docker;
  return {
    enter: (command, { directory, environment }) => {
      const mark = randomUUID();
      const own = Object.keys(environment).filter(
        (key) => environment[key] !== base[key] && key !== 'PATH',
      );
      return {
        command: [
          program,
          'exec',
          ...['-w', directory],
          ...[...own, MARK].flatMap((key) => ['-e', key]),
          name,
          ...command,
        ],
        environment: { ...environment, PATH: base['PATH'] ?? '', [MARK]: mark },
        signal: async (signal) => {
          // The client passes no signal on to what it has started.
          const script = signalScript(mark, signal.replace(/^SIG/, ''));
          await ask(docker, ['exec', name, 'sh', '-c', script], NEVER);
        },
      };
    },
  };
}

/** Removes containers by name or id. What it could not do is seen by `containersOf`. */
export async function removeContainers(docker: Docker, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  // `rm` alone would ask them to end first, and what only holds a container up does not hear it.
  await ask(docker, ['kill', ...names], NEVER, REMOVAL);
  await ask(docker, ['rm', '--force', '--volumes', ...names], NEVER, REMOVAL);
}

/** The names of the containers of a reproduction, running or not; undefined where docker does not answer. */
export async function containersOf(docker: Docker, label: string): Promise<string[] | undefined> {
  const filter = `label=${LABEL}=${label}`;
  const words = ['ps', '--all', '--filter', filter, '--format', '{{.Names}}'];
  const { code, stdout } = await ask(docker, words, NEVER);
  return code === 0 ? stdout.split('\n').flatMap((line) => line.trim() || []) : undefined;
}

export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  return (await ask(docker, ['image', 'inspect', image], NEVER)).code === 0;
}

export async function removeImage(docker: Docker, image: string): Promise<void> {
  await ask(docker, ['rmi', image], NEVER, REMOVAL);
}

const MARK = 'CI_PARITY_MARK';

/** For the smallest shells: finds processes by their environment, as the host does, and signals them at once. */
function signalScript(mark: string, signal: string): string {
  return `found=
for p in /proc/[0-9]*; do
  if [ "$p" != "/proc/$$" ] && grep -q '${MARK}=${mark}' "$p/environ" 2>/dev/null
  then found="$found \${p#/proc/}"; fi
done
[ -z "$found" ] || kill -${signal} $found 2>/dev/null; true`;
}

function ask(
  { machine, program, environment }: Docker,
  args: readonly string[],
  signal: AbortSignal,
  timeout = ANSWER,
): Promise<Executed> {
  return machine.exec([program, ...args], { environment, timeout, signal });
}

/** As docker takes it: `1000:1000`. */
async function userOf(machine: Machine, signal: AbortSignal): Promise<string> {
  const { stdout } = await machine.exec(['sh', '-c', 'echo "$(id -u):$(id -g)"'], { signal });
  return stdout.trim();
}

function isPodman({ program }: Docker): boolean {
  return program.endsWith('podman');
}
