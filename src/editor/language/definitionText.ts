import type { Definition } from '../../pipeline/names/definitions';
import { lineAt, named, positional } from '../../pipeline/syntax';
import type { Expression } from '../../pipeline/syntax';
import { isCredential } from '../../pipeline/symbols';
import type { Symbols } from '../../pipeline/symbols';
import { code } from './markdown';

/** What a definition's value is, as far as the text tells. */
export type Known =
  | { readonly kind: 'value'; readonly text: string }
  /** Only a run tells; `source` is what stands in the file. */
  | { readonly kind: 'at run time'; readonly source: string }
  | { readonly kind: 'credential'; readonly id: string }
  | { readonly kind: 'nothing' };

export function knownOf(symbols: Symbols, definition: Definition): Known {
  const { kind, value, call } = definition;
  if (kind === 'environment') return entryValue(symbols, definition);
  if (kind === 'bound') {
    const id = call && named(call.args, 'credentialsId');
    return id === undefined
      ? { kind: 'nothing' }
      : { kind: 'credential', id: textOf(symbols, id) ?? sourceOf(symbols, id) };
  }
  if (value === undefined) return { kind: 'nothing' };
  if (kind === 'withEnv') {
    const text = textOf(symbols, value);
    if (text === undefined) return { kind: 'at run time', source: sourceOf(symbols, value) };
    return { kind: 'value', text: text.slice(text.indexOf('=') + 1) };
  }
  if (kind === 'parameter' && call?.name === 'choice') {
    const [first] = choicesOf(value);
    return first === undefined ? { kind: 'nothing' } : { kind: 'value', text: first };
  }
  const text = textOf(symbols, value);
  return text === undefined
    ? { kind: 'at run time', source: sourceOf(symbols, value) }
    : { kind: 'value', text };
}

/** `` `environment` of stage `Build`, line 8 `` */
export function whereOf(symbols: Symbols, definition: Definition): string {
  const line = lineOf(symbols, definition);
  const { kind, call } = definition;
  switch (kind) {
    case 'environment':
      return `\`environment\` of ${levelOf(definition)}, line ${line}`;
    case 'axis':
      return `an axis of the matrix, line ${line}`;
    case 'parameter': {
      const known = knownOf(symbols, definition);
      const initial = known.kind === 'value' ? `, default ${code(known.text)}` : '';
      return `a parameter, line ${line}${initial}`;
    }
    case 'input':
      return `\`input\` of ${levelOf(definition)}, line ${line}`;
    case 'withEnv':
      return `\`withEnv\`, line ${line}`;
    case 'bound':
      return `${code(typeof call?.name === 'string' ? call.name : 'a step')}, line ${line}`;
    case 'assigned':
      return `\`env.${definition.name} = …\`, line ${line}`;
    case 'local':
    case 'argument':
    case 'field':
    case 'function':
    case 'class':
      return `line ${line}`;
  }
}

export function lineOf(symbols: Symbols, { place }: Definition): number {
  return lineAt(symbols.pipeline.lines, place.start);
}

/** What an expression comes to if it is a constant. */
export function textOf(symbols: Symbols, value: Expression): string | undefined {
  if (value.kind === 'literal' && value.value !== null) {
    if (typeof value.value === 'number') return sourceOf(symbols, value);
    return String(value.value);
  }
  return undefined;
}

export function sourceOf({ pipeline }: Symbols, { start, end }: { start: number; end: number }) {
  return pipeline.text.slice(start, end);
}

/** The texts of `choices: ['a', 'b']`, also of lines in one string. */
export function choicesOf(value: Expression): readonly string[] {
  if (value.kind === 'list')
    return value.items.flatMap((item) => (item.kind === 'literal' ? [String(item.value)] : []));
  if (value.kind === 'literal' && typeof value.value === 'string') return value.value.split('\n');
  return [];
}

function levelOf({ stage }: Definition): string {
  return stage.length === 0 ? 'the pipeline' : `stage ${code(stage.join(' / '))}`;
}

function entryValue(symbols: Symbols, definition: Definition): Known {
  const { value } = definition;
  if (value === undefined) return { kind: 'nothing' };
  if (isCredential(definition) && value.kind === 'call') {
    const [id] = positional(value.args);
    return { kind: 'credential', id: (id && textOf(symbols, id)) ?? sourceOf(symbols, value) };
  }
  const line = lineOf(symbols, definition);
  const found = symbols
    .outline()
    .environment.find((variable) => variable.line === line && variable.name === definition.name);
  return found?.value === undefined
    ? { kind: 'at run time', source: sourceOf(symbols, value) }
    : { kind: 'value', text: found.value };
}
