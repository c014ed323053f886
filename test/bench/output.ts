import { mkdir, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalEvent } from '../../src/reproduce/journal';
import {
  interleave,
  median,
  medianOfRounds,
  millisecondsOf,
  speeds,
  type Figure,
  type Row,
} from './measure';
import { openWorkshop, run, writesPeak, type Workshop } from './programs';

const ROUNDS = 7;
const SIZE = 200e6;
const SMALL = 50e6;

/**
 * A step that prints 200 MB, read by `cat` at the other end. We mask, look for failing tests and
 * keep a log on the way, which `cat` does not; the second reference, `tee`, keeps a log as well.
 * `cat` of a file is the fastest that a step can print: a real one is slower, and so are both sides.
 */
export const output: Figure = async (signal) => {
  await using shop = await openWorkshop();
  const big = join(shop.folder, 'big');
  const small = join(shop.folder, 'small');
  await writeLines(big, SIZE);
  await writeLines(small, SMALL);
  const repository = await repositoryThatPrints({ big, small }, shop, signal);

  const inSteps: number[] = [];
  const reproduce = async (stage: string, node: readonly string[] = []): Promise<number> => {
    const args = [...node, shop.cli, 'reproduce', 'Jenkinsfile', '--select', `stage ${stage}`];
    const line = `"$0" "$@" | cat >/dev/null`;
    const { env } = shop;
    const time = await millisecondsOf(() =>
      run(
        { command: 'sh', args: ['-c', line, process.execPath, ...args], cwd: repository, env },
        signal,
      ),
    );
    inSteps.push(await timeInStep(shop, stage === 'big' ? SIZE : SMALL));
    return time;
  };
  const pipe = (line: string) => () =>
    millisecondsOf(() => run({ command: 'sh', args: ['-c', line], cwd: shop.folder }, signal));

  const times = await interleave(
    {
      ours: () => reproduce('big'),
      cat: pipe(`sh -xe -c 'cat big' 2>&1 | cat >/dev/null`),
      tee: pipe(`sh -xe -c 'cat big' 2>&1 | tee output.log | cat >/dev/null; rm output.log`),
    },
    ROUNDS,
  );
  const whole = speeds(SIZE, times.ours);
  // The first was for warming up.
  const step = speeds(SIZE, inSteps.slice(1));
  const cat = speeds(SIZE, times.cat);
  const tee = speeds(SIZE, times.tee);

  const peakFile = join(shop.folder, 'peak');
  const peakOf = async (stage: string): Promise<number> => {
    await reproduce(stage, writesPeak(peakFile));
    return Number(await readFile(peakFile, 'utf8')) / 1024;
  };
  const peaks = { small: await peakOf('small'), big: await peakOf('big') };

  const against = (
    what: string,
    ours: readonly number[],
    name: string,
    reference: readonly number[],
    least?: number,
  ): Row => {
    const compared = medianOfRounds('ratio', ours, reference);
    return {
      what,
      unit: 'MB/s',
      ours: median(ours),
      reference: { name, value: median(reference) },
      compared,
      samples: { ours, [name]: reference },
      ...(least !== undefined && {
        target: { words: `at least × ${least}`, met: compared.value >= least },
      }),
    };
  };
  return [
    against('step of 200 MB, from its start to its end', step, 'cat', cat, 0.5),
    against('step of 200 MB, from its start to its end', step, 'tee', tee),
    against('the whole program, with checkout and start', whole, 'cat', cat),
    {
      what: "runner's peak memory, 200 MB against 50 MB",
      unit: 'MB',
      ours: peaks.big,
      reference: { name: '50 MB', value: peaks.small },
      compared: { how: 'ratio', value: peaks.big / peaks.small },
      target: {
        words: 'under 150 MB, constant',
        met: peaks.big < 150 && peaks.big / peaks.small < 1.25,
      },
    },
  ];
};

/** Lines as a build prints them, none like another. */
async function writeLines(path: string, size: number): Promise<void> {
  await using file = await open(path, 'w');
  let written = 0;
  for (let count = 0; written < size;) {
    const lines: string[] = [];
    for (let line = 0; line < 10_000; line++) {
      const odd = Math.imul(++count, 2_654_435_761) >>> 0;
      lines.push(
        `    runtime-1: ok  \tgithub.com/cilium/cilium/pkg/${odd.toString(36)}\t${odd % 100}.${count % 1000}s`,
      );
    }
    const block = Buffer.from(`${lines.join('\n')}\n`).subarray(0, size - written);
    await file.write(block);
    written += block.length;
  }
}

async function repositoryThatPrints(
  files: Readonly<Record<string, string>>,
  shop: Workshop,
  signal: AbortSignal,
): Promise<string> {
  const repository = join(shop.folder, 'repository');
  await mkdir(repository);
  const stages = Object.entries(files).map(
    ([name, file]) => `    stage('${name}') { steps { sh 'cat ${file}' } }\n`,
  );
  await writeFile(
    join(repository, 'Jenkinsfile'),
    `pipeline {\n  agent any\n  stages {\n${stages.join('')}  }\n}\n`,
  );
  const identity = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com'];
  for (const args of [
    ['init', '-q'],
    ['add', '--all'],
    [...identity, 'commit', '-q', '-m', 'x'],
  ])
    await run({ command: 'git', args, cwd: repository }, signal);
  return repository;
}

/** Milliseconds from the step's start to its end as the journal has them; forgets the reproduction. */
async function timeInStep(shop: Workshop, size: number): Promise<number> {
  const all = join(shop.state, 'ci-parity', 'reproductions');
  const [id, ...others] = await readdir(all);
  if (id === undefined || others.length > 0) throw new Error('there is not one reproduction');
  const journal = await readFile(join(all, id, 'events.ndjson'), 'utf8');
  const events = journal
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalEvent);
  const step = events.find((event) => event.type === 'step');
  const exit = events.find((event) => event.type === 'exit');
  if (!step || !exit || exit.code !== 0 || exit.offset - step.offset < size)
    throw new Error(`the step did not print all:\n${journal}`);
  await rm(join(all, id), { recursive: true });
  return Date.parse(exit.at) - Date.parse(step.at);
}
