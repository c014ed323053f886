import { UserError } from '../../base/errors';
import type { Answering, PendingInput } from '../../jenkins/inputs';
import type { ParameterValues } from '../../jenkins/parameters';
import { plain } from '../look/plain';
import type { RunNode } from '../runs/runsNodes';
import { runsOf } from './askRun';
import { choose, confirm } from './confirm';
import type { Open, Place } from './doingParts';
import { fillForm } from './fillForm';
import { tellOf } from './following';
import { formOf } from './form';
import { pickOne } from './pickOne';

/** Answers a question that a run waits with; without one the person picks it. */
export async function answerInput(
  open: Open,
  node: RunNode,
  given: PendingInput | undefined,
): Promise<void> {
  const place = await open(node.server);
  const input = given ?? (await chooseInput(place, node));
  const answering = input && (await ask(place, node, input));
  if (!answering) return;
  const { run } = node;
  await place.doing(`Answering ${run.job} #${run.number}`, (signal) =>
    place.client.doing.answer(run, input, answering, signal),
  );
  const done = answering.kind === 'abort' ? 'was aborted' : 'goes on';
  place.later(() => tellOf(place, run.url, `Run #${run.number} of ${run.job} ${done}.`));
}

async function chooseInput(
  { client, doing }: Place,
  { run }: RunNode,
): Promise<PendingInput | undefined> {
  const inputs = await doing(`Reading ${run.job} #${run.number}`, (signal) =>
    client.doing.inputs(run, signal),
  );
  const [only] = inputs;
  if (only === undefined)
    throw new UserError(`Run #${run.number} of ${run.job} waits for no answer.`, {
      advice: 'Somebody else may have answered, or it waits for something else.',
    });
  if (inputs.length === 1) return only;
  const items = inputs.map((value) => ({ label: plain(value.message), value }));
  const title = plain(`Run #${run.number} of ${run.job}`);
  return pickOne({ title, placeholder: 'Answer which question?' }, () => Promise.resolve(items));
}

async function ask(
  { client }: Place,
  node: RunNode,
  input: PendingInput,
): Promise<Answering | undefined> {
  const { server, run } = node;
  const { message, proceed, abort, submitter, parameters } = input;
  const who = submitter === undefined ? [] : [`Only these may answer: ${submitter}.`];
  const lines = [`Run #${run.number} of ${run.job} asks this.`, ...who];
  if (parameters.length === 0) {
    const answer = await choose({ server }, { message, lines }, [proceed, abort]);
    if (answer === undefined) return undefined;
    return answer === 0 ? agreed(new Map()) : { kind: 'abort' };
  }
  const filled = await fillForm(formOf(parameters), {
    title: plain(message),
    send: {
      label: plain(proceed),
      description: plain(`${run.job} #${run.number} on ${server.name}`),
    },
    other: plain(abort),
    runsOf: runsOf(client),
  });
  if (filled?.kind === 'send') return agreed(filled.form.values);
  if (filled?.kind !== 'other') return undefined;
  const question = {
    message: `Abort what run #${run.number} of ${run.job} asks?`,
    lines: [message],
  };
  return (await confirm({ server }, question, 'Abort')) ? { kind: 'abort' } : undefined;
}

function agreed(values: ParameterValues): Answering {
  return { kind: 'proceed', values };
}
