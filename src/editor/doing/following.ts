import * as vscode from 'vscode';
import { isAbort } from '../../base/errors';
import type { Outcome, Queued } from '../../jenkins/follow';
import type { QueueItem } from '../../jenkins/queue';
import { plain } from '../look/plain';
import type { RunNode } from '../runs/runsNodes';
import type { Target } from './choose';
import type { Place } from './doingParts';

/**
 * Has a server put a run into its queue, looks after it until it runs, with why it waits, and tells
 * the outcome.
 */
export async function putAndFollow(
  place: Place,
  target: Target,
  put: (signal: AbortSignal) => Promise<Queued>,
): Promise<void> {
  const { client, doing, later } = place;
  const { name } = target;
  let waiting: QueueItem | undefined;
  let outcome: Outcome;
  try {
    outcome = await doing(`Run of ${name}`, async (signal, report) => {
      const told = (item: QueueItem): void => {
        waiting = item;
        if (item.why !== undefined) report(item.why);
      };
      const followed = await client.doing.follow(await put(signal), told, signal);
      // So that the view hears of it at once; if it cannot, it does at its next look.
      if (followed.kind === 'started')
        await place.store.runs(target.jobUrl, signal, 0).catch(() => undefined);
      return followed;
    });
  } catch (error) {
    if (isAbort(error)) offerToCancel(place, target, waiting);
    throw error;
  }
  switch (outcome.kind) {
    case 'started': {
      const { number, url } = outcome.run;
      later(() => tellOf(place, url, `Build #${number} of ${name} started.`));
      break;
    }
    case 'cancelled':
      warn(`The run of ${name} was taken out of the queue before it began.`);
      break;
    case 'gone':
      warn(`Jenkins tells nothing more of the run of ${name}: look whether it has begun.`);
  }
}

/** A notification about a run, with the way to it. */
export async function tellOf(place: Place, runUrl: string, message: string): Promise<void> {
  const { server, client, doing } = place;
  const choice = await vscode.window.showInformationMessage(plain(message), SHOW, LOG);
  if (choice === SHOW) await vscode.commands.executeCommand('ciParity.showRun', runUrl);
  if (choice !== LOG) return;
  const run = await doing('Reading the run', (signal) => client.run(runUrl, signal));
  const node: RunNode = { kind: 'run', server, run };
  await vscode.commands.executeCommand('ciParity.openLog', node);
}

const SHOW = 'Show in Runs';
const LOG = 'Open Log';
const CANCEL = 'Take Out of the Queue';

/** Nobody looks after it any more, but it still waits. */
function offerToCancel(
  { server, client, doing, later }: Place,
  { name }: Target,
  item: QueueItem | undefined,
): void {
  if (item?.state.kind !== 'waiting') return;
  later(async () => {
    const message = plain(`The run of ${name} still waits in the queue of ${server.name}.`);
    const choice = await vscode.window.showInformationMessage(message, CANCEL);
    if (choice !== CANCEL) return;
    const left = await doing(`Taking it out of the queue of ${server.name}`, (signal) =>
      client.doing.cancel(item, signal),
    );
    tellLeft(name, left);
  });
}

/** Tells what has become of what was to be taken out of the queue. */
export function tellLeft(name: string, left: QueueItem | undefined): void {
  const message =
    left?.state.kind === 'started'
      ? `It had begun already, as #${left.state.run.number} of ${name}.`
      : left === undefined
        ? `It is not in the queue any more: ${name} may have begun.`
        : `It was taken out of the queue: ${name}.`;
  void vscode.window.showInformationMessage(plain(message));
}

function warn(message: string): void {
  void vscode.window.showWarningMessage(plain(message));
}
