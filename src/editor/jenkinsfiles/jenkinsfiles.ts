import * as vscode from 'vscode';

/**
 * Which documents are Jenkinsfiles: by their names, and by the person's own patterns. VS Code's own
 * `groovy` has the language; ours is found by the file.
 */
export function jenkinsfiles(): vscode.DocumentFilter[] {
  return [...BY_NAME, ...bySetting()];
}

export function isJenkinsfile(document: vscode.TextDocument): boolean {
  return vscode.languages.match(jenkinsfiles(), document) > 0;
}

/** Calls `listener` when the person's patterns may have changed. */
export function onDidChangeJenkinsfiles(listener: () => void): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('ciParity.jenkinsfiles')) listener();
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(listener),
  );
}

/** A glob for `findFiles` that finds the files that are Jenkinsfiles by their names. */
export const JENKINSFILE_GLOB = '**/{Jenkinsfile*,*.jenkinsfile,*.Jenkinsfile}';

const BY_NAME: readonly vscode.DocumentFilter[] = [
  { pattern: '**/Jenkinsfile*' },
  { pattern: '**/*.{J,j}enkinsfile' },
];

/** Patterns are relative to their folder, as those of `files.exclude` are. */
function bySetting(): vscode.DocumentFilter[] {
  return (vscode.workspace.workspaceFolders ?? []).flatMap((folder) => {
    const globs: unknown = vscode.workspace
      .getConfiguration('ciParity', folder.uri)
      .get('jenkinsfiles');
    return (Array.isArray(globs) ? globs : [])
      .filter((glob): glob is string => typeof glob === 'string' && glob.trim() !== '')
      .map((glob) => ({ pattern: new vscode.RelativePattern(folder, glob.trim()) }));
  });
}
