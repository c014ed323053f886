import type { IncomingHttpHeaders } from 'node:http';
import { JenkinsError } from '../jenkinsError';
import { parseUrl } from '../url';
import { certificateWanted } from './certificateFailures';
import type { Whole } from './keptAnswers';
import { notJenkins } from './notJenkins';
import { busy } from './pause';
import { refusedByProxy } from './proxyFailures';
import { signOnAt, signOnIn, type SignOn } from './signOnPages';

/** What was asked for, and of which server. */
export interface At {
  readonly url: string;
  readonly base: string;
}

export interface Asked extends At {
  readonly signedIn: boolean;
}

export interface Told {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The beginning of its body, where that is a web page. */
  readonly page?: string;
}

/** The failure that an answer is which is not what was asked for. */
export function failureOf(told: Told, asked: Asked): JenkinsError {
  const { status, headers } = told;
  const { base, url, signedIn } = asked;
  if (status >= 300 && status < 400) return redirectFailure(headers, asked);
  if (status === 407) return refusedByProxy('', status);
  if (status === 400 && WANTS_CERTIFICATE.test(told.page ?? '')) return certificateWanted(base);
  const refused = status === 401 || status === 403;
  const signOn = refused ? signOnIn(told.page ?? '', isJenkins(headers)) : undefined;
  if (signOn?.by === 'another') return signOnFailure(signOn, asked);
  if (status === 401) return unauthorized(asked);
  if (status === 403) return forbidden(headers, asked);
  if (status === 404) {
    return new JenkinsError(
      'not-found',
      `${base} has nothing at /${url.slice(base.length).split('?')[0] ?? ''}.`,
      {
        advice: signedIn
          ? 'It may have been deleted, or your user may not be allowed to see it.'
          : 'It may have been deleted, or only be visible to those who sign in.',
      },
    );
  }
  const wait = waitOf(headers);
  if (status === 429 || (status === 503 && wait !== undefined))
    return busy(base, wait ?? UNTOLD_WAIT);
  if (status >= 500) {
    return new JenkinsError('server-error', `${base} has a problem of its own (HTTP ${status}).`, {
      advice:
        'Try again later; Jenkins may be starting, or a proxy in front of it cannot reach it.',
    });
  }
  return new JenkinsError('server-error', `${base} answered with HTTP ${status}.`, {});
}

/** The failure of a web page where data was due. */
export function pageFailure({ headers, body }: Whole, asked: Asked): JenkinsError {
  const signOn = signOnIn(body, isJenkins(headers));
  if (signOn !== undefined) return signOnFailure(signOn, asked);
  if (!isJenkins(headers)) return notJenkins(asked.base);
  return new JenkinsError(
    'malformed',
    `${asked.base} answered with a web page where data was due.`,
    { advice: 'A proxy or a sign-in page may stand in front of Jenkins.' },
  );
}

/** The failure of something that is no JSON where that was due. */
export function notJson(headers: IncomingHttpHeaders, base: string, cause: unknown): JenkinsError {
  if (!isJenkins(headers) && headers['content-type']?.includes('json') !== true)
    return notJenkins(base);
  return new JenkinsError('malformed', `${base} answered with JSON that cannot be read.`, {
    cause,
    advice: 'Something between here and Jenkins may have cut the answer short. Try again.',
  });
}

/** Where a redirect leads that stays on this server: to another page of it, and not to another base. */
export function staysBelow({ status, headers }: Told, asked: At): string | undefined {
  if (status < 300 || status >= 400 || headers.location === undefined) return undefined;
  const { url, base } = asked;
  const target = parseUrl(headers.location, url);
  if (target?.href.startsWith(base) !== true || signOnAt(target.href, url, true) !== undefined)
    return undefined;
  return (movedTo(target, asked) ?? base) === base ? target.href : undefined;
}

/** nginx and others answer so to who brings none, or a wrong one. */
const WANTS_CERTIFICATE = /No required SSL certificate was sent|The SSL certificate error/i;

function isJenkins(headers: IncomingHttpHeaders): boolean {
  return headers['x-jenkins'] !== undefined;
}

function redirectFailure(headers: IncomingHttpHeaders, asked: Asked): JenkinsError {
  const { base, url } = asked;
  const target = headers.location === undefined ? undefined : parseUrl(headers.location, url);
  const signOn = target && signOnAt(target.href, url, isJenkins(headers));
  if (signOn !== undefined) return signOnFailure(signOn, asked);
  if (target === undefined)
    return new JenkinsError('redirect', `${base} points to another address, but to none.`, {});
  const shown = (target.origin + target.pathname).slice(0, 200);
  const elsewhere = movedTo(target, asked);
  return new JenkinsError('redirect', `${base} points to another address: ${shown}.`, {
    ...(elsewhere !== undefined && { elsewhere }),
    advice:
      elsewhere !== undefined && isSecured(base, elsewhere)
        ? `Connect to ${elsewhere} instead: it is the same server, with a secure connection.`
        : 'If you trust that address, connect to it instead.',
  });
}

/** The base of the server that a redirect points at, if the same page is asked for there. */
function movedTo(target: URL, { base, url }: At): string | undefined {
  const page = new URL(url).pathname.slice(new URL(base).pathname.length);
  if (!target.pathname.endsWith(`/${page}`)) return undefined;
  return target.origin + target.pathname.slice(0, target.pathname.length - page.length);
}

function isSecured(base: string, elsewhere: string): boolean {
  const [from, to] = [new URL(base), new URL(elsewhere)];
  return from.hostname === to.hostname && from.protocol === 'http:' && to.protocol === 'https:';
}

function signOnFailure(signOn: SignOn, { base, signedIn }: Asked): JenkinsError {
  if (signOn.by === 'Jenkins') {
    return new JenkinsError('sign-in', `${base} wants you to sign in.`, {
      advice: 'Connect with your user name and an API token.',
    });
  }
  const who = signOn.name === 'single sign-on' ? '' : ` (${signOn.name})`;
  const exempt =
    'ask an administrator to let requests to Jenkins’ API pass that bring a token, or connect by an address that goes around it, such as one inside a VPN';
  return signedIn
    ? new JenkinsError('single-sign-on', `${base} sits behind single sign-on${who}.`, {
        advice: `It does not let an API token of Jenkins through: ${exempt}.`,
      })
    : new JenkinsError('sign-in', `${base} sits behind single sign-on${who}.`, {
        advice: `Connect with your user name and an API token of Jenkins. If that does not get through, ${exempt}.`,
      });
}

/** Milliseconds to wait for where a server only says that it was too much. */
const UNTOLD_WAIT = 10_000;

/** What Retry-After says, in milliseconds: it holds seconds, or a time by the server's own clock. */
function waitOf(headers: IncomingHttpHeaders): number | undefined {
  const told = headers['retry-after'] ?? '';
  if (/^\d{1,9}$/.test(told)) return Number(told) * 1000;
  const until = Date.parse(told);
  const now = Date.parse(headers.date ?? '');
  return Number.isNaN(until) ? undefined : until - (Number.isNaN(now) ? Date.now() : now);
}

function unauthorized({ base, signedIn }: Asked): JenkinsError {
  if (!signedIn) {
    return new JenkinsError('sign-in', `${base} shows nothing to those who have not signed in.`, {
      advice: 'Connect with your user name and an API token.',
    });
  }
  return new JenkinsError('unauthorized', `${base} refused the user name or the API token.`, {
    advice:
      'Make a new API token in Jenkins (your name, Security, API Token) and connect again. A password works only where Jenkins itself keeps it.',
  });
}

function forbidden(headers: IncomingHttpHeaders, { base, signedIn }: Asked): JenkinsError {
  if (!signedIn) {
    return new JenkinsError('sign-in', `${base} shows nothing to those who have not signed in.`, {
      advice: 'Connect with your user name and an API token.',
    });
  }
  const permission = String(headers['x-required-permission'] ?? '')
    .replace(/[^\w.]/g, '')
    .slice(0, 80);
  return new JenkinsError('forbidden', `${base} does not allow your user to see this.`, {
    advice:
      permission === ''
        ? 'Ask an administrator of the server for read permission.'
        : `Ask an administrator of the server for the permission ${permission}.`,
  });
}
