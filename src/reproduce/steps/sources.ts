import { join } from 'node:path';
import { UserError } from '../../base/errors';
import { checkedGitAddress } from '../../base/gitAddress';
import type { Machine } from '../../machines/machine';
import { StepError, type Value } from '../../pipeline/effects';
import { sourceOf } from '../../recipe/steps';
import { besideOf, checkout as checkoutCommit } from '../checkout';
import { gitOn } from '../gitOn';
import { directoryOf, type Bench, type StepEffect } from './bench';

/** `checkout` and `git`: the run's own repository at its own commit, any other at its branch of today. */
export const checkout: StepEffect = async (call, at, bench) => {
  const into = directoryOf(at);
  const source = sourceOf(call, bench.recipe);
  switch (source.kind) {
    case 'own':
      await checkoutOwn(into, at.signal, bench);
      return call.implicit ? null : ownFacts(bench);
    case 'git':
      return checkoutOther(source.url, source.branch, into, at.signal, bench);
    case 'unknown':
      throw new UserError(
        `The checkout at line ${at.range.line} cannot be done: ${source.reason}.`,
      );
  }
};

async function checkoutOwn(into: string, signal: AbortSignal, bench: Bench): Promise<void> {
  // A second checkout of the same commit changes nothing, unless the folder was emptied meanwhile.
  const { files, journal, recipe, machine } = bench;
  if (await machine.files.stat(join(into, '.git'), signal)) return;
  const beside = besideOf(into);
  for (const where of [into, beside]) journal.append({ type: 'intent', what: 'worktree', where });
  const options = {
    marks: { CI_PARITY_COOKIE: files.id },
    say: (line: string) => bench.say(line),
  };
  await bench.gitQueue(() => checkoutCommit(recipe, machine, into, options, signal));
  if (!(await machine.files.stat(beside, signal)))
    journal.append({ type: 'gone', what: 'worktree', where: beside });
}

/** What `checkout` gives: GIT_COMMIT and its like, as the run had them. */
function ownFacts({ recipe }: Bench): Value {
  const facts = Object.entries(recipe.environment).filter(([name]) => name.startsWith('GIT_'));
  return new Map<string, Value>([...facts, ['GIT_COMMIT', recipe.commit]]);
}

async function checkoutOther(
  url: string,
  branch: string | undefined,
  into: string,
  signal: AbortSignal,
  bench: Bench,
): Promise<Value> {
  const { shown } = checkedGitAddress(url);
  if (branch?.startsWith('-') === true)
    throw new StepError(`git would take this for an option: ${branch}`);
  const name = branch?.replace(/^(\*\/|refs\/heads\/|origin\/)/, '') ?? 'HEAD';
  const { machine } = bench;
  const known = await machine.files.stat(join(into, '.git'), signal);
  if (known && (await isWorktree(into, signal, machine)))
    throw new UserError(`${shown} would be checked out over the run's own repository in ${into}.`, {
      advice:
        'In CI it replaced it. Reproduce one stage, or give the repository a folder of its own.',
    });
  bench.caveat(`${shown} was checked out as ${name} is today: CI's run does not tell its commit`);
  await machine.files.makeFolder(into, 0o777, signal);
  const marks = { CI_PARITY_COOKIE: bench.files.id };
  const run = (...args: string[]) => gitOn(machine, args, into, signal, { marks });
  await run('init', '--quiet');
  await run('fetch', '--quiet', '--tags', url, name);
  await run('checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD');
  const commit = (await run('rev-parse', 'HEAD')).trim();
  return new Map<string, Value>([
    ['GIT_COMMIT', commit],
    ['GIT_URL', url],
    ['GIT_BRANCH', name === 'HEAD' ? 'detached' : `origin/${name}`],
  ]);
}

async function isWorktree(into: string, signal: AbortSignal, machine: Machine): Promise<boolean> {
  const [own, common] = (
    await gitOn(machine, ['rev-parse', '--git-dir', '--git-common-dir'], into, signal)
  ).split('\n');
  return own !== common;
}
