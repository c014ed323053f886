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
  const { JENKINS_USER: user, JENKINS_TOKEN: token } = environment;
  return connect({
    base: server,
    user,
    token,
    tls: { ca: authoritiesOf(environment) },
    route: proxyOfEnvironment(server, environment) ?? 'straight',
  });
}

/**
 * The certificates of the file that JENKINS_CA names, as PEM; undefined where it names none.
 * @throws UserError when it cannot be read.
 */
export function authoritiesOf({ JENKINS_CA: file }: NodeJS.ProcessEnv): string | undefined {
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UserError(`JENKINS_CA names a file that cannot be read: ${file}`, { cause });
  }
}
