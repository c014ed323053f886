import type { MadeLog, StageSpec } from './world';

/** A line that can be looked for, with its place in the clean log. */
export interface Mark {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
  /** Bytes of the log without console notes. */
  readonly offset: number;
}

export interface HugeLog extends MadeLog {
  /** Bytes and lines without console notes. */
  readonly clean: { readonly size: number; readonly lines: number };
  /** Lines that stand there once, at a quarter, half and three quarters of the log. */
  readonly needles: readonly [Mark, Mark, Mark];
  /** The first line that says why the run failed, near the end. */
  readonly failure: Mark;
  /** What the plugins tell of the run that wrote it. */
  readonly stages: readonly StageSpec[];
}

const BLOCK = 64 * 1024;
const STAGES = ['Checkout', 'Build', 'Lint', 'Unit tests', 'Runtime tests'] as const;
const NOTE = `\u001b[8mha:////4${'AAAAkB+LCAAAAAAAAP9b85aBtbiI'.repeat(5)}==\u001b[0m`;
const COUNTER = '0000000000';

/** A block that is not like all others. */
interface Chapter {
  readonly block: number;
  readonly lines: readonly string[];
  /** Whether its first line is a mark. */
  readonly marked?: boolean;
}

/**
 * The log of a run that failed in its last stage, of about `size` bytes: always the same, with
 * timestamps, colours, console notes, and characters of several bytes. It costs no memory, and any
 * part of it is as quickly made as another.
 */
export function hugeLog(size: number): HugeLog {
  const count = Math.max(64, Math.round(size / BLOCK));
  const ordinary = fill([]);
  const counters = positionsOf(ordinary, COUNTER);
  const special = new Map<number, Buffer>();
  const perBlock = positionsOf(ordinary, '\n').length;
  const marks: Mark[] = [];
  // What was seen so far: how many more lines than in ordinary blocks, and the bytes of notes.
  let more = 0;
  let notes = 0;
  for (const { block, lines, marked = false } of chapters(count)) {
    const bytes = block === count - 1 ? fill([], lines) : fill(lines);
    special.set(block, bytes);
    if (marked) {
      const offset = block * BLOCK - notes;
      marks.push({ text: lines[0]!, line: block * perBlock + more + 1, offset });
    }
    more += positionsOf(bytes, '\n').length - perBlock;
    notes += positionsOf(bytes, NOTE).length * NOTE.length;
  }

  function blockAt(at: number): Buffer {
    const known = special.get(at);
    if (known !== undefined) return known;
    const block = Buffer.from(ordinary);
    counters.forEach((position, nth) => {
      let rest = at * counters.length + nth;
      for (let digit = COUNTER.length - 1; rest > 0; digit--) {
        block[position + digit] = 48 + (rest % 10);
        rest = Math.floor(rest / 10);
      }
    });
    return block;
  }

  const [quarter, half, threeQuarters, failure] = marks as [Mark, Mark, Mark, Mark];
  return {
    size: count * BLOCK,
    *from(start) {
      for (let at = Math.floor(start / BLOCK); at < count; at++)
        yield blockAt(at).subarray(Math.max(0, start - at * BLOCK));
    },
    clean: { size: count * BLOCK - notes, lines: count * perBlock + more },
    needles: [quarter, half, threeQuarters],
    failure,
    stages: STAGES.map((name, at) => ({
      name,
      duration: 600_000,
      ...(at === STAGES.length - 1 && { state: 'failed' }),
    })),
  };
}

function chapters(count: number): Chapter[] {
  const stages = STAGES.map((name, at) => ({
    block: Math.floor((at * (count - 2)) / STAGES.length),
    lines: [...(at === 0 ? HEAD : END_OF_STAGE), ...beginOf(name)],
  }));
  const needles = ['quarter', 'half', 'three quarters'].map((name, at) => ({
    block: Math.floor(((at + 1) * count) / 4) + 1,
    lines: [`[2026-02-01T10:0${at}:00.000Z] \u001b[33mneedle at a ${name} of the log\u001b[0m`],
    marked: true,
  }));
  const end = [
    { block: count - 2, lines: FAILURE, marked: true },
    { block: count - 1, lines: TAIL },
  ];
  return [...stages, ...needles, ...end].sort((a, b) => a.block - b.block);
}

/** A block that begins and ends with these lines, and is like all others between them. */
function fill(first: readonly string[], last: readonly string[] = []): Buffer {
  const [begin, end] = [first, last].map((lines) =>
    Buffer.from(lines.map((line) => `${line}\n`).join('')),
  ) as [Buffer, Buffer];
  const pieces = [begin];
  let left = BLOCK - begin.length - end.length;
  for (let at = 0; ; at++) {
    const line = Buffer.from(`${ORDINARY[at % ORDINARY.length]}\n`);
    if (line.length >= left) break;
    pieces.push(line);
    left -= line.length;
  }
  return Buffer.concat([...pieces, Buffer.from(`${'.'.repeat(left - 1)}\n`), end]);
}

const ORDINARY = [
  `[2026-02-01T10:00:00.000Z]     runtime-1: ok  \tgithub.com/cilium/cilium/pkg/p${COUNTER}\t0.123s`,
  '[2026-02-01T10:00:00.120Z]     runtime-1: === RUN   TestPolicyIngressAllow',
  '[2026-02-01T10:00:00.250Z]     runtime-1: \u001b[32m--- PASS: TestPolicyIngressAllow (0.10s)\u001b[0m',
  '[2026-02-01T10:00:00.311Z]     runtime-1: level=info msg="Größe der Tabelle: 4 096 Einträge ✓" subsys=datapath',
  '[2026-02-01T10:00:00.480Z]     runtime-1: gcc -O2 -Wall -Wextra -I/vagrant/bpf/include -c /vagrant/bpf/lib/policy.c -o policy.o',
  '[2026-02-01T10:00:00.533Z] ==> runtime-1: Running provisioner: testsuite (shell)...',
  '[2026-02-01T10:00:00.610Z]     runtime-1: \u001b[1;34mINFO\u001b[0m endpoint regenerated, 17 rules, 3 identities, 0 errors',
  '',
];

const HEAD = [
  'Started by user Ada',
  `Obtained Jenkinsfile from ${'c'.repeat(40)}`,
  `${NOTE}[Pipeline] Start of Pipeline`,
  `${NOTE}[Pipeline] node`,
  'Running on agent-1 in /var/lib/jenkins/workspace/monorepo',
  `${NOTE}[Pipeline] {`,
];

const END_OF_STAGE = [`${NOTE}[Pipeline] }`, `${NOTE}[Pipeline] // stage`];

function beginOf(stage: string): string[] {
  return [
    `${NOTE}[Pipeline] stage`,
    `${NOTE}[Pipeline] { (${stage})`,
    `${NOTE}[Pipeline] sh`,
    `+ make ${stage.toLowerCase().replace(' ', '-')}`,
  ];
}

const FAILURE = [
  '    runtime-1: --- FAIL: TestPolicyEgressDeny (0.20s)',
  '    runtime-1:     /vagrant/pkg/policy/policy_test.go:212: egress web -> db:22: want DENIED, got ALLOWED',
  '    runtime-1: FAIL',
  '    runtime-1: FAIL\tgithub.com/cilium/cilium/pkg/policy\t12.345s',
  'make: *** [Makefile:88: runtime-tests] Error 2',
];

const TAIL = [
  ...END_OF_STAGE,
  `${NOTE}[Pipeline] }`,
  `${NOTE}[Pipeline] // node`,
  `${NOTE}[Pipeline] End of Pipeline`,
  'ERROR: script returned exit code 2',
  'Finished: FAILURE',
];

function positionsOf(block: Buffer, needle: string): number[] {
  const found: number[] = [];
  for (let at = block.indexOf(needle); at >= 0; at = block.indexOf(needle, at + needle.length))
    found.push(at);
  return found;
}
