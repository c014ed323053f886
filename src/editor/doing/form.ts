import type {
  ParameterDefinition,
  ParameterValue,
  ParameterValues,
} from '../../jenkins/parameters';
import type { Parameter } from '../../jenkins/run';
import { plain } from '../look/plain';

/** Parameters with the values that a person has given them so far. It is never changed, but made anew. */
export interface Form {
  readonly definitions: readonly ParameterDefinition[];
  /** What is sent; what is left out has the server's own default. */
  readonly values: ParameterValues;
  /** The names of those that want an answer before it is sent. */
  readonly open: ReadonlySet<string>;
  /** What there is to say to one, by its name. */
  readonly notes: ReadonlyMap<string, string>;
}

/** How a parameter is shown in the form. */
export interface FormRow {
  readonly definition: ParameterDefinition;
  readonly label: string;
  /** The present value, and the default where it is another. */
  readonly description: string;
  /** What the server, or we, say to it. */
  readonly detail: string | undefined;
  readonly icon: string;
  /** Whether it has another value than its default, or is to be answered. */
  readonly changed: boolean;
}

/** All parameters with their defaults. */
export function formOf(definitions: readonly ParameterDefinition[]): Form {
  const values = definitions.flatMap((definition): [string, string | boolean][] => {
    const initial = initialOf(definition);
    return initial === undefined ? [] : [[definition.name, initial]];
  });
  return { definitions, values: new Map(values), open: new Set(), notes: new Map() };
}

/** With the values that a run had. What Jenkins does not tell of it, or takes no more, is to be answered. */
export function formOfRun(
  definitions: readonly ParameterDefinition[],
  run: { readonly name: string; readonly parameters: readonly Parameter[] },
): Form {
  const { values, ...form } = formOf(definitions);
  const [own, open, notes] = [new Map(values), new Set<string>(), new Map<string, string>()];
  for (const definition of definitions) {
    const { name, kind } = definition;
    const before = run.parameters.find((parameter) => parameter.name === name);
    if (before === undefined) continue;
    const value = fitting(definition, before.value);
    if (value !== undefined) own.set(name, value);
    else if (kind === 'file') {
      open.add(name);
      notes.set(
        name,
        `The file of ${run.name} must be chosen again: Jenkins does not give it out.`,
      );
    } else {
      open.add(name);
      notes.set(
        name,
        before.value === undefined
          ? `What it was in ${run.name} is not told.`
          : `It was ${shown(before.value, kind)} in ${run.name}, which is not offered any more.`,
      );
    }
  }
  return { ...form, values: own, open, notes };
}

/** With a value; without one it has its default again. */
export function withValue(form: Form, name: string, value: ParameterValue | undefined): Form {
  const [values, open] = [new Map(form.values), new Set(form.open)];
  const definition = form.definitions.find((each) => each.name === name);
  const sent = value ?? (definition && initialOf(definition));
  if (sent === undefined) values.delete(name);
  else values.set(name, sent);
  open.delete(name);
  return { ...form, values, open };
}

export function rowsOf(form: Form): FormRow[] {
  return form.definitions.map((definition) => {
    const { name, kind } = definition;
    const [value, initial] = [form.values.get(name), initialOf(definition)];
    const changed = value !== initial || form.open.has(name);
    const now = form.open.has(name) ? 'to be answered' : shown(value, kind);
    const told = changed && 'initial' in definition ? ` · default: ${shown(initial, kind)}` : '';
    const note = form.notes.get(name);
    const words = [...(note === undefined ? [] : [note]), wordsOf(definition)].join(' ').trim();
    return {
      definition,
      label: plain(name),
      description: plain(now + told),
      detail: words === '' ? undefined : plain(words),
      icon: ICONS[kind],
      changed,
    };
  });
}

/** `NAME = value` of each parameter that is sent, for asking whether it is meant; without passwords. */
export function summaryOf(form: Form, most = 15): string[] {
  const lines = form.definitions.map(({ name, kind }) =>
    plain(`${name} = ${shown(form.values.get(name), kind)}`),
  );
  return lines.length <= most
    ? lines
    : [...lines.slice(0, most - 1), `… and ${lines.length - most + 1} more`];
}

/** A description without the markup that servers may allow in it. */
export function wordsOf({ description }: ParameterDefinition): string {
  return (description ?? '')
    .replace(/<\/?[a-z][^<>]*>/gi, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Lines as one, for a box that has only one: `\n` between them, `\\` for a backslash. */
export function escapeLines(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

export function unescapeLines(line: string): string {
  return line.replace(/\\([\\rn])/g, (_, sign: string) =>
    sign === 'n' ? '\n' : sign === 'r' ? '\r' : '\\',
  );
}

/** How a value reads in a line. */
function shown(value: ParameterValue | undefined, kind: ParameterDefinition['kind']): string {
  if (value === undefined) return kind === 'file' ? 'no file' : "the server's default";
  if (kind === 'password') return '••••••';
  if (typeof value === 'object')
    return `${value.fileName} (${Math.ceil(value.content.length / 1024)} KB)`;
  if (value === '') return 'empty';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value.trim() === ''
    ? `"${value.replaceAll('\n', ' ⏎ ')}"`
    : value.replace(/\r?\n/g, ' ⏎ ');
}

const ICONS: Readonly<Record<ParameterDefinition['kind'], string>> = {
  text: 'symbol-string',
  boolean: 'symbol-boolean',
  choice: 'list-selection',
  password: 'key',
  run: 'history',
  file: 'file',
};

function initialOf(definition: ParameterDefinition): string | boolean | undefined {
  return 'initial' in definition ? definition.initial : undefined;
}

/** A run's value as the parameter is defined now; undefined where it does not fit any more. */
function fitting(
  definition: ParameterDefinition,
  value: string | boolean | undefined,
): string | boolean | undefined {
  if (value === undefined) return undefined;
  switch (definition.kind) {
    case 'file':
    case 'password':
      return undefined;
    case 'boolean':
      return value === true || value === 'true';
    case 'choice':
      return definition.choices.find((choice) => choice === String(value));
    default:
      return String(value);
  }
}
