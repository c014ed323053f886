import { blocksAt } from '../../pipeline/names/contextAt';
import { directivesIn } from '../../pipeline/catalogue/directivesCatalogue';
import type { Definition } from '../../pipeline/names/definitions';
import { GLOBALS, RUN_VARIABLES } from '../../pipeline/catalogue/globalsCatalogue';
import { lexicalAt, openCalls, wordAt } from '../../pipeline/names/position';
import { STEPS } from '../../pipeline/catalogue/stepsCatalogue';
import { holdsAt, isCredential } from '../../pipeline/symbols';
import type { Symbols } from '../../pipeline/symbols';
import type { Call, Place } from '../../pipeline/syntax';
import type { Use } from '../../pipeline/names/uses';
import { innermostAt } from '../../pipeline/names/tree';
import { choicesOf, knownOf, lineOf, sourceOf, whereOf } from './definitionText';
import { code, codeBlock } from './markdown';
import { commentAbove, signatureOf } from './ownCode';
import { repeatability } from './repeatable';

/** What to show at a place: Markdown in which all of the file's own text is in code. */
export interface HoverText {
  readonly place: Place;
  readonly sections: readonly string[];
  /** The path of the stage that the place names, whose history is of interest. */
  readonly stage: readonly string[] | undefined;
}

/** What is known of a step that a library defines. */
export interface LibraryStep {
  readonly library: string;
  readonly documentation: string | undefined;
}

export function hoverAt(
  symbols: Symbols,
  offset: number,
  libraryStep: (name: string) => LibraryStep | undefined = () => undefined,
): HoverText | undefined {
  if (lexicalAt(symbols.lexed, offset).kind === 'comment') return undefined;
  const use = symbols.useAt(offset);
  if (use === undefined) return ofWord(symbols, offset);
  const { place } = use;
  const target = symbols.targetOf(use);
  switch (target?.kind) {
    case undefined:
      return undefined;
    case 'stage':
      return ofStage(symbols, use);
    case 'global': {
      const global = GLOBALS.get(target.name);
      return global && found(place, [`**${code(global.name)}**`, global.documentation]);
    }
    case 'own':
      return found(place, ofOwn(symbols, target.definition));
    case 'step':
      return ofCall(symbols, use, libraryStep);
    case 'variable':
      return found(place, ofVariable(symbols, use));
  }
}

function found(place: Place, sections: readonly string[], stage?: readonly string[]): HoverText {
  return { place, sections, stage };
}

function ofStage(symbols: Symbols, { place, name }: Use): HoverText | undefined {
  const stage = symbols.stages.find((each) => each.place.start === place.start);
  if (stage === undefined) return found(place, [`The stage ${code(name)}.`]);
  return found(place, [`**stage** ${code(stage.path.join(' / '))}`], stage.path);
}

// Calls: directives, steps, functions of libraries

function ofCall(
  symbols: Symbols,
  use: Use,
  libraryStep: (name: string) => LibraryStep | undefined,
): HoverText | undefined {
  const { name, place } = use;
  const call = symbols.tree.nodes[use.node];
  if (call?.kind !== 'call') return undefined;
  const { context } = blocksAt(symbols.tree, symbols.lexed, place.start);
  const directive = context && directivesIn(context).find((each) => each.name === name);
  const stage = name === 'stage' ? stagePath(symbols, call) : undefined;
  if (directive) {
    return found(
      place,
      [`**${name}**`, directive.documentation, ...list(directive.parameters)],
      stage,
    );
  }
  const step = STEPS.get(name);
  if (step) {
    const sections = [`**${name}** step`, step.documentation, ...list(step.parameters)];
    return found(place, [...sections, ...again(call)], stage);
  }
  const library = libraryStep(name);
  if (library) {
    const about =
      library.documentation === undefined ? [] : [codeBlock(library.documentation, 'text')];
    return found(place, [`**${code(name)}** of the library ${code(library.library)}`, ...about]);
  }
  const disposition = again(call);
  if (disposition.length > 0) return found(place, [`**${code(name)}** step`, ...disposition]);
  return undefined;
}

function stagePath(symbols: Symbols, call: Call): readonly string[] | undefined {
  return symbols.stages.find((stage) => stage.call === call)?.path;
}

/** What a reproduction does with a step. */
function again(call: Call): string[] {
  const disposition = repeatability(call);
  switch (disposition?.kind) {
    case undefined:
      return [];
    case 'runs':
    case 'harmless':
      return ['✓ A reproduction repeats it.'];
    case 'left out':
      return [`⊘ A reproduction leaves it out on purpose: ${disposition.reason}.`];
    case 'cannot be repeated':
      return [`⚠ A reproduction cannot repeat it: ${disposition.reason}.`];
  }
}

interface Parameters {
  readonly name: string;
  readonly type: string;
  readonly values: readonly string[];
  readonly required: boolean;
  readonly initial: string | undefined;
  readonly documentation: string;
}

function list(parameters: readonly Parameters[]): string[] {
  if (parameters.length === 0) return [];
  const lines = parameters.map((parameter) => `- ${parameterText(parameter)}`);
  return [lines.join('\n')];
}

export function parameterText({
  name,
  type,
  values,
  required,
  initial,
  documentation,
}: Parameters): string {
  const kind = values.length > 0 ? values.map((value) => code(value)).join(', ') : type;
  const more = required ? ', required' : initial === undefined ? '' : `, default ${code(initial)}`;
  return `${code(name)} (${kind}${more}): ${documentation}`;
}

// Variables

function ofVariable(symbols: Symbols, use: Use): string[] {
  const { name } = use;
  const { offset, own } = standpoint(use);
  const setters = symbols
    .settersAt(name, offset)
    .filter((each) => each === own || !isInside(use, each));
  const ofParams =
    use.form === 'params' ? setters.filter(({ kind }) => kind === 'parameter') : setters;
  const ordered = own ? [own, ...ofParams.filter((each) => each !== own)] : ofParams;
  const [winner, ...beaten] = ordered;
  const run = RUN_VARIABLES.get(name);
  const title = `**${winner?.kind === 'parameter' || use.form === 'params' ? 'parameter' : 'variable'}** ${code(name)}`;
  if (winner === undefined) {
    const elsewhere = symbols.setters(name);
    if (run) return [title, run.documentation, ...(run.node ? ['Known on a node only.'] : [])];
    if (elsewhere.length > 0)
      return [
        title,
        `Not set here. It is set by ${elsewhere.map((each) => whereOf(symbols, each)).join('; ')}.`,
      ];
    return [title, 'Nothing in this file sets it. The server’s own configuration may.'];
  }
  const lines = [...valueLines(symbols, winner, name), `Set by ${whereOf(symbols, winner)}.`];
  const weaker = own ? beaten.filter((each) => isWeaker(own, each)) : beaten;
  if (weaker.length > 0)
    lines.push(`Overrides ${weaker.map((each) => whereOf(symbols, each)).join('; ')}.`);
  const stronger = symbols
    .setters(name)
    .filter((each) => each !== winner && !weaker.includes(each) && beats(each, winner));
  if (stronger.length > 0)
    lines.push(`Overridden by ${stronger.map((each) => whereOf(symbols, each)).join('; ')}.`);
  if (run) lines.push(`Jenkins sets one of this name, too: ${run.documentation}`);
  return [title, lines.join('  \n')];
}

/** Where a use is seen from; what is defined there wins there. */
function standpoint({ place, definition }: Use): { offset: number; own: Definition | undefined } {
  if (definition === undefined) return { offset: place.start, own: undefined };
  return { offset: Math.max(place.start, definition.scope.start), own: definition };
}

/** Whether a use is in the value of the definition itself, which sees the outer one. */
function isInside({ place, definition }: Use, { kind, whole }: Definition): boolean {
  return (
    definition === undefined &&
    kind === 'environment' &&
    whole.start < place.start &&
    place.end <= whole.end
  );
}

function isWeaker(own: Definition, other: Definition): boolean {
  return (
    other.scope.start < own.scope.start || other.kind === 'parameter' || other.kind === 'assigned'
  );
}

/** Whether another definition wins somewhere within the scope of this one. */
function beats(other: Definition, winner: Definition): boolean {
  if (other.kind === 'parameter') return false;
  if (other.kind === 'assigned') return winner.kind === 'parameter';
  if (winner.kind === 'parameter' || winner.kind === 'assigned') return true;
  return holdsAt(winner, other.scope.start + 1) && other.scope.start > winner.scope.start;
}

function valueLines(symbols: Symbols, definition: Definition, name: string): string[] {
  const known = knownOf(symbols, definition);
  if (isCredential(definition) && name !== definition.name)
    return [`The ${name.endsWith('_USR') ? 'user name' : 'password'} of a credential.`];
  switch (known.kind) {
    case 'value':
      if (definition.kind === 'parameter' || definition.kind === 'input')
        return [`Value: as the run says; default ${code(known.text)}${choices(definition)}.`];
      if (known.text === '') return ['Value: empty, which removes the variable.'];
      return [`Value: ${code(known.text)}`];
    case 'at run time':
      return [`Value: known only in a run: ${code(known.source)}`];
    case 'credential':
      return [`Value: the credential ${code(known.id)}, masked in the log.`];
    case 'nothing':
      return definition.kind === 'axis' ? [`Values: ${axisValues(symbols, definition)}`] : [];
  }
}

function choices({ call, value }: Definition): string {
  if (call?.name !== 'choice' || value === undefined) return '';
  return ` of ${choicesOf(value)
    .slice(0, 20)
    .map((each) => code(each))
    .join(', ')}`;
}

function axisValues(symbols: Symbols, { call }: Definition): string {
  const [arg] = call?.args ?? [];
  const body = arg?.value.kind === 'closure' ? arg.value.body : [];
  const values = body.find((each): each is Call => each.kind === 'call' && each.name === 'values');
  return (values?.args ?? []).map(({ value }) => code(sourceOf(symbols, value))).join(', ');
}

function ofOwn(symbols: Symbols, definition: Definition): string[] {
  const { kind, name } = definition;
  const line = lineOf(symbols, definition);
  switch (kind) {
    case 'function': {
      const comment = commentAbove(symbols, definition);
      return [
        codeBlock(signatureOf(symbols, definition)),
        ...(comment === '' ? [] : [codeBlock(comment, 'text')]),
        `Line ${line}.`,
      ];
    }
    case 'class':
      return [codeBlock(`class ${name}`), `Line ${line}.`];
    case 'argument':
      return [`**parameter** ${code(name)} of the block at line ${line}.`];
    default: {
      const known = knownOf(symbols, definition);
      const value =
        known.kind === 'value'
          ? [`First value: ${code(known.text)}`]
          : known.kind === 'at run time'
            ? [`First value: ${code(known.source)}`]
            : [];
      const what = kind === 'field' ? 'variable of the file' : 'variable';
      return [`**${what}** ${code(name)}`, ...value, `Line ${line}.`];
    }
  }
}

// Members of objects, and names of arguments

function ofWord(symbols: Symbols, offset: number): HoverText | undefined {
  const { text } = symbols.pipeline;
  if (lexicalAt(symbols.lexed, offset).kind !== 'code') return undefined;
  const place = wordAt(text, offset);
  const word = text.slice(place.start, place.end);
  if (word === '') return undefined;
  const node = symbols.tree.nodes[innermostAt(symbols.tree, place.end)];
  if ((node?.kind === 'property' || node?.kind === 'call') && node.object?.kind === 'name') {
    const global = GLOBALS.get(node.object.name);
    const member = node.name === word && global?.members.find((each) => each.name === word);
    if (member)
      return found(place, [
        `**${code(`${node.object.name}.${word}${member.method ? '()' : ''}`)}** (${member.type})`,
        member.documentation,
      ]);
  }
  if (!/^\s*:/.test(text.slice(place.end, place.end + 20))) return undefined;
  const [call] = openCalls(symbols.lexed, place.end);
  if (call === undefined) return undefined;
  const parameter = parametersOf(symbols, call.name, call.place.start).find(
    (each) => each.name === word,
  );
  return parameter && found(place, [parameterText(parameter)]);
}

/** The parameters of a step or directive that is called at a place. */
export function parametersOf(
  symbols: Symbols,
  name: string,
  offset: number,
): readonly Parameters[] {
  const { context } = blocksAt(symbols.tree, symbols.lexed, offset);
  const directive = context && directivesIn(context).find((each) => each.name === name);
  return directive?.parameters ?? STEPS.get(name)?.parameters ?? [];
}
