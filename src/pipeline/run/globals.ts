import { gotten } from './classes';
import { dockerProperty } from './docker';
import { closureConstant } from './closures';
import { ScriptObject, environmentOf, notice, originIn, perform, resultOf, worsen } from './frame';
import type { Frame } from './frame';
import { LibraryPackage, libraryVariable } from './libraries';
import type { Locals } from './locals';
import { lineAt } from '../syntax';
import type { Place } from '../syntax';
import { Host, Raised, isWorse, outcomeOf, textOf, thingOf } from './values';
import type { Thing } from './values';

const ENV = new Host('env');
const CURRENT_BUILD = new Host('currentBuild');
const SCM = new Host('scm');

/**
 * What a bare name means: a key of the `environment` block it stands in, a variable, one of
 * Jenkins' own objects, an environment variable, or a parameter. Undefined if nothing defines it.
 */
export async function lookUpName(
  name: string,
  locals: Locals,
  frame: Frame,
): Promise<Thing | undefined> {
  const key = locals.directive?.key(name);
  if (key !== undefined) return key;
  const local = locals.get(name);
  if (local !== undefined) return local;
  // A property of the class around that only has a getter.
  const own = locals.self && (await gotten(locals.self.object, name, frame));
  if (own !== undefined) return own;
  switch (name) {
    case 'env':
      return ENV;
    case 'params':
      return frame.run.parameters;
    case 'currentBuild':
      return CURRENT_BUILD;
    case 'scm':
      return SCM;
    case 'this':
      return locals.self?.object ?? frame.file.self;
    default:
      return (
        (await libraryVariable(name, frame)) ??
        environmentOf(frame).get(name)?.value ??
        frame.run.parameters.get(name)
      );
  }
}

/** The value of a bare name. What nothing defines is left to the effects, and else an error. */
export async function valueOfName(
  name: string,
  place: Place,
  locals: Locals,
  frame: Frame,
): Promise<Thing> {
  const value = await lookUpName(name, locals, frame);
  if (value !== undefined) return value;
  if (locals.directive !== undefined) return null;
  const { effects } = frame.run;
  if (frame.file.functions.has(name) || isClassName(name)) return new Host(name);
  const given = await perform(frame, place, (at) => Promise.resolve(effects.missing?.(name, at)));
  if (given !== undefined) return thingOf(given);
  throw new Raised(
    'groovy.lang.MissingPropertyException',
    `No such property: ${name} for class: groovy.lang.Binding`,
  );
}

/** Whether it is written as classes are; constants are all in capitals. */
export function isClassName(name: string): boolean {
  return /^[A-Z]\w*[a-z]/.test(name) || CONSTANT_LIKE.has(name);
}

/** Java's classes that are written as constants are. */
const CONSTANT_LIKE = new Set(['UUID', 'URL', 'URI']);

/** The last part of a qualified name: `AbortException` of `hudson.AbortException`. */
export function nameOf(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

/** A property of one of Jenkins' objects; undefined if it is not known. */
export function hostProperty(host: Host, name: string, frame: Frame): Thing | undefined {
  if (host === ENV) return environmentOf(frame).get(name)?.value ?? null;
  if (host instanceof LibraryPackage) return host.member(name);
  if (host instanceof ScriptObject) {
    return host.file.binding.get(name) ?? environmentOf(frame).get(name)?.value;
  }
  if (host !== CURRENT_BUILD) return closureConstant(host, name) ?? dockerProperty(host, name);
  const { run } = frame;
  const variables = () => environmentOf(frame);
  switch (name) {
    case 'result':
      return resultOf(frame) ?? null;
    case 'currentResult':
      return resultOf(frame) ?? 'SUCCESS';
    case 'number':
      return Number(variables().get('BUILD_NUMBER')?.value ?? 0);
    case 'id':
      return thingOf(variables().get('BUILD_ID')?.value ?? null);
    case 'displayName': {
      if (run.said.has(name)) return run.said.get(name);
      const display = variables().get('BUILD_DISPLAY_NAME')?.value;
      return thingOf(display ?? null);
    }
    case 'projectName':
      return thingOf(variables().get('JOB_BASE_NAME')?.value ?? null);
    case 'fullProjectName':
      return thingOf(variables().get('JOB_NAME')?.value ?? null);
    case 'absoluteUrl':
      return thingOf(variables().get('BUILD_URL')?.value ?? null);
    case 'previousBuild':
    case 'previousCompletedBuild':
      if (run.previous === undefined) return null;
      return new Map<string, Thing>([
        ['result', run.previous],
        ['currentResult', run.previous],
      ]);
    default:
      return run.said.get(name);
  }
}

/** Sets a property of one of Jenkins' objects, `env.X = …` or `currentBuild.result = …`. */
export function setHostProperty(
  host: Host,
  name: string,
  value: Thing,
  frame: Frame,
  place: Place,
): void {
  const { run } = frame;
  if (host === ENV) {
    const line = lineAt(frame.file.pipeline.lines, place.start);
    const origin = originIn(frame, 'env.X =');
    run.assigned.set(name, { name, value: textOf(value), origin, line });
  } else if (host === CURRENT_BUILD) {
    if (name === 'result' && typeof value === 'string') worsen(frame, outcomeOf(value));
    else if (name === 'result') notice(frame, place, 'The result set here is not known.');
    else run.said.set(name, value);
  } else if (host instanceof ScriptObject) {
    host.file.binding.declare(name, value);
  } else {
    notice(frame, place, `${host.opaque}.${name} cannot be set here.`);
  }
}

/** A method of one of Jenkins' objects; undefined if it is not known. */
export function callHost(
  host: Host,
  name: string,
  args: readonly Thing[],
  frame: Frame,
  place: Place,
): Thing | undefined {
  const [first, second] = args;
  const key = typeof first === 'string' ? first : '';
  if (host === ENV) {
    switch (name) {
      case 'getProperty':
      case 'get':
        return hostProperty(host, key, frame);
      case 'setProperty':
      case 'put':
        setHostProperty(host, key, second ?? null, frame, place);
        return null;
      case 'containsKey':
        return environmentOf(frame).has(key);
      case 'getEnvironment':
        return environmentMap(frame);
      default:
        return undefined;
    }
  }
  if (host !== CURRENT_BUILD) return undefined;
  switch (name) {
    case 'getResult':
    case 'getCurrentResult':
    case 'getNumber':
    case 'getId':
    case 'getDisplayName':
    case 'getPreviousBuild':
    case 'getAbsoluteUrl':
      return hostProperty(host, name.charAt(3).toLowerCase() + name.slice(4), frame);
    case 'setResult':
      setHostProperty(host, 'result', first ?? null, frame, place);
      return null;
    case 'resultIsBetterOrEqualTo':
      return !isWorse(resultOf(frame) ?? 'SUCCESS', outcomeOf(key));
    case 'resultIsWorseOrEqualTo':
      return !isWorse(outcomeOf(key), resultOf(frame) ?? 'SUCCESS');
    default:
      return undefined;
  }
}

/** What the run itself has, without the blocks around: so Jenkins gives it. */
function environmentMap(frame: Frame): Map<string, Thing> {
  const ofRun = { ...frame, layer: undefined, agentVariables: [] };
  return new Map([...environmentOf(ofRun).values()].map(({ name, value }) => [name, value]));
}
