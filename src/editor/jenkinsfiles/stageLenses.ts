import * as vscode from 'vscode';
import { outline } from '../../pipeline/outline';
import type { Pipeline } from '../../pipeline/declarative';
import { lineAt } from '../../pipeline/syntax';
import { ageOf, spanOf } from '../look/age';
import { isBroken } from '../look/marks';
import { plain } from '../look/plain';
import type { RunNode } from '../runs/runsNodes';
import type { StageHistory } from './stageHistory';
import { brokeIn, historyText, lensTitle, type StageRecord } from './stageResults';

/**
 * Above the pipeline and each stage of a Jenkinsfile: how it last ended in CI, and the ways to run
 * it here.
 */
export class StageLenses implements vscode.CodeLensProvider {
  readonly #history: StageHistory;
  readonly #pipelineOf: (document: vscode.TextDocument) => Pipeline;
  readonly #lends: () => boolean;
  readonly #read = new WeakMap<vscode.TextDocument, { version: number; lines: StageLine[] }>();
  /** Of records that have not changed; with the minute, since they tell ages. */
  readonly #tooltips = new WeakMap<StageRecord, { minute: number; text: string }>();
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  /** `pipelineOf` reads a document, once for each version of it; `lends` is whether a machine can be borrowed. */
  constructor(
    history: StageHistory,
    pipelineOf: (document: vscode.TextDocument) => Pipeline,
    lends: () => boolean,
  ) {
    this.#history = history;
    this.#pipelineOf = pipelineOf;
    this.#lends = lends;
    this.onDidChangeCodeLenses = history.onDidChange;
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    const lines = this.#linesOf(document);
    const told = lines.map(({ path }) => folder && this.#toldOf(folder, path));
    // The runs may be of another Jenkinsfile of the folder: then no stage of this one is in them.
    const isOfJob = lines.length < 2 || told.some((each, at) => each && lines[at]?.path.length);
    return lines.flatMap(({ path, line }, at) =>
      lensesOf(document, path, line, isOfJob ? told[at] : undefined, this.#lends()),
    );
  }

  #toldOf(folder: vscode.WorkspaceFolder, path: readonly string[]): Told | undefined {
    const record = this.#history.known(folder, path);
    const node = record && this.#history.node(folder, record.results[0].run);
    return node && { record, node, tooltip: this.#tooltipOf(record) };
  }

  #tooltipOf(record: StageRecord): string {
    const minute = Math.floor(Date.now() / 60_000);
    const before = this.#tooltips.get(record);
    if (before?.minute === minute) return before.text;
    const text = tooltipOf(record);
    this.#tooltips.set(record, { minute, text });
    return text;
  }

  /** VS Code asks for the lenses of a document again whenever anything about them has changed, such as its history. */
  #linesOf(document: vscode.TextDocument): StageLine[] {
    const before = this.#read.get(document);
    if (before?.version === document.version) return before.lines;
    const lines = linesOf(this.#pipelineOf(document));
    this.#read.set(document, { version: document.version, lines });
    return lines;
  }
}

/** Where lenses stand; the path is empty for the whole pipeline. `line` is counted from 1. */
interface StageLine {
  readonly path: readonly string[];
  readonly line: number;
}

function linesOf(pipeline: Pipeline): StageLine[] {
  const { stages } = outline(pipeline);
  const { declarative } = pipeline;
  if (!declarative && stages.length === 0) return [];
  const line = declarative ? lineAt(pipeline.lines, declarative.call.start) : 1;
  return [{ path: [], line }, ...stages];
}

/** What CI tells of a stage, with the run as the node that commands take. */
interface Told {
  readonly record: StageRecord;
  readonly node: RunNode;
  readonly tooltip: string;
}

function lensesOf(
  document: vscode.TextDocument,
  path: readonly string[],
  line: number,
  told: Told | undefined,
  lends: boolean,
): vscode.CodeLens[] {
  const { range } = document.lineAt(line - 1);
  const lenses: vscode.CodeLens[] = [];
  const lens = (title: string, tooltip: string, command: string, ...args: unknown[]): void => {
    lenses.push(new vscode.CodeLens(range, { title, tooltip, command, arguments: args }));
  };
  const whole = path.length === 0;
  const { isTrusted } = vscode.workspace;
  if (told) {
    const { node, tooltip } = told;
    const [result] = told.record.results;
    const title = lensTitle(result, Date.now());
    lens(title, tooltip, 'ciParity.showRun', node, path.at(-1));
    const broke = whole ? isBroken(result.run) : brokeIn(result);
    if (broke && isTrusted)
      lens(
        whole ? '$(debug-rerun) Reproduce failure' : '$(debug-rerun) Reproduce',
        'Do this run again here, up to and including the failing stage',
        'ciParity.reproduce',
        node,
      );
    if (whole && broke && isTrusted && lends)
      lens(
        '$(vm-running) Reproduce on a borrowed machine',
        'Do this run again on a machine that is lent to you',
        'ciParity.reproduceBorrowed',
        node,
      );
    if (whole && isTrusted)
      lens(
        '$(checklist) Show plan',
        'What would be run here, and with which environment',
        'ciParity.showPlan',
        node,
      );
  }
  if (!whole && isTrusted && document.uri.scheme === 'file')
    lens(
      '$(play) Run this stage here',
      'Run this stage as it is in the working tree',
      'ciParity.runStage',
      document.uri,
      path.join(' / '),
    );
  return lenses;
}

/** At most this many lines about cells: a matrix may have hundreds. */
const MOST_CELLS = 12;

/** The last ten with the median, each with its duration, and the cells of the newest. */
function tooltipOf(record: StageRecord): string {
  const now = Date.now();
  const [newest] = record.results;
  const runs = record.results.map(({ run, state, durationMs }) => {
    const took = durationMs === undefined ? [] : [spanOf(durationMs)];
    return [`#${run.number} ${state}`, ageOf(run.startedAt, now), ...took].join(', ');
  });
  const cells = newest.cells.length < 2 ? [] : newest.cells.slice(0, MOST_CELLS);
  const left = newest.cells.length - cells.length;
  return [
    `Last in CI, the newest first: ${historyText(record)}`,
    ...runs,
    ...(cells.length === 0 ? [] : ['', `In #${newest.run.number}:`]),
    ...cells.map(({ path, state }) => `${plain(path.join(' / '))}: ${state}`),
    ...(cells.length > 0 && left > 0 ? [`and ${left} more`] : []),
  ].join('\n');
}
