/** A repository without commits: `git init`, or the clone of an empty one. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';
import { openWorkshop, type Workshop } from '../reproduce/workshop';
import { program } from './program';

interface Ended {
  readonly code: number;
  readonly text: string;
}

describe('A repository without commits', function () {
  this.timeout('1m');
  let shop: Workshop;
  let empty: string;
  let jenkins: JenkinsDouble;
  let runUrl: string;

  beforeEach(async () => {
    shop = openWorkshop();
    shop.commit({ Jenkinsfile: "node { checkout scm\n sh 'echo on' }\n" });
    empty = join(shop.root, 'empty');
    mkdirSync(empty);
    execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: empty });
    writeFileSync(join(empty, 'Jenkinsfile'), "node { sh 'true' }\n");
    const hash = shop.git('rev-parse', 'HEAD').trim();
    jenkins = await startJenkins({
      world: {
        jobs: [
          {
            name: 'app',
            runs: [
              {
                number: 7,
                result: 'FAILURE',
                revision: { hash },
                checkouts: [{ sha: hash, remoteUrls: ['https://git.example.org/app.git'] }],
                preamble: [`Obtained Jenkinsfile from ${hash}`],
                stages: [{ name: 'Build', state: 'failed', log: ['+ exit 3'] }],
                error: 'script returned exit code 3',
              },
            ],
          },
        ],
      },
    });
    runUrl = `${jenkins.base}job/app/7/`;
  });
  afterEach(async () => {
    await jenkins.close();
    shop[Symbol.dispose]();
  });

  const cli = (...args: string[]): Promise<Ended> => {
    const [node, ...words] = [...program, ...args];
    return new Promise((resolve) =>
      execFile(node ?? '', words, { cwd: empty }, (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: out + err }),
      ),
    );
  };

  for (const command of ['plan', 'reproduce'])
    it(`is told by ${command} of its Jenkinsfile`, async () => {
      const { code, text } = await cli(command, 'Jenkinsfile');
      assert.equal(code, 3);
      const [first, advice, ...more] = text.trimEnd().split('\n');
      assert.equal(first, `ci-parity: The branch main of ${empty} has no commit yet.`);
      assert.match(advice ?? '', /^ci-parity: Commit something, or check out a branch/);
      assert.deepEqual(more, []);
    });

  it('hinders nothing that needs no commit of it', async () => {
    for (const args of [
      ['outline', 'Jenkinsfile'],
      ['lint', 'Jenkinsfile'],
      ['runs', `${jenkins.base}job/app/`],
      ['failures', `${jenkins.base}job/app/`],
      ['explain', runUrl],
      ['list'],
      ['clean'],
    ]) {
      const { code, text } = await cli(...args);
      assert.equal(code, 0, `${args.join(' ')}\n${text}`);
      assert.doesNotMatch(text, /fatal|defect/, args.join(' '));
    }
  });

  it("says which commit is missing where no remote has the run's, and fetches it where one does", async () => {
    for (const command of ['plan', 'reproduce']) {
      const { code, text } = await cli(command, runUrl);
      assert.equal(code, 3, text);
      assert.match(text, /^ci-parity: The run's commit [0-9a-f]{12} is neither in .* nor at its/m);
    }
    execFileSync('git', ['remote', 'add', 'origin', shop.repository], { cwd: empty });
    const { code, text } = await cli('reproduce', runUrl);
    assert.match(text, /^on$/m);
    assert.match(text, /passed here/);
    assert.equal(code, 1, text);
    const changed = await cli('reproduce', runUrl, '--with-changes');
    assert.equal(changed.code, 3, changed.text);
    assert.match(changed.text, /The branch main of .* has no commit yet\./);
    assert.doesNotMatch(changed.text, /defect/);
  });
});
