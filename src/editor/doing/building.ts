import { UserError } from '../../base/errors';
import type { ParameterValues } from '../../jenkins/parameters';
import type { RunNode } from '../runs/runsNodes';
import { targetOf, type Target } from './choose';
import { choose, confirm } from './confirm';
import type { Open, Place } from './doingParts';
import { fillForm } from './fillForm';
import { putAndFollow } from './following';
import { runsOf } from './askRun';
import { formOf, formOfRun, summaryOf, type Form } from './form';

/** Builds a job with the parameters that the person gives it. */
export async function build(open: Open, target: Target): Promise<void> {
  const place = await open(target.server);
  const definitions = await readDefinitions(place, target);
  if (definitions.length === 0) {
    const message = `Build ${target.name}?`;
    if (await confirm(target, { message }, 'Build')) await put(place, target, undefined);
    return;
  }
  const form = await fill(place, formOf(definitions), target, 'Build');
  if (form) await put(place, target, form.values);
}

/** Builds a job again with the parameters that one of its runs had. */
export async function rerun(open: Open, { server, run }: RunNode): Promise<void> {
  const place = await open(server);
  const target = targetOf(server, run.jobUrl);
  const definitions = await readDefinitions(place, target);
  const own = `#${run.number}`;
  const question = {
    message: `Build ${target.name} again, as ${own}?`,
    lines: [
      'The job takes what its branch has now, which may be another commit than that of the run.',
    ],
  };
  if (definitions.length === 0) {
    if (await confirm(target, question, 'Rerun')) await put(place, target, undefined);
    return;
  }
  const parameters = await place.doing(`Reading ${run.job} ${own}`, (signal) =>
    place.client.doing.parameters(run, signal),
  );
  const form = formOfRun(definitions, { name: own, parameters });
  // With the same parameters means the same: what is not told is asked for.
  if (form.open.size === 0) {
    const lines = [...question.lines, ...summaryOf(form)];
    const answer = await choose(target, { ...question, lines }, ['Rerun', 'Change…']);
    if (answer === 0) await put(place, target, form.values);
    if (answer !== 1) return;
  }
  const changed = await fill(place, form, target, 'Rerun');
  if (changed) await put(place, target, changed.values);
}

async function readDefinitions({ client, doing }: Place, { jobUrl, name }: Target) {
  const { buildable, parameters } = await doing(`Reading ${name}`, (signal) =>
    client.doing.form(jobUrl, signal),
  );
  if (buildable) return parameters;
  throw new UserError(`${name} cannot be built.`, {
    advice: 'It is disabled, its branch is gone, or it is a folder.',
  });
}

async function fill(place: Place, form: Form, { server, name }: Target, label: string) {
  const send = { label, description: `${name} on ${server.name}` };
  const filled = await fillForm(form, {
    title: `${label} ${name}`,
    send,
    runsOf: runsOf(place.client),
  });
  return filled?.kind === 'send' ? filled.form : undefined;
}

function put(place: Place, target: Target, values: ParameterValues | undefined): Promise<void> {
  return putAndFollow(place, target, (signal) =>
    place.client.doing.build(target.jobUrl, values, signal),
  );
}
