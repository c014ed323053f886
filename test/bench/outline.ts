import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outline as outlineOf } from '../../src/pipeline/outline';
import { parse } from '../../src/pipeline/parser';
import { jenkinsfiles } from './corpus';
import { interleave, median, medianOfRounds, millisecondsOf, speeds, type Figure } from './measure';
import { openWorkshop, run } from './programs';

const ROUNDS = 11;
const SIZE = 5e6;
const TARGET = 10;

/**
 * `ci-parity outline` over 5 MB of Jenkinsfiles: what the editor's lenses cost, and a whole command
 * with its start. There is no other outline to hold it against; cutting the same texts into words
 * by one regular expression is the least that a reader of every token could do.
 */
export const outline: Figure = async (signal) => {
  await using shop = await openWorkshop();
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
            const found = outlineOf(parse(text));
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
  const target = (samples: readonly number[]) => ({
    words: `at least ${TARGET} MB/s`,
    met: median(samples) >= TARGET,
  });
  return [
    {
      what: 'parse and outline',
      unit: 'MB/s',
      ours: median(speed.ours),
      reference: { name: 'cut into words', value: median(speed.words) },
      compared: medianOfRounds('ratio', speed.ours, speed.words),
      target: target(speed.ours),
      samples: speed,
      note: `${files.length} files, ${(bytes / 1e6).toFixed(1)} MB, ${stages} stages, ${problems} problems`,
    },
    {
      what: 'ci-parity outline --json, with its start',
      unit: 'MB/s',
      ours: median(wholeSpeed),
      target: target(wholeSpeed),
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
  ];
};
