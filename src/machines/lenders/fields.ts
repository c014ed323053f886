/**
 * The fields of a JSON object, read one after the other. What is not as it should be is gathered in
 * `problems` as a sentence with its path, and read as undefined.
 */
export class Fields {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #problems: string[];
  readonly #known = new Set<string>();

  constructor(value: unknown, path: string, problems: string[]) {
    this.#path = path;
    this.#problems = problems;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject) problems.push(`${path || 'it'} is no object`);
    this.#object = isObject ? (value as Record<string, unknown>) : {};
  }

  /** Whether it is there at all. */
  has(name: string): boolean {
    return Object.hasOwn(this.#object, name) && this.#object[name] !== null;
  }

  /** The type of what is there, as JavaScript has it. */
  kindOf(name: string): string {
    return typeof this.#object[name];
  }

  /** A text of one line; `like` says in `words` what it must look like. */
  text(
    name: string,
    like = /^[^\p{Cc}]{1,2000}$/u,
    words = 'a text of one line',
  ): string | undefined {
    return this.#read(name, words, (value) =>
      typeof value === 'string' && like.test(value) ? value : undefined,
    );
  }

  /** As `text`, and it must be there. */
  needed(name: string, like?: RegExp, words?: string): string {
    if (!this.has(name)) this.#problems.push(`${this.#at(name)} is missing`);
    return this.text(name, like, words) ?? '';
  }

  number(name: string, least: number, most: number): number | undefined {
    return this.#read(name, `a number from ${least} to ${most}`, (value) =>
      typeof value === 'number' && value >= least && value <= most ? value : undefined,
    );
  }

  flag(name: string): boolean | undefined {
    return this.#read(name, 'true or false', (value) =>
      typeof value === 'boolean' ? value : undefined,
    );
  }

  texts(name: string, like?: RegExp, words?: string): string[] | undefined {
    return this.list(name, (value, path) => {
      const one = new Fields({ [path]: value }, '', this.#problems);
      return one.needed(path, like, words);
    });
  }

  /** Texts by their names, such as an environment. */
  record(name: string): Record<string, string> | undefined {
    return this.#read(name, 'an object of texts', (value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
      const all = Object.entries(value);
      return all.every((entry): entry is [string, string] => typeof entry[1] === 'string')
        ? Object.fromEntries(all)
        : undefined;
    });
  }

  object(name: string): Fields | undefined {
    this.#known.add(name);
    return this.has(name)
      ? new Fields(this.#object[name], this.#at(name), this.#problems)
      : undefined;
  }

  list<T>(name: string, read: (value: unknown, path: string) => T): T[] | undefined {
    const values = this.#read(name, 'a list', (value) =>
      Array.isArray(value) && value.length <= 10_000 ? (value as unknown[]) : undefined,
    );
    return values?.map((value, at) => read(value, `${this.#at(name)}[${at}]`));
  }

  /** Says of each field that was not asked for that it is not known. */
  refuseOthers(): void {
    for (const name of Object.keys(this.#object))
      if (!this.#known.has(name)) {
        const known = [...this.#known].join(', ');
        this.#problems.push(`${this.#at(name)} is not known here; there are: ${known}`);
      }
  }

  #read<T>(name: string, words: string, read: (value: unknown) => T | undefined): T | undefined {
    this.#known.add(name);
    if (!this.has(name)) return undefined;
    const value = read(this.#object[name]);
    if (value === undefined) this.#problems.push(`${this.#at(name)} is not ${words}`);
    return value;
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}
