import * as vscode from 'vscode';

/** Which documents are Vagrantfiles: by their names. VS Code's own `ruby` has the language. */
export const VAGRANTFILES: readonly vscode.DocumentFilter[] = [
  { pattern: '**/Vagrantfile' },
  { pattern: '**/Vagrantfile.*' },
  { pattern: '**/*.vagrantfile' },
];

/** A glob for `findFiles` that finds the same. */
export const VAGRANTFILE_GLOB = '**/{Vagrantfile,Vagrantfile.*,*.vagrantfile}';

export function isVagrantfile(document: vscode.TextDocument): boolean {
  return vscode.languages.match(VAGRANTFILES, document) > 0;
}
