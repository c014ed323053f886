import * as vscode from 'vscode';
import { isAbort } from '../../base/errors';
import type { Outcome, Queued } from '../../jenkins/follow';
import type { QueueItem } from '../../jenkins/queue';
import { plain } from '../look/plain';
import type { RunNode } from '../runs/runsNodes';
import type { Target } from './choose';
import type { Place } from './doingParts';

/** Looks after what was put into the queue until it runs, with why it waits, and tells the outcome. */
export async function followToRun(place: Place, target: Target, queued: Queued): Promise<void> {
  const waiting: QueueItem[] = [];
  let outcome: Outcome;
  try {
    outcome = await place.doing(`Run of ${target.name}`, (signal, report) => {
      report('is in the queue');
      return place.client.doing.follow(
        queued,
        (item) => {
          waiting.splice(0, 1, item);
          if (item.why !== undefined) report(item.why);
        },
        signal,
      );
    });
  } catch (error) {
    if (isAbort(error)) offerToCancel(place, target, waiting[0]);
    throw error;
  }
  if (outcome.kind === 'started') await tellStarted(place, target, outcome.run);
  else
    void vscode.window.showWarningMessage(
      plain(
        outcome.kind === 'cancelled'
          ? `The run of ${target.name} was taken out of the queue before it began.`
          : `Jenkins tells nothing more of the run of ${target.name}: it may have begun, or been taken out of the queue.`,
      ),
    );
}

/** Tells that a run has begun, with the way to it. */
export async function tellStarted(
  { client, store, doing, later }: Place,
  target: Target,
  started: { readonly number: number; readonly url: string },
): Promise<void> {
  const { server, jobUrl, name } = target;
  const node = await doing(`Reading ${name} #${started.number}`, async (signal) => {
    // So that the view, too, hears of it at once.
    await store.runs(jobUrl, signal, 0);
    return { kind: 'run', server, run: await client.run(started.url, signal) } satisfies RunNode;
  });
  later(() => tellOf(node, `Build #${started.number} of ${name} started.`));
}

/** A notification about a run, with the way to it. */
export async function tellOf(node: RunNode, message: string): Promise<void> {
  const choice = await vscode.window.showInformationMessage(plain(message), SHOW, LOG);
  if (choice === SHOW) await vscode.commands.executeCommand('ciParity.showRun', node);
  if (choice === LOG) await vscode.commands.executeCommand('ciParity.openLog', node);
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
