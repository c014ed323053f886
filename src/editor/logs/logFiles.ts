import * as vscode from 'vscode';
import { isAbort, messageOf, UserError } from '../../base/errors';
import { filesOf, readReproduction } from '../../reproduce/store';
import type { Servers } from '../servers/servers';
import { addressOf, LOG_SCHEME, type LogAddress } from './logAddress';
import { LogFolder } from './logFolder';
import { fileSource, LogReading, runSource } from './logReading';
import { LogText } from './logText';
import { LogView } from './logView';
import type { Timestamps } from './timestamps';

/** A log that is open in an editor. */
export interface LogDocument {
  readonly uri: vscode.Uri;
  readonly address: LogAddress;
  readonly reading: LogReading;
  readonly view: LogView;
  /** Whether the document stays as it is while the log grows. */
  paused: boolean;
}

/** Milliseconds between two repaints of a growing log. */
const REPAINT = 1000;

/**
 * The open logs as read-only files of VS Code. As a file a document is changed where it differs, so
 * that whoever reads a growing log keeps the place; documents of content providers are replaced as a
 * whole when they are large.
 */
export class LogFiles implements vscode.Disposable {
  readonly #servers: Servers;
  readonly #tell: (uri: vscode.Uri) => void;
  readonly #folder = new LogFolder();
  readonly #open = new Map<
    string,
    { readonly document: Promise<LogDocument>; readonly close: () => void }
  >();
  readonly #times = new Map<string, number>();
  /** Documents that are to be repainted soon, and whether more has come since that began. */
  readonly #growing = new Map<string, 'soon' | 'again'>();
  readonly #changed = new vscode.EventEmitter<LogDocument>();
  readonly #subscriptions: vscode.Disposable;
  /** What is shown of a log is another part, or longer, or its reading has come to another state. */
  readonly onDidChange = this.#changed.event;

  /** `tell` makes VS Code read a document again. */
  constructor(servers: Servers, tell: (uri: vscode.Uri) => void) {
    this.#servers = servers;
    this.#tell = tell;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        // A document whose language changes is closed and opened again.
        if (uri.scheme === LOG_SCHEME) setImmediate(() => this.closeUnlessShown(uri));
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
    this.#changed.fire(document);
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

  closeUnlessShown(uri: vscode.Uri): void {
    const key = uri.toString();
    if (vscode.workspace.textDocuments.some((open) => open.uri.toString() === key)) return;
    this.#open.get(key)?.close();
    this.#open.delete(key);
    this.#times.delete(key);
  }

  dispose(): void {
    this.#subscriptions.dispose();
    const open = [...this.#open.values()];
    for (const { close } of open) close();
    void Promise.allSettled(open.map(({ document }) => document)).then(() =>
      this.#folder[Symbol.asyncDispose](),
    );
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
    const reading = await this.#read(address, closed);
    const close = (): void => void reading[Symbol.asyncDispose]();
    if (closed.aborted) close();
    closed.addEventListener('abort', close, { once: true });
    await reading.begun;
    const view = new LogView(reading.log, timestampsWanted());
    await view.show(reading.growing ? reading.log.size : 0);
    closed.throwIfAborted();
    const document = { uri, address, reading, view, paused: false };
    reading.onChange(() => this.#later(document));
    this.#later(document);
    return document;
  }

  async #read(address: LogAddress, closed: AbortSignal): Promise<LogReading> {
    if (address.kind === 'reproduction') {
      const { output } = filesOf(address.id);
      const running = () =>
        ['new', 'running', 'kept'].includes(readReproduction(address.id).status.state);
      const log = await LogText.of(output).catch((cause: unknown) => {
        throw new UserError('There is no output yet.', { cause });
      });
      return new LogReading(
        log,
        fileSource(running(), () => !running()),
      );
    }
    const client = await this.#servers.client(this.#servers.at(address.url));
    const run = await client.run(address.url, closed);
    const path = await this.#folder.newFile();
    const source = runSource(run.building, path, (start, signal) =>
      client.log(run, { signal, ...(start !== undefined && { start }) }),
    );
    return new LogReading(await LogText.create(path), source, path);
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
      this.#changed.fire(document);
      return;
    }
    // Whoever is at the end wants to see what comes; whoever reads elsewhere keeps the place.
    const following = vscode.window.visibleTextEditors.filter(
      (editor) => editor.document.uri.toString() === uri.toString() && isAtEnd(editor),
    );
    await view.grow();
    if (!view.shown.atEnd && following.length > 0) await view.show(view.log.size);
    await this.repaint(document);
    for (const editor of following) goToEnd(editor);
  }
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
