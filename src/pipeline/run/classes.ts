import { apply } from './calls';
import type { StepError } from '../effects';
import { evaluate } from './evaluate';
import { scriptFile } from './frame';
import type { Frame, ScriptFile } from './frame';
import { declareFunction, functionFor } from './functions';
import type { Functions } from './functions';
import { Locals } from './locals';
import { cast } from './operators';
import type { ClassDeclaration, Declaration, FunctionDeclaration, Statement } from '../syntax';
import { Host, Lambda, Raised, Thrown, keyOf, shown } from './values';
import type { Key, Thing } from './values';

/** A class of the Jenkinsfile, or of a shared library. */
export class ScriptClass extends Host {
  readonly declaration: ClassDeclaration;
  readonly file: ScriptFile;
  readonly methods: Functions = new Map();
  readonly constructors: Functions = new Map();
  readonly fields: Declaration[] = [];
  /** Static fields, and an enum's constants. */
  readonly statics: ClassScope;
  readonly constants: Instance[] = [];
  parent: ScriptClass | undefined;
  private isPrepared = false;
  /** By `@Singleton`: its static field `instance` holds the one that there is. */
  isSingleton = false;

  constructor(declaration: ClassDeclaration, file: ScriptFile) {
    super(declaration.name);
    this.declaration = declaration;
    this.file = file;
    this.statics = new ClassScope(this, undefined, new FileScope(file));
    for (const member of declaration.body) {
      if (member.kind === 'function') {
        declareFunction(member.isConstructor ? this.constructors : this.methods, member);
      } else if (member.kind === 'declaration') this.fields.push(member);
      else if (member.kind === 'block') {
        for (const one of member.body) if (one.kind === 'declaration') this.fields.push(one);
      }
    }
  }

  /** Names of what it extends, from its own to the last one known. */
  get line(): string[] {
    const { superclass } = this.declaration;
    const names =
      superclass === undefined ? [] : [superclass.slice(superclass.lastIndexOf('.') + 1)];
    return [this.declaration.name, ...(this.parent?.line ?? names)];
  }

  /** The method of this name that fits, its own or inherited. */
  method(name: string, args: readonly Thing[]): FunctionDeclaration | undefined {
    return functionFor(this.methods, name, args) ?? this.parent?.method(name, args);
  }

  /** Fills the statics; done once, when the class is first used. As in Java, what that uses of the class itself does not wait for it. */
  async prepare(frame: Frame): Promise<void> {
    if (this.isPrepared) return;
    this.isPrepared = true;
    await this.fill({ ...frame, file: this.file });
  }

  private async fill(frame: Frame): Promise<void> {
    const { superclass, constants } = this.declaration;
    if (superclass !== undefined) {
      this.parent = await classOf(superclass, frame);
    }
    for (const field of this.fields) {
      if (field.modifiers.includes('static')) await declareField(field, this.statics, frame);
    }
    if (this.isSingleton) {
      this.statics.declare('instance', await instantiate(this, [], new Map(), frame));
    }
    for (const [at, { name, args }] of constants.entries()) {
      const values: Thing[] = [];
      for (const { value } of args) values.push(await evaluate(value, this.statics, frame));
      const constant = await create(this, values, new Map(), frame);
      if (!(constant instanceof Instance)) continue;
      constant.constant = { name, ordinal: at };
      this.statics.declare(name, constant);
      this.constants.push(constant);
    }
  }
}

/** An object of such a class. */
export class Instance extends Host {
  readonly type: ScriptClass;
  readonly fields: ClassScope;
  /** Of an enum. */
  constant: { name: string; ordinal: number } | undefined;

  constructor(type: ScriptClass) {
    super(type.declaration.name);
    this.type = type;
    this.fields = new ClassScope(type, this, type.statics);
  }

  override get text(): string | undefined {
    return this.constant?.name;
  }
}

/** The names that the methods of a class see: fields, then static ones. */
export class ClassScope extends Locals {
  readonly type: ScriptClass;
  readonly instance: Instance | undefined;

  constructor(type: ScriptClass, instance: Instance | undefined, outer: Locals) {
    super(outer);
    this.type = type;
    this.instance = instance;
  }

  override get self(): this {
    return this;
  }

  /** What `this` is. */
  get object(): Instance | ScriptClass {
    return this.instance ?? this.type;
  }

  override get(name: string): Thing | undefined {
    const own = super.get(name);
    // A field that is null is there.
    return own === undefined ? this.type.parent?.statics.get(name) : own;
  }
}

/** What stands outside of a class: its file. A class does not see the variables of a script. */
class FileScope extends Locals {
  private readonly owner: ScriptFile;

  constructor(file: ScriptFile) {
    super(undefined);
    this.owner = file;
  }

  override get file(): ScriptFile {
    return this.owner;
  }
}

/** A class of this file by the last part of its name. */
export function classNamed(name: string, file: ScriptFile): ScriptClass | undefined {
  return file.classes.get(name.slice(name.lastIndexOf('.') + 1));
}

/** A class by its name, prepared for use: of this file, or one that a shared library has under `src/`. */
export async function classOf(name: string, frame: Frame): Promise<ScriptClass | undefined> {
  const type = classNamed(name, frame.file) ?? libraryClass(name, frame);
  await type?.prepare(frame);
  return type;
}

/** The class whose static method `import static` gives this name to. */
export async function staticallyImported(
  name: string,
  frame: Frame,
): Promise<ScriptClass | undefined> {
  for (const statement of frame.file.pipeline.statements) {
    if (statement.kind !== 'import' || !statement.isStatic) continue;
    const dot = statement.name.lastIndexOf('.');
    const [owner, last] = statement.all
      ? [statement.name, name]
      : [statement.name.slice(0, Math.max(0, dot)), statement.name.slice(dot + 1)];
    if ((statement.alias ?? last) !== name) continue;
    const type = await classOf(owner, frame);
    if (type?.methods.has(last) === true) return type;
  }
  return undefined;
}

/** Declares the classes among statements. */
export function declareClasses(statements: readonly Statement[], file: ScriptFile): void {
  for (const [at, statement] of statements.entries()) {
    if (statement.kind !== 'class') continue;
    const type = new ScriptClass(statement, file);
    for (let before = at - 1; statements[before]?.kind === 'annotation'; before--) {
      const annotation = statements[before];
      if (annotation?.kind === 'annotation' && /(?:^|\.)Singleton$/.test(annotation.name))
        type.isSingleton = true;
    }
    file.classes.set(statement.name, type);
    declareClasses(statement.body, file);
  }
}

function libraryClass(name: string, frame: Frame): ScriptClass | undefined {
  for (const full of fullNames(name, frame.file)) {
    const found = frame.run.libraries.script(`src/${full.replaceAll('.', '/')}.groovy`);
    if (found === undefined) continue;
    const file = scriptFile(found.pipeline, found.source, name);
    declareClasses(found.pipeline.statements, file);
    const type = classNamed(full, file);
    if (type !== undefined) frame.file.classes.set(name, type);
    return type;
  }
  return undefined;
}

/** What a name may stand for, by the imports of a file and its own package. */
export function fullNames(name: string, file: ScriptFile): string[] {
  if (name.includes('.')) return [name];
  const names: string[] = [];
  for (const statement of file.pipeline.statements) {
    if (statement.kind !== 'import') continue;
    const last = statement.name.slice(statement.name.lastIndexOf('.') + 1);
    if (statement.form === 'package' || statement.all) names.push(`${statement.name}.${name}`);
    else if ((statement.alias ?? last) === name) names.push(statement.name);
  }
  return names;
}

/** `new Type(…)`. An exception of the file is an exception that can be thrown. */
export async function instantiate(
  type: ScriptClass,
  positional: readonly Thing[],
  named: ReadonlyMap<Key, Thing>,
  frame: Frame,
): Promise<Instance | Thrown> {
  await type.prepare(frame);
  return create(type, positional, named, frame);
}

async function create(
  type: ScriptClass,
  positional: readonly Thing[],
  named: ReadonlyMap<Key, Thing>,
  frame: Frame,
): Promise<Instance | Thrown> {
  const instance = new Instance(type);
  const inside: Frame = { ...frame, file: type.file };
  await fillFields(type, instance, inside);
  const args: Thing[] = named.size > 0 ? [new Map(named), ...positional] : [...positional];
  const declared = functionFor(type.constructors, type.declaration.name, args);
  const usable = declared !== undefined && (named.size === 0 || declared.parameters.length > 0);
  if (usable) {
    await apply(new Lambda(declared, instance.fields), args, inside);
  } else {
    for (const [name, value] of named) await setField(instance, String(name), value, frame);
  }
  return isThrowable(type) ? thrownOf(type, instance, args) : instance;
}

/** Calls a method of an object or a class; undefined if it has none of that name. */
export function callInstance(
  object: Instance | ScriptClass,
  name: string,
  args: readonly Thing[],
  frame: Frame,
): Promise<Thing> | Thing | undefined {
  const type = object instanceof Instance ? object.type : object;
  const declared = type.method(name, args);
  if (declared !== undefined) {
    const scope = object instanceof Instance ? object.fields : type.statics;
    return apply(new Lambda(declared, scope), args, frame);
  }
  const field = fieldOf(object, name);
  if (field instanceof Lambda) return apply(field, args, frame);
  const accessed = /^(get|is|set)([A-Z]\w*)$/.exec(name);
  if (object instanceof Instance && accessed !== null) {
    const [, kind = '', upper = ''] = accessed;
    const property = upper.charAt(0).toLowerCase() + upper.slice(1);
    if (kind === 'set') {
      object.fields.declare(property, args[0] ?? null);
      return null;
    }
    const value = fieldOf(object, property);
    if (value !== undefined) return value;
  }
  return object instanceof Instance ? ofInstance(object, name, args) : ofClass(object, name, args);
}

/** The value of a property: by its getter, else the field; undefined if there is none. */
export async function propertyOf(
  object: Instance | ScriptClass,
  name: string,
  frame: Frame,
): Promise<Thing | undefined> {
  if (object instanceof ScriptClass) await object.prepare(frame);
  const type = object instanceof Instance ? object.type : object;
  const own = await gotten(object, name, frame);
  if (own !== undefined) return own;
  const value = fieldOf(object, name);
  if (value !== undefined) return value;
  if (object instanceof Instance && object.constant !== undefined) {
    if (name === 'name') return object.constant.name;
  }
  return name === 'simpleName' || name === 'name' ? type.declaration.name : undefined;
}

/** What the getter of a property gives; undefined if it has none. */
export async function gotten(
  object: Instance | ScriptClass,
  name: string,
  frame: Frame,
): Promise<Thing | undefined> {
  const type = object instanceof Instance ? object.type : object;
  const getter = `get${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return type.method(getter, []) && callInstance(object, getter, [], frame);
}

export async function setField(
  object: Instance | ScriptClass,
  name: string,
  value: Thing,
  frame: Frame,
): Promise<void> {
  const type = object instanceof Instance ? object.type : object;
  const setter = `set${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  if (type.method(setter, [value]) !== undefined) {
    await callInstance(object, setter, [value], frame);
    return;
  }
  const scope = object instanceof Instance ? object.fields : type.statics;
  if (!scope.assign(name, value)) scope.declare(name, value);
}

function fieldOf(object: Instance | ScriptClass, name: string): Thing | undefined {
  return object instanceof Instance ? object.fields.get(name) : object.statics.get(name);
}

async function fillFields(type: ScriptClass, instance: Instance, frame: Frame): Promise<void> {
  if (type.parent !== undefined) await fillFields(type.parent, instance, frame);
  for (const field of type.fields) {
    if (!field.modifiers.includes('static')) await declareField(field, instance.fields, frame);
  }
}

async function declareField(field: Declaration, scope: ClassScope, frame: Frame): Promise<void> {
  const given = field.value ? await evaluate(field.value, scope, frame) : initial(field.type);
  const value = field.type === undefined || given === null ? given : cast(given, field.type);
  for (const { name } of field.names) scope.declare(name, value);
}

function initial(type: string | undefined): Thing {
  if (type === 'int' || type === 'long') return 0;
  return type === 'boolean' ? false : null;
}

function isThrowable(type: ScriptClass): boolean {
  return type.line.slice(1).some((name) => /(?:Exception|Error|Throwable)$/.test(name));
}

function thrownOf(type: ScriptClass, instance: Instance, args: readonly Thing[]): Thrown {
  const given = instance.fields.get('message') ?? args.find((arg) => typeof arg === 'string');
  const message = given === undefined ? '' : shown(given);
  const [name = '', ...supers] = type.line;
  const error: StepError = new Raised(name, message, 'FAILURE', supers);
  return new Thrown(error, instance);
}

function ofInstance(
  { constant, type }: Instance,
  name: string,
  [first = null]: readonly Thing[],
): Thing | undefined {
  switch (name) {
    case 'name':
    case 'toString':
      return constant?.name;
    case 'ordinal':
      return constant?.ordinal;
    case 'compareTo':
      return constant && first instanceof Instance && first.constant
        ? Math.sign(constant.ordinal - first.constant.ordinal)
        : undefined;
    case 'getClass':
      return type;
    default:
      return undefined;
  }
}

function ofClass(
  type: ScriptClass,
  name: string,
  [first = null]: readonly Thing[],
): Thing | undefined {
  switch (name) {
    case 'values':
      return [...type.constants];
    case 'valueOf': {
      const constant = type.constants.find((each) => each.constant?.name === shown(first));
      if (constant !== undefined) return constant;
      throw new Raised(
        'java.lang.IllegalArgumentException',
        `No enum constant ${type.declaration.name}.${String(keyOf(first))}`,
      );
    }
    case 'getInstance':
      return type.isSingleton ? type.statics.get('instance') : undefined;
    case 'getName':
    case 'getSimpleName':
      return type.declaration.name;
    default:
      return undefined;
  }
}

/** The members of an anonymous class, `new Type() { … }`, as a class of its own. */
export function anonymous(
  type: string,
  body: ClassDeclaration['body'],
  place: { start: number; end: number },
  file: ScriptFile,
): ScriptClass {
  return new ScriptClass(
    {
      kind: 'class',
      form: 'class',
      name: type,
      modifiers: [],
      superclass: type,
      interfaces: [],
      constants: [],
      body,
      start: place.start,
      end: place.end,
    },
    file,
  );
}
