import { printable } from '../base/json';

/** What POSIX systems call their errors in the C locale, and what dash and busybox say instead. */
const ERRORS: readonly (readonly [RegExp, string])[] = [
  [/no such file|nonexistent/i, 'ENOENT'],
  [/permission denied/i, 'EACCES'],
  [/operation not permitted/i, 'EPERM'],
  [/file exists/i, 'EEXIST'],
  [/no space left/i, 'ENOSPC'],
  [/quota exceeded/i, 'EDQUOT'],
  [/read-only file system/i, 'EROFS'],
  [/is a directory/i, 'EISDIR'],
  [/not a directory/i, 'ENOTDIR'],
  [/too many levels of symbolic links/i, 'ELOOP'],
  [/name too long/i, 'ENAMETOOLONG'],
  [/directory not empty/i, 'ENOTEMPTY'],
  [/too many open files/i, 'EMFILE'],
];

/**
 * The error with the system's `code` (EIO where it is not known) that a shell script's messages
 * tell of. `machine` is named in the message; undefined for this machine.
 */
export function shellSystemError(
  { code, stderr }: { readonly code: number | undefined; readonly stderr: string },
  machine: string | undefined,
): Error {
  const last = printable(stderr.trim().split('\n').at(-1) ?? '', 300);
  const found = ERRORS.find(([pattern]) => pattern.test(stderr))?.[1];
  const where = machine === undefined ? '' : ` (on ${machine})`;
  const message = `${last === '' ? `exit code ${code ?? 'none'}` : last}${where}`;
  return Object.assign(new Error(found === undefined ? message : `${found}: ${message}`), {
    code: found ?? 'EIO',
  });
}
