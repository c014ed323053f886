import { POST_CONDITIONS } from '../../pipeline/declarative';
import type { Definition } from '../../pipeline/names/definitions';
import { bodyOf, calledName } from '../../pipeline/syntax';
import type { Call, Place } from '../../pipeline/syntax';
import type { Symbols } from '../../pipeline/symbols';
import { childrenOf, parentOf } from '../../pipeline/names/tree';
import { knownOf } from './definitionText';

/** A part of a file, for the outline and the breadcrumbs. */
export interface Part {
  readonly name: string;
  readonly detail: string;
  readonly kind:
    'pipeline' | 'stage' | 'variable' | 'parameter' | 'function' | 'class' | 'post' | 'axis';
  readonly whole: Place;
  /** Where its name stands. */
  readonly place: Place;
  readonly children: Part[];
}

/** The parts of a file, nested as they stand in each other. */
export function partsOf(symbols: Symbols): Part[] {
  const parts = [...ofDefinitions(symbols), ...ofStages(symbols), ...ofBlocks(symbols)].sort(
    (a, b) => a.whole.start - b.whole.start || b.whole.end - a.whole.end,
  );
  const top: Part[] = [];
  const around: Part[] = [];
  for (const part of parts) {
    while (around.length > 0 && (around.at(-1)?.whole.end ?? 0) < part.whole.end) around.pop();
    const outer = around.at(-1);
    (outer?.children ?? top).push(part);
    around.push(part);
  }
  return top;
}

function ofStages(symbols: Symbols): Part[] {
  return symbols.stages.map(({ name, call, place }) => ({
    ...{ name, kind: 'stage' as const, whole: call, place, children: [] },
    detail: workOf(call),
  }));
}

/** `parallel`, `matrix` or `stages` where a stage has others inside. */
function workOf(call: Call): string {
  const body = bodyOf(call)?.body ?? [];
  const names = body.flatMap((each) => (each.kind === 'call' ? calledName(each) : []));
  return ['parallel', 'matrix', 'stages'].find((name) => names.includes(name)) ?? '';
}

const CONDITIONS: ReadonlySet<string> = new Set(POST_CONDITIONS);

/** The pipeline, and what is done at the end. */
function ofBlocks({ tree }: Symbols): Part[] {
  const parts: Part[] = [];
  tree.nodes.forEach((node, at) => {
    if (node.kind !== 'call' || node.object !== undefined || bodyOf(node) === undefined) return;
    const { name, start } = node;
    if (name !== 'pipeline' && name !== 'post') return;
    if (name === 'pipeline' && parentOf(tree, at) !== undefined) return;
    const place = { start, end: start + name.length };
    const conditions = childrenOf(node)
      .flatMap((closure) => (closure?.kind === 'closure' ? closure.body : []))
      .filter((each): each is Call => each.kind === 'call' && CONDITIONS.has(calledName(each)));
    parts.push({
      ...{ name, kind: name, whole: node, place, children: [] },
      detail: name === 'post' ? conditions.map(calledName).join(', ') : '',
    });
    if (name !== 'post') return;
    for (const condition of conditions) {
      const inner = calledName(condition);
      const end = condition.start + inner.length;
      const its = { start: condition.start, end };
      parts.push({
        name: inner,
        kind: 'post',
        whole: condition,
        place: its,
        detail: '',
        children: [],
      });
    }
  });
  return parts;
}

function ofDefinitions(symbols: Symbols): Part[] {
  return symbols.definitions.flatMap((definition): Part[] => {
    const kind = kindOf(definition);
    if (kind === undefined) return [];
    const { name, place, whole } = definition;
    const detail = detailOf(symbols, definition);
    return [{ name, detail, kind, whole, place, children: [] }];
  });
}

function kindOf({ kind, inFunction, stage, scope }: Definition): Part['kind'] | undefined {
  switch (kind) {
    case 'environment':
      return 'variable';
    case 'parameter':
    case 'input':
      return 'parameter';
    case 'axis':
      return 'axis';
    case 'function':
    case 'class':
      return kind;
    case 'local':
    case 'field':
      // Those of the file; what a block keeps for itself is no part of the outline.
      return inFunction < 0 && stage.length === 0 && scope.start === 0 ? 'variable' : undefined;
    default:
      return undefined;
  }
}

function detailOf(symbols: Symbols, definition: Definition): string {
  if (definition.kind === 'function' || definition.kind === 'class') return '';
  const known = knownOf(symbols, definition);
  switch (known.kind) {
    case 'value':
      return oneLine(known.text);
    case 'at run time':
      return oneLine(known.source);
    case 'credential':
      return `credential ${oneLine(known.id)}`;
    case 'nothing':
      return '';
  }
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
