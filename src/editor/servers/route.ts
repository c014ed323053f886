import { goesAround, proxyAt, proxyOfEnvironment, type Proxy } from '../../jenkins/wire/proxies';
import type { Route } from '../../jenkins/wire/way';

/** VS Code's settings `http.…`. */
export interface ProxySettings {
  /** Empty where none is set. */
  readonly proxy: string;
  readonly noProxy: readonly string[];
  readonly authorization: string | undefined;
  readonly support: string;
  /** Whether the proxy's own certificate is checked. */
  readonly strict: boolean;
}

/**
 * How to reach a server from the editor. VS Code brings the proxies of its settings, of the environment
 * and of the system to extensions by itself, and asks for a proxy's password; but two of its settings,
 * `http.proxyAuthorization` and `http.proxyStrictSSL`, it keeps for its own requests. Where they matter,
 * we go through the proxy ourselves.
 */
export function routeTo(
  base: string,
  settings: ProxySettings,
  environment: Readonly<Record<string, string | undefined>>,
): Route {
  const { authorization, strict, support } = settings;
  const proxy = usable(settings.proxy);
  const matters = authorization !== undefined || (!strict && proxy?.url.protocol === 'https:');
  if (proxy === undefined || !matters || support === 'off') return 'of the host';
  if (isSpared(base, settings, environment)) return 'of the host';
  return { ...proxy, ...(authorization !== undefined && { authorization }), unchecked: !strict };
}

/**
 * How a process of ours reaches a server, to which VS Code brings no proxies: by those of its settings
 * and of the environment. Those of the system only VS Code knows.
 */
export function routeElsewhere(
  base: string,
  settings: ProxySettings,
  environment: Readonly<Record<string, string | undefined>>,
): Route {
  const own = routeTo(base, settings, environment);
  if (own !== 'of the host') return own;
  if (settings.support === 'off' || isSpared(base, settings, environment)) return 'straight';
  try {
    return usable(settings.proxy) ?? proxyOfEnvironment(base, environment) ?? 'straight';
  } catch {
    // It names a kind of proxy that VS Code knows and we do not.
    return 'straight';
  }
}

/** Whether a server is reached without a proxy. */
function isSpared(
  base: string,
  { noProxy }: ProxySettings,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const names = environment['no_proxy'] ?? environment['NO_PROXY'] ?? '';
  return goesAround(base, noProxy.length > 0 ? noProxy : names.split(','));
}

/** VS Code knows kinds of proxies that we do not. */
function usable(address: string): Proxy | undefined {
  if (!/^https?:\/\//i.test(address)) return undefined;
  try {
    return proxyAt(address);
  } catch {
    return undefined;
  }
}
