import { JenkinsError } from '../jenkinsError';

/** The failure of a proxy that does not answer; `name` may be empty. */
export function noProxy(name: string, cause?: unknown): JenkinsError {
  return new JenkinsError('proxy', `${capital(name)} cannot be reached.`, {
    cause,
    advice:
      'Check the setting http.proxy, or HTTPS_PROXY and HTTP_PROXY in the environment; NO_PROXY (http.noProxy) names servers that are reached without it.',
  });
}

/** The failure of a proxy that does not let us through. */
export function refusedByProxy(name: string, status: number): JenkinsError {
  if (status === 407) {
    return new JenkinsError('proxy', `${capital(name)} wants a user name and a password.`, {
      advice:
        'Put them into its address, as http://user:password@proxy:3128, in the setting http.proxy or in HTTPS_PROXY, or set http.proxyAuthorization.',
    });
  }
  return new JenkinsError('proxy', `${capital(name)} does not let us through (HTTP ${status}).`, {
    advice:
      status === 502 || status === 503 || status === 504
        ? 'It cannot reach the server: check the address, and whether the server is up. NO_PROXY (http.noProxy) names servers that are reached without it.'
        : 'Ask whoever keeps the proxy, or name the server in NO_PROXY (http.noProxy) if it is reached without.',
  });
}

function capital(name: string): string {
  return name === '' ? 'The proxy' : `The proxy ${name}`;
}
