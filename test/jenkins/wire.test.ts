import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mock } from 'node:test';
import { openWire, type ConnectOptions, type Wire } from '../../src/jenkins/http';
import { JenkinsError } from '../../src/jenkins/jenkinsError';
import { keepAnswers } from '../../src/jenkins/wire/keptAnswers';

const { signal } = new AbortController();

interface Bed extends AsyncDisposable {
  readonly wire: Wire;
  readonly asked: IncomingMessage[];
}

/** A wire to a server that answers as the test says. */
async function bed(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: Partial<ConnectOptions> = {},
): Promise<Bed> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const wire = openWire({ base: `http://127.0.0.1:${port}/jenkins/`, ...options });
  return {
    wire,
    asked,
    async [Symbol.asyncDispose]() {
      wire[Symbol.dispose]();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function failure(promise: Promise<unknown>): Promise<JenkinsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof JenkinsError, String(error));
  return error;
}

describe('A wire', () => {
  it('has at most four requests under way, and makes the others in their order', async () => {
    let open = 0;
    let most = 0;
    await using it = await bed((_, response) => {
      most = Math.max(most, ++open);
      response.once('close', () => open--);
      setTimeout(() => response.end('{}'), 5);
    });
    const paths = Array.from({ length: 20 }, (_, at) => `${it.wire.base}${at}`);
    await Promise.all(paths.map((path) => it.wire.json(path, signal)));
    assert.equal(most, 4);
    assert.deepEqual(
      it.asked.map(({ url }) => url),
      paths.map((path) => new URL(path).pathname),
    );
  });

  it('lets others pass while a long answer is read slowly', async () => {
    await using it = await bed((request, response) => {
      if (request.url?.endsWith('/log') === true) response.write('begun');
      else response.end('{}');
    });
    const logs = [1, 2, 3, 4, 5].map(() => it.wire.get(`${it.wire.base}log`, signal));
    for (const log of await Promise.all(logs)) assert.equal(log.status, 200);
    assert.deepEqual(await it.wire.json(`${it.wire.base}api/json`, signal), {});
    for (const log of logs) (await log).discard();
  });

  it('gives the place back when a request fails or is cancelled', async () => {
    await using it = await bed((request, response) => {
      if (request.url?.endsWith('/never') !== true) response.writeHead(500).end();
    });
    const leaving = new AbortController();
    const never = [1, 2, 3, 4].map(() => it.wire.json(`${it.wire.base}never`, leaving.signal));
    leaving.abort();
    for (const one of never) await assert.rejects(one, { name: 'AbortError' });
    for (let at = 0; at < 5; at++) {
      const error = await failure(it.wire.json(`${it.wire.base}api/json`, signal));
      assert.equal(error.kind, 'server-error');
    }
  });

  it('sends a request again when a kept connection turns out dead, but never what it posts', async () => {
    let hangUp = false;
    await using it = await bed((request, response) => {
      if (hangUp) request.socket.resetAndDestroy();
      else response.end('{}');
      hangUp = false;
    });
    await it.wire.json(`${it.wire.base}a`, signal);
    hangUp = true;
    assert.deepEqual(await it.wire.json(`${it.wire.base}b`, signal), {});
    assert.equal(it.asked.length, 3);
    hangUp = true;
    const posted = it.wire.post(`${it.wire.base}c`, { body: '', headers: {} }, signal);
    assert.equal((await failure(posted)).kind, 'network');
    assert.equal(it.asked.length, 4);
  });
});

describe('A server that has too much to do', () => {
  const later = new Date(Date.now() + 3_600_000).toUTCString();
  const cases = [
    [429, { 'retry-after': '90' }, 90_000],
    [503, { 'retry-after': '90' }, 90_000],
    [429, {}, 10_000],
    // A time is one by its own clock.
    [
      429,
      { 'retry-after': later, date: new Date(Date.parse(later) - 60_000).toUTCString() },
      60_000,
    ],
    [429, { 'retry-after': '86400' }, 600_000],
    [429, { 'retry-after': 'soon' }, 10_000],
  ] as const;
  for (const [status, headers, wait] of cases) {
    it(`is left alone for ${wait} ms after ${status} ${JSON.stringify(Object.values(headers))}`, async () => {
      await using it = await bed((_, response) => void response.writeHead(status, headers).end());
      const url = `${it.wire.base}api/json`;
      const error = await failure(it.wire.json(url, signal));
      assert.equal(error.kind, 'busy');
      assert.equal(error.retryAfter, wait);
      assert.match(error.advice ?? '', /seconds/);
      // Whoever asks meanwhile is told the same, and the server is not asked.
      for (const again of [
        it.wire.json(url, signal),
        it.wire.get(url, signal),
        it.wire.post(url, { body: '', headers: {} }, signal),
      ]) {
        const { kind, retryAfter = 0 } = await failure(again);
        assert.equal(kind, 'busy');
        assert.ok(retryAfter > 0 && retryAfter <= wait);
      }
      assert.equal(it.asked.length, 1);
    });
  }

  it('is asked again afterwards', async () => {
    let status = 429;
    await using it = await bed((_, response) => void response.writeHead(status).end('{}'));
    const url = `${it.wire.base}api/json`;
    await failure(it.wire.json(url, signal));
    status = 200;
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 10_001 });
    try {
      assert.deepEqual(await it.wire.json(url, signal), {});
    } finally {
      mock.timers.reset();
    }
  });

  it('is not told from one that is starting, unless it says for how long', async () => {
    await using it = await bed((_, response) => void response.writeHead(503).end());
    const error = await failure(it.wire.json(`${it.wire.base}api/json`, signal));
    assert.equal(error.kind, 'server-error');
  });
});

describe('An answer that need not be sent again', () => {
  it('is asked for with its ETag, and taken from memory when it has not changed', async () => {
    let version = 1;
    await using it = await bed((request, response) => {
      const tag = `"v${version}"`;
      response.setHeader('etag', tag);
      if (request.headers['if-none-match'] === tag) response.writeHead(304).end();
      else response.end(JSON.stringify({ version }));
    });
    const url = `${it.wire.base}runs`;
    for (let at = 0; at < 2; at++)
      assert.deepEqual(await it.wire.json(url, signal), { version: 1 });
    version = 2;
    for (let at = 0; at < 2; at++)
      assert.deepEqual(await it.wire.json(url, signal), { version: 2 });
    assert.deepEqual(
      it.asked.map(({ headers }) => headers['if-none-match']),
      [undefined, '"v1"', '"v1"', '"v2"'],
    );
  });

  it('is not even asked for while it is immutable', async () => {
    await using it = await bed((_, response) => {
      response.setHeader('cache-control', 'private, immutable, max-age=60').end('{"a":1}');
    });
    const url = `${it.wire.base}tree`;
    for (let at = 0; at < 2; at++) assert.deepEqual(await it.wire.json(url, signal), { a: 1 });
    assert.equal(it.asked.length, 1);
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_001 });
    try {
      await it.wire.json(url, signal);
    } finally {
      mock.timers.reset();
    }
    assert.equal(it.asked.length, 2);
  });

  it('is not kept where the server forbids it, and where it is a failure', async () => {
    let status = 200;
    await using it = await bed((_, response) => {
      response.writeHead(status, { etag: '"x"', 'cache-control': 'immutable, no-store' }).end('{}');
    });
    const url = `${it.wire.base}a`;
    await it.wire.json(url, signal);
    status = 500;
    await failure(it.wire.json(url, signal));
    status = 200;
    await it.wire.json(url, signal);
    assert.ok(it.asked.every(({ headers }) => headers['if-none-match'] === undefined));
  });

  it('makes room for newer ones', () => {
    const kept = keepAnswers(100);
    const headers = { etag: '"x"' };
    for (const url of ['a', 'b', 'c', 'd', 'e']) kept.keep(url, { headers, body: '.'.repeat(20) });
    // Wanted a moment ago, it is not the oldest.
    kept.confirmed('a');
    kept.keep('f', { headers, body: '.'.repeat(20) });
    kept.keep('too large', { headers, body: '.'.repeat(26) });
    assert.deepEqual(
      ['a', 'b', 'c', 'f', 'too large'].filter((url) => kept.condition(url)['if-none-match']),
      ['a', 'c', 'f'],
    );
  });
});

describe("The server's clock", () => {
  it('is known where it is wrong by more than a minute', async () => {
    let ahead = 0;
    let headers: Record<string, string> = {};
    await using it = await bed((_, response) => {
      const date = new Date(Date.now() + ahead).toUTCString();
      response.writeHead(200, { date, ...headers }).end('{}');
    });
    const skew = async () => {
      await it.wire.json(`${it.wire.base}api/json`, signal);
      return Math.round(it.wire.clockSkew / 60_000);
    };
    assert.equal(it.wire.clockSkew, 0);
    assert.equal(await skew(), 0);
    ahead = 50_000;
    assert.equal(await skew(), 0);
    ahead = -3 * 3_600_000;
    assert.equal(await skew(), -180);
    // An answer that a proxy remembered says nothing of the clock.
    headers = { age: '7200' };
    ahead = 0;
    assert.equal(await skew(), -180);
    headers = {};
    assert.equal(await skew(), 0);
  });
});
