import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Secrets } from '../../src/base/secretChannel';
import { createMask } from '../../src/reproduce/mask';
import { maskError, maskJournal } from '../../src/reproduce/maskedRecord';
import { StepError } from '../../src/pipeline/effects';
import { UserError } from '../../src/base/errors';
import type { NewEvent } from '../../src/reproduce/journal';
import { program } from '../cli/program';
import { runFacts } from './recipes';
import { openWorkshop, type Person, type Seen, type Workshop } from './workshop';

const CANARY = 'c4nary-7f3a';
const secrets: Secrets = { token: { kind: 'text', text: CANARY } };

describe('A secret in what a reproduction shows and records', () => {
  let shop: Workshop;
  beforeEach(() => (shop = openWorkshop()));
  afterEach(() => shop[Symbol.dispose]());

  /** Runs it, and looks for the secret wherever it could have come. */
  const runWatched = async (body: string, person: Person = {}): Promise<Seen & { all: string }> => {
    const asked: string[] = [];
    const seen = await shop.run(
      `node { withCredentials([string(credentialsId: 'token', variable: 'TOKEN')]) {\n${body}\n} }`,
      { secrets, ...person, answer: (question) => void asked.push(question) },
    );
    const { files, output, said, events, verdict } = seen;
    const places = {
      journal: readFileSync(files.journal, 'utf8'),
      log: existsSync(files.output) ? readFileSync(files.output, 'utf8') : '',
      list: execFileSync(program[0] ?? '', [...program.slice(1), 'list', '--json'], {
        encoding: 'utf8',
      }),
      show: execFileSync(program[0] ?? '', [...program.slice(1), 'show', files.id], {
        encoding: 'utf8',
      }),
      ...{ output, said, events: JSON.stringify(events), verdict: JSON.stringify(verdict) },
      asked: asked.join('\n'),
    };
    for (const [place, text] of Object.entries(places))
      assert.ok(!text.includes(CANARY), `${place} holds the secret: ${text}`);
    return { ...seen, all: Object.values(places).join('\n') };
  };

  it('is nowhere when stages, branches, scripts, notices, tests and questions are full of it', async () => {
    const { verdict, all } = await runWatched(`
      stage("stage \${TOKEN}") {
        echo "echo \${TOKEN}"
        sh "echo script \${TOKEN}"
        sh 'echo "--- FAIL: Test_$TOKEN (0.00s)"; echo "    at_test.go:1: $TOKEN"'
        sh """cat > report.xml <<END
<testsuite name="suite \${TOKEN}"><testcase classname="class \${TOKEN}" name="case \${TOKEN}">
<failure message="message \${TOKEN}">stack \${TOKEN}</failure></testcase></testsuite>
END
mkdir 'kept \${TOKEN}'; touch 'kept \${TOKEN}/file'; ln -s /nowhere 'kept \${TOKEN}/link'"""
        junit 'report.xml'
        archiveArtifacts 'kept*/**'
        unstable("unstable \${TOKEN}")
        catchError(message: "caught \${TOKEN}") { error "error \${TOKEN}" }
        try { readFile "file \${TOKEN}" } catch (ignored) { echo "why \${ignored.message}" }
        mail to: "\${TOKEN}", subject: "\${TOKEN}", body: ''
        emailext body: "\${TOKEN}"
        build job: "job \${TOKEN}"
        parallel(["branch \${TOKEN}": { sh 'echo side by side' }, other: { sh 'echo side by side' }])
      }
      stage("last \${TOKEN}") { error "failed with \${TOKEN}" }
    `);
    assert.equal(verdict.kind, 'failed');
    assert.ok(verdict.failedTests.some(({ name }) => name === 'case ****'));
    assert.match(all, /stage \*{4}/);
    assert.match(all, /\[branch \*{4}\] side by side/);
    assert.match(all, /error \*{4}/);
  });

  it('is nowhere when it cannot run, and the reason holds it', async () => {
    const { verdict } = await runWatched(`input message: "go with \${TOKEN}?"`);
    assert.equal(verdict.sentence, 'could not run: The Jenkinsfile asks at line 2: go with ****?');
    await runWatched(`withCredentials([string(credentialsId: "\${TOKEN}", variable: 'X')]) { }`);
    await runWatched(`stage('S') { stash name: "s \${TOKEN}", includes: "\${TOKEN}/*" }`);
    await runWatched(`stage('S') { unstash "\${TOKEN}" }`);
    await runWatched(`stage('S') { lock("\${TOKEN}") { sh 'echo "$TOKEN"; exit 3' } }`);
    await runWatched(`stage('S') { sh(script: 'exit 3', label: "\${TOKEN}") }`);
  });

  it('does not hinder the comparison of tests', async () => {
    const run = runFacts({
      stage: ['S'],
      tests: [{ group: '', name: 'Test_****', details: undefined }],
    });
    const { verdict } = await runWatched(
      `stage('S') { sh 'echo "--- FAIL: Test_$TOKEN (0.00s)"; exit 1' }`,
      { recipe: (recipe) => ({ ...recipe, run }) },
    );
    assert.equal(verdict.kind, 'reproduced', verdict.sentence);
  });

  it('is masked in every text of the journal, but not where something has to be found again', () => {
    const written: NewEvent[] = [];
    const plain = {
      append: (event: NewEvent) => void written.push(event),
      [Symbol.dispose]: () => 0,
    };
    const journal = maskJournal(plain, createMask(['passed', 'intent', 'stop']));
    const where = '/home/passed/intent';
    journal.append({ type: 'intent', what: 'worktree', where });
    journal.append({ type: 'gone', what: 'worktree', where });
    journal.append({ type: 'stage', path: ['passed'], state: 'passed', why: 'stop it' });
    assert.deepEqual(written, [
      { type: 'intent', what: 'worktree', where },
      { type: 'gone', what: 'worktree', where },
      { type: 'stage', path: ['****'], state: 'passed', why: '**** it' },
    ]);
  });

  it('is masked in errors, their advice, their causes and their stacks', () => {
    const cause = new AggregateError([new StepError(`inner ${CANARY}`)], `cause ${CANARY}`);
    const error = new UserError(`outer ${CANARY}`, { advice: `advice ${CANARY}`, cause });
    assert.equal(maskError(error, createMask([CANARY])), error);
    for (const one of [error, cause, ...(cause.errors as Error[])]) {
      assert.ok(!`${one.message}${one.stack}`.includes(CANARY));
      assert.match(one.message, /\*{4}/);
    }
    assert.equal(error.advice, 'advice ****');
  });
});
