import { StepError } from '../effects';
import type { Outcome, Variable } from '../effects';
import { either, isSame } from './either';
import { Defect, checkInterrupts, environmentOf } from './frame';
import type { Frame } from './frame';
import type { Locals } from './locals';
import type { Completion } from './statements';
import type { Place } from '../syntax';
import { textOf } from './values';
import type { Thing } from './values';

/**
 * Goes each of the ways from the same state, for a dry interpretation; one way alone may also not
 * be gone. An error or a `return` ends that way only. Afterwards a variable that the ways left
 * different is Unknown, so that no value is stated which one of them would make false. A list or a
 * map that both change in place is not told apart.
 */
export async function bothWays(
  ways: readonly (() => Promise<Completion>)[],
  place: Place,
  locals: Locals,
  frame: Frame,
): Promise<void> {
  frame.run.forks++;
  const before = takeState(locals, frame);
  const after: State[] = [];
  for (const way of ways) {
    putState(before, frame);
    await hypothetically(way, place, frame);
    after.push(takeState(locals, frame));
  }
  if (ways.length === 1) after.push(before);
  const [first, ...others] = after;
  if (first === undefined) return;
  putState(first, frame);
  for (const other of others) merge(takeState(locals, frame), other, place, frame);
  // A result that one way may give is not said.
  frame.run.result = before.result;
  frame.status.worst = before.status;
}

/** Goes a way of a function that may return there: what it would give is one of the function's values. */
function noteReturn(end: Completion, place: Place, frame: Frame): void {
  if (end.kind === 'return') frame.run.returns.at(-1)?.push({ value: end.value, place });
}

/** The variables that are seen here, and `env.X =`. */
interface State {
  readonly scopes: readonly { readonly scope: Locals; readonly values: Map<string, Thing> }[];
  readonly assigned: ReadonlyMap<string, Variable>;
  readonly result: Outcome | undefined;
  readonly status: Outcome;
}

function takeState(locals: Locals, { run, status, file }: Frame): State {
  const scopes: State['scopes'][number][] = [];
  const seen = new Set<Locals>();
  for (let scope: Locals | undefined = locals; scope !== undefined; scope = scope.outer) {
    scopes.push({ scope, values: scope.copy() });
    seen.add(scope);
  }
  if (!seen.has(file.binding)) scopes.push({ scope: file.binding, values: file.binding.copy() });
  return { scopes, assigned: new Map(run.assigned), result: run.result, status: status.worst };
}

function putState({ scopes, assigned, result, status }: State, frame: Frame): void {
  for (const { scope, values } of scopes) scope.restore(values);
  frame.run.assigned.clear();
  for (const [name, variable] of assigned) frame.run.assigned.set(name, variable);
  frame.run.result = result;
  frame.status.worst = status;
}

function merge(one: State, other: State, place: Place, frame: Frame): void {
  for (const [at, { scope, values }] of one.scopes.entries()) {
    const others = other.scopes[at]?.values ?? new Map<string, Thing>();
    for (const name of new Set([...values.keys(), ...others.keys()])) {
      const a = values.get(name) ?? null;
      const b = others.get(name) ?? null;
      scope.declare(name, either(a, b, place, frame));
    }
  }
  for (const name of new Set([...one.assigned.keys(), ...other.assigned.keys()])) {
    const a = one.assigned.get(name);
    const b = other.assigned.get(name);
    const variable = a ?? b;
    if (variable === undefined) continue;
    if (a !== undefined && b !== undefined && isSame(a.value, b.value)) {
      frame.run.assigned.set(name, a);
      continue;
    }
    // Where it is not set, what the run brings is there.
    const outside = environmentOf({
      ...frame,
      layer: undefined,
      run: { ...frame.run, assigned: new Map() },
    }).get(name)?.value;
    const value = textOf(
      either(a?.value ?? outside ?? null, b?.value ?? outside ?? null, place, frame),
    );
    frame.run.assigned.set(name, { ...variable, value });
  }
}

async function hypothetically(
  way: () => Promise<Completion>,
  place: Place,
  frame: Frame,
): Promise<void> {
  try {
    noteReturn(await way(), place, frame);
  } catch (error) {
    if (!(error instanceof StepError) || error instanceof Defect) throw error;
    checkInterrupts(frame);
  }
}
