import * as vscode from 'vscode';
import { setTimeout as wait } from 'node:timers/promises';
import { LARGE } from '../../jenkins/largeLogs';
import type { Run, Stage } from '../../jenkins/run';
import { isBroken } from '../look/marks';
import type { RunDetails } from '../runs/runDetails';
import type { Servers } from '../servers/servers';
import { evidenceIn, lastPlace } from './evidence';
import { LOG_SCHEME, logUri } from './logAddress';
import { LogColours } from './logColours';
import { logCommands, type LogCommands } from './logCommands';
import { LogEditors } from './logEditors';
import { LogFiles, type LogDocument } from './logFiles';
import { LogLenses } from './logLenses';
import { LogLinks } from './logLinks';
import { LogProblems } from './logProblems';
import { LogReadings } from './logReadings';
import { LogSearch } from './logSearch';
import { LogStatus } from './logStatus';
import { LogStructure } from './logStructure';
import { WorkspaceFiles } from './workspaceFiles';

/** Where to stand in a log: at the last place of the first of some texts that is there; or at a byte of the clean log. */
export type Wanted = readonly string[] | { readonly offset: number };

/** What logs take from the extension, whose objects are the same in both bundles. */
export interface LogParts {
  readonly servers: Servers;
  readonly details: RunDetails;
  readonly output: vscode.LogOutputChannel;
  /** Makes VS Code read a document again. */
  readonly tell: (uri: vscode.Uri) => void;
}

export interface Logs {
  readonly files: LogFiles;
  readonly commands: LogCommands;
  showRun(run: Run, wanted: Wanted, signal: AbortSignal): Promise<void>;
  showStage(run: Run, stage: Stage, signal: AbortSignal): Promise<void>;
  showReproduction(id: string, title: string, signal: AbortSignal): Promise<void>;
  dispose(): void;
}

/** Milliseconds after which the beginning of a log is shown while the rest is still being read. */
const SOON = 1500;

/** Builds what shows logs. Waits for nothing, reads nothing. */
export function startLogs({ servers, details, tell }: LogParts): Logs {
  const readings = new LogReadings({
    client: (url) => servers.client(servers.at(url)),
    stages: (run, signal) => details.stages(run, signal),
    large: {
      bound: LARGE,
      program: servers.reader,
      elsewhere: (url) => servers.elsewhere(servers.at(url)),
    },
  });
  const files = new LogFiles(readings, tell);
  const editors = new LogEditors(files);
  const search = new LogSearch(editors);
  const workspace = new WorkspaceFiles();
  const problems = new LogProblems(files, workspace);
  const structure = new LogStructure(files);
  const logs = { scheme: LOG_SCHEME };
  const subscriptions = vscode.Disposable.from(
    files,
    editors,
    search,
    problems,
    new LogStatus(editors),
    new LogColours(files),
    vscode.languages.registerCodeLensProvider(logs, new LogLenses(files)),
    vscode.languages.registerDocumentLinkProvider(logs, new LogLinks(files, workspace)),
    vscode.languages.registerFoldingRangeProvider(logs, structure),
    vscode.languages.registerDocumentSymbolProvider(logs, structure, { label: 'CI Parity' }),
  );

  async function show(
    uri: vscode.Uri,
    place: (document: LogDocument) => Promise<number>,
    signal: AbortSignal,
  ): Promise<void> {
    const cancel = (): void => files.closeUnlessShown(uri);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const document = await files.document(uri);
      const { reading } = document;
      if (!reading.growing) {
        await Promise.race([reading.complete, wait(SOON, undefined, { signal })]);
        if (reading.state.kind !== 'complete') await editors.open(document);
        await reading.complete;
      }
      await editors.goTo(document, await place(document));
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Marks the lines that tell what broke the run of a log, and gives the place of the one that says why. */
  async function markFailure(
    document: LogDocument,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { run, reading, view } = document;
    if (!run || !isBroken(run)) return undefined;
    const isWhole = document.address.kind === 'run' || document.only !== undefined;
    const { state } = reading;
    const isThere = isWhole && state.kind === 'complete' && state.extent === 'whole';
    const explanation = await details.explain(
      run,
      signal,
      isThere ? document.whole.clues : undefined,
    );
    const evidence = await evidenceIn(reading.log, explanation, isWhole, signal);
    const { from, to } = view.part;
    const inside = (at: number): boolean => at >= from.offset && at < to.offset;
    document.evidence = evidence?.lines.filter(inside) ?? [];
    return evidence && inside(evidence.place) ? evidence.place : document.evidence[0];
  }

  return {
    files,
    commands: logCommands({ editors, files, search, problems, details, markFailure }),
    showRun: (run, wanted, signal) =>
      show(
        logUri(titleOf(run), { kind: 'run', url: run.url }),
        async (document) => {
          const { log } = document.view;
          if ('offset' in wanted) {
            document.evidence = [wanted.offset];
            return wanted.offset;
          }
          if (wanted.length > 0) return (await lastPlace(log, wanted, signal)) ?? log.size;
          return (await markFailure(document, signal)) ?? log.size;
        },
        signal,
      ),
    showStage: (run, stage, signal) => {
      const { path } = stage;
      const title = `${titleOf(run)} · ${path.join(' / ')}`;
      const uri = logUri(title, { kind: 'stage', url: run.url, id: stage.id, stage: path });
      return show(
        uri,
        async (document) => (await markFailure(document, signal)) ?? document.view.part.from.offset,
        signal,
      );
    },
    showReproduction: (id, title, signal) =>
      show(
        logUri(title, { kind: 'reproduction', id }),
        ({ view }) => Promise.resolve(view.log.size),
        signal,
      ),
    dispose: () => {
      subscriptions.dispose();
      void readings[Symbol.asyncDispose]();
    },
  };
}

function titleOf(run: Run): string {
  return `${run.job} #${run.number}`;
}
