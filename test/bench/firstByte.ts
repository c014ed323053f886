import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from '../../src/jenkins/client';
import { composeRecipe } from '../../src/recipe/compose';
import type { Recipe } from '../../src/recipe/recipe';
import { createReproduction } from '../../src/reproduce/store';
import { findProgram } from '../bed/host/host';
import { ciliumWorld } from '../bed/jenkins/cilium';
import { startJenkins } from '../bed/jenkins/double';
import { makeSample, type Sample } from '../bed/sample/sample';
import { interleave, median, medianOfRounds, type Figure, type Row } from './measure';
import { openWorkshop, run, type Workshop } from './programs';

const ROUNDS = 11;
const FIRST = '+ echo first';

const jenkinsfile = `pipeline {
  agent any
  environment { MEMORY = '4096' }
  stages {
    stage('Build') { steps { sh 'echo first' } }
  }
}
`;

/**
 * From the click to the first byte of the step's own output: the recipe is written and the runner
 * started on it. By hand it is `git worktree add` and `sh -xe`.
 */
export const firstByte: Figure = async (signal) => {
  await using shop = await openWorkshop();
  const sample = await makeSample(join(shop.folder, 'sample'), signal);
  const rows: Row[] = [];
  const contenders = [
    ['click to first byte', sample.commits.initial],
    // With a Vagrantfile, preflight looks for Vagrant, its provider and the box.
    ...(findProgram('vagrant') === undefined
      ? []
      : ([['click to first byte, with a Vagrantfile', sample.commits.broken]] as const)),
  ] as const;
  for (const [what, parent] of contenders) {
    const commit = await commitJenkinsfile(sample, parent, signal);
    await using jenkins = await startJenkins({
      world: ciliumWorld({
        commits: { broken: commit, mended: sample.commits.mended },
        originUrl: sample.origin,
      }),
    });
    const runUrl = `${jenkins.base}job/networking/job/cilium/job/master/42/`;
    const recipe = await recipeOf(runUrl, jenkins.base, sample, signal);
    const times = await interleave(
      {
        ours: () => ofRunner(recipe, shop, signal),
        hand: () => byHand(commit, sample, shop, signal),
        url: () => ofUrl(runUrl, sample, shop, signal),
      },
      ROUNDS,
    );
    const compared = medianOfRounds('difference', times.ours, times.hand);
    const reference = { name: 'by hand', value: median(times.hand) };
    rows.push(
      {
        what,
        unit: 'ms',
        ours: median(times.ours),
        reference,
        compared,
        target: { words: 'at most + 400 ms', met: compared.value < 400 },
        samples: { ours: times.ours, hand: times.hand },
      },
      {
        what: '… from a URL, the recipe composed first',
        unit: 'ms',
        ours: median(times.url),
        reference,
        compared: medianOfRounds('difference', times.url, times.hand),
        samples: { ours: times.url },
      },
    );
  }
  rows.push(await programStart(shop, signal));
  return rows;
};

async function ofRunner(recipe: Recipe, shop: Workshop, signal: AbortSignal): Promise<number> {
  const began = performance.now();
  const { id } = createReproduction(recipe, join(shop.state, 'ci-parity'));
  const written = performance.now() - began;
  const { untilMark } = await run(
    { command: process.execPath, args: [shop.cli, 'run', id], env: shop.env },
    signal,
    // The run failed in CI and passes here: exit code 1.
    { mark: FIRST, expect: 1 },
  );
  await rm(shop.state, { recursive: true });
  return written + untilMark;
}

async function ofUrl(
  runUrl: string,
  sample: Sample,
  shop: Workshop,
  signal: AbortSignal,
): Promise<number> {
  const args = [shop.cli, 'reproduce', runUrl, '--repository', sample.dir];
  const { untilMark } = await run({ command: process.execPath, args, env: shop.env }, signal, {
    mark: FIRST,
    expect: 1,
  });
  await rm(shop.state, { recursive: true });
  return untilMark;
}

async function byHand(
  commit: string,
  sample: Sample,
  shop: Workshop,
  signal: AbortSignal,
): Promise<number> {
  const script = join(shop.folder, 'script.sh');
  const worktree = join(shop.folder, 'by-hand');
  await writeFile(script, 'echo first');
  const line = 'git worktree add --detach --quiet "$1" "$2" && cd "$1" && sh -xe "$3" 2>&1';
  const { untilMark } = await run(
    { command: 'sh', args: ['-c', line, 'sh', worktree, commit, script], cwd: sample.dir },
    signal,
    { mark: FIRST },
  );
  const remove = ['worktree', 'remove', '--force', worktree];
  await run({ command: 'git', args: remove, cwd: sample.dir }, signal);
  return untilMark;
}

/** What every start of our program costs before it does anything. */
async function programStart(shop: Workshop, signal: AbortSignal): Promise<Row> {
  const start = (args: readonly string[]) => async () =>
    (await run({ command: process.execPath, args }, signal)).milliseconds;
  const times = await interleave(
    { ours: start([shop.cli, '--version']), node: start(['-e', '0']) },
    ROUNDS,
  );
  return {
    what: 'start of the program alone (--version)',
    unit: 'ms',
    ours: median(times.ours),
    reference: { name: 'node -e 0', value: median(times.node) },
    compared: medianOfRounds('difference', times.ours, times.node),
    samples: times,
  };
}

/** The commit with our Jenkinsfile on top of `parent`; the sample is this figure's own. */
async function commitJenkinsfile(
  { dir }: Sample,
  parent: string,
  signal: AbortSignal,
): Promise<string> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', args, { cwd: dir, signal })).stdout;
  await git('checkout', '--quiet', '--detach', parent);
  await writeFile(join(dir, 'Jenkinsfile'), jenkinsfile);
  await git('add', 'Jenkinsfile');
  await git('-c', 'user.name=Bench', '-c', 'user.email=b@example.com', 'commit', '-q', '-m', 'x');
  return (await git('rev-parse', 'HEAD')).trim();
}

async function recipeOf(
  runUrl: string,
  base: string,
  sample: Sample,
  signal: AbortSignal,
): Promise<Recipe> {
  using client = connect({ base });
  const failed = await client.run(runUrl, signal, [sample.origin]);
  const stages = await client.stages(failed, signal);
  const failure = await client.failure(failed, stages, signal);
  const wishes = { select: { kind: 'failure' }, keep: 'never', withChanges: false } as const;
  const repository = sample.dir;
  return await composeRecipe(
    { ...wishes, client, run: failed, stages, failure, repository },
    signal,
  );
}
