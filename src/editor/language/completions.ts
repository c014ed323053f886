import { blocksAt } from '../../pipeline/names/contextAt';
import type { Blocks } from '../../pipeline/names/contextAt';
import { directivesIn } from '../../pipeline/catalogue/directivesCatalogue';
import type { Context, DirectiveDescription } from '../../pipeline/catalogue/directivesCatalogue';
import { GLOBALS } from '../../pipeline/catalogue/globalsCatalogue';
import { lexicalAt, openCalls, wordAt } from '../../pipeline/names/position';
import type { Lexed, OpenCall } from '../../pipeline/names/position';
import { STEPS } from '../../pipeline/catalogue/stepsCatalogue';
import type { Symbols } from '../../pipeline/symbols';
import { bodyOf, calledName } from '../../pipeline/syntax';
import type { Place } from '../../pipeline/syntax';
import { QUOTE } from '../../pipeline/read/tokens';
import { BINDINGS } from './bindingKinds';
import { item } from './completion';
import type { Completion, Completions, Surroundings } from './completion';
import { inString } from './stringCompletions';
import { parameterText, parametersOf } from './hoverText';
import { functionItems, globalItems, isInterpolation, variableItems } from './nameCompletions';

/** What may stand at a place; nothing in comments, and in strings only where they are understood. */
export function completionsAt(
  symbols: Symbols,
  offset: number,
  surroundings: Surroundings,
): Completions {
  const { text } = symbols.pipeline;
  const lexical = lexicalAt(symbols.lexed, offset);
  const place = wordAt(text, offset);
  switch (lexical.kind) {
    case 'comment':
      return { place, items: [] };
    case 'dollar':
      return { place, items: variableItems(symbols, offset, 'groovy') };
    case 'string': {
      const groovys = lexical.quote !== QUOTE.single && lexical.quote !== QUOTE.tripleSingle;
      return inString(symbols, offset, place, groovys, surroundings);
    }
    case 'code':
      return { place, items: inCode(symbols, offset, place, surroundings) };
  }
}

function inCode(
  symbols: Symbols,
  offset: number,
  place: Place,
  surroundings: Surroundings,
): Completion[] {
  const { text } = symbols.pipeline;
  if (/^\d/.test(text.slice(place.start, offset))) return [];
  const member = /(?:^|[^\w.)\]])(\w+)\s*\??\.$/.exec(
    text.slice(Math.max(0, place.start - 80), place.start),
  );
  if (text[place.start - 1] === '.') return member ? members(symbols, offset, member[1] ?? '') : [];
  if (isInterpolation(symbols.lexed, place.start))
    return [
      ...variableItems(symbols, offset, 'groovy'),
      ...globalItems(),
      ...functionItems(symbols, offset),
    ];
  const blocks = blocksAt(symbols.tree, symbols.lexed, offset);
  const [call] = openCalls(symbols.lexed, place.start);
  if (call && startsArgument(symbols.lexed, place.start, call))
    return inArguments(symbols, offset, call, blocks);
  if (isStatementStart(text, place.start))
    return atStatement(symbols, offset, blocks, surroundings);
  return inExpression(symbols, offset, blocks);
}

// Statements

function atStatement(
  symbols: Symbols,
  offset: number,
  blocks: Blocks,
  { librarySteps }: Surroundings,
): Completion[] {
  const { context } = blocks;
  if (context === undefined) return [];
  const items = directivesIn(context)
    .filter(({ name }) => !isThere(blocks, name, context, offset))
    .map((directive) => directiveItem(directive));
  if (context !== 'steps' && context !== 'script' && context !== 'file') return items;
  if (context === 'file' && symbols.pipeline.declarative !== undefined) return items;
  const known = new Set(items.map(({ label }) => label));
  for (const [name, step] of STEPS) {
    if (known.has(name)) continue;
    const { documentation, snippet } = step;
    items.push(item(name, 'step', 'step', documentation, { insert: snippet, rank: 2 }));
  }
  for (const [name, library] of librarySteps)
    items.push(
      item(name, 'function', `library ${library}`, '', { insert: `${name}($0)`, rank: 1 }),
    );
  items.push(...functionItems(symbols, offset));
  if (context !== 'steps') items.push(...variableItems(symbols, offset, 'own'), ...globalItems());
  return items;
}

/** Sections that a block has once. */
const ONCE: ReadonlySet<Context> = new Set<Context>([
  'pipeline',
  'stage',
  'matrix',
  'post',
  'options',
  'stageOptions',
  'triggers',
  'input',
  'agent',
  'docker',
  'dockerfile',
  'node',
  'kubernetes',
]);

function isThere({ call }: Blocks, name: string, context: Context, offset: number): boolean {
  if (!ONCE.has(context)) return false;
  const body = call && bodyOf(call);
  return (body?.body ?? []).some(
    (each) =>
      each.kind === 'call' &&
      calledName(each) === name &&
      !(each.start <= offset && offset <= each.start + name.length),
  );
}

function directiveItem(directive: DirectiveDescription): Completion {
  const { name, documentation, snippet, parameters } = directive;
  const about = [documentation, ...parameters.map((each) => `- ${parameterText(each)}`)].join('\n');
  return item(name, 'directive', '', about, { insert: snippet, rank: 0 });
}

function isStatementStart(text: string, start: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  return /(?:^|[{;]|->|\*\/)\s*$/.test(line);
}

// Arguments

/** Whether an argument can begin here: after `(`, `,` or the name of the call. */
function startsArgument({ text }: Lexed, start: number, call: OpenCall): boolean {
  if (call.key !== undefined) return false;
  const before = text.slice(call.place.end, start);
  // The list of `withCredentials([…])` holds what it binds.
  if (call.name === 'withCredentials' && /\[\s*$/.test(before)) return true;
  return /[(,]\s*$/.test(before) || before.trim() === '';
}

function inArguments(
  symbols: Symbols,
  offset: number,
  call: OpenCall,
  { context }: Blocks,
): Completion[] {
  if (call.name === 'agent' && context !== undefined)
    return ['any', 'none'].map((name) =>
      item(name, 'value', 'agent', name === 'any' ? 'Any node.' : 'No node.', { insert: name }),
    );
  if (call.name === 'withCredentials') return BINDINGS.map((binding) => bindingItem(binding));
  const outer = openCalls(symbols.lexed, call.place.start)[0];
  const binding =
    outer?.name === 'withCredentials' ? BINDINGS.find(({ name }) => name === call.name) : undefined;
  if (binding)
    return binding.parameters
      .filter((name) => !call.keys.includes(name))
      .map((name) => item(name, 'argument', '', '', { insert: `${name}: '$1'$0`, rank: 0 }));
  if (call.object !== undefined) return inExpression(symbols, offset, { context });
  const parameters = parametersOf(symbols, call.name, call.place.start);
  const items = parameters
    .filter(({ name }) => !call.keys.includes(name))
    .map((parameter) =>
      item(parameter.name, 'argument', parameter.type, parameterText(parameter), {
        insert: argumentSnippet(parameter),
        rank: parameter.required ? 0 : 1,
      }),
    );
  return [...items, ...inExpression(symbols, offset, { context })];
}

function argumentSnippet({
  name,
  type,
  values,
}: {
  readonly name: string;
  readonly type: string;
  readonly values: readonly string[];
}): string {
  if (values.length > 0) return `${name}: '\${1|${values.join(',')}|}'$0`;
  switch (type) {
    case 'string':
      return `${name}: '$1'$0`;
    case 'boolean':
      return `${name}: \${1|true,false|}$0`;
    case 'list':
    case 'map':
      return `${name}: [$1]$0`;
    case 'closure':
      return `${name}: { $1 }$0`;
    default:
      return `${name}: $0`;
  }
}

function bindingItem({ name, snippet, documentation }: (typeof BINDINGS)[number]): Completion {
  return item(name, 'step', 'credential binding', documentation, { insert: snippet });
}

// Expressions and members

function inExpression(
  symbols: Symbols,
  offset: number,
  { context }: Pick<Blocks, 'context'>,
): Completion[] {
  if (context === 'environment')
    return [
      item('credentials', 'step', '', 'A credential of Jenkins, by its id.', {
        insert: "credentials('$1')$0",
      }),
      item('sh', 'step', '', 'What a script prints.', {
        insert: "sh(script: '$1', returnStdout: true).trim()$0",
      }),
      ...functionItems(symbols, offset),
    ];
  if (context === undefined) return [];
  const items = [
    ...variableItems(symbols, offset, 'groovy'),
    ...globalItems(),
    ...functionItems(symbols, offset),
  ];
  if (context !== 'script' && context !== 'steps' && context !== 'file') return items;
  for (const [name, { documentation, body }] of STEPS)
    if (!body)
      items.push(item(name, 'step', 'step', documentation, { insert: `${name}($0)`, rank: 4 }));
  return items;
}

function members(symbols: Symbols, offset: number, object: string): Completion[] {
  if (symbols.own(object, offset) !== undefined) return [];
  if (object === 'env') return variableItems(symbols, offset, 'environment');
  if (object === 'params') return variableItems(symbols, offset, 'parameters');
  return (GLOBALS.get(object)?.members ?? []).map(({ name, method, type, documentation }) =>
    item(name, method ? 'method' : 'member', type, documentation, {
      insert: method ? `${name}($0)` : name,
    }),
  );
}
