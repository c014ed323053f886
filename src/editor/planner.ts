import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as plan from '../recipe/plan';

/** The module that interprets pipelines, as `esbuild.mjs` bundles it by itself. */
export type Planner = typeof plan;

/**
 * Loads the interpreter when a plan is first wanted: it is nearly as large as all the rest, and most
 * windows that show runs never need it. Node keeps what was loaded.
 */
export function planner(extensionPath: string): () => Planner {
  const require = createRequire(join(extensionPath, 'dist', 'extension.js'));
  return () => require('./plan.js') as Planner;
}
