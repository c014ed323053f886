/** A parameter of a step, an option, a trigger, or whatever else takes arguments. */
export interface ParameterDescription {
  readonly name: string;
  /** `any` where a plugin's own object or an expression stands. */
  readonly type: 'string' | 'boolean' | 'integer' | 'list' | 'map' | 'closure' | 'any';
  /** The values that it may have, if they can be counted. */
  readonly values: readonly string[];
  readonly required: boolean;
  /** As it would be written. */
  readonly initial: string | undefined;
  readonly documentation: string;
}

/** What the catalogues say of everything that has a name. */
export interface Description {
  readonly name: string;
  /** One to three sentences, in Markdown. */
  readonly documentation: string;
  readonly parameters: readonly ParameterDescription[];
  /** The parameter that a single argument without a name goes to. */
  readonly positional: string | undefined;
}

/** An entry as it was written down: `words` are what follows the name, `snippet` is its own one. */
export interface Entry extends Description {
  readonly words: readonly string[];
  readonly snippet: string | undefined;
}

/**
 * Reads a page of the catalogue. The notation keeps a hundred entries small and easy to read:
 *
 *     timeout body
 *       Ends its body when it takes longer.
 *       * time integer! How long.
 *       - unit SECONDS|MINUTES=MINUTES What `time` counts.
 *       > timeout(time: <1:10>) {\n\t<0>\n}
 *
 * `*` is the parameter that an argument without a name goes to, `!` one that must be given, `>` a
 * snippet in which `<1:text>` is a place to fill in. Throws if a line is none of these.
 */
export function readCatalogue(page: string): Entry[] {
  const entries: Entry[] = [];
  for (const block of page.trim().split(/\n(?=\S)/)) {
    const [head = '', ...lines] = block.trimEnd().split('\n');
    const [name = '', ...words] = head.split(' ');
    const texts = lines.map((line) => line.trim());
    const marked = texts.filter((text) => /^[*-] /.test(text));
    const parameters = marked.map(readParameter);
    const positional = parameters[marked.findIndex((text) => text.startsWith('*'))]?.name;
    const snippet = texts.find((text) => text.startsWith('> '));
    entries.push({
      name,
      words,
      documentation: texts.filter((text) => !/^[*>-] /.test(text)).join(' '),
      parameters,
      positional,
      snippet: snippet === undefined ? undefined : readSnippet(snippet.slice(2)),
    });
  }
  return entries;
}

/** A snippet in VS Code's syntax that fills in what must be given. */
export function snippetOf(entry: Description, body: boolean): string {
  const { name, parameters, positional } = entry;
  const required = parameters.filter((parameter) => parameter.required);
  const [only] = required;
  const sole = required.length === 1 && only?.name === positional ? only : undefined;
  const args = required.map((parameter, at) =>
    sole === undefined
      ? `${parameter.name}: ${placeholder(parameter, at + 1)}`
      : placeholder(parameter, at + 1),
  );
  const list = args.join(', ');
  if (body) return `${name}${list === '' ? '' : `(${list})`} {\n\t$0\n}`;
  if (list === '') return `${name}()`;
  return sole === undefined || sole.type === 'list' ? `${name}(${list})` : `${name} ${list}`;
}

function placeholder({ name, type, values, initial }: ParameterDescription, at: number): string {
  if (values.length > 0) return `'\${${at}|${values.join(',')}|}'`;
  switch (type) {
    case 'string':
      return `'\${${at}:${initial ?? name}}'`;
    case 'boolean':
      return `\${${at}|true,false|}`;
    case 'integer':
      return `\${${at}:${initial ?? '1'}}`;
    case 'list':
      return `[\${${at}}]`;
    case 'map':
      return `[\${${at}:key: value}]`;
    case 'closure':
      return `{ \${${at}} }`;
    case 'any':
      return `\${${at}:${name}}`;
  }
}

const TYPES = new Set(['string', 'boolean', 'integer', 'list', 'map', 'closure', 'any']);

function readParameter(text: string): ParameterDescription {
  const match = /^[*-] (\w+) ([\w|]+)(!?)(?:=(\S+))? (.+)$/.exec(text);
  if (match === null) throw new Error(`This is no parameter: ${text}`);
  const [, name = '', type = '', mark, initial, documentation = ''] = match;
  const known = TYPES.has(type);
  return {
    name,
    type: known ? (type as ParameterDescription['type']) : 'string',
    values: known ? [] : type.split('|'),
    required: mark === '!',
    initial,
    documentation,
  };
}

function readSnippet(text: string): string {
  return text
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t')
    .replace(/<(\d(?:[:|][^<>]*)?)>/g, (_, place: string) => `\${${place}}`);
}
