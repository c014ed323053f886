import { declareClasses } from './classes';
import { ask } from './effectSteps';
import { scriptFile, unknown } from './frame';
import type { Frame } from './frame';
import { declareFunction } from './functions';
import { Locals } from './locals';
import { parse } from '../parser';
import { execute } from './statements';
import type { Invocation } from './invocation';
import { Unknown } from '../effects';
import { shown, textOf, thingOf } from './values';
import type { Thing } from './values';

/**
 * The step `load 'x.groovy'`. The effects give the file's text, and it is interpreted like the
 * Jenkinsfile, with whose variables without `def` it shares. Without a text its value is Unknown.
 */
export async function load(call: Invocation, frame: Frame): Promise<Thing> {
  const path = shown(call.args.get('path') ?? call.args.get('') ?? null);
  const given = thingOf(await ask(call, frame));
  if (typeof given === 'string') return runText(given, path, frame);
  return given instanceof Unknown ? given : unknown(`the script ${path}`, call.place, frame);
}

/** `evaluate(text)`, as of `evaluate(readTrusted('x'))`. */
export function evaluateText(call: Invocation, frame: Frame): Promise<Thing> {
  const text = textOf(call.args.get('') ?? null);
  return text instanceof Unknown
    ? Promise.resolve(text)
    : runText(text, 'a text that is evaluated', frame);
}

async function runText(text: string, source: string, frame: Frame): Promise<Thing> {
  const pipeline = parse(text);
  const file = scriptFile(pipeline, source, source, frame.file.binding);
  for (const statement of pipeline.statements) {
    if (statement.kind === 'function') declareFunction(file.functions, statement);
  }
  declareClasses(pipeline.statements, file);
  const { value } = await execute(pipeline.statements, new Locals(file.binding), {
    ...frame,
    file,
  });
  return value;
}
