import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { FilesOfSteps } from './filesOfSteps';
import type { LibrarySteps } from './librarySteps';
import {
  definitionsAt,
  occurrencesAt,
  rename,
  renamingAt,
  stagePlaceAt,
  stepAt,
} from './navigation';
import { rangeIn, type Readings } from './readings';

export function definitionProvider(
  readings: Readings,
  libraries: LibrarySteps,
  files: FilesOfSteps,
): vscode.DefinitionProvider {
  return {
    provideDefinition: async (document, position, token) => {
      const symbols = readings.of(document);
      const offset = document.offsetAt(position);
      const stage = stagePlaceAt(symbols, offset);
      if (stage) return [new vscode.Location(document.uri, rangeIn(document, stage))];
      const definitions = definitionsAt(symbols, offset);
      if (definitions.length > 0)
        return definitions.map(
          ({ place }) => new vscode.Location(document.uri, rangeIn(document, place)),
        );
      const start = new vscode.Position(0, 0);
      const found = await files.at(document, symbols, offset, token);
      if (found.length > 0) return found.map((file) => new vscode.Location(file, start));
      const step = stepAt(symbols, offset);
      const known = step === undefined ? undefined : (await libraries.of(document)).get(step);
      return known && [new vscode.Location(known.file, start)];
    },
  };
}

export function referenceProvider(readings: Readings): vscode.ReferenceProvider {
  return {
    provideReferences: (document, position, { includeDeclaration }) =>
      occurrencesAt(readings.of(document), document.offsetAt(position))
        .filter(({ definition, write }) => includeDeclaration || !(definition || write))
        .map(({ place }) => new vscode.Location(document.uri, rangeIn(document, place))),
  };
}

export function highlightProvider(readings: Readings): vscode.DocumentHighlightProvider {
  return {
    provideDocumentHighlights: (document, position) =>
      occurrencesAt(readings.of(document), document.offsetAt(position)).map(
        ({ place, write }) =>
          new vscode.DocumentHighlight(
            rangeIn(document, place),
            write ? vscode.DocumentHighlightKind.Write : vscode.DocumentHighlightKind.Read,
          ),
      ),
  };
}

export function renameProvider(readings: Readings): vscode.RenameProvider {
  return {
    prepareRename: (document, position) => {
      const renaming = renamingAt(readings.of(document), document.offsetAt(position));
      if (renaming.kind === 'no') throw new UserError(renaming.why);
      return { range: rangeIn(document, renaming.place), placeholder: renaming.name };
    },
    provideRenameEdits: (document, position, name) => {
      const renamed = rename(readings.of(document), document.offsetAt(position), name);
      if ('why' in renamed) throw new UserError(renamed.why);
      const edit = new vscode.WorkspaceEdit();
      // Scripts and Vagrantfiles read the environment, too, and are not changed with it.
      const confirm: vscode.WorkspaceEditEntryMetadata = {
        needsConfirmation: true,
        label: 'Rename an environment variable',
        description: 'Scripts and Vagrantfiles that read it are not changed.',
      };
      for (const { place, text } of renamed.edits) {
        const range = rangeIn(document, place);
        if (renamed.isEnvironment) edit.replace(document.uri, range, text, confirm);
        else edit.replace(document.uri, range, text);
      }
      return edit;
    },
  };
}
