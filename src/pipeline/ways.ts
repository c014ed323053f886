import { StepError } from './effects';
import type { Outcome, Variable } from './effects';
import { either, isSame } from './either';
import { Defect, checkInterrupts } from './frame';
import type { Frame } from './frame';
import type { Locals } from './locals';
import type { Place } from './syntax';
import { textOf } from './values';
import type { Thing } from './values';

/**
 * Goes each of the ways from the same state, for a dry interpretation; one way alone may also not
 * be gone. An error or a `return` ends that way only. Afterwards a variable that the ways left
 * different is Unknown, so that no value is stated which one of them would make false. A list or a
 * map that both change in place is not told apart.
 */
export async function bothWays(
  ways: readonly (() => Promise<unknown>)[],
  place: Place,
  locals: Locals,
  frame: Frame,
): Promise<void> {
  const before = takeState(locals, frame);
  const after: State[] = [];
  for (const way of ways) {
    putState(before, frame);
    await hypothetically(way, frame);
    after.push(takeState(locals, frame));
  }
  if (ways.length === 1) after.push(before);
  putState(before, frame);
  const [one, other] = after;
  if (one === undefined || other === undefined) return;
  merge(one, other, place, frame);
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
    const value = textOf(either(a?.value ?? null, b?.value ?? null, place, frame));
    frame.run.assigned.set(name, { ...variable, value });
  }
}

async function hypothetically(way: () => Promise<unknown>, frame: Frame): Promise<void> {
  try {
    await way();
  } catch (error) {
    if (!(error instanceof StepError) || error instanceof Defect) throw error;
    checkInterrupts(frame);
  }
}
