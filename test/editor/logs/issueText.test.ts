import assert from 'node:assert/strict';
import { issueText, type Report } from '../../../src/editor/logs/issueText';
import type { Diagnosis } from '../../../src/jenkins/diagnosis';
import { runWith } from '../runs/runs';

const diagnosis: Diagnosis = {
  ...{ kind: 'command', stage: ['Test', 'VM'], step: 'sh', command: './test.sh', exitCode: 1 },
  ...{ message: 'want 1, got 2', evidence: [] },
};

function text(
  rest: Partial<Report> & { readonly parameters?: Report['run']['parameters'] },
): string {
  const { parameters = [], ...others } = rest;
  const run = { ...runWith({ number: 42 }), parameters };
  return issueText({
    run,
    diagnosis,
    tests: [],
    environment: [],
    lines: [],
    firstLine: 1,
    ...others,
  });
}

describe('the text of an issue', () => {
  it('tells run, stage, command and what it said', () => {
    const told = text({ tests: [{ group: 'pkg', name: 'TestX', details: undefined }] });
    assert.match(told, /^- Run: `.* #42`: <http/);
    for (const words of ['Test / VM', './test.sh', 'want 1, got 2', 'pkg: TestX'])
      assert.ok(told.includes(`\`${words}\``), words);
  });

  it('holds the log in a fence that nothing in it can end', () => {
    const told = text({ lines: ['a', '```', '`````x', '\u001b[31mb\u0007'], firstLine: 7 });
    assert.match(told, /### Log, from line 7\n\n``````text\na\n```\n`````x\n\[31mb\n``````\n$/);
  });

  it('lets no word of the server be Markdown', () => {
    const told = text({ diagnosis: { ...diagnosis, command: '`x` [a](b)\n# h' } });
    assert.ok(told.includes('- First failing command: `` `x` [a](b) # h ``'));
  });

  it('tells parameters, and no password', () => {
    const told = text({
      parameters: [
        { name: 'MEMORY', value: '4096', kind: 'StringParameterValue' },
        { name: 'TOKEN', value: undefined, kind: 'PasswordParameterValue' },
        { name: 'SECRET', value: 'hunter2', kind: 'PasswordParameterValue' },
      ],
    });
    assert.ok(told.includes('| `MEMORY` | `4096` | `parameter` |'));
    assert.ok(told.includes('| `TOKEN` | `****` | `parameter` |'));
    assert.doesNotMatch(told, /hunter2/);
  });

  it('tells the environment of the stage, and masks what is called like a secret', () => {
    const from = 'environment of stage Test';
    const told = text({
      environment: [
        { name: 'MEMORY', value: '4096', from },
        { name: 'PATTERN', value: 'a|`b`\n| x |', from },
        { name: 'API_KEY', value: 'hunter2', from },
      ],
    });
    assert.ok(
      told.includes(
        [
          '### What CI had\n',
          '| Name | Value | From |',
          '| --- | --- | --- |',
          '| `MEMORY` | `4096` | `environment of stage Test` |',
          '| `PATTERN` | `` a\\|`b` \\| x \\| `` | `environment of stage Test` |',
          '| `API_KEY` | `****` | `environment of stage Test` |\n',
        ].join('\n'),
      ),
      told,
    );
  });

  it('has no table where nothing is known', () => {
    assert.doesNotMatch(text({}), /What CI had/);
  });
});
