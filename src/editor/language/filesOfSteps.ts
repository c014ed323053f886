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

/** Looks for files from the root of the folder, each path once. */
function finder(
  document: vscode.TextDocument,
): (mention: Mention) => Promise<vscode.Uri | undefined> {
  const root = vscode.workspace.getWorkspaceFolder(document.uri)?.uri;
  const asked = new Map<string, Promise<vscode.Uri | undefined>>();
  const ask = (path: string): Promise<vscode.Uri | undefined> => {
    const known = asked.get(path);
    if (known) return known;
    const answer = root === undefined ? Promise.resolve(undefined) : fileAt(root, path);
    asked.set(path, answer);
    return answer;
  };
  return async ({ kind, path }) => {
    if (kind === 'file') return ask(path);
    // Vagrant looks in the folder and then in those around it.
    for (let folder: string | undefined = path; folder !== undefined;) {
      const found = await ask(folder === '' ? 'Vagrantfile' : `${folder}/Vagrantfile`);
      if (found) return found;
      folder = folder === '' ? undefined : join(folder, '..');
    }
    return undefined;
  };
}

async function fileAt(root: vscode.Uri, path: string): Promise<vscode.Uri | undefined> {
  const uri = vscode.Uri.joinPath(root, path);
  const found = await vscode.workspace.fs.stat(uri).then(
    ({ type }) => (type & vscode.FileType.File) !== 0,
    // There is none.
    () => false,
  );
  return found ? uri : undefined;
}
