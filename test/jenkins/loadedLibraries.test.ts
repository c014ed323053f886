import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import { loadedLibraries, withRemotes } from '../../src/jenkins/loadedLibraries';

import { startJenkins } from '../bed/jenkins/double';

const TOOLS = '2cb6d42911165440d78306505bfff72267635f16';
const MORE = '3330dc4348bdc80cf5f1d1ac053ab60b814dabf3';
const OWN = '194cd966498882472b692db97387394610b8e4e6';

/** What the git plugin of a server writes between the name and the revision. */
function fetched(url: string, sha: string, ref = 'main'): string[] {
  return [
    `Attempting to resolve ${ref} from remote references...`,
    ' > git --version # timeout=10',
    ` > git ls-remote -- ${url} # timeout=10`,
    `Found match: refs/heads/${ref} revision ${sha}`,
    'The recommended git tool is: NONE',
    'using credential git-user',
    'Fetching changes from the remote Git repository',
    ` > git config remote.origin.url ${url} # timeout=10`,
    'Fetching without tags',
    `Fetching upstream changes from ${url}`,
    `Checking out Revision ${sha} (${ref})`,
    ` > git checkout -f ${sha} # timeout=10`,
    'Commit message: "Loading library other@v9"',
  ];
}

function read(...lines: readonly (string | readonly string[])[]) {
  return loadedLibraries(`${lines.flat().join('\r\n')}\r\n`);
}

describe('The libraries that a log tells of', () => {
  it('have name, version, revision and address', () => {
    const url = 'https://git.example.org/ci/tools.git';
    const libraries = read(
      'Started by user Ada',
      `Obtained Jenkinsfile from ${OWN}`,
      'Loading library tools@main',
      fetched(url, TOOLS),
      '[Pipeline] Start of Pipeline',
    );
    assert.deepEqual(libraries, [
      {
        name: 'tools',
        version: 'main',
        revision: TOOLS,
        remoteUrl: url,
        atStart: true,
        replaced: [],
      },
    ]);
  });

  it('are several, each with its own', () => {
    const libraries = read(
      'Loading library tools@main',
      fetched('https://git.example.org/tools', TOOLS),
      'Loading library more@release/1',
      fetched('git@git.example.org:more.git', MORE, 'release/1'),
      '[Pipeline] Start of Pipeline',
    );
    assert.deepEqual(
      libraries.map(({ name, version, revision, remoteUrl }) => [
        name,
        version,
        revision,
        remoteUrl,
      ]),
      [
        ['tools', 'main', TOOLS, 'https://git.example.org/tools'],
        ['more', 'release/1', MORE, 'git@git.example.org:more.git'],
      ],
    );
  });

  it('are not mixed up with the run’s own checkout', () => {
    const [library] = read(
      'Loading library tools@v1',
      'Library tools@v1 is cached. Copying from cache.',
      '[Pipeline] Start of Pipeline',
      '[Pipeline] checkout',
      fetched('https://git.example.org/own', OWN),
    );
    assert.equal(library?.revision, undefined);
    assert.equal(library?.remoteUrl, undefined);
  });

  it('are found at a step too, and behind times and names of branches', () => {
    const libraries = read(
      '[2026-04-20T16:30:01.023Z] [Pipeline] library',
      ['Loading library tools@main', ...fetched('https://git.example.org/tools', TOOLS)].map(
        (line) => `[2026-04-20T16:30:01.208Z] [left] ${line}`,
      ),
      '[2026-04-20T16:30:02.246Z] [Pipeline] echo',
    );
    assert.deepEqual(
      libraries.map(({ name, revision, remoteUrl }) => [name, revision, remoteUrl]),
      [['tools', TOOLS, 'https://git.example.org/tools']],
    );
  });

  it('keep the first definition', () => {
    const libraries = read(
      'Loading library tools@v1',
      fetched('https://git.example.org/tools', TOOLS),
      '[Pipeline] library',
      'Loading library tools@v2',
      fetched('https://git.example.org/tools', MORE),
    );
    assert.deepEqual(
      libraries.map(({ version, revision }) => [version, revision]),
      [['v1', TOOLS]],
    );
  });

  it('name the files that a replay replaced', () => {
    const [library] = read(
      'Loading library tools@v1',
      fetched('https://git.example.org/tools', TOOLS),
      'Replacing contents of vars/deploy.groovy',
      'Replacing contents of src/org/x/Y.groovy',
      '[Pipeline] Start of Pipeline',
    );
    assert.deepEqual(
      library?.replaced.map(({ path }) => path),
      ['vars/deploy.groovy', 'src/org/x/Y.groovy'],
    );
  });

  it('are none in a log without them, whatever it prints', () => {
    assert.deepEqual(read('Started by user Ada', '[Pipeline] echo', 'Loading library'), []);
  });

  it('are read in time that is linear in the log', () => {
    const log = `${'[a] '.repeat(50_000)}\nLoading library tools@v1\n${'[x] '.repeat(50_000)}`;
    const begin = performance.now();
    assert.equal(loadedLibraries(log).length, 1);
    assert.ok(performance.now() - begin < 500);
  });

  it('have the address of the run’s record where the log tells none', () => {
    const told = read(
      'Loading library tools@main',
      ' > JGit ls-remote # timeout=10',
      `Found match: refs/heads/main revision ${TOOLS}`,
      '[Pipeline] Start of Pipeline',
    );
    const checkouts = [
      { sha: OWN, remoteUrls: ['https://git.example.org/own'], branch: 'main' },
      { sha: TOOLS, remoteUrls: ['https://git.example.org/tools'], branch: 'main' },
    ];
    assert.equal(told[0]?.remoteUrl, undefined);
    assert.equal(withRemotes(told, checkouts)[0]?.remoteUrl, 'https://git.example.org/tools');
  });
});

describe('A client asked for a run’s libraries', () => {
  const { signal } = new AbortController();

  it('reads its log, its record, and of a replay the page that was replayed', async () => {
    await using jenkins = await startJenkins({
      world: {
        jobs: [
          {
            name: 'app',
            runs: [
              {
                number: 7,
                result: 'FAILURE',
                checkouts: [
                  { sha: OWN, remoteUrls: ['https://git.example.org/own'] },
                  { sha: TOOLS, remoteUrls: ['https://git.example.org/tools'] },
                ],
                preamble: [
                  'Loading library tools@v1',
                  `Found match: refs/tags/v1 revision ${TOOLS}`,
                  'Replacing contents of vars/deploy.groovy',
                  'Replacing contents of src/org/x/Y.groovy',
                ],
                script: "deploy 'x'",
                loadedScripts: { deploy: "def call(x) { sh 'a < b' }", 'org.x.Y': 'class Y {}' },
              },
            ],
          },
        ],
      },
    });
    using client = connect({ base: jenkins.base });
    const run = await client.run(`${jenkins.base}job/app/7/`, signal);
    assert.deepEqual(await client.libraries(run, signal), [
      {
        name: 'tools',
        version: 'v1',
        revision: TOOLS,
        remoteUrl: 'https://git.example.org/tools',
        atStart: true,
        replaced: [
          { path: 'vars/deploy.groovy', text: "def call(x) { sh 'a < b' }" },
          { path: 'src/org/x/Y.groovy', text: 'class Y {}' },
        ],
      },
    ]);
  });
});
