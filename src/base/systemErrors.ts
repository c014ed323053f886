import { codeOf, UserError } from './errors';

/** What a refusal of the operating system means, and what the person can do about it. */
interface Condition {
  /** As `strerror` of Linux and macOS words it; git and other programs print these. */
  readonly words: readonly string[];
  /** Completes `The system refused "write PATH": …`. */
  readonly meaning: string;
  readonly advice: string;
}

const FREE_SPACE = 'Free some space there, then try again.';
const CHECK_OWNER = 'Check who owns the file and its folder, and their permissions.';
const CHECK_DISK = 'Check the disk; the system log (dmesg) says more.';
const RAISE_LIMIT = 'Close other programs, or raise the limit on open files (ulimit -n).';

/** Faults of the machine, not of this program. Codes and words: errno(3) and strerror(3). */
const CONDITIONS: Readonly<Record<string, Condition>> = {
  ENOSPC: {
    words: ['No space left on device'],
    meaning: 'no space is left on the device',
    advice: FREE_SPACE,
  },
  EDQUOT: {
    words: ['Disk quota exceeded', 'Disc quota exceeded'],
    meaning: 'the disk quota is used up',
    advice: FREE_SPACE,
  },
  EFBIG: {
    words: ['File too large'],
    meaning: 'the file would be larger than the system allows',
    advice: 'Check the limit on file sizes (ulimit -f).',
  },
  EROFS: {
    words: ['Read-only file system'],
    meaning: 'the file system is read-only',
    advice: 'Mount it writable, or use another folder.',
  },
  EACCES: { words: ['Permission denied'], meaning: 'permission denied', advice: CHECK_OWNER },
  EPERM: {
    words: ['Operation not permitted'],
    meaning: 'the operation is not permitted',
    advice: CHECK_OWNER,
  },
  EIO: {
    words: ['Input/output error'],
    meaning: 'the disk reported an error',
    advice: CHECK_DISK,
  },
  EMFILE: {
    words: ['Too many open files'],
    meaning: 'too many files are open',
    advice: RAISE_LIMIT,
  },
  ENFILE: {
    words: ['Too many open files in system'],
    meaning: 'too many files are open on this system',
    advice: RAISE_LIMIT,
  },
  ENOMEM: {
    words: ['Cannot allocate memory', 'Out of memory'],
    meaning: 'the system is out of memory',
    advice: 'Close other programs, then try again.',
  },
  EAGAIN: {
    words: ['Resource temporarily unavailable'],
    meaning: 'the system has no process left for it',
    advice: 'Close other programs, or raise the limit on processes (ulimit -u).',
  },
  ENOTDIR: {
    words: ['Not a directory'],
    meaning: 'a part of the path is not a folder',
    advice: 'Move the file that is in the way.',
  },
  ENAMETOOLONG: {
    words: ['File name too long'],
    meaning: 'the name is too long for the file system',
    advice: 'Use a folder with a shorter path.',
  },
  ELOOP: {
    words: ['Too many levels of symbolic links'],
    meaning: 'its symbolic links lead in a circle',
    advice: 'Correct the links.',
  },
  ESTALE: {
    words: ['Stale file handle', 'Stale NFS file handle'],
    meaning: 'the network file system lost it',
    advice: 'Mount the network file system again.',
  },
};

/**
 * A failed system call as the fault of the machine that it is: no space, no permission, a
 * read-only disk. Any other error is returned as it is, since it may be a defect.
 */
export function explainSystemError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const { syscall, path } = error as NodeJS.ErrnoException;
  const code = codeOf(error);
  if (syscall === undefined) return error;
  if (syscall === 'uv_cwd')
    return new UserError('The current folder no longer exists.', {
      cause: error,
      advice: 'Change to another folder, then try again.',
    });
  const condition = CONDITIONS[code];
  if (condition === undefined) return error;
  const what = path === undefined ? syscall : `${syscall} ${path}`;
  return new UserError(`The system refused "${what}": ${condition.meaning} (${code}).`, {
    cause: error,
    advice: condition.advice,
  });
}

/**
 * The line of a program's messages that says why it failed: the last one with a message of the
 * operating system ("No space left on device"), which a later line may only repeat the effect of;
 * else the last line that is not empty. Without git's "fatal: " or "error: ".
 */
export function causeLine(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  const all = Object.values(CONDITIONS).flatMap(({ words }) => words);
  const line = lines.findLast((one) => all.some((words) => one.includes(words))) ?? lines.at(-1);
  return (line ?? '').trim().replace(/^(?:fatal|error): /, '');
}
