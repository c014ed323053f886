import { POST_CONDITIONS } from '../declarative';
import type { Post } from '../declarative';
import { StepError } from '../effects';
import type { Outcome } from '../effects';
import { evaluate } from './evaluate';
import { apply } from './calls';
import { around, checkInterrupts, notice, perform } from './frame';
import type { Frame } from './frame';
import type { Locals } from './locals';
import { bodyOf, calledName } from '../syntax';
import type { Call } from '../syntax';
import { Lambda, isWorse, worst } from './values';

type Condition = (typeof POST_CONDITIONS)[number];

/**
 * Runs a `post` block after `error`, and returns the error that stands afterwards: the first one.
 * Each condition is tested when its turn comes, with the errors of those before; none of them
 * stops the later ones. `ofStage` counts what steps marked the stage with.
 */
export async function runPost(
  post: Post | undefined,
  error: StepError | undefined,
  ofStage: boolean,
  locals: Locals,
  frame: Frame,
): Promise<StepError | undefined> {
  if (post === undefined) return error;
  let first = error;
  // What is pending for this branch has ended the stage; `post` is not ended by it.
  deliver(frame);
  await around(async (guard) => {
    await perform(frame, post.call, (at) =>
      frame.run.effects.post(at, () =>
        guard(async () => {
          for (const name of POST_CONDITIONS) {
            const call = post.conditions.get(name);
            if (call === undefined || !isSatisfied(name, first, ofStage, frame)) continue;
            const failure = await runCondition(
              call,
              combined(first, ofStage, frame),
              locals,
              frame,
            );
            first ??= failure;
          }
        }),
      ),
    );
  });
  return first;
}

/** An interruption that came between two steps has no step to end any more. */
function deliver(frame: Frame): void {
  try {
    checkInterrupts(frame);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
  }
}

/** The worst of the run's result, the error, and what the stage was marked with. */
function combined(error: StepError | undefined, ofStage: boolean, frame: Frame): Outcome {
  const own = error === undefined && ofStage ? frame.status.worst : 'SUCCESS';
  return worst(frame.run.result, error?.outcome, own);
}

function isSatisfied(
  name: Condition,
  error: StepError | undefined,
  ofStage: boolean,
  frame: Frame,
): boolean {
  const { previous } = frame.run;
  const result = combined(error, ofStage, frame);
  const ofRun = combined(error, false, frame);
  switch (name) {
    case 'always':
    case 'cleanup':
      return true;
    case 'changed':
      return ofRun !== previous;
    case 'fixed':
      return ofRun === 'SUCCESS' && (previous === 'FAILURE' || previous === 'UNSTABLE');
    case 'regression':
      return previous !== undefined && isWorse(ofRun, previous);
    case 'aborted':
      return result === 'ABORTED';
    case 'success':
      return result === 'SUCCESS';
    case 'unsuccessful':
      return result !== 'SUCCESS';
    case 'unstable':
      return result === 'UNSTABLE';
    case 'failure':
      return result === 'FAILURE';
    case 'notBuilt':
      return result === 'NOT_BUILT';
  }
}

async function runCondition(
  call: Call,
  result: Outcome,
  locals: Locals,
  frame: Frame,
): Promise<StepError | undefined> {
  const body = bodyOf(call);
  if (body === undefined) return undefined;
  const inner: Frame = { ...frame, post: { result } };
  try {
    const lambda = await evaluate(body, locals, inner);
    if (lambda instanceof Lambda) await apply(lambda, [], inner);
    return undefined;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    notice(
      inner,
      call,
      `Error when executing ${calledName(call)} post condition: ${error.message}`,
    );
    return error;
  }
}
