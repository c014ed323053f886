import { setTimeout as wait } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { FailedTest } from '../../jenkins/run';
import {
  byLikeness,
  definedAt,
  filesOf,
  placesIn,
  shortName,
  type NamedPlace,
} from './namedPlaces';

/** Where something stands in a file of the workspace. */
export interface Source {
  readonly uri: vscode.Uri;
  /** Counted from 1. */
  readonly line: number;
}

/** A frame of a stack; without a file where that is none of the workspace's. */
export interface Frame {
  readonly place: NamedPlace;
  readonly uri: vscode.Uri | undefined;
}

/** Where a test stands in the workspace, where it failed, and the way there. */
export interface TestSources {
  readonly test: Source | undefined;
  readonly failure: Source | undefined;
  readonly frames: readonly Frame[];
}

/** Searches over the workspace's file names that one run's tests may cost. */
const MOST_SEARCHES = 100;
const MOST_FOUND = 20;
const MOST_READ = 10;
const LARGEST = 1 << 20;
/** Questions to language servers for one run's tests, and milliseconds that each may think. */
const MOST_SYMBOLS = 10;
const THINKING = 2000;

/**
 * Finds the sources of one run's failing tests in the workspace. CI's paths are of another machine,
 * so that files are known by how their paths end. What it may cost is bounded: of thousands of tests
 * only the first are found.
 */
export class Sources {
  readonly #signal: AbortSignal;
  readonly #found = new Map<string, Promise<readonly vscode.Uri[]>>();
  readonly #texts = new Map<string, Promise<string>>();
  #symbols = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async of(test: FailedTest): Promise<TestSources> {
    const words = [test.stack, test.details].filter((text) => text !== undefined).join('\n');
    const frames: Frame[] = [];
    for (const place of placesIn(words)) frames.push({ place, uri: await this.#file(place.file) });
    const failed = frames.find(({ uri }) => uri !== undefined);
    const failure = failed?.uri && { uri: failed.uri, line: failed.place.line };
    return { test: (await this.#definition(test, frames)) ?? failure, failure, frames };
  }

  /** Its file says where it is defined: that which its group names, else one that its stack goes through. */
  async #definition(test: FailedTest, frames: readonly Frame[]): Promise<Source | undefined> {
    const files = [
      ...(await this.#files(test.group)),
      ...frames.flatMap(({ uri }) => uri ?? []),
    ].slice(0, MOST_READ);
    for (const uri of files) {
      const line = definedAt(await this.#text(uri), test.name);
      if (line !== undefined) return { uri, line };
    }
    const [file] = files;
    return (await this.#symbol(test.name)) ?? (file && { uri: file, line: 1 });
  }

  async #files(group: string): Promise<vscode.Uri[]> {
    const found: vscode.Uri[] = [];
    for (const { glob, path } of filesOf(group))
      found.push(...byLikeness(await this.#search(glob), path));
    return found;
  }

  async #file(path: string): Promise<vscode.Uri | undefined> {
    const name = path.split('/').at(-1) ?? path;
    // A name is a glob, too, where these are in it.
    if (/[*?{}[\]]/.test(name)) return undefined;
    return byLikeness(await this.#search(`**/${name}`), path)[0];
  }

  #search(glob: string): Promise<readonly vscode.Uri[]> {
    let found = this.#found.get(glob);
    if (!found) {
      found = this.#found.size < MOST_SEARCHES ? findFiles(glob, this.#signal) : none();
      this.#found.set(glob, found);
    }
    return found;
  }

  #text(uri: vscode.Uri): Promise<string> {
    const key = uri.toString();
    const text = this.#texts.get(key) ?? textOf(uri);
    this.#texts.set(key, text);
    return text;
  }

  /** Asks the language servers that are running, if only its name is known. */
  async #symbol(name: string): Promise<Source | undefined> {
    const short = shortName(name);
    if (!/^\w{3,}$/.test(short) || ++this.#symbols > MOST_SYMBOLS || this.#signal.aborted)
      return undefined;
    const asked = vscode.commands.executeCommand<vscode.SymbolInformation[] | undefined>(
      'vscode.executeWorkspaceSymbolProvider',
      short,
    );
    const symbols = await Promise.race([asked, wait(THINKING, undefined, { ref: false })]);
    const found = symbols?.find(
      (symbol) =>
        symbol.name.replace(/\(.*/, '').split('.').at(-1) === short &&
        vscode.workspace.getWorkspaceFolder(symbol.location.uri) !== undefined,
    );
    return found && { uri: found.location.uri, line: found.location.range.start.line + 1 };
  }
}

/** Empty where it cannot be read, or is too large to be somebody's test. */
async function textOf(uri: vscode.Uri): Promise<string> {
  try {
    if ((await vscode.workspace.fs.stat(uri)).size > LARGEST) return '';
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return '';
  }
}

function none(): Promise<readonly vscode.Uri[]> {
  return Promise.resolve([]);
}

async function findFiles(glob: string, signal: AbortSignal): Promise<readonly vscode.Uri[]> {
  if (signal.aborted) return [];
  const source = new vscode.CancellationTokenSource();
  const cancel = (): void => source.cancel();
  signal.addEventListener('abort', cancel);
  try {
    return await vscode.workspace.findFiles(glob, '**/node_modules/**', MOST_FOUND, source.token);
  } finally {
    signal.removeEventListener('abort', cancel);
    source.dispose();
  }
}
