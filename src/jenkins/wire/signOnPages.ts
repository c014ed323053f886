import { parseUrl } from '../url';

/** Who wants somebody to sign in: Jenkins itself, or what stands before it. */
export type SignOn =
  | { readonly by: 'Jenkins' }
  /** `name`: as people know it, such as `Okta` or `single sign-on`. */
  | { readonly by: 'another'; readonly name: string };

/**
 * Whether a redirect leads to a page for signing in. `ours`: it came from Jenkins itself, as its
 * headers say, so that whoever is named there does not stand before it.
 */
export function signOnAt(location: string, url: string, ours: boolean): SignOn | undefined {
  const target = parseUrl(location, url);
  if (target === undefined) return undefined;
  const away = target.origin !== new URL(url).origin;
  const found = namedIn(target.href);
  if (!away && found === undefined && JENKINS_PATHS.test(target.pathname)) return { by: 'Jenkins' };
  const name = found ?? (away && asksForMore(target) ? UNNAMED : undefined);
  if (name === undefined) return undefined;
  return ours ? { by: 'Jenkins' } : { by: 'another', name };
}

/** Whether a web page is one for signing in. */
export function signOnIn(page: string, ours: boolean): SignOn | undefined {
  if (/j_spring_security_check|j_acegi_security_check/.test(page)) return { by: 'Jenkins' };
  const leads = [...page.matchAll(LEADS)].map((match) => unescaped(match[1] ?? ''));
  const name =
    leads.map(namedIn).find((found) => found !== undefined) ??
    (/<title>[^<]*oauth2[ -]proxy/i.test(page) ? 'oauth2-proxy' : undefined) ??
    (/<input\b[^>]*\b(?:type=["']?password|name=["']?SAMLRequest)\b/i.test(page)
      ? UNNAMED
      : undefined);
  if (name === undefined) return undefined;
  return ours ? { by: 'Jenkins' } : { by: 'another', name };
}

const UNNAMED = 'single sign-on';
const JENKINS_PATHS = /\/(?:login|loginEntry|securityRealm)(?:\/|$)/i;
/** Where forms, links, refreshes and scripts of a page lead to. */
const LEADS =
  /(?:action|href|content|location(?:\.href)?)\s*=\s*["'](?:\d+;\s*url=)?([^"'\s]{1,2000})/gi;

function unescaped(text: string): string {
  return text.replaceAll('&amp;', '&');
}

function namedIn(address: string): string | undefined {
  return KNOWN.find(([, pattern]) => pattern.test(address))?.[0];
}

/** What an identity provider is asked with: OAuth 2, SAML, CAS, and what proxies call "back to". */
function asksForMore({ searchParams }: URL): boolean {
  return ['client_id', 'SAMLRequest', 'redirect_uri', 'service', 'rd', 'RelayState', 'TARGET'].some(
    (name) => searchParams.has(name),
  );
}

/** By their addresses, as their documentation shows them. */
const KNOWN: readonly (readonly [name: string, address: RegExp])[] = [
  ['oauth2-proxy', /\/oauth2\/(?:start|sign_in|auth)\b/],
  ['Microsoft Entra ID', /login\.(?:microsoftonline|windows|microsoft)\./],
  ['Okta', /\.(?:okta|oktapreview|okta-emea)\.com\b/],
  ['Google', /accounts\.google\.com\b/],
  ['GitHub', /\/login\/oauth\/authorize\b/],
  ['Cloudflare Access', /\/cdn-cgi\/access\/login\b/],
  ['Keycloak', /\/realms\/[^/]+\/(?:protocol|broker)\//],
  ['Auth0', /\.auth0\.com\//],
  ['Authelia', /\bauthelia\b/],
  ['authentik', /\/outpost\.goauthentik\.io\/|\/application\/o\/authorize\b/],
  ['Pomerium', /\/\.pomerium\//],
  ['AD FS', /\/adfs\/(?:ls|oauth2)\b/],
  ['Shibboleth', /\/idp\/profile\/SAML2\/|\/Shibboleth\.sso\//],
  ['PingFederate', /\/as\/authorization\.oauth2\b|\/idp\/SSO\.saml2\b/],
  ['CAS', /\/cas\/login\b/],
  ['GitLab', /\/oauth\/authorize\b/],
  ['SAML', /[?&]SAMLRequest=/],
];
