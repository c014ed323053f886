import * as vscode from 'vscode';
import { isAbort, messageOf, UserError } from '../../base/errors';
import { addressOf, type LogAddress } from './logAddress';
import type { Lent, LogReadings } from './logReadings';
import { LogView } from './logView';
import type { Timestamps } from './timestamps';

/** A log that is open in an editor. */
export interface LogDocument extends Lent {
  readonly uri: vscode.Uri;
  readonly address: LogAddress;
  readonly view: LogView;
  /** Whether the document stays as it is while the log grows. */
  paused: boolean;
  /** Where the lines begin that tell what broke; in bytes of the log. */
  evidence: readonly number[];
}

/** Milliseconds between two repaints of a growing log. */
const REPAINT = 1000;

/**
 * The open logs as read-only files of VS Code. As a file a document is changed where it differs, so
 * that whoever reads a growing log keeps the place; documents of content providers are replaced as a
 * whole when they are large.
 */
export class LogFiles implements vscode.Disposable {
  readonly #readings: LogReadings;
  readonly #tell: (uri: vscode.Uri) => void;
  readonly #open = new Map<
    string,
    { readonly document: Promise<LogDocument>; readonly close: () => void }
  >();
  readonly #times = new Map<string, number>();
  /** Documents that are to be repainted soon, and whether more has come since that began. */
  readonly #growing = new Map<string, 'soon' | 'again'>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #closed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidClose = this.#closed.event;
  /** What is shown of a log is another part, or longer, or its reading has come to another state. */
  readonly onDidChange = this.#changed.event;

  /** `tell` makes VS Code read a document again. */
  constructor(readings: LogReadings, tell: (uri: vscode.Uri) => void) {
    this.#readings = readings;
    this.#tell = tell;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      this.#closed,
      // VS Code itself keeps documents for some minutes after their last tab.
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
        for (const { input } of closed)
          if (input instanceof vscode.TabInputText) this.closeUnlessShown(input.uri);
      }),
    );
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { view } = await this.#forCode(uri);
    return {
      type: vscode.FileType.File,
      permissions: vscode.FilePermission.Readonly,
      ctime: 0,
      mtime: this.#times.get(uri.toString()) ?? 0,
      size: Buffer.byteLength(view.shown.text),
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return Buffer.from((await this.#forCode(uri)).view.shown.text);
  }

  /** The open log of a document; opened if it is not. Settles when there is something to show. */
  document(uri: vscode.Uri): Promise<LogDocument> {
    const key = uri.toString();
    const known = this.#open.get(key);
    if (known) return known.document;
    const closing = new AbortController();
    const entry = { document: this.#make(uri, closing.signal), close: () => closing.abort() };
    this.#open.set(key, entry);
    entry.document.catch(() => {
      // What could not be had is asked for again the next time.
      if (this.#open.get(key) === entry) this.#open.delete(key);
    });
    return entry.document;
  }

  /** Makes the editor show what the view shows now; resolves when it does. */
  async repaint(document: LogDocument): Promise<void> {
    const key = document.uri.toString();
    this.#times.set(key, Math.max(Date.now(), (this.#times.get(key) ?? 0) + 1));
    this.#changed.fire();
    const { text } = document.view.shown;
    const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === key);
    if (!open || open.getText() === text) return;
    await new Promise<void>((done) => {
      const listening = vscode.Disposable.from(
        vscode.workspace.onDidChangeTextDocument((event) => {
          if (event.document === open && open.getText() === document.view.shown.text) settle();
        }),
        vscode.workspace.onDidCloseTextDocument((closed) => {
          if (closed === open) settle();
        }),
      );
      const settle = (): void => {
        clearTimeout(patience);
        listening.dispose();
        done();
      };
      // VS Code may have reasons of its own not to read it.
      const patience = setTimeout(settle, 5000);
      this.#tell(document.uri);
    });
  }

  /** Closes the log if no tab shows it. */
  closeUnlessShown(uri: vscode.Uri): void {
    const key = uri.toString();
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shows = ({ input }: vscode.Tab): boolean =>
      input instanceof vscode.TabInputText && input.uri.toString() === key;
    if (tabs.some(shows)) return;
    this.#open.get(key)?.close();
    if (this.#open.delete(key)) this.#closed.fire(uri);
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const { close } of this.#open.values()) close();
  }

  /** VS Code asks for documents that were open when it was closed, too, and tells their errors in the editor. */
  async #forCode(uri: vscode.Uri): Promise<LogDocument> {
    try {
      return await this.document(uri);
    } catch (error) {
      throw vscode.FileSystemError.Unavailable(isAbort(error) ? 'cancelled' : messageOf(error));
    }
  }

  async #make(uri: vscode.Uri, closed: AbortSignal): Promise<LogDocument> {
    const address = addressOf(uri);
    if (!address) throw new UserError('That is not the address of a log.');
    const lent = await this.#readings.lend(address, closed);
    const { reading } = lent;
    if (closed.aborted) lent.giveBack();
    closed.addEventListener('abort', lent.giveBack, { once: true });
    try {
      await reading.begun;
      const view = new LogView(reading.log, timestampsWanted());
      const document = { ...lent, uri, address, view, paused: false, evidence: [] };
      if (lent.only && !reading.growing) await reading.complete;
      await narrow(document);
      await view.show(reading.growing ? reading.log.size : 0);
      closed.throwIfAborted();
      reading.onChange(() => this.#later(document));
      this.#later(document);
      return document;
    } catch (error) {
      lent.giveBack();
      throw error;
    }
  }

  /** Repaints a growing log now and then. */
  #later(document: LogDocument): void {
    const key = document.uri.toString();
    if (this.#growing.has(key)) {
      this.#growing.set(key, 'again');
      return;
    }
    this.#growing.set(key, 'soon');
    setTimeout(() => {
      this.#growing.set(key, 'soon');
      this.#grow(document).then(
        () => {
          const again = this.#growing.get(key) === 'again';
          this.#growing.delete(key);
          if (again) this.#later(document);
        },
        () => this.#growing.delete(key),
      );
    }, REPAINT).unref();
  }

  async #grow(document: LogDocument): Promise<void> {
    const { view, uri, paused } = document;
    if (!this.#open.has(uri.toString())) return;
    if (paused) {
      this.#changed.fire();
      return;
    }
    // Whoever is at the end wants to see what comes; whoever reads elsewhere keeps the place.
    const following = vscode.window.visibleTextEditors.filter(
      (editor) => editor.document.uri.toString() === uri.toString() && isAtEnd(editor),
    );
    await narrow(document);
    await view.grow();
    if (!view.shown.atEnd && following.length > 0) await view.show(view.log.size);
    await this.repaint(document);
    for (const editor of following) goToEnd(editor);
  }
}

/** Shows of the log only the stage that is wanted, as far as it has been read. */
async function narrow({ only, sections, view }: LogDocument): Promise<void> {
  if (!only) return;
  const { log } = view;
  const key = only.join('\n');
  const section = sections().find(
    ({ kind, stage }) => kind === 'stage' && stage.join('\n') === key,
  );
  if (!section) throw new UserError('The log does not show where this stage begins and ends.');
  const to = section.to === undefined ? undefined : await log.lineAt(section.to);
  view.narrow({ from: await log.lineAt(section.from), to });
}

function isAtEnd({ selection, document }: vscode.TextEditor): boolean {
  return selection.active.line >= document.lineCount - 1;
}

function goToEnd(editor: vscode.TextEditor): void {
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  editor.selection = new vscode.Selection(end, end);
  editor.revealRange(new vscode.Range(end, end));
}

function timestampsWanted(): Timestamps {
  return vscode.workspace.getConfiguration('ciParity').get<Timestamps>('log.timestamps', 'hide');
}
