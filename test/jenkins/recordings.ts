import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Responses that real servers gave, from other projects' repositories. They are not ours to ship:
 * they lie beside this project, or where CI_PARITY_RECORDINGS says.
 */
const folder =
  process.env['CI_PARITY_RECORDINGS'] ??
  join(import.meta.dirname, '..', '..', '..', 'shared', 'fixtures', 'jenkins');

/** For `before`: without the recordings there is nothing to test. */
export function skipWithoutRecordings(this: Mocha.Context): void {
  if (existsSync(join(folder, 'INDEX.md'))) return;
  console.log(
    `      There are no recordings at ${folder}; CI_PARITY_RECORDINGS may name another place.`,
  );
  this.skip();
}

export function recordedText(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

export function recorded(file: string): unknown {
  return JSON.parse(recordedText(file)) as unknown;
}
