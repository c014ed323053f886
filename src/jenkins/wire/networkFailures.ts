import { JenkinsError } from '../jenkinsError';

export function silence(base: string, idle: number): JenkinsError {
  return new JenkinsError(
    'timeout',
    `${base} said nothing for ${Math.ceil(idle / 1000)} seconds.`,
    {
      advice: 'Try again; if it stays like this, check the network or VPN.',
    },
  );
}

export function networkFailure(error: unknown, base: string): JenkinsError {
  if (error instanceof JenkinsError) return error;
  const code = codeOf(error);
  const { hostname } = new URL(base);
  switch (code) {
    case 'ECONNREFUSED':
      return new JenkinsError('refused', `Nothing answers at ${base}.`, {
        cause: error,
        advice: 'Check the address and the port, and whether the server is up.',
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new JenkinsError('dns', `No server of the name ${hostname} can be found.`, {
        cause: error,
        advice: 'Check the address, and whether you need a VPN.',
      });
    case 'ECONNRESET':
    case 'EPIPE':
    case 'HPE_INVALID_CONSTANT':
      return new JenkinsError('network', `${base} closed the connection without an answer.`, {
        cause: error,
        advice: 'Check the address; a server that speaks https may have been asked in http.',
      });
    default:
      if (/CERT|TLS|SSL|EPROTO|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
        return new JenkinsError('tls', `No secure connection to ${base} could be made (${code}).`, {
          cause: error,
          advice:
            'If the server has a certificate of your own authority, make it known to the system, or set NODE_EXTRA_CA_CERTS.',
        });
      }
      return new JenkinsError(
        'network',
        `${base} could not be reached${code === '' ? '' : ` (${code})`}.`,
        {
          cause: error,
          advice: 'Check the address and the network.',
        },
      );
  }
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return code;
  // Happy Eyeballs reports one error for each address it tried.
  return error instanceof AggregateError && error.errors.length > 0 ? codeOf(error.errors[0]) : '';
}
