import assert from 'node:assert/strict';
import { newSshKey } from '../../../src/machines/sshKey';
import { OPERATIONS, unlikeDocument } from '../../bed/metal/document';
import { startMetal, type MetalDouble } from '../../bed/metal/double';

/** A server that gave other shapes than the API's would show of the client only that it knows the double. */
describe('The double of the Metal API', () => {
  let double: MetalDouble;
  beforeEach(async () => (double = await startMetal({ slow: true })));
  afterEach(() => double[Symbol.asyncDispose]());

  const ask = async (
    asked: string,
    more: { body?: object; token?: string } = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> => {
    const [method = '', path = ''] = asked.split(' ');
    const answer = await fetch(`${double.address}${path}`, {
      method,
      headers: { 'X-Auth-Token': more.token ?? double.token, 'Content-Type': 'application/json' },
      ...(more.body && { body: JSON.stringify(more.body) }),
    });
    const text = await answer.text();
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: answer.status, body };
  };

  it('does all that the document tells of, and answers as that says', async () => {
    const at = `/projects/${double.project}`;
    const asked = new Set<string>();
    const answered = async (
      operation: string,
      request: string,
      status: number,
      body?: object,
    ): Promise<Record<string, unknown>> => {
      asked.add(operation);
      const answer = await ask(request, body && { body });
      assert.equal(answer.status, status, `${request}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    };
    await answered('GET /projects', 'GET /projects?per_page=100', 200);
    for (const path of ['/locations/metros', '/operating-systems', '/capacity/metros'])
      await answered(`GET ${path}`, `GET ${path}`, 200);
    await answered('GET /projects/*/plans', `GET ${at}/plans`, 200);
    const prices = '/market/spot/prices/metros';
    await answered(`GET ${prices}`, `GET ${prices}`, 200);
    const servers = [{ plan: 'c3.small.x86', metro: 'am', quantity: '1' }];
    const capacity = 'POST /capacity/metros';
    await answered(capacity, capacity, 200, { servers });

    const keys = `POST ${at}/ssh-keys`;
    const wish = { label: 'a', key: newSshKey('a').publicKey, tags: ['a'] };
    const key = await answered('POST /projects/*/ssh-keys', keys, 201, wish);
    await answered('POST /projects/*/ssh-keys', keys, 422, wish);
    await answered('GET /projects/*/ssh-keys', `GET ${at}/ssh-keys`, 200);

    const device = {
      ...{ plan: 'c3.small.x86', metro: 'am', operating_system: 'debian_12', hostname: 'a' },
      ...{ tags: ['a'], userdata: '#!/bin/sh', project_ssh_keys: [key['id']] },
      termination_time: new Date(double.now() + 3600_000).toISOString(),
      ...{ spot_instance: true, spot_price_max: 0.3 },
    };
    const devices = `POST ${at}/devices`;
    const { id } = await answered('POST /projects/*/devices', devices, 201, device);
    const dear = { ...device, spot_price_max: 0.1 };
    await answered('POST /projects/*/devices', devices, 422, dear);
    const one = `/devices/${String(id)}`;
    double.percentage(40);
    await answered('GET /devices/*', `GET ${one}`, 200);
    await double.finish();
    const active = await answered('GET /devices/*', `GET ${one}`, 200);
    assert.equal(active['state'], 'active');
    await answered('PUT /devices/*', `PUT ${one}`, 200, { tags: ['b'] });
    await answered('GET /projects/*/devices', `GET ${at}/devices?tag=b&page=1`, 200);
    {
      using held = double.hold();
      assert.ok(held);
      await answered('DELETE /devices/*', `DELETE ${one}`, 204);
      assert.equal((await ask(`GET ${one}`)).body['state'], 'deprovisioning');
    }
    const gone = `/devices/${double.project}`;
    for (const method of ['GET', 'PUT', 'DELETE'])
      await answered(
        `${method} /devices/*`,
        `${method} ${gone}`,
        404,
        method === 'PUT' ? {} : undefined,
      );
    await answered('DELETE /ssh-keys/*', `DELETE /ssh-keys/${String(key['id'])}`, 204);
    await answered('DELETE /ssh-keys/*', `DELETE /ssh-keys/${String(key['id'])}`, 404);
    const theirs = double.addDevice({});
    double.setAside(theirs.id);
    await answered('GET /devices/*', `GET /devices/${theirs.id}`, 403);

    assert.deepEqual([...asked].sort(), OPERATIONS.map((operation) => operation.asked).sort());
  });

  it('says of a token that it does not know it, whatever is asked', async () => {
    for (const { asked } of OPERATIONS) {
      const path = asked.replace('*', double.project);
      const body = asked.startsWith('POST') ? { plan: 'a', metro: 'a', operating_system: 'a' } : {};
      const more = /^(POST|PUT)/.test(asked) ? { body: asked.includes('devices') ? body : {} } : {};
      assert.equal((await ask(path, { token: 'other', ...more })).status, 401, asked);
    }
  });

  it('does not take what the document does not know', async () => {
    const at = `/projects/${double.project}`;
    for (const [request, body, why] of [
      [`GET ${at}/plans?colour=red`, undefined, /has no \?colour/],
      [`GET ${at}/planets`, undefined, /there is no GET/],
      [`POST ${at}/devices`, { plan: 'c3.small.x86', metro: 'am' }, /operating_system/],
      [`POST ${at}/ssh-keys`, { label: 'a', colour: 'red' }, /colour/],
    ] as const) {
      const answer = await ask(request, body && { body });
      assert.equal(answer.status, 500);
      assert.match(JSON.stringify(answer.body), why);
    }
  });

  for (const [what, reply, why] of [
    ['a status', { status: 418 }, /is not answered by 418/],
    ['a field', { status: 200, body: { metros: [{ colour: 'red' }] } }, /colour/],
    ['a type', { status: 200, body: { metros: [{ code: 7 }] } }, /code must be string/],
    ['an id that is none', { status: 200, body: { metros: [{ id: 'am' }] } }, /id must match/],
    ['an error that is none', { status: 401, body: { message: 'no' } }, /message/],
    ['no body', { status: 200 }, /must be object/],
  ] as const)
    it(`could not tell ${what} that the document does not know`, () => {
      const asked = { method: 'GET', path: '/locations/metros', query: new URLSearchParams() };
      assert.match(unlikeDocument({ ...asked, body: undefined, reply }).join('; '), why);
    });
});
