import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import type * as outlining from '../../src/pipeline/outline';
import type * as parsing from '../../src/pipeline/parser';
import { jenkinsfiles, longJenkinsfile } from './corpus';
import { interleave, median, medianOfRounds, millisecondsOf, speeds } from './measure';
import type { Figure, Row } from './measure';
import { openWorkshop, run } from './programs';

const ROUNDS = 11;
const SIZE = 5e6;
/** MB/s in this process, and with the command's start. */
const TARGET = 15;
const TARGET_WHOLE = 10;
/** Milliseconds on a keystroke in a file of so many lines. */
const KEYSTROKE = 2;
const LINES = 1000;
const KEYS = 40;
/** How much more a byte may cost in a file eight times as long. */
const LINEAR = 1.5;

/**
 * `ci-parity outline` over 5 MB of Jenkinsfiles: what the editor's lenses cost, and a whole command
 * with its start. There is no other outline to hold it against; cutting the same texts into words
 * by one regular expression is the least that a reader of every token could do.
 */
export const outline: Figure = async (signal) => {
  await using shop = await openWorkshop();
  const reading = await bundled(shop.folder);
  const read = (text: string): outlining.Outline => reading.outline(reading.parse(text));
  const files = jenkinsfiles(SIZE);
  const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  let stages = 0;
  let problems = 0;
  const inProcess = await interleave(
    {
      ours: () =>
        millisecondsOf(() => {
          stages = problems = 0;
          for (const { text } of files) {
            const found = read(text);
            stages += found.stages.length;
            problems += found.problems.length;
          }
        }),
      words: () =>
        millisecondsOf(() => {
          let words = 0;
          for (const { text } of files) words += text.match(/\w+|[^\w\s]/g)?.length ?? 0;
          return words;
        }),
    },
    ROUNDS,
  );

  const corpus = join(shop.folder, 'corpus');
  await mkdir(corpus);
  for (const { name, text } of files) await writeFile(join(corpus, name), text);
  const command = (args: readonly string[]) => async () =>
    (await run({ command: process.execPath, args, cwd: corpus }, signal)).milliseconds;
  const names = files.map(({ name }) => name);
  const whole = await interleave(
    { ours: command([shop.cli, 'outline', '--json', ...names]), node: command(['-e', '0']) },
    ROUNDS,
  );

  const speed = { ours: speeds(bytes, inProcess.ours), words: speeds(bytes, inProcess.words) };
  const wholeSpeed = speeds(bytes, whole.ours);
  const target = (samples: readonly number[], least: number) => ({
    words: `at least ${least} MB/s`,
    met: median(samples) >= least,
  });
  return [
    {
      what: 'parse and outline',
      unit: 'MB/s',
      ours: median(speed.ours),
      reference: { name: 'cut into words', value: median(speed.words) },
      compared: medianOfRounds('ratio', speed.ours, speed.words),
      target: target(speed.ours, TARGET),
      samples: speed,
      note: `${files.length} files, ${(bytes / 1e6).toFixed(1)} MB, ${stages} stages, ${problems} problems`,
    },
    {
      what: 'ci-parity outline --json, with its start',
      unit: 'MB/s',
      ours: median(wholeSpeed),
      target: target(wholeSpeed, TARGET_WHOLE),
      samples: { ours: wholeSpeed },
    },
    {
      what: 'ci-parity outline --json, with its start',
      unit: 'ms',
      ours: median(whole.ours),
      reference: { name: 'node -e 0', value: median(whole.node) },
      compared: medianOfRounds('difference', whole.ours, whole.node),
      samples: whole,
    },
    await keystroke(read),
    await linear(read),
  ];
};

/** Each sample is the median of some keys, each pressed at another place of the file. */
async function keystroke(read: (text: string) => unknown): Promise<Row> {
  const text = longJenkinsfile(LINES);
  const keys: number[] = [];
  const press = (at: number) =>
    millisecondsOf(() => read(`${text.slice(0, at)}x${text.slice(at)}`));
  const samples = await interleave(
    {
      ours: async () => {
        keys.length = 0;
        for (let key = 0; key < KEYS; key++)
          keys.push(await press(Math.floor((text.length * key) / KEYS)));
        return median(keys);
      },
    },
    ROUNDS,
  );
  const ours = median(samples.ours);
  return {
    what: `a keystroke in ${LINES} lines`,
    unit: 'ms',
    ours,
    target: { words: `under ${KEYSTROKE} ms`, met: ours < KEYSTROKE },
    samples,
    note: `${text.split('\n').length} lines, ${(text.length / 1e3).toFixed(0)} KB, read and outlined as a whole`,
  };
}

/** What a megabyte costs in a short file and in one eight times as long. */
async function linear(read: (text: string) => unknown): Promise<Row> {
  const [short, long] = [longJenkinsfile(LINES), longJenkinsfile(8 * LINES)];
  const perMegabyte = (text: string, times: number) => async () =>
    (await millisecondsOf(() => {
      for (let time = 0; time < times; time++) read(text);
    })) /
    ((text.length * times) / 1e6);
  const samples = await interleave(
    { long: perMegabyte(long, 2), short: perMegabyte(short, 16) },
    ROUNDS,
  );
  const compared = medianOfRounds('ratio', samples.long, samples.short);
  return {
    what: 'a megabyte in a file 8 times as long',
    unit: 'ms',
    ours: median(samples.long),
    reference: { name: `a file of ${LINES} lines`, value: median(samples.short) },
    compared,
    target: { words: `at most × ${LINEAR}`, met: compared.value <= LINEAR },
    samples,
  };
}

/** Our reader as the programs have it: `tsx` would make every import a look-up, and cost the most. */
async function bundled(
  folder: string,
): Promise<Pick<typeof parsing, 'parse'> & Pick<typeof outlining, 'outline'>> {
  const outfile = join(folder, 'reader.cjs');
  await build({
    stdin: {
      contents: `export { parse } from './parser'; export { outline } from './outline';`,
      resolveDir: join(import.meta.dirname, '..', '..', 'src', 'pipeline'),
    },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    logLevel: 'error',
  });
  return createRequire(import.meta.url)(outfile) as never;
}
