import { build, pipeline, sh, stage, told, type Case } from './logs';

const report = [
  { group: 'moat.Egress', name: 'denies', details: 'want DENIED\n  at Egress.java:3' },
];

/** Tests that fail: the first one's own words are what counts. */
export const TESTS: readonly Case[] = [
  {
    name: 'a Go test in a guest of Vagrant',
    log: build(`
+ ./contrib/vagrant/start.sh
==> moat-42: Running provisioner: testsuite (shell)...
    moat-42: === RUN   TestPolicyEgressDeny
    moat-42: --- FAIL: TestPolicyEgressDeny (0.20s)
    moat-42:     policy_test.sh:53: want DENIED, got ALLOWED
    moat-42: FAIL
The SSH command responded with a non-zero exit status. Vagrant
assumes that this means the command failed.`),
    says: 'Build: ./contrib/vagrant/start.sh → exit 1 — policy_test.sh:53: want DENIED, got ALLOWED',
  },
  {
    name: 'a subtest of Go, which says more than its parent',
    log: build(
      '+ go test ./...\n--- FAIL: TestPolicy (0.20s)\n    --- FAIL: TestPolicy/egress (0.10s)\n        policy_test.go:42: want DENIED\nFAIL\nFAIL\tmoat/pkg/policy\t0.2s',
    ),
    says: 'Build: go test ./... → exit 1 — policy_test.go:42: want DENIED',
  },
  {
    name: 'go test -v, where a test speaks before its result',
    log: build(
      '+ go test -v ./...\n=== RUN   TestA\n    a_test.go:3: this one is fine\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n    b_test.go:7: got 1, want 2\n--- FAIL: TestB (0.00s)\nFAIL',
    ),
    says: 'Build: go test -v ./... → exit 1 — b_test.go:7: got 1, want 2',
  },
  {
    name: 'testify',
    log: build(
      '+ go test ./...\n--- FAIL: TestB (0.00s)\n    b_test.go:7: \n        \tError Trace:\t/ws/b_test.go:7\n        \tError:      \tNot equal: expected 1, actual 2\n        \tTest:       \tTestB\nFAIL',
    ),
    says: 'Build: go test ./... → exit 1 — b_test.go:7: Not equal: expected 1, actual 2',
  },
  {
    name: 'a Go test that panics',
    log: build(
      '+ go test ./...\n--- FAIL: TestB (0.00s)\npanic: runtime error: index out of range [3] with length 3 [recovered]\n\ngoroutine 7 [running]:\nFAIL\tmoat\t0.1s',
    ),
    says: 'Build: go test ./... → exit 1 — panic: runtime error: index out of range [3] with length 3 [recovered]',
  },
  {
    name: 'Ginkgo 2',
    log: build(
      '+ ginkgo -r\n• [FAILED] [0.001 seconds]\nPolicy [It] denies\n/src/policy_test.go:10\n\n  [FAILED] Expected\n      <int>: 1\n  to equal\n      <int>: 2\n  In [It] at: /src/policy_test.go:12\n\nSummarizing 1 Failure:\n  [FAIL] Policy [It] denies',
    ),
    says: 'Build: ginkgo -r → exit 1 — Expected <int>: 1 to equal <int>: 2',
  },
  {
    name: 'Ginkgo 1',
    log: build(
      '+ ginkgo -r\n• Failure [0.000 seconds]\nPolicy\n/src/policy_test.go:8\n  denies [It]\n  /src/policy_test.go:10\n\n  Expected\n      <bool>: true\n  to be false\n\n  /src/policy_test.go:12\n',
    ),
    says: 'Build: ginkgo -r → exit 1 — Expected <bool>: true to be false',
  },
  {
    name: 'pytest',
    log: build(
      "+ pytest\n    def test_egress():\n>       assert verdict() == 'DENIED'\nE       AssertionError: assert 'ALLOWED' == 'DENIED'\n\ntest_policy.py:4: AssertionError\nFAILED test_policy.py::test_egress - AssertionError: assert 'ALLOWED' == 'DENIED'\n1 failed in 0.1s",
    ),
    says: "Build: pytest → exit 1 — AssertionError: assert 'ALLOWED' == 'DENIED'",
  },
  {
    name: 'unittest',
    log: build(
      '+ python3 -m unittest\nF\n======\nFAIL: test_egress (test_policy.Egress)\n------\nTraceback (most recent call last):\n  File "test_policy.py", line 5, in test_egress\nAssertionError: 1 != 2\n\nFAILED (failures=1)',
    ),
    says: 'Build: python3 -m unittest → exit 1 — AssertionError: 1 != 2',
  },
  {
    name: 'JUnit below Maven',
    log: build(
      '+ mvn test\n[ERROR] Tests run: 3, Failures: 1\n[ERROR] denies(moat.EgressTest)  Time elapsed: 0.01 s  <<< FAILURE!\norg.opentest4j.AssertionFailedError: expected: <DENIED> but was: <ALLOWED>\n\tat moat.EgressTest.denies(EgressTest.java:12)\n[ERROR] Failures:\n[ERROR]   EgressTest.denies:12 expected: <DENIED> but was: <ALLOWED>',
    ),
    says: 'Build: mvn test → exit 1 — [ERROR] denies(moat.EgressTest) Time elapsed: 0.01 s <<< FAILURE!: org.opentest4j.AssertionFailedError: expected: <DENIED> but was: <ALLOWED>',
  },
  {
    name: 'JUnit below Gradle',
    log: build(
      '+ ./gradlew test\nEgressTest > denies FAILED\n    org.opentest4j.AssertionFailedError: expected: <1> but was: <2>\n        at app//EgressTest.denies(EgressTest.java:12)\n\nFAILURE: Build failed with an exception.',
    ),
    says: 'Build: ./gradlew test → exit 1 — EgressTest > denies FAILED: org.opentest4j.AssertionFailedError: expected: <1> but was: <2>',
  },
  {
    name: 'jest',
    log: build(
      '+ npx jest\nFAIL src/egress.test.ts\n  ● egress › denies\n\n    expect(received).toBe(expected)\n\n    Expected: "DENIED"\n    Received: "ALLOWED"\n',
    ),
    says: 'Build: npx jest → exit 1 — ● egress › denies: expect(received).toBe(expected)',
  },
  {
    name: 'rust',
    log: build(
      "+ cargo test\ntest egress::denies ... FAILED\n\n---- egress::denies stdout ----\nthread 'egress::denies' panicked at src/lib.rs:10:9:\nassertion `left == right` failed\n  left: 1\n right: 2",
      101,
    ),
    says: "Build: cargo test → exit 101 — thread 'egress::denies' panicked at src/lib.rs:10:9: assertion `left == right` failed",
  },
  {
    name: 'googletest',
    log: build(
      '+ ./moat_test\n[ RUN      ] Egress.Denies\negress_test.cc:12: Failure\nExpected equality of these values:\n  verdict\n[  FAILED  ] Egress.Denies (0 ms)',
    ),
    says: 'Build: ./moat_test → exit 1 — egress_test.cc:12: Failure: Expected equality of these values:',
  },
  {
    name: 'bats',
    log: build(
      '+ bats test\n1..2\nok 1 starts\nnot ok 2 denies egress\n# (in test file test/egress.bats, line 5)',
    ),
    says: 'Build: bats test → exit 1 — not ok 2 denies egress',
  },
  {
    name: 'a test long before the end of what its step wrote',
    log: build(
      `+ go test ./...\n--- FAIL: TestB (0.00s)\n    b_test.go:7: got 1, want 2\n${'ok  \tmoat/pkg/x\t0.1s\n'.repeat(20_000)}FAIL`,
    ),
    says: 'Build: go test ./... → exit 1 — b_test.go:7: got 1, want 2',
  },
  {
    name: 'tests of a report, in a run that is only unstable',
    kind: 'tests',
    result: 'UNSTABLE',
    tests: report,
    log: pipeline(
      [stage('Test', sh('+ mvn -fae test\nall ran'), '[Pipeline] junit\nRecording test results')],
      undefined,
      'UNSTABLE',
    ),
    stages: [told('Test', 'unstable')],
    says: 'Test: tests failed — denies: want DENIED',
  },
  {
    name: 'tests of an unstable run, of which the log shows the command',
    kind: 'tests',
    result: 'UNSTABLE',
    tests: report,
    log: pipeline(
      [
        stage(
          'Test',
          sh(
            '+ go test ./...\n--- FAIL: TestB (0.00s)\n    b_test.go:7: got 1, want 2\nFAIL\n+ true',
          ),
          '[Pipeline] junit\nRecording test results',
        ),
      ],
      undefined,
      'UNSTABLE',
    ),
    stages: [told('Test', 'unstable')],
    says: 'Test: go test ./... → tests failed — b_test.go:7: got 1, want 2',
  },
];
