import * as vscode from 'vscode';
import type { Reproduction } from '../../reproduce/store';
import type { Reproductions } from './reproductions';

/**
 * Tells of reproductions of this window's folders that ended, were interrupted, or wait for the
 * person, once each; of those only that did so since this was made.
 */
export function tellVerdicts(reproductions: Reproductions): vscode.Disposable {
  const since = Date.now();
  const told = new Set<string>();
  return reproductions.onDidChange(() => {
    for (const one of reproductions.all()) {
      const { state } = one.status;
      if (state === 'new' || state === 'running' || !isOurs(one)) continue;
      const key = `${one.files.id} ${state}`;
      if (told.has(key) || (one.endedAt ?? one.startedAt ?? 0) < since) continue;
      told.add(key);
      void tell(one);
    }
  });
}

async function tell(reproduction: Reproduction): Promise<void> {
  const { showNotice } = await import('./notice');
  await showNotice(reproduction);
}

function isOurs({ recipe }: Reproduction): boolean {
  const { directory } = recipe.repository;
  return (vscode.workspace.workspaceFolders ?? []).some(
    ({ uri }) => uri.fsPath === directory || uri.fsPath.startsWith(`${directory}/`),
  );
}
