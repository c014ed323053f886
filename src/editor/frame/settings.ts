import * as vscode from 'vscode';
import type { Keep } from '../../recipe/recipe';
import { baseUrl, parseUrl } from '../../jenkins/url';
import { resolveMapping } from '../../recipe/libraryMapping';
import type { ProxySettings } from '../servers/route';
import { serverName } from '../servers/serverAddress';

/** A Jenkins server that the person has connected to. */
export interface Server {
  /** Ends with `/`. */
  readonly url: string;
  readonly name: string;
  /** Undefined where it is asked anonymously. */
  readonly user: string | undefined;
  /** How it is trusted, and how it knows us, where it speaks TLS. */
  readonly tls?: ServerTls | undefined;
}

/** Files are named by absolute paths, or by `~/…`. */
export interface ServerTls {
  /** The certificates of the only authorities to believe, as PEM. */
  readonly ca?: string | undefined;
  /** Our own certificate: PEM, perhaps with its key, or PKCS#12 (`.p12`, `.pfx`). */
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  /** The SHA-256 fingerprint of the only certificate to trust. */
  readonly trustedCertificate?: string | undefined;
}

/** A job that builds a folder of the workspace; `folder` is undefined where only the user's settings name it. */
export interface ChosenJob {
  /** Ends with `/`. */
  readonly url: string;
  readonly folder: vscode.WorkspaceFolder | undefined;
}

/** How to carry out reproductions of a folder. */
export interface ReproductionSettings {
  readonly keep: Keep;
  readonly withChanges: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** Shared libraries by name: the folder of a clone, or an address that git can fetch. */
  readonly libraries: Readonly<Record<string, string>>;
  /** In seconds. */
  readonly timeout: number | undefined;
}

/** The servers of the person's own settings: a workspace can not make us ask another. */
export function readServers(): Server[] {
  return records(configuration().get('servers')).flatMap(({ url, name, user, ...more }) => {
    const address = webAddress(url);
    if (address === undefined) return [];
    const tls = Object.fromEntries(
      TLS.flatMap((key) => (word(more[key]) === undefined ? [] : [[key, word(more[key])]])),
    ) as ServerTls;
    return [{ url: address, name: word(name) ?? serverName(address), user: word(user), tls }];
  });
}

export async function writeServers(servers: readonly Server[]): Promise<void> {
  const plainest = servers.map(({ url, name, user, tls = {} }) => ({
    url,
    ...(user === undefined ? {} : { user }),
    ...(name === serverName(url) ? {} : { name }),
    ...Object.fromEntries(TLS.flatMap((key) => (tls[key] === undefined ? [] : [[key, tls[key]]]))),
  }));
  await configuration().update('servers', plainest, vscode.ConfigurationTarget.Global);
}

const TLS = ['ca', 'clientCertificate', 'clientKey', 'trustedCertificate'] as const;

/** What VS Code itself is told of proxies. */
export function proxySettings(): ProxySettings {
  const settings = vscode.workspace.getConfiguration('http');
  return {
    proxy: word(settings.get('proxy')) ?? '',
    noProxy: list(settings.get('noProxy')).flatMap((host) => word(host) ?? []),
    authorization: word(settings.get('proxyAuthorization')),
    support: word(settings.get('proxySupport')) ?? 'override',
    strict: settings.get('proxyStrictSSL') !== false,
  };
}

export function readJobs(): ChosenJob[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const chosen = new Map<string, ChosenJob>();
  for (const folder of folders.length > 0 ? folders : [undefined])
    for (const typed of list(configuration(folder).get('jobs'))) {
      const url = webAddress(typed);
      if (url !== undefined && !chosen.has(url)) chosen.set(url, { url, folder });
    }
  return [...chosen.values()];
}

/** Adds a job to a folder's settings, or to the person's own where there is no folder. */
export async function addJob(
  url: string,
  folder: vscode.WorkspaceFolder | undefined,
): Promise<void> {
  const before = list(configuration(folder).get('jobs'));
  if (before.some((typed) => webAddress(typed) === url)) return;
  const target = folder
    ? vscode.ConfigurationTarget.WorkspaceFolder
    : vscode.ConfigurationTarget.Global;
  await configuration(folder).update('jobs', [...before, url], target);
}

/** In milliseconds. */
export function refreshInterval(): number {
  return Math.max(2, configuration().get<number>('refreshSeconds', 10)) * 1000;
}

/** Whether to hear of what happens from servers that push it. */
export function listensToServers(): boolean {
  return configuration().get<boolean>('listenToServers', true);
}

/** When to tell of the branch that is checked out; see package.json. */
export type Notify = 'off' | 'turns' | 'failures';

export function notifyWhen(): Notify {
  return configuration().get<Notify>('notify', 'turns');
}

/** What becomes of a window's borrowed machines when it closes; see package.json. */
export function onMachinesClose(): 'keep' | 'return' | 'ask' {
  return configuration().get<'keep' | 'return' | 'ask'>('machines.onClose', 'ask');
}

export function showsBranchStatus(): boolean {
  return configuration().get<boolean>('branchStatus', true);
}

export function reproductionSettings(folder: vscode.WorkspaceFolder): ReproductionSettings {
  const settings = configuration(folder);
  const minutes = settings.get<number>('timeoutMinutes', 0);
  return {
    keep: settings.get<Keep>('keep', 'never'),
    withChanges: settings.get<boolean>('withChanges', false),
    environment: settings.get<Record<string, string>>('environment', {}),
    libraries: resolveMapping(texts(settings.get('libraries')), folder.uri.fsPath),
    timeout: minutes > 0 ? minutes * 60 : undefined,
  };
}

function configuration(folder?: vscode.WorkspaceFolder): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('ciParity', folder?.uri ?? null);
}

/** Settings are typed by hand: what does not have the shape that was asked for is passed over. */
function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): Record<string, string> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.flatMap(([name, item]) => {
      const text = word(item);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

function records(value: unknown): Record<string, unknown>[] {
  return list(value).filter(
    (item): item is Record<string, unknown> => typeof item === 'object' && item !== null,
  );
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function webAddress(value: unknown): string | undefined {
  const url = parseUrl(word(value) ?? '');
  return url && ['http:', 'https:'].includes(url.protocol) ? baseUrl(url.href) : undefined;
}
