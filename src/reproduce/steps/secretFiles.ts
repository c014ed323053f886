import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scope } from '../../pipeline/effects';
import { temporaryOf, workspaceOf, type Bench } from './bench';

/** A folder for secrets beside the workspace; disposing it takes it away with all that is in it. */
export interface SecretFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file that only this user can read; its path is hidden in output as the secret itself. */
  write(name: string, content: string | Buffer): Promise<string>;
}

/** Where Jenkins has it: `<workspace>@tmp/secretFiles/<uuid>`. The intent is noted first. */
export async function makeSecretFolder(at: Scope, bench: Bench): Promise<SecretFolder> {
  const { journal, mask } = bench;
  const above = join(temporaryOf(workspaceOf(at)), 'secretFiles');
  const path = join(above, randomUUID());
  journal.append({ type: 'intent', what: 'secrets', where: path });
  await mkdir(above, { recursive: true, mode: 0o700 });
  await mkdir(path, { mode: 0o700 });
  const hidden: Disposable[] = [];
  return {
    path,
    write: async (name, content) => {
      const file = join(path, name);
      await writeFile(file, content, { mode: 0o600, flag: 'wx' });
      await chmod(file, 0o600);
      hidden.push(mask.hide(file));
      return file;
    },
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true });
      if (!existsSync(path)) journal.append({ type: 'gone', what: 'secrets', where: path });
      for (const one of hidden) one[Symbol.dispose]();
    },
  };
}
