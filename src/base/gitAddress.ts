import { UserError } from './errors';
import { printable } from './json';

/** The address of a repository, of which all readers agree on the host. */
export interface GitAddress {
  /** `path` is a folder of this machine, given without a scheme. */
  readonly scheme: 'https' | 'http' | 'ssh' | 'git' | 'file' | 'path';
  /** In lower case, an IPv6 address in brackets; empty for a folder. */
  readonly host: string;
  /** Undefined for the scheme's own. */
  readonly port: number | undefined;
  readonly path: string;
  /** For people: without what logs in, though with the user of SSH. */
  readonly shown: string;
}

const PORTS = { https: 443, http: 80, ssh: 22, git: 9418 } as const;

/** What git calls its protocols (gitprotocol-common(5), git-clone(1)). */
const SCHEMES: ReadonlyMap<string, keyof typeof PORTS> = new Map([
  ['https', 'https'],
  ['http', 'http'],
  ['ssh', 'ssh'],
  ['git+ssh', 'ssh'],
  ['ssh+git', 'ssh'],
  ['git', 'git'],
]);

/**
 * Parses what git takes as the address of a repository (git-clone(1), "GIT URLS"), strictly: git, curl and ssh read
 * odd addresses in different ways, and the host that is shown must be the one that is contacted. Refused are
 * control and formatting characters, `?`, `#` and `\` before the path of a host or in it, a second `@`, escapes in
 * the host, unusual spellings of IP addresses, `transport::address`, other schemes, and what git or ssh would take
 * for an option.
 * @returns undefined for an address that is refused.
 */
export function parseGitAddress(text: string): GitAddress | undefined {
  // Of Unicode: control characters, and invisible ones such as those that turn the direction of writing.
  if (text === '' || text.startsWith('-') || /^\s|\s$|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text))
    return undefined;
  // git-remote-ext and its like.
  if (/^[a-z\d][a-z\d+.-]*::/i.test(text)) return undefined;
  const end = text.indexOf('://');
  const scheme = end > 0 ? text.slice(0, end) : '';
  if (/^[a-z\d+.-]+$/i.test(scheme)) return withScheme(scheme, text.slice(end + 3));
  const [colon, slash] = [text.indexOf(':'), text.indexOf('/')];
  if (colon < 0 || (slash >= 0 && slash < colon))
    return { scheme: 'path', host: '', port: undefined, path: text, shown: text };
  return likeScp(text);
}

/** As `parseGitAddress`. @throws UserError that shows the address. */
export function checkedGitAddress(text: string): GitAddress {
  const address = parseGitAddress(text);
  if (address === undefined)
    throw new UserError(
      `${printable(withoutLogin(text), 300)} is not taken for the address of a repository: programs could read it in different ways.`,
      { advice: 'Addresses like https://host/path, ssh://user@host/path and user@host:path are.' },
    );
  return address;
}

/** Whether two addresses name one repository: `git@host:a/b.git` and `https://host/a/b` do. */
export function sameRepository(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [parseGitAddress(a), parseGitAddress(b)];
  return one !== undefined && other !== undefined && repositoryOf(one) === repositoryOf(other);
}

/** `host/path` in lower case, without user, port, scheme and `.git`. */
export function repositoryOf({ host, path }: GitAddress): string {
  const whole = trimmed(path, '/').toLowerCase();
  const bare = whole.endsWith('.git') ? whole.slice(0, -'.git'.length) : whole;
  return `${host}/${bare}`;
}

/**
 * Whether two addresses are of one server: host, scheme and port are equal. Where the ports are the usual ones,
 * HTTPS or SSH in `address` may stand for another scheme in `known`.
 */
export function sameServer(address: GitAddress, known: GitAddress): boolean {
  if (address.host === '' || address.host !== known.host) return false;
  if (address.scheme === known.scheme) return address.port === known.port;
  const isProtected = address.scheme === 'https' || address.scheme === 'ssh';
  return address.port === undefined && known.port === undefined && isProtected;
}

/**
 * A text with addresses, without what logs in there: of HTTP the user too, who may be a token. Takes time in
 * proportion to the text.
 */
export function withoutLogin(text: string): string {
  let result = '';
  let done = 0;
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', done)) {
    const start = at + '://'.length;
    AUTHORITY_END.lastIndex = start;
    const end = AUTHORITY_END.exec(text)?.index ?? text.length;
    const authority = text.slice(start, end);
    result +=
      text.slice(done, start) +
      withoutUser(authority, text.slice(Math.max(0, at - 'https'.length), at));
    done = end;
  }
  return result + text.slice(done);
}

/** What follows is not read as part of the host by any program. */
const AUTHORITY_END = /[\s/?#\\"<>]/g;

/** `before` holds the end of the scheme. */
function withoutUser(authority: string, before: string): string {
  const login = authority.lastIndexOf('@');
  if (login < 0) return authority;
  if (/https?$/i.test(before)) return authority.slice(login + 1);
  const password = authority.indexOf(':');
  return password >= 0 && password < login
    ? authority.slice(0, password) + authority.slice(login)
    : authority;
}

function withScheme(written: string, rest: string): GitAddress | undefined {
  if (written.toLowerCase() === 'file')
    return rest.startsWith('/')
      ? { scheme: 'file', host: '', port: undefined, path: rest, shown: `file://${rest}` }
      : undefined;
  const scheme = SCHEMES.get(written);
  const slash = rest.indexOf('/');
  if (scheme === undefined || slash < 0) return undefined;
  const [authority, path] = [rest.slice(0, slash), rest.slice(slash)];
  // Git looks for an address in brackets behind any "@", also of the path.
  if (/[?#\\]|@\[/.test(path)) return undefined;
  const [login, place, ...more] = authority.includes('@') ? authority.split('@') : ['', authority];
  if (login === undefined || place === undefined || more.length > 0) return undefined;
  if (authority.includes('@') && !isLogin(login, scheme)) return undefined;
  const [, host, digits] = /^(\[[\da-f:.]*\]|[^:]*)(?::(\d{1,5}))?$/i.exec(place) ?? [];
  if (host === undefined || !isHost(host)) return undefined;
  const number = digits === undefined ? undefined : Number(digits);
  if (number === 0 || (number ?? 0) > 65_535) return undefined;
  const port = number === PORTS[scheme] ? undefined : number;
  const user = scheme === 'ssh' && login !== '' ? `${login.split(':', 1)[0] ?? ''}@` : '';
  const shown = `${scheme}://${user}${host}${port === undefined ? '' : `:${port}`}${path}`;
  return { scheme, host: host.toLowerCase(), port, path, shown };
}

function isLogin(login: string, scheme: string): boolean {
  // Git hands the user of git:// on as part of the host; ssh takes no password.
  if (scheme === 'git') return false;
  if (scheme === 'ssh') return /^[\w.+~][\w.+~-]*$/.test(login);
  return /^[\w.~!$&'()*+,;=:%-]*$/.test(login);
}

/** `user@host:path`, which git hands to ssh. */
function likeScp(text: string): GitAddress | undefined {
  const [, user, host, path] =
    /^(?:([\w.+~][\w.+~-]*)@)?(\[[\da-f:.]*\]|[\w.-]*):([^:?#\\][^?#\\]*)$/i.exec(text) ?? [];
  if (host === undefined || path === undefined || /@\[|:\/\//.test(path) || !isHost(host))
    return undefined;
  const shown = `${user === undefined ? '' : `${user}@`}${host}:${path}`;
  return { scheme: 'ssh', host: host.toLowerCase(), port: undefined, path, shown };
}

function isHost(host: string): boolean {
  if (host.startsWith('['))
    return /^\[[\da-f:.]+\]$/i.test(host) && URL.canParse(`http://${host}/`);
  if (host.length > 253 || !host.split('.').every((label) => /^[a-z\d_][a-z\d_-]*$/i.test(label)))
    return false;
  // Programs write 127.0.0.1 also as 127.1, 0x7f.1 and 2130706433.
  const last = host.slice(host.lastIndexOf('.') + 1);
  if (!/^(?:\d+|0x[\da-f]*)$/i.test(last)) return true;
  return URL.canParse(`http://${host}/`) && new URL(`http://${host}/`).hostname === host;
}

function trimmed(text: string, character: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text[start] === character) start++;
  while (end > start && text[end - 1] === character) end--;
  return text.slice(start, end);
}
