import * as http from 'node:http';
import * as https from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { nameOf, throughProxy, tunnelAgent, type Proxy } from './proxies';

/**
 * How requests come to a server: straight, through a proxy, or as the host of an extension has it.
 * VS Code's puts its own proxies, and the authorities that the system knows, into Node's http modules
 * for whoever brings no agent of his own; nobody else can ask it for them.
 */
export type Route = 'straight' | 'of the host' | Proxy;

export interface Asking {
  readonly method: 'GET' | 'POST';
  readonly headers: http.OutgoingHttpHeaders;
  /** Over a connection of its own, and not one that was used before. */
  readonly fresh: boolean;
  readonly tls: ConnectionOptions;
}

export interface Way extends Disposable {
  /** The proxy that is known to be on the way. */
  readonly proxy: string | undefined;
  /** Of what is asked nothing is sent before the request is ended. */
  request(url: string, asking: Asking): http.ClientRequest;
}

/** Kept connections that wait for the next request. */
const KEPT = { keepAlive: true, maxFreeSockets: 4 } as const;

export function wayTo(base: string, route: Route): Way {
  if (route === 'straight') return straight(base);
  if (route === 'of the host') return ofTheHost(base);
  return base.startsWith('https:') ? tunnelled(route) : handedOn(route);
}

function straight(base: string): Way {
  const { Agent, request } = base.startsWith('https:') ? https : http;
  const agent = new Agent(KEPT);
  return {
    proxy: undefined,
    request: (url, { fresh, tls, ...asking }) =>
      request(url, { ...asking, ...tls, agent: fresh ? false : agent }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function ofTheHost(base: string): Way {
  const protocol = base.startsWith('https:') ? https : http;
  return {
    proxy: undefined,
    // Asked anew each time, since the host may put its own functions in later.
    request: (url, { fresh, tls, ...asking }) =>
      protocol.request(url, { ...asking, ...tls, ...(fresh && { agent: false }) }),
    [Symbol.dispose]: () => undefined,
  };
}

/** To a secure server: the proxy sees only where the connection goes. */
function tunnelled(proxy: Proxy): Way {
  const kept = tunnelAgent(proxy, KEPT);
  return {
    proxy: nameOf(proxy),
    request(url, { fresh, tls, ...asking }) {
      const agent = fresh ? tunnelAgent(proxy, {}) : kept;
      const { hostname, port, pathname, search } = new URL(url);
      return new http.ClientRequest({
        ...asking,
        ...tls,
        agent,
        protocol: 'https:',
        host: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? 443 : port,
        path: pathname + search,
      });
    },
    [Symbol.dispose]: () => kept.destroy(),
  };
}

/** To a server that speaks in the clear: the proxy itself is asked for the whole address. */
function handedOn(proxy: Proxy): Way {
  const { Agent } = proxy.url.protocol === 'https:' ? https : http;
  const kept = new Agent(KEPT);
  return {
    proxy: nameOf(proxy),
    request: (url, { fresh, method, headers }) =>
      throughProxy(proxy, {
        method,
        path: url,
        headers: { host: new URL(url).host, ...headers },
        agent: fresh ? new Agent() : kept,
      }),
    [Symbol.dispose]: () => kept.destroy(),
  };
}
