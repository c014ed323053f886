import type { Wire } from './http';
import { isJenkinsError } from './jenkinsError';
import { fields, list, text } from './json';
import {
  DEFINITION_FIELDS,
  definitionsOf,
  structured,
  type ParameterDefinition,
  type ParameterValues,
} from './parameters';
import type { Run } from './run';
import { submit, type Request } from './submit';

/** A question that a Pipeline's step `input` asks, and waits for the answer. */
export interface PendingInput {
  readonly id: string;
  readonly message: string;
  /** What the buttons say. */
  readonly proceed: string;
  readonly abort: string;
  /** Who may answer, by names of users and groups divided by commas; undefined where Job/Build is enough, or nothing is told. */
  readonly submitter: string | undefined;
  readonly parameters: readonly ParameterDefinition[];
}

export type Answering =
  { readonly kind: 'proceed'; readonly values: ParameterValues } | { readonly kind: 'abort' };

/**
 * The questions that a run waits with. The step's own plugin tells more of them than Stage View, but
 * not before its version 456 of 2022.
 */
export async function readInputs(
  wire: Wire,
  run: Run,
  signal: AbortSignal,
): Promise<PendingInput[]> {
  const input = `message,ok,cancel,submitter,parameters[${DEFINITION_FIELDS}]`;
  const tree = `actions[executions[id,settled,input[${input}]]]`;
  const own = inputsOf(await wire.json(`${run.url}api/json?tree=${tree}`, signal));
  if (own.length > 0) return own;
  try {
    return stageViewInputsOf(await wire.json(`${run.url}wfapi/pendingInputActions`, signal));
  } catch (error) {
    if (isJenkinsError(error, 'not-found')) return [];
    throw error;
  }
}

/** What the action of the step `input` exports, among the actions of a run. */
export function inputsOf(json: unknown): PendingInput[] {
  return list(fields(json)['actions']).flatMap((action) =>
    list(fields(action)['executions']).flatMap((item) => {
      const execution = fields(item);
      const id = text(execution['id']);
      if (id === undefined || execution['settled'] === true) return [];
      const input = fields(execution['input']);
      return {
        ...inWords(id, input['message'], input['ok']),
        abort: text(input['cancel']) ?? ABORT,
        submitter: text(input['submitter']),
        parameters: definitionsOf(input['parameters']),
      };
    }),
  );
}

/** What `wfapi/pendingInputActions` of the plugin Stage View tells. */
export function stageViewInputsOf(json: unknown): PendingInput[] {
  return list(json).flatMap((item) => {
    const input = fields(item);
    const id = text(input['id']);
    if (id === undefined) return [];
    return {
      ...inWords(id, input['message'], input['proceedText']),
      abort: ABORT,
      submitter: undefined,
      parameters: definitionsOf(input['inputs']),
    };
  });
}

export async function answer(
  wire: Wire,
  run: Run,
  input: PendingInput,
  answering: Answering,
  signal: AbortSignal,
): Promise<void> {
  const url = `${run.url}input/${encodeURIComponent(input.id)}/`;
  const [verb, form, request] =
    answering.kind === 'abort'
      ? ['abort', {}, ABORTING]
      : input.parameters.length === 0
        ? ['proceedEmpty', {}, ANSWERING]
        : ['proceed', structured(input.parameters, answering.values), ANSWERING];
  (await submit(wire, url + verb, form, request, signal)).discard();
}

function inWords(id: string, message: unknown, proceed: unknown) {
  return { id, message: text(message) ?? id, proceed: text(proceed) ?? 'Proceed' };
}

const ABORT = 'Abort';
const missing =
  'The run does not wait for this answer any more: somebody else may have answered, or it has ended.';
const ANSWERING: Request = { to: 'answer this', permission: 'Job/Build', missing };
const ABORTING: Request = { to: 'abort this', permission: 'Job/Cancel', missing };
