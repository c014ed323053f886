import assert from 'node:assert/strict';
import { judge, type Observation } from '../../src/reproduce/verdict';
import { findTrouble } from '../../src/machines/vagrant';
import { recipeFor, runFacts } from './recipes';

describe('The verdict', () => {
  const test = (name: string, group = '') => ({ group, name, details: undefined });
  const egress = test('TestPolicyEgressDeny');
  const failed = {
    stage: ['Build'],
    script: './start.sh',
    exitCode: 1,
    timedOut: false,
    message: '',
  };
  const seen = (changes: Partial<Observation> = {}): Observation => ({
    failure: failed,
    failedTests: [egress],
    outcome: 'FAILURE',
    ranSteps: true,
    cancelled: false,
    trouble: undefined,
    falseGreen: false,
    caveats: [],
    error: undefined,
    ...changes,
  });
  const passed = { failure: undefined, failedTests: [], outcome: 'SUCCESS' } as const;
  const sentence = (observation: Observation, recipe = recipeFor()): string =>
    judge(recipe, observation).sentence;

  it('is reproduced when the same test failed in the same stage', () => {
    assert.equal(sentence(seen()), 'reproduced: Build failed as in #42, same test');
  });
  it('knows a test by its name when one side does not tell its package', () => {
    assert.match(
      sentence(seen({ failedTests: [test('TestPolicyEgressDeny', 'pkg/policy')] })),
      /same test$/,
    );
  });
  it('names what differs when only some of the tests are the same', () => {
    const run = runFacts({ tests: [egress, test('TestOther')] });
    const verdict = judge(recipeFor({ run }), seen({ failedTests: [egress, test('TestNew')] }));
    assert.equal(verdict.sentence, 'reproduced: Build failed as in #42, 1 of 2 tests the same');
    assert.deepEqual(verdict.details, ['only in #42: TestOther', 'only here: TestNew']);
  });
  it('is another failure in another test, another stage, with another exit code, or by time', () => {
    assert.match(
      sentence(seen({ failedTests: [test('TestNew')] })),
      /^another failure: Build failed in other tests/,
    );
    assert.match(
      sentence(seen({ failedTests: [] })),
      /^another failure: Build failed here without the failing test/,
    );
    assert.match(
      sentence(seen({ failure: { ...failed, stage: ['Deploy'] } })),
      /^another failure: Deploy failed here, Build in #42/,
    );
    const run = runFacts({ tests: [] });
    assert.match(
      sentence(seen({ failedTests: [], failure: { ...failed, exitCode: 2 } }), recipeFor({ run })),
      /exit code 2 here, 1 in #42/,
    );
    assert.match(
      sentence(seen({ failure: { ...failed, exitCode: undefined, timedOut: true } })),
      /^another failure: Build timed out here/,
    );
  });
  it('is reproduced by stage and exit code where no test is known', () => {
    const run = runFacts({ tests: [] });
    assert.equal(
      sentence(seen({ failedTests: [] }), recipeFor({ run })),
      'reproduced: Build failed as in #42, exit code 1',
    );
  });
  it('is reproduced when both timed out', () => {
    const run = runFacts({ tests: [], exitCode: undefined }, { result: 'ABORTED' });
    const timedOut = { ...failed, exitCode: undefined, timedOut: true };
    assert.equal(
      sentence(
        seen({ failedTests: [], failure: timedOut, outcome: 'ABORTED' }),
        recipeFor({ run }),
      ),
      'reproduced: Build timed out as in #42',
    );
  });
  it('finds the stage again where the server knows no parents', () => {
    assert.match(
      sentence(seen({ failure: { ...failed, stage: ['Tests', 'Build'] } })),
      /^reproduced/,
    );
  });
  it('says in its own sentence when it was not as CI ran it', () => {
    const caveats = ['line 3 wants a pod: its steps ran on this machine'];
    const verdict = judge(recipeFor(), seen({ caveats }));
    assert.equal(verdict.kind, 'reproduced');
    assert.match(verdict.sentence, /same test \(not as CI ran it, see below\)$/);
    assert.deepEqual(verdict.details, caveats);
    assert.equal(sentence(seen({ caveats, cancelled: true })), 'cancelled');
  });

  it('passes here when nothing failed', () => {
    assert.equal(sentence(seen(passed)), 'passed here: Build failed in #42');
  });
  it('never takes a machine that was provisioned before for a pass', () => {
    assert.match(
      sentence(seen({ ...passed, falseGreen: true })),
      /^could not run: .*already provisioned/,
    );
  });
  it('does not call what Vagrant could not do a failure of the run', () => {
    const trouble = findTrouble(
      'No usable default provider could be found for your system.\n\nVagrant relies on interactions with 3rd party systems',
    );
    const verdict = judge(recipeFor(), seen({ failedTests: [], trouble }));
    assert.equal(verdict.kind, 'could not run');
    assert.match(verdict.details.join(), /Install VirtualBox/);
  });
  it('says cancelled above all, and could not run when no step was', () => {
    assert.equal(sentence(seen({ cancelled: true })), 'cancelled');
    assert.match(sentence(seen({ ...passed, ranSteps: false })), /^could not run: no step was run/);
  });
  it('is only passed or failed without a run', () => {
    const recipe = recipeFor({ run: undefined });
    assert.equal(sentence(seen(passed), recipe), 'passed: every stage passed');
    assert.equal(sentence(seen(), recipe), 'failed: Build failed with exit code 1');
  });
});

describe("Vagrant's troubles", () => {
  // Words as Vagrant 2.3.4 printed them, broken into lines.
  const words: readonly [string, string][] = [
    [
      'BoxAddShortNotFound',
      "The box 'nosuch' could not be found or\ncould not be accessed in the remote catalog.",
    ],
    [
      'ProviderNotUsable',
      "The provider 'virtualbox' that was requested to back the machine\n'ci-42' is reporting that it isn't usable on this system.",
    ],
    [
      'ProviderNotFound',
      "The provider 'libvirt' could not be found, but was requested to\nback the machine 'ci-42'.",
    ],
    ['NameTaken', '==> ci-42: Name `sample_ci-42` of domain about to create is already taken.'],
    ['EarlyStage', 'Vagrant failed to initialize at a very early stage:'],
  ];
  for (const [name, text] of words)
    it(`are told apart: ${name}`, () => {
      assert.equal(findTrouble(text)?.class, name);
    });
  it('are not a failing provisioner', () => {
    assert.equal(
      findTrouble(
        'The SSH command responded with a non-zero exit status. Vagrant\nassumes that this means the command failed.',
      ),
      undefined,
    );
  });
});
