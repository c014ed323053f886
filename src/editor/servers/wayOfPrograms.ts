import { UserError } from '../../base/errors';
import { proxyOfEnvironment, type Proxy } from '../../jenkins/wire/proxies';
import type { Server } from '../frame/settings';
import { plain } from '../look/plain';
import { routeElsewhere, type ProxySettings } from './route';
import { fileOf } from './tlsFiles';

/**
 * What the environment of a program of ours tells it beside `environment`, so that it reaches a server as the editor
 * does; null takes a variable out. It holds no secret.
 * @throws UserError where an environment cannot tell it.
 */
export function wayOfPrograms(
  { url, name, tls = {} }: Server,
  settings: ProxySettings,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | null> {
  const { ca, clientCertificate, trustedCertificate } = tls;
  const refuse = (why: string, advice: string): never => {
    throw new UserError(`${plain(name)} ${why}, which a program in a terminal cannot be told.`, {
      advice,
    });
  };
  if (clientCertificate !== undefined)
    refuse('wants a certificate of yours', 'The server has to be reached without one for that.');
  if (trustedCertificate !== undefined && ca === undefined)
    refuse(
      'is trusted by the fingerprint of its certificate',
      'Name a file with its authorities instead: "ca" in the setting ciParity.servers.',
    );
  return {
    ...(ca === undefined ? {} : { JENKINS_CA: fileOf('ca', ca) }),
    ...proxyWords(),
  };

  function proxyWords(): Record<string, string | null> {
    const route = routeElsewhere(url, settings, environment);
    const known = knownProxy(url, environment);
    if (typeof route === 'string')
      // It may be the proxy of the environment that the settings leave out.
      return known ? { NO_PROXY: new URL(url).hostname, no_proxy: null } : {};
    if (route.url.href === known?.url.href && route.authorization === undefined) return {};
    if (route.url.username !== '' || route.authorization !== undefined || route.unchecked === true)
      refuse(
        'is behind a proxy that VS Code knows a password of, or does not check',
        'Name the proxy in the environment, HTTPS_PROXY, and use a terminal: ci-parity help attach.',
      );
    const { href } = route.url;
    return {
      ...{ HTTPS_PROXY: href, HTTP_PROXY: href, https_proxy: null, http_proxy: null },
      ...{ NO_PROXY: null, no_proxy: null },
    };
  }
}

function knownProxy(
  url: string,
  environment: Readonly<Record<string, string | undefined>>,
): Proxy | undefined {
  try {
    return proxyOfEnvironment(url, environment);
  } catch {
    // A kind that we cannot use: the program says so, unless the settings name another one.
    return undefined;
  }
}
