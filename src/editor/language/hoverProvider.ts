import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import { ageOf, spanOf } from '../look/age';
import type { StageHistory } from '../jenkinsfiles/stageHistory';
import { historyText, type StageRecord } from '../jenkinsfiles/stageResults';
import { hoverAt, type LibraryStep } from './hoverText';
import type { LibrarySteps } from './librarySteps';
import { markdown, rangeIn, type Readings } from './readings';
import { signatureAt } from './signatures';

/** Milliseconds that a hover waits for a server. */
const PATIENCE = 1500;

export function hoverProvider(
  readings: Readings,
  history: StageHistory,
  libraries: LibrarySteps,
): vscode.HoverProvider {
  return {
    provideHover: async (document, position, token) => {
      const offset = document.offsetAt(position);
      const steps = await libraries.of(document);
      const step = (name: string): LibraryStep | undefined => steps.get(name);
      if (token.isCancellationRequested) return undefined;
      const hover = hoverAt(readings.of(document), offset, step);
      if (hover === undefined) return undefined;
      const record = hover.stage && (await recordOf(document, history, hover.stage));
      const sections = [...hover.sections, ...(record ? [resultsText(record, Date.now())] : [])];
      return new vscode.Hover(markdown(...sections), rangeIn(document, hover.place));
    },
  };
}

export function signatureProvider(readings: Readings): vscode.SignatureHelpProvider {
  return {
    provideSignatureHelp: (document, position) => {
      const found = signatureAt(readings.of(document), document.offsetAt(position));
      if (found === undefined) return undefined;
      const information = new vscode.SignatureInformation(
        found.label,
        markdown(found.documentation),
      );
      information.parameters = found.parameters.map(
        ({ label, documentation }) =>
          new vscode.ParameterInformation(label, markdown(documentation)),
      );
      const help = new vscode.SignatureHelp();
      help.signatures = [information];
      help.activeParameter = Math.max(0, found.active);
      return help;
    },
  };
}

async function recordOf(
  document: vscode.TextDocument,
  history: StageHistory,
  stage: readonly string[],
): Promise<StageRecord | undefined> {
  const folder = vscode.workspace.getWorkspaceFolder(document.uri);
  if (folder === undefined) return undefined;
  return Promise.race([history.of(folder, stage), delay(PATIENCE, undefined)]);
}

/** The last ten results; what is in it is numbers and our own words. */
function resultsText(record: StageRecord, now: number): string {
  const lines = record.results.map(({ run, state, durationMs }) => {
    const took = durationMs === undefined ? '' : `, ${spanOf(durationMs)}`;
    return `- ${state} in #${run.number}, ${ageOf(run.startedAt, now)}${took}`;
  });
  return [`In CI: ${historyText(record)}`, '', ...lines].join('\n');
}
