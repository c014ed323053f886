import type * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { Client } from '../../jenkins/client';
import { isJenkinsError } from '../../jenkins/jenkinsError';
import { guarded } from '../frame/boundary';
import { withProgress } from '../frame/progress';
import type { Server } from '../frame/settings';
import { plain } from '../look/plain';
import type { RunStore } from '../runs/runStore';
import type { Servers } from '../servers/servers';

/** What doing something on a server takes from the extension, whose objects are the same in both bundles. */
export interface DoingParts {
  readonly servers: Servers;
  readonly store: RunStore;
  readonly output: vscode.LogOutputChannel;
}

/** A server on which something is to be done. */
export interface Place {
  readonly server: Server;
  readonly client: Client;
  readonly store: RunStore;
  /** Does it, with a notification that says so; a part of the notification may be reported. */
  readonly doing: <T>(title: string, work: Work<T>) => Promise<T>;
  /** Does what a button of a notification promises, when it is pressed; what goes wrong is told. */
  readonly later: (work: () => Promise<void>) => void;
}

type Work<T> = (signal: AbortSignal, report: (message: string) => void) => Promise<T>;

/** The way to do something on a server, unless it is known to let nobody who has not signed in. */
export type Open = (server: Server) => Promise<Place>;

/** Dispose it to forget who refused. */
export function opener(parts: DoingParts): { readonly open: Open; dispose(): void } {
  const { servers, store, output } = parts;
  // Addresses of servers that have refused us as somebody who has not signed in.
  const refusing = new Set<string>();
  const forgetting = servers.onDidChange(() => refusing.clear());
  return {
    open: async (server) => {
      if (refusing.has(server.url))
        throw new UserError(`${server.name} lets nobody do this who has not signed in.`, {
          advice: 'Run: CI Parity: Connect to Jenkins…, and give your user name and an API token.',
        });
      return {
        server,
        store,
        client: await servers.client(server),
        async doing<T>(title: string, work: Work<T>): Promise<T> {
          try {
            return await withProgress(plain(title), work);
          } catch (error) {
            if (server.user === undefined && isJenkinsError(error, 'sign-in'))
              refusing.add(server.url);
            throw error;
          }
        },
        later: (work) => void guarded(output, work)(),
      };
    },
    dispose() {
      forgetting.dispose();
    },
  };
}
