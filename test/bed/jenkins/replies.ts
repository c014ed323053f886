import type { OutgoingHttpHeaders } from 'node:http';
import { parseTree, prune, TreeSyntaxError, type Model } from './tree';

export interface Reply {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** Pieces are sent as fast as they are taken. */
  readonly body: string | Buffer | Iterable<Buffer>;
}
export function api(url: URL, model: Model, defaults: string): Reply {
  try {
    return json(prune(model, parseTree(url.searchParams.get('tree') ?? defaults)));
  } catch (error) {
    if (!(error instanceof TreeSyntaxError)) throw error;
    return html(500, `<html><body><h1>Oops!</h1><p>${error.message}</p></body></html>`);
  }
}

/** The whole body. */
export function bytesOf(body: Reply['body']): Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body)
    ? Buffer.from(body)
    : Buffer.concat([...body]);
}

export function json(value: unknown): Reply {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json;charset=utf-8' },
    body: JSON.stringify(value),
  };
}

export function plain(body: Reply['body'], headers: OutgoingHttpHeaders = {}, status = 200): Reply {
  return { status, headers: { 'Content-Type': 'text/plain;charset=utf-8', ...headers }, body };
}

export function html(status: number, body: string, headers: OutgoingHttpHeaders = {}): Reply {
  return { status, headers: { 'Content-Type': 'text/html;charset=utf-8', ...headers }, body };
}

export function notFound(): Reply {
  const title = '<head><title>Not Found [Jenkins]</title></head>';
  return html(404, `<html>${title}<body><h1>Not Found</h1></body></html>`);
}

/** Jenkins does not always name the permission (ReplayAction does not). */
export function forbidden(
  url: URL,
  user: string | undefined,
  permission: string | null = 'hudson.model.Hudson.Read',
): Reply {
  const login = `/login?from=${encodeURIComponent(url.pathname)}`;
  const why = user === undefined ? 'Authentication required' : `${user} is missing a permission`;
  return html(
    403,
    `<html><head><meta http-equiv='refresh' content='1;url=${login}'/></head><body>${why}</body></html>`,
    {
      'X-You-Are-Authenticated-As': user ?? 'anonymous',
      ...(permission !== null && { 'X-Required-Permission': permission }),
    },
  );
}
