import { evaluate } from './evaluate';
import type { Frame } from './frame';
import type { Locals } from './locals';
import type { Argument, Parameter } from '../syntax';
import { Entry, shown } from './values';
import type { Key, Thing } from './values';

/** The values of a call's arguments. */
export interface Given {
  readonly positional: Thing[];
  readonly named: Map<Key, Thing>;
}

/** Gives the parameters of a function or a closure their values. */
export async function bind(
  parameters: readonly Parameter[],
  args: readonly Thing[],
  locals: Locals,
  frame: Frame,
  spreads: boolean,
): Promise<void> {
  const [only] = args;
  // A list spreads over the parameters of a closure, not of a function; so does an entry of a map.
  let given: readonly Thing[] =
    spreads && parameters.length > 1 && args.length === 1 && Array.isArray(only)
      ? only
      : spreads && parameters.length === 2 && args.length === 1 && only instanceof Entry
        ? [only.key, only.value]
        : args;
  const last = parameters.length - 1;
  if (parameters[last]?.type?.endsWith('[]') === true && !Array.isArray(given[last])) {
    given = [...given.slice(0, last), given.slice(last)];
  }
  // Of the parameters with a value to spare, the first ones get what is given.
  let spare = given.length - parameters.filter(({ initial }) => initial === undefined).length;
  let next = 0;
  for (const { name, initial } of parameters) {
    const isGiven = initial === undefined || spare-- > 0;
    const value = isGiven ? given[next++] : undefined;
    if (value !== undefined) locals.declare(name, value);
    else locals.declare(name, initial ? await evaluate(initial, locals, frame) : null);
  }
}

export async function argumentsOf(
  args: readonly Argument[],
  locals: Locals,
  frame: Frame,
): Promise<Given> {
  const given: Given = { positional: [], named: new Map() };
  for (const arg of args) {
    const value = await evaluate(arg.value, locals, frame);
    if (arg.spread && Array.isArray(value)) given.positional.push(...value);
    else if (arg.spread && value instanceof Map) for (const [k, v] of value) given.named.set(k, v);
    else if (arg.name === undefined) given.positional.push(value);
    else {
      const name =
        typeof arg.name === 'string' ? arg.name : shown(await evaluate(arg.name, locals, frame));
      given.named.set(name, value);
    }
  }
  return given;
}

/** To what is no step, named arguments come as a map before the others. */
export function positionalOf({ positional, named }: Given): Thing[] {
  return named.size > 0 ? [new Map<Key, Thing>(named), ...positional] : positional;
}
