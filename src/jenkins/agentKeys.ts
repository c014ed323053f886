import type { Wire } from './http';
import { isJenkinsError, JenkinsError } from './jenkinsError';
import { submit, submitXml } from './submit';

/**
 * Credentials of the server's own store by which it logs in at machines. Facts are of jenkinsci/credentials-plugin,
 * April 2026: `docs/user.adoc` (REST API) and `CredentialsStoreAction.java`; and of ssh-credentials-plugin's
 * `BasicSSHUserPrivateKey.java`. The scope SYSTEM keeps jobs from using them.
 */
export interface AgentKeys {
  /** It takes the permission Credentials/Create. */
  add(key: NewKey, signal: AbortSignal): Promise<void>;
  /** It takes Credentials/Delete; where there is none of that id, nothing happens. */
  remove(id: string, signal: AbortSignal): Promise<void>;
}

export interface NewKey {
  /** Letters, digits and hyphens. */
  readonly id: string;
  readonly description: string;
  /** Who logs in. */
  readonly user: string;
  /** As OpenSSH keeps it in a file. */
  readonly privateKey: string;
}

export function keysOn(wire: Wire): AgentKeys {
  const store = `${wire.base}credentials/store/system/domain/_/`;
  return {
    async add(key, signal) {
      const request = {
        to: 'add a credential',
        permission: 'Credentials/Create',
        missing: `${wire.base} has no store of credentials, or does not show it to your user.`,
      };
      try {
        await submitXml(wire, `${store}createCredentials`, xmlOf(key), request, signal);
      } catch (error) {
        if (!isJenkinsError(error, 'forbidden') && !isJenkinsError(error, 'not-found')) throw error;
        const { message, advice } = error as JenkinsError;
        throw new JenkinsError((error as JenkinsError).kind, message, {
          cause: error,
          advice: `${advice ?? ''} Or name one that the server has, whose key lets its user in on the machine: --credential ID`,
        });
      }
    },

    async remove(id, signal) {
      const request = { to: 'delete a credential', permission: 'Credentials/Delete' };
      const url = `${store}credential/${encodeURIComponent(id)}/doDelete`;
      try {
        await submit(wire, url, {}, request, signal);
      } catch (error) {
        if (!isJenkinsError(error, 'not-found')) throw error;
      }
    },
  };
}

const KEY = 'com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey';

function xmlOf({ id, description, user, privateKey }: NewKey): string {
  const element = (name: string, text: string): string => `<${name}>${escaped(text)}</${name}>`;
  return [
    `<${KEY}>`,
    element('scope', 'SYSTEM'),
    element('id', id),
    element('description', description),
    element('username', user),
    `<privateKeySource class="${KEY}$DirectEntryPrivateKeySource">`,
    element('privateKey', privateKey),
    `</privateKeySource>`,
    `</${KEY}>`,
  ].join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
