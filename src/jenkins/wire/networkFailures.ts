import { codeOf, messageOf } from '../../base/errors';
import { JenkinsError } from '../jenkinsError';
import { certificateWanted } from './certificateFailures';
import { noProxy } from './proxyFailures';

/** The failure of a connection to a server, where all of it goes through `proxy` if there is one. */
export function networkFailure(error: unknown, base: string, proxy?: string): JenkinsError {
  const code = codeOf(error);
  const { hostname } = new URL(base);
  // What VS Code says of its own proxies; the address may hold a password, so it is not passed on.
  const [, theirs] =
    /socket connection to proxies: (?:\w+ )?(?:[^\s@]*@)?([^\s;]*)/.exec(messageOf(error)) ?? [];
  if (theirs !== undefined) return noProxy(theirs);
  if (proxy !== undefined && UNREACHABLE.test(code)) return noProxy(proxy, error);
  switch (code) {
    case 'ECONNREFUSED':
      return new JenkinsError('refused', `Cannot reach ${base}: connection refused.`, {
        cause: error,
        advice: 'Check the address and the port, and whether the server is up.',
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new JenkinsError('dns', `Cannot reach ${base}: ${reasonOfName(code, hostname)}.`, {
        cause: error,
        advice: 'Check the address, and whether you need a VPN.',
      });
    case 'ETIMEDOUT':
      return new JenkinsError('timeout', `Cannot reach ${base}: no answer in time.`, {
        cause: error,
        advice: 'Check the address, and whether a firewall is on the way or you need a VPN.',
      });
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new JenkinsError('network', `Cannot reach ${base}: there is no route to it.`, {
        cause: error,
        advice: 'Check the network, and whether you need a VPN.',
      });
    case 'ECONNRESET':
    case 'EPIPE':
    case 'HPE_INVALID_CONSTANT':
      return new JenkinsError(
        'network',
        `Cannot reach ${base}: it closed the connection without an answer.`,
        {
          cause: error,
          advice: 'Check the address; a server that speaks https may have been asked in http.',
        },
      );
    default:
      if (ALERT.test(code + messageOf(error))) return certificateWanted(base, error);
      if (NO_TLS.test(code + messageOf(error))) {
        return new JenkinsError('tls', `Cannot reach ${base}: it does not speak https.`, {
          cause: error,
          elsewhere: base.replace(/^https/, 'http'),
          advice:
            'Check the port. If the server has no secure one, its address begins with http://',
        });
      }
      if (/CERT|TLS|SSL|EPROTO/.test(code)) {
        return new JenkinsError('tls', `Cannot reach ${base}: no secure connection (${code}).`, {
          cause: error,
          advice:
            'The server, or something on the way to it, may only know methods that are no longer safe.',
        });
      }
      return new JenkinsError(
        'network',
        `Cannot reach ${base}: ${code === '' ? 'the network failed' : `network error ${code}`}.`,
        {
          cause: error,
          advice: 'Check the address and the network.',
        },
      );
  }
}

function reasonOfName(code: string, hostname: string): string {
  return code === 'ENOTFOUND'
    ? `no host has the name ${hostname}`
    : `the name ${hostname} cannot be resolved at the moment`;
}

const UNREACHABLE = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

const NO_TLS = /wrong.version.number|packet.length.too.long|http.request/i;

/** What a server says that refuses our certificate, or that we have none. */
const ALERT =
  /alert[ _](?:\w*[ _]?certificate|unknown[ _]ca|access[ _]denied|handshake[ _]failure)/i;
