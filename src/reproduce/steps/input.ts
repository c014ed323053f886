import { UserError } from '../../base/errors';
import { StepError, type Scope, type StepCall, type Value } from '../../pipeline/effects';
import { textOf, type StepEffect } from './bench';

/** Asks the person what CI asked somebody, unless it was answered in advance. */
export const input: StepEffect = async (call, at, bench) => {
  const message = textOf(call, 'message') ?? 'Proceed?';
  const id = named(call, 'id');
  const questions = questionsOf(call);
  const advance = bench.recipe.answers?.input ?? {};
  const given = (suffix = ''): string | undefined =>
    (id === undefined ? undefined : advance[id + suffix]) ?? advance[`${at.range.line}${suffix}`];
  const name = id ?? String(at.range.line);
  const ask = async (question: string): Promise<string> => {
    const answer = await bench.ask(question, at.signal);
    if (answer !== undefined) return answer;
    throw new UserError(`The Jenkinsfile asks at line ${at.range.line}: ${message}`, {
      advice: [
        'Nobody can be asked here. Answer in advance:',
        ...(questions.length === 0
          ? [`--input ${name}=ok`]
          : questions.map((one) => `--input ${name}.${one.name}=…`)),
      ].join(' '),
    });
  };
  const proceed = given();
  const submitter = named(call, 'submitter');
  const allowed = submitter === undefined ? '' : ` (in CI only for ${submitter})`;
  const ok = named(call, 'ok') ?? 'Proceed';
  const answered = questions.length > 0 && questions.every((one) => given(`.${one.name}`));
  if (proceed === undefined && !answered) {
    const answer = await ask(`${message}${allowed} [${ok}/abort] `);
    if (/^(a|abort|n|no)$/i.test(answer.trim())) throw rejected(at);
  } else if (/^(abort|no)$/i.test(proceed ?? '')) throw rejected(at);
  const values = new Map<string, Value>();
  for (const question of questions) {
    const early =
      given(`.${question.name}`) ?? (questions.length === 1 ? valueIn(proceed) : undefined);
    const text = early ?? (proceed === undefined ? await ask(promptOf(question)) : '');
    values.set(question.name, convert(question, text));
  }
  const [only] = values.values();
  return values.size === 0 ? null : values.size === 1 ? (only ?? null) : values;
};

/** `--input ID=ok` says go on, any other word is the value of an only parameter. */
function valueIn(proceed: string | undefined): string | undefined {
  return proceed === undefined || /^(ok|yes)$/i.test(proceed) ? undefined : proceed;
}

function rejected(at: Scope): StepError {
  return new StepError(`Rejected at line ${at.range.line}`, 'ABORTED');
}

interface Question {
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  readonly initial: Value;
  readonly choices: readonly string[];
}

/** An only parameter is its value, several are a map by their names. */
function questionsOf(call: StepCall): Question[] {
  const list = call.args.get('parameters');
  return (Array.isArray(list) ? (list as readonly Value[]) : []).flatMap((item): Question[] => {
    if (!(item instanceof Map)) return [];
    const definition = item as ReadonlyMap<string, Value>;
    const text = (key: string): string => {
      const value = definition.get(key);
      return typeof value === 'string' ? value : '';
    };
    const given = definition.get('choices') ?? [];
    const choices = Array.isArray(given)
      ? (given as readonly Value[]).map(String)
      : typeof given === 'string'
        ? given.split('\n')
        : [];
    const initial = definition.get('defaultValue') ?? choices[0] ?? '';
    const kind = text('$symbol') || text('$class');
    return [{ name: text('name'), kind, description: text('description'), initial, choices }];
  });
}

function promptOf({ name, description, initial, choices }: Question): string {
  const about = description === '' ? '' : ` (${description})`;
  const of = choices.length > 0 ? ` of ${choices.join(', ')}` : '';
  return `${name}${about}${of} [${typeof initial === 'object' ? '' : String(initial)}]: `;
}

function convert({ kind, initial, choices, name }: Question, text: string): Value {
  if (text.trim() === '' && typeof initial !== 'string') return initial;
  const answer = text.trim() === '' && typeof initial === 'string' ? initial : text;
  if (/^boolean/i.test(kind)) return /^(true|yes|y|1)$/i.test(answer);
  if (choices.length > 0 && !choices.includes(answer))
    throw new StepError(`${name} is one of ${choices.join(', ')}, and not ${answer}.`);
  return answer;
}

function named(call: StepCall, name: string): string | undefined {
  const value = call.args.get(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
