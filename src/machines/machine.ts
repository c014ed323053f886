import type { AntPatterns } from './antFiles';

/** Where steps run: this machine, or one reached over the network. Whoever opened it disposes it. */
export interface Machine extends AsyncDisposable {
  /** For people: `this machine`, or a host's name. */
  readonly name: string;
  /**
   * Runs a shell script as Jenkins' `sh` does. Settles after the last byte was delivered; a
   * non-zero exit is a value. Rejects only when the script could not be started.
   */
  run(script: string, options: RunOptions): Promise<Exit>;
  /**
   * Copies the files in `directory` that match into `into`; resolves with their relative paths.
   * Links are followed to files in `directory`, and never out of it.
   */
  get(files: AntPatterns, directory: string, into: string, signal: AbortSignal): Promise<string[]>;
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
