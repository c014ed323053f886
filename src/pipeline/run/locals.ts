import type { ClassScope } from './classes';
import type { ScriptFile, ScriptObject } from './frame';
import type { Thing } from './values';

/** The variables that a piece of the Jenkinsfile sees, and those of the pieces around it. */
export class Locals {
  readonly outer: Locals | undefined;
  private readonly values = new Map<string, Thing>();

  constructor(outer: Locals | undefined) {
    this.outer = outer;
  }

  declare(name: string, value: Thing): void {
    this.values.set(name, value);
  }

  /** Sets the variable where it was declared; false if it was nowhere. */
  assign(name: string, value: Thing): boolean {
    if (!this.values.has(name)) return this.outer?.assign(name, value) ?? false;
    this.values.set(name, value);
    return true;
  }

  get(name: string): Thing | undefined {
    return this.values.has(name) ? this.values.get(name) : this.outer?.get(name);
  }

  /** The variables declared here, for a way that may not be gone. */
  copy(): Map<string, Thing> {
    return new Map(this.values);
  }

  restore(values: ReadonlyMap<string, Thing>): void {
    this.values.clear();
    for (const [name, value] of values) this.values.set(name, value);
  }

  /** Whether a function or a closure around declares the variable, so that it is bound for good. */
  isLexical(name: string): boolean {
    return this.values.has(name) || (this.outer?.isLexical(name) ?? false);
  }

  /** What a closure around is delegated to, `x` of `x.with { … }`. */
  get target(): Thing | undefined {
    return this.outer?.target;
  }

  /** The class whose method this belongs to. */
  get self(): ClassScope | undefined {
    return this.outer?.self;
  }

  /** The script whose functions a closure's delegate puts before those of its own file. */
  get delegates(): ScriptObject | undefined {
    return this.outer?.delegates;
  }

  /** The file that these belong to. */
  get file(): ScriptFile | undefined {
    return this.outer?.file;
  }

  /** The directive that these are evaluated in, if any. */
  get directive(): Directive | undefined {
    return this.outer?.directive;
  }
}

/** The variables of a file that stand outside of all functions and closures. */
export class Binding extends Locals {
  private readonly owner: ScriptFile;
  /** Those of the script that has loaded this one, which are the same. */
  private readonly shared: Binding | undefined;

  /** `fileOf` makes the file that these variables belong to. */
  constructor(fileOf: (binding: Binding) => ScriptFile, shared?: Binding) {
    super(undefined);
    this.shared = shared;
    this.owner = fileOf(this);
  }

  override declare(name: string, value: Thing): void {
    if (this.shared === undefined) super.declare(name, value);
    else this.shared.declare(name, value);
  }

  override assign(name: string, value: Thing): boolean {
    return this.shared === undefined ? super.assign(name, value) : this.shared.assign(name, value);
  }

  override get(name: string): Thing | undefined {
    return this.shared === undefined ? super.get(name) : this.shared.get(name);
  }

  override get file(): ScriptFile {
    return this.owner;
  }

  override isLexical(): boolean {
    return false;
  }
}

/**
 * The names seen in a directive's values. A name that nothing defines is null there. In
 * `environment` a name is first a key of the same block, which is evaluated each time it is asked
 * for; the key that is being evaluated is not among them.
 */
export class Directive extends Locals {
  private readonly keys: ReadonlyMap<string, (asking: Directive) => Promise<Thing>>;
  private readonly evaluating: ReadonlySet<string>;

  constructor(
    outer: Locals,
    keys: ReadonlyMap<string, (asking: Directive) => Promise<Thing>> = new Map(),
    evaluating: ReadonlySet<string> = new Set(),
  ) {
    super(outer);
    this.keys = keys;
    this.evaluating = evaluating;
  }

  override get directive(): this {
    return this;
  }

  /** The value of another key of this block; undefined if it has no such key. */
  key(name: string): Promise<Thing> | undefined {
    if (this.evaluating.has(name)) return undefined;
    return this.keys.get(name)?.(this);
  }

  /** The same names, as the key `name` sees them. */
  within(name: string): Directive {
    const outer = this.outer ?? new Locals(undefined);
    return new Directive(outer, this.keys, new Set([...this.evaluating, name]));
  }
}
