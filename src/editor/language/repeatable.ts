import type { Value } from '../../pipeline/effects';
import { bodyOf, calledName } from '../../pipeline/syntax';
import type { Call, Expression } from '../../pipeline/syntax';
import { STEPS } from '../../pipeline/catalogue/stepsCatalogue';
import type { Recipe } from '../../recipe/recipe';
import { dispositionOf } from '../../recipe/steps';
import type { Disposition } from '../../recipe/steps';

/**
 * What a reproduction does with a step, as far as its constant arguments tell. Undefined for what
 * is no step that we know of: it may be a library's.
 */
export function repeatability(call: Call): Disposition | undefined {
  const name = calledName(call);
  if (LANGUAGE.has(name)) return { kind: 'runs' };
  const args = new Map<string, Value>();
  let place = 0;
  for (const { name: key, value } of call.args) {
    if (value.kind === 'closure') continue;
    if (typeof key === 'string') args.set(key, constant(value));
    else args.set(place++ === 0 ? '' : String(place - 1), constant(value));
  }
  const hasBody = bodyOf(call) !== undefined;
  const disposition = dispositionOf({ name, args, implicit: false, hasBody }, NO_RUN);
  // Which repository is meant, only a run tells where the text does not.
  const isSource = name === 'checkout' || name === 'git';
  if (isSource && [...args.values()].some(isComputed)) return { kind: 'runs' };
  const isKnown = STEPS.has(name) || disposition.kind !== 'cannot be repeated';
  return isKnown ? disposition : undefined;
}

/** In the editor there is no run yet: whether a `checkout` takes its own repository is not known. */
const NO_RUN: Recipe = {
  version: 1,
  run: undefined,
  repository: { directory: '', remoteUrl: undefined },
  commit: '',
  withChanges: false,
  jenkinsfile: { path: '', text: '', source: 'working tree' },
  select: { kind: 'all' },
  environment: {},
  parameters: [],
  overrides: {},
  keep: 'never',
  timeout: undefined,
};

/** Steps that the interpreter does by itself. */
export const LANGUAGE: ReadonlySet<string> = new Set([
  'sh',
  'echo',
  'println',
  'print',
  'dir',
  'node',
  'stage',
  'parallel',
  'withEnv',
  'timeout',
  'retry',
  'catchError',
  'warnError',
  'error',
  'unstable',
  'script',
  'waitUntil',
  'properties',
  'library',
  'libraryResource',
]);

const COMPUTED = { opaque: 'computed' };

function isComputed(value: Value): boolean {
  if (value === COMPUTED) return true;
  if (value instanceof Map)
    return [...(value as ReadonlyMap<string, Value>).values()].some(isComputed);
  return Array.isArray(value) && (value as readonly Value[]).some(isComputed);
}

function constant(value: Expression): Value {
  switch (value.kind) {
    case 'literal':
      return value.value;
    case 'list':
      return value.items.map(constant);
    case 'map':
      return new Map(
        value.entries.map(({ key, value: item }) => [
          key.kind === 'literal' ? String(key.value) : '',
          constant(item),
        ]),
      );
    case 'name':
      return value.name === 'scm' ? { opaque: 'scm' } : COMPUTED;
    default:
      return COMPUTED;
  }
}
