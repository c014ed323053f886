import type { IncomingHttpHeaders } from 'node:http';
import { JenkinsError } from '../jenkinsError';
import { fields, text } from '../json';

/** What Jenkins says of a request without a crumb, or with one of another session. */
export function wantsCrumb(page: string): boolean {
  return page.includes('No valid crumb');
}

/**
 * What to send with whatever is posted: the crumb that Jenkins gave out, and the cookies of the session
 * that it is bound to. Undefined where none can be read.
 */
export function sessionOf(
  headers: IncomingHttpHeaders,
  body: string,
): Record<string, string> | undefined {
  const cookies = (headers['set-cookie'] ?? []).flatMap((cookie) => cookie.split(';')[0] ?? []);
  const told = fields(jsonOf(body));
  const [crumb, field] = [inHeader(told['crumb']), inHeader(told['crumbRequestField'])];
  if (crumb === undefined || field === undefined) return undefined;
  return { [field]: crumb, ...(cookies.length > 0 && { cookie: cookies.join('; ') }) };
}

/** The failure of a server that does not know its own crumb again. */
export function crumbRefused(base: string): JenkinsError {
  return new JenkinsError('forbidden', `${base} does not accept the crumb that it gave out.`, {
    advice:
      'A proxy in front of Jenkins may keep back cookies or the crumb. Connect with an API token, which needs neither.',
  });
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** What may stand in a header without ending it. */
function inHeader(value: unknown): string | undefined {
  return /^[\w.:~+/=-]{1,500}$/.exec(text(value) ?? '')?.[0];
}
