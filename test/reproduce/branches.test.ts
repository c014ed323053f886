import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLineHolder, prefixLines } from '../../src/reproduce/branchOutput';
import { runFacts } from './recipes';
import { openWorkshop, printed, type Workshop } from './workshop';

/** Numbers from 0 to 1 that are the same for the same seed. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

describe('Branches side by side', () => {
  let shop: Workshop;
  beforeEach(() => (shop = openWorkshop()));
  afterEach(() => shop[Symbol.dispose]());

  const scripted = `parallel(
  linux: { node { sh 'echo on linux; exit 3' } },
  mac: { node { sh 'echo on mac' } },
)
`;
  const matrix = `pipeline {
  agent any
  stages {
    stage('Tests') {
      matrix {
        axes {
          axis { name 'OS'; values 'linux', 'mac' }
          axis { name 'ARCH'; values 'arm', 'amd' }
        }
        stages { stage('Build') { steps { sh 'echo $OS on $ARCH; test "$OS$ARCH" != macarm' } } }
      }
    }
  }
}
`;

  it('never mix their lines, and name the branch before each, in the log too', async () => {
    const branch = (name: string): string =>
      `${name}: { node { sh '''#!/bin/sh
i=0; while [ $i -lt 40 ]; do printf '${name} '; printf 'line '; sleep 0.002; echo $i; i=$((i+1)); done; printf 'no end' ''' } }`;
    const { output, files } = await shop.run(`parallel(${['a', 'b', 'c'].map(branch).join(', ')})`);
    const lines = output.trimEnd().split('\n');
    assert.equal(lines.length, 3 * 41);
    for (const line of lines) assert.match(line, /^\[(\w)\] (\1 line \d+|no end)$/);
    assert.notEqual(
      lines[0]?.slice(0, 3),
      lines.find((line) => !line.startsWith(lines[0]?.slice(0, 3) ?? ''))?.slice(0, 3),
    );
    assert.equal(readFileSync(files.output, 'utf8'), output);
  });

  it('leave a pipeline without branches byte by byte as it is', async () => {
    const { output } = await shop.run('node { sh \'#!/bin/sh\\nprintf "a\\\\rb"; printf "c"\' }');
    assert.equal(output, 'a\rbc');
  });

  it('are all run by default', async () => {
    const { output, verdict, events } = await shop.run(scripted);
    assert.deepEqual(printed(output).sort(), ['[linux] on linux', '[mac] on mac']);
    assert.equal(verdict.sentence, 'failed: linux failed with exit code 3');
    const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    assert.deepEqual(steps.map(({ branches }) => branches?.join()).sort(), ['linux', 'mac']);
  });

  it('are only the one that failed, if that is asked', async () => {
    const run = runFacts(
      { stage: ['linux'], command: undefined, exitCode: 3, tests: [] },
      {
        stages: [
          { path: ['linux'], state: 'failed' },
          { path: ['mac'], state: 'passed' },
        ],
      },
    );
    const { output, verdict, said } = await shop.run(scripted, {
      recipe: (recipe) => ({ ...recipe, run, branches: { kind: 'failed' } }),
    });
    assert.deepEqual(printed(output), ['[linux] on linux']);
    assert.equal(verdict.sentence, 'reproduced: linux failed as in #42, exit code 3');
    assert.match(said, /branch mac: left out, as you asked/);
  });

  it('are only those that are named, cells by their values too', async () => {
    const { output } = await shop.run(
      matrix,
      {},
      { branches: { kind: 'named', names: ['OS=mac,ARCH=arm'] } },
    );
    assert.deepEqual(printed(output), ["[Matrix - OS = 'mac', ARCH = 'arm'] mac on arm"]);
    const wrong = await shop.run(scripted, {}, { branches: { kind: 'named', names: ['windows'] } });
    assert.match(wrong.verdict.sentence, /^could not run: The Jenkinsfile has no branch "windows"/);
    assert.deepEqual(wrong.verdict.details, ['Its branches: linux, mac']);
  });

  it('that failFast ends have not failed themselves', async () => {
    const { verdict, events } = await shop.run(
      "parallel(a: { node { sh 'sleep 0.2; exit 3' } }, b: { node { sh 'sleep 300' } }, failFast: true)",
    );
    assert.equal(verdict.sentence, 'failed: a failed with exit code 3');
    const exits = events.flatMap((event) => (event.type === 'exit' ? [event.signal] : []));
    assert.ok(exits.includes('SIGINT'));
  });

  it('have their names before their lines on a terminal, each in its colour', () => {
    // `script` gives it a real terminal.
    const program = join(import.meta.dirname, 'branchScreen.ts');
    const command = `${process.execPath} --import tsx ${program}`;
    const told = execFileSync('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, NO_COLOR: undefined, TERM: 'xterm' },
      encoding: 'utf8',
    });
    const [first, second, third, plain] = told.split('\r\n');
    assert.match(first ?? '', /^\u001b\[36m\[a\]\u001b\[39m one$/);
    assert.match(second ?? '', /^\u001b\[35m\[b\]\u001b\[39m two$/);
    assert.match(third ?? '', /^\u001b\[36m\[a\]\u001b\[39m three$/);
    assert.equal(plain, 'no branch');
  });

  it('compare the failure of the branch that failed in CI, not of the one that failed first here', async () => {
    const run = runFacts(
      { stage: ['b'], command: undefined, exitCode: 4, tests: [] },
      {
        stages: [
          { path: ['a'], state: 'failed' },
          { path: ['b'], state: 'failed' },
        ],
      },
    );
    const { verdict } = await shop.run(
      "parallel(a: { node { sh 'exit 3' } }, b: { node { sh 'sleep 0.3; exit 4' } })",
      { recipe: (recipe) => ({ ...recipe, run }) },
    );
    assert.equal(verdict.sentence, 'reproduced: b failed as in #42, exit code 4');
  });

  it('keep every byte of lines of any length, in the log too', async () => {
    const branch = (name: string): string =>
      `${name}: { node { sh '''#!/bin/sh
for size in 10 70000 3000000; do printf "%*s" $size "" | tr " " ${name}; echo; done; printf ${name}''' } }`;
    const { output, files } = await shop.run(`parallel(${['a', 'b', 'c'].map(branch).join(', ')})`);
    const lines = output.trimEnd().split('\n');
    for (const name of ['a', 'b', 'c']) {
      const own = lines.filter((line) => line.startsWith(`[${name}] `));
      assert.deepEqual(
        own.map((line) => line.length - 4),
        [10, 70_000, 3_000_000, 1],
      );
      for (const line of own) assert.ok(line.slice(4) === name.repeat(line.length - 4));
    }
    assert.equal(lines.length, 12);
    assert.ok(readFileSync(files.output, 'utf8') === output);
    assert.deepEqual(
      readdirSync(files.directory).filter((name) => name.startsWith('line')),
      [],
    );
  });

  it('hold back a line until it is whole, however long, and keep each byte, whatever the chunks', () => {
    for (let round = 0; round < 60; round++) {
      const random = mulberry(round);
      const below = (most: number): number => Math.floor(random() * most);
      let log = Buffer.alloc(0);
      let opened = 0;
      const branches = ['a', 'b', 'c'].map((name) => {
        const lengths = Array.from({ length: below(6) }, () =>
          below(3) === 0 ? below(400_000) : below(40),
        );
        const text = Buffer.from(lengths.map((length) => `${name.repeat(length)}\n`).join(''));
        // The last line may lack its end.
        const input = text.subarray(0, text.length - below(2));
        const spool = {
          name,
          open: () => openSync(join(shop.root, `${name}-${round}-${opened++}`), 'wx+'),
        };
        const write = (bytes: Buffer, continued: boolean): void => {
          assert.ok(bytes.length <= 64 * 1024 + 150_000, 'little is kept in memory');
          log = Buffer.concat([log, prefixLines(bytes, `[${name}] `, continued)]);
        };
        return { name, input, at: 0, lines: createLineHolder(write, spool) };
      });
      for (;;) {
        const open = branches.filter(({ at, input }) => at < input.length);
        const one = open[below(open.length)];
        if (!one) break;
        const end = one.at + 1 + below(below(2) === 0 ? 10 : 150_000);
        void one.lines.push(one.input.subarray(one.at, end));
        one.at = end;
      }
      for (const { lines } of branches) void lines.end();
      const seen = log.toString().split('\n').slice(0, -1);
      for (const { name, input } of branches) {
        const own = seen.filter((line) => line.startsWith(`[${name}] `));
        const wanted = input.toString().replace(/\n$/, '').split('\n');
        const lines = input.length === 0 ? [] : wanted;
        // Not by deepEqual: its message would hold megabytes.
        const same =
          own.length === lines.length && own.every((line, i) => line.slice(4) === lines[i]);
        assert.ok(same, `round ${round}, branch ${name}`);
      }
      const all = branches.map(({ input }) => input.toString().match(/[^\n]*\n|[^\n]+$/g) ?? []);
      assert.equal(seen.length, all.flat().length, `round ${round}`);
    }
  });

  it('have their names before each line, also before an empty one', () => {
    assert.equal(prefixLines(Buffer.from('a\n\nb\n'), '[x] ').toString(), '[x] a\n[x] \n[x] b\n');
  });
});
