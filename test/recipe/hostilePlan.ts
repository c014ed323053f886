import { planDocument } from '../../src/recipe/planDocument';
import { makePlan } from '../../src/recipe/plan';
import type { Recipe } from '../../src/recipe/recipe';

/** Texts that try to become more than text in Markdown, HTML or the preview of VS Code. */
export const ATTACKS: readonly string[] = [
  'a\r# FORGED\r',
  'a\n# FORGED\n',
  'a\r\n\r\n[FORGED](command:workbench.action.terminal.new)',
  '[FORGED](command:workbench.action.terminal.new)',
  '![FORGED](https://evil.example/x.png)',
  'a\r\r![FORGED](https://evil.example/x.png)\r',
  '<!-- FORGED',
  'a\r\r<!-- FORGED\r',
  '<img src="https://evil.example/FORGED">',
  '</code></pre><script>FORGED</script>',
  '` <b>FORGED</b> `',
  '```\r```\r# FORGED',
  '\n```\n# FORGED',
  '`````` FORGED',
  'x | FORGED |\r|---|---|',
  'https://evil.example/FORGED',
  'see //evil.example/FORGED',
  'FORGED@evil.example',
  'mailto:FORGED@evil.example',
  'www.evil.example/FORGED',
  '<https://evil.example/FORGED>',
  '[FORGED]\r\r[FORGED]: https://evil.example',
  '[^1] FORGED\r\r[^1]: FORGED',
  '\u2028# FORGED\u2029# FORGED\u0085# FORGED',
  '\u202eFORGED\u2066\u200f',
  '\u001b]0;FORGED\u0007\u0000',
  '&lt;FORGED&#x202e;',
  '$FORGED$ $$\nFORGED\n$$',
  '# FORGED',
  '###### FORGED',
  '- FORGED',
  '+ FORGED',
  '1. FORGED',
  '10) FORGED',
  '> FORGED',
  'FORGED\n===',
  'FORGED\r---',
  '    FORGED',
  '\t# FORGED',
  '~~~\nFORGED',
  '**FORGED** __FORGED__ ~~FORGED~~',
  'FORGED\\',
  'FORGED`',
  '`FORGED',
  '\\`FORGED\\`',
  '\\[FORGED](command:x)',
  '`a`` [FORGED](command:x) `b`',
  'FORGED \ud800',
];

/** Pages of a plan in which every text of the server, the run and the Jenkinsfile is the attack. */
export async function hostilePages(attack: string): Promise<readonly string[]> {
  const { signal } = new AbortController();
  return Promise.all(
    [JENKINSFILE, PARALLEL].flatMap((text) =>
      // Some texts are told apart by their beginning.
      [0, 11].map(async (kept) => {
        const recipe = recipeOf(text);
        const plan = await makePlan(recipe, signal);
        return planDocument(poisoned(recipe, attack, kept), poisoned(plan, attack, kept));
      }),
    ),
  );
}

/** Every text but those of ours that choose between words of ours. */
function poisoned<T>(value: T, attack: string, kept: number, key = ''): T {
  // An address of a page is a link, if there is nothing else in it.
  if (key === 'url') return `${String(value)}?${attack}` as T;
  if (typeof value === 'string')
    return (OWN.has(key) || value === '' ? value : `${value.slice(0, kept)}${attack}`) as T;
  if (Array.isArray(value))
    return value.map((each: unknown) => poisoned(each, attack, kept, key)) as unknown as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      name === 'source' && key === 'jenkinsfile'
        ? (each as unknown)
        : poisoned(each, attack, kept, name),
    ]),
  ) as T;
}

const OWN = new Set(['kind', 'what', 'consequence']);

const JENKINSFILE = `
pipeline {
    agent { label 'fixed' }
    options { timeout(time: 90, unit: 'MINUTES') }
    parameters { string(name: 'MEMORY', defaultValue: '2048') }
    triggers { cron('H 4 * * *') }
    environment {
        MEMORY = '4096'
        TOKEN = credentials('registry-token')
        VERSION = sh(script: 'git describe', returnStdout: true)
    }
    stages {
        stage('Prepare') { steps { notifyStart 'go'; sh 'make deps'; stash name: 'deps' } }
        stage('Skipped') { when { branch 'other' } steps { sh 'x' } }
        stage('Tests') {
            parallel {
                stage('Unit') {
                    agent { docker { image 'golang:1.20'; args '-v /cache:/cache' } }
                    environment { MEMORY = '1024' }
                    steps { dir('docs') { sh 'go test ./...' } }
                    post { always { junit 'report.xml' } }
                }
                stage('Pod') { agent { kubernetes { yaml 'spec: {}' } } steps { sh 'make' } }
            }
        }
        stage('Release') {
            input { message 'Release?' }
            steps {
                script { if (sh(script: './is-new', returnStatus: true) == 0) { sh './publish' } }
                git url: 'https://git.example.org/docs.git', branch: 'main'
                mail to: 'team@example.org', subject: 'done', body: 'released'
            }
        }
    }
    post { failure { sh './collect-logs' } }
    unknown { }
}
`;

const PARALLEL = `
node('builder') { stage('Build') { withEnv(["V=1"]) { sh 'make' } } }
parallel(unit: { node('linux') { sh 'make unit' } }, system: { node('kvm') { sh 'make' } })
error 'end'
`;

function recipeOf(text: string): Recipe {
  return {
    version: 1,
    run: {
      url: 'https://ci.example.org/job/moat/42/',
      job: 'moat',
      number: 42,
      result: 'FAILURE',
      branch: 'main',
      change: undefined,
      node: 'agent-7',
      stages: [],
      failure: {
        stage: ['Release'],
        command: 'make',
        exitCode: 2,
        tests: [{ group: 'group', name: 'TestMoat', details: undefined }],
        lines: [],
      },
      previous: undefined,
    },
    repository: { directory: '/home/ada/moat', remoteUrl: 'https://git.example.org/moat.git' },
    commit: '0123456789abcdef0123456789abcdef01234567',
    withChanges: false,
    jenkinsfile: { path: 'Jenkinsfile', text, source: 'commit' },
    libraries: [
      { name: 'missing', version: 'v2', implicit: false, missing: 'It was not found.' },
      {
        ...{ name: 'found', version: 'v2', implicit: true, source: '/libraries/found' },
        ...{ revision: '0123456789abcdef0123456789abcdef01234567', note: 'It moved.' },
        ...{ files: {}, omitted: [] },
      },
    ],
    select: { kind: 'all' },
    environment: { JOB_NAME: 'moat', MEMORY: '512' },
    parameters: [
      { name: 'DEPLOY', value: true, kind: 'BooleanParameterValue' },
      { name: 'LOST', value: undefined, kind: 'PasswordParameterValue' },
    ],
    overrides: {},
    keep: 'never',
    timeout: undefined,
  };
}
