/** The ways in which an answer goes wrong. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { bytesOf, html, type Reply } from './replies';

export interface Asked {
  /** Of the request, with the prefix and the query. */
  readonly path: string;
  readonly response: ServerResponse;
  /** What would have been answered. */
  readonly right: () => Promise<Reply>;
  /** Answers with Jenkins' own headers. */
  readonly send: (reply: Reply) => void;
}

export type Fault = (asked: Asked) => void | Promise<void>;

const OOPS = '<html><body>Oops!</body></html>';
const GIGABYTE = 2 ** 30;

export const FAULTS = {
  /** Something that is not Jenkins, such as a company's sign-in page. */
  html: page('<html><body>It works!</body></html>'),
  /** Jenkins' own sign-in page. */
  login: ({ send }) =>
    send(html(200, '<html><form action="j_spring_security_check"></form></html>')),
  truncated: ({ response }) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 });
    response.write('{"jobs":[', () => response.destroy());
  },
  /** The right answer, but for its second half. */
  cut: async ({ response, right, send }) => {
    const reply = await right();
    const { status: code, headers } = reply;
    const bytes = bytesOf(reply.body);
    if (bytes.length === 0) {
      send(reply);
      return;
    }
    response.writeHead(code, { ...headers, 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
  },
  /** It never ends. */
  huge: ({ response }) => endless(response),
  /** A gigabyte, as its head says. */
  gigabyte: ({ response }) => endless(response, { 'Content-Length': GIGABYTE }),
  /** It begins and then falls silent. */
  slow: ({ response }) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.write('{');
  },
  /** It says nothing at all. */
  silent: () => undefined,
  /** The right answer in 20 drops. */
  drip,
  '401': status(401, { 'WWW-Authenticate': 'Basic realm="Jenkins"' }),
  '403': status(403),
  '404': status(404),
  '429': status(429, { 'Retry-After': '1' }),
  '429-date': ({ response }) =>
    status(429, { 'Retry-After': new Date(Date.now() + 1000).toUTCString() })({ response }),
  '500': status(500),
  '503': status(503),
  'login-redirect': status(302, { Location: '/login?from=%2F' }),
  redirect: status(302, { Location: 'https://elsewhere.example/jenkins/' }),
  'redirect-loop': ({ response, path }) => status(302, { Location: path })({ response }),
  reset: ({ response }) => void response.socket?.resetAndDestroy(),
  /** The server's clock is three hours fast. */
  skew: async ({ response, right, send }) => {
    const later = 3 * 3_600_000;
    response.setHeader('Date', new Date(Date.now() + later).toUTCString());
    const reply = await right();
    if (!isJson(reply)) {
      send(reply);
      return;
    }
    const times = /"(timestamp|startTimeMillis)":(\d+)/g;
    const body = bytesOf(reply.body)
      .toString()
      .replace(times, (_, key: string, time: string) => `"${key}":${Number(time) + later}`);
    send({ ...reply, body });
  },
} satisfies Readonly<Record<string, Fault>>;

export type FaultKind = keyof typeof FAULTS;

/** The right answer with its JSON changed. */
export function changed(change: (json: unknown) => unknown): Fault {
  return async ({ right, send }) => {
    const reply = await right();
    if (!isJson(reply)) {
      send(reply);
      return;
    }
    const body = JSON.stringify(change(JSON.parse(bytesOf(reply.body).toString())));
    send({ ...reply, body });
  };
}

function isJson({ headers }: Reply): boolean {
  return String(headers['Content-Type']).includes('json');
}

function page(body: string): (asked: Pick<Asked, 'response'>) => void {
  return ({ response }) => {
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end(body);
  };
}

function status(
  code: number,
  headers: Readonly<Record<string, string>> = {},
): (asked: Pick<Asked, 'response'>) => void {
  return ({ response }) => {
    response.writeHead(code, { 'Content-Type': 'text/html', ...headers });
    response.end(OOPS);
  };
}

async function drip({ response, right }: Asked): Promise<void> {
  const { status: code, headers, body } = await right();
  const bytes = bytesOf(body);
  const drop = Math.ceil(bytes.length / 20);
  response.writeHead(code, headers);
  for (let at = 0; at < bytes.length && !response.destroyed; at += drop) {
    response.write(bytes.subarray(at, at + drop));
    await wait(2);
  }
  response.end();
}

function endless(response: ServerResponse, headers: Readonly<Record<string, number>> = {}): void {
  response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
  const piece = Buffer.alloc(1024 * 1024, ' ');
  const more = async (): Promise<void> => {
    for (let left = GIGABYTE; left > 0 && !response.destroyed; left -= piece.length)
      if (!response.write(piece)) await once(response, 'drain');
    response.end();
  };
  more().catch(() => undefined);
}
