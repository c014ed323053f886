import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { Cleanups } from '../../base/cleanups';
import { UserError } from '../../base/errors';
import {
  containersOf,
  enclosureOf,
  findDocker,
  hasImage,
  LABEL,
  removeContainers,
  removeImage,
  runWords,
  type Docker,
} from '../../machines/docker';
import type { Machine } from '../../machines/machine';
import { shellLine, wordsOf } from '../../machines/quote';
import {
  StepError,
  type Agent,
  type Scope,
  type StepCall,
  type Value,
} from '../../pipeline/effects';
import { bindingsOf } from '../../recipe/bindings';
import { gitOn } from '../gitOn';
import {
  neededText,
  temporaryOf,
  textOf,
  workspaceOf,
  type Bench,
  type BlockEffect,
  type StepEffect,
} from './bench';
import type { Containers, Started } from './containers';
import { credentialOf, shownId } from './credentials';
import { makeSecretFolder } from './secretFiles';

/** What `agent { docker … }` and `agent { dockerfile … }` run their steps in. */
export function startAgent(agent: Agent, bench: Bench): (at: Scope) => Promise<Started> {
  return async (at) => {
    const setting = (name: string): string => settingText(agent, name);
    const options = wordsOf(setting('args'));
    if (agent.kind === 'docker')
      return startInside(await imageOf(agent.text, at, bench), options, at, bench);
    const tag = `ci-parity-${bench.files.id}-${agent.line}`.toLowerCase();
    const folder = resolve(workspaceOf(at), setting('dir') || '.');
    const file = setting('filename') || 'Dockerfile';
    const args = [...wordsOf(setting('additionalBuildArgs')), '-f', join(folder, file), folder];
    await build(tag, args, at, bench);
    return startInside(tag, options, at, bench);
  };
}

export const inside =
  (containers: Containers): BlockEffect =>
  async (call, at, body, bench) => {
    const image = await imageOf(call.args.get('image'), at, bench);
    const options = wordsOf(optional(call, 'args') ?? '');
    // An object of its own: steps are told by it to be in there.
    const agent: Agent = { kind: 'docker', text: image, line: at.range.line };
    const started = await startInside(image, options, at, bench);
    await containers.during(
      agent,
      () => Promise.resolve(started),
      async () => {
        await containers.of(agent, at);
        await body({ agent });
      },
    );
  };

export const withRun: BlockEffect = async (call, at, body, bench) => {
  const { id, remove } = await runDetached(call, at, bench);
  await using cleanups = new Cleanups();
  cleanups.defer(remove);
  await body({ values: [new Map([['id', id]])] });
};

/** Its container stays until the Jenkinsfile stops it, or to the end. */
export const run: StepEffect = async (call, at, bench) =>
  new Map([['id', (await runDetached(call, at, bench)).id]]);

export const stop: StepEffect = async (call, _at, bench) => {
  await removeContainers(await bench.docker(), [neededText(call, 'container')]);
  await strikeOff(await bench.docker(), bench);
  return null;
};

export const buildStep: StepEffect = async (call, at, bench) => {
  const given = optional(call, 'args') ?? '.';
  await build(neededText(call, 'tag'), wordsOf(given), at, bench);
  return null;
};

export const pull: StepEffect = async (call, at, bench) => {
  await runDocker(['pull', await imageOf(call.args.get('image'), at, bench)], at, bench);
  return null;
};

export const tag: StepEffect = async (call, at, bench) => {
  const image = await imageOf(call.args.get('image'), at, bench);
  const wanted = optional(call, 'tag') ?? 'latest';
  const name = image.replace(/:[^:/]*$/, '');
  await noteImage(`${name}:${wanted}`, await bench.docker(), bench);
  await runDocker(['tag', image, `${name}:${wanted}`], at, bench);
  return null;
};

/** Signed in for the body only, in a folder of its own: the person's own sign-ins are not touched. */
export const withRegistry: BlockEffect = async (call, at, body, bench) => {
  const url = textOf(call, 'url') ?? '';
  await using cleanups = new Cleanups();
  const line = at.range.line;
  const origin = 'docker.withRegistry';
  const variables = [{ name: 'DOCKER_REGISTRY_URL', value: url, origin, line }];
  for (const binding of bindingsOf(call)) {
    const credential = credentialOf(binding, bench);
    if (credential.kind !== 'login')
      throw new StepError(`The credential ${shownId(binding)} is no user name and password.`);
    const docker = await bench.docker();
    const folder = await makeSecretFolder(at, bench);
    cleanups.defer(async () => folder[Symbol.asyncDispose]());
    const environment = {
      DOCKER_CONFIG: folder.path,
      REGISTRY_AUTH_FILE: join(folder.path, 'auth.json'),
    };
    const words = [
      'login',
      '-u',
      credential.username,
      '--password-stdin',
      ...(url === '' ? [] : [url]),
    ];
    const done = await bench.machine.exec([docker.program, ...words], {
      input: credential.password,
      environment: { ...docker.environment, ...environment },
      signal: at.signal,
    });
    if (done.code !== 0)
      throw new StepError(`docker login failed: ${`${done.stdout}${done.stderr}`.trim()}`);
    for (const [name, value] of Object.entries(environment))
      variables.push({ name, value, origin, line });
  }
  await body({ variables });
};

/**
 * Removes the containers and images that the journal names; resolves with a sentence for each that is left.
 * With `evenUnnoted` also containers with the reproduction's label that a damaged journal may not name.
 */
export async function putDockerAway(
  made: readonly { readonly what: string; readonly where: string }[],
  bench: Pick<Bench, 'files' | 'journal' | 'base' | 'machine'>,
  signal: AbortSignal,
  evenUnnoted = false,
): Promise<string[]> {
  const containers = made.filter(({ what }) => what === 'container');
  const images = made.filter(({ what }) => what === 'image');
  if (containers.length + images.length === 0 && !evenUnnoted) return [];
  const docker = (await findDocker(bench.machine, bench.base, signal))?.docker;
  const all = docker && (await containersOf(docker, bench.files.id));
  if (!docker || !all)
    return [...containers, ...images].map(
      ({ what, where }) => `the ${what} ${where}: docker does not answer`,
    );
  await removeContainers(docker, all);
  const left = (await strikeOff(docker, bench, containers)).map(
    (name) => `the container ${name}: docker rm --force ${name}`,
  );
  for (const { where } of images) {
    await removeImage(docker, where);
    if (await hasImage(docker, where)) left.push(`the image ${where}: docker rmi ${where}`);
    else bench.journal.append({ type: 'gone', what: 'image', where });
  }
  return left;
}

/** Strikes off the containers that are gone; resolves with the names of those that are not. */
async function strikeOff(
  docker: Docker,
  { files, journal }: Pick<Bench, 'files' | 'journal'>,
  promised?: readonly { readonly where: string }[],
): Promise<string[]> {
  const there = (await containersOf(docker, files.id)) ?? [];
  for (const { where } of promised ?? [])
    if (!there.includes(where)) journal.append({ type: 'gone', what: 'container', where });
  return there;
}

async function startInside(
  image: string,
  options: readonly string[],
  at: Scope,
  bench: Bench,
): Promise<Started> {
  const docker = await bench.docker();
  const workspace = workspaceOf(at);
  const temporary = temporaryOf(workspace);
  // A folder that is not there would be made by docker, as root.
  await bench.machine.files.makeFolder(temporary, 0o700, at.signal);
  const name = newName(bench);
  bench.journal.append({ type: 'intent', what: 'container', where: name });
  const variables = plainNames(at, bench);
  // The scripts of steps lie beside the first workspace.
  const folders = new Set([workspace, temporary, temporaryOf(bench.workspace)]);
  const mounts = [
    ...[...folders].map((path) => ({ path, readOnly: false })),
    ...(await repositoryMounts(workspace, at.signal, bench)),
  ];
  const wish = {
    name,
    label: bench.files.id,
    image,
    options,
    directory: workspace,
    mounts,
    variables,
  };
  await dockerScript(
    shellLine(await runWords(docker, wish, at.signal)),
    at,
    bench,
    `$ docker run … ${image} cat`,
  );
  return {
    enclosure: enclosureOf(docker, name),
    remove: () => remove(docker, name, bench),
  };
}

async function runDetached(
  call: StepCall,
  at: Scope,
  bench: Bench,
): Promise<{ id: string; remove: () => Promise<void> }> {
  const docker = await bench.docker();
  const image = await imageOf(call.args.get('image'), at, bench);
  const name = newName(bench);
  bench.journal.append({ type: 'intent', what: 'container', where: name });
  const words = [
    ...[docker.program, 'run', '-d', '--name', name, '--label', `${LABEL}=${bench.files.id}`],
    ...wordsOf(optional(call, 'args') ?? ''),
    image,
    ...wordsOf(optional(call, 'command') ?? ''),
  ];
  const id = await dockerScript(shellLine(words), at, bench, `$ docker run -d … ${image}`);
  return { id: id.trim(), remove: () => remove(docker, name, bench) };
}

async function remove(docker: Docker, name: string, bench: Bench): Promise<void> {
  await removeContainers(docker, [name]);
  await strikeOff(docker, bench, [{ where: name }]);
}

async function build(
  tagged: string,
  args: readonly string[],
  at: Scope,
  bench: Bench,
): Promise<void> {
  await noteImage(tagged, await bench.docker(), bench);
  await runDocker(['build', '-t', tagged, ...args], at, bench);
}

/** An image that the person had before stays theirs, and is only said to be replaced. */
async function noteImage(image: string, docker: Docker, bench: Bench): Promise<void> {
  if (await hasImage(docker, image))
    bench.say(`the image ${image} is on ${bench.machine.name} already: it is replaced, and stays`);
  else bench.journal.append({ type: 'intent', what: 'image', where: image });
}

async function runDocker(words: readonly string[], at: Scope, bench: Bench): Promise<void> {
  const docker = await bench.docker();
  await dockerScript(
    shellLine([docker.program, ...words]),
    at,
    bench,
    `$ docker ${shellLine(words)}`,
  );
}

/** Resolves with what was printed to standard output, if that is not the step's. */
async function dockerScript(line: string, at: Scope, bench: Bench, shown: string): Promise<string> {
  await bench.print(`${shown}\n`, at);
  const captureStdout = shown.startsWith('$ docker run');
  const exit = await bench.run(`#!/bin/sh\nexec ${line}\n`, at, { captureStdout });
  at.signal.throwIfAborted();
  if (exit.code !== 0)
    throw new StepError(
      `docker failed with exit code ${exit.code ?? 'none'}`,
      'FAILURE',
      exit.code,
    );
  return exit.stdout ?? '';
}

/** The docker of a machine. @throws UserError when there is none that answers. */
export async function neededDocker(
  machine: Machine,
  base: Bench['base'],
  signal: AbortSignal,
): Promise<Docker> {
  const found = await findDocker(machine, base, signal);
  if (found && found.trouble === undefined) return found.docker;
  const what = found
    ? `${found.docker.program} does not answer: ${found.trouble ?? ''}`
    : `neither docker nor podman is on ${machine.name}`;
  throw new UserError(`The Jenkinsfile runs containers, and ${what}.`, {
    advice: 'Install or start Docker or Podman, then reproduce again.',
  });
}

/** Inside of `docker.withRegistry` an image's name is one of that registry. */
async function imageOf(given: Value | undefined, at: Scope, bench: Bench): Promise<string> {
  if (typeof given !== 'string')
    throw new UserError(`The image of line ${at.range.line} is not known here.`);
  const url = at.environment.get('DOCKER_REGISTRY_URL')?.value;
  if (typeof url !== 'string' || url === '') return given;
  const registry = url.replace(/^https?:\/\//, '').replace(/\/v1\/?$|(?<!\/)\/+$/, '');
  const qualified = `${registry}/${given}`;
  if (given.startsWith(`${registry}/`) || (await hasImage(await bench.docker(), given)))
    return given;
  return qualified;
}

/**
 * A worktree's own git folder lies in the person's repository. Steps in the container see that
 * repository, and can write to what belongs to the worktree only.
 */
async function repositoryMounts(
  workspace: string,
  signal: AbortSignal,
  { machine }: Bench,
): Promise<{ path: string; readOnly: boolean }[]> {
  const ask = async (what: string): Promise<string> =>
    resolve(workspace, (await gitOn(machine, ['rev-parse', what], workspace, signal)).trim());
  try {
    const [own, common] = await Promise.all([ask('--git-dir'), ask('--git-common-dir')]);
    if (!own.startsWith(`${common}/`) || common.startsWith(`${workspace}/`)) return [];
    return [
      { path: common, readOnly: true },
      { path: own, readOnly: false },
    ];
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    // Nothing is checked out here.
    return [];
  }
}

/**
 * What the container itself has beside the machine's own, by name: the values come from the client's
 * environment. Secrets are given to each step alone: docker writes down what a container has.
 */
function plainNames(at: Scope, { base, mask }: Bench): string[] {
  return [...at.environment.values()]
    .filter(
      ({ name, value }) =>
        typeof value === 'string' &&
        base[name] !== value &&
        name !== 'PATH' &&
        mask.text(value) === value,
    )
    .map(({ name }) => name);
}

function newName({ files }: Bench): string {
  return `ci-parity-${files.id}-${randomBytes(3).toString('hex')}`;
}

function settingText(agent: Agent, name: string): string {
  const value = agent.settings?.get(name);
  return typeof value === 'string' ? value : '';
}

function optional(call: StepCall, name: string): string | undefined {
  const value = call.args.get(name);
  return typeof value === 'string' ? value : undefined;
}
