import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Handle, LeaseRequest, SshAddress } from '../../../src/machines/lender';
import { isLoanRefused } from '../../../src/machines/lender';
import {
  packetLender,
  type PacketLender,
  type PacketOptions,
} from '../../../src/machines/lenders/packet';
import { openLocalMachine } from '../../../src/machines/local';
import type { Machine } from '../../../src/machines/machine';
import { startMetal, type MetalDouble } from '../../bed/metal/double';
import type { MetalOptions } from '../../bed/metal/account';

const { signal } = new AbortController();
const HOUR = 3_600_000;

describe('The lender packet', () => {
  it('offers plans where they are, with price and capacity, the cheapest first', async () => {
    await using bed = await open();
    bed.double.stock('c3.medium.x86', 'am', 0);
    const offers = await bed.lender({ spot: true }).offers(signal);
    assert.deepEqual(
      offers.map(({ id, price, available, spot }) => [id, price?.amount, available, spot]),
      [
        ['c3.small.x86@am/spot', 0.2, true, true],
        ['c3.small.x86@da/spot', 0.25, true, true],
        ['c3.small.x86@am', 0.75, true, false],
        ['c3.small.x86@da', 0.8, true, false],
        ['c3.medium.x86@am', 1.5, false, false],
        ['m3.large.x86@da', 3.1, true, false],
      ],
    );
    assert.deepEqual(offers[2], {
      id: 'c3.small.x86@am',
      title: 'c3.small.x86 in Amsterdam (am)',
      price: { amount: 0.75, currency: 'USD' },
      memory: 32 * 1024,
      cpus: 1,
      available: true,
      spot: false,
      plan: 'c3.small.x86',
      metro: 'am',
      systems: ['debian_12', 'ubuntu_22_04', 'fedora_39'],
    });
    const few = await bed.lender({ metros: ['da'], plans: ['m3.large.x86'] }).offers(signal);
    assert.deepEqual(
      few.map(({ id }) => id),
      ['m3.large.x86@da'],
    );
  });

  it('offers what is not on the spot market where that market is closed', async () => {
    await using bed = await open();
    bed.double.fault(/market/, { answer: { status: 404 } });
    assert.equal((await bed.lender({ spot: true }).offers(signal)).length, 4);
  });

  it('borrows with a key and a host key of its own, tags, and an end; and gives all of it back', async () => {
    await using bed = await open();
    const lender = bed.lender();
    const lease = bed.lease();
    const borrowed = await lender.borrow({ memory: 64 * 1024 }, lease, signal);
    const [device] = bed.double.devices;
    assert.deepEqual(device?.tags, [
      'ci-parity',
      'ci-parity-lease=abcdef012345',
      'ci-parity-owner=me@here',
    ]);
    assert.equal(device.terminationTime, lease.until);
    assert.equal(device.hostname, 'ci-parity-abcdef012345');
    assert.equal(device.system, 'debian_12');
    assert.deepEqual(
      device.keys.map(({ id }) => id),
      [borrowed.handle['key']],
    );
    assert.equal(borrowed.title, 'c3.medium.x86 in Amsterdam (am)');
    assert.deepEqual(borrowed.price, { amount: 1.5, currency: 'USD' });
    const { keyFile = '', hostKeys, host, user } = borrowed.ssh;
    assert.deepEqual([host, user], ['127.0.0.1', 'root']);
    assert.match(hostKeys?.[0] ?? '', /^ssh-ed25519 AAAA/);
    assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
    assert.equal((await stat(lease.folder)).mode & 0o777, 0o700);
    // What was noted is enough to give it back.
    assert.deepEqual(bed.noted.at(-1), borrowed.handle);
    await lender.giveBack({ id: lease.id, handle: bed.noted.at(-1) ?? {} }, signal);
    bed.isEmpty();
  });

  it('notes what it will ask for before it asks', async () => {
    await using bed = await open();
    const known: number[] = [];
    const note = (): Promise<void> => {
      known.push(bed.double.books().keys.length + bed.double.books().made);
      return Promise.resolve();
    };
    await bed.lender().borrow({}, { ...bed.lease(), note }, signal);
    // Before the key; with the key; with the device; with its address.
    assert.deepEqual(known, [0, 1, 2, 2]);
    await bed.giveBack({});
  });

  it('tells how far the making is', async () => {
    await using bed = await open({ slow: true });
    const words: string[] = [];
    const told = new EventTarget();
    const progress = (word: string): void => {
      if (words.at(-1) === word) return;
      words.push(word);
      told.dispatchEvent(new Event(word));
    };
    const when = (word: string) =>
      new Promise<void>((resolve) => told.addEventListener(word, () => resolve()));
    const made = when('the machine is being made (0 %)');
    const far = when('the machine is being made (40 %)');
    const borrowing = bed.lender().borrow({}, { ...bed.lease(), progress }, signal);
    await made;
    bed.double.percentage(40.5);
    await far;
    await bed.double.finish();
    await borrowing;
    assert.equal(words.at(-1), 'it starts');
    await bed.giveBack();
  });

  it('takes the next offer where the first is gone meanwhile', async () => {
    await using bed = await open();
    // It is still told of, and then it is not.
    const capacity = JSON.stringify({ capacity: {} });
    bed.double.fault(/^GET .capacity/, { answer: { status: 200, body: capacity } });
    bed.double.stock('c3.small.x86', 'am', 0);
    const borrowed = await bed.lender().borrow({}, bed.lease(), signal);
    assert.equal(borrowed.title, 'c3.small.x86 in Dallas (da)');
    await bed.giveBack();
  });

  const refusals: [string, Partial<PacketOptions>, RegExp][] = [
    ['there is no capacity', { plans: ['m3.large.x86'] }, /no machine at the moment that fits/],
    ['there is no such system', { system: 'windows_1' }, /no operating system "windows_1"/],
    ['the token is not known', { token: 'another' }, /does not know this token/],
    ['the project is not known', { project: 'No such' }, /not clear in which project/],
  ];
  for (const [what, options, words] of refusals)
    it(`refuses for certain, and leaves no key, where ${what}`, async () => {
      await using bed = await open();
      bed.double.stock('m3.large.x86', 'da', 0);
      await assert.rejects(bed.lender(options).borrow({}, bed.lease(), signal), (error) => {
        assert.ok(isLoanRefused(error));
        assert.match(error.message, words);
        return true;
      });
      bed.isEmpty();
    });

  it('refuses what is dearer than the wish allows, and what has no price', async () => {
    await using bed = await open();
    await assert.rejects(
      bed.lender().borrow({ maxPrice: 0.5 }, bed.lease(), signal),
      isLoanRefused,
    );
    const dearer = { offer: 'c3.small.x86@am', maxPrice: 0.74 };
    await assert.rejects(bed.lender().borrow(dearer, bed.lease(), signal), (error) => {
      assert.ok(isLoanRefused(error));
      assert.match(error.message, /does not have c3\.small\.x86@am for at most 0\.74 an hour/);
      return true;
    });
    bed.isEmpty();
  });

  it('finds a device by its tag when the answer is lost, and never makes two', async () => {
    for (const answer of ['cut', { status: 502 }, { status: 200, body: '<html>' }] as const) {
      await using bed = await open();
      bed.double.fault(/^POST .*devices/, { answer, done: true, times: 1 });
      const borrowed = await bed.lender().borrow({}, bed.lease(), signal);
      assert.equal(bed.double.books().made, 1);
      assert.equal(borrowed.handle['device'], bed.double.devices[0]?.id);
      await bed.giveBack();
    }
  });

  it('finds a key by its label when the answer is lost', async () => {
    await using bed = await open();
    bed.double.fault(/^POST .*ssh-keys/, { answer: 'cut', done: true, times: 1 });
    await bed.lender().borrow({}, bed.lease(), signal);
    assert.equal(bed.double.books().keys.length, 1);
    await bed.giveBack();
  });

  it('says that it does not know where the answer is lost and nothing shows, and asks no second time', async () => {
    await using bed = await open();
    bed.double.fault(/^POST .*devices/, { answer: 'cut' });
    await assert.rejects(bed.lender().borrow({}, bed.lease(), signal), (error) => {
      assert.ok(!isLoanRefused(error));
      assert.match(String(error), /did not tell whether it makes/);
      return true;
    });
    assert.equal(bed.double.requests.filter(({ line }) => /^POST .*devices/.test(line)).length, 1);
    await bed.giveBack();
  });

  it('leaves nothing behind when it is cancelled or dies at any request', async () => {
    const count = await (async () => {
      await using bed = await open();
      await bed.lender().borrow({}, bed.lease(), signal);
      const { length } = bed.double.requests;
      await bed.giveBack();
      return length;
    })();
    assert.ok(count >= 8);
    for (let at = 1; at <= count; at++) {
      await using bed = await open();
      const cancel = new AbortController();
      let seen = 0;
      bed.onRequest(() => {
        if (++seen === at) cancel.abort();
      });
      await bed
        .lender()
        .borrow({}, bed.lease(), cancel.signal)
        .catch(() => undefined);
      // Another process, which knows no more than was noted.
      await bed.giveBack();
    }
  });

  it('gives back also what was never told, by the id alone', async () => {
    await using bed = await open();
    await bed.lender().borrow({}, bed.lease(), signal);
    await bed.giveBack({});
  });

  it('goes on deleting while that fails, and until the device is seen gone', async () => {
    await using bed = await open();
    await bed.lender().borrow({}, bed.lease(), signal);
    const held = bed.double.hold();
    for (const status of [500, 422, 429, 503])
      bed.double.fault(/^DELETE .devices/, { answer: { status }, times: 4 });
    bed.double.fault(/^GET .projects.*devices/, { answer: 'cut', times: 9 });
    let done = false;
    const going = bed.lender().giveBack(bed.lent(), signal);
    void going.then(() => (done = true));
    await bed.double.asked(/^DELETE/);
    while (bed.double.devices[0]?.state !== 'deprovisioning')
      await bed.double.asked(/^DELETE|^GET/);
    await bed.double.asked(/^GET .*devices/);
    await bed.double.asked(/^GET .*devices/);
    assert.equal(done, false);
    held[Symbol.dispose]();
    await going;
    bed.isEmpty();
  });

  it('rejects where the device is not seen gone, and can be asked again', async () => {
    await using bed = await open();
    await bed.lender().borrow({}, bed.lease(), signal);
    const fault = bed.double.fault(/^DELETE/, {
      answer: { status: 500, body: '{"error":"Oops"}' },
    });
    await assert.rejects(bed.lender({ goodbye: 0 }).giveBack(bed.lent(), signal), (error) => {
      assert.match(String(error), /was not seen to take the machine back/);
      return true;
    });
    assert.equal(bed.double.books().devices.length, 1);
    fault[Symbol.dispose]();
    await bed.giveBack();
  });

  it('does not take for gone what was borrowed at another address', async () => {
    await using bed = await open();
    await using other = await open();
    await bed.lender().borrow({}, bed.lease(), signal);
    await assert.rejects(other.lender().giveBack(bed.lent(), signal), /was borrowed from/);
    await bed.giveBack();
  });

  it('moves the end there and on the machine, by the clocks that count', async () => {
    for (const clockAhead of [0, 5 * HOUR, -5 * HOUR]) {
      await using bed = await open({ clockAhead });
      const lender = bed.lender();
      const lease = bed.lease();
      await lender.borrow({}, lease, signal);
      const [device] = bed.double.devices;
      const near = (time: number | undefined, wanted: number): void =>
        assert.ok(Math.abs((time ?? 0) - wanted) < 5000, `${time} is not about ${wanted}`);
      near(device?.terminationTime, lease.until + clockAhead);
      near((bed.seconds.at(-1) ?? 0) * 1000, HOUR);
      await lender.extend(bed.lent(), lease.until + HOUR, signal);
      near(device?.terminationTime, lease.until + clockAhead + HOUR);
      near((bed.seconds.at(-1) ?? 0) * 1000, 2 * HOUR);
      const [marked] = await lender.list(signal);
      near(marked?.until, lease.until + HOUR);
      await bed.giveBack();
    }
  });

  it('says so where the server does not move ends', async () => {
    await using bed = await open({ movesEnds: false });
    const lender = bed.lender();
    const lease = bed.lease();
    await lender.borrow({}, lease, signal);
    await assert.rejects(
      lender.extend(bed.lent(), lease.until + HOUR, signal),
      /does not move the machine's end/,
    );
    await bed.giveBack();
  });

  it('loses a machine at its end, with nobody there', async () => {
    await using bed = await open();
    await bed.lender().borrow({}, bed.lease(), signal);
    await bed.double.advance(HOUR + 1000);
    assert.deepEqual(bed.double.books().devices, []);
    assert.ok(Math.abs(bed.double.books().cost - 0.75) < 0.01);
    await bed.giveBack();
  });

  it('borrows on the spot market, and says when somebody pays more', async () => {
    await using bed = await open({ slow: true });
    const lender = bed.lender({ spot: true });
    const wish = { offer: 'c3.small.x86@am/spot', maxPrice: 0.3 };
    const asked = bed.double.asked(/^GET .devices/);
    const borrowing = lender.borrow(wish, bed.lease(), signal);
    const failed = assert.rejects(borrowing, /Somebody pays more for the machine than its limit/);
    await asked;
    const [device] = bed.double.devices;
    assert.deepEqual(device?.spot, { max: 0.3 });
    await bed.double.finish();
    bed.reachable = false;
    bed.double.outbid(device.id);
    await bed.double.advance(121_000);
    await failed;
    await bed.giveBack();
  });

  it('does not extend what was outbid', async () => {
    await using bed = await open();
    const lender = bed.lender({ spot: true });
    await lender.borrow({}, bed.lease(), signal);
    bed.double.outbid(bed.double.devices[0]?.id ?? '');
    await assert.rejects(
      lender.extend(bed.lent(), Date.now() + 2 * HOUR, signal),
      /does not move the machine's end/,
    );
    await bed.giveBack();
  });

  it('takes what the server took from the project for gone: its token opens that no longer', async () => {
    await using bed = await open({ slow: true });
    const asked = bed.double.asked(/^GET .devices\//);
    const borrowing = bed.lender().borrow({}, bed.lease(), signal);
    await asked;
    bed.double.setAside(bed.double.devices[0]?.id ?? '');
    await assert.rejects(borrowing, /took the machine away/);
    await bed.giveBack();
    assert.deepEqual(bed.double.books().keys, []);
  });

  it('does not take a machine for gone where the token is not known any more', async () => {
    await using bed = await open();
    await bed.lender().borrow({}, bed.lease(), signal);
    bed.double.fault(/^GET .devices\//, { answer: { status: 401 } });
    bed.double.fault(/^GET .*devices\?tag/, {
      answer: { status: 200, body: '{"devices":[]}' },
    });
    await assert.rejects(bed.giveBack(), /does not know this token/);
  });

  it('asks for a system that can be had with the plan, and says which there are', async () => {
    await using bed = await open();
    const systems = [
      { slug: 'debian_12', provisionable_on: ['c3.small.x86'] },
      { slug: 'fedora_39', provisionable_on: ['c3.medium.x86'] },
    ];
    bed.double.fault(/^GET .operating-systems/, {
      answer: { status: 200, body: JSON.stringify({ operating_systems: systems }) },
    });
    const borrowed = await bed.lender().borrow({ system: 'fedora_39' }, bed.lease(), signal);
    assert.equal(borrowed.title, 'c3.medium.x86 in Amsterdam (am)');
    assert.equal(bed.double.devices[0]?.system, 'fedora_39');
    await bed.giveBack();
    const offer = 'c3.small.x86@am';
    await assert.rejects(
      bed.lender().borrow({ offer, system: 'fedora_39' }, bed.lease(), signal),
      (error) => isLoanRefused(error) && error.advice === 'There are: debian_12',
    );
    bed.isEmpty();
  });

  it('says so when the machine cannot be made', async () => {
    await using bed = await open({ slow: true });
    const asked = bed.double.asked(/^GET .devices/);
    const borrowing = bed.lender().borrow({}, bed.lease(), signal);
    const failed = assert.rejects(borrowing, /could not make the machine/);
    await asked;
    await bed.double.finish('failed');
    await failed;
    await bed.giveBack();
  });

  it('waits while the server cannot be asked, and for a host that shows another key at first', async () => {
    await using bed = await open({ slow: true });
    bed.reachable = false;
    const asked = bed.double.asked(/^GET .devices/);
    const borrowing = bed.lender().borrow({}, bed.lease(), signal);
    await asked;
    bed.double.fault(/^GET .devices/, { answer: { status: 503 }, times: 10 });
    await bed.double.finish();
    await bed.tried();
    await bed.tried();
    bed.reachable = true;
    await borrowing;
    await bed.giveBack();
  });

  it('lists machines with our mark, and keys that are left alone, of everybody; nothing else', async () => {
    await using bed = await open();
    const lender = bed.lender();
    await lender.borrow({}, bed.lease(), signal);
    bed.double.addDevice({ tags: ['theirs'] });
    const evil = ['ci-parity', 'ci-parity-lease=../../x', 'ci-parity-owner=me'];
    bed.double.addDevice({ tags: evil });
    const odd = [
      'ci-parity',
      'ci-parity-lease=000000000000',
      'ci-parity-owner=\u001b[1m\nyou\u202e',
    ];
    bed.double.addDevice({ tags: odd });
    bed.double.addKey('ci-parity-lease=somebody else');
    const found = await lender.list(signal);
    assert.deepEqual(
      found.map(({ lease, owner, title }) => [lease, owner, title]),
      [
        ['abcdef012345', 'me@here', 'c3.small.x86 in Amsterdam (am)'],
        ['000000000000', '[1m you', 'c3.small.x86 in Amsterdam (am)'],
      ],
    );
    await lender.giveBack({ id: 'abcdef012345', handle: found[0]?.handle ?? {} }, signal);
    const books = bed.double.books();
    assert.deepEqual([books.devices.length, books.keys.length], [3, 1]);
  });

  it('finds a key that was left without a machine, and gives it back', async () => {
    await using bed = await open();
    bed.double.fault(/^POST .*devices/, { answer: 'cut' });
    await bed
      .lender()
      .borrow({}, bed.lease(), signal)
      .catch(() => undefined);
    const [alone, more] = await bed.lender().list(signal);
    assert.deepEqual(
      [alone?.lease, alone?.title, more],
      ['abcdef012345', 'a key without a machine', undefined],
    );
    assert.ok(Math.abs((alone?.until ?? 0) - bed.until) < 5000);
    await bed.giveBack(alone?.handle);
  });

  it('repeats no secret that the server says again', async () => {
    await using bed = await open();
    const asked = bed.double.asked(/^POST .*devices/);
    const { token } = bed.double;
    const error = `bad: ${token} -----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0`;
    bed.double.fault(/^POST .*devices/, {
      answer: { status: 422, body: JSON.stringify({ error }) },
    });
    await assert.rejects(bed.lender().borrow({}, bed.lease(), signal), (refused) => {
      assert.ok(isLoanRefused(refused));
      assert.match(refused.message, /: bad: … …$/);
      return true;
    });
    await asked;
    bed.isEmpty();
  });

  it('puts neither the token nor its own key where somebody else may read it', async () => {
    await using bed = await open();
    const lease = bed.lease();
    const { ssh } = await bed.lender().borrow({}, lease, signal);
    const key = await readFile(ssh.keyFile ?? '', 'utf8');
    const secret = key.split('\n')[3] ?? '';
    const kept = JSON.stringify([bed.noted, bed.words]);
    assert.ok(!kept.includes('PRIVATE KEY'));
    const told = JSON.stringify([
      bed.double.requests.map(({ line, body }) => [line, body]),
      bed.noted,
      bed.words,
    ]);
    assert.ok(secret.length > 20);
    assert.ok(!told.includes(secret));
    assert.ok(!told.includes(bed.double.token));
    assert.match(told, /BEGIN OPENSSH PRIVATE KEY/, 'the host key is in the user data');
    await bed.giveBack();
  });
});

/** A double of the API, a folder for a lease, and machines that answer when they are told to. */
async function open(options: MetalOptions = {}) {
  const double: MetalDouble = await startMetal(options);
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-packet-'));
  const noted: Handle[] = [];
  const words: string[] = [];
  const seconds: number[] = [];
  const tries = new EventTarget();
  const until = Date.now() + HOUR;
  const bed = {
    double,
    noted,
    words,
    /** What the machine was told of its end. */
    seconds,
    until,
    reachable: true,
    tried: () =>
      new Promise<void>((resolve) =>
        tries.addEventListener('try', () => resolve(), { once: true }),
      ),
    onRequest: (run: () => void): void => {
      void double.asked(/./).then(() => {
        run();
        bed.onRequest(run);
      });
    },
    lender: (more: Partial<PacketOptions> = {}): PacketLender =>
      packetLender({
        name: 'metal',
        address: double.address,
        token: double.token,
        retryDelay: 1,
        pollInterval: 5,
        open: (address) => machine(address),
        ...more,
      }),
    lease: (): LeaseRequest => ({
      id: 'abcdef012345',
      owner: 'me@here',
      until,
      folder: join(folder, 'lease'),
      progress: (word) => void words.push(word),
      note: (handle) => {
        noted.push(handle);
        return Promise.resolve();
      },
    }),
    lent: (handle: Handle = noted.at(-1) ?? {}) => ({ id: 'abcdef012345', handle }),
    isEmpty: (): void => {
      const { devices, keys } = double.books();
      assert.deepEqual({ devices, keys }, { devices: [], keys: [] });
    },
    giveBack: async (handle?: Handle): Promise<void> => {
      await bed.lender().giveBack(bed.lent(handle), signal);
      bed.isEmpty();
    },
    [Symbol.asyncDispose]: async () => {
      await double[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };

  function machine({ host }: SshAddress): Promise<Machine> {
    tries.dispatchEvent(new Event('try'));
    if (!bed.reachable) return Promise.reject(new Error('The host key has changed.'));
    return Promise.resolve({
      ...openLocalMachine(),
      name: host,
      exec: (command) => {
        seconds.push(Number(command.at(-1)));
        return Promise.resolve({ code: 0, stdout: '', stderr: '' });
      },
    });
  }

  return bed;
}
