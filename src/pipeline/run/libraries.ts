import { apply } from './calls';
import { declareClasses, fullNames } from './classes';
import { StepError, Unknown } from '../effects';
import type { Library, LibraryCall } from '../effects';
import { ScriptObject, notice, perform, scriptFile, unknown } from './frame';
import type { Frame, ScriptFile } from './frame';
import { libraryCall } from '../names/libraryReferences';
import { declareFunction, functionFor } from './functions';
import { lookUpName } from './globals';
import { parse } from '../parser';
import { execute } from './statements';
import type { Invocation } from './invocation';
import type { Pipeline } from '../declarative';
import type { Annotation, Place, Statement } from '../syntax';
import { Host, Lambda, Raised, UnknownText, textOf, valuesOf } from './values';
import type { Thing } from './values';

/** The shared libraries of one interpretation. */
export class Libraries {
  /** By their names, in the order in which they were loaded; undefined if it could not be had. */
  private readonly loaded = new Map<string, Library | undefined>();
  private readonly parsed = new Map<string, Pipeline>();

  has(name: string): boolean {
    return this.loaded.has(name);
  }

  add(name: string, library: Library | undefined): void {
    this.loaded.set(name, library);
  }

  /** What a step that nobody knows may be a step of: `the library x`; undefined if all libraries are there. */
  get missing(): string | undefined {
    const names = [...this.loaded].flatMap(([name, library]) => (library ? [] : [name]));
    if (names.length === 0) return undefined;
    return names.length === 1
      ? `the library ${names.join('')}`
      : `one of the libraries ${names.join(', ')}`;
  }

  /** The file at this path of the library that was loaded first. */
  file(path: string): { text: string; library: Library } | undefined {
    for (const library of this.loaded.values()) {
      const text = library?.files.get(path);
      if (library !== undefined && text !== undefined) return { text, library };
    }
    return undefined;
  }

  /** Whether a library has a file at this path that is no text, or was too large to be taken along. */
  leftOut(path: string): boolean {
    return [...this.loaded.values()].some((library) => library?.omitted?.includes(path) ?? false);
  }

  /** A file as a script, read once; with its name for people. */
  script(path: string): { pipeline: Pipeline; source: string } | undefined {
    const found = this.file(path);
    if (found === undefined) return undefined;
    const pipeline = this.parsed.get(path) ?? parse(found.text);
    this.parsed.set(path, pipeline);
    return { pipeline, source: `${path} of library ${found.library.name}` };
  }
}

/** Loads what `@Library`, `libraries` or `library` names: a text, or a list of them. */
export async function loadLibraries(wanted: Thing, place: Place, frame: Frame): Promise<void> {
  for (const each of Array.isArray(wanted) ? wanted : [wanted]) {
    const text = textOf(each);
    // The name may be known where the version is not: `"tools@${params.VERSION}"`.
    const known = text instanceof UnknownText && text.prefix.includes('@') ? text.prefix : text;
    if (known instanceof Unknown) {
      await refuse(each, `whose name comes from ${known.origin}`, place, frame);
      continue;
    }
    const { name, version } = libraryCall(known);
    const call = { name, version: text instanceof Unknown ? undefined : version };
    await load(call, each, place, frame);
  }
}

/** What the step `library` gives: `library('x').org.example.Tool.run()` goes on to a class below `src/`. */
export class LibraryPackage extends Host {
  /** `org.example.Tool`; empty at first. */
  readonly path: string;

  constructor(name: string, path: string) {
    super(name);
    this.path = path;
  }

  member(name: string): LibraryPackage {
    return new LibraryPackage(this.opaque, this.path === '' ? name : `${this.path}.${name}`);
  }
}

/** The step `library`: `library 'tools@v1'`, `library identifier: …, retriever: …`. */
export async function libraryStep(call: Invocation, frame: Frame): Promise<Thing> {
  const identifier = call.args.get('identifier') ?? call.args.get('') ?? null;
  await loadLibraries(identifier, call.place, frame);
  const text = textOf(identifier);
  return new LibraryPackage(
    typeof text === 'string' ? `library ${libraryCall(text).name}` : 'library',
    '',
  );
}

/** The step `libraryResource`: the text of a file below `resources/`. */
export function libraryResource(call: Invocation, frame: Frame): Promise<Thing> {
  const { libraries } = frame.run;
  const name = textOf(call.args.get('resource') ?? call.args.get('') ?? null);
  if (name instanceof Unknown) return Promise.resolve(name);
  const path = `resources/${name.replace(/^\/+/, '')}`;
  const found = libraries.file(path);
  if (found !== undefined) {
    const base64 = call.args.get('encoding') === 'Base64';
    return Promise.resolve(base64 ? Buffer.from(found.text).toString('base64') : found.text);
  }
  if (libraries.missing !== undefined || libraries.leftOut(path)) {
    const where = libraries.missing ?? 'a library, which is no text';
    return Promise.resolve(unknown(`the resource ${name} of ${where}`, call.place, frame));
  }
  throw new StepError(`No such library resource ${name} could be found.`);
}

/**
 * The global variable `name` of a shared library, `vars/name.groovy`. Each file that names it has
 * one of its own, with its own fields, as in Jenkins.
 */
export async function libraryVariable(
  name: string,
  frame: Frame,
): Promise<ScriptObject | undefined> {
  const { file: asking, run } = frame;
  const known = asking.binding.get(name);
  if (known !== undefined) return known instanceof ScriptObject ? known : undefined;
  const found = run.libraries.script(`vars/${name}.groovy`);
  if (found === undefined) return undefined;
  const file = scriptFile(found.pipeline, found.source, name);
  asking.binding.declare(name, file.self);
  await open(file, frame);
  return file.self;
}

/**
 * `new org.x.Tools()` of a file below `src/` that declares no such class: it is a script, with its
 * functions as methods.
 */
export async function newLibraryScript(
  type: string,
  frame: Frame,
): Promise<ScriptObject | undefined> {
  for (const full of fullNames(type, frame.file)) {
    const found = frame.run.libraries.script(`src/${full.replaceAll('.', '/')}.groovy`);
    if (found === undefined) continue;
    const file = scriptFile(found.pipeline, found.source, full);
    await open(file, frame);
    return file.self;
  }
  return undefined;
}

/** Declares what a script has as soon as there is an object of it. */
async function open(file: ScriptFile, frame: Frame): Promise<void> {
  const { statements } = file.pipeline;
  declareClasses(statements, file);
  for (const statement of statements) {
    if (statement.kind === 'function') declareFunction(file.functions, statement);
  }
  // Of the statements outside of functions only fields are carried out. All are there from the
  // start: one that uses a later one sees null.
  const fields = statements.flatMap((statement, at): [Annotation, Statement][] => {
    const next = statements[at + 1];
    return statement.kind === 'annotation' && statement.name.endsWith('Field') && next
      ? [[statement, next]]
      : [];
  });
  for (const [, field] of fields) {
    if (field.kind !== 'declaration') continue;
    for (const { name } of field.names) file.binding.declare(name, null);
  }
  for (const field of fields) await execute(field, file.binding, { ...frame, file });
}

/** Calls a function of a script, or a closure in one of its fields; undefined if it has none of this name. */
export function callFunction(
  { file }: ScriptObject,
  name: string,
  args: readonly Thing[],
  frame: Frame,
): Promise<Thing> | undefined {
  const declared = functionFor(file.functions, name, args);
  if (declared !== undefined) return apply(new Lambda(declared, file.binding), args, frame);
  const field = file.binding.get(name);
  return field instanceof Lambda ? apply(field, args, frame) : undefined;
}

/** `deploy.name`, `script.env`: a field, what `getName()` gives, or what the script itself finds by this name. */
export async function scriptProperty(
  script: ScriptObject,
  name: string,
  frame: Frame,
): Promise<Thing> {
  const { file } = script;
  const field = file.binding.get(name);
  if (field !== undefined) return field;
  const getter = `get${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const given = callFunction(script, getter, [], frame);
  if (given !== undefined) return given;
  const found = await lookUpName(name, file.binding, { ...frame, file });
  if (found !== undefined) return found;
  throw new Raised(
    'groovy.lang.MissingPropertyException',
    `No such property: ${name} for class: ${script.opaque}`,
  );
}

async function load(call: LibraryCall, given: Thing, place: Place, frame: Frame): Promise<void> {
  const { libraries, effects } = frame.run;
  // Jenkins too goes by the first definition of a library.
  if (libraries.has(call.name)) return;
  const library = await perform(frame, place, (at) =>
    effects.library === undefined ? Promise.resolve(undefined) : effects.library(call, at),
  );
  if (library === undefined) await refuse(given, call.name, place, frame);
  else {
    libraries.add(call.name, library);
    if (call.version !== undefined && call.version !== library.version) {
      const had = `Library ${call.name} is had at ${library.version}, not at ${call.version}.`;
      notice(frame, place, had);
    }
  }
}

async function refuse(given: Thing, name: string, place: Place, frame: Frame): Promise<void> {
  frame.run.libraries.add(name, undefined);
  const args = new Map([['', given]]);
  await perform(frame, place, (at) =>
    frame.run.effects.step(
      { name: 'library', args: valuesOf(args), implicit: true, hasBody: false },
      at,
    ),
  );
}
