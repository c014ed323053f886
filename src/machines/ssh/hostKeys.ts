import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, UserError } from '../../base/errors';

/** A line of known_hosts, as sshd(8) has it. */
export interface KnownHost {
  readonly file: string;
  readonly line: number;
  readonly revoked: boolean;
  /** `ssh-ed25519` */
  readonly type: string;
  /** Base64. */
  readonly key: string;
}

/** What is known of a host before it shows its key. */
export interface KnownKeys {
  /** What a host key of it must be. */
  readonly entries: readonly KnownHost[];
  /** They come from whoever lent the machine. */
  readonly pinned: boolean;
}

export type Judgement =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed' | 'revoked'; readonly entry: KnownHost };

/** What a host is called in known_hosts: `host`, or `[host]:port` if the port is not the usual one. */
export function knownName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** The lines that speak of `name`, of all the files that are there. */
export async function findKnown(files: readonly string[], name: string): Promise<KnownHost[]> {
  const found: KnownHost[] = [];
  for (const file of files) {
    try {
      found.push(...parseKnownHosts(await readFile(file, 'utf8'), file, name));
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes(codeOf(error)))
        throw new UserError(`${file} cannot be read.`, { cause: error });
    }
  }
  return found;
}

/** Lines of authorities are left out: certificates of hosts are not understood here. */
export function parseKnownHosts(text: string, file: string, name: string): KnownHost[] {
  return text.split('\n').flatMap((line, index): KnownHost[] => {
    const words = line.trim().split(/[ \t]+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [patterns = '', type, key] = words;
    if (patterns.startsWith('#') || type === undefined || key === undefined) return [];
    if (marker !== undefined && marker !== '@revoked') return [];
    if (!speaksOf(patterns, name)) return [];
    return [{ file, line: index + 1, revoked: marker === '@revoked', type, key }];
  });
}

/** Keys that were given with the address: `ssh-ed25519 AAAA…`. */
export function pinnedKeys(keys: readonly string[]): KnownHost[] {
  return keys.flatMap((text, index) => {
    const [type, key] = text.trim().split(/\s+/);
    if (type === undefined || key === undefined) return [];
    return [{ file: '', line: index + 1, revoked: false, type, key }];
  });
}

export function judge(known: readonly KnownHost[], shown: Buffer): Judgement {
  const key = shown.toString('base64');
  const same = known.filter((entry) => entry.key === key);
  const revoked = same.find((entry) => entry.revoked);
  if (revoked) return { kind: 'revoked', entry: revoked };
  if (same.length > 0) return { kind: 'known' };
  const [other] = known.filter((entry) => !entry.revoked);
  return other ? { kind: 'changed', entry: other } : { kind: 'unknown' };
}

/** As `ssh` shows it: `SHA256:…`. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replaceAll('=', '')}`;
}

/** What a key's own bytes say that it is, such as `ssh-ed25519`. */
export function keyType(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  const type = key.subarray(4, 4 + Math.min(length, 64)).toString('latin1');
  return /^[\w@.-]+$/.test(type) ? type : 'key of an unknown kind';
}

/**
 * The signatures by which one of the known keys can be shown, as far as they are understood here;
 * undefined where any key will do.
 */
export function algorithmsFor(known: readonly KnownHost[]): string[] | undefined {
  const types = new Set(known.filter(({ revoked }) => !revoked).map(({ type }) => type));
  if (types.size === 0) return undefined;
  return UNDERSTOOD.filter((name) => types.has(name.startsWith('rsa-') ? 'ssh-rsa' : name));
}

const UNDERSTOOD = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

/** Writes down that the person has accepted a key. */
export async function remember(file: string, name: string, key: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await using known = await open(file, 'a', 0o600);
  await known.appendFile(`${name} ${keyType(key)} ${key.toString('base64')}\n`);
}

export function refusal(
  name: string,
  shown: Buffer,
  { kind, entry }: Exclude<Judgement, { kind: 'known' | 'unknown' }>,
  pinned: boolean,
): UserError {
  const print = `${keyType(shown)} ${fingerprint(shown)}`;
  if (kind === 'revoked')
    return new UserError(`The host key of ${name} was revoked: ${print}`, {
      advice: `${entry.file}:${entry.line} says so. Nothing was sent to it.`,
    });
  return new UserError(`The host key of ${name} is not the one that is known: it shows ${print}`, {
    advice: pinned
      ? 'Whoever lent the machine told of another one. Somebody may sit between you and the machine. Nothing was sent to it.'
      : `Somebody may sit between you and the machine, or it was set up anew. Nothing was sent to it. ${entry.file}:${entry.line} has the key that is known; if you know why it changed, take that line out.`,
  });
}

function speaksOf(patterns: string, name: string): boolean {
  if (patterns.startsWith('|')) return hashIsOf(patterns, name);
  let speaks = false;
  for (const pattern of patterns.split(',')) {
    const negated = pattern.startsWith('!');
    if (!matches(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    speaks = true;
  }
  return speaks;
}

/** `|1|salt|HMAC-SHA1 of the name` */
function hashIsOf(text: string, name: string): boolean {
  const [, version, salt = '', hash = ''] = text.split('|');
  if (version !== '1') return false;
  const made = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  const wanted = Buffer.from(hash, 'base64');
  return wanted.length === made.length && timingSafeEqual(wanted, made);
}

/** `*` and `?` as ssh_config(5) has them; brackets stand for themselves. */
function matches(pattern: string, name: string): boolean {
  const source = pattern
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(name);
}
