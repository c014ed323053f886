/**
 * How what is made elsewhere, a machine at a lender or an agent at a server, bears whose it is: the id of the ledger in
 * which it is written down, and `user@host` for people. Two may be `vagrant@dev`; only one has the ledger.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../base/errors';
import { locked, newLeaseId } from './ledger';
import { replaceFile } from './ledgerFiles';

/**
 * `k3f9x2q8abcd.ada@laptop`: the id comes first, since some lenders cut long ones off.
 * @throws UserError where a new ledger's id cannot be written down.
 */
export async function ownerMark(root: string, who: string): Promise<string> {
  const id =
    readId(root) ??
    (await locked(root, 'id', () => {
      const known = readId(root);
      if (known !== undefined) return known;
      const made = newLeaseId();
      replaceFile(fileOf(root), { version: 1, id: made });
      return made;
    }));
  return `${id}.${who}`;
}

/** Whether what bears the mark was made by whoever has this ledger. */
export function isOurs(root: string, mark: string): boolean {
  const id = readId(root);
  return id !== undefined && mark.startsWith(`${id}.`);
}

/** `user@host` */
export function whoIn(mark: string): string {
  return mark.replace(/^[a-z0-9]{12}\./, '');
}

/** Beside the leases: who loses them knows still which machines are theirs. */
function fileOf(root: string): string {
  return join(root, 'ledger.json');
}

function readId(root: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(fileOf(root), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  return /"id": ?"([a-z0-9]{12})"/.exec(text)?.[1];
}
