import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../../src/base/clock';
import { messageOf } from '../../../src/base/errors';
import { borrow } from '../../../src/machines/leases/borrow';
import { estimate } from '../../../src/machines/leases/offers';
import { usualCaps } from '../../../src/machines/leases/caps';
import { change, readLedger, whoWeAre } from '../../../src/machines/leases/ledger';
import { sweep } from '../../../src/machines/leases/sweep';
import { commandLender, type CommandLender } from '../../../src/machines/lenders/command';
import type { LeaseRequest, Lender } from '../../../src/machines/lender';
import { isAlive, bornAt } from '../../../src/machines/processes';
import { QuickClock } from '../../bed/quickClock';

describe('The lender that asks commands', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ci-parity-command-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const { signal } = new AbortController();

  const sh = (script: string): string[] => ['sh', '-c', script];
  const answering = (answer: unknown): string[] =>
    sh(`cat >/dev/null; cat <<'E'\n${JSON.stringify(answer)}\nE`);
  const lenderOf = (commands: Partial<CommandLender>): Lender =>
    commandLender(
      {
        name: 'mine',
        borrow: answering({ ssh: { host: 'h' } }),
        return: answering({ gone: true }),
        offers: [],
        timeoutMinutes: 1,
        ...commands,
      },
      { PATH: process.env['PATH'] ?? '', FOLDER: folder },
    );
  const told: string[] = [];
  const request = (): LeaseRequest => ({
    id: 'abcdef123456',
    owner: 'ada@laptop',
    until: Date.now() + 7200_000,
    folder,
    progress: (words) => told.push(words),
    note: () => Promise.resolve(),
  });
  beforeEach(() => told.splice(0));

  it('gives a request as JSON and takes the answer', async () => {
    const key = `ssh-ed25519 ${'A'.repeat(68)}`;
    const answer = {
      ssh: { host: '192.0.2.7', port: 2222, user: 'root', keyFile: '/k', hostKeys: [key] },
      handle: { instance: 'i-1' },
      title: 'c5.metal in eu',
      price: { amount: 4.2, currency: 'USD' },
      more: 'is passed over',
    };
    const script = `cat >"$FOLDER/request"; echo 'booting 40 %' >&2; cat <<'E'\n${JSON.stringify(answer)}\nE`;
    const borrowed = await lenderOf({ borrow: sh(script) }).borrow(
      { offer: 'c5.metal', memory: 4096 },
      request(),
      signal,
    );
    assert.deepEqual({ ...borrowed, more: answer.more }, { ...answer, mayInstall: true });
    assert.deepEqual(told, ['booting 40 %']);
    const asked = JSON.parse(readFileSync(join(folder, 'request'), 'utf8')) as Record<
      string,
      unknown
    >;
    assert.ok(Math.abs(Number(asked['seconds']) - 7200) < 60);
    assert.match(String(asked['until']), /^\d{4}-.*Z$/);
    delete asked['seconds'];
    delete asked['until'];
    assert.deepEqual(asked, {
      version: 1,
      do: 'borrow',
      lease: 'abcdef123456',
      owner: 'ada@laptop',
      folder,
      offer: 'c5.metal',
      memory: 4096,
    });
  });

  it('finds a key below the home folder', async () => {
    const answer = { ssh: { host: 'h', keyFile: '~/.ssh/x' } };
    const { ssh } = await lenderOf({ borrow: answering(answer) }).borrow({}, request(), signal);
    assert.equal(ssh.keyFile, join(homedir(), '.ssh/x'));
  });

  it('knows a refusal: then nothing was made', async () => {
    const refusing = lenderOf({ borrow: answering({ refused: 'none of these is free' }) });
    await assert.rejects(refusing.borrow({}, request(), signal), {
      name: 'LoanRefused',
      message: 'mine refused: none of these is free',
    });
  });

  for (const [what, borrowing, reason] of [
    ['no JSON', sh('cat >/dev/null; echo ready'), /is no JSON: ready/],
    ['nothing', sh('cat >/dev/null'), /is no JSON/],
    ['no address', answering({ title: 'x' }), /ssh is missing/],
    [
      'a host that is an option',
      answering({ ssh: { host: '-oProxyCommand=x' } }),
      /ssh\.host is not/,
    ],
    ['a user that is an option', answering({ ssh: { host: 'h', user: '-l' } }), /ssh\.user is not/],
    ['a port of words', answering({ ssh: { host: 'h', port: '22' } }), /ssh\.port is not a number/],
    [
      'a wrong key',
      answering({ ssh: { host: 'h', hostKeys: ['x'] } }),
      /ssh\.hostKeys\[0\] is not/,
    ],
    [
      'a wrong price',
      answering({ ssh: { host: 'h' }, price: { amount: 1 } }),
      /price\.currency is missing/,
    ],
    ['a wrong handle', answering({ ssh: { host: 'h' }, handle: { a: 1 } }), /handle is not/],
    [
      'a title with control characters',
      answering({ ssh: { host: 'h' }, title: '\u001b[2J' }),
      /title is not/,
    ],
    ['too much', sh('cat >/dev/null; yes'), /longer than 1 MiB/],
    ['an exit code', sh('echo "no such plan" >&2; exit 4'), /exit code 4: no such plan/],
    ['a signal', sh('kill -9 $$'), /ended with SIGKILL/],
  ] as const)
    it(`does not believe ${what}, and has it returned`, async () => {
      const marked = join(folder, 'returned');
      const lender: Lender = {
        ...lenderOf({
          borrow: borrowing,
          return: sh(`cat >"$FOLDER/returned"; echo '{"gone":true}'`),
        }),
      };
      const start = Date.now();
      const desk = {
        root: folder,
        lenders: [
          {
            ...lender,
            offers: () =>
              Promise.resolve([
                {
                  id: 'a',
                  title: 'a',
                  price: undefined,
                  memory: 1,
                  cpus: 1,
                  available: true,
                  spot: false,
                },
              ]),
          },
        ],
        caps: usualCaps,
        // No request is still under way when the command has ended.
        clock: {
          ...systemClock,
          now: () => start,
          after: (_ms: number, run: () => void) => systemClock.after(0, run),
        },
        who: 'ada@laptop',
      };
      // Time passes by leaps: what is asked for once more later is asked for at once.
      let leaps = 0;
      desk.clock.now = () => start + 60_000 * leaps++;
      const wanted = await estimate(desk, undefined, {}, 1, signal);
      const options = { keep: 'while this process lives', progress: () => undefined } as const;
      await assert.rejects(borrow(desk, wanted, options, signal), reason);
      const returned = JSON.parse(readFileSync(marked, 'utf8')) as Record<string, unknown>;
      assert.equal(returned['do'], 'return');
      assert.match(String(returned['lease']), /^[a-z0-9]{12}$/);
      assert.deepEqual(readLedger(folder).leases, []);
    });

  it('knows that nothing was made where there is no such program', async () => {
    const lender = lenderOf({ borrow: ['/nowhere/borrow'] });
    await assert.rejects(lender.borrow({}, request(), signal), {
      name: 'LoanRefused',
      message: '"borrow" of mine could not be started: /nowhere/borrow',
    });
  });

  it('ends a command with all that it has started when it is cancelled', async () => {
    const cancel = new AbortController();
    const script = `cat >/dev/null; sh -c 'echo $$ >&2; sleep 1000' & wait`;
    let child: { pid: number; born: string } | undefined;
    const lender = lenderOf({ borrow: sh(script) });
    const lent = lender.borrow(
      {},
      {
        ...request(),
        progress: (words) => {
          child = { pid: Number(words), born: bornAt(Number(words)) ?? '' };
          cancel.abort();
        },
      },
      cancel.signal,
    );
    await assert.rejects(lent, { name: 'AbortError' });
    assert.ok(child);
    // The system tells when it has ended; this test ends by its timeout where it never does.
    while (isAlive(child.pid, child.born)) await delay(10);
  });

  it('ends what still borrows for a lease, with all that it has started, and nothing else', async () => {
    const script = `cat >/dev/null; sh -c 'echo $$ >&2; sleep 1000; touch "$FOLDER/made"' & wait`;
    const lender = lenderOf({ borrow: sh(script) });
    const begun = async (id: string): Promise<{ pid: number; ended: Promise<unknown> }> => {
      let ended: Promise<unknown> = Promise.resolve();
      const pid = await new Promise<number>((resolve) => {
        const progress = (words: string): void => resolve(Number(words));
        ended = lender.borrow({}, { ...request(), id, progress }, signal).catch(messageOf);
      });
      return { pid, ended };
    };
    const one = await begun('abcdef123456');
    const other = await begun('abcdef654321');
    assert.equal(await lender.stop?.('abcdef123456', signal), true);
    assert.match(String(await one.ended), /"borrow" of mine ended with SIGTERM/);
    assert.deepEqual([bornAt(one.pid), bornAt(other.pid) !== undefined], [undefined, true]);
    assert.equal(await lender.stop?.('abcdef123456', signal), false);
    assert.equal(await lender.stop?.('abcdef654321', signal), true);
    await other.ended;
    assert.equal(existsSync(join(folder, 'made')), false);
  });

  it('makes nothing any more after its owner was killed and its lease given back', async () => {
    // What the program of a dead owner does: it makes its machine in its own time.
    const script = `cat >/dev/null; echo there >&2; sleep 1000; touch "$FOLDER/made"`;
    const offer = { id: 'a', title: 'a', price: undefined, memory: 1, cpus: 1, spot: false };
    const clock = new QuickClock();
    const desk = {
      root: folder,
      lenders: [lenderOf({ borrow: sh(script), offers: [{ ...offer, available: true }] })],
      caps: usualCaps,
      clock,
      who: whoWeAre(),
    };
    const wanted = await estimate(desk, undefined, {}, 4, signal);
    let borrowed: Promise<unknown> = Promise.resolve();
    await new Promise<void>((resolve) => {
      const progress = (words: string): void => (words === 'there' ? resolve() : undefined);
      const options = { keep: 'while this process lives', progress } as const;
      borrowed = borrow(desk, wanted, options, signal).catch(messageOf);
    });
    const [{ id } = { id: '' }] = readLedger(folder).leases;
    const dead = { who: desk.who, process: { pid: 1, bornAt: 'x' } };
    await change(folder, id, (lease) => ({ ...lease, owner: dead }));
    clock.time += 25 * 60_000;
    const { left } = await sweep(desk, () => undefined, signal);
    assert.match(left.join(), /a request may still be under way/);
    assert.match(String(await borrowed), /ended with SIGTERM/);
    assert.deepEqual(readLedger(folder).leases, []);
    assert.equal(existsSync(join(folder, 'made')), false);
  });

  it('ends a command that takes too long, and says so', async () => {
    const lender = lenderOf({ borrow: sh('cat >/dev/null; sleep 1000'), timeoutMinutes: 0.01 });
    await assert.rejects(lender.borrow({}, request(), signal), /took longer than 0\.01 minutes/);
  });

  it('shows words of a command as words: no control characters, no line without an end', async () => {
    const script = `cat >/dev/null; printf '\\033[2Jhalf' >&2; printf ' done\\r\\n' >&2; head -c 5000 /dev/zero | tr '\\0' x >&2; echo '{"ssh":{"host":"h"}}'`;
    await lenderOf({ borrow: sh(script) }).borrow({}, request(), signal);
    assert.equal(told[0], '[2Jhalf done');
    assert.equal(told[1]?.length, 500);
  });

  it('takes nothing for gone but what is said to be', async () => {
    const lent = { id: 'abcdef123456', handle: { instance: 'i-1' } };
    await lenderOf({}).giveBack(lent, signal);
    for (const answer of [{ gone: false }, {}, { gone: 'yes' }])
      await assert.rejects(lenderOf({ return: answering(answer) }).giveBack(lent, signal));
  });

  it('extends, where there is a command for it', async () => {
    const lent = { id: 'abcdef123456', handle: {} };
    await lenderOf({}).extend(lent, Date.now(), signal);
    const extending = lenderOf({ extend: sh('cat >"$FOLDER/extend"; echo {}') });
    await extending.extend(lent, Date.now() + 3600_000, signal);
    const { seconds } = JSON.parse(readFileSync(join(folder, 'extend'), 'utf8')) as {
      seconds: number;
    };
    assert.ok(seconds > 3500 && seconds <= 3600);
  });

  it('lists what is lent by what is left of it, or cannot tell', async () => {
    assert.equal(await lenderOf({}).list(signal), undefined);
    const machines = [
      { lease: 'abcdef123456', owner: 'ada@laptop', seconds: 600, title: 'c5' },
      { lease: 'abcdef123457', owner: 'bob@desk' },
    ];
    const listed = (await lenderOf({ list: answering({ machines }) }).list(signal)) ?? [];
    assert.ok(Math.abs((listed[0]?.until ?? 0) - Date.now() - 600_000) < 60_000);
    assert.deepEqual(
      listed.map(({ lease, owner, title, until }) => [lease, owner, title, until === undefined]),
      [
        ['abcdef123456', 'ada@laptop', 'c5', false],
        ['abcdef123457', 'bob@desk', 'abcdef123457', true],
      ],
    );
    await assert.rejects(
      lenderOf({ list: answering({ machines: [{ lease: 'x' }] }) }).list(signal),
      /machines\[0\]\.owner is missing/,
    );
    await assert.rejects(lenderOf({ list: answering({}) }).list(signal), /machines is missing/);
  });
});
