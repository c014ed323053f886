import { JenkinsError } from '../jenkinsError';

/** Longer than this no server can have us wait: somebody would have to restart the editor. */
const LONGEST = 10 * 60_000;

/** Remembers that a server wants to be left alone, and refuses in its place meanwhile. */
export interface Pause {
  note(failure: JenkinsError | undefined): void;
  /** Throws `busy` with what is left of the pause. */
  throwIfPaused(): void;
}

export function createPause(base: string): Pause {
  let until = 0;
  return {
    note(failure) {
      if (failure?.retryAfter !== undefined)
        until = Math.max(until, Date.now() + failure.retryAfter);
    },
    throwIfPaused() {
      const left = until - Date.now();
      if (left > 0) throw busy(base, left);
    },
  };
}

/** The failure of a server that has too much to do. */
export function busy(base: string, wait: number): JenkinsError {
  const retryAfter = Math.min(Math.max(wait, 1000), LONGEST);
  const seconds = Math.ceil(retryAfter / 1000);
  return new JenkinsError('busy', `${base} has too much to do.`, {
    retryAfter,
    advice: `It asks to be left alone for ${seconds === 1 ? 'a second' : `${seconds} seconds`}; until then nothing is asked of it.`,
  });
}
