import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { Commands } from '../frame/commands';
import { addJob } from '../frame/settings';
import type { ViewState } from '../frame/viewState';
import type { Servers } from '../servers/servers';
import { favouriteOf, type Favourites } from './favourites';
import type { RunsNode } from './runsNodes';
import type { RunStore } from './runStore';
import type { RunsView } from './runsView';

export interface JobCommandParts {
  readonly servers: Servers;
  readonly store: RunStore;
  readonly favourites: Favourites;
  readonly state: ViewState;
  readonly view: RunsView;
}

/** The commands about jobs: finding them, and which of them are at hand. */
export function jobCommands({
  servers,
  store,
  favourites,
  state,
  view,
}: JobCommandParts): Commands {
  async function show(url: string): Promise<void> {
    if (await view.revealJob(url)) return;
    await state.showEverything();
    if (await view.revealJob(url)) return;
    throw new UserError('That job is no longer there, or you may no longer see it.');
  }

  return {
    'ciParity.findJob': async () => {
      const { findJob } = await import('./findJob');
      const parts = { servers: servers.list(), store, favourites };
      const found = await findJob(parts, () => view.redraw());
      switch (found?.wish) {
        case 'show':
          return show(found.job.url);
        case 'build':
          return vscode.commands.executeCommand('ciParity.build', found.job);
        case 'browse':
          return vscode.commands.executeCommand('ciParity.openInBrowser', found.job);
        case undefined:
          return;
      }
    },

    'ciParity.addFavourite': async (node?: RunsNode) => {
      if (node?.kind !== 'job') return;
      await favourites.add(favouriteOf(node));
      view.redraw();
    },

    'ciParity.removeFavourite': async (node?: RunsNode) => {
      if (node?.kind !== 'job') return;
      await favourites.remove(node.url);
      view.redraw();
    },

    'ciParity.useJob': async (node?: RunsNode) => {
      if (node?.kind !== 'suggestion' || !node.job) return;
      await addJob(node.job.url, vscode.workspace.workspaceFolders?.[0]);
    },
  };
}
