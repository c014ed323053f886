import { build, pipeline, sh, stage, told, type Case } from './logs';

const SOAK = '+ ./soak.sh\nround 1';
const LOST =
  'Cannot contact agent-1: hudson.remoting.ChannelClosedException: Channel "hudson.remoting.Channel@4f9": the channel is closing down';

/** What comes from outside of a pipeline's own steps: people, clocks, agents, memory, disks, git. */
export const SERVERS: readonly Case[] = [
  {
    name: 'a timeout',
    kind: 'timeout',
    result: 'ABORTED',
    log: pipeline(
      [
        '[Pipeline] timeout',
        'Timeout set to expire in 30 min',
        '[Pipeline] {',
        stage(
          'Build',
          sh(
            `${SOAK}\nCancelling nested steps due to timeout\nSending interrupt signal to process\nTerminated`,
          ),
        ),
        '[Pipeline] }',
      ],
      'Timeout has been exceeded',
      'ABORTED',
    ),
    says: 'Build: ./soak.sh → timed out — Timeout has been exceeded (30 min)',
  },
  {
    name: 'a timeout whose step ends with the code of its signal',
    kind: 'timeout',
    result: 'ABORTED',
    log: pipeline(
      [
        stage(
          'Build',
          sh(
            `${SOAK}\nCancelling nested steps due to timeout\nSending interrupt signal to process\nscript returned exit code 143`,
          ),
        ),
      ],
      'script returned exit code 143',
      'ABORTED',
    ),
    says: 'Build: ./soak.sh → timed out — Timeout has been exceeded',
  },
  {
    name: 'a timeout that was caught before another error',
    log: pipeline(
      [
        stage(
          'Probe',
          sh(
            `${SOAK}\nCancelling nested steps due to timeout\nSending interrupt signal to process\nTerminated`,
          ),
          'Timeout has been exceeded',
        ),
        stage('Build', sh('+ make\nmoat.c:1:1: error: no')),
      ],
      'ERROR: script returned exit code 2',
    ),
    says: 'Build: make → exit 2 — moat.c:1:1: error: no',
  },
  {
    name: 'a freestyle job that takes too long',
    kind: 'timeout',
    result: 'ABORTED',
    log: 'Building in workspace /ws\n+ ./soak.sh\nround 1\nBuild timed out (after 5 minutes). Marking the build as aborted.\nBuild was aborted\nFinished: ABORTED\n',
    says: './soak.sh → timed out — Build timed out (after 5 minutes). Marking the build as aborted.',
  },
  {
    name: 'a person who aborts',
    kind: 'aborted',
    result: 'ABORTED',
    log: pipeline(
      [
        stage(
          'Build',
          sh(`${SOAK}\nAborted by Ada\nSending interrupt signal to process\nTerminated`),
        ),
      ],
      undefined,
      'ABORTED',
    ),
    says: 'Build: ./soak.sh → aborted — Aborted by Ada',
  },
  {
    name: 'a person who aborts, as older servers write it',
    kind: 'aborted',
    result: 'ABORTED',
    log: pipeline(
      [stage('Build', sh(`${SOAK}\nSending interrupt signal to process\nTerminated`))],
      'Aborted by Ada',
      'ABORTED',
    ),
    says: 'Build: ./soak.sh → aborted — Aborted by Ada',
  },
  {
    name: 'a newer run that comes before',
    kind: 'aborted',
    result: 'ABORTED',
    log: pipeline(
      [
        stage(
          'Build',
          sh(
            `${SOAK}\nSuperseded by networking » cilium » PR-17 #4\nSending interrupt signal to process`,
          ),
        ),
      ],
      undefined,
      'ABORTED',
    ),
    says: 'Build: ./soak.sh → aborted — Superseded by networking » cilium » PR-17 #4',
  },
  {
    name: 'an input that was rejected',
    kind: 'aborted',
    result: 'ABORTED',
    log: pipeline(
      [stage('Ship', '[Pipeline] input\nShip it?\nProceed or Abort')],
      'Rejected by Ada',
      'ABORTED',
    ),
    says: 'Ship: input step → aborted — Rejected by Ada',
  },
  {
    name: 'an agent that is gone',
    kind: 'agent-lost',
    log: pipeline(
      [stage('Build', sh(`${SOAK}\n${LOST}\nagent-1 was marked offline: Connection was broken`))],
      'Also:   org.jenkinsci.plugins.workflow.actions.ErrorAction$ErrorId: 81921c80-dd53-4f61-878a-5b02f75c4652\norg.jenkinsci.plugins.workflow.support.steps.AgentOfflineException: Unable to create live FilePath for agent-1',
    ),
    says: `Build: ./soak.sh → agent lost — ${LOST}`.slice(0, 300),
  },
  {
    name: 'an agent that was taken away',
    kind: 'agent-lost',
    result: 'ABORTED',
    log: pipeline(
      [
        stage(
          'Build',
          sh(
            `${SOAK}\nAgent agent-1 was deleted; cancelling node body\nCould not connect to agent-1 to send interrupt signal to process`,
          ),
        ),
      ],
      'Agent was removed',
      'ABORTED',
    ),
    says: 'Build: ./soak.sh → agent lost — Agent agent-1 was deleted; cancelling node body',
  },
  {
    name: 'a timeout that only ends the waiting for a lost agent',
    kind: 'agent-lost',
    result: 'ABORTED',
    log: pipeline(
      [
        stage(
          'Build',
          sh(
            `${SOAK}\n${LOST}\nCancelling nested steps due to timeout\nCould not connect to agent-1 to send interrupt signal to process`,
          ),
        ),
      ],
      'Timeout has been exceeded',
      'ABORTED',
    ),
    says: `Build: ./soak.sh → agent lost — ${LOST}`,
  },
  {
    name: 'a script whose wrapper is gone',
    kind: 'agent-lost',
    log: build(
      `${SOAK}\nwrapper script does not seem to be touching the log file in /ws@tmp/durable-1\n(JENKINS-48300: if on an extremely laggy filesystem, consider -Dx=86400)`,
      -1,
    ),
    says: 'Build: ./soak.sh → agent lost — wrapper script does not seem to be touching the log file in /ws@tmp/durable-1',
  },
  {
    name: 'a process that the kernel ended for want of memory',
    kind: 'out-of-memory',
    log: pipeline(
      [
        stage('Build', sh('+ make\ng++: fatal error: Killed signal terminated program cc1plus')),
        stage(
          'Declarative: Post Actions',
          sh('+ dmesg\n[ 12.3] Out of memory: Killed process 4242 (cc1plus) total-vm:9000kB'),
        ),
      ],
      'ERROR: script returned exit code 137',
    ),
    stages: [told('Build', 'failed'), told('Declarative: Post Actions', 'passed')],
    says: 'Build: make → out of memory, exit 137 — [ 12.3] Out of memory: Killed process 4242 (cc1plus) total-vm:9000kB',
  },
  {
    name: 'a process that was killed, and nobody says why',
    kind: 'killed',
    log: build(
      '+ ./moat --check\n/tmp/script.sh: line 1:  4242 Killed                  ./moat --check',
      137,
    ),
    says: 'Build: ./moat --check → killed, exit 137 — /tmp/script.sh: line 1: 4242 Killed ./moat --check',
  },
  {
    name: 'a Go test that was killed',
    kind: 'killed',
    log: build(
      '+ go test ./...\nok  \tmoat/a\t0.1s\nsignal: killed\nFAIL\tmoat/pkg/policy\t63.1s\nFAIL',
    ),
    says: 'Build: go test ./... → killed, exit 1 — signal: killed',
  },
  {
    name: 'a step of an image that was killed',
    kind: 'killed',
    log: build(
      "+ docker build .\nStep 3/4 : RUN make\nThe command '/bin/sh -c make' returned a non-zero code: 137",
      137,
    ),
    says: "Build: docker build . → killed, exit 137 — The command '/bin/sh -c make' returned a non-zero code: 137",
  },
  {
    name: 'Java without memory',
    kind: 'out-of-memory',
    log: build(
      '+ ./gradlew test\nException in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)',
    ),
    says: 'Build: ./gradlew test → out of memory, exit 1 — Exception in thread "main" java.lang.OutOfMemoryError: Java heap space',
  },
  {
    name: 'Node without memory',
    kind: 'out-of-memory',
    log: build(
      '+ npm run build\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\nAborted (core dumped)',
      134,
    ),
    says: 'Build: npm run build → out of memory, exit 134 — FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
  },
  {
    name: 'a disk that is full',
    kind: 'no-space',
    log: build(
      '+ make\ncc: fatal error: error writing to /tmp/cc1.s: No space left on device\nmake: *** [moat.o] Error 1',
      2,
    ),
    says: 'Build: make → no space left — cc: fatal error: error writing to /tmp/cc1.s: No space left on device',
  },
  {
    name: "a disk that is full under Jenkins' own hands",
    kind: 'no-space',
    log: pipeline(
      [stage('Build', '[Pipeline] writeFile')],
      'java.io.IOException: No space left on device\n\tat java.base/sun.nio.ch.FileDispatcherImpl.write0(Native Method)',
    ),
    says: 'Build: writeFile step → no space left — No space left on device',
  },
  {
    name: 'a branch that is gone',
    kind: 'checkout',
    log: pipeline(
      [
        stage(
          'Declarative: Checkout SCM',
          "[Pipeline] checkout\nFetching upstream changes\n > git fetch --tags # timeout=10\nERROR: Error fetching remote repo 'origin'\nhudson.plugins.git.GitException: Failed to fetch from https://git.example.org/moat\n\tat hudson.plugins.git.GitSCM.fetchFrom(GitSCM.java:1003)\nCaused by: hudson.plugins.git.GitException: Command \"git fetch\" returned status code 128:\nstdout: \nstderr: fatal: couldn't find remote ref refs/heads/gone\n",
        ),
      ],
      "ERROR: Error fetching remote repo 'origin'",
    ),
    says: "Declarative: Checkout SCM: checkout failed — fatal: couldn't find remote ref refs/heads/gone",
  },
  {
    name: 'a repository that asks who it is',
    kind: 'checkout',
    log: pipeline(
      [
        stage(
          'Fetch',
          "[Pipeline] git\nCloning repository https://git.example.org/moat\nERROR: Error cloning remote repo 'origin'\nhudson.plugins.git.GitException: Command \"git fetch\" returned status code 128:\nstderr: fatal: Authentication failed for 'https://git.example.org/moat/'\n",
        ),
      ],
      "ERROR: Error cloning remote repo 'origin'",
    ),
    says: "Fetch: checkout failed — fatal: Authentication failed for 'https://git.example.org/moat/'",
  },
  {
    name: 'a commit that nobody has',
    kind: 'checkout',
    log: pipeline(
      [
        stage(
          'Fetch',
          '[Pipeline] checkout\n > git rev-parse refs/remotes/origin/gone^{commit} # timeout=10',
        ),
      ],
      "ERROR: Couldn't find any revision to build. Verify the repository and branch configuration for this job.",
    ),
    says: "Fetch: checkout failed — Couldn't find any revision to build. Verify the repository and branch configuration for this job.",
  },
  {
    name: 'a Jenkinsfile that is not there',
    kind: 'checkout',
    log: 'Started by user Ada\nERROR: Unable to find Jenkinsfile from git https://git.example.org/moat\nFinished: FAILURE\n',
    says: 'checkout failed — Unable to find Jenkinsfile from git https://git.example.org/moat',
  },
];
