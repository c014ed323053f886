import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { connect, type Client } from '../../jenkins/client';
import { JenkinsError } from '../../jenkins/jenkinsError';
import type { Distrusted } from '../../jenkins/wire/certificates';
import type { Aside } from '../frame/ask';
import { proxySettings, type ServerTls } from '../frame/settings';
import { plain } from '../look/plain';
import { routeTo } from './route';
import { otherBases } from './serverAddress';
import { readTls } from './tlsFiles';

/** What is known so far of a server that is being connected to. Mending changes it. */
export interface Draft {
  url: string;
  user: string | undefined;
  token: string | undefined;
  passphrase: string | undefined;
  tls: ServerTls;
}

/**
 * Asks the server of a draft something. What stands in the way is shown, and mended in the draft if the
 * person agrees: another address, a certificate to trust, one of their own. Rejects with what is left.
 */
export async function tryOut<T>(
  draft: Draft,
  ask: (client: Client) => Promise<T>,
  aside: Aside,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      return await attempt(draft, ask);
    } catch (error) {
      if (!(error instanceof JenkinsError)) throw error;
      if (!(await aside(() => mended(draft, error, signal)))) throw error;
    }
  }
}

/** Not in the loops themselves: where `using` stands in one, esbuild throws an earlier round's error again. */
async function attempt<T>(
  { url, user, token, tls, passphrase }: Draft,
  ask: (client: Client) => Promise<T>,
): Promise<T> {
  using client = connect({
    base: url,
    user,
    token,
    tls: await readTls(tls, passphrase),
    route: routeTo(url, proxySettings(), process.env),
  });
  return await ask(client);
}

/** Whether something was changed, so that it may go better now. */
async function mended(draft: Draft, error: JenkinsError, signal: AbortSignal): Promise<boolean> {
  switch (error.kind) {
    case 'redirect':
      return moved(draft, error, error.elsewhere);
    case 'not-jenkins':
    case 'not-found':
      return moved(draft, error, await jenkinsNear(draft, signal));
    case 'tls':
      return error.distrusted
        ? trusted(draft, error, error.distrusted)
        : moved(draft, error, error.elsewhere);
    case 'certificate':
      return certified(draft, error);
    case 'passphrase':
      return unlocked(draft);
    case 'proxy':
      await showProxySettings(error);
      return false;
    default:
      return false;
  }
}

async function moved(
  draft: Draft,
  { message }: JenkinsError,
  to: string | undefined,
): Promise<boolean> {
  if (to === undefined) return false;
  const agreed = 'Connect There';
  const choice = await vscode.window.showWarningMessage(
    plain(message),
    { modal: true, detail: `Connect to ${plain(to)} instead?` },
    agreed,
  );
  if (choice !== agreed) return false;
  draft.url = to;
  return true;
}

/** Where a Jenkins answers, if the address only has a wrong path. */
async function jenkinsNear(draft: Draft, signal: AbortSignal): Promise<string | undefined> {
  for (const url of otherBases(draft.url)) {
    try {
      const stranger = { ...draft, url, user: undefined, token: undefined };
      await attempt(stranger, (client) => client.ping(signal));
      return url;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof JenkinsError && error.kind === 'sign-in') return url;
    }
  }
  return undefined;
}

async function trusted(
  draft: Draft,
  { message }: JenkinsError,
  { certificate, doubt }: Distrusted,
): Promise<boolean> {
  if (doubt === 'revoked' || doubt === 'something else') return false;
  const trust = 'Trust This Certificate';
  const file = 'Choose Authority…';
  const unknown = doubt === 'self-signed' || doubt === 'unknown authority';
  const { subject, issuer, validFrom, validTo, fingerprint } = certificate;
  const before = draft.tls.trustedCertificate;
  const detail = [
    ...(doubt === 'changed'
      ? [`The one that you trusted: ${plain(before ?? '')}`, 'The one it shows now:']
      : []),
    `For: ${plain(subject)}`,
    `Issued by: ${plain(issuer)}`,
    `Valid: ${day(validFrom)} to ${day(validTo)}`,
    `SHA-256: ${fingerprint}`,
    '',
    'Compare this fingerprint with one that an administrator of the server gives you. If you trust it, CI Parity talks to this server only as long as it shows this very certificate.',
  ];
  const choice = await vscode.window.showWarningMessage(
    plain(message),
    { modal: true, detail: detail.join('\n') },
    trust,
    ...(unknown ? [file] : []),
  );
  if (choice === trust) draft.tls = { ...draft.tls, trustedCertificate: fingerprint };
  else if (choice === file) {
    const ca = await pickFile('Use as Authority');
    if (ca === undefined) return false;
    draft.tls = { ...draft.tls, ca };
  } else return false;
  return true;
}

async function certified(draft: Draft, { message, advice }: JenkinsError): Promise<boolean> {
  const choose = 'Choose Certificate…';
  const choice = await vscode.window.showWarningMessage(
    plain(message),
    { modal: true, detail: plain(advice ?? '') },
    choose,
  );
  const clientCertificate = choice === choose ? await pickFile('Use as My Certificate') : undefined;
  if (clientCertificate === undefined) return false;
  const whole = /\.(?:p12|pfx)$/i.test(clientCertificate) || (await holdsKey(clientCertificate));
  const clientKey = whole ? undefined : await pickFile('Use as Its Key');
  if (!whole && clientKey === undefined) return false;
  draft.tls = { ...draft.tls, clientCertificate, clientKey };
  draft.passphrase = undefined;
  return true;
}

async function holdsKey(file: string): Promise<boolean> {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(await readFile(file, 'latin1'));
}

async function unlocked(draft: Draft): Promise<boolean> {
  const passphrase = await vscode.window.showInputBox({
    title: 'Your certificate',
    prompt:
      draft.passphrase === undefined
        ? 'The passphrase of its key. It is kept where VS Code keeps secrets.'
        : 'That did not open it. The passphrase of its key?',
    password: true,
    ignoreFocusOut: true,
  });
  if (passphrase === undefined) return false;
  draft.passphrase = passphrase;
  return true;
}

async function showProxySettings({ message, advice }: JenkinsError): Promise<void> {
  const show = 'Open Proxy Settings';
  const choice = await vscode.window.showWarningMessage(
    plain(message),
    { modal: true, detail: plain(advice ?? '') },
    show,
  );
  if (choice === show)
    await vscode.commands.executeCommand('workbench.action.openSettings', 'http.proxy');
}

async function pickFile(openLabel: string): Promise<string | undefined> {
  const [uri] = (await vscode.window.showOpenDialog({ openLabel, title: openLabel })) ?? [];
  return uri?.fsPath;
}

function day(time: number): string {
  return Number.isNaN(time) ? 'unknown' : new Date(time).toISOString().slice(0, 10);
}
