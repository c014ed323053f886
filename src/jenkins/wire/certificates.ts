import { randomBytes } from 'node:crypto';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import * as tls from 'node:tls';

/** Whom we trust in TLS, and who we are. */
export interface TlsOptions {
  /** Certificates of the only authorities to believe, as PEM; those that Node knows unless told. */
  readonly ca?: string | Buffer | undefined;
  /** Our own certificate and its key as PEM; the certificate's text may hold the key too. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** Our own certificate and its key as PKCS#12. */
  readonly pfx?: Buffer | undefined;
  /** Of `key` or `pfx`. */
  readonly passphrase?: string | undefined;
  /** The SHA-256 fingerprint of the one certificate to trust, whoever vouches for it. */
  readonly fingerprint?: string | undefined;
}

/** A server's certificate, as it was shown to us. What it says of itself is the server's word. */
export interface Certificate {
  /** `CN=ci.example.org, O=Example`; bounded, without control characters. */
  readonly subject: string;
  readonly issuer: string;
  /** The names and addresses that it is for: `ci.example.org, 10.0.0.1`. */
  readonly names: string;
  /** SHA-256, as `AB:CD:…`. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch; NaN where they cannot be read. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** Why a certificate is not trusted. */
export type Doubt =
  | 'self-signed'
  | 'unknown authority'
  | 'expired'
  | 'not yet valid'
  | 'wrong name'
  | 'revoked'
  | 'changed' // not the one that was trusted before
  | 'something else';

/** A certificate that was not trusted, and why. */
export interface Distrusted {
  readonly certificate: Certificate;
  readonly doubt: Doubt;
}

/** That a connection was not used, since another certificate is trusted than the one that was shown, or none was. */
export class Untrusted extends Error {
  readonly shown: Distrusted | undefined;

  constructor(shown: Distrusted | undefined) {
    super('the certificate');
    this.shown = shown;
  }
}

/**
 * What Node's TLS is to be told. A certificate that is trusted by its fingerprint is looked at
 * (`certificateReader`) before anything is sent, whatever Node says of it.
 */
export function connectionOptions(options: TlsOptions): tls.ConnectionOptions {
  const { ca, cert, key = cert, pfx, passphrase, fingerprint } = options;
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert, key }),
    ...(pfx !== undefined && { pfx }),
    ...(passphrase !== undefined && { passphrase }),
    ...(fingerprint !== undefined && toLookAt()),
  };
}

/**
 * For connections whose certificate is judged here and not by Node: none that went on with an earlier
 * session, which would show none, and none that others have made, which are told apart by the context.
 */
export function toLookAt(): tls.ConnectionOptions {
  const sessionIdContext = randomBytes(8).toString('hex');
  return { rejectUnauthorized: false, session: undefined, sessionIdContext };
}

/** Looks at the certificates of connections, and remembers them: later in its life a connection shows none. */
export function certificateReader(): (
  request: ClientRequest,
  /** Called before anything is sent; without a certificate where the connection is not secure. */
  seen: (certificate: Certificate | undefined) => void,
) => void {
  const known = new WeakMap<Socket, Certificate>();
  return (request, seen) => {
    request.once('socket', (socket) => {
      const look = (): void => {
        const certificate = socket instanceof tls.TLSSocket ? shownBy(socket) : undefined;
        if (certificate !== undefined) known.set(socket, certificate);
        seen(certificate);
      };
      const certificate = known.get(socket);
      if (certificate !== undefined) seen(certificate);
      else if (socket instanceof tls.TLSSocket) socket.once('secureConnect', look);
      else look();
    });
  };
}

function shownBy(socket: tls.TLSSocket): Certificate | undefined {
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return undefined;
  return {
    subject: oneLine(shown.subject),
    issuer: oneLine(shown.issuer),
    names: oneLine((shown.subjectAltName ?? '').replace(/\b(?:DNS|IP Address):/g, '')),
    fingerprint: shown.fingerprint256,
    validFrom: Date.parse(shown.validFrom),
    validTo: Date.parse(shown.validTo),
  };
}

/** Whether a fingerprint is the same, however it was written. */
export function isFingerprintOf(typed: string, { fingerprint }: Certificate): boolean {
  const digits = (text: string): string => text.replace(/^sha-?256[:= ]*|[^0-9a-f]/gi, '');
  return digits(typed).toLowerCase() === digits(fingerprint).toLowerCase();
}

/** Why Node does not trust a certificate, by the code of its error; undefined for errors of other kinds. */
export function doubtOf(code: string): Doubt | undefined {
  return DOUBTS[code] ?? (/^(?:CERT|CRL)_/.test(code) ? 'something else' : undefined);
}

const DOUBTS: Readonly<Record<string, Doubt>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown authority',
  CERT_UNTRUSTED: 'unknown authority',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not yet valid',
  CERT_REVOKED: 'revoked',
  HOSTNAME_MISMATCH: 'wrong name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrong name',
};

function oneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(', ')
    .replace(/\p{C}/gu, '')
    .slice(0, 300);
}
