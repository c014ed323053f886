import { UserError } from '../../base/errors';
import type { Enclosure } from '../../machines/machine';
import { StepError, type Agent, type Scope } from '../../pipeline/effects';

/** Containers of this reproduction, by the agent that steps inside of them have. */
export interface Containers {
  /** Where the steps of an agent run; undefined for the machine itself. A container is started when its first step asks. */
  of(agent: Agent | undefined, at: Scope): Promise<Enclosure | undefined>;
  /** An agent whose container is started by its first step and removed after `body`. */
  during(
    agent: Agent,
    start: (at: Scope) => Promise<Started>,
    body: () => Promise<void>,
  ): Promise<void>;
}

export interface Started {
  readonly enclosure: Enclosure;
  readonly remove: () => Promise<void>;
}

export function createContainers(): Containers {
  const all = new Map<
    Agent,
    { start: (at: Scope) => Promise<Started>; started?: Promise<Started> }
  >();
  return {
    of: async (agent, at) => {
      const known = agent && all.get(agent);
      if (!known) return undefined;
      return (await (known.started ??= known.start(at))).enclosure;
    },
    during: async (agent, start, body) => {
      const entry: { start: typeof start; started?: Promise<Started> } = { start };
      all.set(agent, entry);
      try {
        await body();
      } finally {
        all.delete(agent);
        // One that could not be started has failed its step already.
        await entry.started
          ?.then(({ remove }) => remove())
          .catch((error: unknown) => {
            if (!(error instanceof StepError) && !(error instanceof UserError)) throw error;
          });
      }
    },
  };
}
