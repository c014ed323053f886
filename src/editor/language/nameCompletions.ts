import type { Definition } from '../../pipeline/names/definitions';
import { GLOBALS, RUN_VARIABLES } from '../../pipeline/catalogue/globalsCatalogue';
import { tokenBefore } from '../../pipeline/names/position';
import type { Lexed } from '../../pipeline/names/position';
import { isCredential, isOwn } from '../../pipeline/symbols';
import type { Symbols } from '../../pipeline/symbols';
import { T } from '../../pipeline/read/tokens';
import { item } from './completion';
import type { Completion } from './completion';
import { knownOf, whereOf } from './definitionText';
import { code } from './markdown';
import { commentAbove, parametersIn, signatureOf } from './ownCode';
import { codeBlock } from './markdown';

/**
 * The variables that are known at a place: `groovy` for a name by itself, `environment` for `env.`
 * and shells, `parameters` for `params.`, `own` for those of the language alone.
 */
export function variableItems(
  symbols: Symbols,
  offset: number,
  which: 'groovy' | 'environment' | 'parameters' | 'own',
): Completion[] {
  const items = new Map<string, Completion>();
  const add = (name: string, completion: Completion): void => {
    if (!items.has(name)) items.set(name, completion);
  };
  for (const definition of symbols.visibleAt(offset)) {
    const { name, kind, place } = definition;
    const own = isOwn(definition);
    if (kind === 'function' || kind === 'class' || isBeingTyped(place, offset)) continue;
    if (own && which !== 'groovy' && which !== 'own') continue;
    if (!own && which === 'own') continue;
    if (which === 'parameters' && kind !== 'parameter') continue;
    const isParameter = kind === 'parameter' || kind === 'input';
    add(name, variable(symbols, definition, isParameter ? 'parameter' : 'variable'));
    if (isCredential(definition) && which !== 'parameters')
      for (const part of ['USR', 'PSW'])
        add(
          `${name}_${part}`,
          variable(symbols, { ...definition, name: `${name}_${part}` }, 'variable'),
        );
  }
  if (which === 'groovy' || which === 'environment')
    for (const [name, { documentation }] of RUN_VARIABLES)
      add(name, item(name, 'variable', 'Jenkins', documentation, { rank: 2 }));
  return [...items.values()];
}

export function globalItems(): Completion[] {
  return [...GLOBALS.values()].map(({ name, documentation }) =>
    item(name, 'variable', 'Jenkins', documentation, { rank: 2 }),
  );
}

export function functionItems(symbols: Symbols, offset: number): Completion[] {
  return symbols.definitions.flatMap((definition) => {
    const { name, kind } = definition;
    if (kind !== 'function' || symbols.own(name, offset) !== definition) return [];
    const signature = signatureOf(symbols, definition);
    const hasArguments = parametersIn(signature).length > 0;
    const comment = commentAbove(symbols, definition);
    const documentation = [codeBlock(signature), ...(comment ? [codeBlock(comment, 'text')] : [])];
    const insert = hasArguments ? `${name}($0)` : `${name}()`;
    return [item(name, 'function', 'this file', documentation.join('\n\n'), { insert, rank: 1 })];
  });
}

/** Whether a place in code is in the braces of `${…}`. */
export function isInterpolation({ tokens }: Lexed, offset: number): boolean {
  let depth = 0;
  for (let at = tokenBefore(tokens, offset); at >= 0; at--) {
    const kind = tokens.kind[at] ?? T.end;
    const empty = tokens.start[at] === tokens.end[at];
    if (empty) continue;
    if (kind === T.gClose || kind === T.curlyClose) depth++;
    else if (kind === T.curlyOpen || kind === T.gOpen) {
      if (depth === 0) return kind === T.gOpen;
      depth--;
    }
  }
  return false;
}

function isBeingTyped(place: { start: number; end: number }, offset: number): boolean {
  return place.start <= offset && offset <= place.end;
}

function variable(
  symbols: Symbols,
  definition: Definition,
  kind: 'parameter' | 'variable',
): Completion {
  const known = knownOf(symbols, definition);
  const detail = known.kind === 'value' ? short(known.text) : '';
  const where = isOwn(definition)
    ? `Line ${whereOf(symbols, definition).slice(5)}.`
    : `Set by ${whereOf(symbols, definition)}.`;
  const value = known.kind === 'at run time' ? `\n\n${code(known.source)}` : '';
  return item(definition.name, kind, detail, `${where}${value}`, {
    rank: isOwn(definition) ? 0 : 1,
  });
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}
