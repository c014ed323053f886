import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { openMetal } from '../../../src/machines/metal/metal';
import { isMetalError, type MetalErrorKind } from '../../../src/machines/metal/metalError';
import type { DeviceCreateInput } from '../../../src/machines/metal/operations';
import { newSshKey } from '../../../src/machines/sshKey';
import { startMetal, type MetalDouble } from '../../bed/metal/double';

const { signal } = new AbortController();

describe('The client of the Metal API', () => {
  it('reads plans, metros, systems, capacity, spot prices and projects as the API has them', async () => {
    await using double = await startMetal();
    double.stock('c3.medium.x86', 'am', 0);
    const metal = client(double);
    const [plan] = await metal.plans.findPlansByProject(double.project, signal);
    assert.equal(plan?.slug, 'c3.small.x86');
    assert.deepEqual([plan.hour, plan.memory, plan.cpus], [0.75, 32 * 1024, 1]);
    const metros = await metal.metros.findMetros(signal);
    assert.deepEqual(
      plan.availableInMetros.map(({ id, hour }) => [
        metros.find((one) => one.id === id)?.code,
        hour,
      ]),
      [
        ['am', 0.75],
        ['da', 0.8],
      ],
    );
    const [system] = await metal.systems.findOperatingSystems(signal);
    assert.deepEqual(
      [system?.slug, system?.distro, system?.version],
      ['debian_12', 'debian', '12'],
    );
    const capacity = await metal.capacity.findCapacityForMetro(signal);
    assert.equal(capacity.get('am')?.get('c3.medium.x86'), 'unavailable');
    assert.equal(capacity.get('am')?.get('c3.small.x86'), 'normal');
    const there = { plan: 'c3.medium.x86', metro: 'am' };
    assert.equal(await metal.capacity.checkCapacityForMetro(there, signal), false);
    const spot = await metal.spotMarket.findMetroSpotMarketPrices(signal);
    assert.equal(spot.get('da')?.get('c3.small.x86'), 0.25);
    assert.deepEqual(await metal.projects.findProjects(signal), [
      { id: double.project, name: 'A project' },
    ]);
  });

  it('makes a device, sees it become active, moves its end, and deletes it until it is gone', async () => {
    await using double = await startMetal({ slow: true });
    const metal = client(double);
    const end = Math.ceil(double.now() / 1000) * 1000 + 3_600_000;
    const made = await metal.devices.createDevice(
      double.project,
      { ...WISH, terminationTime: end },
      signal,
    );
    assert.deepEqual([made.state, made.terminationTime, made.user], ['queued', end, 'root']);
    double.percentage(40);
    const looked = await metal.devices.findDeviceById(made.id, signal);
    assert.deepEqual([looked?.state, looked?.provisioningPercentage], ['provisioning', 40]);
    await double.finish();
    const active = await metal.devices.findDeviceById(made.id, signal);
    assert.equal(active?.state, 'active');
    assert.deepEqual(
      active.ipAddresses.map((one) => [one.address, one.addressFamily, one.public, one.management]),
      [
        ['127.0.0.1', 4, true, true],
        ['10.66.0.2', 4, false, true],
      ],
    );
    const moved = await metal.devices.updateDevice(
      made.id,
      { terminationTime: end + 60_000 },
      signal,
    );
    assert.equal(moved.terminationTime, end + 60_000);
    await metal.devices.deleteDevice(made.id, signal);
    await double.advance(0);
    assert.equal(await metal.devices.findDeviceById(made.id, signal), undefined);
    await metal.devices.deleteDevice(made.id, signal);
    assert.deepEqual(double.books().devices, []);
  });

  it('gathers lists over all their pages, and only what has the tag, also where the server has no filters', async () => {
    for (const filters of [true, false]) {
      await using double = await startMetal({ pageSize: 2, filters });
      for (const count of [1, 2, 3, 4, 5])
        double.addDevice({ hostname: `n${count}`, tags: count === 3 ? ['other'] : ['ours'] });
      const found = await client(double).devices.findProjectDevices(
        double.project,
        { tag: 'ours' },
        signal,
      );
      assert.deepEqual(
        found.map(({ hostname }) => hostname),
        ['n1', 'n2', 'n4', 'n5'],
      );
    }
  });

  it('makes and removes the keys of a project', async () => {
    await using double = await startMetal();
    const metal = client(double);
    const { publicKey } = newSshKey('test');
    const wish = { label: 'a label', key: publicKey, tags: ['one'] };
    const key = await metal.keys.createProjectSSHKey(double.project, wish, signal);
    assert.deepEqual(key, { id: key.id, ...wish });
    const filter = { query: 'a label' };
    assert.deepEqual(await metal.keys.findProjectSSHKeys(double.project, filter, signal), [key]);
    await metal.keys.deleteSSHKey(key.id, signal);
    await metal.keys.deleteSSHKey(key.id, signal);
    assert.deepEqual(double.books().keys, []);
  });

  const kinds: [number, string, MetalErrorKind, RegExp][] = [
    [401, '{"error":"no"}', 'forbidden', /does not know this token/],
    [403, '{"errors":["Not yours"]}', 'forbidden', /Not yours/],
    [404, '{"errors":["Not found"]}', 'notFound', /Not found/],
    [422, '{"errors":["a","b"]}', 'refused', /: a; b$/],
    [422, '{"errors":"a"}', 'refused', /status 422/],
    [302, '', 'redirect', /status 302/],
    [200, '<html>', 'unreadable', /no JSON/],
    [200, '', 'unreadable', /something else/],
    [200, '{"metros":null}', 'unreadable', /something else/],
    [200, '[]', 'unreadable', /something else/],
  ];
  for (const [status, body, kind, words] of kinds)
    it(`says ${kind} for ${status} ${body}`, async () => {
      await using double = await startMetal();
      double.fault(/metros/, { answer: { status, body } });
      await assert.rejects(client(double).metros.findMetros(signal), (error) => {
        assert.ok(isMetalError(error, kind));
        assert.match(error.message, words);
        assert.ok(!error.message.includes(double.token));
        return true;
      });
      assert.equal(double.requests.length, 1);
    });

  for (const answer of [
    'cut',
    { status: 429 },
    { status: 503, body: 'Service Unavailable' },
  ] as const)
    it(`asks again after ${typeof answer === 'string' ? answer : answer.status}, a few times`, async () => {
      await using double = await startMetal();
      const metal = client(double);
      double.fault(/metros/, { answer, times: 3 });
      assert.equal((await metal.metros.findMetros(signal)).length, 2);
      assert.equal(double.requests.length, 4);
      double.fault(/metros/, { answer });
      await assert.rejects(metal.metros.findMetros(signal), isMetalError);
      assert.equal(double.requests.length, 8);
    });

  it('waits as long as the server asks for, and not at all where that is too long', async () => {
    await using double = await startMetal();
    const metal = client(double);
    const headers = { 'Retry-After': '1' };
    double.fault(/metros/, { answer: { status: 429, headers }, times: 1 });
    const start = Date.now();
    await metal.metros.findMetros(signal);
    assert.ok(Date.now() - start >= 990);
    const long = { 'Retry-After': new Date(double.now() + 3_600_000).toUTCString() };
    double.fault(/metros/, { answer: { status: 429, headers: long } });
    await assert.rejects(metal.metros.findMetros(signal), (error) => {
      assert.ok(isMetalError(error, 'busy') && error.retryAfter !== undefined);
      return error.retryAfter > 3_500_000;
    });
    assert.equal(double.requests.length, 3);
  });

  for (const answer of ['cut', { status: 429 }, { status: 503 }] as const)
    it(`never asks twice for a device, whatever becomes of the answer: ${JSON.stringify(answer)}`, async () => {
      await using double = await startMetal();
      double.fault(/^POST/, { answer, done: true });
      const wish = { ...WISH, terminationTime: double.now() + 60_000 };
      await assert.rejects(
        client(double).devices.createDevice(double.project, wish, signal),
        (error) => isMetalError(error) && error.undecided === (error.kind !== 'busy'),
      );
      assert.equal(double.requests.length, 1);
      assert.equal(double.books().made, 1);
    });

  it('gives up a server that says nothing, and at once when it is cancelled', async () => {
    await using double = await startMetal();
    double.fault(/metros/, { answer: 'silent' });
    const { address, token } = double;
    const metal = openMetal({ address, token, timeout: 100, retryDelay: 1 });
    await assert.rejects(metal.metros.findMetros(signal), /did not answer within 1 seconds/);
    const cancel = new AbortController();
    const asked = double.asked(/metros/);
    const asking = client(double).metros.findMetros(cancel.signal);
    await asked;
    cancel.abort();
    await assert.rejects(asking, { name: 'AbortError' });
  });

  it('reads no more than it bears', async () => {
    const server = createServer((_request, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(1 << 20, ' ')));
        response.once('drain', more);
      };
      more();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const metal = openMetal({ address, token: 'x', retryDelay: 1 });
    await assert.rejects(metal.metros.findMetros(signal), /more than 16 MiB/);
    server.closeAllConnections();
    server.close();
  });

  it('takes names for data: no part of an address, one line, bounded', async () => {
    await using double = await startMetal();
    const metal = client(double);
    const ids = ['../../projects', '..', 'a?b#c', 'a/b'];
    for (const id of ids)
      assert.equal(await metal.devices.findDeviceById(id, signal), undefined, id);
    assert.ok(double.requests.every(({ line }) => /^GET \/devices\/[^/?#]+$/.test(line)));
    const said = `\u001b[31mred\u202e\nline ${'x'.repeat(5000)}`;
    double.fault(/metros/, { answer: { status: 422, body: JSON.stringify({ error: said }) } });
    await assert.rejects(metal.metros.findMetros(signal), (error) => {
      assert.ok(isMetalError(error));
      assert.match(error.message, /: \[31mred line x+…$/);
      return error.message.length < 500;
    });
  });

  it('takes for a slug only what can be shown as it is', async () => {
    await using double = await startMetal();
    const evil = ['\u001b[2Jx', 'x\n9  y', 'x\u202ey', ' x', 'x'.repeat(100), ''];
    const plans = [...evil, 'c3.small.x86'].map((slug) => ({ slug }));
    double.fault(/plans/, { answer: { status: 200, body: JSON.stringify({ plans }) } });
    const found = await client(double).plans.findPlansByProject(double.project, signal);
    assert.deepEqual(
      found.map(({ slug }) => slug),
      ['c3.small.x86'],
    );
  });

  it('gives what is there of an answer with other shapes', async () => {
    await using double = await startMetal();
    const devices = [
      null,
      7,
      {},
      { id: 'a', state: 'dreaming', tags: 'none', ip_addresses: [{ address: '-oProxyCommand=x' }] },
      { id: 'b', termination_time: '2026-01-01T00:00:00', plan: [], metro: 'am' },
    ];
    double.fault(/devices/, { answer: { status: 200, body: JSON.stringify({ devices }) } });
    const found = await client(double).devices.findProjectDevices(double.project, {}, signal);
    assert.deepEqual(
      found.map(({ id, state, tags, ipAddresses }) => [id, state, tags, ipAddresses]),
      [
        ['a', 'unknown', [], []],
        ['b', 'unknown', [], []],
      ],
    );
    assert.equal(found[1]?.terminationTime, Date.UTC(2026, 0, 1));
    assert.equal(found[1].plan, undefined);
  });

  it("tells how far the server's clock is off", async () => {
    await using double = await startMetal({ clockAhead: 7_200_000 });
    const metal = client(double);
    await metal.metros.findMetros(signal);
    assert.ok(Math.abs(metal.clockSkew - 7_200_000) < 5000);
  });

  it('sends its token over no open line, and knows where Equinix Metal was', () => {
    const open = (address: string): unknown => openMetal({ address, token: 'secret' });
    assert.throws(() => open('http://metal.example.org/metal/v1'), /in the clear/);
    assert.throws(() => open('metal.example.org'), /none that can be asked/);
    assert.ok(open('https://metal.example.org/metal/v1'));
    assert.equal(openMetal({ token: 'secret' }).address, 'https://api.equinix.com/metal/v1');
  });
});

const WISH: Omit<DeviceCreateInput, 'terminationTime'> = {
  metro: 'am',
  plan: 'c3.small.x86',
  operatingSystem: 'debian_12',
  hostname: 'a-host',
  tags: ['one'],
  userdata: '#!/bin/sh\n',
};

function client({ address, token }: MetalDouble) {
  return openMetal({ address, token, retryDelay: 1 });
}
