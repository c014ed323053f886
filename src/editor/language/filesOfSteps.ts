import * as vscode from 'vscode';
import type { Symbols } from '../../pipeline/symbols';
import { join, mentionsOf, type Mention } from './mentions';
import { rangeIn, type Readings } from './readings';

/** Finds the files that a Jenkinsfile's steps name, in the workspace folder, through VS Code's own file system. */
export class FilesOfSteps implements vscode.DocumentLinkProvider {
  readonly #readings: Readings;

  constructor(readings: Readings) {
    this.#readings = readings;
  }

  async provideDocumentLinks(
    document: vscode.TextDocument,
    token: vscode.CancellationToken,
  ): Promise<vscode.DocumentLink[]> {
    const symbols = this.#readings.of(document);
    const mentions = mentionsOf(symbols);
    const find = finder(document);
    const links = await Promise.all(
      mentions.map(async (mention) => {
        if (token.isCancellationRequested) return [];
        const file = await find(mention);
        if (file === undefined) return [];
        const link = new vscode.DocumentLink(rangeIn(document, mention.place), file);
        link.tooltip = `Open ${mention.kind === 'vagrant' ? 'the Vagrantfile' : 'the file'}`;
        return [link];
      }),
    );
    return token.isCancellationRequested ? [] : links.flat();
  }

  /** The files of the mention at a place: what it names, and the Vagrantfile beside a script. */
  async at(
    document: vscode.TextDocument,
    symbols: Symbols,
    offset: number,
    token: vscode.CancellationToken,
  ): Promise<vscode.Uri[]> {
    const mention = mentionsOf(symbols).find(
      ({ place }) => place.start <= offset && offset <= place.end,
    );
    if (mention === undefined || token.isCancellationRequested) return [];
    const find = finder(document);
    const file = await find(mention);
    if (
      file === undefined ||
      mention.kind === 'vagrant' ||
      !/\.(?:sh|bash|py|rb)$/.test(mention.path)
    )
      return file ? [file] : [];
    const beside = mention.path.split('/').slice(0, -1).join('/');
    const vagrantfile = /vagrant/i.test(mention.path)
      ? await find({ ...mention, kind: 'vagrant', path: beside })
      : undefined;
    return vagrantfile ? [file, vagrantfile] : [file];
  }
}

/** Looks for files from the root of the folder, then from the file's own folder, each path once. */
function finder(
  document: vscode.TextDocument,
): (mention: Mention) => Promise<vscode.Uri | undefined> {
  const root = vscode.workspace.getWorkspaceFolder(document.uri)?.uri;
  const own = vscode.Uri.joinPath(document.uri, '..');
  const isRoot = root?.path.replace(/\/$/, '') === own.path;
  const bases = root === undefined || isRoot ? [own] : [root, own];
  const asked = new Map<string, Promise<vscode.Uri | undefined>>();
  const ask = (base: vscode.Uri, path: string): Promise<vscode.Uri | undefined> => {
    const uri = vscode.Uri.joinPath(base, path);
    const key = uri.toString();
    const answer = asked.get(key) ?? fileAt(uri);
    asked.set(key, answer);
    return answer;
  };
  return async ({ kind, path }) => {
    for (const base of bases) {
      const paths = kind === 'file' ? [path] : vagrantfilesFrom(path);
      for (const each of paths) {
        const found = await ask(base, each);
        if (found) return found;
      }
    }
    return undefined;
  };
}

/** Vagrant looks in the folder and then in those around it. */
function vagrantfilesFrom(folder: string): string[] {
  const paths: string[] = [];
  for (
    let at: string | undefined = folder;
    at !== undefined;
    at = at === '' ? undefined : join(at, '..')
  )
    paths.push(at === '' ? 'Vagrantfile' : `${at}/Vagrantfile`);
  return paths;
}

async function fileAt(uri: vscode.Uri): Promise<vscode.Uri | undefined> {
  const found = await vscode.workspace.fs.stat(uri).then(
    ({ type }) => (type & vscode.FileType.File) !== 0,
    // There is none.
    () => false,
  );
  return found ? uri : undefined;
}
