import { effectStep } from './effectSteps';
import { unknown } from './frame';
import type { Frame } from './frame';
import { onAgent } from './steps';
import type { Invocation } from './invocation';
import { lineAt } from '../syntax';
import type { Place } from '../syntax';
import { Host } from './values';
import type { Thing } from './values';

/** What `docker.image(…)` and `docker.build(…)` give. */
export class DockerImage extends Host {
  readonly id: Thing;

  constructor(id: Thing) {
    super('docker image');
    this.id = id;
  }
}

/** What `image.run(…)` gives, and `image.withRun(…)` to its body. */
export class DockerContainer extends Host {
  readonly id: Thing;

  constructor(id: Thing) {
    super('docker container');
    this.id = id;
  }
}

/** Whether it is the variable `docker` of Jenkins' docker plugin, or something that came from it. */
export function isDocker(host: Host): boolean {
  return host.opaque === 'docker' || host instanceof DockerImage || host instanceof DockerContainer;
}

/**
 * A method of the docker plugin's objects. They become steps: `docker.inside` and `docker.withRun`
 * with `image`, `args`, `command`; `docker.withRegistry` with `url`, `credentialsId`; `docker.build`
 * with `tag`, `args`; `docker.pull`, `docker.push`, `docker.tag` with `image`.
 */
export function callDocker(
  host: Host,
  name: string,
  call: Invocation,
  frame: Frame,
): Promise<Thing> {
  if (host instanceof DockerImage) return callImage(host, name, call, frame);
  if (host instanceof DockerContainer) return callContainer(host, name, call, frame);
  switch (name) {
    case 'image':
      return Promise.resolve(new DockerImage(call.args.get('') ?? null));
    case 'build':
      return build(call, frame);
    case 'withRegistry':
      return step('docker.withRegistry', ['url', 'credentialsId', 'toolName'], {}, call, frame);
    case 'withServer':
      return step('docker.withServer', ['uri', 'credentialsId'], {}, call, frame);
    case 'withTool':
      return step('docker.withTool', ['toolName'], {}, call, frame);
    default:
      return step(`docker.${name}`, [], {}, call, frame);
  }
}

/** A property of an image or a container; undefined if it is not known. */
export function dockerProperty(host: Host, name: string): Thing | undefined {
  if (name !== 'id') return undefined;
  return host instanceof DockerImage || host instanceof DockerContainer ? host.id : undefined;
}

async function build(call: Invocation, frame: Frame): Promise<Thing> {
  await step('docker.build', ['tag', 'args'], {}, call, frame);
  return new DockerImage(call.args.get('') ?? call.args.get('image') ?? null);
}

async function callImage(
  { id }: DockerImage,
  name: string,
  call: Invocation,
  frame: Frame,
): Promise<Thing> {
  const known = { image: id };
  switch (name) {
    case 'inside':
      return step('docker.inside', ['args'], known, call, frame);
    case 'withRun':
      return step('docker.withRun', ['args', 'command'], known, withContainer(call, frame), frame);
    case 'run': {
      const given = await step('docker.run', ['args', 'command'], known, call, frame);
      return given instanceof DockerContainer ? given : container(given, call.place, frame);
    }
    case 'push':
    case 'tag':
      return step(`docker.${name}`, ['tag', 'force'], known, call, frame);
    case 'imageName':
    case 'getId':
      return id;
    default:
      return step(`docker.${name}`, [], known, call, frame);
  }
}

function callContainer(
  { id }: DockerContainer,
  name: string,
  call: Invocation,
  frame: Frame,
): Promise<Thing> {
  if (name === 'getId') return Promise.resolve(id);
  return step(`docker.${name}`, name === 'port' ? ['port'] : [], { container: id }, call, frame);
}

/** The body of `withRun` gets the container; effects name it by its id. */
function withContainer(call: Invocation, frame: Frame): Invocation {
  const { body, place } = call;
  if (body === undefined) return call;
  return {
    ...call,
    body: (inner, values = []) => body(inner, [container(values[0] ?? null, place, frame)]),
  };
}

function container(given: Thing, place: Place, frame: Frame): DockerContainer {
  const id = given instanceof Map ? (given.get('id') ?? null) : given;
  return new DockerContainer(id ?? unknown('the id of a container', place, frame));
}

/** Positional arguments by the names that the plugin gives them. */
async function step(
  name: string,
  names: readonly string[],
  known: Readonly<Record<string, Thing>>,
  call: Invocation,
  frame: Frame,
): Promise<Thing> {
  const args = new Map<string, Thing>(Object.entries(known));
  for (const [key, value] of call.args) {
    const place = key === '' ? 0 : Number(key);
    args.set(names[place] ?? key, value);
  }
  const invocation = { ...call, name, args };
  if (frame.agent !== undefined) return effectStep(invocation, frame);
  // Outside of any node the plugin takes one by itself.
  const line = lineAt(frame.file.pipeline.lines, call.place.start);
  let result: Thing = null;
  await onAgent({ kind: 'any', text: undefined, line }, call.place, frame, async (inner) => {
    result = await effectStep(invocation, inner);
  });
  return result;
}
