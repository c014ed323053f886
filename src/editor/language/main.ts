import * as vscode from 'vscode';
import { validate } from '../../pipeline/validate';
import type { Credentials } from '../reproductions/credentials';
import { jenkinsfiles, onDidChangeJenkinsfiles } from '../jenkinsfiles/jenkinsfiles';
import { Linter } from '../jenkinsfiles/linter';
import type { RunDetails } from '../runs/runDetails';
import type { RunStore } from '../runs/runStore';
import type { Servers } from '../servers/servers';
import { StageHistory } from '../jenkinsfiles/stageHistory';
import { StageLenses } from '../jenkinsfiles/stageLenses';
import { isOfReproduction, runVagrant, type VagrantAction } from '../vagrant/vagrantCommands';
import { isVagrantfile, VAGRANTFILES } from '../vagrant/vagrantfiles';
import { VagrantLenses, type MachineOf } from '../vagrant/vagrantLenses';
import { VagrantStates } from '../vagrant/vagrantStates';
import { completionProvider, TRIGGERS } from './completionProvider';
import { credentialNames } from './credentialNames';
import { Diagnostics } from './diagnostics';
import { EnvironmentLinks, SCRIPTS } from './environmentLinks';
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
import { WorkspaceSources } from './workspaceSources';
import { workspaceSymbolProvider } from './workspaceSymbols';

/** What the language service takes from the extension, whose objects are the same in both bundles. */
export interface LanguageParts {
  readonly credentials: Credentials;
  readonly servers: Servers;
  readonly store: RunStore;
  readonly details: RunDetails;
  readonly output: vscode.LogOutputChannel;
  /** Whether a machine can be borrowed. */
  readonly lends: () => boolean;
}

export interface Language {
  /** What tests inside the extension host look at. */
  readonly lenses: StageLenses;
  readonly vagrantLenses: VagrantLenses;
  readonly linter: Linter;
  /** Runs Vagrant for a machine; without one the person is asked. */
  vagrant(action: VagrantAction, of: MachineOf | undefined): Promise<void>;
  /** Asks Vagrant for the states of a Vagrantfile's machines. */
  askVagrant(file: vscode.Uri): void;
  /** Asks the servers again. */
  refresh(): void;
  dispose(): void;
}

/** Builds what is shown in Jenkinsfiles and Vagrantfiles. Waits for nothing, reads nothing. */
export function startLanguage(parts: LanguageParts): Language {
  const { servers, store, details, output, credentials: secrets } = parts;
  const history = new StageHistory(servers, store, details, output);
  const readings = new Readings();
  const pipelineOf = (document: vscode.TextDocument) => readings.pipeline(document);
  const lenses = new StageLenses(history, pipelineOf, parts.lends);
  const sources = new WorkspaceSources(readings);
  const environment = new EnvironmentLinks(readings, sources, output);
  const states = new VagrantStates((document) => {
    return isVagrantfile(document) && !isOfReproduction(document.uri);
  });
  const vagrantLenses = new VagrantLenses(states);
  const linter = new Linter(servers, (document) => {
    const { pipeline } = readings.of(document);
    return [...pipeline.problems, ...validate(pipeline)];
  });
  const diagnostics = new Diagnostics(readings, history);
  const libraries = new LibrarySteps();
  const credentials = credentialNames(sources, () => secrets.ids());
  const filesOfSteps = new FilesOfSteps(readings);
  const subscriptions = vscode.Disposable.from(
    history,
    readings,
    diagnostics,
    sources,
    environment,
    linter,
    states,
    vscode.languages.registerWorkspaceSymbolProvider(workspaceSymbolProvider(sources)),
    vscode.languages.registerCodeLensProvider(VAGRANTFILES, vagrantLenses),
    forReaders(environment),
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
        languages.registerDefinitionProvider(files, environment.toReads),
        languages.registerReferenceProvider(files, referenceProvider(readings)),
        languages.registerReferenceProvider(files, environment.references),
        languages.registerDocumentHighlightProvider(files, highlightProvider(readings)),
        languages.registerRenameProvider(files, renameProvider(readings)),
        languages.registerDocumentLinkProvider(files, filesOfSteps),
      );
    }),
  );
  return {
    lenses,
    vagrantLenses,
    linter,
    vagrant: (action, of) => runVagrant(action, of, states),
    askVagrant: (file) => {
      if (!isOfReproduction(file)) states.ask(file);
    },
    refresh: () => history.refresh(),
    dispose: () => {
      subscriptions.dispose();
    },
  };
}

/** Registers for the files that read what Jenkinsfiles set. */
function forReaders(environment: EnvironmentLinks): vscode.Disposable {
  const { languages } = vscode;
  return vscode.Disposable.from(
    ...[VAGRANTFILES, SCRIPTS].flatMap((files) => [
      languages.registerDefinitionProvider(files, environment.toSetters),
      languages.registerHoverProvider(files, environment.hover),
    ]),
  );
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
