import * as vscode from 'vscode';
import { parseRunUrl } from '../../jenkins/url';
import { chooseJob } from './chooseJob';
import { connectDialogue, type Known } from './connectDialogue';
import type { Credentials } from '../reproductions/credentials';
import { withProgress } from '../frame/progress';
import { remoteUrls } from '../runs/repositories';
import { serverOf, type RunsNode } from '../runs/runsNodes';
import type { Servers } from './servers';
import { addJob, readJobs, type Server } from '../frame/settings';

/** What asks the person about servers and their jobs: a bundle of its own, `dist/servers.js`. */
export interface ServerDialogues {
  connect(node?: RunsNode): Promise<void>;
  chooseJob(node?: RunsNode): Promise<void>;
  signOut(node?: RunsNode): Promise<void>;
}

export function serverDialogues(servers: Servers, credentials: Credentials): ServerDialogues {
  async function connectTo(known: Known): Promise<Server | undefined> {
    const connection = await connectDialogue(known);
    if (!connection) return undefined;
    await servers.add(connection.server, connection.secrets);
    return connection.server;
  }

  async function choose(server: Server): Promise<void> {
    const [folder] = await chooseFolder();
    // A clone mostly has its repository's name, also where git may not be asked.
    const names = folder
      ? [
          ...(await withProgress('Looking at the repository', (signal) =>
            remoteUrls(folder, signal),
          )),
          folder.name,
        ]
      : [];
    const leaving = new AbortController();
    try {
      const client = await servers.client(server);
      const url = await chooseJob(client, server.name, names, leaving.signal);
      if (url !== undefined) await addJob(url, folder);
    } finally {
      leaving.abort();
    }
  }

  return {
    async connect(node) {
      const known = knownOf(node);
      const { passphrase } = known.url === undefined ? {} : await servers.secrets(known.url);
      const server = await connectTo({ ...known, passphrase });
      const chosen = readJobs().some(({ url }) => server && url.startsWith(server.url));
      if (server && !chosen) await choose(server);
    },
    async chooseJob(node) {
      const server =
        node?.kind === 'server' ? node.server : await pickServer(servers, 'Choose a job of');
      const connected = server ?? (servers.list().length === 0 ? await connectTo({}) : undefined);
      if (connected) await choose(connected);
    },
    async signOut(node) {
      const server =
        node?.kind === 'server' ? node.server : await pickServer(servers, 'Sign out of');
      if (!server) return;
      await credentials.forget(server.url);
      await servers.remove(server);
    },
  };
}

/** What is known of the server to connect to: the node's, or the one that the workspace's jobs name. */
function knownOf(node: RunsNode | undefined): Known {
  if (node?.kind === 'stranger') return { url: node.url };
  const server = node && serverOf(node);
  if (server) return server;
  const [job] = readJobs();
  const url = job && parseRunUrl(job.url)?.server;
  return url === undefined ? {} : { url };
}

async function pickServer(servers: Servers, what: string): Promise<Server | undefined> {
  const all = servers.list();
  if (all.length <= 1) return all[0];
  const choice = await vscode.window.showQuickPick(
    all.map((server) => ({ label: server.name, description: server.url, server })),
    { placeHolder: `${what} which server?` },
  );
  return choice?.server;
}

/** The folder whose settings get the job: the only one, or the one that the person picks. */
async function chooseFolder(): Promise<vscode.WorkspaceFolder[]> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length <= 1) return [...folders];
  const picked = await vscode.window.showWorkspaceFolderPick({
    placeHolder: 'Which folder does the job build?',
  });
  if (!picked) throw new vscode.CancellationError();
  return [picked];
}
