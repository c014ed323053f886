import { StepError, Unknown } from '../effects';
import type { Inside, Outcome, StepCall, Value, Variable } from '../effects';
import { around, perform, withLayer } from './frame';
import type { Frame } from './frame';
import { lineAt } from '../syntax';
import type { Place } from '../syntax';
import { isStep } from './steps';
import type { Invocation } from './invocation';
import { shown, textOf, thingOf, valuesOf } from './values';
import type { Key, Thing } from './values';

/** A step whose meaning is the effects' own, with or without a body. */
export async function effectStep(call: Invocation, frame: Frame): Promise<Thing> {
  return call.body === undefined ? thingOf(await ask(call, frame)) : bodied(call, frame);
}

/**
 * A step with a body: the effects' `block`, which says what the body finds inside. Effects without
 * it are asked for the step, and what that gives as a map are variables of the body.
 * `expected` are variables that the step is known to set; what the effects say comes over them.
 */
export async function bodied(
  call: Invocation,
  frame: Frame,
  expected: readonly Variable[] = [],
): Promise<Thing> {
  const { name, body } = call;
  const outside = withLayer(frame, expected);
  if (body === undefined) return null;
  if (frame.run.effects.block === undefined) {
    const given = thingOf(await ask(call, frame));
    const inner =
      given instanceof Map ? withLayer(outside, variablesOf(given, name, call, frame)) : outside;
    return (await body(inner)) ?? given;
  }
  let result: Thing = null;
  await around((guard) =>
    perform(frame, call.place, async (at) => {
      await frame.run.effects.block?.(askedFor(call, frame), at, async (inside) => {
        let outcome: Outcome = 'SUCCESS';
        await guard(async () => {
          try {
            result = await body(entered(inside, outside), inside.values?.map(thingOf));
          } catch (error) {
            outcome = error instanceof StepError ? error.outcome : 'FAILURE';
            throw error;
          }
        });
        return outcome;
      });
    }),
  );
  return result;
}

/** Asks the effects for a step. */
export function ask(call: Invocation, frame: Frame): Promise<Value> {
  const asked = askedFor(call, frame);
  return perform(frame, call.place, (at) => frame.run.effects.step(asked, at));
}

export function variablesOf(
  map: ReadonlyMap<Key, Thing>,
  origin: string,
  call: { readonly place: Place },
  frame: Frame,
): Variable[] {
  const line = lineAt(frame.file.pipeline.lines, call.place.start);
  return [...map].map(([name, value]) => ({
    name: String(name),
    value: textOf(value),
    origin,
    line,
  }));
}

/** Arguments of credential bindings that name a variable. */
const BOUND = [
  'variable',
  'usernameVariable',
  'passwordVariable',
  'keyFileVariable',
  'passphraseVariable',
  'keystoreVariable',
  'aliasVariable',
  'accessKeyVariable',
  'secretKeyVariable',
];

/** The variables that its bindings name are there in any case; what the effects do not give is Unknown. */
export function withCredentials(call: Invocation, frame: Frame): Promise<Thing> {
  const line = lineAt(frame.file.pipeline.lines, call.place.start);
  const list = call.args.get('bindings') ?? call.args.get('') ?? null;
  const expected: Variable[] = [];
  for (const binding of Array.isArray(list) ? list : []) {
    if (!(binding instanceof Map)) continue;
    const id = binding.get('credentialsId') ?? null;
    const value = new Unknown(`the credential ${shown(id)}`, line);
    for (const key of BOUND) {
      const name = binding.get(key);
      if (typeof name === 'string') {
        expected.push({ name, value, origin: 'withCredentials', line });
      }
    }
  }
  return bodied(call, frame, expected);
}

function askedFor(call: Invocation, frame: Frame): StepCall {
  const { missing } = frame.run.libraries;
  return {
    name: call.name,
    args: valuesOf(call.args),
    implicit: false,
    hasBody: call.body !== undefined,
    ...(missing === undefined || isStep(call.name) ? {} : { library: missing }),
  };
}

function entered(inside: Inside, frame: Frame): Frame {
  return {
    ...withLayer(frame, inside.variables ?? []),
    ...(inside.agent === undefined ? {} : { agent: inside.agent }),
    ...(inside.directory === undefined ? {} : { directory: inside.directory }),
  };
}
