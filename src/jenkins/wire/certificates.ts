import { randomBytes } from 'node:crypto';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import { codeOf, messageOf } from '../../base/errors';
import { JenkinsError } from '../jenkinsError';

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

/** The failure of files from which no connection can be made; undefined where they will do. */
export function unusable(options: TlsOptions): JenkinsError | undefined {
  try {
    tls.createSecureContext(connectionOptions(options));
    return undefined;
  } catch (cause) {
    const locked = /BAD_DECRYPT|bad decrypt|mac verify|INTERRUPTED|interrupted/i.test(
      codeOf(cause) + messageOf(cause),
    );
    return locked
      ? new JenkinsError('tls', 'The passphrase does not open the key of your certificate.', {
          advice: 'Connect again, and give the passphrase of the key.',
        })
      : new JenkinsError('tls', 'Your certificates or their key cannot be read.', {
          cause,
          advice:
            'Authorities, certificate and key are wanted as PEM, or the certificate with its key as PKCS#12 (.p12, .pfx).',
        });
  }
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

/** The failure of a server whose certificate is not trusted: which it is, why, and what to do. */
export function distrust(base: string, distrusted: Distrusted, trusted?: string): JenkinsError {
  const { certificate, doubt } = distrusted;
  const { host, hostname } = new URL(base);
  return new JenkinsError('tls', `${host} cannot be trusted: ${reason(distrusted, hostname)}.`, {
    distrusted,
    advice: [
      `It is the certificate of ${certificate.subject}, issued by ${certificate.issuer}, valid from ${day(certificate.validFrom)} to ${day(certificate.validTo)}.`,
      `SHA-256 fingerprint: ${certificate.fingerprint}`,
      ...(doubt === 'changed' ? [`You trusted: ${trusted ?? ''}`] : []),
      WHAT_TO_DO[doubt],
    ].join('\n'),
  });
}

/** The failure of a server that wants to know us by a certificate. */
export function certificateWanted(base: string, cause?: unknown): JenkinsError {
  return new JenkinsError('tls', `${base} wants a certificate of yours that it accepts.`, {
    cause,
    advice:
      'Name the files of your certificate and its key in the server’s settings "clientCertificate" and "clientKey".',
  });
}

function reason({ certificate, doubt }: Distrusted, hostname: string): string {
  switch (doubt) {
    case 'self-signed':
      return 'nobody but its certificate itself vouches for it (self-signed)';
    case 'unknown authority':
      return 'no authority that this machine knows vouches for its certificate';
    case 'expired':
      return `its certificate expired on ${day(certificate.validTo)}, and it is ${day(Date.now())} by the clock of this machine`;
    case 'not yet valid':
      return `its certificate is not valid before ${day(certificate.validFrom)}, and it is ${day(Date.now())} by the clock of this machine`;
    case 'wrong name':
      return `its certificate is not for ${hostname} but for ${certificate.names === '' ? certificate.subject : certificate.names}`;
    case 'revoked':
      return 'its certificate was revoked';
    case 'changed':
      return 'its certificate is not the one that you trusted';
    case 'something else':
      return 'its certificate breaks the rules';
  }
}

const KNOW_IT =
  'Name a file with the certificate of its authority: in the server’s setting "ca", in JENKINS_CA for the command line, or in NODE_EXTRA_CA_CERTS.';
const TRUST_IT =
  'Or, if an administrator tells you the same fingerprint, connect to the server in the editor, and trust this one certificate.';
const ASK = 'An administrator of the server has to mend this.';

const WHAT_TO_DO: Readonly<Record<Doubt, string>> = {
  'self-signed': `${KNOW_IT} ${TRUST_IT}`,
  'unknown authority': `${KNOW_IT} ${TRUST_IT} The server may also have left out the certificate between its own and its authority’s.`,
  expired: `If the clock is right: ${ASK}`,
  'not yet valid': `If the clock is right: ${ASK}`,
  'wrong name': `Connect by a name that the certificate is for. ${TRUST_IT}`,
  revoked: `Do not sign in. ${ASK}`,
  changed:
    'If an administrator has renewed it, connect to the server again, and trust the new one. If not, somebody may be listening: do not sign in.',
  'something else': ASK,
};

function day(time: number): string {
  return Number.isNaN(time) ? 'an unknown day' : new Date(time).toISOString().slice(0, 10);
}

function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, ', ')
    .replace(/\p{C}/gu, '')
    .slice(0, 300);
}
