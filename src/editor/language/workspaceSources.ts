import * as vscode from 'vscode';
import { isShell, readShell } from '../../machines/shell';
import { readVagrantfile } from '../../machines/vagrantfile';
import { parse } from '../../pipeline/parser';
import { Symbols } from '../../pipeline/symbols';
import {
  reachOf,
  type JenkinsfileSource,
  type ReaderSource,
  type Sources,
} from '../vagrant/environmentFlow';
import { isJenkinsfile, JENKINSFILE_GLOB } from '../jenkinsfiles/jenkinsfiles';
import { isVagrantfile, VAGRANTFILE_GLOB } from '../vagrant/vagrantfiles';
import type { Readings } from './readings';

const MOST_FILES = 200;
const LARGEST = 200 * 1024;
/** Files without a script's ending that steps name; they are not watched, but looked at each time. */
const MOST_NAMED = 20;
const SCRIPT_GLOB = '**/*.{sh,bash}';
const NOT_OURS = '**/{node_modules,.git,.vagrant,.venv,vendor}/**';
/** Milliseconds for which files are good enough whose changes are not noticed. */
const FRESH = 3000;
/** Milliseconds without a change before others are told. */
const PAUSE = 400;

type Read =
  | { readonly kind: 'jenkinsfile'; readonly source: JenkinsfileSource }
  | { readonly kind: 'reader'; readonly source: ReaderSource }
  /** Too large, or gone. */
  | { readonly kind: 'nothing' };

interface Told {
  readonly sources: Sources;
  /** Whether changes of all of its files are noticed. */
  readonly watched: boolean;
}

/**
 * The Jenkinsfiles, Vagrantfiles and scripts of a workspace folder, read when somebody asks, and
 * again only when they have changed: those in an editor as they are there.
 */
export class WorkspaceSources implements vscode.Disposable {
  readonly #readings: Readings;
  /** The files of each folder, until one comes or goes. */
  readonly #lists = new Map<string, Promise<{ files: vscode.Uri[]; complete: boolean }>>();
  /** What was told last, until a file changes. */
  readonly #current = new Map<string, { readonly at: number; readonly sources: Promise<Told> }>();
  readonly #read = new Map<string, { readonly stamp: string; readonly read: Promise<Read> }>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  #waiting: NodeJS.Timeout | undefined;
  /** Fires a moment after a file that may matter was changed. */
  readonly onDidChange = this.#changed.event;

  constructor(readings: Readings) {
    this.#readings = readings;
    const { workspace } = vscode;
    const watchers = [JENKINSFILE_GLOB, VAGRANTFILE_GLOB, SCRIPT_GLOB].map((glob) => {
      const watcher = workspace.createFileSystemWatcher(glob);
      const listed = (uri: vscode.Uri): void => {
        this.#lists.clear();
        this.#read.delete(uri.toString());
        this.#soon();
      };
      watcher.onDidCreate(listed);
      watcher.onDidDelete(listed);
      watcher.onDidChange((uri) => {
        this.#read.delete(uri.toString());
        this.#soon();
      });
      return watcher;
    });
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      ...watchers,
      workspace.onDidChangeWorkspaceFolders(() => this.#lists.clear()),
      workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration('files.exclude')) return;
        this.#lists.clear();
        this.#soon();
      }),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && this.#matters(document)) this.#soon();
      }),
      workspace.onDidOpenTextDocument((document) => {
        if (this.#matters(document)) this.#soon();
      }),
      // What was typed and not saved is gone with its document.
      workspace.onDidCloseTextDocument((document) => {
        if (!this.#matters(document)) return;
        this.#read.delete(document.uri.toString());
        this.#soon();
      }),
    );
  }

  async of(folder: vscode.WorkspaceFolder): Promise<Sources> {
    const key = folder.uri.toString();
    const known = this.#current.get(key);
    if (known) {
      const told = await known.sources;
      if (told.watched || Date.now() - known.at < FRESH) return told.sources;
    }
    const sources = this.#tell(folder);
    this.#current.set(key, { at: Date.now(), sources });
    try {
      return (await sources).sources;
    } catch (error) {
      this.#current.delete(key);
      throw error;
    }
  }

  async #tell(folder: vscode.WorkspaceFolder): Promise<Told> {
    const { files, complete } = await this.#listOf(folder);
    const open = vscode.workspace.textDocuments
      .filter((document) => isJenkinsfile(document) && folderOf(document) === folder)
      .map(({ uri }) => uri);
    const all = new Map([...files, ...open].map((uri) => [uri.toString(), uri]));
    const listed = await this.#readAll(folder, [...all.values()], true);
    const sources = sourcesOf(listed, complete);
    // Scripts without an ending are only known by the steps that name them.
    const named = new Set<string>();
    for (const source of sources.jenkinsfiles)
      for (const path of reachOf(source, sources).wanted) named.add(path);
    if (named.size === 0) return { sources, watched: true };
    const more = [...named]
      .slice(0, MOST_NAMED)
      .map((path) => vscode.Uri.joinPath(folder.uri, path));
    // Most of these paths are guesses at what `./x` is relative to.
    const found = (await this.#readAll(folder, more, false)).filter(
      ({ kind }) => kind === 'reader',
    );
    return { sources: sourcesOf([...listed, ...found], complete), watched: false };
  }

  dispose(): void {
    clearTimeout(this.#waiting);
    this.#subscriptions.dispose();
  }

  #matters(document: vscode.TextDocument): boolean {
    const { uri } = document;
    return this.#read.has(uri.toString()) || isJenkinsfile(document) || isVagrantfile(document);
  }

  #soon(): void {
    this.#current.clear();
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#changed.fire(), PAUSE);
  }

  #listOf(folder: vscode.WorkspaceFolder) {
    const key = folder.uri.toString();
    const known = this.#lists.get(key);
    if (known) return known;
    const list = listFiles(folder);
    this.#lists.set(key, list);
    // What failed is tried again the next time.
    list.catch(() => this.#lists.delete(key));
    return list;
  }

  #readAll(
    folder: vscode.WorkspaceFolder,
    files: readonly vscode.Uri[],
    watched: boolean,
  ): Promise<Read[]> {
    const open = new Map(
      vscode.workspace.textDocuments.map((document) => [document.uri.toString(), document]),
    );
    return Promise.all(
      files.map((uri) => this.#readOne(folder, uri, open.get(uri.toString()), watched)),
    );
  }

  async #readOne(
    folder: vscode.WorkspaceFolder,
    uri: vscode.Uri,
    document: vscode.TextDocument | undefined,
    watched: boolean,
  ): Promise<Read> {
    const key = uri.toString();
    const stamp = document
      ? `version ${document.version}`
      : watched
        ? 'watched'
        : await stampOf(uri);
    const known = this.#read.get(key);
    if (known?.stamp === stamp) return known.read;
    const path = uri.path.slice(folder.uri.path.length).replace(/^\//, '');
    const read = document
      ? Promise.resolve(this.#ofDocument(path, document))
      : readFile(uri).then((text) => sourceOf(path, text));
    this.#read.set(key, { stamp, read });
    return read;
  }

  #ofDocument(path: string, document: vscode.TextDocument): Read {
    if (isJenkinsfile(document))
      return asJenkinsfile({ path, symbols: this.#readings.of(document) });
    const text = document.getText();
    return asReader(readerOf(path, text, isVagrantfile(document)));
  }
}

function folderOf({ uri }: vscode.TextDocument): vscode.WorkspaceFolder | undefined {
  return vscode.workspace.getWorkspaceFolder(uri);
}

async function listFiles(folder: vscode.WorkspaceFolder) {
  const found = await Promise.all(
    [JENKINSFILE_GLOB, VAGRANTFILE_GLOB, SCRIPT_GLOB].map((glob) => {
      const pattern = new vscode.RelativePattern(folder, glob);
      return vscode.workspace.findFiles(pattern, NOT_OURS, MOST_FILES + 1);
    }),
  );
  const all = [...new Map(found.flat().map((uri) => [uri.toString(), uri])).values()];
  return { files: all.slice(0, MOST_FILES), complete: all.length <= MOST_FILES };
}

function sourcesOf(files: readonly Read[], complete: boolean): Sources {
  return {
    jenkinsfiles: files.flatMap((file) => (file.kind === 'jenkinsfile' ? file.source : [])),
    readers: files.flatMap((file) => (file.kind === 'reader' ? file.source : [])),
    complete: complete && files.every(({ kind }) => kind !== 'nothing'),
  };
}

function sourceOf(path: string, text: string | undefined): Read {
  if (text === undefined) return { kind: 'nothing' };
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/^Jenkinsfile|\.[jJ]enkinsfile$/.test(name))
    return asJenkinsfile({ path, symbols: new Symbols(parse(text)) });
  return asReader(readerOf(path, text, /^Vagrantfile(?:\.|$)|\.vagrantfile$/.test(name)));
}

function readerOf(path: string, text: string, isVagrant: boolean): ReaderSource {
  return {
    path,
    text,
    vagrantfile: isVagrant ? readVagrantfile(text) : undefined,
    script: !isVagrant && isShell(path, text) ? readShell(text) : undefined,
  };
}

function asJenkinsfile(source: JenkinsfileSource): Read {
  return { kind: 'jenkinsfile', source };
}

function asReader(source: ReaderSource): Read {
  return { kind: 'reader', source };
}

/** Undefined for what is too large, gone or no file. */
async function readFile(uri: vscode.Uri): Promise<string | undefined> {
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > LARGEST) return undefined;
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch (error) {
    if (error instanceof vscode.FileSystemError) return undefined;
    throw error;
  }
}

async function stampOf(uri: vscode.Uri): Promise<string> {
  try {
    const { mtime, size } = await vscode.workspace.fs.stat(uri);
    return `${mtime} ${size}`;
  } catch (error) {
    if (error instanceof vscode.FileSystemError) return 'gone';
    throw error;
  }
}
