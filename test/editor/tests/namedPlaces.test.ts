import assert from 'node:assert/strict';
import {
  byLikeness,
  definedAt,
  filesOf,
  placesIn,
  shortName,
} from '../../../src/editor/tests/namedPlaces';

describe('the places that the words of a test name', () => {
  const first = (words: string): string => {
    const [place] = placesIn(words);
    return place ? `${place.file}:${place.line}${place.label ? ` ${place.label}` : ''}` : 'none';
  };

  it('are those of Go, gocheck, Ginkgo, pytest, scripts and compilers', () => {
    assert.equal(first('    policy_test.go:42: want DENIED'), 'policy_test.go:42');
    assert.equal(first('FAIL: policy_test.go:31: PolicySuite.TestEgress'), 'policy_test.go:31');
    assert.equal(first('/vagrant/test/k8s/net_test.go:12'), '/vagrant/test/k8s/net_test.go:12');
    assert.equal(first('\t/src/a.go:88 +0x1f'), '/src/a.go:88');
    assert.equal(first('tests/test_a.py:7: AssertionError'), 'tests/test_a.py:7');
    assert.equal(first('./policy_test.sh:53: want DENIED'), 'policy_test.sh:53');
    assert.equal(first('bpf/lib/x.h:9:3: error: unknown'), 'bpf/lib/x.h:9');
  });

  it('are the frames of Java, Python, JavaScript and .NET, with their functions', () => {
    assert.equal(
      first('\tat org.acme.PolicyTest.denies(PolicyTest.java:12)'),
      'PolicyTest.java:12 org.acme.PolicyTest.denies',
    );
    assert.equal(first('  File "/src/test_a.py", line 12, in test_b'), '/src/test_a.py:12 test_b');
    assert.equal(
      first('    at Policy.denies (file:///src/policy.test.ts:12:5)'),
      '/src/policy.test.ts:12 Policy.denies',
    );
    assert.equal(
      first('   at Acme.PolicyTest.Denies() in C:\\src\\PolicyTest.cs:line 12'),
      'C:/src/PolicyTest.cs:12 Acme.PolicyTest.Denies',
    );
  });

  it('are no times, versions, ports or plain numbers', () => {
    for (const words of [
      'at 10:31:05',
      'go 1.22.3: fine',
      'dial 10.0.0.1:8080',
      'exit code: 3',
      '',
    ])
      assert.equal(first(words), 'none', words);
  });

  it('are told once each, and not of thousands of lines', () => {
    assert.equal(placesIn('a.go:1: x\na.go:1: y\nb.go:2').length, 2);
    const many = Array.from({ length: 5000 }, (_, at) => `a.go:${at}`).join('\n');
    assert.equal(placesIn(many).length, 30);
  });
});

describe("the file of a test's group", () => {
  it('is the file itself, a class, a module, or one of a Go package', () => {
    assert.deepEqual(filesOf('policy_test.go'), [
      { glob: '**/policy_test.go', path: 'policy_test.go' },
    ]);
    assert.equal(filesOf('tests/test_a.py')[0]?.glob, '**/test_a.py');
    assert.deepEqual(filesOf('org.acme.PolicyTest$Inner'), [
      { glob: '**/PolicyTest.{java,kt,groovy,scala,cs}', path: 'org/acme/PolicyTest' },
    ]);
    assert.deepEqual(filesOf('tests.unit.test_a.TestB'), [
      { glob: '**/test_a.py', path: 'tests/unit/test_a.py' },
    ]);
    assert.equal(filesOf('github.com/acme/moat/pkg/policy')[0]?.glob, '**/policy/*_test.go');
  });

  it('is none where the group is a sentence, empty, or would be a glob', () => {
    for (const group of ['Policy egress', '', 'a/{b,c}', '**', 'suite'])
      assert.deepEqual(filesOf(group), [], group);
  });

  it('is the one whose path ends most like it', () => {
    const found = ['old/pkg/policy/a_test.go', 'pkg/policy/a_test.go', 'policy/a_test.go'];
    const best = (wanted: string, paths: readonly string[]) =>
      byLikeness(
        paths.map((path) => ({ path })),
        wanted,
      )[0]?.path;
    assert.equal(best('github.com/acme/pkg/policy', found), 'pkg/policy/a_test.go');
    assert.equal(best('/vagrant/old/pkg/policy/a_test.go', found), 'old/pkg/policy/a_test.go');
    const java = ['a/other/PolicyTest.java', 'src/test/java/org/acme/PolicyTest.java'];
    assert.equal(best('org/acme/PolicyTest', java), java[1]);
  });
});

describe('the line of a test', () => {
  it('is that of its definition, and of no longer name', () => {
    const go = '// TestPolicy is\nfunc TestPolicyMore(t) {\nfunc TestPolicy(t) {\n';
    assert.equal(definedAt(go, 'TestPolicy/egress_deny'), 3);
    assert.equal(definedAt('class TestA:\n  def test_b(self):', 'TestA::test_b[1.5 - y]'), 2);
    assert.equal(definedAt('  It("denies what it must", func() {', 'denies what it must'), 1);
    assert.equal(definedAt('  public void denies() {', 'denies()'), 1);
    assert.equal(definedAt('nothing of the kind', 'TestPolicy'), undefined);
  });

  it('is looked for by the last part of its name', () => {
    assert.equal(shortName('PolicySuite.TestEgress'), 'TestEgress');
    assert.equal(shortName('(*x).y'), 'y');
  });
});
