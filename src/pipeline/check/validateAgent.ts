import { directivesIn } from '../catalogue/directivesCatalogue';
import { didYouMean, slipOf } from './nearNames';
import type { Call, Closure } from '../syntax';
import { argumentCount, blockOf, callsIn, headOf, sourceOf, wordOf, wrong } from './validateCheck';
import type { Check, Section } from './validateCheck';
import { checkValue } from './validateArguments';

/** Kinds of agents whose settings are all known: those of Declarative itself and of Docker. */
const KNOWN = {
  node: { required: ['label'], context: 'node' },
  docker: { required: ['image'], context: 'docker' },
  dockerfile: { required: [], context: 'dockerfile' },
} as const;

const BARE = new Set(['any', 'none']);

export function checkAgent({ call }: Section, check: Check): void {
  const block = blockOf(call);
  if (block === undefined) {
    checkBareAgent(call, check);
    return;
  }
  const [only, ...others] = block.body;
  const second = others[0];
  if (only === undefined)
    check.report(
      headOf(call, check),
      'The agent says nothing: label, docker or another kind must stand in it.',
      call,
    );
  else if (second !== undefined)
    check.report(
      headOf(second, check),
      'An agent has one kind only; its settings stand in a block of their own.',
    );
  else if (only.kind !== 'call') {
    const bare = only.kind === 'name' && BARE.has(only.name);
    check.report(
      headOf(only, check),
      bare
        ? `Write "agent ${only.name}" without braces.`
        : 'The kind of agent must stand here, with a value or a block.',
    );
  } else checkKind(only, check);
}

function checkBareAgent(call: Call, check: Check): void {
  const [first] = call.args;
  if (first === undefined) {
    check.report(
      headOf(call, check),
      'The agent says nothing: any, none or a block must follow it.',
    );
    return;
  }
  const word = first.name === undefined ? wordOf(first.value) : undefined;
  if (call.args.length === 1 && word !== undefined && BARE.has(word)) return;
  const message = `Only "agent any", "agent none" and "agent { … }" are possible, not: ${sourceOf(call, check)}`;
  if (call.args.length === 1 && first.value.kind === 'name')
    check.reportUnknown(first.value, message);
  else check.report(first.value, message);
}

function checkKind(call: Call, check: Check): void {
  const name = typeof call.name === 'string' ? call.name : undefined;
  if (name === undefined) return;
  const settings = blockOf(call);
  if (call.args.length === 0) wrong(call, `"${name}" needs a value or a block.`, check);
  else if (argumentCount(call.args) > 1)
    wrong(call, `"${name}" takes one value or one block.`, check);
  else if (settings === undefined) for (const { value } of call.args) checkValue(value, check);
  else checkSettings(settings, check);
  const slip = slipOf(
    name,
    directivesIn('agent').map((kind) => kind.name),
  );
  if (slip !== undefined)
    check.report(headOf(call, check), `"${name}" is no kind of agent. Did you mean "${slip}"?`);
  // With a block, `label` is another name for `node`.
  const kind = name === 'label' ? 'node' : name;
  if (settings !== undefined && isKnown(kind)) checkKeys(kind, name, call, settings, check);
}

function isKnown(kind: string): kind is keyof typeof KNOWN {
  return Object.hasOwn(KNOWN, kind);
}

/** Settings are names with one value, or with a block of such settings. */
function checkSettings(block: Closure, check: Check): void {
  for (const call of callsIn(
    block,
    check,
    () => "A name and a value must stand here: key 'value'",
  )) {
    const name = typeof call.name === 'string' ? call.name : '';
    const inner = blockOf(call);
    if (argumentCount(call.args) !== 1) wrong(call, `"${name}" takes one value.`, check);
    else if (inner !== undefined) checkSettings(inner, check);
    else for (const { value } of call.args) checkValue(value, check);
  }
}

function checkKeys(
  kind: keyof typeof KNOWN,
  name: string,
  call: Call,
  settings: Closure,
  check: Check,
): void {
  const { required, context } = KNOWN[kind];
  const keys = directivesIn(context).map((directive) => directive.name);
  const written = settings.body.filter((statement) => statement.kind === 'call');
  for (const setting of written) {
    if (typeof setting.name !== 'string' || keys.includes(setting.name)) continue;
    check.report(
      headOf(setting, check),
      `"${setting.name}" is no setting of "${name}".${didYouMean(setting.name, keys)}`,
    );
  }
  for (const key of required)
    if (!written.some((setting) => setting.name === key))
      check.report(headOf(call, check), `"${key}" is missing: the agent "${name}" needs it.`, call);
}
