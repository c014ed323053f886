import * as vscode from 'vscode';
import { reproductionSettings } from '../frame/settings';
import type { LibraryStep } from './hoverText';

/** A step of a library whose clone is known. */
export interface KnownStep extends LibraryStep {
  readonly file: vscode.Uri;
}

/** Milliseconds for which a folder's listing is good enough. */
const FRESH = 10_000;

/** The steps in `vars/` of the clones that `ciParity.libraries` names. */
export class LibrarySteps {
  readonly #known = new Map<
    string,
    { readonly readAt: number; readonly steps: Promise<ReadonlyMap<string, KnownStep>> }
  >();

  of(document: vscode.TextDocument): Promise<ReadonlyMap<string, KnownStep>> {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    if (folder?.uri.scheme !== 'file') return Promise.resolve(new Map());
    const mapped = reproductionSettings(folder).libraries;
    const key = JSON.stringify(mapped);
    const known = this.#known.get(key);
    if (known && Date.now() - known.readAt < FRESH) return known.steps;
    const steps = readAll(mapped);
    this.#known.set(key, { readAt: Date.now(), steps });
    return steps;
  }
}

async function readAll(
  mapped: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, KnownStep>> {
  const all = await Promise.all(
    Object.entries(mapped).map(([library, path]) => readOne(library, path)),
  );
  return new Map(all.flat());
}

/** The steps of one clone; none of an address, or of a folder that is not there. */
async function readOne(library: string, path: string): Promise<[string, KnownStep][]> {
  if (!/^(?:\/|[A-Za-z]:[\\/])/.test(path)) return [];
  const vars = vscode.Uri.joinPath(vscode.Uri.file(path), 'vars');
  const entries = await vscode.workspace.fs.readDirectory(vars).then(
    (found) => found.map(([name]) => name),
    (): string[] => [],
  );
  const steps = entries.filter((name) => name.endsWith('.groovy'));
  return Promise.all(
    steps.map(async (file): Promise<[string, KnownStep]> => {
      const name = file.slice(0, -'.groovy'.length);
      const help = entries.includes(`${name}.txt`)
        ? await textOf(vscode.Uri.joinPath(vars, `${name}.txt`))
        : undefined;
      return [name, { library, documentation: help, file: vscode.Uri.joinPath(vars, file) }];
    }),
  );
}

async function textOf(file: vscode.Uri): Promise<string | undefined> {
  const bytes = await vscode.workspace.fs.readFile(file).then(
    (read) => read,
    () => undefined,
  );
  return bytes && new TextDecoder().decode(bytes.slice(0, 2000)).trim();
}
