import { findTrouble, type VagrantTrouble } from '../machines/vagrant';
import { isWithin } from '../recipe/postScopes';
import { sameStage, type ObservedFailure } from './verdict';

/** The steps that failed, in the order in which they did. */
export interface Failures {
  note(failure: ObservedFailure, post: boolean, tail?: string): void;
  /** A stage passed after all: what failed in it was tried again, or caught. */
  forgive(stage: readonly string[]): void;
  /** Whether something has failed, outside of `post`. */
  readonly any: boolean;
  readonly anyInPost: boolean;
  /** Of several the one that failed in CI, at `expected`, else the first. */
  found(expected: readonly string[] | undefined): {
    readonly failure: ObservedFailure | undefined;
    readonly trouble: VagrantTrouble | undefined;
  };
}

/** `machine` is the name of the one that the steps run on. */
export function createFailures(machine: string): Failures {
  let own: { failure: ObservedFailure; trouble: VagrantTrouble | undefined }[] = [];
  let inPost: ObservedFailure | undefined;
  return {
    note: (failure, post, tail) => {
      if (post) inPost ??= failure;
      else
        own.push({ failure, trouble: tail === undefined ? undefined : findTrouble(tail, machine) });
    },
    forgive: (stage) => {
      own = own.filter(({ failure }) => !isWithin(failure.stage, stage));
    },
    get any() {
      return own.length > 0;
    },
    get anyInPost() {
      return inPost !== undefined;
    },
    found: (expected) => {
      const same = expected && own.find(({ failure }) => sameStage(failure.stage, expected));
      const { failure, trouble } = same ?? own[0] ?? { failure: inPost, trouble: undefined };
      return { failure, trouble };
    },
  };
}
