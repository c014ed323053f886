import type { RunSpec, StageSpec, World } from './world';

/** What the demo's story shares with the sample repository (test/bed/sample). Change it here only. */
const STORY = {
  machine: 'moat',
  package: 'moat/pkg/policy',
  failingTest: 'TestPolicyEgressDeny',
  failure: 'policy_test.sh:53: egress web -> db:22: want DENIED, got ALLOWED',
  passingTests: [
    'TestPolicyDefaultDeny',
    'TestPolicyIngressAllow',
    'TestPolicyIngressDeny',
    'TestPolicyEgressAllow',
  ],
};

export interface CiliumOptions {
  readonly commits: {
    /** The commit of #42, which fails. */
    readonly broken: string;
    /** The commit of #43, which passes. */
    readonly mended: string;
    /** The commit of the runs before; the broken one's parent, unless told. */
    readonly before?: string;
    /** The head of pull request 17. */
    readonly pull?: string;
  };
  /** The address of the sample's remote, as Jenkins would tell it. */
  readonly originUrl: string;
  /** The Jenkinsfile's text, for the replay page. */
  readonly script?: string;
  /** Milliseconds since the epoch; the newest run began a quarter of an hour before. Now, unless told. */
  readonly now?: number;
}

/**
 * The main job's server: the multibranch project `cilium` in the folder `networking`, with the
 * branch `master`, whose run #42 failed in the stage Build and whose #43 passed, and a pull request.
 */
export function ciliumWorld(options: CiliumOptions): World {
  return {
    jobs: [
      {
        name: 'networking',
        kind: 'folder',
        jobs: [
          {
            name: 'cilium',
            kind: 'multibranch',
            jobs: [
              { name: 'master', isMain: true, runs: masterRuns(options) },
              { name: 'PR-17', change: CHANGE, runs: [pullRequestRun(options)] },
              { name: 'feature%2Fany-direction', runs: [] },
            ],
          },
        ],
      },
      {
        name: 'nightly',
        kind: 'freestyle',
        runs: [{ number: 7, result: 'SUCCESS', log: 'Finished: SUCCESS\n' }],
      },
    ],
  };
}

function masterRuns(options: CiliumOptions): RunSpec[] {
  const { broken, mended, before = broken } = options.commits;
  const run = (number: number, commit: string, rest: Partial<RunSpec>): RunSpec => ({
    number,
    causes: ['Branch indexing'],
    startedAt: (options.now ?? Date.now()) - (43 - number) * 3_600_000 - 900_000,
    duration: 412_000,
    revision: { hash: commit },
    checkouts: [{ sha: commit, remoteUrls: [options.originUrl], branch: 'master' }],
    environment: { BRANCH_NAME: 'master' },
    preamble: obtained(commit),
    ...(options.script !== undefined && { script: options.script }),
    ...rest,
  });
  return [
    run(38, before, { result: 'SUCCESS', stages: passed(38, before, options.originUrl) }),
    run(39, before, {
      result: 'ABORTED',
      duration: 95_000,
      stages: aborted(39, before, options.originUrl),
    }),
    run(40, before, {
      result: 'UNSTABLE',
      stages: [
        checkout(before, options.originUrl),
        {
          name: 'Build',
          state: 'unstable',
          duration: 380_000,
          log: [...vagrantUp(40, true), '[Pipeline] junit', 'Recording test results'],
        },
        cleanup(40, true),
      ],
      tests: [
        { group: STORY.package, name: 'TestPolicyIngressDeny', status: 'FAILED', details: 'flaky' },
      ],
    }),
    run(41, before, { result: 'SUCCESS', stages: passed(41, before, options.originUrl) }),
    run(42, broken, {
      result: 'FAILURE',
      error: 'script returned exit code 1',
      stages: [
        checkout(broken, options.originUrl),
        { name: 'Build', state: 'failed', duration: 388_000, log: vagrantUp(42, false) },
        cleanup(42, true),
      ],
    }),
    run(43, mended, { result: 'SUCCESS', stages: passed(43, mended, options.originUrl) }),
  ];
}

const CHANGE = {
  title: 'policy: a line may be about both directions',
  author: 'ada',
  url: 'https://github.com/cilium/cilium/pull/17',
  target: 'master',
  fork: 'ada',
};

function pullRequestRun({ commits, originUrl, now }: CiliumOptions): RunSpec {
  const head = commits.pull ?? commits.mended;
  return {
    number: 3,
    building: true,
    causes: ['Pull request #17 updated'],
    startedAt: (now ?? Date.now()) - 120_000,
    duration: 400_000,
    revision: { hash: commits.broken, pullHash: head },
    checkouts: [{ sha: head, remoteUrls: [originUrl], branch: 'PR-17' }],
    environment: {
      BRANCH_NAME: 'PR-17',
      CHANGE_ID: '17',
      CHANGE_URL: CHANGE.url,
      CHANGE_TITLE: CHANGE.title,
      CHANGE_AUTHOR: CHANGE.author,
      CHANGE_TARGET: CHANGE.target,
      CHANGE_BRANCH: 'any-direction',
      CHANGE_FORK: CHANGE.fork,
    },
    preamble: obtained(head),
    stages: [
      checkout(head, originUrl),
      { name: 'Build', state: 'running', log: ['[Pipeline] sh', '+ ./contrib/vagrant/start.sh'] },
    ],
  };
}

function obtained(commit: string): string[] {
  return [`Obtained Jenkinsfile from ${commit}`];
}

function passed(number: number, commit: string, originUrl: string): StageSpec[] {
  return [
    checkout(commit, originUrl),
    { name: 'Build', duration: 380_000, log: vagrantUp(number, true) },
    cleanup(number, true),
  ];
}

function aborted(number: number, commit: string, originUrl: string): StageSpec[] {
  const log = [
    '[Pipeline] sh',
    '+ ./contrib/vagrant/start.sh',
    'Aborted by Ada',
    'Sending interrupt signal to process',
    'script returned exit code 143',
  ];
  return [
    checkout(commit, originUrl),
    { name: 'Build', state: 'aborted', duration: 60_000, log },
    cleanup(number, true),
  ];
}

function checkout(commit: string, originUrl: string): StageSpec {
  return {
    name: 'Declarative: Checkout SCM',
    duration: 4_000,
    log: [
      '[Pipeline] checkout',
      `Cloning repository ${originUrl}`,
      ` > git fetch --no-tags --force --progress -- ${originUrl} +refs/heads/master:refs/remotes/origin/master # timeout=10`,
      `Checking out Revision ${commit} (master)`,
      ` > git checkout -f ${commit} # timeout=10`,
    ],
  };
}

/** What `vagrant up` prints when the tests run as the machine is made. */
function vagrantUp(number: number, pass: boolean): string[] {
  const guest = (line: string) => `    ${STORY.machine}-${number}: ${line}`;
  const host = (line: string) => `==> ${STORY.machine}-${number}: ${line}`;
  return [
    '[Pipeline] withEnv',
    '[Pipeline] {',
    '[Pipeline] sh',
    '+ ./contrib/vagrant/start.sh',
    `Bringing machine '${STORY.machine}-${number}' up with 'virtualbox' provider...`,
    host('Importing base box...'),
    host('Booting VM...'),
    host('Machine booted and ready!'),
    host('Running provisioner: build (shell)...'),
    guest('guest memory: 4039552 kB'),
    host('Running provisioner: testsuite (shell)...'),
    ...STORY.passingTests.flatMap((test) => [
      guest(`=== RUN   ${test}`),
      guest(`--- PASS: ${test} (0.10s)`),
    ]),
    guest(`=== RUN   ${STORY.failingTest}`),
    ...(pass
      ? [
          guest(`--- PASS: ${STORY.failingTest} (0.20s)`),
          guest('PASS'),
          guest(`ok  \t${STORY.package}`),
        ]
      : [
          guest(`--- FAIL: ${STORY.failingTest} (0.20s)`),
          guest(`    ${STORY.failure}`),
          guest('FAIL'),
          guest(`FAIL\t${STORY.package}`),
          'The SSH command responded with a non-zero exit status. Vagrant',
          'assumes that this means the command failed. The output for this command',
          'should be in the log above. Please read the output to determine what',
          'went wrong.',
        ]),
    '[Pipeline] }',
    '[Pipeline] // withEnv',
  ];
}

function cleanup(number: number, destroyed: boolean): StageSpec {
  return {
    name: 'Declarative: Post Actions',
    duration: 9_000,
    log: [
      '[Pipeline] sh',
      '+ vagrant destroy -f',
      ...(destroyed
        ? [
            `==> ${STORY.machine}-${number}: Forcing shutdown of VM...`,
            `==> ${STORY.machine}-${number}: Destroying VM and associated drives...`,
          ]
        : []),
    ],
  };
}
