import { blocksAt } from '../../pipeline/names/contextAt';
import type { Range } from '../../pipeline/syntax';
import { RUN_VARIABLES } from '../../pipeline/catalogue/globalsCatalogue';
import { slipOf } from '../../pipeline/check/nearNames';
import { isOwn } from '../../pipeline/symbols';
import type { Symbols } from '../../pipeline/symbols';
import type { Place } from '../../pipeline/syntax';
import { validate } from '../../pipeline/validate';
import { spanOf } from '../look/age';
import { closeTimeouts } from '../jenkinsfiles/closeTimeouts';
import type { StageRecord } from '../jenkinsfiles/stageResults';
import { repeatability } from './repeatable';
import { undefinedNames } from './undefinedNames';
import type { UndefinedName } from './undefinedNames';

/** Something to tell about a place in a Jenkinsfile. */
export interface Finding {
  readonly range: Pick<Range, 'start' | 'end'>;
  readonly severity: 'error' | 'warning' | 'information' | 'hint';
  /** What kind it is, for people who look for it. */
  readonly code: 'syntax' | 'structure' | 'undefined-variable' | 'not-repeated' | 'timeout';
  readonly message: string;
  readonly fixes: readonly Fix[];
}

/** A change that would mend it. */
export interface Fix {
  readonly title: string;
  readonly place: Place;
  readonly text: string;
  /** Whether it is the one that is most likely right. */
  readonly preferred: boolean;
}

export function findingsOf(
  symbols: Symbols,
  history: (path: readonly string[]) => StageRecord | undefined,
): Finding[] {
  return [
    ...ofText(symbols),
    ...undefinedNames(symbols).map((each) => ofName(each)),
    ...ofSlips(symbols),
    ...ofSteps(symbols),
    ...ofTimeouts(symbols, history),
  ];
}

function ofText({ pipeline }: Symbols): Finding[] {
  const broken = pipeline.problems.map(({ range, message }): Finding => {
    return { range, message, severity: 'error', code: 'syntax', fixes: [] };
  });
  const wrong = validate(pipeline).map(({ range, message }): Finding => {
    return { range, message, severity: 'error', code: 'structure', fixes: [] };
  });
  return [...broken, ...wrong];
}

function ofName(found: UndefinedName): Finding {
  const { name, place, effect, near, shell, mayBeServers } = found;
  const then =
    effect === 'null'
      ? 'Jenkins puts the text "null" here'
      : 'the step fails here with a MissingPropertyException';
  const unless = mayBeServers ? ', unless the server’s configuration defines it' : '';
  const question = near === undefined ? '' : ` Did you mean ${near}?`;
  const fixes: Fix[] = [];
  if (near !== undefined)
    fixes.push({ title: `Change to ${near}`, place, text: near, preferred: shell === undefined });
  if (shell !== undefined)
    fixes.push({
      title: `Leave ${name} to the shell: \\$${name}`,
      place: shell,
      text: '\\',
      preferred: near === undefined,
    });
  return {
    range: place,
    severity: mayBeServers && near === undefined ? 'information' : 'warning',
    code: 'undefined-variable',
    message: `Nothing in this file defines ${name}: ${then}${unless}.${question}`,
    fixes,
  };
}

/** `env.X` that is near to a variable that there is: alone it may be the server's. */
function ofSlips(symbols: Symbols): Finding[] {
  if (symbols.unknownSetters !== undefined) return [];
  const ofEnvironment = symbols.definitions.filter((definition) => !isOwn(definition));
  const names = new Set([...ofEnvironment.map(({ name }) => name), ...RUN_VARIABLES.keys()]);
  return symbols.uses.flatMap(({ form, name, place, write, definition }): Finding[] => {
    if (form !== 'env' || write || definition || names.has(name)) return [];
    const near = symbols.setters(name).length > 0 ? undefined : slipOf(name, names);
    if (near === undefined) return [];
    return [
      {
        range: place,
        severity: 'warning',
        code: 'undefined-variable',
        message: `Nothing in this file sets ${name}. Did you mean ${near}?`,
        fixes: [{ title: `Change to ${near}`, place, text: near, preferred: true }],
      },
    ];
  });
}

function ofSteps(symbols: Symbols): Finding[] {
  return symbols.uses.flatMap(({ form, name, place, node }): Finding[] => {
    const call = form === 'call' ? symbols.tree.nodes[node] : undefined;
    if (call?.kind !== 'call' || symbols.own(name, place.start) !== undefined) return [];
    if (!isStepPlace(symbols, place)) return [];
    const disposition = repeatability(call);
    if (disposition?.kind === 'cannot be repeated')
      return [hint(place, `A reproduction cannot repeat ${name}: ${disposition.reason}.`)];
    if (disposition?.kind === 'left out')
      return [hint(place, `A reproduction leaves ${name} out on purpose: ${disposition.reason}.`)];
    return [];
  });
}

/** Whether a call stands where steps do: in a directive `input` and `timeout` are other things. */
function isStepPlace({ tree, lexed }: Symbols, { start }: Place): boolean {
  const { context } = blocksAt(tree, lexed, start);
  return context === 'steps' || context === 'script' || context === 'file';
}

function hint(range: Place, message: string): Finding {
  return { range, message, severity: 'hint', code: 'not-repeated', fixes: [] };
}

function ofTimeouts(
  { pipeline }: Symbols,
  history: (path: readonly string[]) => StageRecord | undefined,
): Finding[] {
  return closeTimeouts(pipeline, history).map(({ range, limitMs, longest, aborted }): Finding => {
    const limit = `The limit is ${spanOf(limitMs)}`;
    const took =
      longest?.durationMs === undefined
        ? ''
        : ` The longest run that passed took ${spanOf(longest.durationMs)} (#${longest.run.number}).`;
    const met = aborted ? ` #${aborted.run.number} was aborted at it.` : '';
    return {
      range,
      severity: aborted ? 'warning' : 'information',
      code: 'timeout',
      message: `${limit}, and CI comes close to it.${met}${took}`,
      fixes: [],
    };
  });
}
