import { UserError } from '../../base/errors';
import type { LogChunk, LogPosition } from '../../jenkins/log';

/** What a server keeps of one stage, which it always sends from its beginning, from `start` on. */
export async function* stageChunks(
  ask: () => Promise<AsyncIterable<Buffer> | undefined>,
  start: LogPosition | undefined,
): AsyncGenerator<LogChunk> {
  const pieces = await ask();
  if (!pieces) throw new UserError('The server no longer has the log of this stage.');
  let seen = 0;
  for await (const piece of pieces) {
    const bytes = piece.subarray(Math.max(0, (start?.skip ?? 0) - seen));
    seen += piece.length;
    if (bytes.length > 0) yield { bytes, next: { start: 0, skip: seen } };
  }
}
