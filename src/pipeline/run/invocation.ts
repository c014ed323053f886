import type { Unknown } from '../effects';
import type { Frame } from './frame';
import type { Place } from '../syntax';
import { shown, truthOf } from './values';
import type { Lambda, Thing } from './values';

/** A call of a step, with its arguments evaluated. */
export interface Invocation {
  readonly name: string;
  /** Keyed as in `StepCall`: `''` for the first positional one. */
  readonly args: ReadonlyMap<string, Thing>;
  readonly place: Place;
  readonly body: ((frame: Frame, values?: readonly Thing[]) => Promise<Thing>) | undefined;
  apply(lambda: Lambda, values: readonly Thing[], frame: Frame): Promise<Thing>;
  decide(truth: boolean | Unknown, frame?: Frame): Promise<boolean | 'both'>;
}

/** The argument `name`, or the first positional one. */
export function argument(call: Invocation, name: string): Thing {
  return call.args.get(name) ?? call.args.get('') ?? null;
}

export function flag(call: Invocation, name: string): boolean {
  return truthOf(call.args.get(name) ?? false) === true;
}

export function known(thing: Thing, otherwise = ''): string {
  return thing === null ? otherwise : shown(thing);
}

export function runBody(call: Invocation, frame: Frame): Promise<Thing> {
  return call.body?.(frame) ?? Promise.resolve(null);
}
