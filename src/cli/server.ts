import { readFileSync } from 'node:fs';
import { UserError } from '../base/errors';
import { connect, type Client } from '../jenkins/client';
import type { PageAddress } from '../jenkins/url';
import { proxyOfEnvironment } from '../jenkins/wire/proxies';

/**
 * The server of an address, as an environment says to reach it: JENKINS_USER and JENKINS_TOKEN,
 * JENKINS_CA (a file with the authorities to believe), HTTPS_PROXY and the like. Whoever calls disposes.
 * @throws UserError when the environment cannot be followed.
 */
export function clientFor(
  { server }: Pick<PageAddress, 'server'>,
  environment: NodeJS.ProcessEnv,
): Client {
  const { JENKINS_USER: user, JENKINS_TOKEN: token, JENKINS_CA: ca } = environment;
  return connect({
    base: server,
    user,
    token,
    tls: { ca: ca === undefined || ca === '' ? undefined : authorities(ca) },
    route: proxyOfEnvironment(server, environment) ?? 'straight',
  });
}

function authorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UserError(`JENKINS_CA names a file that cannot be read: ${file}`, { cause });
  }
}
