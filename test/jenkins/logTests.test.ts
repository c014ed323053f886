import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createConsoleScanner } from '../../src/jenkins/consoleLog';
import { parseJUnit } from '../../src/jenkins/junit';
import { createLogScanner, type LogFindings } from '../../src/jenkins/logTests';

function scan(log: string, size = Infinity): LogFindings {
  const scanner = createLogScanner();
  const bytes = Buffer.from(log);
  for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size));
  return scanner.end();
}

function namesIn(log: string): string[] {
  return scan(log).failedTests.map(({ group, name }) => `${group}: ${name}`);
}

const GO = `=== RUN   TestPolicy
--- PASS: TestOther (0.00s)
--- FAIL: TestPolicy (0.20s)
    --- FAIL: TestPolicy/egress_deny (0.10s)
        policy_test.go:42: want DENIED
FAIL
FAIL\tgithub.com/cilium/cilium/pkg/policy\t0.213s
ok  \tgithub.com/cilium/cilium/pkg/maps\t0.1s
FAIL\tgithub.com/cilium/cilium/pkg/x [build failed]
`;

describe('the failing tests of a log', () => {
  it('are found for Go, with their package, and subtests instead of their parents', () => {
    assert.deepEqual(namesIn(GO), [
      'github.com/cilium/cilium/pkg/policy: TestPolicy/egress_deny',
      'github.com/cilium/cilium/pkg/x: build failed',
    ]);
  });

  it('are found for gocheck', () => {
    assert.deepEqual(namesIn('FAIL: policy_test.go:31: PolicySuite.TestEgress\n'), [
      'policy_test.go: PolicySuite.TestEgress',
    ]);
  });

  it('are found for both versions of Ginkgo', () => {
    const one =
      'Summarizing 1 Failure:\n\n[Fail] Policy egress [It] denies what it must \n/src/policy_test.go:12\n';
    const two =
      '  \u001b[38;5;9m[FAIL]\u001b[0m \u001b[0mPolicy \u001b[38;5;9m[It] denies\u001b[0m\n  [FAIL] Policy [BeforeEach] \n';
    assert.deepEqual(namesIn(one), ['Policy egress: denies what it must']);
    assert.deepEqual(namesIn(two), ['Policy: denies', 'Policy: BeforeEach']);
  });

  it('are found for pytest', () => {
    const log =
      'FAILED tests/test_a.py::TestB::test_c[x - y] - assert 1 == 2\nERROR tests/test_d.py - ImportError\nERROR: no such thing\n';
    assert.deepEqual(scan(log).failedTests, [
      { group: 'tests/test_a.py', name: 'TestB::test_c[x - y]', details: 'assert 1 == 2' },
      { group: 'tests/test_d.py', name: 'collection', details: 'ImportError' },
    ]);
  });

  it('are found behind timestamps, colours, the names of guests and CRLF', () => {
    for (const prefix of [
      '[2026-02-01T10:00:00.000Z] ',
      '10:00:00 ',
      '10:00:00.123  ',
      '    moat-42: ',
      '[2026-02-01T10:00:00.000Z]     moat-42: ',
      '\u001b[31m',
    ]) {
      assert.deepEqual(
        namesIn(`${prefix}--- FAIL: TestX (0.20s)\r\n${prefix}FAIL\ta/b\t0.2s\r\n`),
        ['a/b: TestX'],
        prefix,
      );
    }
  });

  it('are the same wherever the chunks are cut', () => {
    const expected = scan(GO);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: GO.length }), (size) =>
        assert.deepEqual(scan(GO, size), expected),
      ),
    );
  });

  it('do not grow without bounds, nor do lines', () => {
    const many = Array.from({ length: 5000 }, (_, at) => `--- FAIL: Test${at} (0.00s)\n`).join('');
    assert.equal(scan(many).failedTests.length, 1000);
    assert.deepEqual(namesIn(`${'x'.repeat(10_000_000)}\n--- FAIL: TestY (0.00s)`), [': TestY']);
  });

  it('come with the exit code that Jenkins reports', () => {
    assert.equal(scan('ERROR: script returned exit code 143\n').exitCode, 143);
    assert.equal(scan('all well\n').exitCode, undefined);
  });
});

describe('the commands of a log', () => {
  it('are kept with the end of what they printed, also across chunks', () => {
    const output = Array.from({ length: 5000 }, (_, line) => `line ${line}`).join('\n');
    const log = Buffer.from(
      `[Pipeline] stage\n[Pipeline] { (Build)\n[Pipeline] sh\n+ make all\n${output}\n[Pipeline] }\n[Pipeline] // stage\n`,
    );
    for (const size of [17, 1000, 65_536]) {
      const scanner = createConsoleScanner();
      for (let at = 0; at < log.length; at += size) scanner.push(log.subarray(at, at + size));
      const [command] = scanner.end().commands;
      assert.equal(command?.text, 'make all');
      assert.deepEqual(command.stage, ['Build']);
      assert.equal(command.output.length, 20);
      assert.equal(command.output.at(-1), 'line 4999');
    }
  });

  it('that a script does not show leave what it printed', () => {
    const scanner = createConsoleScanner();
    scanner.push(Buffer.from('[Pipeline] { (Build)\n[Pipeline] sh\nboom\n[Pipeline] }\n'));
    const expected = { text: undefined, stage: ['Build'], output: ['boom'] };
    assert.deepEqual(scanner.end().commands, [expected]);
  });

  it('after "Post stage" do not hide the one that failed', () => {
    const scanner = createConsoleScanner();
    scanner.push(
      Buffer.from(
        '[Pipeline] { (Build)\n[Pipeline] sh\n+ make\nboom\nPost stage\n[Pipeline] sh\n+ tidy\n[Pipeline] }\n',
      ),
    );
    assert.deepEqual(
      scanner.end().commands.map(({ text }) => text),
      ['make'],
    );
  });
});

describe('a JUnit file', () => {
  it('tells what failed, passed and was skipped', () => {
    const xml = `<?xml version="1.0"?><testsuites><testsuite name="s">
      <testcase classname="a.B" name="ok"/>
      <testcase classname="a.B" name="bad"><failure message="want 1 &amp; 2">at a.go:3</failure><system-out>noise</system-out></testcase>
      <testcase name="worse"><error><![CDATA[boom <x>]]></error></testcase>
      <testcase name="later"><skipped/></testcase>
    </testsuite></testsuites>`;
    assert.deepEqual(parseJUnit(xml), {
      failed: [
        { group: 'a.B', name: 'bad', details: 'want 1 & 2\nat a.go:3' },
        { group: 's', name: 'worse', details: 'boom <x>' },
      ],
      passed: 1,
      skipped: 1,
    });
  });

  it('that breaks off tells what came before, and what is no XML tells nothing', () => {
    const cut =
      '<testsuite name="s"><testcase name="a"><failure>x</failure></testcase><testcase name="b"><fail';
    assert.deepEqual(
      parseJUnit(cut).failed.map(({ name }) => name),
      ['a'],
    );
    for (const text of ['', 'hello', '{"a":1}', '<html><body>&nbsp;', '\u0000']) {
      assert.deepEqual(parseJUnit(text), { failed: [], passed: 0, skipped: 0 });
    }
  });
});
