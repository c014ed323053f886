import { execFile } from 'node:child_process';
import { childEnvironment } from '../../base/childEnvironment';
import { UserError } from '../../base/errors';
import type { Plan } from '../../recipe/plan';
import type { Recipe } from '../../recipe/recipe';

/** A Plan, and the page in Markdown that shows it. */
export interface Planned {
  readonly plan: Plan;
  readonly document: string;
}

export type Planner = (recipe: Recipe, signal: AbortSignal) => Promise<Planned>;

/**
 * Lets the runner make plans: the interpreter is nearly as large as all the rest of the extension,
 * and most windows that show runs never need it.
 */
export function planner(cli: string): Planner {
  return (recipe, signal) =>
    new Promise((resolve, reject) => {
      const child = execFile(
        process.execPath,
        [cli, 'plan', '-', '--json'],
        { env: { ...childEnvironment(), ELECTRON_RUN_AS_NODE: '1' }, signal, maxBuffer: 64 << 20 },
        (error, stdout, stderr) => {
          if (!error) resolve(JSON.parse(stdout) as Planned);
          else if (signal.aborted) reject(signal.reason as Error);
          else reject(new UserError(`There is no plan: ${stderr.trim()}`, { cause: error }));
        },
      );
      child.stdin?.end(JSON.stringify(recipe));
    });
}
