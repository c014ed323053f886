import { openCalls } from '../../pipeline/names/position';
import type { OpenCall } from '../../pipeline/names/position';
import type { Symbols } from '../../pipeline/symbols';
import type { Place, Statement } from '../../pipeline/syntax';
import { innermostAt, parentOf } from '../../pipeline/names/tree';
import { item } from './completion';
import type { Completion, Completions, Surroundings } from './completion';
import { credentialIds } from './credentialIds';
import { parametersOf } from './hoverText';
import { variableItems } from './nameCompletions';

/** In a string: variables after `$`, and values where what the string is for is known. */
export function inString(
  symbols: Symbols,
  offset: number,
  word: Place,
  groovys: boolean,
  surroundings: Surroundings,
): Completions {
  const { text } = symbols.pipeline;
  const before = text.slice(Math.max(0, word.start - 2), word.start);
  const node = symbols.tree.nodes[innermostAt(symbols.tree, offset)];
  const whole = { start: contentStart(text, node, offset), end: offset };
  const [call] = openCalls(symbols.lexed, whole.start);
  if (before.endsWith('$') || before === '${') {
    const escaped = text[word.start - (before === '${' ? 3 : 2)] === '\\';
    if (groovys && !escaped)
      return { place: word, items: variableItems(symbols, offset, 'groovy') };
    if (call && SHELLS.has(call.name))
      return { place: word, items: variableItems(symbols, offset, 'environment') };
    return { place: word, items: [] };
  }
  const items = call ? valuesFor(symbols, call, offset, whole, surroundings) : [];
  const others = items.length > 0 ? items : comparedValues(symbols, offset);
  // The whole text up to the place is what the values are compared with: `deploy-key`.
  const end = contentEnd(text, node, offset);
  return { place: { start: whole.start, end }, items: others };
}

const SHELLS = new Set(['sh', 'bat', 'powershell', 'pwsh']);
const RESULTS = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED'];

function valuesFor(
  symbols: Symbols,
  call: OpenCall,
  offset: number,
  whole: Place,
  { credentials }: Surroundings,
): Completion[] {
  if ((call.name === 'credentials' && call.active === 0) || call.key === 'credentialsId')
    return [...new Set([...credentialIds(symbols), ...credentials])]
      .filter((id) => id !== symbols.pipeline.text.slice(whole.start, offset))
      .map((id) => item(id, 'credential', 'credentials id', ''));
  if (call.name === 'sshagent')
    return credentials.map((id) => item(id, 'credential', 'credentials id', ''));
  if (call.name === 'environment' && call.key === 'name')
    return variableItems(symbols, offset, 'environment');
  if (call.name === 'withEnv' && symbols.pipeline.text[whole.start] !== '=')
    return variableItems(symbols, offset, 'environment').map((each) => ({
      ...each,
      insert: `${each.label}=`,
    }));
  const parameters = parametersOf(symbols, call.name, call.place.start);
  const parameter =
    parameters.find(({ name }) => name === call.key) ??
    (call.key === undefined && call.active === 0 ? parameters[0] : undefined);
  return (parameter?.values ?? []).map((value) => item(value, 'value', call.name, ''));
}

/** `currentBuild.result = '…'`, `env.STAGE_NAME == '…'`, `env['…']`. */
function comparedValues(symbols: Symbols, offset: number): Completion[] {
  const { tree } = symbols;
  const index = innermostAt(tree, offset);
  const parent = parentOf(tree, index);
  if (parent?.kind === 'index' && parent.object.kind === 'name') {
    if (parent.object.name === 'env') return variableItems(symbols, offset, 'environment');
    if (parent.object.name === 'params') return variableItems(symbols, offset, 'parameters');
  }
  const other =
    parent?.kind === 'assignment'
      ? parent.target
      : parent?.kind === 'binary'
        ? parent.left
        : undefined;
  const name = other?.kind === 'property' ? other.name : other?.kind === 'name' ? other.name : '';
  if (name === 'STAGE_NAME')
    return symbols.stages.map((stage) => item(stage.name, 'stage', 'stage', ''));
  const isBuild =
    other?.kind === 'property' &&
    other.object.kind === 'name' &&
    other.object.name === 'currentBuild';
  if (isBuild && (name === 'result' || name === 'currentResult'))
    return RESULTS.map((result) => item(result, 'value', 'result', ''));
  return [];
}

/** Where the text of the string around a place begins. */
function contentStart(text: string, node: Statement | undefined, offset: number): number {
  if (node?.kind === 'gstring') return Math.min(node.inner.start, offset);
  const start = node?.kind === 'literal' ? node.start : offset;
  const width = /^(?:'''|""")/.test(text.slice(start, start + 3)) ? 3 : 1;
  return Math.min(start + width, offset);
}

/** Where it ends: at its quote, on this line. */
function contentEnd(text: string, node: Statement | undefined, offset: number): number {
  const end = node?.kind === 'gstring' ? node.inner.end : (node?.end ?? offset);
  const [rest = ''] = /^[^'"\n]*/.exec(text.slice(offset, Math.max(offset, end))) ?? [];
  return offset + rest.length;
}
