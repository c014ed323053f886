import { blocksAt } from '../../pipeline/names/contextAt';
import type { Definition } from '../../pipeline/names/definitions';
import { GLOBALS, RUN_VARIABLES } from '../../pipeline/catalogue/globalsCatalogue';
import { nearest } from '../../pipeline/check/nearNames';
import type { Symbols } from '../../pipeline/symbols';
import { calledName } from '../../pipeline/syntax';
import type { Call, Place } from '../../pipeline/syntax';
import type { Use } from '../../pipeline/names/uses';
import { parentOf } from '../../pipeline/names/tree';

/** A name in the text of a string that nothing in the file defines. */
export interface UndefinedName {
  readonly name: string;
  readonly place: Place;
  /** What Jenkins does there: puts in the text `null`, or fails with a MissingPropertyException. */
  readonly effect: 'null' | 'fails';
  /** The name that was probably meant. */
  readonly near: string | undefined;
  /** Whether it is in the script of a shell, which might know it. `place` of what stands before the name. */
  readonly shell: Place | undefined;
  /** Whether a server's configuration is likely to define it: it is written as those are. */
  readonly mayBeServers: boolean;
}

/**
 * The undefined names in strings of a Declarative file, where it is certain that the file does not
 * define them: none if a library, `load` or a computed `withEnv` may. What the server's own
 * configuration defines nobody knows here.
 */
export function undefinedNames(symbols: Symbols): UndefinedName[] {
  if (symbols.pipeline.declarative === undefined) return [];
  if (symbols.unknownSetters !== undefined || symbols.pipeline.problems.length > 0) return [];
  return symbols.uses.flatMap((use) => {
    if (use.interpolated === undefined || !isUndefined(symbols, use)) return [];
    return [describe(symbols, use)];
  });
}

function isUndefined(symbols: Symbols, use: Use): boolean {
  const { name, form, interpolated } = use;
  if (use.definition !== undefined || use.write || KNOWN.test(name)) return false;
  if (form === 'params') {
    // A job may have parameters that its Jenkinsfile does not declare.
    const declared = symbols.definitions.filter(({ kind }) => kind === 'parameter');
    return declared.length > 0 && !declared.some((each) => each.name === name);
  }
  if (form !== 'name') return false;
  if (GLOBALS.has(name) || RUN_VARIABLES.has(name)) return false;
  // `${x.y}` may be a global variable of a library that the server loads by itself; `${it}` is a closure's.
  if (interpolated === 'part' || name === 'it' || /^[A-Z][a-z]/.test(name)) return false;
  if (isInClosure(symbols, use)) return false;
  if (symbols.setters(name).length > 0 || isBuiltIn(name)) return false;
  return !symbols.definitions.some(
    (definition) => definition.name === name && couldMean(definition),
  );
}

/** A variable elsewhere in the file may be the one that is meant, at a time that the text does not tell. */
function couldMean({ kind }: Definition): boolean {
  return kind !== 'class';
}

function describe(symbols: Symbols, { name, place, node, form }: Use): UndefinedName {
  const { context } = blocksAt(symbols.tree, symbols.lexed, place.start);
  const isStep = context === 'steps' || context === 'script' || context === 'file';
  const { text } = symbols.pipeline;
  const candidates =
    form === 'params'
      ? symbols.definitions.filter(({ kind }) => kind === 'parameter').map((each) => each.name)
      : [...symbols.visibleAt(place.start).map((each) => each.name), ...RUN_VARIABLES.keys()];
  const dollar = text[place.start - 1] === '{' ? place.start - 2 : place.start - 1;
  const inShell = form === 'name' && text[dollar] === '$' && isShell(symbols, node);
  return {
    name,
    place,
    effect: isStep && form === 'name' ? 'fails' : 'null',
    near: nearest(name, candidates),
    shell: inShell ? { start: dollar, end: dollar } : undefined,
    mayBeServers: form === 'name' && /^[A-Z][A-Z0-9_]*$/.test(name),
  };
}

/** Variables that a node, a tool or a plugin gives to all of its runs. */
const KNOWN =
  /^(?:HOME|PATH|USER|LOGNAME|SHELL|LANG|LC_\w+|PWD|TERM|TMPDIR|TEMP|TMP|HOSTNAME|TZ|EDITOR|HUDSON_\w+|JENKINS_\w+|JOB_\w+|BUILD_\w+|RUN_\w+|CHANGE_\w+|TAG_\w+|GIT_\w+|SVN_\w+|gitlab\w+|ghprb\w+|GERRIT_\w+|KUBERNETES_\w+|POD_\w+|DOCKER_\w+|NODE_\w+|GO(?:ROOT|PATH)|\w+_HOME|library\.\w+)$/;

function isBuiltIn(name: string): boolean {
  return ['this', 'super', 'out', 'steps', 'manager', 'currentStage'].includes(name);
}

/** In a closure that something else calls, names may be properties of its delegate. */
function isInClosure({ tree }: Symbols, { node }: Use): boolean {
  for (let at = tree.parents[node] ?? -1; at >= 0; at = tree.parents[at] ?? -1) {
    const closure = tree.nodes[at];
    if (closure?.kind === 'class') return true;
    if (closure?.kind !== 'closure') continue;
    const call = parentOf(tree, at);
    // `x.each { }`, `config { }` of something that is no step.
    if (call?.kind !== 'call' || call.object !== undefined) return true;
  }
  return false;
}

function isShell({ tree }: Symbols, node: number): boolean {
  for (let at = tree.parents[node] ?? -1; at >= 0; at = tree.parents[at] ?? -1) {
    const above = tree.nodes[at];
    if (above?.kind === 'closure') return false;
    if (above?.kind === 'call') return calledName(above satisfies Call) === 'sh';
  }
  return false;
}
