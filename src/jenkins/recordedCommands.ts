import { UserError } from '../base/errors';
import { wholeLines } from './lines';

/** The commands of one `sh` step, as its trace (`+ …`) shows them: variables are expanded as they were in CI. */
export interface RecordedSh {
  /** From the outermost. */
  readonly stages: readonly string[];
  readonly commands: readonly string[];
}

/** The most that all commands of a run may take, in UTF-16 units: what a loop traces has no end. */
const MOST = 4 << 20;

/**
 * Reads off a clean log what its `sh` steps ran, in bounded memory.
 * @throws UserError where that is more than could be done again.
 */
export async function readCommands(log: AsyncIterable<Buffer>): Promise<RecordedSh[]> {
  const scripts: { readonly stages: readonly string[]; readonly commands: string[] }[] = [];
  const open: (string | undefined)[] = [];
  let commands: string[] | undefined;
  let size = 0;
  const lines = wholeLines((block) => {
    for (const line of block.toString('utf8').split('\n')) {
      const [, marker] = /^(?:\[[^\]]*Z\] )?\[Pipeline\] (.*)$/.exec(line) ?? [];
      if (marker !== undefined) {
        commands = undefined;
        if (marker === '}') open.pop();
        else if (marker.startsWith('{')) open.push(/^\{ \((?:Branch: )?(.*)\)$/.exec(marker)?.[1]);
        else if (marker === 'sh') {
          commands = [];
          scripts.push({ stages: open.filter((name) => name !== undefined), commands });
        }
        continue;
      }
      const [, command] = /^(?:\[[^\]]*Z\] )?\+ (.+)$/.exec(line) ?? [];
      if (command === undefined || commands === undefined) continue;
      size += command.length;
      if (size > MOST)
        throw new UserError('The log names more commands than could be done again: over 4 MB.', {
          advice: 'A loop was traced, it seems. Reproduce a run whose Jenkinsfile can be had.',
        });
      commands.push(command);
    }
  });
  for await (const bytes of log) lines.push(bytes);
  lines.end();
  return scripts.filter((script) => script.commands.length > 0);
}
