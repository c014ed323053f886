import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { isAbort, UserError } from '../../base/errors';
import type { Run } from '../../jenkins/run';
import { filesOf } from '../../reproduce/store';
import { findInLog } from './findInLog';
import { plain } from '../look/plain';
import type { Servers } from '../servers/servers';
import { Tail } from './tail';

const SCHEME = 'ci-parity-log';
/** An editor is no place for more; the browser and `output.log` have all of it. */
const BOUND = 10_000_000;
/** Milliseconds between two repaints of a growing log. */
const REPAINT = 1000;

interface OpenLog {
  readonly tail: Tail;
  readonly reading: AbortController;
  /** Settles when there is something to show: all of it, or the first part of a growing one. */
  readonly ready: Promise<void>;
}

/** Logs of runs and output of reproductions as read-only documents; a growing log grows here too. */
export class LogDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #servers: Servers;
  readonly #open = new Map<string, OpenLog>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(servers: Servers) {
    this.#servers = servers;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#close(uri)),
    );
  }

  /** Opens a run's log where the first of `wanted` that is found stands, else at its end. */
  showRun(run: Run, wanted: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#show(logUri(`${run.job} #${run.number}`, 'run', run.url), wanted, signal);
  }

  showReproduction(id: string, title: string, signal: AbortSignal): Promise<void> {
    return this.#show(logUri(title, 'reproduction', id), [], signal);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { ready, tail } = this.#of(uri);
    await ready;
    return tail.text();
  }

  dispose(): void {
    for (const { reading } of this.#open.values()) reading.abort();
    this.#subscriptions.dispose();
  }

  async #show(uri: vscode.Uri, wanted: readonly string[], signal: AbortSignal): Promise<void> {
    // Read before, so that what goes wrong is told in its own words, and can be cancelled.
    const stop = (): void => this.#close(uri);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await this.#of(uri).ready;
    } finally {
      signal.removeEventListener('abort', stop);
    }
    const document = await vscode.workspace.openTextDocument(uri);
    const editor = await vscode.window.showTextDocument(document, { preview: true });
    const at = document.positionAt(findInLog(document.getText(), wanted));
    editor.selection = new vscode.Selection(at, at);
    editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenter);
  }

  #of(uri: vscode.Uri): OpenLog {
    const key = uri.toString();
    const open = this.#open.get(key);
    if (open) return open;
    const reading = new AbortController();
    const tail = new Tail(BOUND);
    let firstPaint = (): void => undefined;
    const painted = new Promise<void>((resolve) => (firstPaint = resolve));
    const paint = (): void => {
      firstPaint();
      this.#changed.fire(uri);
    };
    const read = this.#read(uri, tail, reading.signal, paint).catch((error: unknown) => {
      // What has been shown stays; what has not is asked for again the next time.
      this.#open.delete(key);
      throw error;
    });
    const ready = Promise.race([painted, read]);
    const log = { tail, reading, ready };
    this.#open.set(key, log);
    return log;
  }

  async #read(uri: vscode.Uri, tail: Tail, signal: AbortSignal, paint: () => void): Promise<void> {
    const { growing, parts } = await this.#source(uri, signal);
    const painting = growing ? setInterval(paint, REPAINT) : undefined;
    try {
      for await (const part of parts) tail.push(part);
    } catch (error) {
      if (growing && !isAbort(error)) tail.push(Buffer.from('\n… the connection broke here …\n'));
      throw error;
    } finally {
      clearInterval(painting);
      if (growing && !signal.aborted) paint();
    }
  }

  async #source(
    uri: vscode.Uri,
    signal: AbortSignal,
  ): Promise<{ growing: boolean; parts: AsyncIterable<Buffer> }> {
    const { kind, address } = addressOf(uri);
    if (kind === 'reproduction') {
      const { output } = filesOf(address);
      const size = await stat(output).then(
        (found) => found.size,
        (cause: unknown) => {
          throw new UserError('There is no output yet.', { cause });
        },
      );
      const start = Math.max(0, size - BOUND);
      return { growing: false, parts: createReadStream(output, { start, signal }) };
    }
    const client = await this.#servers.client(this.#servers.at(address));
    const run = await client.run(address, signal);
    return { growing: run.building, parts: bytesOf(client.log(run, { signal })) };
  }

  #close(uri: vscode.Uri): void {
    this.#open.get(uri.toString())?.reading.abort();
    this.#open.delete(uri.toString());
  }
}

type Kind = 'run' | 'reproduction';

function logUri(title: string, kind: Kind, address: string): vscode.Uri {
  const name = plain(title).replaceAll('/', '∕');
  return vscode.Uri.from({ scheme: SCHEME, path: `/${name}.log`, query: `${kind}:${address}` });
}

function addressOf({ query }: vscode.Uri): { kind: Kind; address: string } {
  const kind = query.startsWith('reproduction:') ? 'reproduction' : 'run';
  return { kind, address: query.slice(kind.length + 1) };
}

async function* bytesOf(chunks: AsyncIterable<{ readonly bytes: Buffer }>): AsyncGenerator<Buffer> {
  for await (const { bytes } of chunks) yield bytes;
}
