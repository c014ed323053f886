import type { UserError } from '../../base/errors';

/** What an SSH machine needs of the program that opens it. */
export interface SshSurroundings {
  /** Where accepted host keys are kept: `known_hosts` in it. */
  readonly stateDirectory: string;
  readonly ask: SshQuestions;
  /** Tells the person that the connection was lost, and that it is back. */
  readonly say: (words: string) => void;
  /** The person's OpenSSH configuration, if not the usual one; `none` for none. */
  readonly configFile?: string;
  /** This process' own unless told. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Where steps are kept on the far side, absolute or from the home folder; in its cache unless told. */
  readonly place?: string;
  readonly patience?: SshPatience;
  /** Asked while the machine is away: why nobody need wait for it any longer. */
  readonly forsaken?: () => UserError | undefined;
  /** Once it is aborted, the machine is not waited for any more: all that is under way there rejects. */
  readonly abandon?: AbortSignal;
}

/** Questions to the person. Undefined and false mean no. */
export interface SshQuestions {
  /** Whether this is the host's key: `ssh` asks the same. */
  hostKey(question: HostKeyQuestion, signal: AbortSignal): Promise<boolean>;
  /** Asked once for each key file, and `again` where the answer was wrong. */
  passphrase(question: PassphraseQuestion, signal: AbortSignal): Promise<string | undefined>;
}

export interface PassphraseQuestion {
  readonly keyFile: string;
  /** The last answer was wrong. */
  readonly again: boolean;
}

export interface HostKeyQuestion {
  /** For people: `host` or `[host]:port`. */
  readonly host: string;
  /** `ssh-ed25519` */
  readonly type: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

/** Milliseconds. */
export interface SshPatience {
  /** Until a host that says nothing counts as one that is not there. */
  readonly connect: number;
  /** Between questions whether the other side still lives; after three without answer it does not. */
  readonly keepAlive: number;
  /** How long a lost machine is looked for; while a laptop sleeps it looks for none. */
  readonly away: number;
  /** The longest pause between two attempts. */
  readonly pause: number;
}

export const usualPatience: SshPatience = {
  connect: 20_000,
  keepAlive: 4000,
  away: 30 * 60_000,
  pause: 10_000,
};
