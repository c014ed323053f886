import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plan } from '../../src/recipe/plan';
import type { Recipe } from '../../src/recipe/recipe';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';
import type { RunSpec } from '../bed/jenkins/world';

const root = fileURLToPath(new URL('../..', import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** A pipeline that lies in a library as a whole, and of which the Jenkinsfile is one line. */
describe('The command line, with a shared library', () => {
  let folder: string;
  let app: string;
  let tools: string;
  let jenkins: JenkinsDouble;
  let runUrl: string;
  const commits = { app: '', broken: '', mended: '' };

  const standard = (script: string): string => `def call(Map config) {
  pipeline {
    agent any
    stages {
      stage('Build') {
        steps {
          sh "echo building \${config.name}; ${script}"
        }
      }
    }
    post { always { say 'done' } }
  }
}
`;

  function git(directory: string, ...args: string[]): string {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
    return execFileSync('git', [...identity, ...args], { cwd: directory, encoding: 'utf8' }).trim();
  }

  function commit(directory: string, files: Readonly<Record<string, string>>): string {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
    git(directory, 'add', '-A');
    git(directory, 'commit', '-q', '-m', 'change');
    return git(directory, 'rev-parse', 'HEAD');
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ci-parity-cli-'));
    app = join(folder, 'app');
    tools = join(folder, 'tools');
    for (const directory of [app, tools]) {
      mkdirSync(directory);
      git(directory, 'init', '-q', '-b', 'main');
    }
    commits.app = commit(app, {
      Jenkinsfile: "@Library('tools') _\n\nstandard(name: 'moat')\n",
    });
    commits.broken = commit(tools, {
      'vars/standard.groovy': standard('exit 3'),
      'vars/say.groovy': 'def call(String text) { sh "echo said ${text}" }\n',
    });
    commits.mended = commit(tools, { 'vars/standard.groovy': standard('exit 0') });
    const run: RunSpec = {
      number: 7,
      result: 'FAILURE',
      revision: { hash: commits.app },
      checkouts: [
        { sha: commits.broken, remoteUrls: ['https://git.example.org/ci/tools.git'] },
        { sha: commits.app, remoteUrls: ['https://git.example.org/app.git'] },
      ],
      preamble: [
        `Obtained Jenkinsfile from ${commits.app}`,
        'Loading library tools@main',
        'Attempting to resolve main from remote references...',
        `Found match: refs/heads/main revision ${commits.broken}`,
        'Fetching upstream changes from https://git.example.org/ci/tools.git',
        `Checking out Revision ${commits.broken} (main)`,
      ],
      stages: [
        {
          name: 'Build',
          state: 'failed',
          log: ['[Pipeline] sh', '+ echo building moat', 'building moat', '+ exit 3'],
        },
      ],
      error: 'script returned exit code 3',
    };
    jenkins = await startJenkins({ world: { jobs: [{ name: 'app', runs: [run] }] } });
    runUrl = `${jenkins.base}job/app/7/`;
  });
  after(async () => {
    await jenkins.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const env = { ...process.env, XDG_STATE_HOME: join(folder, 'state') };
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        ['--import', loader, join(root, 'src/cli.ts'), ...args],
        { cwd: app, env: { ...env } },
        (error, out, err) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
        },
      );
      child.stdin?.end();
    });
  }

  async function planned(
    ...args: string[]
  ): Promise<{ recipe: Recipe; plan: Plan; document: string }> {
    const { out, err } = await cli('plan', '--json', ...args);
    assert.ok(out !== '', err);
    return JSON.parse(out) as { recipe: Recipe; plan: Plan; document: string };
  }

  it('plans what the library says at the run’s commit, wherever its branch is now', async () => {
    const { recipe, plan, document } = await planned(runUrl, '--library', `tools=${tools}`);
    const [library] = recipe.libraries ?? [];
    assert.ok(library && 'files' in library);
    assert.equal(library.revision, commits.broken);
    const [step] = plan.items.filter((item) => item.kind === 'sh');
    assert.equal(step?.script, 'echo building moat; exit 3');
    assert.equal(step.line, 7);
    assert.equal(step.source, 'vars/standard.groovy of library tools');
    assert.match(
      document,
      /## Shared libraries\n\n- `tools`, version `main`: commit `[0-9a-f]{40}`/,
    );
    assert.match(document, /line 7 of vars\/standard\.groovy of library tools/);
  });

  it('names a library that is not to be had, and its steps', async () => {
    const { recipe, document } = await planned(runUrl);
    assert.deepEqual(
      recipe.libraries?.map((library) => 'missing' in library),
      [true],
    );
    assert.match(
      document,
      /- `tools`.*\*\*not to be had\*\*: .*server that none of your remotes is on/,
    );
    assert.match(document, /`ciParity\.libraries`/);
    assert.match(document, /Line 3: `standard` is not repeated: .*step of the library tools/);
  });

  it('writes recipes as their schema says, with a library and without', async () => {
    const schema = JSON.parse(
      readFileSync(join(root, 'media/recipe.schema.json'), 'utf8'),
    ) as object;
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    for (const options of [['--library', `tools=${tools}`], []]) {
      const { recipe } = await planned(runUrl, ...options);
      assert.ok(validate(recipe), JSON.stringify(validate.errors));
    }
    const { recipe } = await planned('Jenkinsfile', '--library', 'tools=../tools');
    assert.ok(validate(recipe), JSON.stringify(validate.errors));
    assert.ok(recipe.libraries);
    assert.ok(!validate({ ...recipe, libraries: [{ name: 'tools' }] }));
  });

  it('plans a file with the library as the clone has it, and says so', async () => {
    const { recipe, plan, document } = await planned('Jenkinsfile', '--library', 'tools=../tools');
    assert.ok(plan.items.some((item) => item.kind === 'sh' && item.script.endsWith('exit 0')));
    assert.ok(plan.items.some((item) => item.kind === 'sh' && item.script === 'echo said done'));
    assert.match(document, /\*\*may differ\*\*: The log tells no commit/);
    assert.equal(recipe.run, undefined);
  });

  it('says with which error the pipeline would end', async () => {
    writeFileSync(join(app, 'Other.Jenkinsfile'), "@Library('tools') _\nsay.nothing.more()\n");
    const { plan, document } = await planned('Other.Jenkinsfile', '--library', 'tools=../tools');
    rmSync(join(app, 'Other.Jenkinsfile'));
    assert.match(plan.error ?? '', /say|nothing/, JSON.stringify(plan));
    assert.match(document, /It would end with an error: `/);
  });

  it('selects a stage that stands in the library', async () => {
    const { plan } = await planned(
      runUrl,
      '--library',
      `tools=${tools}`,
      '--select',
      'stage Build',
    );
    assert.ok(plan.items.some((item) => item.kind === 'sh'));
    const { err } = await cli(
      ...['plan', runUrl, '--library', `tools=${tools}`, '--select', 'stage Nowhere'],
    );
    assert.match(err, /has no stage "Nowhere"[^]*Build/);
  });

  it('reproduces the failure by running the library’s own steps', async () => {
    const before = git(tools, 'for-each-ref') + git(tools, 'status', '--porcelain');
    const { code, out, err } = await cli('reproduce', runUrl, '--library', `tools=${tools}`);
    const all = out + err;
    assert.match(all, /\+ echo building moat\s+building moat\s+\+ exit 3/);
    assert.match(all, /\+ echo said done/);
    assert.equal(code, 0, all);
    assert.equal(git(tools, 'for-each-ref') + git(tools, 'status', '--porcelain'), before);
  });

  it('wants a name and a place', async () => {
    const { code, err } = await cli('plan', 'Jenkinsfile', '--library', 'tools');
    assert.equal(code, 2);
    assert.match(err, /--library tools is not of the form/);
  });
});
