/**
 * `npm run bench [NAME…]`: measures what CI Parity promises of speed and size. Prints a table and
 * writes `out/bench.json`. It says what is met and what is missed, and asserts nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { activation } from './activation';
import { browsing } from './browsing';
import { firstByte } from './firstByte';
import { jenkinsLog } from './jenkinsLog';
import { logSearch } from './logSearch';
import { machines } from './machines';
import type { Figure, Row } from './measure';
import { memory } from './memory';
import { outline } from './outline';
import { output } from './output';
import { table } from './report';
import { size } from './size';

const figures: Readonly<Record<string, Figure>> = {
  size,
  activation,
  'first-byte': firstByte,
  output,
  log: jenkinsLog,
  browsing,
  'log-search': logSearch,
  memory,
  outline,
  machines,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in figures));
if (unknown.length > 0) {
  console.error(
    `There is no figure ${unknown.join(', ')}. There are: ${Object.keys(figures).join(', ')}`,
  );
  process.exit(2);
}

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));

const load = [loadavg()[0] ?? 0];
const results: Record<string, Row[] | { readonly error: string }> = {};
for (const [name, figure] of Object.entries(figures)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  if (interrupt.signal.aborted) break;
  console.error(`measuring ${name} …`);
  try {
    const rows = await figure(interrupt.signal);
    results[name] = rows;
    console.log(`\n${table(rows)}\n`);
    load.push(loadavg()[0] ?? 0);
  } catch (error) {
    // One figure that cannot be measured here says nothing about the others.
    results[name] = { error: String(error) };
    console.log(`\n${name} could not be measured: ${String(error)}\n`);
    process.exitCode = 1;
  }
}

const root = join(import.meta.dirname, '..', '..');
mkdirSync(join(root, 'out'), { recursive: true });
writeFileSync(
  join(root, 'out', 'bench.json'),
  JSON.stringify(
    {
      at: new Date().toISOString(),
      machine: { node: process.version, cpus: cpus().length, model: cpus()[0]?.model, load },
      results,
    },
    null,
    2,
  ) + '\n',
);
const rows = Object.values(results).flatMap((result) => (Array.isArray(result) ? result : []));
const targets = rows.filter(({ target }) => target !== undefined);
const met = targets.filter(({ target }) => target?.met === true);
console.log(`${met.length} of ${targets.length} targets met; all samples are in out/bench.json`);
// Our own work makes some load too; much more of it belongs to others, and slows us more than a
// reference that wants one processor.
if (Math.max(...load) > 1.5 * availableParallelism())
  console.log(
    `The machine was busy: a load of up to ${Math.max(...load).toFixed(1)} on ${availableParallelism()} processors. Measure again when it is quiet.`,
  );
