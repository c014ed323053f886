import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { createConsoleScanner, stagesOfLog } from '../../src/jenkins/consoleLog';
import { sentenceOf, type Diagnosis, type FailureKind } from '../../src/jenkins/diagnosis';
import { readFailure } from '../../src/jenkins/failure';
import type { FailedTest, Result, Stage } from '../../src/jenkins/run';

interface Case {
  readonly name: string;
  readonly log: string;
  readonly says: string;
  readonly kind?: FailureKind;
  readonly result?: Result;
  /** As a plugin tells them; read off the log unless told. */
  readonly stages?: readonly Stage[];
  readonly tests?: readonly FailedTest[];
}

/** A Declarative pipeline with one stage, that ends with an error. */
function build(output: string, end = 'ERROR: script returned exit code 1'): string {
  return stages(`Build\n[Pipeline] sh\n${output.trim()}`, end);
}

/** Each stage is its name and what it wrote. */
function stages(...parts: string[]): string {
  const end = parts.pop() ?? '';
  const inner = parts.map((part) => {
    const [name, ...lines] = part.split('\n');
    return `[Pipeline] stage\n[Pipeline] { (${name})\n${lines.join('\n')}\n[Pipeline] }\n[Pipeline] // stage\n`;
  });
  const result = end === '' ? 'UNSTABLE' : 'FAILURE';
  return `Started by user Ada\n[Pipeline] Start of Pipeline\n[Pipeline] node\nRunning on agent-1 in /var/jenkins/workspace/job\n[Pipeline] {\n${inner.join('')}[Pipeline] }\n[Pipeline] // node\n[Pipeline] End of Pipeline\n${end === '' ? '' : `${end}\n`}Finished: ${result}\n`;
}

async function diagnose(
  { log, result = 'FAILURE', stages: told, tests }: Omit<Case, 'name' | 'says'>,
  size = 1 << 16,
): Promise<Diagnosis> {
  const bytes = Buffer.from(log);
  const scanner = createConsoleScanner();
  scanner.push(bytes);
  const found = told ?? stagesOfLog(scanner.end(), { building: false, result });
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return (await readFailure(Readable.from(pieces), found, tests)).diagnosis;
}

const CASES: readonly Case[] = [
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
    name: 'a compiler below make',
    log: build(
      `
+ make -j4
gcc -c policy.c
policy.c:12:5: error: ‘x’ undeclared (first use in this function)
policy.c:13:5: error: expected ‘;’
make[1]: *** [Makefile:3: policy.o] Error 1
make: *** [all] Error 2`,
      'ERROR: script returned exit code 2',
    ),
    says: 'Build: make -j4 → exit 2 — policy.c:12:5: error: ‘x’ undeclared (first use in this function)',
  },
  {
    name: 'a command that is not there',
    log: build(
      '+ kubectl apply -f x.yaml\n/tmp/durable-1/script.sh: line 2: kubectl: command not found',
      'ERROR: script returned exit code 127',
    ),
    says: 'Build: kubectl apply -f x.yaml → exit 127 — /tmp/durable-1/script.sh: line 2: kubectl: command not found',
  },
  {
    name: 'a script that hides its commands',
    log: build('+ set +x\nlogging in\nError: the token has expired'),
    says: 'Build: sh step → exit 1 — Error: the token has expired',
  },
  {
    name: 'a process that the kernel killed',
    kind: 'out-of-memory',
    log: build(
      '+ make\ng++: fatal error: Killed signal terminated program cc1plus\ncompilation terminated.',
      'ERROR: script returned exit code 137',
    ),
    says: 'Build: make → out of memory, exit 137 — g++: fatal error: Killed signal terminated program cc1plus',
  },
  {
    name: 'a timeout',
    kind: 'timeout',
    result: 'ABORTED',
    log: build(
      '+ ./soak.sh\nround 1\nCancelling nested steps due to timeout\nSending interrupt signal to process\nTerminated\nscript returned exit code 143',
      'Timeout has been exceeded',
    ),
    says: 'Build: ./soak.sh → timed out — Timeout has been exceeded',
  },
  {
    name: 'a person who aborts',
    kind: 'aborted',
    result: 'ABORTED',
    log: build(
      '+ ./soak.sh\nround 1\nSending interrupt signal to process\nTerminated',
      'Aborted by Ada',
    ),
    says: 'Build: ./soak.sh → aborted — Aborted by Ada',
  },
  {
    name: 'a Jenkinsfile that does not compile',
    kind: 'pipeline',
    log: "Started by user Ada\norg.codehaus.groovy.control.MultipleCompilationErrorsException: startup failed:\nWorkflowScript: 12: expecting '}', found '' @ line 12, column 1.\n   }\n   ^\n\n1 error\n\n\tat org.codehaus.groovy.control.ErrorCollector.failIfErrors(ErrorCollector.java:309)\nFinished: FAILURE\n",
    says: "the pipeline failed — WorkflowScript: 12: expecting '}', found '' @ line 12, column 1.",
  },
];

describe('the diagnosis of', () => {
  for (const { name, says, kind = 'command', ...given } of CASES) {
    it(name, async () => {
      const found = await diagnose(given);
      assert.deepEqual([found.kind, sentenceOf(found)], [kind, says]);
      const log = Buffer.from(given.log);
      for (const { line, offset, text } of found.evidence) {
        const before = log.subarray(0, offset).toString();
        assert.equal(before.split('\n').length, line, text);
        assert.ok(before === '' || before.endsWith('\n'));
        assert.ok(log.subarray(offset).toString().split('\n')[0]?.includes(text.trim()), text);
      }
    });
  }
});
