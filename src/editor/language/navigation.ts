import type { Definition } from '../../pipeline/names/definitions';
import { GLOBALS, RUN_VARIABLES } from '../../pipeline/catalogue/globalsCatalogue';
import { STEPS } from '../../pipeline/catalogue/stepsCatalogue';
import { isOwn } from '../../pipeline/symbols';
import type { Symbols, Target } from '../../pipeline/symbols';
import type { Place } from '../../pipeline/syntax';
import type { Use } from '../../pipeline/names/uses';

/** Where the thing at a place is defined, the definition that wins there first. */
export function definitionsAt(symbols: Symbols, offset: number): Definition[] {
  const use = symbols.useAt(offset);
  const target = use && symbols.targetOf(use);
  if (use === undefined || target === undefined) return [];
  switch (target.kind) {
    case 'own':
      return [target.definition];
    case 'variable': {
      if (use.definition) return [use.definition];
      const all = symbols
        .settersAt(use.name, use.place.start)
        .filter((each) => !isOuterOf(use, each));
      const here = use.form === 'params' ? all.filter(({ kind }) => kind === 'parameter') : all;
      const [winner] = here;
      // What is set while the pipeline runs may be, or may not: all of these places are shown.
      const alike = here.filter(({ kind }) => kind === winner?.kind && kind === 'assigned');
      if (alike.length > 1) return alike;
      return winner ? [winner] : [...symbols.setters(use.name)];
    }
    default:
      return [];
  }
}

/** A stage's place for its name where that is compared with. */
export function stagePlaceAt(symbols: Symbols, offset: number): Place | undefined {
  const use = symbols.useAt(offset);
  if (use?.form !== 'stage') return undefined;
  return symbols.stages.find(({ name }) => name === use.name)?.place;
}

/** The name of a step at a place that the file itself does not define. */
export function stepAt(symbols: Symbols, offset: number): string | undefined {
  const use = symbols.useAt(offset);
  const target = use && symbols.targetOf(use);
  return target?.kind === 'step' ? target.name : undefined;
}

/** Every place where the thing at a place is named. */
export function occurrencesAt(symbols: Symbols, offset: number): Use[] {
  const use = symbols.useAt(offset);
  const target = use && symbols.targetOf(use);
  if (use === undefined || target === undefined) return [];
  return symbols.usesOf(target);
}

/** Why a thing cannot be renamed, or where it can be. */
export type Renaming =
  | { readonly kind: 'no'; readonly why: string }
  | { readonly kind: 'yes'; readonly place: Place; readonly name: string; readonly target: Target };

export function renamingAt(symbols: Symbols, offset: number): Renaming {
  const use = symbols.useAt(offset);
  const target = use && symbols.targetOf(use);
  if (use === undefined || target === undefined)
    return { kind: 'no', why: 'There is nothing here that can be renamed.' };
  const { place, name } = use;
  if (symbols.pipeline.problems.length > 0)
    return { kind: 'no', why: 'The file has syntax errors: not every use of a name can be found.' };
  switch (target.kind) {
    case 'own':
    case 'stage':
      return { kind: 'yes', place, name, target };
    case 'variable':
      if (symbols.setters(name).length === 0)
        return {
          kind: 'no',
          why: RUN_VARIABLES.has(name)
            ? `${name} is a variable of Jenkins.`
            : `${name} is not defined in this file.`,
        };
      if (symbols.setters(name).every((each) => each.name !== name))
        return { kind: 'no', why: `Rename the variable that ${name} comes from.` };
      return { kind: 'yes', place, name, target };
    case 'global':
      return { kind: 'no', why: `${target.name} is an object of Jenkins.` };
    case 'step':
      return {
        kind: 'no',
        why: STEPS.has(target.name)
          ? `${target.name} is a step of Jenkins.`
          : `${target.name} is not defined in this file.`,
      };
  }
}

/** One change of a renaming. */
export interface Renamed {
  readonly place: Place;
  readonly text: string;
}

/** The changes, or why the new name is none. */
export function rename(
  symbols: Symbols,
  offset: number,
  to: string,
):
  | { readonly edits: readonly Renamed[]; readonly isEnvironment: boolean }
  | { readonly why: string } {
  const renaming = renamingAt(symbols, offset);
  if (renaming.kind === 'no') return renaming;
  const { target, name } = renaming;
  if (target.kind === 'stage') {
    if (/['"\\$\n\r]/.test(to) || to.trim() === '')
      return { why: 'This cannot be the name of a stage.' };
  } else if (!/^[A-Za-z_]\w*$/.test(to)) return { why: `${to} is no name.` };
  else if (KEYWORDS.has(to) || GLOBALS.has(to)) return { why: `${to} means something else.` };
  else if (to !== name && isTaken(symbols, target, to)) return { why: `There is a ${to} already.` };
  const edits = symbols.usesOf(target).map((use) => ({
    place: use.place,
    text: derived(use.name, name, to),
  }));
  return { edits, isEnvironment: target.kind === 'variable' };
}

const KEYWORDS = new Set(
  'as assert break case catch class const continue def default do else enum extends false finally for goto if implements import in instanceof interface new null package return super switch this throw throws trait true try while'.split(
    ' ',
  ),
);

/** `FOO` of a parameter `foo`, and `X_USR` of a credential `X`, follow it. */
function derived(used: string, from: string, to: string): string {
  if (used === from) return to;
  if (used === from.toUpperCase()) return to.toUpperCase();
  return used.startsWith(`${from}_`) ? to + used.slice(from.length) : to;
}

function isTaken(symbols: Symbols, target: Target, to: string): boolean {
  return symbols.definitions.some(
    (each) => each.name === to && isOwn(each) === (target.kind === 'own'),
  );
}

/** Whether the use is in the value of an entry that has its name: that means the outer one. */
function isOuterOf({ place }: Use, { kind, whole }: Definition): boolean {
  return kind === 'environment' && whole.start < place.start && place.end <= whole.end;
}
