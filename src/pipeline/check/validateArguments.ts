import type { Description, ParameterDescription } from '../catalogue/catalogueNotation';
import { didYouMean } from './nearNames';
import type { Argument, Expression, Place } from '../syntax';
import type { Check } from './validateCheck';

/** An argument with a name that the text tells; of a map in brackets its entries. */
export interface NamedArgument {
  readonly name: string;
  readonly value: Expression;
}

/** The arguments as Jenkins sees them: by name, or one without, or several without. */
export function readArguments(args: readonly Argument[]): {
  readonly named: readonly NamedArgument[];
  readonly unnamed: readonly Expression[];
  /** False if some of it is computed, so that nothing can be said of what is missing. */
  readonly plain: boolean;
} {
  const unnamed = args.filter(({ name }) => name === undefined);
  const [only] = unnamed;
  const map = args.length === 1 && only?.value.kind === 'map' ? only.value : undefined;
  if (map === undefined) {
    return {
      named: args.flatMap(({ name, value }) => (typeof name === 'string' ? [{ name, value }] : [])),
      unnamed: unnamed.map(({ value }) => value),
      plain: args.every(({ name, spread }) => typeof name !== 'object' && !spread),
    };
  }
  const named = map.entries.flatMap(({ key, value }) =>
    key.kind === 'literal' && typeof key.value === 'string' ? [{ name: key.value, value }] : [],
  );
  // `[$class: 'X', …]` describes an object of a plugin.
  const plain = named.length === map.entries.length && !named.some(({ name }) => name === '$class');
  return { named, unnamed: [], plain };
}

/** Reports what no value can be, wherever it stands. */
export function checkValue(value: Expression, check: Check): void {
  const { text } = check;
  if (text.startsWith('${', value.start)) {
    const source = text.slice(value.start, value.end);
    check.report(value, `${source} needs quotes around it: "${source}"`);
  } else if (value.kind === 'literal' && typeof value.value === 'number') {
    const digits = /^[-+]?[\d_]+$/.exec(text.slice(value.start, value.end))?.[0];
    if (digits === undefined) return;
    const number = BigInt(digits.replaceAll(/[_+]/g, ''));
    if (BigInt.asIntN(64, number) !== number)
      check.report(value, 'The number is too large: 9223372036854775807 is the largest.');
  }
}

/** Reports values that can be none, and names that stand twice. */
export function checkArguments(args: readonly Argument[], check: Check): void {
  const names = new Set<string>();
  for (const { name, value } of args) {
    checkValue(value, check);
    if (typeof name !== 'string') continue;
    if (names.has(name)) check.report(nameBefore(value, name, check), `"${name}" is given twice.`);
    names.add(name);
  }
}

/** Reports arguments that have no parameter, or a value of another type. */
export function checkNamed(
  named: readonly NamedArgument[],
  { name: owner, parameters }: Description,
  check: Check,
): boolean {
  let well = true;
  for (const { name, value } of named) {
    const parameter = parameters.find((candidate) => candidate.name === name);
    if (parameter === undefined) {
      const near = didYouMean(
        name,
        parameters.map((candidate) => candidate.name),
      );
      check.report(nameBefore(value, name, check), `"${owner}" has no parameter "${name}".${near}`);
      well = false;
    } else if (!checkType(value, parameter, check)) well = false;
  }
  return well;
}

/** The place of an argument's name, which stands close before its value. */
function nameBefore(value: Expression, name: string, { text }: Check): Place {
  const start = text.lastIndexOf(name, value.start - name.length);
  const isNear = start >= 0 && /^['"]?\s*:\s*$/.test(text.slice(start + name.length, value.start));
  return isNear ? { start, end: start + name.length } : value;
}

/** Values of Java's enumerations: any other text is refused at once. */
const ENUMERATIONS = new Set(['unit', 'hint']);
const LARGEST_INTEGER = 2 ** 31 - 1;

/** Reports a constant of a type that Jenkins does not take; true if it does. What is computed is not looked at. */
export function checkType(
  value: Expression,
  { name, type, values }: ParameterDescription,
  check: Check,
): boolean {
  if (value.kind !== 'literal' || value.value === null) return true;
  const given = value.value;
  const isInteger = Number.isInteger(given) && Math.abs(Number(given)) <= LARGEST_INTEGER;
  const plainInteger = isInteger && /^-?\d+$/.test(check.text.slice(value.start, value.end));
  if (values.length > 0 && ENUMERATIONS.has(name)) {
    if (typeof given === 'string' && values.includes(given)) return true;
    check.report(value, `"${name}" is one of ${values.join(', ')}, not ${shown(value, check)}.`);
    return false;
  }
  if (type === 'string' && (typeof given === 'boolean' || plainInteger)) {
    check.report(value, `"${name}" takes a string, not ${shown(value, check)}.`);
    return false;
  }
  if (type === 'integer' && typeof given !== 'number') {
    check.report(value, `"${name}" takes a number, not ${shown(value, check)}.`);
    return false;
  }
  return true;
}

function shown(place: Place, { text }: Check): string {
  return text.slice(place.start, place.end);
}
