import { pipeline, sh, stage, told, type Case } from './logs';

const MAKE = sh('+ make\nmoat.c:1:1: error: no\nmake: *** [moat.o] Error 1');
const CODE = 'ERROR: script returned exit code 2';

/** The Jenkinsfile's own errors, and which of several is to blame. */
export const PIPELINES: readonly Case[] = [
  {
    name: 'a Jenkinsfile that does not compile',
    kind: 'pipeline',
    log: "Started by user Ada\norg.codehaus.groovy.control.MultipleCompilationErrorsException: startup failed:\nWorkflowScript: 12: expecting '}', found '' @ line 12, column 1.\n   }\n   ^\n\n1 error\n\n\tat org.codehaus.groovy.control.ErrorCollector.failIfErrors(ErrorCollector.java:309)\nFinished: FAILURE\n",
    says: "Jenkinsfile — WorkflowScript: 12: expecting '}', found '' @ line 12, column 1.",
  },
  {
    name: 'a Jenkinsfile that Declarative refuses',
    kind: 'pipeline',
    log: pipeline(
      [],
      'org.codehaus.groovy.control.MultipleCompilationErrorsException: startup failed:\nWorkflowScript: 3: Missing required section "agent" @ line 3, column 1.\n   pipeline {\n   ^\n',
    ),
    says: 'Jenkinsfile — WorkflowScript: 3: Missing required section "agent" @ line 3, column 1.',
  },
  {
    name: 'a step that no plugin gives',
    kind: 'pipeline',
    log: pipeline(
      [stage('Build', MAKE.replace(/error.*\n.*/, 'fine'))],
      "java.lang.NoSuchMethodError: No such DSL method 'vagrantUp' found among steps [archive, bat, build, catchError]\n\tat org.jenkinsci.plugins.workflow.cps.DSL.invokeMethod(DSL.java:219)\n\tat WorkflowScript.run(WorkflowScript:7)",
    ),
    stages: [told('Build', 'failed')],
    says: "Build: Jenkinsfile — WorkflowScript: 7: No such DSL method 'vagrantUp' found",
  },
  {
    name: 'a name that nobody gave',
    kind: 'pipeline',
    log: pipeline(
      [stage('Build', '[Pipeline] echo\nhello')],
      'Also:   org.jenkinsci.plugins.workflow.actions.ErrorAction$ErrorId: 81921c80-dd53-4f61-878a-5b02f75c4652\ngroovy.lang.MissingPropertyException: No such property: versoin for class: WorkflowScript\n\tat groovy.lang.Binding.getVariable(Binding.java:63)\n\tat WorkflowScript.run(WorkflowScript:21)',
    ),
    stages: [told('Build', 'failed')],
    says: 'Build: Jenkinsfile — WorkflowScript: 21: No such property: versoin for class: WorkflowScript',
  },
  {
    name: 'what the sandbox does not permit',
    kind: 'pipeline',
    log: pipeline(
      [stage('Build', '[Pipeline] echo\nhello')],
      'org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException: Scripts not permitted to use staticMethod java.lang.System getenv\n\tat org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.StaticWhitelist.rejectStaticMethod(StaticWhitelist.java:271)',
    ),
    stages: [told('Build', 'failed')],
    says: 'Build: Jenkinsfile — Scripts not permitted to use staticMethod java.lang.System getenv',
  },
  {
    name: 'the step error',
    kind: 'pipeline',
    log: pipeline(
      [stage('Ship', sh('+ git describe\nv1'), '[Pipeline] error')],
      'ERROR: only tags are shipped',
    ),
    says: 'Ship: error step — only tags are shipped',
  },
  {
    name: 'an error of Groovy after a script that ended well',
    kind: 'pipeline',
    log: pipeline(
      [stage('Ship', sh('+ make\nerror: not really'))],
      'java.lang.NullPointerException: Cannot invoke method trim() on null object\n\tat WorkflowScript.run(WorkflowScript:9)',
    ),
    stages: [told('Ship', 'failed')],
    says: 'Ship: Jenkinsfile — WorkflowScript: 9: Cannot invoke method trim() on null object',
  },
  {
    name: 'credentials that the server has not',
    kind: 'configuration',
    log: pipeline(
      [stage('Ship', '[Pipeline] withCredentials')],
      "ERROR: Could not find credentials entry with ID 'moat-registry'",
    ),
    says: "Ship: withCredentials step — Could not find credentials entry with ID 'moat-registry'",
  },
  {
    name: 'a tool that the server has not',
    kind: 'configuration',
    log: pipeline([stage('Build', '[Pipeline] tool')], 'ERROR: No tool named go-1.99 found'),
    says: 'Build: tool step — No tool named go-1.99 found',
  },
  {
    name: 'test reports that nobody wrote',
    kind: 'pipeline',
    log: pipeline(
      [stage('Test', sh('+ make check\nfine'), '[Pipeline] junit\nRecording test results')],
      'ERROR: No test report files were found. Configuration error?',
    ),
    says: 'Test: junit step — No test report files were found. Configuration error?',
  },
  {
    name: 'the step unstable',
    kind: 'pipeline',
    result: 'UNSTABLE',
    log: pipeline(
      [
        stage(
          'Lint',
          sh('+ ./lint.sh\nfine'),
          '[Pipeline] unstable\nWARNING: 3 lines are too long',
        ),
      ],
      undefined,
      'UNSTABLE',
    ),
    stages: [told('Lint', 'unstable')],
    says: 'Lint: unstable step — 3 lines are too long',
  },
  {
    name: 'the last of several tries',
    log: pipeline(
      [
        stage(
          'Build',
          '[Pipeline] retry\n[Pipeline] {',
          sh('+ ./flaky.sh\nerror: first'),
          '[Pipeline] }\nERROR: script returned exit code 7\nRetrying\n[Pipeline] {',
          sh('+ ./flaky.sh\nerror: second'),
          '[Pipeline] }\n[Pipeline] // retry',
        ),
      ],
      'ERROR: script returned exit code 8',
    ),
    says: 'Build: ./flaky.sh → exit 8 — error: second',
  },
  {
    name: 'a stage after another whose error was caught',
    log: pipeline(
      [
        stage(
          'Lint',
          '[Pipeline] catchError\n[Pipeline] {',
          sh('+ ./lint.sh\nerror: trailing space'),
          '[Pipeline] }\nERROR: script returned exit code 1\n[Pipeline] // catchError',
        ),
        stage('Build', MAKE),
      ],
      CODE,
    ),
    stages: [told('Lint', 'failed'), told('Build', 'failed')],
    says: 'Build: make → exit 2 — moat.c:1:1: error: no',
  },
  {
    name: 'an error that was caught and yet made the result',
    log: pipeline([
      stage(
        'Lint',
        '[Pipeline] catchError\n[Pipeline] {',
        sh('+ ./lint.sh\nerror: trailing space'),
        '[Pipeline] }\nERROR: lint is not clean\nERROR: script returned exit code 1\nSetting overall build result to FAILURE\n[Pipeline] // catchError',
        sh('+ ./report.sh\nwritten'),
      ),
      stage('Build', sh('+ make\nfine')),
    ]),
    stages: [told('Lint', 'failed'), told('Build', 'passed')],
    says: 'Lint: ./lint.sh → exit 1 — error: trailing space',
  },
  {
    name: 'an error that was tried again, before one that was caught',
    log: pipeline([
      stage(
        'Lint',
        sh('+ ./fetch.sh\nerror: network'),
        'ERROR: script returned exit code 9\nRetrying',
        sh('+ ./fetch.sh\nfine'),
        sh('+ ./lint.sh\nerror: trailing space'),
        'ERROR: script returned exit code 1',
        sh('+ ./report.sh\nwritten'),
      ),
    ]),
    stages: [told('Lint', 'failed')],
    says: 'Lint: ./lint.sh → exit 1 — error: trailing space',
  },
  {
    name: 'what a stage runs after its own steps does not hide what failed',
    log: pipeline(
      [stage('Build', MAKE, 'Post stage', sh('+ ./collect.sh\nerror: nothing to collect'))],
      CODE,
    ),
    says: 'Build: make → exit 2 — moat.c:1:1: error: no',
  },
  {
    name: 'what a stage runs after its own steps, where that is what failed',
    log: pipeline(
      [
        stage(
          'Build',
          sh('+ make\nfine'),
          'Post stage',
          sh('+ ./collect.sh\nerror: nothing to collect'),
          'Error when executing always post condition:\nhudson.AbortException: script returned exit code 1',
        ),
      ],
      'ERROR: script returned exit code 1',
    ),
    says: 'Build: ./collect.sh → exit 1 — error: nothing to collect',
  },
  {
    name: 'what the pipeline runs after its stages',
    log: pipeline(
      [
        stage('Build', sh('+ make\nfine')),
        stage('Declarative: Post Actions', sh('+ ./mail.sh\nerror: no such user')),
      ],
      'ERROR: script returned exit code 1',
    ),
    stages: [told('Build', 'passed'), told('Declarative: Post Actions', 'failed')],
    says: 'Declarative: Post Actions: ./mail.sh → exit 1 — error: no such user',
  },
  {
    name: 'the branch that failed first, not the one that was stopped for it',
    log: pipeline(
      [
        '[Pipeline] parallel\n[Pipeline] { (Branch: linux)\n[Pipeline] { (Branch: mac)',
        '[Pipeline] stage\n[Pipeline] { (linux)\n[Pipeline] stage\n[Pipeline] { (mac)',
        '[Pipeline] sh\n+ make mac\nmac.c:1:1: error: no\n[Pipeline] }\n[Pipeline] // stage\n[Pipeline] }\nFailed in branch mac',
        '[Pipeline] sh\n+ make linux\nSending interrupt signal to process\nTerminated\n[Pipeline] }\n[Pipeline] // stage\n[Pipeline] }\nFailed in branch linux',
        '[Pipeline] // parallel',
      ],
      CODE,
    ),
    stages: [told('linux', 'aborted'), told('mac', 'failed')],
    says: 'mac: make mac → exit 2 — mac.c:1:1: error: no',
  },
  {
    name: 'of branches that both failed the one that was first',
    log: pipeline(
      [
        '[Pipeline] parallel\n[Pipeline] { (Branch: linux)\n[Pipeline] { (Branch: mac)',
        '[Pipeline] sh\n+ make mac\nmac.c:1:1: error: no\n[Pipeline] }\nFailed in branch mac',
        '[Pipeline] sh\n+ make linux\nlinux.c:1:1: error: no\n[Pipeline] }\nFailed in branch linux',
        '[Pipeline] // parallel',
      ],
      CODE,
    ),
    stages: [told('Test', 'failed', [told('Test/linux', 'failed'), told('Test/mac', 'failed')])],
    says: 'Test / mac: make mac → exit 2 — mac.c:1:1: error: no',
  },
  {
    name: 'a run of which the log says nothing',
    kind: 'unknown',
    log: '',
    says: 'nothing says why',
  },
];
