/** Authorities and certificates of tests, written as X.509 says (RFC 5280), since Node makes none. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface Certified {
  /** PEM. */
  readonly cert: string;
  /** PEM; locked if a passphrase was told. */
  readonly key: string;
}

export interface CertificateSpec {
  /** The common name of who it is for. */
  readonly name: string;
  /** Host names and IPv4 addresses that it is for; 127.0.0.1 unless told. */
  readonly hosts?: readonly string[];
  /** Yesterday to tomorrow unless told. */
  readonly from?: Date;
  readonly to?: Date;
  readonly passphrase?: string;
}

export interface Authority {
  /** Its own certificate as PEM. */
  readonly ca: string;
  issue(spec: CertificateSpec): Certified;
}

export function createAuthority(name: string): Authority {
  const keys = newKeys();
  return {
    ca: certificate({ name }, keys.publicKey, { name, key: keys.privateKey }),
    issue(spec) {
      const own = newKeys();
      const cert = certificate(spec, own.publicKey, { name, key: keys.privateKey });
      return { cert, key: pemOf(own.privateKey, spec.passphrase) };
    },
  };
}

export function selfSigned(spec: CertificateSpec): Certified {
  const { publicKey, privateKey } = newKeys();
  const cert = certificate(spec, publicKey, { name: spec.name, key: privateKey });
  return { cert, key: pemOf(privateKey, spec.passphrase) };
}

const DAY = 86_400_000;

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function pemOf(key: KeyObject, passphrase: string | undefined): string {
  const lock = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.export({ type: 'pkcs8', format: 'pem', ...lock }).toString();
}

/** Without `hosts` and with the issuer's own name it is an authority's. */
function certificate(
  spec: CertificateSpec,
  publicKey: KeyObject,
  issuer: { readonly name: string; readonly key: KeyObject },
): string {
  const authority = spec.name === issuer.name && spec.hosts === undefined;
  const algorithm = sequence(oid('1.2.840.10045.4.3.2')); // ecdsa-with-SHA256
  const tbs = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    named(issuer.name),
    sequence(
      time(spec.from ?? new Date(Date.now() - DAY)),
      time(spec.to ?? new Date(Date.now() + DAY)),
    ),
    named(spec.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      0xa3,
      sequence(
        authority
          ? extension('2.5.29.19', sequence(tagged(0x01, Buffer.of(0xff)))) // basicConstraints
          : extension('2.5.29.17', sequence(...(spec.hosts ?? ['127.0.0.1']).map(host))), // subjectAltName
      ),
    ),
  );
  const der = sequence(tbs, algorithm, bits(sign('sha256', tbs, issuer.key)));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function host(name: string): Buffer {
  return isIPv4(name)
    ? tagged(0x87, Buffer.from(name.split('.').map(Number)))
    : tagged(0x82, Buffer.from(name));
}

function named(name: string): Buffer {
  const commonName = sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(name)));
  return sequence(tagged(0x31, commonName));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), tagged(0x04, value));
}

function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  // Two digits for the year until 2049.
  return tagged(0x17, Buffer.from(text.slice(2)));
}

function oid(id: string): Buffer {
  const [first = 0, second = 0, ...rest] = id.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tagged(0x06, Buffer.from(bytes));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function bits(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.of(0), bytes]));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80
      ? Buffer.of(length)
      : length < 0x100
        ? Buffer.of(0x81, length)
        : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, content]);
}
