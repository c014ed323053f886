import { callsOf } from '../declarative';
import type { EnvironmentEntry, Level } from '../declarative';
import { Unknown } from '../effects';
import type { Agent, Variable } from '../effects';
import { apply } from './calls';
import { evaluate } from './evaluate';
import { environmentOf, perform, withLayer } from './frame';
import type { Frame } from './frame';
import { Directive } from './locals';
import type { Locals } from './locals';
import { numberText } from '../outline';
import { bodied, variablesOf } from './effectSteps';
import { isReused, onAgent, runStep } from './steps';
import { bodyOf, calledName, lineAt, positional } from '../syntax';
import type { Call, Expression, Place } from '../syntax';
import { Lambda, joined, textOf, thingOf, truthOf, valuesOf } from './values';
import type { Thing } from './values';

/** Evaluates the arguments of a directive's entry, `timeout(time: 1, unit: 'HOURS')`. */
export async function argumentsOf(
  call: Call,
  locals: Locals,
  frame: Frame,
): Promise<Map<string, Thing>> {
  const names = new Directive(locals);
  const args = new Map<string, Thing>();
  let place = 0;
  for (const { name, value } of call.args) {
    const thing = await evaluate(value, names, frame);
    if (typeof name === 'string') args.set(name, thing);
    else if (name === undefined && !(thing instanceof Lambda)) {
      args.set(place === 0 ? '' : String(place), thing);
      place++;
    }
  }
  return args;
}

// agent

/** What an `agent` directive says. */
export async function agentOf(call: Call, locals: Locals, frame: Frame): Promise<Agent> {
  const line = lineAt(frame.file.pipeline.lines, call.start);
  const names = new Directive(locals);
  const [first] = positional(call.args);
  if (first?.kind === 'name') {
    const kind = first.name === 'any' || first.name === 'none' ? first.name : 'other';
    return { kind, text: kind === 'other' ? first.name : undefined, line };
  }
  const body = bodyOf(call);
  const inner = body?.body.find((statement) => statement.kind === 'call');
  if (inner === undefined) return { kind: 'other', text: undefined, line };
  const kind = KINDS.get(calledName(inner)) ?? 'other';
  const text = await agentText(inner, names, frame);
  const settings = valuesOf(await settingsOf(inner, names, frame));
  return {
    kind,
    text: kind === 'other' ? (text ?? calledName(inner)) : text,
    ...(settings.size === 0 ? {} : { settings }),
    line,
  };
}

/** What the block of an agent says, entry by entry; a switch without a value is on. */
async function settingsOf(call: Call, locals: Locals, frame: Frame): Promise<Map<string, Thing>> {
  const settings = new Map<string, Thing>();
  for (const { name, value } of call.args) {
    if (typeof name === 'string') settings.set(name, await evaluate(value, locals, frame));
  }
  for (const entry of bodyOf(call)?.body ?? []) {
    if (entry.kind === 'assignment' && entry.target.kind === 'name') {
      settings.set(entry.target.name, await evaluate(entry.value, locals, frame));
    } else if (entry.kind === 'call') {
      const [value] = positional(entry.args);
      const isValue = value !== undefined && value.kind !== 'closure';
      settings.set(calledName(entry), isValue ? await evaluate(value, locals, frame) : true);
    }
  }
  return settings;
}

const KINDS = new Map<string, Agent['kind']>([
  ['label', 'label'],
  ['node', 'node'],
  ['docker', 'docker'],
  ['dockerfile', 'dockerfile'],
  ['kubernetes', 'kubernetes'],
]);

/** The label, image or file that distinguishes the agent. */
async function agentText(
  call: Call,
  locals: Locals,
  frame: Frame,
): Promise<string | Unknown | undefined> {
  const [first] = positional(call.args);
  if (first !== undefined && first.kind !== 'closure') {
    return textOf(await evaluate(first, locals, frame));
  }
  const entries = (bodyOf(call)?.body ?? []).filter((entry) => entry.kind === 'call');
  for (const name of DISTINGUISHING) {
    const entry = entries.find((each) => calledName(each) === name);
    const [value] = entry ? positional(entry.args) : [];
    if (value !== undefined) return textOf(await evaluate(value, locals, frame));
  }
  return undefined;
}

const DISTINGUISHING = ['image', 'filename', 'label', 'yamlFile', 'inheritFrom'];

/** How Declarative checks out by itself. */
export interface Checkout {
  readonly skip: boolean;
  readonly subdirectory: string | undefined;
}

/**
 * Runs `body` on the level's own agent, after its checkout; without one, where it stands. Of a
 * container for each stage the pipeline takes only the `node`, and a stage only the `container`.
 */
export async function withAgent(
  call: Call | undefined,
  checkout: Checkout,
  scope: 'all' | 'node' | 'container',
  locals: Locals,
  frame: Frame,
  body: (inner: Frame) => Promise<void>,
): Promise<void> {
  const said = call && (await agentOf(call, locals, frame));
  if (call === undefined || said === undefined || said.kind === 'none') {
    await body(frame);
    return;
  }
  const agent = within(said, scope);
  await onAgent(agent, call, frame, async (inner) => {
    // A container on the node that is there gets that node's workspace as it is.
    if (checkout.skip || (isReused(agent) && frame.agent !== undefined)) {
      await body(inner);
      return;
    }
    const place: Frame =
      checkout.subdirectory === undefined ? inner : { ...inner, directory: checkout.subdirectory };
    const args = new Map<string, Thing>([['', thingOf({ opaque: 'scm' })]]);
    const value = await perform(place, call, (at) =>
      frame.run.effects.step(
        { name: 'checkout', args: valuesOf(args), implicit: true, hasBody: false },
        at,
      ),
    );
    const found = thingOf(value);
    const variables =
      found instanceof Map ? variablesOf(found, 'checkout', { place: call }, frame) : [];
    await body(withLayer(inner, variables));
  });
}

function within(agent: Agent, scope: 'all' | 'node' | 'container'): Agent {
  if (scope === 'all' || (agent.kind !== 'docker' && agent.kind !== 'dockerfile')) return agent;
  const settings = new Map(agent.settings);
  if (scope === 'container') return { ...agent, settings: settings.set('reuseNode', true) };
  const label = settings.get('label');
  return typeof label === 'string'
    ? { kind: 'label', text: label, line: agent.line }
    : { kind: 'any', text: undefined, line: agent.line };
}

// environment

/** Runs `body` with the level's credentials and, inside of these, its `environment`. */
export async function withEnvironment(
  level: Pick<Level, 'environment'>,
  origin: string,
  locals: Locals,
  frame: Frame,
  body: (inner: Frame) => Promise<void>,
): Promise<void> {
  const secrets = level.environment.filter((entry) => isCredentials(entry.value));
  const plain = level.environment.filter((entry) => !isCredentials(entry.value));
  await withCredentialEntries(secrets, locals, frame, async (inside) => {
    await body(withLayer(inside, await environmentVariables(plain, origin, locals, inside)));
  });
}

function isCredentials(value: Expression): value is Call {
  return value.kind === 'call' && value.name === 'credentials' && value.object === undefined;
}

/**
 * The values of an `environment` block. Each is computed when it is asked for, by its own turn or
 * by another key, so their order is free; and all before the first one is set.
 */
async function environmentVariables(
  entries: readonly EnvironmentEntry[],
  origin: string,
  locals: Locals,
  frame: Frame,
): Promise<Variable[]> {
  const keys = new Map(
    entries.map(({ name, value }) => [
      name,
      (asking: Directive) => valueOf(value, asking.within(name), frame),
    ]),
  );
  const names = new Directive(locals, keys);
  const variables: Variable[] = [];
  for (const { name, value, start } of entries) {
    const text = textOf(await valueOf(value, names.within(name), frame));
    variables.push({ name, value: text, origin, line: lineAt(frame.file.pipeline.lines, start) });
  }
  return variables;
}

function valueOf(value: Expression, names: Directive, frame: Frame): Promise<Thing> {
  if (value.kind === 'literal' && typeof value.value === 'number') {
    return Promise.resolve(numberText(frame.file.pipeline.text.slice(value.start, value.end)));
  }
  return evaluate(value, names, frame);
}

/**
 * `credentials('id')` entries, one around the other. Effects that know blocks give the variables;
 * without these a text is VAR, and a map of username and password VAR, VAR_USR and VAR_PSW.
 */
async function withCredentialEntries(
  entries: readonly EnvironmentEntry[],
  locals: Locals,
  frame: Frame,
  body: (inner: Frame) => Promise<void>,
): Promise<void> {
  const [first, ...rest] = entries;
  if (first === undefined) {
    await body(frame);
    return;
  }
  const { name, value: call, start } = first;
  if (!isCredentials(call)) return;
  const line = lineAt(frame.file.pipeline.lines, start);
  const args = await argumentsOf(call, locals, frame);
  const id = args.get('') ?? args.get('id') ?? null;
  const origin = `credentials('${typeof id === 'string' ? id : '…'}')`;
  if (frame.run.effects.block === undefined) {
    const value = await perform(frame, call, (at) =>
      frame.run.effects.step(
        { name: 'credentials', args: valuesOf(args), implicit: false, hasBody: false },
        at,
      ),
    );
    const variables = credentialVariables(thingOf(value), name, origin, line);
    await withCredentialEntries(rest, locals, withLayer(frame, variables), body);
    return;
  }
  await bodied(
    {
      name: 'credentials',
      args: new Map<string, Thing>([
        ['id', id],
        ['variable', name],
      ]),
      place: call,
      body: async (inner) => {
        await withCredentialEntries(rest, locals, inner, body);
        return null;
      },
      apply,
      decide: () => Promise.resolve(false),
    },
    frame,
  );
}

function credentialVariables(thing: Thing, name: string, origin: string, line: number): Variable[] {
  const add = (suffix: string, secret: Thing): Variable => ({
    name: name + suffix,
    value: textOf(secret),
    origin,
    line,
  });
  // It is not known which kind it is, so it may have all three.
  if (thing instanceof Unknown) return ['', '_USR', '_PSW'].map((suffix) => add(suffix, thing));
  if (!(thing instanceof Map)) return [add('', thing ?? new Unknown(origin, line))];
  const username = thing.get('username') ?? '';
  // Of a key the file is the value, and what opens it the password.
  const keyFile = thing.get('keyFile');
  if (keyFile !== undefined) {
    return [add('', keyFile), add('_USR', username), add('_PSW', thing.get('passphrase') ?? '')];
  }
  const password = thing.get('password') ?? '';
  return [
    add('', joined([textOf(username), textOf(password)], ':')),
    add('_USR', username),
    add('_PSW', password),
  ];
}

// options

/** Options that only Jenkins' own bookkeeping knows, and those that are read elsewhere. */
const NO_WRAPPERS = new Set([
  'buildDiscarder',
  'checkoutToSubdirectory',
  'copyArtifactPermission',
  'disableConcurrentBuilds',
  'disableRestartFromStage',
  'disableResume',
  'durabilityHint',
  'githubProjectProperty',
  'gitLabConnection',
  'newContainerPerStage',
  'office365ConnectorWebhooks',
  'overrideIndexTriggers',
  'parallelsAlwaysFailFast',
  'preserveStashes',
  'quietPeriod',
  'rateLimitBuilds',
  'skipDefaultCheckout',
  'skipStagesAfterUnstable',
]);

/** The value of an option that is a switch; undefined if it is not there. */
export function optionOf(options: readonly Call[], name: string): Call | undefined {
  return options.find((option) => option.name === name);
}

/** Whether a switch such as `skipDefaultCheckout()` is on. */
export async function isOn(
  options: readonly Call[],
  name: string,
  locals: Locals,
  frame: Frame,
): Promise<boolean> {
  const option = optionOf(options, name);
  if (option === undefined) return false;
  const value = (await argumentsOf(option, locals, frame)).get('');
  return value === undefined || truthOf(value) === true;
}

/** Runs `body` in the options that are steps: timeout, retry, timestamps …, the first one outermost. */
export async function withOptions(
  options: readonly Call[],
  locals: Locals,
  frame: Frame,
  body: (inner: Frame) => Promise<void>,
): Promise<void> {
  const wrappers = options.filter((option) => !NO_WRAPPERS.has(calledName(option)));
  const [first, ...rest] = wrappers;
  if (first === undefined) {
    await body(frame);
    return;
  }
  await wrapped(first, locals, frame, (inner) => withOptions(rest, locals, inner, body));
}

async function wrapped(
  call: Call,
  locals: Locals,
  frame: Frame,
  body: (inner: Frame) => Promise<void>,
): Promise<void> {
  const args = await argumentsOf(call, locals, frame);
  await runStep(
    {
      name: calledName(call),
      args,
      place: call,
      body: async (inner) => {
        await body(inner);
        return null;
      },
      apply,
      decide: () => Promise.resolve(false),
    },
    frame,
  );
}

// tools and input

/** Runs `body` with the tools' variables, as far as the effects give them. */
export async function withTools(
  tools: readonly Call[],
  locals: Locals,
  frame: Frame,
  body: (inner: Frame) => Promise<void>,
): Promise<void> {
  let inner = frame;
  if (frame.agent !== undefined) {
    for (const tool of tools) {
      const args = await argumentsOf(tool, locals, frame);
      const name = args.get('') ?? null;
      const call = new Map<string, Thing>([
        ['name', name],
        ['type', calledName(tool)],
      ]);
      const value = await perform(inner, tool, (at) =>
        frame.run.effects.step(
          { name: 'tool', args: valuesOf(call), implicit: true, hasBody: false },
          at,
        ),
      );
      const given = thingOf(value);
      if (given instanceof Map) {
        inner = withLayer(inner, variablesOf(given, 'tools', { place: tool }, frame));
      }
    }
  }
  await body(inner);
}

/** Asks what `input` asks; the answers are variables of the stage. */
export async function withInput(
  call: Call | undefined,
  locals: Locals,
  frame: Frame,
  body: (inner: Frame) => Promise<void>,
): Promise<void> {
  if (call === undefined) {
    await body(frame);
    return;
  }
  const args = new Map<string, Thing>();
  const parameters: Thing[] = [];
  for (const entry of bodyOf(call)?.body ?? []) {
    if (entry.kind !== 'call') continue;
    if (entry.name === 'parameters') {
      for (const parameter of callsOf(entry)) {
        const definition = await argumentsOf(parameter, locals, frame);
        parameters.push(definition.set('$symbol', calledName(parameter)));
      }
    } else {
      const value = (await argumentsOf(entry, locals, frame)).get('');
      if (value !== undefined) args.set(calledName(entry), value);
    }
  }
  if (parameters.length > 0) args.set('parameters', parameters);
  const value = await perform(frame, call, (at) =>
    frame.run.effects.step(
      { name: 'input', args: valuesOf(args), implicit: false, hasBody: false },
      at,
    ),
  );
  const names = parameters.flatMap((each) => {
    const name = each instanceof Map ? each.get('name') : undefined;
    return typeof name === 'string' ? [name] : [];
  });
  const submitter = args.get('submitterParameter');
  if (typeof submitter === 'string') names.push(submitter);
  await body(withLayer(frame, answers(thingOf(value), names, call, frame)));
}

/** Several answers come as a map; one is its value. */
function answers(value: Thing, names: readonly string[], place: Place, frame: Frame): Variable[] {
  if (value instanceof Map) return variablesOf(value, 'input', { place }, frame);
  const line = lineAt(frame.file.pipeline.lines, place.start);
  const text = textOf(value ?? new Unknown('input', line));
  return names.map((name) => ({ name, value: text, origin: 'input', line }));
}

/** The text of an environment variable, if it is there and known. */
export function variable(name: string, frame: Frame): string | Unknown | undefined {
  return environmentOf(frame).get(name)?.value;
}
