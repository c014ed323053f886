import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Scope } from '../../pipeline/effects';
import { takingAway, temporaryOf, workspaceOf, type Bench } from './bench';

/** A folder for secrets beside the workspace; disposing it takes it away with all that is in it. */
export interface SecretFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file that only this user can read; its path is hidden in output as the secret itself. */
  write(name: string, content: string | Buffer): Promise<string>;
}

/** Where Jenkins has it: `<workspace>@tmp/secretFiles/<uuid>`. The intent is noted first. */
export async function makeSecretFolder(at: Scope, bench: Bench): Promise<SecretFolder> {
  const { journal, mask } = bench;
  const { files } = bench.machine;
  const above = join(temporaryOf(workspaceOf(at)), 'secretFiles');
  const path = join(above, randomUUID());
  journal.append({ type: 'intent', what: 'secrets', where: path });
  await files.makeFolder(path, 0o700, at.signal);
  const hidden: Disposable[] = [];
  return {
    path,
    write: async (name, content) => {
      const file = join(path, name);
      await files.write(file, content, { mode: 0o600, exclusive: true }, at.signal);
      hidden.push(mask.hide(file));
      return file;
    },
    [Symbol.asyncDispose]: async () => {
      // What cannot be removed now stays noted: it is tried again at the end, and named.
      await files.remove(path, takingAway()).then(
        () => journal.append({ type: 'gone', what: 'secrets', where: path }),
        () => undefined,
      );
      for (const one of hidden) one[Symbol.dispose]();
    },
  };
}
