import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { LogText } from '../../src/editor/logs/logText';
import { LogView } from '../../src/editor/logs/logView';
import { queryOf, search } from '../../src/editor/logs/search';
import { findProgram } from '../bed/host/host';
import { hugeLog } from '../bed/jenkins/hugeLog';
import {
  interleave,
  median,
  medianOfRounds,
  millisecondsOf,
  speeds,
  type Figure,
  type Row,
} from './measure';
import { openWorkshop, run } from './programs';

const ROUNDS = 5;
const SIZE = 500e6;

/**
 * The whole of a 500 MB log searched as it is shown, against `grep -c`, which sees bytes: colours,
 * times and letters beyond ASCII are in each block of it, which we take out or count as they are shown.
 */
export const logSearch: Figure = async (signal) => {
  if (findProgram('grep') === undefined) throw new Error('there is no grep');
  await using shop = await openWorkshop();
  const file = join(shop.folder, 'log');
  const made = hugeLog(SIZE);
  {
    await using writing = await open(file, 'w');
    for (const piece of made.from(0)) await writing.write(piece);
  }
  await using log = await LogText.of(file);
  await log.catchUp(signal);
  const view = new LogView(log, 'hide');
  const showing = await view.showing();

  const rows: Row[] = [];
  for (const { what, typed, matchCase, grep } of cases) {
    let found = 0;
    const times = await interleave(
      {
        ours: () =>
          millisecondsOf(async () => {
            found = 0;
            const progress = (hits: readonly unknown[]): void => void (found += hits.length);
            const options = { part: view.part, showing, signal, progress };
            await search(log, queryOf(typed, matchCase), options);
          }),
        grep: async () =>
          (await run({ command: 'grep', args: ['-c', ...grep, file] }, signal)).milliseconds,
      },
      ROUNDS,
    );
    if (found !== 1) throw new Error(`${what}: ${found} lines were found, one is there`);
    const ours = speeds(log.size, times.ours);
    const reference = speeds(log.size, times.grep);
    rows.push({
      what,
      unit: 'MB/s',
      ours: median(ours),
      reference: { name: 'grep -c', value: median(reference) },
      compared: medianOfRounds('ratio', ours, reference),
      samples: { ours, grep: reference },
    });
  }
  return rows;
};

const cases = [
  {
    what: 'a text, as it is written',
    typed: 'needle at a half',
    matchCase: true,
    grep: ['-F', 'needle at a half'],
  },
  {
    what: 'a text, in any case',
    typed: 'NEEDLE at a half',
    matchCase: false,
    grep: ['-iF', 'NEEDLE at a half'],
  },
  {
    what: 'an expression',
    typed: '/policy_test\\.go:\\d+: egress/',
    matchCase: true,
    grep: ['-P', 'policy_test\\.go:\\d+: egress'],
  },
] as const;
