import * as vscode from 'vscode';
import {
  allReads,
  neverSet,
  reachOf,
  readsOf,
  settersOf,
  unreadEntries,
  type Read,
  type ReaderSource,
  type Sources,
} from '../vagrant/environmentFlow';
import { isOwn } from '../../pipeline/symbols';
import { isJenkinsfile } from '../jenkinsfiles/jenkinsfiles';
import { isVagrantfile } from '../vagrant/vagrantfiles';
import { markdown, rangeIn, type Readings } from './readings';
import { neverSetText, readText, unreadText } from './readText';
import type { WorkspaceSources } from './workspaceSources';

/** Where scripts in a shell's language are, that steps may run. */
export const SCRIPTS: vscode.DocumentSelector = [
  { pattern: '**/*.{sh,bash}' },
  { language: 'shellscript' },
];

/**
 * Links the variables that Jenkinsfiles set with the places in Vagrantfiles and scripts that read
 * them, both ways, and hints at those that have no other end.
 */
export class EnvironmentLinks implements vscode.Disposable {
  readonly #readings: Readings;
  readonly #sources: WorkspaceSources;
  readonly #hints = vscode.languages.createDiagnosticCollection('CI Parity environment');
  readonly #subscriptions: vscode.Disposable;

  constructor(readings: Readings, sources: WorkspaceSources, output: vscode.LogOutputChannel) {
    this.#readings = readings;
    this.#sources = sources;
    const look = (document: vscode.TextDocument): void => {
      void this.#look(document).catch((error: unknown) => output.error(String(error)));
    };
    const all = (): void => vscode.workspace.textDocuments.forEach(look);
    this.#subscriptions = vscode.Disposable.from(
      this.#hints,
      sources.onDidChange(all),
      vscode.workspace.onDidOpenTextDocument(look),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#hints.delete(uri)),
    );
    all();
  }

  /** From `ENV['X']` and `$X` to what sets X in the Jenkinsfiles. */
  readonly toSetters: vscode.DefinitionProvider = {
    provideDefinition: async (document, position) => {
      const at = await this.#readAt(document, position);
      if (!at) return undefined;
      const { folder, sources, read } = at;
      return settersOf(read.name, sources).map(({ source, definition }): vscode.LocationLink => ({
        originSelectionRange: rangeIn(document, { start: read.nameStart, end: read.nameEnd }),
        targetUri: vscode.Uri.joinPath(folder.uri, source.path),
        targetRange: rangeOf(source.symbols.pipeline.text, definition.whole),
        targetSelectionRange: rangeOf(source.symbols.pipeline.text, definition.place),
      }));
    },
  };

  /** From `X = …` in a Jenkinsfile to what reads X. */
  readonly toReads: vscode.DefinitionProvider = {
    provideDefinition: async (document, position) => {
      const use = this.#readings.of(document).useAt(document.offsetAt(position));
      const folder = vscode.workspace.getWorkspaceFolder(document.uri);
      if (!folder || use?.definition === undefined || isOwn(use.definition)) return undefined;
      const sources = await this.#sources.of(folder);
      return locations(folder, sources, use.name).map((link): vscode.LocationLink => ({
        ...link,
        originSelectionRange: rangeIn(document, use.place),
      }));
    },
  };

  /** All places of the folder that read a variable, for "Go to References" in a Jenkinsfile. */
  readonly references: vscode.ReferenceProvider = {
    provideReferences: async (document, position) => {
      const use = this.#readings.of(document).useAt(document.offsetAt(position));
      const folder = vscode.workspace.getWorkspaceFolder(document.uri);
      const target = use && this.#readings.of(document).targetOf(use);
      if (!folder || target?.kind !== 'variable') return [];
      return locations(folder, await this.#sources.of(folder), target.name).map(
        ({ targetUri, targetRange }) => new vscode.Location(targetUri, targetRange),
      );
    },
  };

  readonly hover: vscode.HoverProvider = {
    provideHover: async (document, position) => {
      const at = await this.#readAt(document, position);
      if (!at) return undefined;
      const { sources, read } = at;
      const text = readText(read, settersOf(read.name, sources));
      return new vscode.Hover(markdown(...text), rangeIn(document, read));
    },
  };

  dispose(): void {
    this.#subscriptions.dispose();
  }

  /** The read at a place of a Vagrantfile, or of a script that a Jenkinsfile reaches. */
  async #readAt(document: vscode.TextDocument, position: vscode.Position) {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    if (!folder) return undefined;
    const sources = await this.#sources.of(folder);
    const reader = readerOf(document, folder, sources);
    if (!reader || (!reader.vagrantfile && !isReached(reader, sources))) return undefined;
    const offset = document.offsetAt(position);
    const read = allReads(reader).find(({ start, end }) => start <= offset && offset <= end);
    return read && { folder, sources, read };
  }

  async #look(document: vscode.TextDocument): Promise<void> {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    if (!folder || document.uri.scheme === 'git') return;
    const ofJenkinsfile = isJenkinsfile(document);
    if (!ofJenkinsfile && !isVagrantfile(document)) return;
    const { version } = document;
    const sources = await this.#sources.of(folder);
    // What was changed meanwhile is looked at again.
    if (document.isClosed || document.version !== version) return;
    const hints = ofJenkinsfile
      ? unreadIn(document, folder, sources)
      : neverSetIn(document, folder, sources);
    this.#hints.set(document.uri, hints);
  }
}

function unreadIn(
  document: vscode.TextDocument,
  folder: vscode.WorkspaceFolder,
  sources: Sources,
): vscode.Diagnostic[] {
  const path = pathIn(folder, document.uri);
  const source = sources.jenkinsfiles.find((each) => each.path === path);
  return (source ? unreadEntries(source, sources) : []).map(({ name, place }) => {
    const hint = hintAt(document, place, unreadText(name), 'unread-variable');
    hint.tags = [vscode.DiagnosticTag.Unnecessary];
    return hint;
  });
}

function neverSetIn(
  document: vscode.TextDocument,
  folder: vscode.WorkspaceFolder,
  sources: Sources,
): vscode.Diagnostic[] {
  const reader = readerOf(document, folder, sources);
  return (reader ? neverSet(reader, sources) : []).map((read) =>
    hintAt(
      document,
      { start: read.nameStart, end: read.nameEnd },
      neverSetText(read),
      'never-set-variable',
    ),
  );
}

function hintAt(
  document: vscode.TextDocument,
  place: { readonly start: number; readonly end: number },
  message: string,
  code: string,
): vscode.Diagnostic {
  const range = rangeIn(document, place);
  const hint = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Hint);
  hint.source = 'CI Parity';
  hint.code = code;
  return hint;
}

function locations(folder: vscode.WorkspaceFolder, sources: Sources, name: string) {
  const reaches = sources.jenkinsfiles.map((source) => reachOf(source, sources));
  const texts = new Map(sources.readers.map(({ path, text }) => [path, text]));
  return readsOf(name, sources, reaches).map((read: Read) => {
    const text = texts.get(read.path) ?? '';
    return {
      targetUri: vscode.Uri.joinPath(folder.uri, read.path),
      targetRange: rangeOf(text, read),
      targetSelectionRange: rangeOf(text, { start: read.nameStart, end: read.nameEnd }),
    };
  });
}

function isReached({ path }: ReaderSource, sources: Sources): boolean {
  return sources.jenkinsfiles.some((source) => reachOf(source, sources).scripts.has(path));
}

function readerOf(
  document: vscode.TextDocument,
  folder: vscode.WorkspaceFolder,
  sources: Sources,
): ReaderSource | undefined {
  const path = pathIn(folder, document.uri);
  return sources.readers.find((reader) => reader.path === path);
}

function pathIn(folder: vscode.WorkspaceFolder, uri: vscode.Uri): string {
  return uri.path.slice(folder.uri.path.length).replace(/^\//, '');
}

/** A stretch of a text that may be in no editor. */
function rangeOf(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
): vscode.Range {
  return new vscode.Range(positionOf(text, start), positionOf(text, end));
}

function positionOf(text: string, offset: number): vscode.Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return new vscode.Position(before.split('\n').length - 1, offset - lineStart);
}
