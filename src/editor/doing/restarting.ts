import { UserError } from '../../base/errors';
import type { Stage } from '../../jenkins/run';
import { plain } from '../look/plain';
import type { RunNode } from '../runs/runsNodes';
import { targetOf } from './choose';
import { confirm } from './confirm';
import type { Open } from './doingParts';
import { putAndFollow } from './following';
import { pickOne } from './pickOne';

/** Runs a run's stages again from one on, if the server offers that; without one the person picks it. */
export async function restartFromStage(
  open: Open,
  { server, run }: RunNode,
  stage: Stage | undefined,
): Promise<void> {
  const place = await open(server);
  const target = targetOf(server, run.jobUrl);
  const name = `#${run.number} of ${target.name}`;
  const offered = await place.doing(`Reading ${name}`, (signal) =>
    place.client.doing.restartableStages(run, signal),
  );
  if (offered.length === 0)
    throw new UserError(`${server.name} does not offer to restart run ${name} from a stage.`, {
      advice:
        'It offers that for Declarative Pipelines that have ended, to those who have the permission Job/Build.',
    });
  // Only the outermost stages are offered; of one that lies deeper it is the one around it.
  const wanted = stage?.path[0];
  if (wanted !== undefined && !offered.includes(wanted))
    throw new UserError(`${server.name} does not offer to restart run ${name} from ${wanted}.`, {
      advice: `It offers: ${offered.join(', ')}.`,
    });
  const items = offered.map((value) => ({ label: plain(value), value }));
  const words = { title: plain(`Restart run ${name}`), placeholder: 'From which stage on?' };
  const from = wanted ?? (await pickOne(words, () => Promise.resolve(items)));
  if (from === undefined) return;
  const question = {
    message: `Restart run ${name} from stage ${from}?`,
    lines: ['A new run has the same commit and parameters. It skips the stages before this one.'],
  };
  if (!(await confirm(target, question, 'Restart'))) return;
  await putAndFollow(place, target, (signal) => place.client.doing.restart(run, from, signal));
}
