import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import type { ConnectOptions } from '../../src/jenkins/http';
import { isJenkinsError, JenkinsError } from '../../src/jenkins/jenkinsError';
import { parseLint } from '../../src/jenkins/lint';
import { startJenkins, type JenkinsDouble, type JenkinsOptions } from '../bed/jenkins/double';

const VALID = 'Jenkinsfile successfully validated.\n';
const INVALID = `Errors encountered validating Jenkinsfile:
WorkflowScript: 3: Missing required section "agent" @ line 3, column 1.
   pipeline {
   ^

WorkflowScript: 7: Unknown stage section "step". Starting with version 0.5, steps in a stage must be in a ‘steps’ block. @ line 7, column 5.
       stage('A') {
       ^

`;

describe("the answer of Jenkins' linter", () => {
  it('says that a file is valid', () => {
    assert.deepEqual(parseLint(VALID), { kind: 'valid' });
    assert.deepEqual(parseLint(VALID.replace('\n', '\r\n')), { kind: 'valid' });
  });

  it('tells each error with its place', () => {
    const answer = parseLint(INVALID);
    assert.ok(answer.kind === 'invalid');
    assert.deepEqual(answer.errors[0], {
      message: 'Missing required section "agent"',
      line: 3,
      column: 1,
    });
    assert.deepEqual([answer.errors[1]?.line, answer.errors[1]?.column], [7, 5]);
    assert.equal(answer.errors.length, 2);
  });

  it('tells an error without a column by the line at its beginning', () => {
    assert.deepEqual(parseLint('WorkflowScript: 12: unexpected token: }\n'), {
      kind: 'invalid',
      errors: [{ message: 'unexpected token: }', line: 12, column: undefined }],
    });
  });

  it('tells an error without any place', () => {
    assert.deepEqual(parseLint('WorkflowScript: something is wrong'), {
      kind: 'invalid',
      errors: [{ message: 'something is wrong', line: undefined, column: undefined }],
    });
  });

  it('keeps a message of several lines together', () => {
    const answer = parseLint(
      'WorkflowScript: 2: Invalid agent, must be one of:\n  any\n  none @ line 2, column 9.\n  agent x\n',
    );
    assert.deepEqual(answer, {
      kind: 'invalid',
      errors: [{ message: 'Invalid agent, must be one of:\n  any\n  none', line: 2, column: 9 }],
    });
  });

  it('does not take the source below an error for a message', () => {
    const answer = parseLint(
      'WorkflowScript: 2: expecting "}" @ line 2, column 3.\n   echo "WorkflowScript: 9: not an error"\n',
    );
    assert.equal(answer.kind === 'invalid' && answer.errors.length, 1);
  });

  it('says that a scripted pipeline is none that it knows', () => {
    const text = "Jenkinsfile content 'node { }' did not contain the 'pipeline' step\n";
    assert.deepEqual(parseLint(text), { kind: 'scripted' });
  });

  it('does not take a scripted file for an invalid one', () => {
    const text =
      "Errors encountered validating Jenkinsfile:\ndid not contain the 'pipeline' step\n";
    assert.deepEqual(parseLint(text), { kind: 'scripted' });
  });

  it('that cannot be read is told in its own words', () => {
    assert.deepEqual(parseLint('  No Jenkinsfile specified \n'), {
      kind: 'unclear',
      text: 'No Jenkinsfile specified',
    });
    assert.deepEqual(parseLint(''), { kind: 'unclear', text: '' });
  });

  it('that is endless is cut off', () => {
    const answer = parseLint(`x${' '.repeat(3_000_000)}WorkflowScript: 1: a @ line 1, column 1.`);
    assert.equal(answer.kind, 'unclear');
  });

  it('of thousands of errors is read in time in proportion', () => {
    const answer = parseLint('WorkflowScript: 1: broken\n'.repeat(40_000));
    assert.equal(answer.kind === 'invalid' && answer.errors.length, 40_000);
  });
});

describe("asking Jenkins' linter", () => {
  const { signal } = new AbortController();
  const users = { ada: { token: 't0ken', password: 'pass' } };

  async function asking(
    connection: Partial<ConnectOptions>,
    options: Partial<JenkinsOptions>,
    test: (jenkins: JenkinsDouble, lint: (text: string) => Promise<unknown>) => Promise<void>,
  ): Promise<void> {
    await using jenkins = await startJenkins({
      world: { jobs: [] },
      users,
      linter: (text) => (text.includes('agent') ? VALID : INVALID),
      ...options,
    });
    using client = connect({ base: jenkins.base, ...connection });
    await test(jenkins, (text) => client.lint(text, signal));
  }

  function paths({ requests }: JenkinsDouble): string[] {
    return requests.map(({ method, path }) => `${method} ${path.replace('/jenkins/', '')}`);
  }

  const POST = 'POST pipeline-model-converter/validate';
  const CRUMB = 'GET crumbIssuer/api/json';

  it('takes one request with an API token', () =>
    asking({ user: 'ada', token: 't0ken' }, {}, async (jenkins, lint) => {
      assert.deepEqual(await lint('pipeline { agent any }'), { kind: 'valid' });
      assert.deepEqual(paths(jenkins), [POST]);
    }));

  it('sends the text as it is', () =>
    asking(
      { user: 'ada', token: 't0ken' },
      { linter: (text) => `got ${text}` },
      async (_, lint) => {
        const text = 'a & b=c\n+ "ü" 100%';
        assert.deepEqual(await lint(text), { kind: 'unclear', text: `got ${text}` });
      },
    ));

  it('fetches a crumb with its session for a password', () =>
    asking({ user: 'ada', token: 'pass' }, {}, async (jenkins, lint) => {
      assert.equal(((await lint('pipeline { }')) as { kind: string }).kind, 'invalid');
      assert.deepEqual(paths(jenkins), [POST, CRUMB, POST]);
      const { headers } = jenkins.requests[2] ?? {};
      assert.match(headers?.cookie ?? '', /^JSESSIONID=\w+$/);
    }));

  it('fetches a crumb for those who have not signed in', () =>
    asking({}, {}, async (jenkins, lint) => {
      assert.deepEqual(await lint('agent'), { kind: 'valid' });
      assert.deepEqual(paths(jenkins), [POST, CRUMB, POST]);
    }));

  it('says that it is not there where the plugin is missing', () =>
    asking({ user: 'ada', token: 't0ken' }, { linter: undefined! }, async (_, lint) => {
      await assert.rejects(lint('agent'), (error) => {
        return error instanceof JenkinsError && error.kind === 'not-found';
      });
    }));

  it('says so where the user may not, and asks for no crumb then', () =>
    asking({ user: 'ada', token: 't0ken' }, {}, async (jenkins, lint) => {
      jenkins.fault(/validate/, '403');
      await assert.rejects(lint('agent'), (error) => {
        return error instanceof JenkinsError && error.kind === 'forbidden';
      });
      assert.deepEqual(paths(jenkins), [POST]);
    }));

  it('gives up where no crumb is to be had', () =>
    asking({ user: 'ada', token: 'pass' }, {}, async (jenkins, lint) => {
      jenkins.fault(/crumbIssuer/, '404');
      await assert.rejects(lint('agent'), JenkinsError);
      assert.deepEqual(paths(jenkins), [POST, CRUMB]);
    }));

  it('reads no endless answer', () =>
    asking({ user: 'ada', token: 't0ken' }, {}, async (jenkins, lint) => {
      jenkins.fault(/validate/, 'huge');
      await assert.rejects(lint('agent'), (error) => isJenkinsError(error, 'too-large'));
    }));
});
