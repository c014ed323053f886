import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { DiskCache } from '../../base/diskCache';
import { connect, type Client } from '../../jenkins/client';
import { openRunCache } from '../../jenkins/runCache';
import { readJobs, readServers, writeServers, type Server } from '../frame/settings';
import type { JobPlace } from '../runs/workspaceRuns';

/**
 * The servers that the person has connected to, and the way to ask them. Addresses and user names
 * are in the settings, tokens only in the secret storage.
 */
export class Servers implements vscode.Disposable {
  readonly #secrets: vscode.SecretStorage;
  readonly #clients = new Map<string, Promise<Client>>();
  readonly #caches = new Map<string, DiskCache>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('ciParity.servers')) this.#forget();
      }),
      // Also tells of what another window did.
      secrets.onDidChange(({ key }) => {
        if (key.startsWith(TOKEN)) this.#forget();
      }),
    );
  }

  list(): Server[] {
    return readServers();
  }

  /** The connected server that has the page at `url`. */
  of(url: string): Server | undefined {
    return this.list()
      .filter((server) => url.startsWith(server.url))
      .sort((a, b) => b.url.length - a.url.length)[0];
  }

  /** @throws UserError when no connected server has the page at `url`. */
  at(url: string): Server {
    const server = this.of(url);
    if (server) return server;
    throw new UserError(`You are not connected to the server of ${url}.`, {
      advice: 'Run: CI Parity: Connect to Jenkins…',
    });
  }

  client(server: Server): Promise<Client> {
    let client = this.#clients.get(server.url);
    if (!client) {
      client = this.#open(server);
      this.#clients.set(server.url, client);
    }
    return client;
  }

  /** What is kept on the disk of the server's jobs and runs. */
  cache({ url, user }: Server): DiskCache {
    const name = `${url} ${user ?? ''}`;
    const cache = this.#caches.get(name) ?? openRunCache(url, user);
    this.#caches.set(name, cache);
    return cache;
  }

  /** Adds a server, or replaces the one at the same address. */
  async add(server: Server, token: string | undefined): Promise<void> {
    const key = TOKEN + server.url;
    if (token === undefined) await this.#secrets.delete(key);
    else await this.#secrets.store(key, token);
    const before = this.list().find(({ url }) => url === server.url);
    const others = this.list().filter(({ url }) => url !== server.url);
    // What one user may see is nothing for another.
    if (before && before.user !== server.user) await this.#endCache(before);
    await writeServers([...others, server]);
    this.#forget();
  }

  /** Forgets the server, its token and what was kept of it. */
  async remove(server: Server): Promise<void> {
    await this.#secrets.delete(TOKEN + server.url);
    await writeServers(this.list().filter(({ url }) => url !== server.url));
    await this.#endCache(server);
    this.#forget();
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#close();
  }

  async #open(server: Server): Promise<Client> {
    const token = await this.#secrets.get(TOKEN + server.url);
    return connect({ base: server.url, user: server.user, token }, this.cache(server));
  }

  async #endCache(server: Server): Promise<void> {
    const cache = this.cache(server);
    this.#caches.delete(`${server.url} ${server.user ?? ''}`);
    await cache.end();
  }

  #forget(): void {
    this.#close();
    this.#changed.fire();
  }

  #close(): void {
    for (const client of this.#clients.values())
      void client.then(
        (open) => open[Symbol.dispose](),
        () => undefined,
      );
    this.#clients.clear();
  }
}

/** The workspace's jobs on connected servers; of one folder, its own and those that no folder names. */
export async function placesOf(
  servers: Servers,
  only?: vscode.WorkspaceFolder,
): Promise<JobPlace[]> {
  const jobs = readJobs().filter(({ folder }) => !only || !folder || folder === only);
  const places = jobs.map(async ({ url }) => {
    const server = servers.of(url);
    return server ? [{ server, client: await servers.client(server), url }] : [];
  });
  return (await Promise.all(places)).flat();
}

const TOKEN = 'token:';
