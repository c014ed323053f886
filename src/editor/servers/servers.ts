import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { DiskCache } from '../../base/diskCache';
import { connect, type Client } from '../../jenkins/client';
import type { ConnectOptions } from '../../jenkins/http';
import { LARGE } from '../../jenkins/largeLogs';
import { openRunCache } from '../../jenkins/runCache';
import { proxySettings, readJobs, readServers, writeServers, type Server } from '../frame/settings';
import type { JobPlace } from '../runs/workspaceRuns';
import type { LogsElsewhere } from '../logs/elsewhere';
import { routeElsewhere, routeTo } from './route';
import { readTls } from './tlsFiles';

/** What is kept in the secret storage of a server. */
export interface ServerSecrets {
  /** An API token, or a password. */
  readonly token: string | undefined;
  /** Of the key of our own certificate. */
  readonly passphrase?: string | undefined;
}

/**
 * The servers that the person has connected to, and the way to ask them. Addresses and user names
 * are in the settings, tokens, passwords and passphrases only in the secret storage.
 */
export class Servers implements vscode.Disposable {
  /** The program that reads large logs. */
  readonly reader: string;
  readonly #secrets: vscode.SecretStorage;
  readonly #clients = new Map<string, Promise<Client>>();
  readonly #caches = new Map<string, DiskCache>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(secrets: vscode.SecretStorage, reader: string) {
    this.#secrets = secrets;
    this.reader = reader;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.onDidChangeConfiguration((event) => {
        // Proxies are VS Code's own settings.
        if (['ciParity.servers', 'http'].some((section) => event.affectsConfiguration(section)))
          this.#forget();
      }),
      // Also tells of what another window did.
      secrets.onDidChange(({ key }) => {
        if (KINDS.some((kind) => key.startsWith(kind))) this.#forget();
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
      // A file that cannot be read now may be there the next time.
      client.catch(() => this.#clients.delete(server.url));
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

  /** What is kept in the secret storage of the server at `url`. */
  async secrets(url: string): Promise<ServerSecrets> {
    const [token, passphrase] = await Promise.all(
      KINDS.map((kind) => this.#secrets.get(kind + url)),
    );
    return { token, passphrase };
  }

  /** Adds a server, or replaces the one at the same address. */
  async add(server: Server, { token, passphrase }: ServerSecrets): Promise<void> {
    await this.#keep(TOKEN + server.url, token);
    await this.#keep(PASSPHRASE + server.url, passphrase);
    const before = this.list().find(({ url }) => url === server.url);
    const others = this.list().filter(({ url }) => url !== server.url);
    // What one user may see is nothing for another.
    if (before && before.user !== server.user) await this.#endCache(before);
    await writeServers([...others, server]);
    this.#forget();
  }

  /** Forgets the server, its secrets, the certificate that was trusted, and what was kept of it. */
  async remove(server: Server): Promise<void> {
    for (const kind of KINDS) await this.#secrets.delete(kind + server.url);
    await writeServers(this.list().filter(({ url }) => url !== server.url));
    await this.#endCache(server);
    this.#forget();
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#close();
  }

  /** Reads the server's large logs, and leaves our own process alone. */
  async elsewhere(server: Server): Promise<LogsElsewhere> {
    const { readElsewhere } = await import('../logs/elsewhere');
    const options = await this.#options(server);
    const route = routeElsewhere(server.url, proxySettings(), process.env);
    return readElsewhere(this.reader, { ...options, route });
  }

  async #open(server: Server): Promise<Client> {
    const large = { bound: LARGE, elsewhere: () => this.elsewhere(server) };
    return connect(await this.#options(server), this.cache(server), large);
  }

  async #options(server: Server): Promise<ConnectOptions> {
    const { token, passphrase } = await this.secrets(server.url);
    const tls = await readTls(server.tls ?? {}, passphrase);
    const route = routeTo(server.url, proxySettings(), process.env);
    return { base: server.url, user: server.user, token, tls, route };
  }

  async #keep(key: string, secret: string | undefined): Promise<void> {
    if (secret === undefined) await this.#secrets.delete(key);
    else await this.#secrets.store(key, secret);
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
const PASSPHRASE = 'passphrase:';
const KINDS = [TOKEN, PASSPHRASE] as const;
