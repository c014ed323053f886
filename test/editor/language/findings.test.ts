import assert from 'node:assert/strict';
import { findingsOf, type Finding } from '../../../src/editor/language/findings';
import type { Run } from '../../../src/jenkins/run';
import type { StageRecord } from '../../../src/editor/jenkinsfiles/stageResults';
import { inSteps, marked } from '../../pipeline/marked';

function findings(source: string, history?: StageRecord): Finding[] {
  return findingsOf(marked(`${source}‸`).symbols, () => history);
}

/** Those of a kind, as `severity text`. */
function told(source: string, code: Finding['code']): string[] {
  return findings(source)
    .filter((each) => each.code === code)
    .map(({ severity, range }) => `${severity} ${source.slice(range.start, range.end)}`);
}

describe('Diagnostics of undefined variables', () => {
  const undefinedIn = (source: string): string[] => told(source, 'undefined-variable');

  it('warn of a name in a string that nothing defines', () => {
    assert.deepEqual(undefinedIn(inSteps('echo "a ${nothing}"')), ['warning nothing']);
  });

  it('say what Jenkins does: the text null in a directive, an error in a step', () => {
    const inDirective = findings(inSteps("sh 'x'", 'environment { A = "x-${nothing}" }'));
    assert.match(inDirective[0]?.message ?? '', /puts the text "null"/);
    const inStep = findings(inSteps('echo "${nothing}"'));
    assert.match(inStep[0]?.message ?? '', /MissingPropertyException/);
  });

  it('offer the name that was meant', () => {
    const source = inSteps('echo "${versoin}"', "environment { version = '1' }");
    const [first] = findings(source);
    assert.equal(first?.fixes[0]?.text, 'version');
    assert.match(first.message, /Did you mean version\?/);
  });

  it('offer to leave a name in a script to the shell', () => {
    const source = inSteps('sh "for i in 1 2; do echo $i ${i}; done"');
    const fixes = findings(source).map(({ fixes: [fix] }) => fix);
    assert.deepEqual(
      fixes.map((fix) => fix?.text),
      ['\\', '\\'],
    );
    const [first, second] = fixes;
    assert.ok(first && second);
    assert.equal(source.slice(first.place.start, first.place.start + 2), '$i');
    assert.equal(source.slice(second.place.start, second.place.start + 4), '${i}');
  });

  it('only inform where the server’s configuration is likely to define it', () => {
    assert.deepEqual(undefinedIn(inSteps('echo "${NEXUS_URL}"')), ['information NEXUS_URL']);
  });

  it('know what is defined: keys, parameters, locals, axes, Jenkins’ own, credentials’ parts', () => {
    const top = `environment { A = '1'; B = "\${A}"; C = credentials('c') }
      parameters { string(name: 'P') }`;
    const steps = `echo "\${A} \${B} \${P} \${C_USR} \${BUILD_NUMBER} \${env.ANY} \${HOME} \${WORKSPACE}"
      script { def x = 1; y = 2; echo "\${x} \${y}"; [1].each { echo "\${it}" } }`;
    assert.deepEqual(undefinedIn(inSteps(steps, top)), []);
  });

  it('say nothing where something may define it', () => {
    for (const before of [
      "@Library('x') _\n",
      "def lib = load 'x.groovy'\n",
      "def f() { env[name] = 'x' }\n",
      'def f() { withEnv(list) { } }\n',
      "def f() { env.nothing = 'x' }\n",
    ])
      assert.deepEqual(undefinedIn(`${before}${inSteps('echo "${nothing}"')}`), [], before);
  });

  it('say nothing of globals that a library may bring, of closures with a delegate, and of scripted files', () => {
    assert.deepEqual(undefinedIn(inSteps('echo "${utils.version()}"')), []);
    assert.deepEqual(undefinedIn(inSteps('script { x.with { echo "${name}" } }')), []);
    assert.deepEqual(undefinedIn('node { echo "${nothing}" }'), []);
  });

  it('say nothing while the file cannot be read', () => {
    assert.deepEqual(undefinedIn('pipeline { stages { echo "${nothing}"'), []);
  });

  it('warn of a parameter that is not declared, where some are', () => {
    const top = "parameters { string(name: 'P') }";
    assert.deepEqual(undefinedIn(inSteps('echo "${params.Q}"', top)), ['warning Q']);
    assert.deepEqual(undefinedIn(inSteps('echo "${params.Q}"')), []);
  });

  it('warn of env.X that is a slip of a known one', () => {
    assert.deepEqual(undefinedIn(inSteps('echo env.BUILD_NUMBR')), ['warning BUILD_NUMBR']);
    assert.deepEqual(undefinedIn(inSteps('echo env.SOMETHING_ELSE')), []);
    assert.deepEqual(undefinedIn(inSteps('script { def version = env.VERSION }')), []);
  });
});

describe('Diagnostics of what is written', () => {
  it('are errors where it cannot be read', () => {
    const [first] = findings("node { sh 'x }");
    assert.equal(first?.severity, 'error');
    assert.equal(first.code, 'syntax');
  });

  it('are errors where Jenkins refuses the structure', () => {
    const found = findings('pipeline { agent any\n stages { } }').filter(
      ({ code }) => code === 'structure',
    );
    assert.ok(found.length > 0);
    assert.ok(found.every(({ severity }) => severity === 'error'));
  });

  it('are hints on steps that a reproduction does not repeat', () => {
    assert.deepEqual(told(inSteps("mail to: 'x'\nsh 'y'"), 'not-repeated'), ['hint mail']);
  });

  it('are none where only a run tells', () => {
    const source = inSteps(
      'checkout scm\ncheckout([$class: "GitSCM", url: where])\ngit url: "${x}"',
    );
    assert.deepEqual(told(source, 'not-repeated'), []);
  });

  it('are none on functions of the file, on directives, and on what may be a library’s', () => {
    assert.deepEqual(told(`def mail(x) { }\n${inSteps('mail 1')}`, 'not-repeated'), []);
    assert.deepEqual(told(inSteps('', 'options { quietPeriod(1) }'), 'not-repeated'), []);
    assert.deepEqual(told(inSteps('deployIt()'), 'not-repeated'), []);
  });
});

describe('Diagnostics of timeouts', () => {
  const run = { number: 42 } as unknown as Run;
  const record = (state: 'passed' | 'aborted', durationMs: number): StageRecord => ({
    results: [{ run, state, startedAt: 0, durationMs, cells: [] }],
    medianMs: durationMs,
  });
  const source = inSteps('', "options { timeout(time: 10, unit: 'MINUTES') }");
  const timeouts = (history: StageRecord): Finding[] =>
    findings(source, history).filter(({ code }) => code === 'timeout');

  it('inform when CI comes close, with the figures', () => {
    const [first] = timeouts(record('passed', 9 * 60_000));
    assert.equal(first?.severity, 'information');
    assert.match(first.message, /The limit is 10 min.* took 9 min \(#42\)/);
  });

  it('warn when it was met', () => {
    const [first] = timeouts(record('aborted', 10 * 60_000));
    assert.equal(first?.severity, 'warning');
    assert.match(first.message, /#42 was aborted at it/);
  });

  it('are none when there is time enough', () => {
    assert.deepEqual(timeouts(record('passed', 60_000)), []);
  });
});
