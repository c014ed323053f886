import type { Scope } from '../pipeline/effects';

/** Which stages are in their `post`. Branches of a `parallel` are in theirs each at its own time. */
export interface PostScopes {
  /** Runs the `post` of the place `at`. */
  during(at: Scope, body: () => Promise<void>): Promise<void>;
  /** Whether a step at this place belongs to a `post`. */
  contain(at: Scope): boolean;
}

export function createPostScopes(): PostScopes {
  const open = new Set<readonly string[]>();
  return {
    during: async (at, body) => {
      // A copy of its own, so that ending one `post` does not end another of the same stage.
      const stage = [...at.path];
      open.add(stage);
      try {
        await body();
      } finally {
        open.delete(stage);
      }
    },
    contain: (at) => [...open].some((stage) => isWithin(at.path, stage)),
  };
}

/** Whether `stage` is `outer` or lies in it. */
export function isWithin(stage: readonly string[], outer: readonly string[]): boolean {
  return outer.every((name, index) => stage[index] === name);
}
