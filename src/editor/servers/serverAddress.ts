import { baseUrl, parseRunUrl, parseUrl } from '../../jenkins/url';

/** Pages that stand directly below a server's base, where a person may have copied the address from. */
const TOP_PAGES =
  /\/(?:manage|login|loginError|securityRealm|computer|user|asynchPeople|me|api|configure|newJob|builds|search|userContent|blue|whoAmI|people|log|pluginManager|credentials|queue)(?:\/.*)?$/;

/**
 * The server's base URL, ending with `/`, from any address of its pages; with `https` where no
 * protocol was typed, or `http` for this machine. Undefined where there is no such address.
 */
export function serverAddress(typed: string): string | undefined {
  const text = typed.trim();
  const local = /^(localhost|127\.|\[::1\])/.test(text);
  const url = parseUrl(/^[a-z]+:\/\//i.test(text) ? text : `${local ? 'http' : 'https'}://${text}`);
  if (text === '' || !url || !['http:', 'https:'].includes(url.protocol)) return undefined;
  return parseRunUrl(url.href)?.server ?? baseUrl(url.origin + url.pathname.replace(TOP_PAGES, ''));
}

/** What to call a server that was given no name: its host, with port and path prefix if it has them. */
export function serverName(base: string): string {
  const { host, pathname } = new URL(base);
  return host + pathname.replace(/\/$/, '');
}

/** Where a user makes an API token. */
export function tokenPage(base: string, user: string): string {
  return `${base}user/${encodeURIComponent(user)}/security/`;
}
