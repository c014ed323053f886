import * as vscode from 'vscode';
import { isJenkinsfile, onDidChangeJenkinsfiles } from './jenkinsfiles';
import type { Commands } from '../frame/commands';
import { Later } from '../frame/later';
import type { Language, LanguageParts } from '../language/main';
import type { VagrantAction } from '../vagrant/vagrantCommands';
import { isVagrantfile } from '../vagrant/vagrantfiles';
import type { MachineOf } from '../vagrant/vagrantLenses';

/**
 * What concerns Jenkinsfile and Vagrantfile documents is a bundle of its own, `dist/language.js`:
 * it is loaded when the first such document is there, and not for somebody who only looks at runs.
 */
export class Languages implements vscode.Disposable {
  readonly #parts: LanguageParts;
  readonly #language: Later<Language>;
  readonly #subscriptions: vscode.Disposable;

  constructor(parts: LanguageParts) {
    this.#parts = parts;
    this.#language = new Later(async () => (await import('../language/main')).startLanguage(parts));
    const look = (): void => {
      if (vscode.workspace.textDocuments.some(isOurs)) this.#loadQuietly();
    };
    this.#subscriptions = vscode.Disposable.from(
      vscode.workspace.onDidOpenTextDocument((document) => {
        if (isOurs(document)) this.#loadQuietly();
      }),
      onDidChangeJenkinsfiles(look),
    );
    look();
  }

  /** The language service, loaded if it is not yet. */
  load(): Promise<Language> {
    return this.#language.get();
  }

  /** The commands about documents; the first of them loads what carries it out. */
  commands(): Commands {
    const vagrant = (action: VagrantAction) => async (of?: MachineOf) =>
      (await this.load()).vagrant(action, of);
    return {
      'ciParity.vagrantUp': vagrant('up'),
      'ciParity.vagrantSsh': vagrant('ssh'),
      'ciParity.vagrantHalt': vagrant('halt'),
      'ciParity.vagrantDestroy': vagrant('destroy'),
      'ciParity.vagrantRefresh': async (file?: vscode.Uri) => {
        const wanted = file ?? vscode.window.activeTextEditor?.document.uri;
        if (wanted) (await this.load()).askVagrant(wanted);
      },
      'ciParity.compareLinter': async (file?: vscode.Uri) =>
        (await this.load()).linter.compare(file),
    };
  }

  /** Asks the servers again for what lenses and hovers tell. */
  refresh(): void {
    this.#language.ifWanted((language) => language.refresh());
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#language.dispose();
  }

  #loadQuietly(): void {
    this.load().catch((error: unknown) => this.#parts.output.error(String(error)));
  }
}

function isOurs(document: vscode.TextDocument): boolean {
  return isJenkinsfile(document) || isVagrantfile(document);
}
