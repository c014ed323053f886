import { Instance } from './classes';
import { ScriptObject } from './frame';
import { Locals } from './locals';
import { Lambda } from './values';
import type { Thing, Host } from './values';

/** Groovy's `Closure.DELEGATE_FIRST` and its like, by their names. */
const STRATEGIES: ReadonlyMap<string, number> = new Map([
  ['OWNER_FIRST', 0],
  ['DELEGATE_FIRST', 1],
  ['OWNER_ONLY', 2],
  ['DELEGATE_ONLY', 3],
  ['TO_SELF', 4],
]);

/** `Closure.DELEGATE_FIRST`; undefined for what is no constant of the class Closure. */
export function closureConstant(host: Host, name: string): Thing | undefined {
  return host.opaque === 'Closure' || host.opaque === 'groovy.lang.Closure'
    ? STRATEGIES.get(name)
    : undefined;
}

/** A property of a closure; undefined if it is not known. */
export function closureProperty(closure: Lambda, name: string): Thing | undefined {
  switch (name) {
    case 'delegate':
      return closure.delegate ?? null;
    case 'resolveStrategy':
      return closure.resolveStrategy;
    case 'maximumNumberOfParameters':
      return closure.node.parameters?.length ?? 1;
    default:
      return undefined;
  }
}

/** `body.delegate = config`; false for a property that cannot be set. */
export function setClosureProperty(closure: Lambda, name: string, value: Thing): boolean {
  if (name === 'delegate') closure.delegate = value ?? undefined;
  else if (name === 'resolveStrategy' && typeof value === 'number') closure.resolveStrategy = value;
  else return false;
  return true;
}

/** A method of a closure that does not call it; undefined if it is not known. */
export function closureMethod(
  closure: Lambda,
  name: string,
  [first = null]: readonly Thing[],
): Thing | undefined {
  switch (name) {
    case 'setDelegate':
      setClosureProperty(closure, 'delegate', first);
      return null;
    case 'setResolveStrategy':
      setClosureProperty(closure, 'resolveStrategy', first);
      return null;
    case 'getDelegate':
    case 'getResolveStrategy':
    case 'getMaximumNumberOfParameters':
      return closureProperty(closure, name.charAt(3).toLowerCase() + name.slice(4));
    case 'clone':
    case 'dehydrate':
      return copyOf(closure, closure.delegate);
    case 'rehydrate':
      return copyOf(closure, first ?? undefined);
    default:
      return undefined;
  }
}

/** The variables that the body of a closure sees beside its own. */
export function seenBy(closure: Lambda): Locals {
  return closure.delegate === undefined
    ? closure.locals
    : new Delegation(closure, closure.delegate);
}

function copyOf(closure: Lambda, delegate: Thing | undefined): Lambda {
  const copy = new Lambda(closure.node, closure.locals);
  copy.delegate = delegate;
  copy.resolveStrategy = closure.resolveStrategy;
  return copy;
}

/**
 * The names of a closure that has a delegate. Variables of the functions and closures around it
 * are bound when it is compiled, and no delegate comes between; every other name is asked of the
 * delegate first or last. A map answers for every name, with null for what it does not hold: in
 * Jenkins too, `env` is null in a closure whose delegate is a map that comes first.
 */
class Delegation extends Locals {
  private readonly delegate: Thing;
  private readonly first: boolean;

  constructor(closure: Lambda, delegate: Thing) {
    super(closure.locals);
    this.delegate = delegate;
    this.first = closure.resolveStrategy === 1 || closure.resolveStrategy === 3;
  }

  override get(name: string): Thing | undefined {
    if (this.outer?.isLexical(name) === true) return this.outer.get(name);
    const first = this.first ? this.delegated(name) : undefined;
    if (first !== undefined) return first;
    return this.outer?.get(name) ?? this.held(name);
  }

  override assign(name: string, value: Thing): boolean {
    const { delegate } = this;
    if (!this.first || this.outer?.isLexical(name) === true) return super.assign(name, value);
    if (delegate instanceof Map) delegate.set(name, value);
    else if (delegate instanceof ScriptObject) delegate.file.binding.declare(name, value);
    else if (delegate instanceof Instance) return delegate.fields.assign(name, value);
    else return super.assign(name, value);
    return true;
  }

  /** What methods are asked of before those around. */
  override get target(): Thing | undefined {
    return this.first ? this.delegate : this.outer?.target;
  }

  override get delegates(): ScriptObject | undefined {
    return this.first && this.delegate instanceof ScriptObject
      ? this.delegate
      : this.outer?.delegates;
  }

  private delegated(name: string): Thing | undefined {
    return this.delegate instanceof Map ? (this.delegate.get(name) ?? null) : this.held(name);
  }

  private held(name: string): Thing | undefined {
    if (this.delegate instanceof Map) return this.delegate.get(name);
    if (this.delegate instanceof Instance) return this.delegate.fields.get(name);
    return this.delegate instanceof ScriptObject ? this.delegate.file.binding.get(name) : undefined;
  }
}
