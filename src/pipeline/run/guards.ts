import { TIME_UNITS } from '../timeUnits';
import type { Outcome } from '../effects';
import { Interrupted, checkInterrupts, isCatchable, notice, worsen, worsenStage } from './frame';
import type { Frame } from './frame';
import { argument, known, runBody } from './invocation';
import type { Invocation } from './invocation';
import { outcomeOf, truthOf } from './values';
import type { Thing } from './values';

const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Aborts the step that runs when the time is up. What comes after that on the way out, `post` and
 * `finally`, is not limited (Jenkins would end it after a minute's grace).
 */
export async function timeout(call: Invocation, frame: Frame): Promise<Thing> {
  const time = argument(call, 'time');
  const unit = known(call.args.get('unit') ?? null, 'MINUTES');
  const milliseconds = Number(known(time)) * (TIME_UNITS[unit] ?? 60_000);
  if (truthOf(call.args.get('activity') ?? false) === true) {
    notice(
      frame,
      call.place,
      'This timeout counts from the last output in Jenkins; here it does not limit.',
    );
    return runBody(call, frame);
  }
  if (frame.run.dry || !(milliseconds >= 0) || milliseconds > LONGEST_TIMER) {
    return runBody(call, frame);
  }
  const expiry = new AbortController();
  const timer = setTimeout(() => {
    expiry.abort(`Timeout has been exceeded: ${known(time)} ${unit.toLowerCase()}`);
  }, milliseconds);
  try {
    return await runBody(call, { ...frame, interrupts: [...frame.interrupts, expiry.signal] });
  } finally {
    clearTimeout(timer);
  }
}

/** Runs the body again when it fails; not when the person, or something around it, ended it. */
export async function retry(call: Invocation, frame: Frame): Promise<Thing> {
  const count = Math.max(1, Number(known(argument(call, 'count'), '1')) || 1);
  for (let attempt = 1; ; attempt++) {
    try {
      return await runBody(call, frame);
    } catch (error) {
      if (!isCatchable(error) || attempt >= count) throw error;
      if (!isRetried(call)) throw error;
      if (error instanceof Interrupted && frame.interrupts.includes(error.source)) throw error;
      checkInterrupts(frame);
      notice(frame, call.place, `${error.message}: attempt ${attempt} of ${count} failed.`);
    }
  }
}

/** With `conditions` only what befalls the agent is retried; nothing that can happen here does. */
function isRetried(call: Invocation): boolean {
  const conditions = call.args.get('conditions');
  return !Array.isArray(conditions) || conditions.length === 0;
}

async function catching(
  call: Invocation,
  frame: Frame,
  results: { build: Outcome; stage: Outcome },
): Promise<Thing> {
  try {
    return await runBody(call, frame);
  } catch (error) {
    if (!isCatchable(error)) throw error;
    // An interruption that came from outside, not from a `timeout` in the body.
    const isOutside = error instanceof Interrupted && frame.interrupts.includes(error.source);
    if (isOutside && call.args.get('catchInterruptions') === false) throw error;
    if (error instanceof Interrupted) {
      worsen(frame, error.outcome);
      worsenStage(frame, error.outcome);
      return null;
    }
    notice(frame, call.place, `${known(argument(call, 'message'), 'Caught')}: ${error.message}`);
    if (results.build !== 'SUCCESS') worsen(frame, results.build);
    worsenStage(frame, results.stage);
    return null;
  }
}

export function catchError(call: Invocation, frame: Frame): Promise<Thing> {
  return catching(call, frame, {
    build: outcomeOf(known(call.args.get('buildResult') ?? null, 'FAILURE')),
    stage: outcomeOf(known(call.args.get('stageResult') ?? null, 'SUCCESS')),
  });
}

export function warnError(call: Invocation, frame: Frame): Promise<Thing> {
  return catching(call, frame, { build: 'UNSTABLE', stage: 'UNSTABLE' });
}
