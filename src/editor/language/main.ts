import * as vscode from 'vscode';
import { jenkinsfiles, onDidChangeJenkinsfiles } from '../jenkinsfiles';
import type { RunDetails } from '../runDetails';
import type { Servers } from '../servers';
import { StageHistory } from '../stageHistory';
import { StageLenses } from '../stageLenses';
import { completionProvider, TRIGGERS } from './completionProvider';
import { CredentialNames } from './credentialNames';
import { Diagnostics } from './diagnostics';
import { FilesOfSteps } from './filesOfSteps';
import { hoverProvider, signatureProvider } from './hoverProvider';
import { LibrarySteps } from './librarySteps';
import {
  definitionProvider,
  highlightProvider,
  referenceProvider,
  renameProvider,
} from './navigationProviders';
import { Readings } from './readings';
import { foldingProvider, outlineProvider } from './structureProviders';

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
  const readings = new Readings();
  const diagnostics = new Diagnostics(readings, history);
  const libraries = new LibrarySteps();
  const credentials = new CredentialNames();
  const filesOfSteps = new FilesOfSteps(readings);
  const subscriptions = vscode.Disposable.from(
    history,
    readings,
    diagnostics,
    forJenkinsfiles((files) => {
      const { languages } = vscode;
      return vscode.Disposable.from(
        languages.registerCodeLensProvider(files, lenses),
        languages.registerDocumentSymbolProvider(files, outlineProvider(readings), {
          label: 'CI Parity',
        }),
        languages.registerFoldingRangeProvider(files, foldingProvider(readings)),
        languages.registerHoverProvider(files, hoverProvider(readings, history, libraries)),
        languages.registerSignatureHelpProvider(files, signatureProvider(readings), '(', ','),
        languages.registerCompletionItemProvider(
          files,
          completionProvider(readings, libraries, credentials),
          ...TRIGGERS,
        ),
        languages.registerCodeActionsProvider(files, diagnostics, {
          providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
        }),
        languages.registerDefinitionProvider(
          files,
          definitionProvider(readings, libraries, filesOfSteps),
        ),
        languages.registerReferenceProvider(files, referenceProvider(readings)),
        languages.registerDocumentHighlightProvider(files, highlightProvider(readings)),
        languages.registerRenameProvider(files, renameProvider(readings)),
        languages.registerDocumentLinkProvider(files, filesOfSteps),
      );
    }),
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
