import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** A pair of keys as OpenSSH keeps them in files. */
export interface SshKeyPair {
  /** The text of a private key's file. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly publicKey: string;
}

/**
 * A fresh ed25519 pair. The private key is in OpenSSH's own format, which its PROTOCOL.key describes,
 * since not every OpenSSH reads the PKCS#8 that Node.js writes.
 */
export function newSshKey(comment: string): SshKeyPair {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const open = Buffer.from(x, 'base64url');
  const secret = Buffer.concat([Buffer.from(d, 'base64url'), open]);
  const publicBlob = Buffer.concat([string('ssh-ed25519'), string(open)]);
  // The same number twice shows whoever has decrypted it that it came out right.
  const check = randomBytes(4);
  const inner = [check, check, publicBlob, string(secret), string(comment)];
  const padding = (8 - (inner.reduce((sum, { length }) => sum + length, 0) % 8)) % 8;
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    number(1),
    string(publicBlob),
    string(Buffer.concat([...inner, Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, padding))])),
  ]);
  const lines = body.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateKey: [
      '-----BEGIN OPENSSH PRIVATE KEY-----',
      ...lines,
      '-----END OPENSSH PRIVATE KEY-----',
      '',
    ].join('\n'),
    publicKey: `ssh-ed25519 ${publicBlob.toString('base64')}`,
  };
}

function string(value: Buffer | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
