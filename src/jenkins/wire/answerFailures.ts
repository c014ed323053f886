import type * as http from 'node:http';
import { JenkinsError } from '../jenkinsError';
import { parseUrl } from '../url';
import { busy } from './pause';

export function failureOf(
  response: http.IncomingMessage,
  at: { url: string; base: string; signedIn: boolean },
): JenkinsError | undefined {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return undefined;
  const { base } = at;
  if (status >= 300 && status < 400) return redirectFailure(response.headers.location, base);
  if (status === 401) {
    return new JenkinsError('unauthorized', `${base} refused the user name or the API token.`, {
      advice:
        'Make a new API token in Jenkins (your name, Security, API Token) and connect again. A password works only where Jenkins itself keeps it.',
    });
  }
  if (status === 403) return forbidden(response.headers, at);
  if (status === 404) {
    return new JenkinsError(
      'not-found',
      `${base} has nothing at /${at.url.slice(base.length).split('?')[0] ?? ''}.`,
      {
        advice: at.signedIn
          ? 'It may have been deleted, or your user may not be allowed to see it.'
          : 'It may have been deleted, or only be visible to those who sign in.',
      },
    );
  }
  const wait = waitOf(response.headers);
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

/** Milliseconds to wait for where a server only says that it was too much. */
const UNTOLD_WAIT = 10_000;

/** What Retry-After says, in milliseconds: it holds seconds, or a time by the server's own clock. */
function waitOf(headers: http.IncomingHttpHeaders): number | undefined {
  const told = headers['retry-after'] ?? '';
  if (/^\d{1,9}$/.test(told)) return Number(told) * 1000;
  const until = Date.parse(told);
  const now = Date.parse(headers.date ?? '');
  return Number.isNaN(until) ? undefined : until - (Number.isNaN(now) ? Date.now() : now);
}

function redirectFailure(location: string | undefined, base: string): JenkinsError {
  const target = location === undefined ? undefined : parseUrl(location, base);
  if (target !== undefined && /\/(login|securityRealm|oauth2?|saml)\b/i.test(target.pathname)) {
    return new JenkinsError('sign-in', `${base} wants you to sign in.`, {
      advice: 'Connect with your user name and an API token.',
    });
  }
  return new JenkinsError(
    'redirect',
    `${base} points to another address${target === undefined ? '' : `: ${(target.origin + target.pathname).slice(0, 200)}`}.`,
    {
      advice: 'If you trust that address, connect to it instead.',
    },
  );
}

function forbidden(
  headers: http.IncomingHttpHeaders,
  { base, signedIn }: { base: string; signedIn: boolean },
): JenkinsError {
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

export function htmlFailure(
  answer: { readonly headers: http.IncomingHttpHeaders },
  base: string,
): JenkinsError {
  if (answer.headers['x-jenkins'] === undefined) {
    return new JenkinsError('not-jenkins', `${base} does not answer like Jenkins.`, {
      advice: 'Check the address, with the path prefix that your browser shows on its start page.',
    });
  }
  return new JenkinsError('malformed', `${base} answered with a web page where data was due.`, {
    advice: 'A proxy or a sign-in page may stand in front of Jenkins.',
  });
}
