import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { Run } from '../../jenkins/run';
import { withProgress } from '../frame/progress';
import type { RunDetails } from '../runs/runDetails';
import type { RunNode } from '../runs/runsNodes';
import { copyIssue } from './copyIssue';
import type { LogEditors } from './logEditors';
import type { LogDocument, LogFiles } from './logFiles';
import type { Timestamps } from './timestamps';
import { openPlace } from './logLinks';
import type { LogProblems } from './logProblems';
import type { LogSearch } from './logSearch';
import { counted } from './logWords';

export type LogCommands = ReturnType<typeof logCommands>;

/** The commands about the log in the active editor. */
export function logCommands({
  editors,
  files,
  search,
  problems,
  details,
  markFailure,
}: {
  readonly details: RunDetails;
  readonly editors: LogEditors;
  readonly files: LogFiles;
  readonly search: LogSearch;
  readonly problems: LogProblems;
  readonly markFailure: (document: LogDocument, signal: AbortSignal) => Promise<number | undefined>;
}) {
  async function pause(paused: boolean): Promise<void> {
    const { document } = await editors.mustBeActive();
    document.paused = paused;
    if (!paused) await document.view.grow();
    await files.repaint(document);
  }

  return {
    'ciParity.logEarlier': async () => {
      const { document } = await editors.mustBeActive();
      await editors.move(document, 'earlier');
    },

    'ciParity.logLater': async () => {
      const { document } = await editors.mustBeActive();
      await editors.move(document, 'later');
    },

    'ciParity.logBeginning': async () => {
      const { document } = await editors.mustBeActive();
      await editors.goTo(document, document.view.part.from.offset);
    },

    'ciParity.logEnd': async () => {
      const { document } = await editors.mustBeActive();
      await editors.goTo(document, document.view.part.to.offset);
    },

    'ciParity.logGoToLine': async () => {
      const { document } = await editors.mustBeActive();
      const { part, log } = document.view;
      const typed = await vscode.window.showInputBox({
        title: 'Go to Line of the Whole Log',
        prompt: `A number from ${counted(part.from.line + 1)} to ${counted(part.to.line)}`,
        validateInput: (value) =>
          lineOf(value) === undefined ? 'That is not a number.' : undefined,
      });
      const line = lineOf(typed ?? '');
      if (line === undefined) return;
      const within = Math.min(Math.max(line, part.from.line), Math.max(0, part.to.line - 1));
      await editors.goTo(document, (await log.line(within)).offset);
    },

    'ciParity.logAtFailure': async () => {
      const { document } = await editors.mustBeActive();
      if (!document.run)
        throw new UserError('Only of a run of Jenkins is it known where it broke.');
      const offset = await withProgress('Looking for the failure', async (signal) => {
        await document.reading.complete;
        return markFailure(document, signal);
      });
      if (offset === undefined) throw new UserError('The log does not tell what broke the run.');
      await editors.goTo(document, offset);
    },

    'ciParity.logSearch': () => search.ask(),

    'ciParity.logNextResult': () => search.step(1),

    'ciParity.logPreviousResult': () => search.step(-1),

    'ciParity.logProblems': async () => problems.show((await editors.mustBeActive()).document),

    'ciParity.logClearProblems': () => problems.clearAll(),

    'ciParity.copyMarkdown': (node?: unknown) => copyIssue(editors, details, runOfNode(node)),

    'ciParity.logOpenPlace': openPlace,

    'ciParity.logTimestamps': async () => {
      const { document, editor } = await editors.mustBeActive();
      const { view } = document;
      const line = view.shown.window.from.line + editor.selection.active.line;
      await view.setTimestamps(NEXT[view.timestamps]);
      await files.repaint(document);
      await editors.goTo(document, (await view.log.line(line)).offset);
    },

    'ciParity.logPause': () => pause(true),

    'ciParity.logResume': () => pause(false),
  };
}

const NEXT: Readonly<Record<Timestamps, Timestamps>> = {
  hide: 'show',
  show: 'elapsed',
  elapsed: 'hide',
};

/** A menu of the view hands over the node of a run; one of an editor hands over its address. */
function runOfNode(node: unknown): Run | undefined {
  return typeof node === 'object' && node !== null && 'kind' in node && node.kind === 'run'
    ? (node as RunNode).run
    : undefined;
}

/** Counted from 0. */
function lineOf(typed: string): number | undefined {
  const digits = typed.replace(/[\s,.]/g, '');
  return /^\d{1,15}$/.test(digits) && Number(digits) > 0 ? Number(digits) - 1 : undefined;
}
