import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Writes a file as a whole or not at all, in a folder whose content others may choose. It is written under a name that
 * cannot be foreseen and then renamed: a link at `path` is replaced and not followed. `mode` are its permissions.
 */
export async function saveFile(
  path: string,
  content: string | AsyncIterable<Buffer>,
  { mode = 0o600, signal }: { readonly mode?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const draft = join(dirname(path), `.${randomBytes(16).toString('hex')}.part`);
  const source = Readable.from(typeof content === 'string' ? [Buffer.from(content)] : content);
  const target = createWriteStream(draft, { flags: 'wx', mode: 0o600 });
  try {
    await pipeline(source, target, { signal });
    await chmod(draft, mode);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
