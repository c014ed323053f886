import type { ShellScript } from '../../machines/shell';
import { readShell } from '../../machines/shell';
import type { Vagrantfile } from '../../machines/vagrantfile';
import type { Definition } from '../../pipeline/names/definitions';
import { isCredential, isOwn, type Symbols } from '../../pipeline/symbols';
import { calledName, named, positional, type Call, type Expression } from '../../pipeline/syntax';
import { isQuietCommand, isQuietStep, isReadByTools } from './quietNames';

/** A Jenkinsfile of the workspace. Paths are relative to the folder, with `/`. */
export interface JenkinsfileSource {
  readonly path: string;
  readonly symbols: Symbols;
}

/** A file that may read what the Jenkinsfile sets. */
export interface ReaderSource {
  readonly path: string;
  readonly text: string;
  readonly vagrantfile: Vagrantfile | undefined;
  /** Undefined where it is neither a Vagrantfile nor a script in a shell's language. */
  readonly script: ShellScript | undefined;
}

export interface Sources {
  readonly jenkinsfiles: readonly JenkinsfileSource[];
  readonly readers: readonly ReaderSource[];
  /** Whether these are all there are: none was too large, and there were not too many. */
  readonly complete: boolean;
}

/** What the steps of a Jenkinsfile run, as far as the files tell. */
export interface Reach {
  /** The paths of the scripts, from the ones that steps name to those that these run. */
  readonly scripts: ReadonlySet<string>;
  readonly vagrant: boolean;
  /** Names that the scripts or the commands set themselves. */
  readonly sets: ReadonlySet<string>;
  /** Things that run and that we cannot look into; empty if all was seen. */
  readonly unseen: readonly string[];
  /** Files that are named as scripts but are not among the readers. */
  readonly wanted: ReadonlySet<string>;
}

/** A place that reads a variable. Offsets are into the reader's text. */
export interface Read {
  readonly path: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly line: number;
  readonly how: 'read' | 'needed' | 'tested';
  readonly fallback: string | undefined;
}

/** A place that sets it for the steps of a Jenkinsfile. */
export interface Setter {
  readonly source: JenkinsfileSource;
  readonly definition: Definition;
}

/** Follows the commands of the `sh` steps through the scripts of the repository. */
export function reachOf({ symbols, path }: JenkinsfileSource, sources: Sources): Reach {
  const byPath = new Map(sources.readers.map((reader) => [reader.path, reader]));
  const scripts = new Set<string>();
  const sets = new Set<string>();
  const unseen = new Set<string>();
  const wanted = new Set<string>();
  let vagrant = false;
  const waiting: { readonly script: ShellScript; readonly folder: string }[] = [];

  const enter = (reader: ReaderSource): void => {
    if (scripts.has(reader.path)) return;
    if (reader.script === undefined) {
      unseen.add(reader.path);
      return;
    }
    scripts.add(reader.path);
    waiting.push({ script: reader.script, folder: folderOf(reader.path) });
  };

  const call = (words: readonly (string | undefined)[], folder: string): void => {
    const [name, ...rest] = words;
    if (name === undefined) unseen.add('a command that is computed');
    else if (name === 'vagrant') {
      vagrant = true;
    } else if (PREFIXES.has(name)) {
      const inner = rest.findIndex((word) => word === undefined || !/^[-\d]|=/.test(word));
      if (inner >= 0) call(rest.slice(inner), folder);
    } else if (SHELLS.has(name) || name.includes('/')) {
      const file = SHELLS.has(name)
        ? rest.find((word) => word === undefined || !word.startsWith('-'))
        : name;
      const inline = SHELLS.has(name) && rest.some((word) => /^-\w*c$/.test(word ?? ''));
      const found = file === undefined || inline ? undefined : find(file, folder);
      if (found !== undefined) enter(found);
      else unseen.add(words.map((word) => word ?? '…').join(' '));
    } else if (!isQuietCommand(name, rest)) unseen.add(name);
  };

  const find = (file: string, folder: string): ReaderSource | undefined => {
    const candidates = ['', folder, folderOf(path)].flatMap((base) => joined(base, file) ?? []);
    for (const candidate of candidates) {
      const found = byPath.get(candidate);
      if (found) return found;
    }
    // A `dir` or `cd` before it may be meant: then the rest of the path tells, if only one file has it.
    const rest = file.replace(/^(?:\.{1,2}\/)+/, '');
    const ends = sources.readers.filter((reader) => reader.path.endsWith(`/${rest}`));
    if (ends.length === 1 && !file.startsWith('/')) return ends[0];
    for (const candidate of candidates) wanted.add(candidate);
    return undefined;
  };

  for (const node of symbols.tree.nodes) {
    if (node.kind !== 'call') continue;
    if (node.object !== undefined) {
      if (!isKnownObject(node.object, symbols)) unseen.add(calledName(node) || 'a computed call');
      continue;
    }
    if (node.name !== 'sh') {
      const name = calledName(node);
      const own = symbols.own(name, node.start) !== undefined;
      if (!own && !isQuietStep(name)) unseen.add(name === '' ? 'a computed call' : name);
      continue;
    }
    const text = scriptOf(node);
    if (text === undefined) unseen.add('an `sh` whose script is computed');
    else if (/^\s*#!/.test(text) && !/^\s*#!.*\b(?:ba|da|k|z)?sh\b/.test(text))
      unseen.add('an `sh` in another language');
    else waiting.push({ script: readShell(text), folder: '' });
  }
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const name of next.script.sets) sets.add(name);
    if (next.script.readsMore) unseen.add('a script that looks at its whole environment');
    for (const { words } of next.script.commands) call(words, next.folder);
  }
  return { scripts, vagrant, sets, unseen: [...unseen], wanted };
}

/**
 * Where a variable is read: in Vagrantfiles, and in the scripts that the steps of a Jenkinsfile
 * reach.
 */
export function readsOf(name: string, sources: Sources, reaches: readonly Reach[]): Read[] {
  return sources.readers.flatMap((reader) => {
    if (!reader.vagrantfile && !reaches.some(({ scripts }) => scripts.has(reader.path))) return [];
    return allReads(reader).filter((read) => read.name === name);
  });
}

/** All reads of a file, in the order of its text. */
export function allReads({ path, vagrantfile, script }: ReaderSource): Read[] {
  if (vagrantfile) return vagrantfile.reads.map((read) => ({ ...read, path }));
  return (script?.reads ?? []).map((read) => ({ ...read, path, how: 'read' as const }));
}

/** What sets a variable, in all Jenkinsfiles. */
export function settersOf(name: string, { jenkinsfiles }: Sources): Setter[] {
  return jenkinsfiles.flatMap((source) =>
    source.symbols.setters(name).map((definition) => ({ source, definition })),
  );
}

/**
 * The entries of a Jenkinsfile's `environment` that nothing reads. Only where all that runs could
 * be looked into, and no file of the workspace has the name as a word at all.
 */
export function unreadEntries(source: JenkinsfileSource, sources: Sources): Definition[] {
  const { symbols } = source;
  if (!sources.complete || symbols.unknownSetters !== undefined) return [];
  if (symbols.pipeline.problems.length > 0) return [];
  const entries = symbols.definitions.filter(
    (definition) => definition.kind === 'environment' && !isCredential(definition),
  );
  if (entries.length === 0) return [];
  const { unseen } = reachOf(source, sources);
  if (unseen.length > 0) return [];
  if (sources.readers.some(({ vagrantfile }) => vagrantfile?.readsMore === true)) return [];
  const words = new Set<string>();
  for (const { text } of sources.readers)
    for (const [word] of text.matchAll(/[A-Za-z_]\w*/g)) words.add(word);
  const mentioned = new Map<string, number>();
  for (const [word] of symbols.pipeline.text.matchAll(/[A-Za-z_]\w*/g))
    mentioned.set(word, (mentioned.get(word) ?? 0) + 1);
  return entries.filter(({ name }) => {
    const own = entries.filter((entry) => entry.name === name).length;
    return !words.has(name) && mentioned.get(name) === own && !isReadByTools(name);
  });
}

/**
 * What a Vagrantfile reads and no Jenkinsfile sets, though one starts Vagrant. The server and its
 * agents may set it for all jobs: nobody here can know.
 */
export function neverSet(reader: ReaderSource, sources: Sources): Read[] {
  const { vagrantfile } = reader;
  if (!vagrantfile) return [];
  const starting = sources.jenkinsfiles
    .map((source) => ({ source, reach: reachOf(source, sources) }))
    .filter(({ reach }) => reach.vagrant);
  if (starting.length === 0) return [];
  // A library, `load` or a computed `withEnv` may set anything.
  if (starting.some(({ source }) => source.symbols.unknownSetters !== undefined)) return [];
  return allReads(reader).filter(
    ({ name, how }) =>
      how !== 'tested' &&
      !isReadByTools(name) &&
      !vagrantfile.writes.includes(name) &&
      starting.every(({ source, reach }) => {
        const { symbols } = source;
        const set = symbols.setters(name).length > 0 || reach.sets.has(name);
        return !set && !symbols.isOfRun(name);
      }),
  );
}

/** Programs that run another one with the same environment. */
const PREFIXES: ReadonlySet<string> = new Set(
  'exec command builtin nohup nice ionice setsid stdbuf timeout time sudo'.split(' '),
);
const SHELLS: ReadonlySet<string> = new Set('sh bash dash ksh zsh source .'.split(' '));

/** The script of an `sh` step, with an unknown variable for what Groovy puts in; undefined if it is computed. */
function scriptOf({ args }: Call): string | undefined {
  const script = named(args, 'script') ?? positional(args)[0];
  if (script?.kind === 'literal')
    return typeof script.value === 'string' ? script.value : undefined;
  if (script?.kind !== 'gstring') return undefined;
  return script.parts.map((part) => (typeof part === 'string' ? part : '${__groovy__}')).join('');
}

/** Whether a method is called on something that has no environment of its own to read. */
function isKnownObject(object: Expression, symbols: Symbols): boolean {
  let at = object;
  while (at.kind === 'call' || at.kind === 'property' || at.kind === 'index') {
    if (at.kind === 'call' && at.object === undefined) return true;
    if (at.object === undefined) return true;
    at = at.object;
  }
  if (at.kind !== 'name') return true;
  if (['env', 'params', 'currentBuild', 'scm'].includes(at.name)) return true;
  const own = symbols.own(at.name, at.start);
  return own !== undefined && isOwn(own);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** A path relative to the folder; undefined if it leads out of it. */
function joined(base: string, path: string): string | undefined {
  if (path.startsWith('/')) return undefined;
  const names = base === '' ? [] : base.split('/');
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names.join('/');
}
