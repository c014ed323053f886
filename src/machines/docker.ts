import { execa } from 'execa';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Enclosure } from './machine';

/** Docker's command line, or Podman's under either name. */
export interface Docker {
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

/**
 * Looks in the PATH for `docker`, then for `podman`: the first that answers, since a client may well
 * lie there without its daemon. If none does, what the first one said; undefined if there is none.
 */
export async function findDocker(
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly docker: Docker; readonly trouble: string | undefined } | undefined> {
  let silent: { docker: Docker; trouble: string } | undefined;
  for (const name of ['docker', 'podman'])
    for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
      const program = join(folder, name);
      if (folder === '' || !(await isExecutable(program))) continue;
      const docker = { program, environment };
      const result = await ask(docker, ['version']);
      if (result.exitCode === 0) return { docker, trouble: undefined };
      silent ??= { docker, trouble: result.all.trim().split('\n').at(-1) ?? '' };
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
  /** Host paths that are seen in there under the same path. */
  readonly mounts: readonly { readonly path: string; readonly readOnly: boolean }[];
  /** Names of variables; their values come from the client's own environment, and are no arguments. */
  readonly variables: readonly string[];
}

/** The words of `docker run` for a container in which steps run, as Jenkins' `inside` does it. */
export function runWords(docker: Docker, wish: ContainerWish): string[] {
  const { uid, gid } = owner();
  return [
    docker.program,
    ...['run', '-t', '-d', '-u', `${uid}:${gid}`],
    // Without it a Podman of an ordinary user maps that user to nobody's files.
    ...(uid !== 0 && isPodman(docker) ? ['--userns=keep-id'] : []),
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
          await ask(docker, ['exec', name, 'sh', '-c', script]);
        },
      };
    },
  };
}

/** Removes containers by name or id. What it could not do is seen by `containersOf`. */
export async function removeContainers(docker: Docker, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  // `rm` alone would ask them to end first, and what only holds a container up does not hear it.
  await ask(docker, ['kill', ...names], REMOVAL);
  await ask(docker, ['rm', '--force', '--volumes', ...names], REMOVAL);
}

/** The names of the containers of a reproduction, running or not; undefined where docker does not answer. */
export async function containersOf(docker: Docker, label: string): Promise<string[] | undefined> {
  const filter = `label=${LABEL}=${label}`;
  const { exitCode, stdout } = await ask(docker, [
    ...['ps', '--all', '--filter', filter],
    ...['--format', '{{.Names}}'],
  ]);
  return exitCode === 0 ? stdout.split('\n').flatMap((line) => line.trim() || []) : undefined;
}

export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  return (await ask(docker, ['image', 'inspect', image])).exitCode === 0;
}

export async function removeImage(docker: Docker, image: string): Promise<void> {
  await ask(docker, ['rmi', image], REMOVAL);
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

function ask({ program, environment }: Docker, args: readonly string[], timeout = ANSWER) {
  return execa(program, args, {
    env: { ...environment },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    timeout,
  });
}

function owner(): { uid: number; gid: number } {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function isPodman({ program }: Docker): boolean {
  return program.endsWith('podman');
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
