// Runs every suite and closes on one line with the counts. `tsx test/all.ts unit host e2e` runs
// only those that are named.
import { globSync } from 'tinyglobby';
import Mocha from 'mocha';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { relative, resolve } from 'node:path';
import { ensureHost, findChromium, runMochaInHost, type MochaResult } from './bed/host/host';
import { electronAvailable, runMochaInElectron } from './bed/host/electron';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const never = new AbortController().signal;
const wanted = process.argv.slice(2);
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
/** What failed, told once more at the end, where a log that was cut short still has it. */
const failures: string[] = [];
/** Test files in which something failed, with the number of failures: they are run once more, alone. */
const failedFiles = new Map<string, number>();
/** What failed once and passed when it was run again. It does not fail the run, but the last lines name it. */
const unsteady: string[] = [];

const suites: Record<string, () => Promise<Counts>> = {
  unit: () => mocha(globSync('test/**/*.test.ts', { cwd: root, ignore: ['test/e2e/**'] })),
  host: inExtensionHost,
  e2e: () => mocha(globSync('test/e2e/**/*.test.ts', { cwd: root })),
};

for (const [name, run] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const begin = Date.now();
  console.log(`\n== ${name}`);
  const counts = await run();
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  console.log(`== ${name} took ${Math.round((Date.now() - begin) / 1000)} s`);
}
for (const [file, failed] of failedFiles) runAgain(file, failed);
for (const failure of failures) console.log(`\nFAILED ${failure}`);
for (const file of unsteady) console.log(`\nFAILED ONCE, passed when run again alone: ${file}`);
const { passed, failed, skipped } = total;
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

async function mocha(files: readonly string[]): Promise<Counts> {
  const suite = new Mocha({ timeout: 30_000, forbidOnly: process.env['CI'] === 'true' });
  for (const file of [...files].sort()) suite.addFile(resolve(root, file));
  await suite.loadFilesAsync();
  return new Promise((done) => {
    const runner = suite.run(() => {
      const { passes = 0, failures: failed = 0, pending = 0 } = runner.stats ?? {};
      done({ passed: passes, failed, skipped: pending });
    });
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error: Error) => {
      const { file } = test;
      if (file !== undefined) failedFiles.set(file, (failedFiles.get(file) ?? 0) + 1);
      failures.push(`${test.fullTitle()}\n${error.stack?.slice(0, 4000) ?? error.message}`);
    });
  });
}

/**
 * Runs a test file in which something failed again, in a process of its own with nothing beside it. Under load a test
 * may miss its time; a defect fails again.
 */
function runAgain(file: string, failed: number): void {
  const name = relative(root, file);
  console.log(`\n== ${name} failed ${failed} times; once more, alone`);
  const program = resolve(root, 'node_modules/mocha/bin/mocha.js');
  const words = ['--import', 'tsx', program, '--exit', '--timeout', '60000', file];
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' });
  if (status !== 0) return;
  total.failed -= failed;
  total.passed += failed;
  unsteady.push(name);
}

/** One suite, in each VS Code that can be had here. */
async function inExtensionHost(): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const add = (where: string, result: MochaResult): void => {
    console.log(result.output);
    console.log(`${where}: ${result.passes} passed, ${result.failures} failed`);
    counts.passed += result.passes;
    counts.skipped += result.pending;
    // A host that died has no counts to speak of.
    const failed = Math.max(result.failures, result.exitCode === 0 ? 0 : 1);
    counts.failed += failed;
    if (failed > 0) failures.push(`in ${where}\n${result.output.slice(-4000)}`);
  };
  const options = {
    extensionPath: root,
    testsPath: resolve(root, 'out/test/host/index.js'),
    folder: root,
    signal: never,
    timeoutMs: 240_000,
    shots: resolve(root, 'out/host'),
  };
  if (await electronAvailable(never)) add('VS Code', await runMochaInElectron(options));
  else if (findChromium() === undefined) {
    console.log('Neither VS Code can be downloaded nor is Chromium here: apt-get install chromium');
    if (process.env['CI'] === 'true') counts.failed++;
    else counts.skipped++;
  } else
    for (const which of ['1.99', 'newest'] as const) {
      const install = await ensureHost(which, never);
      const run = (): Promise<MochaResult> => runMochaInHost({ ...options, install });
      const first = await run();
      if (first.failures === 0 && first.exitCode === 0) {
        add(`VS Code ${install.version}`, first);
        continue;
      }
      console.log(`${first.output}\nVS Code ${install.version}: failed; once more`);
      const second = await run();
      add(`VS Code ${install.version}`, second);
      if (second.failures === 0 && second.exitCode === 0)
        unsteady.push(`the host tests in VS Code ${install.version}`);
    }
  return counts;
}
