import type { FailedTest } from '../../jenkins/run';
import type { Verdict } from '../../reproduce/journal';
import { sameTest } from '../../reproduce/verdict';

/** How a test that failed in CI ended here. */
export type Outcome =
  | { readonly kind: 'failed'; readonly test: FailedTest }
  | { readonly kind: 'passed' }
  /** Nobody knows: it may not have been run. */
  | { readonly kind: 'skipped'; readonly why: string }
  | { readonly kind: 'errored'; readonly why: string };

/** `verdict` is undefined where the reproduction was interrupted. A verdict names the tests that failed, not those that passed. */
export function outcomeHere(test: FailedTest, verdict: Verdict | undefined): Outcome {
  if (!verdict) return { kind: 'errored', why: 'The reproduction was interrupted.' };
  const { kind, sentence, details, failedTests } = verdict;
  if (kind === 'could not run')
    return { kind: 'errored', why: [sentence, ...details.slice(0, 1)].join('\n') };
  if (kind === 'cancelled') return { kind: 'skipped', why: sentence };
  const failed = failedTests.find((other) => sameTest(test, other));
  if (failed) return { kind: 'failed', test: failed };
  if (kind === 'passed here') return { kind: 'passed' };
  // Where another of CI's tests failed again, this one was run beside it.
  if (kind === 'reproduced' && failedTests.length > 0) return { kind: 'passed' };
  return { kind: 'skipped', why: sentence };
}
