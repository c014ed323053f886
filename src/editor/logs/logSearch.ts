import * as vscode from 'vscode';
import { isAbort, isUserError, UserError } from '../../base/errors';
import { plain } from '../look/plain';
import type { LogEditors } from './logEditors';
import type { LogDocument } from './logFiles';
import { counted } from './logWords';
import { MOST_HITS, queryOf, type Hit, type Query } from './search';

/** Milliseconds after the last key. */
const SETTLE = 250;
/** Milliseconds between two changes of the list while a search goes on. */
const REPAINT = 200;

interface Found {
  readonly document: LogDocument;
  readonly hits: readonly Hit[];
}

/** Searches the whole of the log in the active editor, and goes from result to result. */
export class LogSearch implements vscode.Disposable {
  readonly #editors: LogEditors;
  #found: Found | undefined;
  #typed = '';
  #matchCase = false;
  #picking: vscode.Disposable | undefined;

  constructor(editors: LogEditors) {
    this.#editors = editors;
  }

  /** Asks what to look for, and shows what is found while it is looked for. */
  async ask(): Promise<void> {
    const { document, editor } = await this.#editors.mustBeActive();
    this.#picking?.dispose();
    const pick = vscode.window.createQuickPick<HitItem>();
    const selected = editor.document.getText(editor.selection);
    pick.value = selected !== '' && !selected.includes('\n') ? selected : this.#typed;
    pick.placeholder = 'Text, or /expression/';
    pick.matchOnDescription = false;
    let running = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const run = (pause: number): void => {
      running.abort();
      running = new AbortController();
      clearTimeout(timer);
      this.#typed = pick.value;
      const { signal } = running;
      timer = setTimeout(() => void this.#show(document, pick, signal), pause);
    };
    const paintCase = (): void => {
      const tooltip = this.#matchCase ? 'Match case: on' : 'Match case: off';
      const colour = this.#matchCase ? 'focusBorder' : 'icon.foreground';
      const iconPath = new vscode.ThemeIcon('case-sensitive', new vscode.ThemeColor(colour));
      pick.buttons = [{ iconPath, tooltip }];
    };
    paintCase();
    const picking = vscode.Disposable.from(
      pick,
      pick.onDidChangeValue(() => run(SETTLE)),
      pick.onDidTriggerButton(() => {
        this.#matchCase = !this.#matchCase;
        paintCase();
        run(0);
      }),
      pick.onDidAccept(() => {
        const [item] = pick.selectedItems;
        if (!item) return;
        pick.hide();
        void this.#goTo(document, item.hit);
      }),
      pick.onDidHide(() => {
        running.abort();
        clearTimeout(timer);
        picking.dispose();
      }),
    );
    this.#picking = picking;
    run(0);
    pick.show();
  }

  /** Goes to the result after or before the cursor, around the ends. */
  async step(direction: 1 | -1): Promise<void> {
    const { document, editor } = await this.#editors.mustBeActive();
    const hits = this.#found?.document === document ? this.#found.hits : [];
    if (hits.length === 0)
      throw new UserError('Nothing has been looked for in this log.', {
        advice: 'Run: CI Parity: Search in Whole Log…',
      });
    const line = document.view.shown.window.from.line + editor.selection.active.line;
    const next =
      direction > 0
        ? (hits.find((hit) => hit.line > line) ?? hits[0])
        : (hits.findLast((hit) => hit.line < line) ?? hits.at(-1));
    if (next) await this.#goTo(document, next);
  }

  dispose(): void {
    this.#picking?.dispose();
  }

  async #show(
    document: LogDocument,
    pick: vscode.QuickPick<HitItem>,
    signal: AbortSignal,
  ): Promise<void> {
    const query = queryOf(pick.value, this.#matchCase);
    const hits: Hit[] = [];
    this.#found = { document, hits };
    pick.items = [];
    pick.busy = query.text !== '';
    let painted = 0;
    let listed = 0;
    const { part } = document.view;
    const all = part.to.offset - part.from.offset;
    const paint = (title: string): void => {
      painted = Date.now();
      pick.title = `Search in Whole Log · ${title}`;
      if (listed === hits.length) return;
      // What is chosen already stays chosen.
      pick.keepScrollPosition = true;
      pick.items = hits.map(itemOf);
      listed = hits.length;
    };
    try {
      const more = await searchDocument(document, query, signal, (found, searched) => {
        hits.push(...found);
        if (Date.now() - painted < REPAINT) return;
        paint(`${counted(hits.length)} found in ${Math.floor((searched / all) * 100)} %`);
      });
      const count = hits.length === 1 ? 'one line' : `${counted(hits.length)} lines`;
      paint(more ? `the first ${counted(MOST_HITS)} lines` : query.text === '' ? 'the log' : count);
      void vscode.commands.executeCommand('setContext', 'ciParity.logResults', hits.length > 0);
    } catch (error) {
      if (isAbort(error)) return;
      if (!isUserError(error)) throw error;
      paint(`${error.message} ${error.advice ?? ''}`);
    } finally {
      if (!signal.aborted) pick.busy = false;
    }
  }

  async #goTo(document: LogDocument, { offset, from, to }: Hit): Promise<void> {
    const editor = await this.#editors.goTo(document, offset);
    const { line } = editor.selection.active;
    editor.selection = new vscode.Selection(line, from, line, to);
  }
}

interface HitItem extends vscode.QuickPickItem {
  readonly hit: Hit;
}

/** Looks through all that a document could show. */
export async function searchDocument(
  { view, whole }: LogDocument,
  query: Query,
  signal: AbortSignal,
  progress: (hits: readonly Hit[], searched: number) => void,
): Promise<boolean> {
  return whole.search(query, {
    part: view.part,
    showing: await view.showing(),
    signal,
    progress,
  });
}

/** Characters of a line that are shown before the place, where the line is long. */
const BEFORE = 40;

function itemOf(hit: Hit): HitItem {
  const begin = hit.from > 2 * BEFORE ? hit.from - BEFORE : 0;
  const text = plain(hit.text.slice(begin));
  return {
    label: begin > 0 ? `… ${text}` : text || '(empty line)',
    description: `line ${counted(hit.line + 1)}`,
    // What is typed is looked for in the log and not in the list.
    alwaysShow: true,
    hit,
  };
}
