import * as vscode from 'vscode';
import { jenkinsfiles, onDidChangeJenkinsfiles } from '../jenkinsfiles';
import type { RunDetails } from '../runDetails';
import type { Servers } from '../servers';
import { StageHistory } from '../stageHistory';
import { StageLenses } from '../stageLenses';

/** What the language service takes from the extension, whose objects are the same in both bundles. */
export interface LanguageParts {
  readonly servers: Servers;
  readonly details: RunDetails;
  readonly output: vscode.LogOutputChannel;
}

export interface Language {
  /** What tests inside the extension host look at. */
  readonly lenses: StageLenses;
  /** Asks the servers again. */
  refresh(): void;
  dispose(): void;
}

/** Builds what is shown in Jenkinsfiles and Vagrantfiles. Waits for nothing, reads nothing. */
export function startLanguage({ servers, details, output }: LanguageParts): Language {
  const history = new StageHistory(servers, details, output);
  const lenses = new StageLenses(history);
  const subscriptions = vscode.Disposable.from(
    history,
    forJenkinsfiles((files) => vscode.languages.registerCodeLensProvider(files, lenses)),
  );
  return {
    lenses,
    refresh: () => history.refresh(),
    dispose: () => {
      subscriptions.dispose();
    },
  };
}

/** Registers for the files that are Jenkinsfiles now, and anew when the person's patterns change. */
function forJenkinsfiles(
  register: (files: vscode.DocumentSelector) => vscode.Disposable,
): vscode.Disposable {
  let registered = register(jenkinsfiles());
  const changes = onDidChangeJenkinsfiles(() => {
    registered.dispose();
    registered = register(jenkinsfiles());
  });
  return new vscode.Disposable(() => {
    changes.dispose();
    registered.dispose();
  });
}
