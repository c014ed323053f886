import type { Variable } from '../pipeline/effects';

/** A Recipe interpreted dry: what would be run, where, with which environment, and what cannot be repeated. */
export interface Plan {
  /** In the order in which things would happen. */
  readonly items: readonly PlanItem[];
  /** The run's own variables, the same for every step. */
  readonly environment: readonly Variable[];
  /** Jenkins ids of the credentials that the Jenkinsfile asks for. */
  readonly credentials: readonly string[];
  /** What the reading of the Jenkinsfile found wrong. */
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

export type PlanItem = { readonly stage: readonly string[]; readonly line: number } & (
  | { readonly kind: 'stage'; readonly runs: boolean; readonly why: string }
  /** `changes`: what differs from the run's environment, innermost value only. */
  | {
      readonly kind: 'sh';
      readonly script: string;
      readonly directory: string;
      readonly changes: readonly Variable[];
      readonly post: boolean;
    }
  | { readonly kind: 'step'; readonly name: string; readonly text: string; readonly post: boolean }
  /** A step that publishes is left out on purpose; one that is outside of what can be done here cannot be repeated. */
  | {
      readonly kind: 'left out' | 'cannot be repeated';
      readonly name: string;
      readonly reason: string;
      readonly post: boolean;
    }
);
