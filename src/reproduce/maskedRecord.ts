import type { FailedTest } from '../jenkins/run';
import type { Recipe } from '../recipe/recipe';
import type { Screen } from './effects';
import type { Journal, NewEvent, Verdict } from './journal';
import type { Mask } from './mask';
import { judge, type Observation } from './verdict';

/** A screen that shows our own words masked. Steps' output comes masked already, by a stream for each step. */
export function maskScreen(screen: Screen, mask: Mask): Screen {
  return {
    output: (chunk, branch, continued) => screen.output(chunk, branch, continued),
    say: (line) => screen.say(mask.text(line)),
  };
}

/**
 * A journal that masks all free text of its events. Places stay as they are: without them, what was
 * made could not be found and removed.
 */
export function maskJournal(journal: Journal, mask: Mask): Journal {
  return {
    append: (event) => journal.append(maskEvent(event, mask.text)),
    [Symbol.dispose]: () => journal[Symbol.dispose](),
  };
}

/** The verdict, masked. Tests are compared masked, since CI's names come from a masked log. */
export function maskedVerdict(recipe: Recipe, seen: Observation, mask: Mask): Verdict {
  const { run } = recipe;
  const failedTests = seen.failedTests.map((test) => maskTest(test, mask.text));
  const tests = run?.failure?.tests.map((test) => maskTest(test, mask.text)) ?? [];
  const expected = run && {
    ...run,
    ...(run.failure && { failure: { ...run.failure, tests } }),
  };
  const verdict = judge(
    { ...recipe, ...(expected && { run: expected }) },
    { ...seen, failedTests },
  );
  return maskVerdict(verdict, mask.text);
}

/** Masks the texts of an error, and of those that it names, in place. */
export function maskError<E>(error: E, mask: Mask): E {
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (!(value instanceof Error) || seen.has(value)) return;
    seen.add(value);
    for (const name of ['message', 'stack', 'advice']) {
      const text: unknown = Reflect.get(value, name);
      if (typeof text !== 'string') continue;
      const masked = mask.text(text);
      if (masked !== text)
        Object.defineProperty(value, name, { value: masked, configurable: true, writable: true });
    }
    visit(value.cause);
    if (value instanceof AggregateError) value.errors.forEach(visit);
    // Of a SuppressedError.
    visit(Reflect.get(value, 'error'));
    visit(Reflect.get(value, 'suppressed'));
  };
  visit(error);
  return error;
}

type Hide = (text: string) => string;

function maskEvent(event: NewEvent, hide: Hide): NewEvent {
  switch (event.type) {
    case 'started':
    case 'intent':
    case 'gone':
    case 'exit':
    case 'finishing':
    // Its environment has no variable that holds a secret.
    case 'kept':
      return event;
    case 'finding': {
      const { message, advice } = event.finding;
      const masked = {
        message: hide(message),
        ...(advice !== undefined && { advice: hide(advice) }),
      };
      return { ...event, finding: { ...event.finding, ...masked } };
    }
    case 'stage':
      return {
        ...{ ...event, path: event.path.map(hide) },
        ...(event.why !== undefined && { why: hide(event.why) }),
      };
    case 'step':
      return {
        ...{ ...event, stage: event.stage.map(hide), script: hide(event.script) },
        ...(event.branches && { branches: event.branches.map(hide) }),
      };
    case 'omitted':
      return { ...event, name: hide(event.name), reason: hide(event.reason) };
    case 'post':
      return { ...event, stage: event.stage.map(hide) };
    case 'cancelling':
      return { ...event, why: hide(event.why) };
    case 'verdict':
      return { ...event, verdict: maskVerdict(event.verdict, hide) };
    case 'ended':
      return { ...event, left: event.left.map(hide) };
  }
}

function maskVerdict(verdict: Verdict, hide: Hide): Verdict {
  return {
    ...verdict,
    sentence: hide(verdict.sentence),
    details: verdict.details.map(hide),
    failedTests: verdict.failedTests.map((test) => maskTest(test, hide)),
  };
}

function maskTest(test: FailedTest, hide: Hide): FailedTest {
  const { group, name, details, stack } = test;
  return {
    ...test,
    group: hide(group),
    name: hide(name),
    details: details === undefined ? undefined : hide(details),
    ...(stack !== undefined && { stack: hide(stack) }),
  };
}
