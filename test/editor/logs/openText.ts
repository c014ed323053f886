import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogText } from '../../../src/editor/logs/logText';

/** A log in a file of its own, which is deleted with it. */
export async function openText(text: string | Buffer = ''): Promise<LogText & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-log-'));
  const log = await LogText.create(join(folder, 'log'));
  const close = log[Symbol.asyncDispose].bind(log);
  log[Symbol.asyncDispose] = async () => {
    await close();
    await rm(folder, { recursive: true });
  };
  await log.append(Buffer.from(text));
  return log;
}
