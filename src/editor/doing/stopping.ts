import * as vscode from 'vscode';
import type { Stopping } from '../../jenkins/build';
import { plain } from '../look/plain';
import type { RunNode } from '../runs/runsNodes';
import { targetOf } from './choose';
import { confirm } from './confirm';
import type { Open, Place } from './doingParts';
import { tellOf } from './following';

/** Stops a run. What a Pipeline does not heed is offered to be done harder, and never is by itself. */
export async function stopRun(open: Open, node: RunNode): Promise<void> {
  const { server, run } = node;
  const name = `#${run.number} of ${targetOf(server, run.jobUrl).name}`;
  const lines = ['Its steps are interrupted, and what it does at its end is still done.'];
  if (!(await confirm({ server }, { message: `Stop run ${name}?`, lines }, 'Stop'))) return;
  await end(await open(server), node, name, 'stop');
}

async function end(place: Place, node: RunNode, name: string, how: Stopping): Promise<void> {
  const { client, store, later } = place;
  const { run } = node;
  const result = await place.doing(`${TITLES[how]} run ${name}`, async (signal) => {
    await client.doing.stop(run, how, signal);
    const ended = await client.doing.awaitEnd(run, signal);
    if (ended !== undefined) await store.runs(run.jobUrl, signal, 0);
    return ended;
  });
  if (result !== undefined) {
    later(() => tellOf(place, run.url, `Run ${name} has ended: ${result}.`));
    return;
  }
  const harder = HARDER[how];
  later(async () => {
    const message = plain(`Run ${name} has not ended yet.`);
    if (harder === undefined) await vscode.window.showWarningMessage(message);
    else if ((await vscode.window.showWarningMessage(message, harder.button)) === harder.button)
      await endHarder(place, node, name, harder);
  });
}

async function endHarder(
  place: Place,
  node: RunNode,
  name: string,
  { how, button, lines }: Harder,
): Promise<void> {
  if (await confirm(place, { message: `${button} run ${name}?`, lines }, button))
    await end(place, node, name, how);
}

interface Harder {
  readonly how: Stopping;
  readonly button: string;
  readonly lines: readonly string[];
}

const TITLES: Readonly<Record<Stopping, string>> = {
  stop: 'Stopping',
  term: 'Terminating',
  kill: 'Killing',
};

/** As Jenkins offers it in the log of a Pipeline (WorkflowRun.doTerm, doKill). */
const HARDER: Readonly<Record<Stopping, Harder | undefined>> = {
  stop: {
    how: 'term',
    button: 'Terminate',
    lines: ['All of its steps fail at once, also those that do not heed an interruption.'],
  },
  term: {
    how: 'kill',
    button: 'Kill',
    lines: ['Jenkins forgets the run. What it has started on agents may go on there.'],
  },
  kill: undefined,
};
