import type { Wire } from './http';
import { cleaned } from './log';
import type { Run, Stage } from './run';

/** What Graph View says where a stage's steps wrote nothing. */
const NOTHING = 'No logs found\n';

/**
 * What the steps of a stage wrote, and those of the stages in it, as Pipeline Graph View keeps it by
 * step: also of branches, whose lines are mixed in the console log. `path` is its `…/log`. It has not
 * the markers of the console log; those around an inner stage are put back. Stage View is not asked:
 * it tells the last 10 KB of each step only, and as HTML.
 */
export async function* readStageLog(
  wire: Wire,
  run: Pick<Run, 'url'>,
  stage: Stage,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { body } = await wire.get(
    `${run.url}${path}?nodeId=${encodeURIComponent(stage.id)}`,
    signal,
    { noPage: true },
  );
  let held: Buffer | undefined = Buffer.alloc(0);
  let last = '\n'.charCodeAt(0);
  for await (const chunk of cleaned(body)) {
    if (chunk.length === 0) continue;
    last = chunk.at(-1) ?? last;
    if (held === undefined) {
      yield chunk;
      continue;
    }
    held = Buffer.concat([held, chunk]);
    if (NOTHING.startsWith(held.toString('latin1'))) continue;
    yield held;
    held = undefined;
  }
  if (last !== '\n'.charCodeAt(0)) yield Buffer.from('\n');
  for (const child of stage.children) {
    yield Buffer.from(`[Pipeline] { (${child.name.replace(/[\n\r]/g, ' ')})\n`);
    yield* readStageLog(wire, run, child, path, signal);
    yield Buffer.from('[Pipeline] }\n');
  }
}
