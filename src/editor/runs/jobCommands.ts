import * as vscode from 'vscode';
import type { Commands } from '../frame/commands';
import { addJob } from '../frame/settings';
import type { Favourites } from './favourites';
import type { RunsNode } from './runsNodes';

/** The commands about single jobs of the view "Runs"; `changed` is called when their part of it has changed. */
export function jobCommands(favourites: Favourites, changed: () => void): Commands {
  return {
    'ciParity.addFavourite': async (node?: RunsNode) => {
      if (node?.kind !== 'job') return;
      await favourites.add({ url: node.url, kind: node.jobKind });
      changed();
    },

    'ciParity.removeFavourite': async (node?: RunsNode) => {
      if (node?.kind !== 'job') return;
      await favourites.remove(node.url);
      changed();
    },

    'ciParity.useJob': async (node?: RunsNode) => {
      if (node?.kind !== 'suggestion' || !node.job) return;
      await addJob(node.job.url, vscode.workspace.workspaceFolders?.[0]);
    },
  };
}
