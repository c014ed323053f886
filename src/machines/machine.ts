import type { AntPatterns } from './antFiles';
import type { RemoveOptions } from './removal';

/** Where steps run: this machine, or one reached over the network. Whoever opened it disposes it. */
/** Relative paths. */
export interface Got {
  readonly copied: readonly string[];
  /** Of what matches: links that lead to no file in there, and what cannot be read, or has no name in UTF-8. */
  readonly leftOut: readonly string[];
}

export interface Machine extends AsyncDisposable {
  /** For people: `this machine`, or a host's name. */
  readonly name: string;
  /** The files on it: whatever touches a workspace goes through here. */
  readonly files: MachineFiles;
  /**
   * Runs a shell script as Jenkins' `sh` does. Settles after the last byte was delivered; a
   * non-zero exit is a value. Rejects only when the script could not be started, or when what became
   * of it can never be known.
   */
  run(script: string, options: RunOptions): Promise<Exit>;
  /**
   * Runs a program that is no step to its end, and gathers what it writes. A non-zero exit is a value;
   * code 127 where there is no such program. Ends it when the signal is aborted, and rejects with its reason.
   */
  exec(command: readonly string[], options: ExecOptions): Promise<Executed>;
  /**
   * Copies the files in `directory` that match into `into`, a folder of this machine. Links are followed to files
   * in `directory`, and never out of it.
   */
  get(files: AntPatterns, directory: string, into: string, signal: AbortSignal): Promise<Got>;
  /**
   * Ends every process whose environment holds `cookie` (`NAME=value`), but no hypervisor that others may
   * use: SIGTERM, and SIGKILL after `grace` milliseconds. Resolves with the numbers of those that outlived even that.
   */
  endProcesses(cookie: string, grace: number, signal: AbortSignal): Promise<number[]>;
  /** Where we are logged in: what is run from now on has a new login, and with it the user's new groups. */
  newLogin?(): void;
}

/**
 * Files on a machine, by absolute paths; links are followed unless told. All reject with an error that
 * has the system's `code` (`ENOENT`, `EACCES`, `ENOSPC` …), or with the signal's reason.
 */
export interface MachineFiles {
  /** Rejects with a UserError where it is longer than `most` bytes. */
  read(path: string, most: number, signal: AbortSignal): Promise<Buffer>;
  write(
    path: string,
    content: Buffer | string,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<void>;
  /** Undefined where nothing is. */
  stat(path: string, signal: AbortSignal): Promise<FileStat | undefined>;
  /** With those above it; nothing happens where it is. `mode` is of what is made. */
  makeFolder(path: string, mode: number, signal: AbortSignal): Promise<void>;
  /**
   * With all that is in it, read-only folders too; nothing happens where nothing is. Links are removed, not
   * followed. What is mounted at or below it is unmounted first.
   * @throws UserError, and nothing has been removed, where something stays mounted or it is not `within`.
   */
  remove(path: string, signal: AbortSignal, options?: RemoveOptions): Promise<void>;
  /** The names in a folder, in order; none where no folder is. */
  list(path: string, signal: AbortSignal): Promise<string[]>;
  /** The files and links below a folder that match, as `antFiles` finds them. */
  find(
    directory: string,
    patterns: AntPatterns,
    signal: AbortSignal,
  ): Promise<readonly FoundFile[]>;
  /**
   * Copies files and links by their relative paths from one folder to another on the machine, with their
   * modes; links stay links. Refuses, with a UserError, to write where a link leads out of `to`.
   */
  copy(from: string, to: string, paths: readonly string[], signal: AbortSignal): Promise<void>;
  /** Makes a file's last change `time` (milliseconds since the epoch); the file itself where there is none. */
  touch(path: string, time: number, signal: AbortSignal): Promise<void>;
}

export interface WriteOptions {
  readonly mode?: number;
  /** Fails with `EEXIST` where something is there. */
  readonly exclusive?: boolean;
}

export interface FileStat {
  readonly kind: 'file' | 'folder' | 'other';
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly changedAt: number;
}

export interface FoundFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly size: number;
  readonly changedAt: number;
}

export interface ExecOptions {
  /** Absolute, on the machine; the home folder unless told. */
  readonly directory?: string;
  /** The whole environment, beside what the machine itself must add; what a login gives unless told. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * What is made by a function is handed on as it comes. Where a connection is lost, program and input begin
   * anew: it is for programs that may be run again, and that see for themselves whether all has come. What is
   * said may hang on what the program says first: `head` is its standard output up to an empty line or its end.
   */
  readonly input?: Buffer | string | ((head: Promise<string>) => AsyncIterable<Buffer>);
  /** Milliseconds. */
  readonly timeout?: number;
  readonly signal: AbortSignal;
}

export interface Executed {
  /** Undefined when a signal or the timeout ended it. */
  readonly code: number | undefined;
  /** At most 16 MiB each; what is beyond is dropped. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Absolute, on the machine. */
  readonly directory: string;
  /** The whole environment of the script, beside what the machine itself must add. */
  readonly environment: Readonly<Record<string, string>>;
  /** Standard output and standard error in the order of their writing. A promise holds further output back. */
  readonly onOutput: (chunk: Buffer) => void | Promise<void>;
  /** Asks the script's whole process group to end: SIGINT first, as a person would; after `grace` SIGTERM, then SIGKILL. */
  readonly signal: AbortSignal;
  /** Ends it at once: SIGKILL. */
  readonly kill: AbortSignal;
  /** Milliseconds between asking and insisting. */
  readonly grace: number;
  /** With it, standard output is kept apart from standard error and given back in `Exit.stdout`. */
  readonly captureStdout: boolean;
  /** Where on the machine, if not on it itself: in a container. The script's file must be seen in there. */
  readonly inside?: Enclosure;
}

/** Something on a machine that a script can be run in. */
export interface Enclosure {
  enter(
    command: readonly string[],
    options: Pick<RunOptions, 'directory' | 'environment'>,
  ): {
    /** What runs `command` in there; it needs `environment` itself. */
    readonly command: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
    /** Signals all that the command has started in there. */
    signal(name: NodeJS.Signals): Promise<void>;
  };
}

export interface Exit {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string | undefined;
}
