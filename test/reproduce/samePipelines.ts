/** Pipelines that come to the same wherever they are run: what they print, and how they end. */
import type { Secrets } from '../../src/base/secretChannel';
import { LIMITS, SMALL_IMAGE } from '../bed/farPodman';

export interface Row {
  readonly what: string;
  readonly jenkinsfile: string;
  /** Other files of the commit. */
  readonly files?: Readonly<Record<string, string>>;
  readonly secrets?: Secrets;
  readonly answer?: (question: string) => string | undefined;
  /** What both must have printed, so that not two failures are alike. */
  readonly prints: RegExp;
  readonly verdict: RegExp;
  /** The order of branches is nobody's to say. */
  readonly sorted?: true;
}

export const inDocker = (steps: string): string =>
  `pipeline { agent { docker { image '${SMALL_IMAGE}'; args '${LIMITS}' } }
  environment { GREETING = 'hello' }
  stages { stage('Inside') { steps { ${steps} } } } }\n`;

export const STEPS: readonly Row[] = [
  {
    what: 'withEnv, also of PATH, nested and taken back',
    jenkinsfile: `node {
  withEnv(['A=1', 'B=two words', 'PATH+X=/opt/x']) {
    sh 'echo "$A $B \${PATH%%:*}"; ls /opt > /dev/null'
    withEnv(["A=\${env.A}2"]) { sh 'echo "$A"; echo "\${HOME:+home}"' }
  }
  sh 'echo "<$A>"'
}`,
    prints: /\n1 two words \/opt\/x\n12\nhome\n<>\n/,
    verdict: /^passed/,
  },
  {
    what: 'PATH that is put together of the machine’s own',
    jenkinsfile: `pipeline { agent any
  environment { PATH = "/opt/x:\${env.PATH}" }
  stages { stage('A') { steps {
    sh 'echo "\${PATH%%:*}"; ls /opt > /dev/null'
    echo "\${env.HOME == null} \${env.PATH.startsWith('/opt/x:')}"
  } } } }`,
    prints: /\n\/opt\/x\nfalse true\n/,
    verdict: /^passed/,
  },
  {
    what: 'tool, which nobody has here: what comes of it is not known',
    jenkinsfile: `node {
  echo 'before'
  def home = tool 'maven-3'
  sh "\${home}/bin/mvn verify"
}`,
    prints: /before/,
    verdict: /^could not run: The script would come from tool/,
  },
  {
    what: 'tools of Declarative',
    jenkinsfile: `pipeline { agent any
  tools { maven 'maven-3' }
  stages { stage('S') { steps { sh 'echo in stage' } } } }`,
    prints: /in stage/,
    verdict: /./,
  },
  {
    what: 'timeout, which ends the step and fails the stage',
    jenkinsfile: `pipeline { agent any
  stages { stage('Slow') {
    options { timeout(time: 1, unit: 'SECONDS') }
    steps { sh 'echo begun; sleep 300' }
  } }
  post {
    aborted { sh 'echo aborted' }
    always { sh 'echo always' }
  } }`,
    prints: /\nbegun\n.*always\naborted\n/s,
    verdict: /Slow/,
  },
  {
    what: 'retry, until it goes well, and until it does not',
    jenkinsfile: `node {
  int n = 0
  retry(3) { n++; sh "echo attempt \${n}; [ \${n} = 2 ]" }
  try { retry(2) { sh 'echo again; exit 4' } } catch (e) { echo "gave up: \${e.message}" }
}`,
    prints: /attempt 2\nagain\nagain\ngave up: script returned exit code 4\n/,
    verdict: /^passed/,
  },
  {
    what: 'parallel, with a branch that fails and post of its own',
    jenkinsfile: `pipeline { agent any
  stages { stage('All') { parallel {
    stage('One') {
      steps { sh 'echo one' }
      post { success { echo 'one is well' } }
    }
    stage('Two') {
      steps { sh 'echo two; exit 6' }
      post { failure { echo 'two is not' } }
    }
  } } } }`,
    prints: /\[Two\] two is not/,
    verdict: /Two failed with exit code 6/,
    sorted: true,
  },
  {
    what: 'parallel agents, each with a workspace of its own',
    jenkinsfile: `parallel a: { node { sh 'basename "$PWD" > w; touch a; ls' } }, b: { node { sh 'basename "$PWD" > w; touch b; ls' } }`,
    prints: /\[a\] a\n/,
    verdict: /^passed/,
    sorted: true,
  },
  {
    what: 'stash and unstash, with excludes, into another folder and agent',
    jenkinsfile: `node {
  writeFile file: 'out/a.txt', text: 'A'
  writeFile file: 'out/b.log', text: 'B'
  sh 'chmod 755 out/a.txt'
  stash name: 'out', includes: 'out/**', excludes: '**/*.log'
  dir('else') { unstash 'out'; sh 'find . -type f; stat -c %a out/a.txt' }
  try { unstash 'none' } catch (e) { echo 'no such stash' }
}`,
    prints: /\.\/out\/a\.txt\n.*755.*no such stash/s,
    verdict: /^passed/,
  },
  {
    what: 'input, with a parameter, answered at the terminal',
    jenkinsfile: `node {
  def who = input(id: 'go', message: 'Deploy?', parameters: [string(name: 'WHO', defaultValue: 'nobody')])
  sh "echo to \${who}"
}`,
    answer: (question) => (/WHO/.test(question) ? 'ada' : 'y'),
    prints: /\nto ada\n/,
    verdict: /^passed/,
  },
  {
    what: 'lock, by two branches, one after the other',
    jenkinsfile: `node { parallel(
  a: { lock('door') { sh 'echo in > who; cat who; rm who' } },
  b: { lock('door') { sh 'echo in > who; cat who; rm who' } }) }`,
    prints: /\[b\] in\n/,
    verdict: /^passed/,
    sorted: true,
  },
  {
    what: 'catchError, unstable, error and the result that comes of them',
    jenkinsfile: `node {
  stage('A') { catchError(buildResult: 'UNSTABLE', stageResult: 'FAILURE') { sh 'exit 9' } }
  stage('B') { unstable 'so so'; echo "now \${currentBuild.currentResult}" }
  stage('C') { error 'enough' }
}`,
    prints: /now UNSTABLE/,
    verdict: /^failed: A failed with exit code 9/,
  },
  {
    what: 'sh by its status, its output and its own shell',
    jenkinsfile: `node {
  echo "status \${sh(script: 'exit 7', returnStatus: true)}"
  echo "out <\${sh(script: 'printf x; printf y >&2', returnStdout: true)}>"
  sh '''#!/bin/bash
  a=(1 2 3); echo "\${#a[@]} of bash"'''
  sh 'false; echo never'
}`,
    prints: /status 7\n.*out <x>\n.*3 of bash\n/s,
    verdict: /exit code 1/,
  },
  {
    what: 'files: read, write, find, exist, delete, properties and JSON',
    jenkinsfile: `node {
  writeFile file: 'a/p.properties', text: 'x=1\\ny=2'
  writeJSON file: 'a/j.json', json: [k: [1, 2]]
  echo "\${readFile('a/p.properties').readLines().size()} \${fileExists('a')} \${fileExists('b')}"
  echo "\${readProperties(file: 'a/p.properties').y} \${readJSON(file: 'a/j.json').k[1]}"
  dir('a') { deleteDir() }
  sh 'ls -A'
}`,
    prints: /2 true false\n.*2 2\n/s,
    verdict: /^passed/,
  },
];

export const CONTAINERS: readonly Row[] = [
  {
    what: 'an agent in a container, with its environment, secrets, files and exit code',
    jenkinsfile: inDocker(`
      sh 'echo "$GREETING"; pwd; cat /etc/hostname > /dev/null && echo other > made'
      withCredentials([string(credentialsId: 'x', variable: 'X')]) { sh 'echo "<$X> of \${#X}"' }
      script { echo "got \${sh(script: 'echo captured; echo noise >&2', returnStdout: true).trim()}"
        writeFile file: 'w', text: 'from outside' }
      sh 'cat w made; ls /bin/busybox; command -v git || echo no git'
      sh 'exit 5'`),
    secrets: { x: { kind: 'text', text: 'c4nary' } },
    prints: /\nhello\nWORK\n<\*{4}> of 6\n.*got captured.*no git\n/s,
    verdict: /Inside failed with exit code 5/,
  },
  {
    what: 'a container inside a node, with arguments',
    jenkinsfile: `node {
  sh 'command -v git > /dev/null && echo outside'
  docker.image('${SMALL_IMAGE}').inside('${LIMITS} -e EXTRA=yes') { sh 'echo "$EXTRA"; command -v git || echo inside' }
  sh 'command -v git > /dev/null && echo outside again'
}`,
    prints: /outside\n.*yes\n.*inside\n.*outside again/s,
    verdict: /^passed/,
  },
  {
    what: 'a container of a stage alone, on the workspace of its pipeline',
    jenkinsfile: `pipeline { agent any
  stages {
    stage('Out') { steps { sh 'echo made outside > f' } }
    stage('In') { agent { docker { image '${SMALL_IMAGE}'; args '${LIMITS}'; reuseNode true } }
      steps { sh 'cat f; rm f' } }
    stage('Out again') { steps { sh 'ls f || echo gone' } }
  } }`,
    prints: /made outside\n.*gone\n/s,
    verdict: /^passed/,
  },
  {
    what: 'an image of the repository’s own Dockerfile',
    files: { 'ci/Dockerfile': `FROM ${SMALL_IMAGE}\nARG FROM_CI\nENV MADE=$FROM_CI\n` },
    jenkinsfile: `pipeline {
  agent { dockerfile { dir 'ci'; additionalBuildArgs '--build-arg FROM_CI=yes'; args '${LIMITS}' } }
  stages { stage('S') { steps { sh 'echo "made $MADE"; cat ci/Dockerfile' } } } }`,
    prints: /\nmade yes\nFROM /,
    verdict: /^passed/,
  },
  {
    what: 'images that are built and tagged, and containers beside the steps',
    files: { 'ci/Dockerfile': `FROM ${SMALL_IMAGE}\nENV MADE=here\n` },
    jenkinsfile: `node {
  checkout scm
  def built = docker.build('ci-parity-far-image:1', 'ci')
  built.inside('${LIMITS}') { sh 'echo "made $MADE"' }
  built.tag('two')
  docker.image('ci-parity-far-image:two').withRun('${LIMITS}', 'sleep 300') { c -> echo "id \${c.id.length()}" }
}`,
    prints: /\nmade here\n.*\nid 64\n/s,
    verdict: /^passed/,
  },
  {
    what: 'a Kubernetes pod, whose steps run on the machine itself',
    jenkinsfile: `pipeline { agent { kubernetes { yaml 'x' } }
  stages { stage('S') { steps { container('go') { sh 'echo anyway; exit 3' } } } } }`,
    prints: /anyway/,
    verdict: /not as CI ran it/,
  },
];
