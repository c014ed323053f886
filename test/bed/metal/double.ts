/**
 * A server that speaks the Metal v1 API as its OpenAPI document has it, on 127.0.0.1, with faults and a
 * clock under the test's control. What is not as in the document (`document.ts`), asked or answered, is a 500. It keeps books: what is still there, and what it has cost.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { fields, list } from '../../../src/base/json';
import { openAccount, type Books, type MetalOptions, type Reply } from './account';
import { metroJson, planJson, systemJson, SYSTEMS } from './catalogue';
import { unlikeDocument } from './document';
import { deviceJson, type DeviceRecord, type DeviceWish } from './device';
import { answerWrongly, Faults, type Fault } from './faults';

export interface MetalDouble extends AsyncDisposable {
  /** `http://127.0.0.1:1234/metal/v1` */
  readonly address: string;
  readonly token: string;
  readonly project: string;
  readonly requests: readonly RecordedRequest[];
  /** All devices that were ever made and are not gone. */
  readonly devices: readonly DeviceRecord[];
  /** Answers requests whose `METHOD /path?query` matches with a fault, until the fault is disposed. */
  fault(match: RegExp, fault: Fault): Disposable;
  /** Resolves when a request that matches has come. */
  asked(match: RegExp): Promise<void>;
  now(): number;
  /** Moves its clock forward, and carries out what is due by then. */
  advance(milliseconds: number): Promise<void>;
  /** Until it is disposed, devices that were deleted stay as `deprovisioning`. */
  hold(): Disposable;
  /** Says how far a slow device is. */
  percentage(percentage: number): void;
  /** Ends the provisioning of all slow devices. */
  finish(state?: 'active' | 'failed'): Promise<void>;
  /** Somebody pays more for a spot device: it has two minutes. */
  outbid(id: string): void;
  /** It could not be provisioned: it is in the project no more, and nobody of it may see it. */
  setAside(id: string): void;
  stock(plan: string, metro: string, count: number): void;
  /** Somebody else's key or device in the project. */
  addKey(label: string): void;
  addDevice(wish: Partial<DeviceWish>): DeviceRecord;
  books(): Books;
}

export interface RecordedRequest {
  /** `METHOD /path?query` */
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export async function startMetal(options: MetalOptions = {}): Promise<MetalDouble> {
  const { filters = true } = options;
  const token = randomUUID();
  const project = randomUUID();
  const account = openAccount(options);
  const faults = new Faults();
  const requests: RecordedRequest[] = [];
  const watchers = new Set<(line: string) => void>();

  function page(name: string, all: readonly object[], query: URLSearchParams): Reply {
    const per = Math.min(Number(query.get('per_page') ?? 10), options.pageSize ?? 100);
    const current = Number(query.get('page') ?? 1);
    const last = Math.max(1, Math.ceil(all.length / per));
    const meta = { current_page: current, last_page: last, total: all.length };
    return {
      status: 200,
      body: { [name]: all.slice((current - 1) * per, current * per), meta },
    };
  }

  function answer(method: string, path: string, query: URLSearchParams, body: unknown): Reply {
    const [, first = '', id = '', inner = ''] = path.split('/');
    const asked = `${method} ${first}${inner === '' ? '' : ` ${inner}`}`;
    if (first === 'projects' && id !== '' && id !== project) return NOT_FOUND;
    switch (asked) {
      case 'GET projects':
        return page('projects', [{ id: project, name: 'A project' }], query);
      case 'GET projects plans':
        return { status: 200, body: { plans: account.plans.map(planJson) } };
      case 'GET projects devices': {
        const tag = filters ? query.get('tag') : null;
        const found = [...account.devices.values()].filter(
          ({ tags }) => tag === null || tags.includes(tag),
        );
        return page('devices', found.map(deviceJson), query);
      }
      case 'POST projects devices':
        return account.create(body, id);
      case 'GET projects ssh-keys': {
        const wanted = filters ? (query.get('query') ?? '') : '';
        const found = [...account.keys.values()].filter(({ label }) => label.includes(wanted));
        return { status: 200, body: { ssh_keys: found } };
      }
      case 'POST projects ssh-keys':
        return account.createKey(body);
      case 'DELETE ssh-keys':
        return account.keys.delete(id) ? { status: 204 } : NOT_FOUND;
      case 'GET locations':
        return { status: 200, body: { metros: account.metros.map(metroJson) } };
      case 'GET operating-systems':
        return { status: 200, body: { operating_systems: SYSTEMS.map(systemJson) } };
      case 'GET capacity':
        return { status: 200, body: { capacity: account.capacity() } };
      case 'POST capacity':
        return {
          status: 200,
          body: { servers: list(fields(body)['servers']).map(account.checked) },
        };
      case 'GET market prices':
        return { status: 200, body: { spot_market_prices: account.spotPrices() } };
    }
    if (first === 'devices' && account.aside.has(id)) return FORBIDDEN;
    const device = first === 'devices' ? account.devices.get(id) : undefined;
    if (!device) return NOT_FOUND;
    if (method === 'PUT') return account.update(device, body);
    if (method === 'DELETE') account.remove(device);
    return method === 'DELETE' ? { status: 204 } : { status: 200, body: deviceJson(device) };
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://double');
    const path = url.pathname.replace(/^\/metal\/v1/, '');
    const line = `${request.method} ${path}${url.search}`;
    const hasBody = request.method === 'POST' || request.method === 'PUT';
    const body: unknown = hasBody ? await json(request) : undefined;
    requests.push({ line, headers: request.headers, body });
    response.sendDate = false;
    response.setHeader('Date', new Date(account.now()).toUTCString());
    response.setHeader('Content-Type', 'application/json');
    const fault = faults.take(line);
    account.settle();
    const method = request.method ?? '';
    const right = (): Reply => {
      const told =
        request.headers['x-auth-token'] === token
          ? answer(method, path, url.searchParams, body)
          : { status: 401, body: { error: 'Invalid authentication token' } };
      const wrong = unlikeDocument({ method, path, query: url.searchParams, body, reply: told });
      if (wrong.length > 0) throw new Error(wrong.join('; '));
      return told;
    };
    const reply = fault && fault.done !== true ? undefined : right();
    for (const watcher of watchers) watcher(line);
    if (fault) answerWrongly(fault, request, response);
    else response.writeHead(reply?.status ?? 500).end(reply?.body && JSON.stringify(reply.body));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.writeHead(500).end(JSON.stringify({ error: String(error) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Ends come by themselves too, with nobody asking.
  const ticking = setInterval(account.settle, 100);

  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metal/v1`,
    token,
    project,
    requests,
    get devices() {
      return [...account.devices.values()];
    },
    fault: (match, fault) => faults.add(match, fault),
    asked: (match) =>
      new Promise((resolve) => {
        const watcher = (line: string): void => {
          if (!match.test(line)) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
      }),
    now: account.now,
    advance: async (milliseconds) => {
      account.advance(milliseconds);
      account.settle();
      await account.over();
    },
    hold: account.hold,
    percentage: (percentage) => {
      for (const device of account.devices.values()) device.percentage = percentage;
    },
    finish: async (state = 'active') => {
      account.finish(state);
      await account.over();
    },
    outbid: account.outbid,
    setAside: account.setAside,
    stock: account.setStock,
    addKey: (label) => {
      const id = randomUUID();
      account.keys.set(id, { id, label, key: `ssh-ed25519 ${id}`, tags: [] });
    },
    addDevice: account.addDevice,
    books: account.books,
    [Symbol.asyncDispose]: async () => {
      clearInterval(ticking);
      for (const device of account.devices.values()) account.remove(device);
      await account.over();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const FORBIDDEN: Reply = {
  status: 403,
  body: { errors: ['You are not authorized to view this device'] },
};
const NOT_FOUND: Reply = { status: 404, body: { errors: ['Not found'] } };
