import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/jenkins/client';
import { composeFromFile, composeRecipe, type Wishes } from '../../src/recipe/compose';
import { makePlan } from '../../src/recipe/plan';
import { planDocument } from '../../src/recipe/planDocument';
import { parseRecipe, type Recipe } from '../../src/recipe/recipe';
import { ciliumWorld } from '../bed/jenkins/cilium';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';
import type { RunSpec } from '../bed/jenkins/world';
import { makeSample, type Sample } from '../bed/sample/sample';

describe('A recipe', () => {
  const { signal } = new AbortController();
  let root: string;
  let sample: Sample;
  let jenkins: JenkinsDouble;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-compose-'));
    sample = await makeSample(join(root, 'moat'), signal);
    const base = {
      number: 1,
      result: 'FAILURE',
      revision: { hash: sample.commits.broken },
    } as const;
    const failed = (log: string[]): Partial<RunSpec> => ({
      stages: [{ name: 'Build', state: 'failed', log }],
      error: 'script returned exit code 1',
    });
    const at = (sha: string) => ({
      revision: { hash: sha },
      checkouts: [{ sha, remoteUrls: [sample.origin] }],
    });
    const extra: RunSpec[] = [
      {
        ...base,
        ...failed(['[Pipeline] sh', '+ ./contrib/vagrant/start.sh']),
        causes: ['Replayed #42'],
        script: "pipeline { agent any; stages { stage('Build') { steps { sh 'replayed' } } } }",
      },
      // At this commit there was no Jenkinsfile yet, and the replay page is not shown.
      {
        ...base,
        number: 2,
        ...failed([
          '[Pipeline] sh',
          '+ make',
          "+ echo it's $HOME",
          'built',
          '[Pipeline] sh',
          '+ make check',
        ]),
        ...at(sample.commits.vagrant),
      },
      { number: 3, result: 'FAILURE', stages: [] },
      {
        ...base,
        number: 4,
        ...failed(['[Pipeline] sh', '+ true']),
        ...at(sample.commits.symlink),
        parameters: [
          { name: 'KERNEL', value: '4.9' },
          { name: 'PASSWORD', kind: 'Password' },
          { name: 'DEBUG', value: true, kind: 'Boolean' },
        ],
      },
    ];
    const world = ciliumWorld({ commits: sample.commits, originUrl: sample.origin });
    jenkins = await startJenkins({
      world: {
        jobs: [
          ...world.jobs,
          { name: 'feature', kind: 'multibranch', jobs: [{ name: 'feature%2Fx', runs: extra }] },
        ],
      },
    });
  });
  after(async () => {
    await jenkins.close();
    rmSync(root, { recursive: true, force: true });
  });

  const wishes: Wishes = { select: { kind: 'failure' }, keep: 'never', withChanges: false };

  async function compose(path: string, changes: Partial<Wishes> = {}): Promise<Recipe> {
    using client = connect({ base: jenkins.base });
    const run = await client.run(jenkins.base + path, signal);
    const stages = await client.stages(run, signal);
    const failure = run.building ? undefined : await client.failure(run, stages, signal);
    return await composeRecipe(
      { ...wishes, ...changes, client, run, stages, failure, repository: sample.dir },
      signal,
    );
  }
  const master = 'job/networking/job/cilium/job/master/';

  it('holds nothing that logs in at the clone’s remote', async () => {
    const clone = join(root, 'with-token');
    execFileSync('git', ['clone', '-q', sample.origin, clone]);
    const address = 'https://ada:t0ken@git.example.org/moat.git';
    execFileSync('git', ['-C', clone, 'remote', 'set-url', 'origin', address]);
    const fromFile = await composeFromFile({ ...wishes, file: join(clone, 'Jenkinsfile') }, signal);
    assert.equal(fromFile.environment['GIT_URL'], 'https://git.example.org/moat.git');
    assert.doesNotMatch(JSON.stringify(fromFile), /t0ken/);
  });

  it('of the Cilium run has its commit, its Jenkinsfile, what failed, and nothing secret', async () => {
    const recipe = await compose(`${master}42/`);
    assert.equal(recipe.commit, sample.commits.broken);
    assert.match(recipe.jenkinsfile.text, /MEMORY = '4096'/);
    assert.equal(recipe.jenkinsfile.source, 'commit');
    assert.equal(recipe.repository.remoteUrl, sample.origin);
    assert.deepEqual(recipe.run?.failure?.stage, ['Build']);
    assert.deepEqual(
      recipe.run.failure.tests.map(({ name }) => name),
      ['TestPolicyEgressDeny'],
    );
    assert.equal(recipe.run.failure.exitCode, 1);
  });

  it('leaves no ref in the clone, whether it is made, refused or cancelled', async () => {
    const clone = join(root, 'single');
    const only = ['--single-branch', '--branch', 'master'];
    execFileSync('git', ['clone', '-q', ...only, `file://${sample.origin}`, clone]);
    const { pull } = sample.commits;
    const refs = () => execFileSync('git', ['-C', clone, 'for-each-ref'], { encoding: 'utf8' });
    const before = refs();
    using client = connect({ base: jenkins.base });
    const run = await client.run(`${jenkins.base}${master}42/`, signal);
    const request = { ...wishes, client, run: { ...run, commit: { sha: pull, remoteUrls: [] } } };
    const rest = { stages: [], failure: undefined, repository: clone };
    assert.equal((await composeRecipe({ ...request, ...rest }, signal)).commit, pull);
    assert.equal(refs(), before);
    const select = { kind: 'stage', name: 'No such stage' } as const;
    await assert.rejects(composeRecipe({ ...request, ...rest, select }, signal), /has no stage/);
    assert.equal(refs(), before);
    const cancelled = new AbortController();
    const stopping: typeof client = {
      ...client,
      libraries: () => {
        assert.notEqual(refs(), before, 'it is held meanwhile');
        cancelled.abort();
        return Promise.reject(cancelled.signal.reason as Error);
      },
    };
    await assert.rejects(
      composeRecipe({ ...request, ...rest, client: stopping }, cancelled.signal),
      /abort/i,
    );
    assert.equal(refs(), before);
  });

  it('is what its JSON Schema says, for a run and for a file', async () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../media/recipe.schema.json', import.meta.url), 'utf8'),
    ) as object;
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    const fromFile = await composeFromFile(
      { ...wishes, file: join(sample.dir, 'Jenkinsfile'), timeout: 60 },
      signal,
    );
    for (const recipe of [
      await compose(`${master}42/`),
      await compose('job/feature/job/feature%252Fx/4/'),
      fromFile,
      { ...fromFile, branches: { kind: 'named', names: ['linux'] } } as const,
      {
        ...fromFile,
        branches: { kind: 'failed' },
        answers: { input: { 'go.WHERE': 'prod' }, decide: { '7': true } },
      } as const,
    ]) {
      const json = JSON.parse(JSON.stringify(recipe)) as object;
      assert.ok(validate(json), JSON.stringify(validate.errors));
      assert.deepEqual(parseRecipe(JSON.stringify(recipe)).commit, recipe.commit);
    }
    assert.equal(validate({ version: 2 }), false);
  });

  it('gives steps the variables that Jenkins gives', async () => {
    const { environment } = await compose(`${master}42/`);
    const url = `${jenkins.base}${master}42/`;
    assert.deepEqual(environment, {
      CI: 'true',
      BUILD_NUMBER: '42',
      BUILD_ID: '42',
      BUILD_DISPLAY_NAME: '#42',
      BUILD_TAG: 'jenkins-networking-cilium-master-42',
      BUILD_URL: url,
      JOB_NAME: 'networking/cilium/master',
      JOB_BASE_NAME: 'master',
      JOB_URL: `${jenkins.base}${master}`,
      RUN_DISPLAY_URL: `${url}display/redirect`,
      JENKINS_URL: jenkins.base,
      JENKINS_HOME: '/var/jenkins_home',
      GIT_COMMIT: sample.commits.broken,
      GIT_URL: sample.origin,
      GIT_BRANCH: 'master',
      BRANCH_NAME: 'master',
    });
  });

  it('keeps the escapes of a branch with a slash where Jenkins keeps them', async () => {
    const { environment } = await compose('job/feature/job/feature%252Fx/1/');
    assert.equal(environment['JOB_NAME'], 'feature/feature%2Fx');
    assert.equal(environment['BUILD_TAG'], 'jenkins-feature-feature%2Fx-1');
    assert.equal(environment['BRANCH_NAME'], 'feature/x');
  });

  it('takes a replayed run’s own text', async () => {
    const { jenkinsfile } = await compose('job/feature/job/feature%252Fx/1/');
    assert.equal(jenkinsfile.source, 'replay');
    assert.match(jenkinsfile.text, /replayed/);
  });

  it('falls back to the commands that the log recorded, marked as such', async () => {
    const recipe = await compose('job/feature/job/feature%252Fx/2/');
    assert.equal(recipe.jenkinsfile.source, 'recorded commands');
    const { items } = await makePlan(recipe, signal);
    assert.deepEqual(
      items.flatMap((item) => (item.kind === 'sh' ? [item.script] : [])),
      [`make\necho it's $HOME`, 'make check'],
    );
    assert.match(
      planDocument(recipe, await makePlan(recipe, signal)),
      /commands that the log recorded/,
    );
  });

  it('follows a Jenkinsfile that is a link, and takes parameters', async () => {
    const recipe = await compose('job/feature/job/feature%252Fx/4/', {
      parameters: { KERNEL: '5.2', NEW: '1' },
    });
    assert.match(recipe.jenkinsfile.text, /pipeline/);
    assert.deepEqual(
      recipe.parameters.map(({ name, value }) => [name, value]),
      [
        ['KERNEL', '5.2'],
        ['PASSWORD', undefined],
        ['DEBUG', true],
        ['NEW', '1'],
      ],
    );
  });

  it('is refused with a reason for a run without a commit, one that runs, and an unknown stage', async () => {
    await assert.rejects(compose('job/feature/job/feature%252Fx/3/'), /which commit/);
    await assert.rejects(compose('job/networking/job/cilium/job/PR-17/3/'), /still running/);
    await assert.rejects(
      compose(`${master}42/`, { select: { kind: 'stage', name: 'Deploy' } }),
      /no stage "Deploy"/,
    );
  });

  it('is refused when it is none, or of another version', () => {
    assert.throws(() => parseRecipe('{'), /not JSON/);
    assert.throws(() => parseRecipe('[]'), /not a recipe/);
    assert.throws(() => parseRecipe('{"version":2}'), /version 2/);
    assert.throws(() => parseRecipe('{"version":1}'), /lacks/);
  });
});

describe('A plan', () => {
  const { signal } = new AbortController();
  const recipe = (text: string, changes: Partial<Recipe> = {}): Recipe => ({
    version: 1,
    run: undefined,
    repository: { directory: '/r', remoteUrl: undefined },
    commit: 'a'.repeat(40),
    withChanges: false,
    jenkinsfile: { path: 'Jenkinsfile', text, source: 'working tree' },
    select: { kind: 'all' },
    environment: {},
    parameters: [],
    overrides: {},
    keep: 'never',
    timeout: undefined,
    ...changes,
  });

  it('shows each command with its directory and where each value comes from', async () => {
    const { items } = await makePlan(
      recipe(
        "pipeline { agent any\n environment { A = '1' }\n stages { stage('S') { environment { B = \"${A}2\" }\n steps { dir('sub') { sh 'make' } } } } }",
        { overrides: { C: 'mine' } },
      ),
      signal,
    );
    const sh = items.find((item) => item.kind === 'sh');
    assert.equal(sh?.directory, 'sub');
    assert.deepEqual(
      sh.changes.map(({ name, value, origin, line }) => [name, value, origin, line]),
      [
        ['A', '1', 'environment of the pipeline', 2],
        ['B', '12', 'environment of stage S', 3],
        ['C', 'mine', '--env', undefined],
      ],
    );
  });

  it('goes through the post that CI went through', async () => {
    const text =
      "pipeline { agent any\n stages { stage('S') { steps { sh 'make'; sh 'never' } } }\n post { failure { sh 'sad' }; success { sh 'glad' } } }";
    const failure = { stage: ['S'], command: 'make', exitCode: 2, tests: [], lines: [] };
    const run = {
      url: 'u',
      job: 'j',
      number: 1,
      result: 'FAILURE',
      branch: undefined,
      change: undefined,
      node: undefined,
      stages: [{ path: ['S'], state: 'failed' }],
      failure,
      previous: undefined,
    } as const;
    const scripts = async (changes: Partial<Recipe>): Promise<string[]> =>
      (await makePlan(recipe(text, changes), signal)).items.flatMap((item) =>
        item.kind === 'sh' ? [item.script] : [],
      );
    assert.deepEqual(await scripts({ run }), ['make', 'sad']);
    assert.deepEqual(
      await scripts({ run: { ...run, failure: { ...failure, command: undefined } } }),
      ['make', 'never', 'sad'],
    );
    assert.deepEqual(await scripts({}), ['make', 'never', 'glad']);
  });

  it('skips what CI skipped and never came to', async () => {
    const text =
      "pipeline { agent any\n stages { stage('A') { when { branch 'x' }\n steps { sh 'a' } }\n stage('B') { steps { sh 'b' } }\n stage('C') { steps { sh 'c' } } } }";
    const run = {
      url: 'u',
      job: 'j',
      number: 7,
      result: 'FAILURE',
      branch: undefined,
      change: undefined,
      node: undefined,
      stages: [
        { path: ['A'], state: 'skipped' },
        { path: ['B'], state: 'failed' },
        { path: ['C'], state: 'skipped' },
      ],
      failure: { stage: ['B'], command: undefined, exitCode: 1, tests: [], lines: [] },
      previous: undefined,
    } as const;
    const stages = async (changes: Partial<Recipe>): Promise<[string, boolean][]> =>
      (await makePlan(recipe(text, { run, ...changes }), signal)).items.flatMap(
        (item): [string, boolean][] =>
          item.kind === 'stage' ? [[item.stage.join(), item.runs]] : [],
      );
    assert.deepEqual(await stages({ select: { kind: 'failure' } }), [
      ['A', false],
      ['B', true],
      ['C', false],
    ]);
    assert.deepEqual(await stages({ select: { kind: 'stage', name: 'C' } }), [
      ['A', false],
      ['B', false],
      ['C', true],
    ]);
  });

  it('names credentials, steps that publish, steps it does not know, and values that only the world can give', async () => {
    const plan = await makePlan(
      recipe(
        "pipeline { agent any\n environment { T = credentials('tok')\n V = sh(script: 'git describe', returnStdout: true) }\n stages { stage('S') { steps { mail to: 'x'; frobnicate 3; sh 'make' } } } }",
      ),
      signal,
    );
    assert.deepEqual(plan.credentials, [
      { id: 'tok', kind: undefined, variables: ['T'], lines: [2] },
    ]);
    const named = plan.items.flatMap((item) =>
      item.kind === 'left out' || item.kind === 'cannot be repeated'
        ? [[item.kind, item.name, item.line]]
        : [],
    );
    assert.deepEqual(named, [
      ['left out', 'mail', 4],
      ['cannot be repeated', 'frobnicate', 4],
    ]);
    assert.match(planDocument(recipe(''), plan), /`V` depends on .* at line 3/);
  });

  it('lets nothing that a server says out of its code span', async () => {
    const evil = 'x`[click](command:evil) | <img src=x> **';
    const run = {
      url: 'http://h/',
      job: evil,
      number: 1,
      result: 'FAILURE',
      branch: evil,
      change: undefined,
      node: evil,
      stages: [],
      failure: undefined,
      previous: undefined,
    } as const;
    const made = recipe('pipeline { agent any; stages { stage("x") { steps { sh "true" } } } }', {
      run,
      environment: { JOB_NAME: evil },
    });
    const document = planDocument(made, await makePlan(made, signal));
    for (const line of document.split('\n').filter((one) => one.includes('command:evil')))
      assert.match(line, /``x`\[click\]\(command:evil\) ∣ <img src=x> \*\*``/);
  });
});
