import { codeOf, messageOf } from '../../base/errors';
import { JenkinsError } from '../jenkinsError';
import type { Distrusted, Doubt } from './certificates';

/** The failure of a server whose certificate is not trusted: which it is, why, and what to do. */
export function distrust(base: string, distrusted: Distrusted, trusted?: string): JenkinsError {
  const { certificate, doubt } = distrusted;
  const { host, hostname } = new URL(base);
  return new JenkinsError('tls', `Cannot trust ${host}: ${reason(distrusted, hostname)}.`, {
    distrusted,
    advice: [
      `It is the certificate of ${certificate.subject}, issued by ${certificate.issuer}, valid from ${day(certificate.validFrom)} to ${day(certificate.validTo)}.`,
      `SHA-256 fingerprint: ${certificate.fingerprint}`,
      ...(doubt === 'changed' ? [`You trusted: ${trusted ?? ''}`] : []),
      WHAT_TO_DO[doubt],
    ].join('\n'),
  });
}

/** The failure of our own files, from which no connection can be made. */
export function unusable(cause: unknown): JenkinsError {
  const locked = /BAD_DECRYPT|bad decrypt|mac verify|INTERRUPTED|interrupted/i.test(
    codeOf(cause) + messageOf(cause),
  );
  return locked
    ? new JenkinsError('passphrase', 'The passphrase does not open the key of your certificate.', {
        advice: 'Connect again, and give the passphrase of the key.',
      })
    : new JenkinsError('certificate', 'Your certificates or their key cannot be read.', {
        cause,
        advice:
          'Authorities, certificate and key are wanted as PEM, or the certificate with its key as PKCS#12 (.p12, .pfx).',
      });
}

/** The failure of a connection at whose other end nobody shows a certificate. */
export function noCertificate(base: string): JenkinsError {
  return new JenkinsError('tls', `Cannot reach ${base}: it shows no certificate.`, {
    advice: 'Nothing was sent to it. A proxy on the way may have answered in its place.',
  });
}

/** The failure of a server that wants to know us by a certificate. */
export function certificateWanted(base: string, cause?: unknown): JenkinsError {
  return new JenkinsError('certificate', `${base} wants a certificate of yours that it accepts.`, {
    cause,
    advice:
      'Name the files of your certificate and its key in the server’s settings "clientCertificate" and "clientKey".',
  });
}

function reason({ certificate, doubt }: Distrusted, hostname: string): string {
  switch (doubt) {
    case 'self-signed':
      return 'its certificate is self-signed';
    case 'unknown authority':
      return 'no authority that this machine knows has signed its certificate';
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
