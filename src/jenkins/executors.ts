import { fields, list, number, text } from './json';
import { rebase } from './url';

/** A run that an agent works on right now. */
export interface Executing {
  readonly agent: string;
  /** The address of the run, which may have several agents. */
  readonly runUrl: string;
  /** Of the time that runs of its job take, 0 to 99; undefined where that is not known. */
  readonly progress: number | undefined;
}

/**
 * What to ask of `computer/`. A Pipeline also has an executor that counts for nothing among the
 * `oneOffExecutors`, on the server's own node; what works for it is among the others.
 */
export const EXECUTOR_FIELDS = 'computer[displayName,executors[currentExecutable[url],progress]]';

export function executingOf(json: unknown, server: string): Executing[] {
  return list(fields(json)['computer']).flatMap((computer) => {
    const { displayName, executors } = fields(computer);
    return list(executors).flatMap((executor) => {
      const url = text(fields(fields(executor)['currentExecutable'])['url']);
      const progress = number(fields(executor)['progress']);
      if (url === undefined) return [];
      return {
        agent: text(displayName) ?? '',
        runUrl: rebase(url, server),
        progress: progress !== undefined && progress >= 0 ? progress : undefined,
      };
    });
  });
}
