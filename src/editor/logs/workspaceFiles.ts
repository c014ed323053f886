import * as vscode from 'vscode';
import { meant, syncedFolders, VAGRANT, wantedFor, type Root } from './guestPaths';

/** A file of the workspace, relative to its folder. */
interface Known {
  readonly uri: vscode.Uri;
  readonly relative: string;
}

/** Others' files. */
const ELSEWHERE = '**/{node_modules,.git}/**';
/** Names that are asked for at once. */
const AT_ONCE = 100;
/** Files of all these names together, and names that are remembered. */
const MOST_FILES = 2000;
const MOST_NAMES = 5000;
const MOST_VAGRANTFILES = 10;
const LONGEST_VAGRANTFILE = 1 << 20;
/** Milliseconds after which is looked again: files come and go. */
const FRESH = 60_000;

/** Finds the files of the workspace that paths of other machines mean. */
export class WorkspaceFiles {
  readonly #byName = new Map<string, readonly Known[]>();
  #roots: Promise<Root[]> | undefined;
  #since = 0;

  /** The files that each path may mean; those that mean none are left out. `roots` are the log's own. */
  async find(
    paths: ReadonlySet<string>,
    roots: readonly Root[],
  ): Promise<Map<string, readonly vscode.Uri[]>> {
    if (Date.now() - this.#since > FRESH || this.#byName.size > MOST_NAMES) {
      this.#byName.clear();
      this.#roots = undefined;
      this.#since = Date.now();
    }
    this.#roots ??= rootsOfVagrantfiles();
    const all = [...roots, ...(await this.#roots), ...VAGRANT];
    const wanted = [...paths].map((path) => ({ path, ends: wantedFor(path, all) }));
    await this.#look(wanted.flatMap(({ path, ends }) => (ends.length > 0 ? [nameOf(path)] : [])));
    const found = new Map<string, readonly vscode.Uri[]>();
    for (const { path, ends } of wanted) {
      const files = this.#byName.get(nameOf(path)) ?? [];
      const relatives = new Set(
        meant(
          ends,
          files.map(({ relative }) => relative),
        ),
      );
      const uris = files.filter(({ relative }) => relatives.has(relative)).map(({ uri }) => uri);
      if (uris.length > 0) found.set(path, uris);
    }
    return found;
  }

  /** Many names in one look, since each goes through all of the workspace. */
  async #look(names: readonly string[]): Promise<void> {
    const missing = [...new Set(names)].filter(
      (name) => !this.#byName.has(name) && GLOBBABLE.test(name),
    );
    for (let at = 0; at < missing.length; at += AT_ONCE) {
      const some = missing.slice(at, at + AT_ONCE);
      const glob = some.length === 1 ? `**/${some[0]}` : `**/{${some.join(',')}}`;
      const uris = await vscode.workspace.findFiles(glob, ELSEWHERE, MOST_FILES);
      const known = uris.map((uri): Known => {
        return { uri, relative: vscode.workspace.asRelativePath(uri, false) };
      });
      for (const name of some)
        this.#byName.set(
          name,
          known.filter(({ uri }) => nameOf(uri.path) === name),
        );
    }
  }
}

const GLOBBABLE = /^[\w@+.~ -]+$/;

function nameOf(path: string): string {
  return path.slice(path.replaceAll('\\', '/').lastIndexOf('/') + 1);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

async function rootsOfVagrantfiles(): Promise<Root[]> {
  const files = await vscode.workspace.findFiles('**/Vagrantfile', ELSEWHERE, MOST_VAGRANTFILES);
  const roots = files.map(async (file) => {
    const { size } = await vscode.workspace.fs.stat(file);
    if (size > LONGEST_VAGRANTFILE) return [];
    const text = Buffer.from(await vscode.workspace.fs.readFile(file)).toString('utf8');
    const folder = folderOf(vscode.workspace.asRelativePath(file, false));
    return syncedFolders(text).map(({ guest, host }) => {
      return { guest, host: [folder, host].filter((part) => part !== '').join('/') };
    });
  });
  const read = await Promise.allSettled(roots);
  return read.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
}
