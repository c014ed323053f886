import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { childEnvironment } from '../../base/childEnvironment';
import { machinesOf } from '../../machines/vagrant';
import { vagrantStatus, type VagrantAnswer } from '../../machines/vagrantStatus';

/** What is known of the machines of a Vagrantfile. */
export type VagrantState =
  | { readonly kind: 'unknown' }
  /** Vagrant has never worked in the folder: all that there could be is not created. */
  | { readonly kind: 'untouched' }
  | { readonly kind: 'asking'; readonly before: VagrantAnswer | undefined }
  | { readonly kind: 'answered'; readonly answer: VagrantAnswer; readonly at: number }
  /** There is no program `vagrant`. */
  | { readonly kind: 'absent' };

interface Entry {
  state: VagrantState;
  readonly stop: AbortController;
  /** Something has happened while Vagrant was being asked. */
  again: boolean;
  /** Which machines Vagrant had noted when it was asked. */
  readonly notes: string;
}

/** Milliseconds for which an answer is good enough for a file that comes into sight again. */
const FRESH = 60_000;
/** Milliseconds between two looks at Vagrant's notes while a Vagrantfile is in sight. */
const LOOK = 2000;

/**
 * Asks Vagrant for the states of the machines of the Vagrantfiles in sight: one question at a time
 * for each, in trusted workspaces only, and not after its file is closed. Asked, Vagrant makes its
 * folder `.vagrant`: where there is none yet, it is only asked when the person wants that.
 */
export class VagrantStates implements vscode.Disposable {
  readonly #entries = new Map<string, Entry>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  readonly #looking: NodeJS.Timeout;
  readonly onDidChange = this.#changed.event;

  /** `isOurs` says of which documents machines may be asked. */
  constructor(isOurs: (document: vscode.TextDocument) => boolean) {
    const inSight = (): void => {
      for (const { document } of vscode.window.visibleTextEditors)
        if (isOurs(document)) this.#askIfOld(document.uri);
    };
    // Reading its few notes is cheap, and VS Code's watcher misses folders that are made at once.
    this.#looking = setInterval(() => {
      for (const { document } of vscode.window.visibleTextEditors) this.#look(document.uri);
    }, LOOK);
    this.#looking.unref();
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.window.onDidChangeVisibleTextEditors(inSight),
      vscode.workspace.onDidGrantWorkspaceTrust(inSight),
      vscode.workspace.onDidSaveTextDocument((document) => {
        if (isOurs(document) && this.of(document.uri).kind === 'answered') this.ask(document.uri);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
    );
    inSight();
  }

  of(file: vscode.Uri): VagrantState {
    return this.#entries.get(keyOf(file))?.state ?? { kind: 'unknown' };
  }

  /** Asks now, or again as soon as the question that is open has been answered. */
  ask(file: vscode.Uri): void {
    if (!vscode.workspace.isTrusted || file.scheme !== 'file') return;
    const known = this.#entries.get(keyOf(file));
    if (known?.state.kind === 'asking') {
      known.again = true;
      return;
    }
    const before = known?.state.kind === 'answered' ? known.state.answer : undefined;
    const entry: Entry = {
      state: { kind: 'asking', before },
      stop: new AbortController(),
      again: false,
      notes: notesOf(file),
    };
    this.#entries.set(keyOf(file), entry);
    this.#changed.fire();
    void askVagrant(file.fsPath, entry.stop.signal).then((state) => {
      if (this.#entries.get(keyOf(file)) !== entry) return;
      entry.state = state;
      if (entry.again) this.ask(file);
      else this.#changed.fire();
    });
  }

  dispose(): void {
    clearInterval(this.#looking);
    for (const { stop } of this.#entries.values()) stop.abort();
    this.#entries.clear();
    this.#subscriptions.dispose();
  }

  #askIfOld(file: vscode.Uri): void {
    if (!vscode.workspace.isTrusted || file.scheme !== 'file') return;
    const state = this.of(file);
    if (state.kind === 'unknown' && !existsSync(join(dirname(file.fsPath), '.vagrant'))) {
      const stop = new AbortController();
      const notes = notesOf(file);
      this.#entries.set(keyOf(file), { state: { kind: 'untouched' }, stop, again: false, notes });
      this.#changed.fire();
      return;
    }
    const old = state.kind === 'answered' && Date.now() - state.at > FRESH;
    if (state.kind === 'unknown' || old) this.ask(file);
  }

  /** Asks again when Vagrant has made or destroyed a machine meanwhile, in whatever terminal. */
  #look(file: vscode.Uri): void {
    const known = this.#entries.get(keyOf(file));
    if (known && known.state.kind !== 'asking' && known.notes !== notesOf(file)) this.ask(file);
  }

  #forget(uri: vscode.Uri): void {
    this.#entries.get(keyOf(uri))?.stop.abort();
    this.#entries.delete(keyOf(uri));
  }
}

/** How Vagrant is told which Vagrantfile is meant: by its folder, and its name where that is another. */
export function vagrantPlace(file: string): { cwd: string; env: Record<string, string> } {
  const name = basename(file);
  return { cwd: dirname(file), env: name === 'Vagrantfile' ? {} : { VAGRANT_VAGRANTFILE: name } };
}

/** The machines that Vagrant has noted for a Vagrantfile, as a text to compare. */
function notesOf(file: vscode.Uri): string {
  const machines = machinesOf(dirname(file.fsPath)).map((each) => `${each.name} ${each.provider}`);
  return machines.sort().join('\n');
}

function keyOf(file: vscode.Uri): string {
  return file.toString();
}

/** Never rejects. A Vagrant that is aborted dies at once, and has changed nothing by being asked. */
function askVagrant(file: string, signal: AbortSignal): Promise<VagrantState> {
  const { cwd, env } = vagrantPlace(file);
  const { command, args, limit } = vagrantStatus;
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      {
        cwd,
        signal,
        timeout: limit,
        maxBuffer: 4 << 20,
        env: { ...childEnvironment(), VAGRANT_CHECKPOINT_DISABLE: '1', ...env },
      },
      (error, stdout, stderr) => {
        const at = Date.now();
        if (error?.code === 'ENOENT') resolve({ kind: 'absent' });
        else if (error?.killed === true) resolve({ kind: 'answered', answer: SILENT, at });
        else {
          // What Vagrant cannot start with is told in plain words, on either stream.
          const answer = vagrantStatus.parse(`${stdout}\n${error ? stderr : ''}`);
          resolve({ kind: 'answered', answer, at });
        }
      },
    );
  });
}

const SILENT: VagrantAnswer = {
  kind: 'trouble',
  message: 'Vagrant did not answer in time.',
  advice: 'Run `vagrant status` in a terminal to see what it waits for.',
};
