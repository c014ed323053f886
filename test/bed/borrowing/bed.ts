/**
 * All of borrowing, as a person has it: a double of the Metal API whose devices are real SSH servers, the
 * real program as the owner of leases, its clock and the API's under the test's control, and a clone to
 * reproduce from.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cleanups } from '../../../src/base/cleanups';
import type { OnClose } from '../../../src/machines/leases/handOver';
import { readLedger, whoWeAre, type Lease } from '../../../src/machines/leases/ledger';
import { ownerMark } from '../../../src/machines/leases/ownerMark';
import type { FromAttendant, Verb, Wishes } from '../../../src/machines/leases/talk';
import type { MetalOptions } from '../metal/account';
import { startMetal, type MetalDouble } from '../metal/double';
import type { Fault } from '../metal/faults';
import { realDevices, type RealDevice } from '../metal/realDevice';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const CLOCK = fileURLToPath(new URL('clock.mjs', import.meta.url));

/** Waits of the program: between looks at a device, tries of a request, beats of an attendant. */
const PACE = '5000:150,1000:50,2000:100,4000:200,8000:400,20000:6000,60000:300,limit 25000:5000';

export interface BorrowingOptions extends MetalOptions {
  /** Prepares each device before it runs its user data. */
  readonly before?: string;
  readonly kind?: Parameters<typeof realDevices>[1];
  readonly caps?: object;
  /** More of the lender's settings. */
  readonly lender?: object;
}

export interface Ended {
  readonly code: number | null;
  /** Both streams. */
  readonly output: string;
}

/** Our program, while it runs. */
export interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said so far. */
  readonly so: () => string;
  /** Resolves when it has said more, and rejects where it has ended. */
  more(): Promise<void>;
  /** Resolves when it has said so, and rejects where it ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/** A window's own program. */
export interface Attendant extends Program {
  ask<V extends Verb>(verb: V, wish: Wishes[V]['wish']): Promise<Wishes[V]['answer']>;
  /** The window has closed. */
  close(onClose: OnClose): Promise<Ended>;
}

export type Bed = Awaited<ReturnType<typeof openBed>>;

export async function openBed({ before, kind, caps, lender, ...options }: BorrowingOptions = {}) {
  const cleanups = new Cleanups();
  const root = mkdtempSync(join(tmpdir(), 'ci-parity-faults-'));
  cleanups.defer(() => rmSync(root, { recursive: true, force: true }));
  const real = realDevices(before, kind);
  const metal: MetalDouble = await startMetal({ boot: real.boot, ...options });
  cleanups.defer(async () => metal[Symbol.asyncDispose]());
  const running = new Set<Program>();
  cleanups.defer(async () => {
    await Promise.all([...running].map(async (program) => program.kill()));
  });
  for (const folder of ['config/ci-parity', 'state', 'home', 'clone'])
    mkdirSync(join(root, folder), { recursive: true });
  const clockFile = join(root, 'clock');
  let ahead = 0;
  writeFileSync(clockFile, '0');
  const metalLender = { kind: 'packet', name: 'metal', address: metal.address, install: false };
  writeFileSync(
    join(root, 'config/ci-parity/lenders.json'),
    JSON.stringify({ ...(caps && { caps }), lenders: [{ ...metalLender, ...lender }] }),
  );
  const state = join(root, 'state', 'ci-parity');
  const leases = join(state, 'leases');

  const bed = {
    root,
    metal,
    /** What they are, in the order in which they started. */
    devices: real.devices,
    /** The state directory. */
    state,
    clone: join(root, 'clone'),
    git: (...args: readonly string[]): void => {
      const person = ['-c', 'user.name=T', '-c', 'user.email=t@localhost'];
      execFileSync('git', [...person, ...args], { cwd: bed.clone });
    },
    ledger: (): Lease[] => readLedger(state).leases,
    /** Whose the mark of a machine of ours says that it is. */
    mark: (): Promise<string> => ownerMark(state, whoWeAre()),
    only: (): Lease => {
      const [lease, ...more] = bed.ledger();
      assert.ok(lease && more.length === 0, 'there is one lease');
      return lease;
    },
    device: (): RealDevice => {
      const device = real.devices.at(-1);
      assert.ok(device, 'there is a device');
      return device;
    },

    /** The clock of this machine is moved, and the API's is not. */
    skew: (milliseconds: number): void => {
      ahead += milliseconds;
      writeFileSync(clockFile, String(ahead));
    },
    /** So much time passes. */
    later: async (milliseconds: number): Promise<void> => {
      bed.skew(milliseconds);
      await metal.advance(milliseconds);
    },
    now: (): number => Date.now() + ahead,

    start: (args: readonly string[], { pace = PACE, environment = {} }: Starting = {}): Program => {
      const program = started(
        spawn(process.execPath, ['--import', CLOCK, CLI, ...args], {
          cwd: bed.clone,
          env: {
            PATH: process.env['PATH'] ?? '',
            HOME: join(root, 'home'),
            XDG_CONFIG_HOME: join(root, 'config'),
            XDG_STATE_HOME: join(root, 'state'),
            METAL_AUTH_TOKEN: metal.token,
            BED_CLOCK: clockFile,
            BED_PACE: pace,
            ...environment,
          },
          stdio: ['pipe', 'pipe', 'pipe'],
        }),
      );
      running.add(program);
      void program.ended.then(() => running.delete(program));
      return program;
    },
    run: async (args: readonly string[], starting?: Starting): Promise<Ended> => {
      const program = bed.start(args, starting);
      program.child.stdin?.end();
      return await program.ended;
    },
    /** It must come to this exit code. */
    does: async (code: number, ...args: readonly string[]): Promise<string> => {
      const ended = await bed.run(args);
      assert.equal(ended.code, code, `${args.join(' ')}: ${ended.output}`);
      return ended.output;
    },
    attendant: (starting?: Starting): Attendant =>
      attending(bed.start(['attend', '--json'], starting)),
    /** A machine that is kept until its end. */
    borrow: async (...args: readonly string[]): Promise<Lease> => {
      await bed.does(0, 'borrow', '--yes', ...args);
      const lease = bed.ledger().at(-1);
      assert.ok(lease);
      return lease;
    },
    /**
     * Begins to reproduce on a machine, and resolves when its step works there: it says numbered lines until
     * `enough`, and ends with 42.
     */
    reproducing: async (lease: string, starting?: Starting): Promise<Program> => {
      const program = bed.start(['reproduce', 'Jenkinsfile', '--on', lease], starting);
      program.child.stdin?.end();
      await program.said(/^000000000099 /m);
      return program;
    },
    enough: async (): Promise<void> => {
      await bed.device().sshd.inside('touch /root/enough');
    },
    /** All that the step has said came here, once and in order, to the terminal and to the journal's output. */
    isWhole: (output: string): void => {
      const [reproduction] = bed.reproductions();
      assert.ok(reproduction);
      const kept = readFileSync(
        join(bed.state, 'reproductions', reproduction, 'output.log'),
        'utf8',
      );
      // What we say ourselves may stand in the middle of a line of the terminal.
      for (const text of [output.replaceAll(/▸ .*\n/g, ''), kept]) {
        const lines = text.split('\n').filter((line) => /^\d{12} /.test(line));
        // How many they are it says last, so that no end is missing.
        const [, told] = /^all (\d+) lines$/m.exec(text) ?? [];
        assert.ok(
          lines.length >= 100 && lines.length === Number(told),
          `${lines.length} of ${told}`,
        );
        const said = createHash('sha256');
        const wanted = createHash('sha256');
        for (const [number, line] of lines.entries()) {
          said.update(`${line}\n`);
          wanted.update(`${String(number).padStart(12, '0')} ${WORDS}\n`);
        }
        assert.equal(said.digest('hex'), wanted.digest('hex'));
      }
    },
    reproductions: (): string[] =>
      existsSync(join(bed.state, 'reproductions'))
        ? readdirSync(join(bed.state, 'reproductions'))
        : [],
    /** Nothing of a reproduction is left, as far as its journal knows. */
    putAway: async (): Promise<void> => {
      const shown = await bed.does(0, 'list', '--json');
      for (const line of shown.split('\n').filter((one) => one.startsWith('{'))) {
        const { state, made, left } = JSON.parse(line) as Record<string, unknown>;
        assert.deepEqual({ state, made, left }, { state: 'ended', made: [], left: [] });
      }
    },

    /** Kills a program when it waits for the answer to such a request; whether that is `done` or not. */
    killedAt: async (program: Program, request: RegExp, done: boolean): Promise<void> => {
      using fault = metal.fault(request, { answer: 'silent', done, times: 1 });
      assert.ok(fault);
      const early = program.ended.then(({ output }) => {
        throw new Error(`It ended before it asked ${request}: ${output}`);
      });
      await Promise.race([metal.asked(request), early]);
      early.catch(() => undefined);
      await program.kill();
    },
    during: async <T>(request: RegExp, fault: Fault, work: () => Promise<T>): Promise<T> => {
      using on = metal.fault(request, fault);
      assert.ok(on);
      return await work();
    },

    /** Resolves when the one lease is so. */
    ledgerSays: async (what: (lease: Lease) => boolean): Promise<void> => {
      const watcher = watch(leases);
      try {
        for (;;) {
          const news = once(watcher, 'change');
          if (bed.ledger().some(what)) return;
          await news;
        }
      } finally {
        watcher.close();
      }
    },
    /** Resolves when the machine has switched itself off. */
    over: async (): Promise<void> => {
      for (;;)
        try {
          await bed.device().sshd.inside('sleep 0.2');
        } catch {
          return;
        }
    },
    /** For people: how far it is. */
    status: (): string =>
      [
        JSON.stringify(bed.ledger()),
        JSON.stringify(metal.books()),
        ...metal.requests.slice(-10).map(({ line }) => line),
        ...[...running].map(
          ({ so, child }) => `${child.spawnargs.join(' ')}\n${so().slice(-2000)}`,
        ),
      ].join('\n'),

    /** The processes of a reproduction that run on the machine. */
    marked: (): Promise<string> =>
      bed
        .device()
        .sshd.inside(`grep -lz '^CI_PARITY_COOKIE=' /proc/[0-9]*/environ 2>/dev/null; true`),
    /** Nothing is lent, nothing is owed, and nothing is left here. */
    isEmpty: (): void => {
      const { devices, keys } = metal.books();
      assert.deepEqual({ devices, keys }, { devices: [], keys: [] }, 'the books of the API');
      assert.deepEqual(readLedger(state), { leases: [], damaged: [] }, 'the ledger');
      const left = existsSync(leases) ? readdirSync(leases) : [];
      // What was spent is remembered; nothing else is.
      assert.deepEqual(
        left.filter((name) => name !== 'spent'),
        [],
        'the folder of the ledger',
      );
    },
    [Symbol.asyncDispose]: async () => cleanups[Symbol.asyncDispose](),
  };

  bed.git('init', '-q', '-b', 'main');
  writeFileSync(join(bed.clone, 'Jenkinsfile'), JENKINSFILE);
  writeFileSync(join(bed.clone, 'work'), WORK, { mode: 0o755 });
  bed.git('add', '--all');
  bed.git('commit', '-q', '-m', 'a step that works');
  return bed;
}

const JENKINSFILE = `node {
  checkout scm
  stage('Work') {
    sh './work'
  }
}
`;

const WORDS = 'some words that fill the line';

/** A line that is lost, doubled or out of order changes the sum. */
const WORK = `#!/bin/bash
n=0
while [ ! -e /root/enough ]; do
  seq -f "%012.0f ${WORDS}" $((n * 100)) $((n * 100 + 99))
  n=$((n + 1))
  sleep 0.1
done
echo "all $((n * 100)) lines"
exit 42
`;

interface Starting {
  readonly pace?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

function started(child: ChildProcess): Program {
  let output = '';
  const news = new EventEmitter().setMaxListeners(0);
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      news.emit('more');
    });
  let over = false;
  const ended = once(child, 'close').then(([code]) => {
    over = true;
    news.emit('more');
    return { code: code as number | null, output };
  });
  return {
    child,
    ended,
    so: () => output,
    more: async () => {
      if (over) throw new Error(`It has ended: ${output.slice(-2000)}`);
      await once(news, 'more');
    },
    said: async (pattern) => {
      for (;;) {
        const found = pattern.exec(output);
        if (found) return found;
        if (over) throw new Error(`It ended without having said ${pattern}: ${output}`);
        await once(news, 'more');
      }
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function attending(program: Program): Attendant {
  let last = 0;
  const answered = async (n: number): Promise<FromAttendant> => {
    const [line] = await program.said(new RegExp(`^\\{"n":${n},"(answer|failed)".*$`, 'm'));
    return JSON.parse(line) as FromAttendant;
  };
  return {
    ...program,
    ask: async (verb, wish) => {
      const n = ++last;
      program.child.stdin?.write(`${JSON.stringify({ n, do: verb, wish })}\n`);
      const told = await answered(n);
      if ('failed' in told) throw new Error(told.failed.message);
      assert.ok('answer' in told);
      return told.answer;
    },
    close: async (onClose) => {
      program.child.stdin?.end(`${JSON.stringify({ onClose, tokens: {} })}\n`);
      return await program.ended;
    },
  };
}
