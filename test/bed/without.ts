import assert from 'node:assert/strict';

/** What a test does where a part of the system is missing: it says so and is skipped; in CI it fails instead. */
export function without(context: Mocha.Context, missing: string): never {
  if (process.env['CI'] === 'true') assert.fail(missing);
  console.log(`      skipped: ${missing}`);
  return context.skip();
}
