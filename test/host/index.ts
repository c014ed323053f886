import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

// A bundle in CommonJS sees the whole of an ES module where its default was meant.
const Suite = (Mocha as { readonly default?: typeof Mocha }).default ?? Mocha;

/** The way in for VS Code: runs the suite inside its extension host and writes down the counts. */
export async function run(): Promise<void> {
  const mocha = new Suite({ ui: 'bdd', timeout: 20_000, color: false });
  // For those who work on one test: HOST_GREP='renders a plan' npx tsx test/all.ts host
  const only = process.env['HOST_GREP'];
  if (only !== undefined) mocha.grep(only);
  // One bundle holds all the files, so their `describe` has to be there before they are evaluated.
  mocha.suite.emit('pre-require', globalThis as unknown as Mocha.MochaGlobals, 'host', mocha);
  await import('./activation');
  await import('./connecting');
  await import('./runs');
  await import('./documents');
  await import('./logs');
  await import('./lenses');
  await import('./language');
  await import('./linter');
  await import('./vagrant');
  await import('./reproducing');
  await import('./testExplorer');
  await import('./doing');
  await import('./machines');
  await import('./machineCare');
  await import('./told');
  await import('./tools');
  const counts = await new Promise<{ passes: number; failures: number; pending: number }>(
    (done) => {
      const runner = mocha.run((failures) => {
        const { passes = 0, pending = 0 } = runner.stats ?? {};
        done({ passes, failures, pending });
      });
    },
  );
  const result = process.env['HOST_RESULT'];
  if (result !== undefined) writeFileSync(result, JSON.stringify(counts));
  if (counts.failures > 0) throw new Error(`${counts.failures} tests failed`);
}
