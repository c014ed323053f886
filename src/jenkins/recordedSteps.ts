import type { Stage } from './run';
import { fields, list, text } from './json';

/** A step that failed, as a plugin keeps it. */
export interface RecordedStep {
  /** The server's id of it. */
  readonly id: string | undefined;
  /** As a Jenkinsfile calls it: `sh`; undefined where the plugin only has a name for people. */
  readonly name: string | undefined;
  /** What was given to it: of `sh` the script. */
  readonly script: string | undefined;
  /** As a log would say it: `ERROR: script returned exit code 2`. */
  readonly error: string | undefined;
}

/** Asks for the step of a stage that failed; `wholly` also for its error, which may take one request more. */
export type AskRecord = (stage: Stage, wholly: boolean) => Promise<RecordedStep | undefined>;

/** Asks the plugin that told of the stages. `ask` resolves with undefined where a page cannot be had; paths are below the run. */
export function recordOf(
  plugin: 'stages/tree' | 'pipeline-overview/tree' | 'wfapi/describe' | undefined,
  ask: {
    json(path: string): Promise<unknown>;
    text(path: string): Promise<string | undefined>;
  },
): AskRecord {
  return async ({ id }, wholly) => {
    // Only a plugin's ids are numbers.
    if (plugin === undefined || !/^\d+$/.test(id)) return undefined;
    if (plugin === 'wfapi/describe')
      return ofStageView(await ask.json(`execution/node/${id}/wfapi/describe`));
    const pages = plugin.replace('tree', '');
    const step = ofGraphView(await ask.json(`${pages}steps?nodeId=${id}`));
    if (step?.id === undefined || !wholly) return step;
    const told = await ask.text(`${pages}exceptionText?nodeId=${step.id}`);
    return { ...step, error: told === undefined ? undefined : errorOf(told) };
  };
}

/** Graph View names a step by what was given to it, and leaves its title out where that is a shell script. */
function ofGraphView(json: unknown): RecordedStep | undefined {
  const step = list(fields(fields(json)['data'])['steps'])
    .map(fields)
    .find(({ state }) => text(state)?.toLowerCase() === 'failure');
  if (step === undefined) return undefined;
  const title = text(step['title']);
  const id = typeof step['id'] === 'number' ? String(step['id']) : text(step['id']);
  const name = title === undefined ? 'sh' : NAMES.get(title);
  return { id, name, script: text(step['name']), error: undefined };
}

/** Stage View has at most the first 100 steps of a stage. */
function ofStageView(json: unknown): RecordedStep | undefined {
  const step = list(fields(json)['stageFlowNodes'])
    .map(fields)
    .find(({ status }) => status === 'FAILED');
  if (step === undefined) return undefined;
  const { message, type } = fields(step['error']);
  return {
    id: text(step['id']),
    name: NAMES.get(text(step['name']) ?? ''),
    script: text(step['parameterDescription']),
    error: asLogged(text(type) ?? '', text(message)),
  };
}

/** Graph View names the class only of what is no error of a step. */
function errorOf(told: string): string | undefined {
  if (told.trim() === '') return undefined;
  const [, type, rest] = /^Found unhandled (\S+) exception:\n([\s\S]*)$/.exec(told) ?? [];
  return type === undefined ? `ERROR: ${told}` : `${type}: ${rest ?? ''}`;
}

function asLogged(type: string, message: string | undefined): string | undefined {
  if (message === undefined) return undefined;
  if (type === 'hudson.AbortException') return `ERROR: ${message}`;
  return type.endsWith('.FlowInterruptedException') ? message : `${type}: ${message}`;
}

/** What Jenkins calls steps when it speaks to people. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['Shell Script', 'sh'],
  ['Windows Batch Script', 'bat'],
  ['Windows PowerShell Script', 'powershell'],
  ['PowerShell Script', 'powershell'],
  ['PowerShell Core Script', 'pwsh'],
  ['Error signal', 'error'],
  ['Check out from version control', 'checkout'],
  ['Git', 'git'],
  ['Archive JUnit-formatted test results', 'junit'],
  ['Wait for interactive input', 'input'],
]);
