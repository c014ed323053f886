import { readFile } from 'node:fs/promises';
import ssh2, { type AnyAuthMethod, type IdentityCallback, type ParsedKey } from 'ssh2';
import { messageOf } from '../../base/errors';
import type { SshTarget } from './configuration';
import type { SshQuestions } from './surroundings';

/** The keys of the person, unlocked when they are wanted; a passphrase is asked for once. */
export interface Keyring {
  /** What may be tried on a host, one after the other, and how it is called for people. */
  tries(target: SshTarget, signal: AbortSignal): AsyncGenerator<KeyTry>;
}

export interface KeyTry {
  /** For people: `the agent`, or the file of a key. */
  readonly name: string;
  /** Undefined where the key cannot be used; `why` tells. */
  readonly method: AnyAuthMethod | undefined;
  readonly why?: string;
}

export function createKeyring(ask: SshQuestions): Keyring {
  const unlocked = new Map<string, Promise<Unlocked>>();

  async function key(file: string, signal: AbortSignal): Promise<Unlocked> {
    const known = unlocked.get(file);
    if (known) return known;
    const reading = unlock(file, ask, signal);
    unlocked.set(file, reading);
    try {
      return await reading;
    } catch (error) {
      // Somebody cancelled: the next one may ask again.
      unlocked.delete(file);
      throw error;
    }
  }

  return {
    async *tries({ user: username, agent, identitiesOnly, keyFiles }, signal) {
      if (agent !== undefined) {
        const asked = identitiesOnly ? new AgentOfSome(agent, await publicKeys(keyFiles)) : agent;
        const name = identitiesOnly ? 'the configured keys of the agent' : 'the keys of the agent';
        yield { name, method: { type: 'agent', username, agent: asked } };
      }
      for (const file of keyFiles) {
        const { key: parsed, why } = await key(file, signal);
        if (parsed) yield { name: file, method: { type: 'publickey', username, key: parsed } };
        else yield { name: file, method: undefined, ...(why !== undefined && { why }) };
      }
    },
  };
}

/** An agent that shows only some of its keys, by their public ones in base64. */
class AgentOfSome extends ssh2.OpenSSHAgent {
  readonly #shown: ReadonlySet<string>;

  constructor(socket: string, shown: ReadonlySet<string>) {
    super(socket);
    this.#shown = shown;
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    super.getIdentities((error, keys) => {
      const shown = keys?.filter(
        (key) => 'getPublicSSH' in key && this.#shown.has(key.getPublicSSH().toString('base64')),
      );
      done(error, shown);
    });
  }
}

/** Of the files beside the private ones, as `ssh` looks for them, else of those that are not locked. */
async function publicKeys(files: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const file of files)
    for (const place of [`${file}.pub`, file]) {
      const text = await readFile(place).catch(() => undefined);
      const parsed = text && ssh2.utils.parseKey(text);
      if (parsed === undefined || parsed instanceof Error) continue;
      for (const key of [parsed].flat()) found.add(key.getPublicSSH().toString('base64'));
    }
  return found;
}

interface Unlocked {
  readonly key?: ParsedKey;
  readonly why?: string;
}

async function unlock(file: string, ask: SshQuestions, signal: AbortSignal): Promise<Unlocked> {
  let text: Buffer;
  try {
    text = await readFile(file, { signal });
  } catch (error) {
    signal.throwIfAborted();
    return { why: `it cannot be read: ${messageOf(error)}` };
  }
  const plain = ssh2.utils.parseKey(text);
  if (!(plain instanceof Error)) return privateOnly(plain);
  if (!/passphrase/i.test(plain.message)) return { why: plain.message };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const passphrase = await ask.passphrase({ keyFile: file, again: attempt > 0 }, signal);
    if (passphrase === undefined)
      return { why: attempt === 0 ? 'no passphrase was given' : 'the passphrase is wrong' };
    const key = ssh2.utils.parseKey(text, passphrase);
    if (!(key instanceof Error)) return privateOnly(key);
  }
  return { why: 'the passphrase is wrong' };
}

/** As many as `ssh` makes. */
const ATTEMPTS = 3;

/** ssh2 declares one key, and gives a list for files that may hold several. */
function privateOnly(parsed: ParsedKey | ParsedKey[]): Unlocked {
  const [key] = Array.isArray(parsed) ? parsed : [parsed];
  return key?.isPrivateKey() === true ? { key } : { why: 'it holds no private key' };
}
