import type { FailedTest } from '../../jenkins/run';
import type { Finding, StageProgress, VerdictKind } from '../../reproduce/journal';
import type { Reproduction } from '../../reproduce/store';
import { ageOf, spanOf } from '../look/age';
import { markOf, type Mark } from '../look/marks';
import { plain } from '../look/plain';

/** What stands below a reproduction in the view. */
export type ReproductionPart =
  | {
      readonly kind: 'stage';
      readonly name: string;
      readonly state: StageProgress;
      readonly why: string | undefined;
      readonly children: readonly ReproductionPart[];
    }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'test'; readonly test: FailedTest }
  | { readonly kind: 'note'; readonly text: string };

/**
 * `#42 cilium/master`: the number and the last two names of the job, which tell it apart in a
 * narrow view. Without a run, the stage of the Jenkinsfile.
 */
export function titleOf({ recipe: { run, select, jenkinsfile } }: Reproduction): string {
  const stage = select.kind === 'stage' ? select.name : undefined;
  if (!run) return plain(stage ?? jenkinsfile.path);
  const title = `#${run.number} ${run.job.split('/').slice(-2).join('/')}`;
  return plain(stage === undefined ? title : `${title}, stage ${stage}`);
}

/** What is behind the title: the verdict, or what is going on, with the time. */
export function describe(reproduction: Reproduction, now: number): string {
  const { status, startedAt, endedAt } = reproduction;
  const taken = startedAt === undefined ? [] : [spanOf((endedAt ?? now) - startedAt)];
  switch (status.state) {
    case 'new':
      return 'about to start';
    case 'running': {
      const stage = reproduction.stages.findLast(({ state }) => state === 'running');
      return stage ? `running ${plain(stage.path.at(-1) ?? '')}` : 'running';
    }
    case 'kept':
      return 'kept: enter the VM, or finish';
    case 'interrupted':
      return reproduction.made.length === 0 ? 'interrupted' : 'interrupted: clean up';
    case 'ended': {
      const word = status.verdict?.kind ?? 'no verdict';
      const when = endedAt === undefined ? [] : [ageOf(endedAt, now)];
      return [word, ...when, ...taken].join(' · ');
    }
  }
}

export function markOfReproduction({ status }: Reproduction): Mark {
  switch (status.state) {
    case 'new':
    case 'running':
      return markOf('running');
    case 'kept':
      return { icon: 'vm-active', color: 'testing.iconQueued' };
    case 'interrupted':
      return { icon: 'debug-disconnect', color: 'testing.iconErrored' };
    case 'ended':
      return status.verdict ? markOfVerdict(status.verdict.kind) : markOf('aborted');
  }
}

/** The verdict's own sentence, or what else is to be said in one. */
export function sentenceOf(reproduction: Reproduction): string {
  const { status } = reproduction;
  switch (status.state) {
    case 'ended':
      return plain(status.verdict?.sentence ?? 'It ended without a verdict.');
    case 'kept':
      return 'The steps are done, and the VM is kept for you.';
    case 'interrupted':
      return 'The runner was ended before it could put everything away.';
    case 'new':
    case 'running':
      return 'It is running.';
  }
}

/** What is shown below it: what speaks against the machine, its stages, then what the verdict rests on. */
export function partsOf(reproduction: Reproduction): ReproductionPart[] {
  const { status, findings, stages, made } = reproduction;
  const verdict = status.state === 'ended' ? status.verdict : undefined;
  const left = status.state === 'ended' ? status.left : [];
  const notes = [
    ...(verdict?.details ?? []),
    ...left.map((what) => `left behind: ${what}`),
    ...(status.state === 'interrupted'
      ? made.map(({ what, where }) => `may be left behind: ${what} ${where}`)
      : []),
  ];
  return [
    ...findings
      .filter(({ level }) => level !== 'ok')
      .map((finding): ReproductionPart => ({ kind: 'finding', finding })),
    ...nest(stages, 0),
    ...(verdict?.failedTests ?? []).map((test): ReproductionPart => ({ kind: 'test', test })),
    ...notes.map((text): ReproductionPart => ({ kind: 'note', text })),
  ];
}

export function markOfVerdict(kind: VerdictKind): Mark {
  switch (kind) {
    case 'reproduced':
      return { icon: 'bug', color: 'testing.iconFailed' };
    case 'another failure':
      return { icon: 'question', color: 'testing.iconQueued' };
    case 'passed here':
    case 'passed':
      return markOf('passed');
    case 'could not run':
      return { icon: 'warning', color: 'testing.iconErrored' };
    case 'failed':
      return markOf('failed');
    case 'cancelled':
      return markOf('aborted');
  }
}

/** Stages come one by one with their whole paths; those below another come after it. */
function nest(stages: Reproduction['stages'], depth: number): ReproductionPart[] {
  return stages
    .filter(({ path }) => path.length === depth + 1)
    .map(({ path, state, why }) => ({
      kind: 'stage',
      name: path.at(-1) ?? '',
      state,
      why,
      children: nest(
        stages.filter((stage) => path.every((name, at) => stage.path[at] === name)),
        depth + 1,
      ),
    }));
}
