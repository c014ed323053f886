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

/** Where a user makes an API token; on the page of all settings before Jenkins 2.468 (jenkinsci/jenkins#7268). */
export function tokenPage(base: string, user: string, version: string | undefined): string {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  const old = Number(major) < 2 || (Number(major) === 2 && Number(minor) < 468);
  return `${base}user/${encodeURIComponent(user)}/${old ? 'configure' : 'security/'}`;
}

/** Where a Jenkins may be that is not at an address: at a shorter path, or below the usual prefix. */
export function otherBases(base: string): string[] {
  const { origin, pathname } = new URL(base);
  const parts = pathname.split('/').filter((part) => part !== '');
  const shorter = parts.map(
    (_, at) =>
      `${origin}/${parts
        .slice(0, at)
        .map((part) => `${part}/`)
        .join('')}`,
  );
  return [`${base}jenkins/`, ...shorter.reverse(), `${origin}/jenkins/`].filter(
    (other, at, all) => other !== base && all.indexOf(other) === at,
  );
}
