import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePlan } from '../../src/recipe/plan';
import { planDocument } from '../../src/recipe/planDocument';
import type { Recipe } from '../../src/recipe/recipe';

const folder = join(import.meta.dirname, 'plans');

/**
 * Whole plans as people read them. `UPDATE_PLANS=1` writes them anew: read the difference, since a
 * plan that is wrong is worse than none.
 */
describe('The page of a plan', () => {
  const base = (name: string): Recipe => ({
    version: 1,
    run: undefined,
    repository: { directory: '/home/ada/moat', remoteUrl: 'https://git.example.org/moat.git' },
    commit: '0123456789abcdef0123456789abcdef01234567',
    withChanges: false,
    jenkinsfile: {
      path: 'Jenkinsfile',
      text: readFileSync(join(folder, `${name}.Jenkinsfile`), 'utf8'),
      source: 'commit',
    },
    select: { kind: 'all' },
    environment: { JOB_NAME: 'moat', BUILD_NUMBER: '42', MEMORY: '512' },
    parameters: [{ name: 'DEPLOY', value: true, kind: 'BooleanParameterValue' }],
    overrides: {},
    keep: 'never',
    timeout: undefined,
  });
  const failed = (stage: readonly string[]): Recipe['run'] => ({
    url: 'https://ci.example.org/job/moat/42/',
    job: 'moat',
    number: 42,
    result: 'FAILURE',
    branch: 'main',
    change: undefined,
    node: 'agent-7',
    stages: [],
    failure: { stage, command: undefined, exitCode: 2, tests: [], lines: [] },
    previous: undefined,
  });
  const page = async (recipe: Recipe): Promise<string> =>
    planDocument(recipe, await makePlan(recipe, new AbortController().signal));
  const matches = (name: string, text: string): void => {
    const file = join(folder, `${name}.md`);
    if (process.env['UPDATE_PLANS'] === '1') writeFileSync(file, text);
    assert.ok(existsSync(file), file);
    assert.equal(text, readFileSync(file, 'utf8'));
  };

  it('is complete for a matrix with parallel branches, a shared library and two credentials', async () => {
    matches('matrix', await page({ ...base('matrix'), run: failed(['Prepare']) }));
  });

  it('shows only the branches that are chosen, and what --env overrides', async () => {
    matches(
      'matrix-chosen',
      await page({
        ...base('matrix'),
        branches: { kind: 'named', names: ['Unit', 'OS=linux,ARCH=arm'] },
        overrides: { MEMORY: '8192' },
        answers: { decide: { '75': true } },
      }),
    );
  });

  it('shows a scripted pipeline by its nodes, stages and branches', async () => {
    matches('scripted', await page(base('scripted')));
  });
});
