import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './program';

const REFUSED = `pipeline {
  agent any
  stages {
    stage('Build') { steps { sh 'touch ran' } post { always { echo 'x' } } }
  }
  options { }
}
`;

describe('ci-parity reproduce of a Jenkinsfile that Jenkins would refuse', () => {
  let root: string;
  let folder: string;
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@localhost', ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  const ciParity = (...args: string[]): Promise<{ code: number | string; output: string }> => {
    const [node = '', ...more] = [...program, ...args];
    const env = { ...process.env, XDG_STATE_HOME: join(root, 'state') };
    return new Promise((done) => {
      execFile(node, more, { cwd: folder, env }, (error, output) => {
        done({ code: error?.code ?? 0, output });
      });
    });
  };
  const made = (): string[] =>
    readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /(^|\/)(ran|workspaces\/.+|artifacts|output\.log)$/.test(name),
    );

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-refused-'));
    folder = mkdtempSync(join(root, 'repo-'));
    git('init', '-q', '-b', 'main');
    writeFileSync(join(folder, 'Jenkinsfile'), REFUSED);
    git('add', '--all');
    git('commit', '-qm', 'change');
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('says why, line by line, makes nothing, and ends as what could not be run', async () => {
    const { code, output } = await ciParity('reproduce', 'Jenkinsfile');
    assert.equal(code, 3);
    assert.match(
      output,
      /could not run: Jenkins would refuse this Jenkinsfile: line 4: "post" must begin on a line of its own\./,
    );
    assert.match(output, /line 6: "options" cannot be empty\./);
    assert.deepEqual(made(), []);
    assert.equal(git('worktree', 'list').trim().split('\n').length, 1);
  });

  it('says so to programs too, and of a stage of it', async () => {
    const { code, output } = await ciParity(
      'reproduce',
      'Jenkinsfile',
      '--select',
      'stage Build',
      '--json',
    );
    assert.equal(code, 3);
    const events = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; verdict?: { kind: string } });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['started', 'verdict', 'ended'],
    );
    assert.equal(events[1]?.verdict?.kind, 'could not run');
  });
});
