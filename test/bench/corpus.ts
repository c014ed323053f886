/** Jenkinsfiles as people write them, made up by rule: the same ones each time. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Files of some 1 to 60 KB, together at least `size` bytes: three quarters made here, the rest those that
 * are held against Groovy, with other words.
 */
export function jenkinsfiles(size: number): { readonly name: string; readonly text: string }[] {
  const files: { name: string; text: string }[] = [];
  const dice = createDice(20260201);
  const seeds = written();
  let made = 0;
  for (let written = 0; written < size;) {
    const number = files.length;
    // By bytes, since those that were written are short.
    const isMade = made * 4 <= written * 3;
    // Few are long, as in life.
    const stages = dice.below(10) === 0 ? 40 + dice.below(60) : 2 + dice.below(14);
    const text = !isMade
      ? varied(dice, dice.one(seeds))
      : dice.below(3) === 0
        ? scripted(dice, stages)
        : declarative(dice, stages);
    if (isMade) made += text.length;
    files.push({ name: `${String(number).padStart(4, '0')}.Jenkinsfile`, text });
    written += text.length;
  }
  return files;
}

/** One declarative Jenkinsfile of at least so many lines. */
export function longJenkinsfile(lines: number): string {
  for (let stages = lines >> 6; ; stages += 2) {
    const text = declarative(createDice(20260202), stages);
    if (text.split('\n').length >= lines) return text;
  }
}

/** The files of the oracle. */
function written(): string[] {
  const folder = join(import.meta.dirname, '..', 'pipeline', 'jenkinsfiles');
  return readdirSync(folder)
    .toSorted()
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

function varied(dice: Dice, text: string): string {
  const words = new Map<string, string>();
  return text.replaceAll(
    /\b(?:Build|Test|Deploy|One|Two|kernel|runtime|linux|kvm|main)\b/g,
    (word) => {
      const known = words.get(word) ?? `${dice.one(WORDS)}${dice.below(1000)}`;
      words.set(word, known);
      return known;
    },
  );
}

interface Dice {
  below(bound: number): number;
  one<T>(of: readonly T[]): T;
}

/** The mulberry32 generator: small, and good enough to vary texts. */
function createDice(seed: number): Dice {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (bound: number): number => next() % bound;
  return { below, one: (of) => of[below(of.length)]! };
}

const WORDS = [
  'build',
  'unit',
  'runtime',
  'policy',
  'k8s',
  'lint',
  'docs',
  'package',
  'e2e',
  'bpf',
];

function declarative(dice: Dice, stages: number): string {
  return `// Reviewed by the CI team. See ${dice.one(WORDS)}.md before changing timeouts.
pipeline {
    agent { label '${dice.one(['baremetal', 'fixed', 'linux && docker'])}' }
    parameters {
        string(name: 'BRANCH', defaultValue: 'master', description: 'What to build')
        booleanParam(name: 'CLEAN', defaultValue: ${dice.below(2) === 0}, description: "Start from scratch")
    }
    environment {
        PROJ_PATH = "src/github.com/cilium/cilium"
        MEMORY = '${1024 * (1 + dice.below(8))}'
        RUN_TEST_SUITE = 1
        TAG = "\${env.JOB_NAME}-\${BUILD_NUMBER}".replace('/', '-')
        TOKEN = credentials('registry-${dice.below(100)}')
        VERSION = sh(script: 'cat VERSION', returnStdout: true).trim()
    }
    options {
        timeout(time: ${30 + dice.below(120)}, unit: 'MINUTES')
        timestamps()
        buildDiscarder(logRotator(numToKeepStr: '30', daysToKeepStr: '14'))
    }
    triggers { cron('H ${dice.below(24)} * * 1-5') }
    stages {
${times(stages, () => stage(dice, '        ', 2))}    }
    post {
        always {
            sh 'vagrant destroy -f || true'
            junit allowEmptyResults: true, testResults: '**/TEST-*.xml'
            archiveArtifacts artifacts: "logs/**, *.log", fingerprint: false
        }
        failure { mail to: 'ci@example.com', subject: "Failed: \${currentBuild.fullDisplayName}", body: "See \${env.BUILD_URL}" }
        cleanup { deleteDir() }
    }
}
`;
}

function stage(dice: Dice, indent: string, depth: number): string {
  const name = `${dice.one(WORDS)} ${dice.one(WORDS)} ${dice.below(1000)}`;
  const inner = `${indent}    `;
  const kind = dice.below(12);
  const head = `${indent}stage('${name}') {\n`;
  if (depth > 0 && kind === 0) {
    const branches = times(2 + dice.below(3), () => stage(dice, `${inner}    `, depth - 1));
    return `${head}${inner}failFast true\n${inner}parallel {\n${branches}${inner}}\n${indent}}\n`;
  }
  if (depth > 0 && kind === 1) {
    const parts = times(2 + dice.below(3), () => stage(dice, `${inner}    `, depth - 1));
    return `${head}${inner}stages {\n${parts}${inner}}\n${indent}}\n`;
  }
  const when =
    kind < 5
      ? `${inner}when { ${dice.one(["branch 'master'", 'not { changeRequest() }', "environment name: 'CLEAN', value: 'true'", 'expression { return params.CLEAN && env.BRANCH_NAME =~ /^v[0-9.]+$/ }', "anyOf { branch 'main'; branch pattern: 'release-\\\\d+', comparator: 'REGEXP' }"])} }\n`
      : '';
  const environment =
    kind > 6
      ? `${inner}environment {\n${inner}    ${dice.one(WORDS).toUpperCase()}_DIR = "\${WORKSPACE}/${dice.one(WORDS)}"\n${inner}    RETRIES = '${dice.below(5)}'\n${inner}}\n`
      : '';
  return `${head}${when}${environment}${inner}steps {\n${times(1 + dice.below(5), () => step(dice, `${inner}    `))}${inner}}\n${indent}}\n`;
}

function step(dice: Dice, indent: string): string {
  const word = dice.one(WORDS);
  switch (dice.below(9)) {
    case 0:
      return `${indent}sh 'make ${word} V=1'\n`;
    case 1:
      return `${indent}sh """\n${indent}    set -o pipefail\n${indent}    cd \${PROJ_PATH} && ./contrib/${word}.sh --memory=\${MEMORY} | tee ${word}.log\n${indent}"""\n`;
    case 2:
      return `${indent}sh '''#!/bin/bash\n${indent}    for file in $(git diff --name-only HEAD~1); do\n${indent}        echo "checking $file"   # ${'='.repeat(dice.below(60))}\n${indent}        test -f "$file" || continue\n${indent}    done\n${indent}'''\n`;
    case 3:
      return `${indent}dir("\${env.PROJ_PATH}") {\n${step(dice, `${indent}    `)}${indent}}\n`;
    case 4:
      return `${indent}script {\n${groovy(dice, `${indent}    `)}${indent}}\n`;
    case 5:
      return `${indent}withCredentials([usernamePassword(credentialsId: '${word}', usernameVariable: 'USER', passwordVariable: 'PASS')]) {\n${indent}    sh 'docker login -u "$USER" -p "$PASS" registry.example.com'\n${indent}}\n`;
    case 6:
      return `${indent}retry(${1 + dice.below(4)}) {\n${indent}    timeout(time: ${1 + dice.below(60)}, unit: 'MINUTES') { sh "vagrant up --provision ${word}-\${BUILD_NUMBER}" }\n${indent}}\n`;
    case 7:
      return `${indent}/* ${word}: kept until the next release,\n${indent}   because the old runners still read it. */\n${indent}echo "Done with ${word}: \${currentBuild.currentResult}"\n`;
    default:
      return `${indent}checkout([$class: 'GitSCM', branches: [[name: "\${params.BRANCH}"]], userRemoteConfigs: [[url: 'https://github.com/cilium/${word}.git']]])\n`;
  }
}

function groovy(dice: Dice, indent: string): string {
  const word = dice.one(WORDS);
  return [
    `def ${word}Files = findFiles(glob: '**/${word}-*.yaml').collect { it.path }`,
    `if (${word}Files.size() > ${dice.below(9)} && !(env.CHANGE_ID?.isEmpty() ?: true)) {`,
    `    ${word}Files.eachWithIndex { path, i -> echo "\${i}: \${path.tokenize('/')[-1]}" }`,
    `} else if (currentBuild.result == null || params.CLEAN) {`,
    `    currentBuild.description = [env.BRANCH_NAME, '${word}'].findAll { it }.join(' / ')`,
    `}`,
    `try {`,
    `    def code = sh(script: "./${word}.sh \${${word}Files.join(' ')}", returnStatus: true)`,
    `    if (code != 0) { error "exit code \${code}" }`,
    `} catch (Exception e) {`,
    `    unstable("${word}: \${e.message}")`,
    `}`,
  ]
    .map((line) => `${indent}${line}\n`)
    .join('');
}

function scripted(dice: Dice, stages: number): string {
  return `#!groovy
@Library('shared@v${dice.below(9)}') _

def targets = [${WORDS.map((word) => `${word}: [memory: ${1024 + dice.below(4096)}, suites: ['a', "b-\${word}"]]`).join(', ')}]
def tasks = [:]

properties([parameters([string(name: 'BRANCH', defaultValue: 'master')]), disableConcurrentBuilds()])

def runSuite(String name, Map options = [:]) {
    withEnv(["SUITE=\${name}", "MEMORY=\${options.memory ?: 4096}"]) {
        sh "./run.sh \${name} --timeout=\${options.get('timeout', 30)}"
    }
}

node('${dice.one(['baremetal', 'fixed', 'linux'])}') {
    try {
${times(
  stages,
  () =>
    `        stage('${dice.one(WORDS)} ${dice.below(1000)}') {\n${times(1 + dice.below(4), () => step(dice, '            '))}${groovy(dice, '            ')}        }\n`,
)}        targets.each { name, options ->
            tasks["test \${name}"] = {
                stage("test \${name}") { runSuite(name as String, options) }
            }
        }
        parallel tasks
    } catch (err) {
        currentBuild.result = 'FAILURE'
        throw err
    } finally {
        sh 'vagrant destroy -f'
        cleanWs()
    }
}
`;
}

function times(count: number, make: () => string): string {
  return Array.from({ length: count }, make).join('');
}
