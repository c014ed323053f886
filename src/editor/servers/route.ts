import { goesAround, proxyAt, type Proxy } from '../../jenkins/wire/proxies';
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
  const { authorization, strict, support, noProxy } = settings;
  const proxy = usable(settings.proxy);
  const matters = authorization !== undefined || (!strict && proxy?.url.protocol === 'https:');
  if (proxy === undefined || !matters || support === 'off') return 'of the host';
  const around =
    noProxy.length > 0
      ? noProxy
      : (environment['no_proxy'] ?? environment['NO_PROXY'] ?? '').split(',');
  if (goesAround(base, around)) return 'of the host';
  return { ...proxy, ...(authorization !== undefined && { authorization }), unchecked: !strict };
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
