import { openCalls } from '../../pipeline/names/position';
import { lexicalAt } from '../../pipeline/names/position';
import { STEPS } from '../../pipeline/catalogue/stepsCatalogue';
import type { Symbols } from '../../pipeline/symbols';
import { parametersOf } from './hoverText';
import { commentAbove, parametersIn, signatureOf } from './ownCode';

/** How a call at a place is meant. */
export interface Signature {
  readonly label: string;
  readonly documentation: string;
  readonly parameters: readonly { readonly label: string; readonly documentation: string }[];
  /** Which parameter is being written; -1 for none. */
  readonly active: number;
}

export function signatureAt(symbols: Symbols, offset: number): Signature | undefined {
  if (lexicalAt(symbols.lexed, offset).kind === 'comment') return undefined;
  for (const call of openCalls(symbols.lexed, offset)) {
    if (call.object !== undefined) continue;
    const own = symbols.own(call.name, call.place.start);
    if (own?.kind === 'function') {
      const label = signatureOf(symbols, own);
      const parameters = parametersIn(label).map((each) => ({ label: each, documentation: '' }));
      const active = Math.min(call.active, parameters.length - 1);
      return { label, documentation: commentAbove(symbols, own), parameters, active };
    }
    const parameters = parametersOf(symbols, call.name, call.place.start);
    if (parameters.length === 0) continue;
    const shown = parameters.map(({ name, type, values, required, documentation }) => ({
      label: `${name}${required ? '' : '?'}: ${values.length > 0 ? values.join('|') : type}`,
      documentation,
      name,
    }));
    const label = `${call.name}(${shown.map((each) => each.label).join(', ')})`;
    const active =
      call.key === undefined ? call.active : shown.findIndex(({ name }) => name === call.key);
    const documentation = STEPS.get(call.name)?.documentation ?? '';
    return { label, documentation, parameters: shown, active };
  }
  return undefined;
}
