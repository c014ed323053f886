import * as vscode from 'vscode';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunDetails } from '../runs/runDetails';
import type { Servers } from '../servers/servers';
import { isBroken } from '../look/marks';
import type { Run } from '../../jenkins/run';
import { LOG_SCHEME, logUri } from './logAddress';
import { logCommands, type LogCommands } from './logCommands';
import { LogEditors } from './logEditors';
import { LogFiles, type LogDocument } from './logFiles';
import { LogLenses } from './logLenses';
import { LogStatus } from './logStatus';

/** Where to stand in a log: at the first of some texts that is found, at its last place; or at a byte of the clean log. */
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
  showReproduction(id: string, title: string, signal: AbortSignal): Promise<void>;
  dispose(): void;
}

/** Milliseconds after which the beginning of a log is shown while the rest is still being read. */
const SOON = 1500;

/** Builds what shows logs. Waits for nothing, reads nothing. */
export function startLogs(parts: LogParts): Logs {
  const { servers, details } = parts;
  const files = new LogFiles(servers, parts.tell);
  const editors = new LogEditors(files);
  const status = new LogStatus(editors);
  const subscriptions = vscode.Disposable.from(
    files,
    editors,
    status,
    vscode.languages.registerCodeLensProvider({ scheme: LOG_SCHEME }, new LogLenses(files)),
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

  /** The offset of what broke the run; undefined where nothing tells. */
  async function failureIn(
    { reading: { log } }: LogDocument,
    run: Run,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { failure, diagnosis } = await details.explain(run, signal);
    const [first] = diagnosis.evidence;
    if (first !== undefined) return first.offset;
    const texts = [
      ...failure.lines.slice(-1),
      ...(failure.command ? [`+ ${failure.command}`] : []),
    ];
    return found(texts, log, signal);
  }

  return {
    files,
    commands: logCommands(editors, files, servers, failureIn),
    showRun: (run, wanted, signal) => {
      const uri = logUri(`${run.job} #${run.number}`, { kind: 'run', url: run.url });
      return show(
        uri,
        async (document) => {
          const { log } = document.reading;
          if ('offset' in wanted) return wanted.offset;
          if (wanted.length > 0) return (await found(wanted, log, signal)) ?? log.size;
          if (!isBroken(run)) return log.size;
          return (await failureIn(document, run, signal)) ?? log.size;
        },
        signal,
      );
    },
    showReproduction: (id, title, signal) =>
      show(
        logUri(title, { kind: 'reproduction', id }),
        ({ reading: { log } }) => Promise.resolve(log.size),
        signal,
      ),
    dispose: () => {
      subscriptions.dispose();
    },
  };
}

async function found(
  texts: readonly string[],
  log: LogDocument['reading']['log'],
  signal: AbortSignal,
): Promise<number | undefined> {
  for (const text of texts) {
    const at = text.trim() === '' ? -1 : await log.lastIndexOf(text, log.size, signal);
    if (at >= 0) return at;
  }
  return undefined;
}
