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
const MADE = 100e6;

/**
 * A step that prints 200 MB, read by `cat` at the other end. We mask, look for failing tests and
 * keep a log on the way, which `cat` does not; the second reference, `tee`, keeps a log as well.
 * `cat` of a file in memory is the fastest that a step can print, and two of them in a pipe are the
 * kernel's own speed; a step that makes its lines, be it as simple as awk's, is slower.
 */
export const output: Figure = async (signal) => {
  await using shop = await openWorkshop();
  const inShop = (name: string): string => join(shop.folder, name);
  await writeLines(inShop('big'), SIZE);
  await writeLines(inShop('small'), SMALL);
  await writeFile(inShop('lines.awk'), linesMade(MADE));
  const steps: Record<Step, { script: string; size: number }> = {
    big: { script: `cat ${inShop('big')}`, size: SIZE },
    small: { script: `cat ${inShop('small')}`, size: SMALL },
    made: { script: `awk -f ${inShop('lines.awk')}`, size: MADE },
  };
  const repository = await repositoryThatPrints(steps, shop, signal);

  const reproduce = async (step: Step, node: readonly string[] = []) => {
    const args = [...node, shop.cli, 'reproduce', 'Jenkinsfile', '--select', `stage ${step}`];
    const line = `"$0" "$@" | cat >/dev/null`;
    const { env } = shop;
    const command = { command: 'sh', args: ['-c', line, process.execPath, ...args], env };
    const whole = await millisecondsOf(() => run({ ...command, cwd: repository }, signal));
    return { whole, inStep: await timeInStep(shop, steps[step].size) };
  };
  const pipe = (step: Step, rest: string) => () => {
    const line = `sh -xe -c '${steps[step].script}' 2>&1 | ${rest}`;
    const command = { command: 'sh', args: ['-c', line], cwd: shop.folder };
    return millisecondsOf(() => run(command, signal));
  };

  const wholes: number[] = [];
  const times = await interleave(
    {
      ours: async () => {
        const { whole, inStep } = await reproduce('big');
        wholes.push(whole);
        return inStep;
      },
      cat: pipe('big', 'cat >/dev/null'),
      tee: pipe('big', 'tee output.log | cat >/dev/null; rm output.log'),
    },
    ROUNDS,
  );
  const made = await interleave(
    {
      ours: async () => (await reproduce('made')).inStep,
      cat: pipe('made', 'cat >/dev/null'),
    },
    ROUNDS,
  );

  const peakFile = inShop('peak');
  const peakOf = async (step: Step): Promise<number> => {
    await reproduce(step, writesPeak(peakFile));
    return Number(await readFile(peakFile, 'utf8')) / 1024;
  };
  const peaks = { small: await peakOf('small'), big: await peakOf('big') };

  const against = (
    what: string,
    size: number,
    [oursTimes, name, referenceTimes]: [readonly number[], string, readonly number[]],
    least?: number,
  ): Row => {
    const ours = speeds(size, oursTimes);
    const reference = speeds(size, referenceTimes);
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
    against('a step that makes its lines (awk), 100 MB', MADE, [made.ours, 'cat', made.cat], 0.5),
    against('a step that is cat of 200 MB', SIZE, [times.ours, 'cat', times.cat], 0.5),
    against('a step that is cat of 200 MB', SIZE, [times.ours, 'tee and cat', times.tee]),
    // The first was for warming up.
    against('… with start, checkout and putting away', SIZE, [wholes.slice(1), 'cat', times.cat]),
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

type Step = 'big' | 'small' | 'made';

/** An awk program that prints so many bytes. */
function linesMade(size: number): string {
  const length = '    runtime-1: ok  \tgithub.com/cilium/cilium/pkg/policy01234567\t0.003s\n'
    .length;
  const format = String.raw`    runtime-1: ok  \tgithub.com/cilium/cilium/pkg/policy%08d\t0.003s\n`;
  return `BEGIN { for (line = 0; line < ${Math.ceil(size / length)}; line++) printf "${format}", line }\n`;
}

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
  steps: Readonly<Record<string, { readonly script: string }>>,
  shop: Workshop,
  signal: AbortSignal,
): Promise<string> {
  const repository = join(shop.folder, 'repository');
  await mkdir(repository);
  const stages = Object.entries(steps).map(
    ([name, { script }]) => `    stage('${name}') { steps { sh '${script}' } }\n`,
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
