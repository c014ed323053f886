import { Unknown } from '../effects';
import type { FunctionDeclaration, Parameter } from '../syntax';
import { Lambda } from './values';
import type { Thing } from './values';

/** The functions of a file by their names; several of one name differ in their parameters. */
export type Functions = Map<string, readonly FunctionDeclaration[]>;

export function declareFunction(functions: Functions, declared: FunctionDeclaration): void {
  const known = functions.get(declared.name) ?? [];
  // What stands at the top of a file is declared before the file is run, and again as it is run.
  if (!known.includes(declared)) functions.set(declared.name, [...known, declared]);
}

/**
 * The function that a call means: of those with this name the one whose parameters fit the
 * arguments, by their number and as far as known by their types. Undefined if there is none of
 * this name; where none fits, the last.
 */
export function functionFor(
  functions: Functions,
  name: string,
  args: readonly Thing[],
): FunctionDeclaration | undefined {
  const named = functions.get(name);
  if (named === undefined || named.length < 2) return named?.[0];
  let best = named.at(-1);
  let closest = -1;
  for (const candidate of named) {
    const match = closeness(candidate.parameters, args);
    if (match <= closest) continue;
    closest = match;
    best = candidate;
  }
  return best;
}

/** How many parameters are of just the argument's type; -1 if the arguments do not fit. */
function closeness(parameters: readonly Parameter[], args: readonly Thing[]): number {
  const required = parameters.filter(({ initial }) => initial === undefined).length;
  if (args.length < required || args.length > parameters.length) return -1;
  let typed = 0;
  for (const [at, arg] of args.entries()) {
    const fits = fitsType(parameters[at]?.type, arg);
    if (fits === false) return -1;
    if (fits === true) typed++;
  }
  // Of two that fit, the one without values to spare.
  return typed * 100 + 50 - Math.min(50, parameters.length - args.length);
}

/** Undefined where the type or the value does not tell. */
function fitsType(type: string | undefined, value: Thing): boolean | undefined {
  if (value === null || value instanceof Unknown) return undefined;
  // Without the package and the generics.
  switch (type?.split('<', 1)[0]?.split('.').at(-1)) {
    case 'Map':
    case 'LinkedHashMap':
    case 'HashMap':
      return value instanceof Map;
    case 'Closure':
      return value instanceof Lambda;
    case 'List':
    case 'ArrayList':
    case 'Collection':
      return Array.isArray(value);
    case 'String':
    case 'GString':
    case 'CharSequence':
      return typeof value === 'string';
    case 'boolean':
    case 'Boolean':
      return typeof value === 'boolean';
    case 'int':
    case 'Integer':
    case 'long':
    case 'Long':
    case 'Number':
      return typeof value === 'number';
    default:
      return undefined;
  }
}
