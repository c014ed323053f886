import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bornAt } from '../../src/machines/processes';
import type { Wishes } from '../../src/recipe/compose';
import { runReproduction, type Surroundings } from '../../src/reproduce/run';
import { readReproduction, type Files } from '../../src/reproduce/store';
import {
  interruptsWhenReady,
  openWorkshop,
  type Person,
  type Seen,
  type Workshop,
} from './workshop';

/** A repository with a Jenkinsfile, run as "Run this stage here" does. */
describe('A reproduction', () => {
  let shop: Workshop;
  let root: string;
  let repository: string;
  beforeEach(() => {
    shop = openWorkshop();
    ({ root, repository } = shop);
  });
  afterEach(() => {
    shop[Symbol.dispose]();
  });

  const git = (...args: string[]): string => shop.git(...args);
  const write = (files: Record<string, string>): void => shop.write(files);
  const commit = (files: Record<string, string>): void => shop.commit(files);
  /** All that belongs to the person. */
  const untouched = (): string =>
    [
      'status --porcelain=v2 --branch',
      'for-each-ref',
      'worktree list',
      'config --local --list',
      'stash list',
    ]
      .map((command) => git(...command.split(' ')))
      .join('\n');
  const run = (wishes: Partial<Wishes> = {}, person: Person = {}): Promise<Seen> =>
    shop.runAsIs(person, { withChanges: true, ...wishes });

  const pipeline = (stages: string, rest = ''): string =>
    `pipeline {\n agent any\n ${rest}\n stages {\n${stages}\n }\n}\n`;
  const stage = (name: string, steps: string, rest = ''): string =>
    `stage('${name}') { ${rest}\n steps { ${steps} } }\n`;
  const leavesNothing = (files: Files): void => {
    assert.deepEqual(readdirSync(dirname(files.workspace)), []);
    assert.deepEqual(readReproduction(files.id).made, []);
    assert.equal(git('worktree', 'list').trim().split('\n').length, 1);
  };

  it('runs the stages at the commit and leaves the person’s tree as it was', async () => {
    commit({
      Jenkinsfile: pipeline(
        stage('One', "sh 'cat file; git rev-parse HEAD; git status --porcelain'"),
      ),
      file: 'committed\n',
    });
    const before = untouched();
    const { verdict, files, output } = await run();
    assert.equal(verdict.sentence, 'passed: every stage passed');
    assert.match(
      output,
      new RegExp(`\\+ cat file\ncommitted\n\\+ git rev-parse HEAD\n${git('rev-parse', 'HEAD')}`),
    );
    assert.equal(untouched(), before);
    assert.equal(readFileSync(files.output, 'utf8'), output);
    leavesNothing(files);
  });

  it('lays uncommitted changes over the checkout, new files and deleted ones too', async () => {
    commit({
      Jenkinsfile: pipeline(stage('One', "sh 'cat file; ls'")),
      file: 'committed\n',
      gone: '',
    });
    write({ file: 'changed\n', 'new/file': 'new\n' });
    rmSync(join(repository, 'gone'));
    git('add', 'new/file');
    const before = untouched();
    const { output } = await run();
    assert.match(output, /\nchanged\n/);
    assert.match(output, /\nJenkinsfile\nfile\nnew\n$/);
    assert.equal(untouched(), before);
    assert.match((await run({ withChanges: false })).output, /\ncommitted\n/);
  });

  it('lays changes over the checkout byte by byte, whatever the person has set for reading diffs', async () => {
    const print = 'sha256sum < new; cat file; cat a.conv';
    commit({
      Jenkinsfile: pipeline(stage('One', `sh '${print}'`)),
      ...{ file: 'committed\n', 'a.conv': 'committed\n', '.gitattributes': '*.conv diff=conv\n' },
    });
    const latin1 = Buffer.from('caf\xe9\n', 'latin1');
    writeFileSync(join(repository, 'new'), latin1);
    write({ file: 'changed\n', 'a.conv': 'changed too\n' });
    for (const [key, value] of [
      ['diff.noprefix', 'true'],
      ['color.diff', 'always'],
      ['diff.submodule', 'log'],
      ['diff.conv.textconv', 'tr a-z A-Z <'],
    ] as const)
      git('config', key, value);
    const { output, said } = await run();
    const sum = createHash('sha256').update(latin1).digest('hex');
    assert.match(output, new RegExp(`\n${sum} .*\n.*\nchanged\n.*\nchanged too\n$`), said);
  });

  it('fails as the step fails, skips the rest, and runs post in Jenkins’ order', async () => {
    const post =
      "post { cleanup { sh 'echo cleanup' }; failure { sh 'echo failure' }; success { sh 'echo success' }; always { sh 'echo always' } }";
    commit({
      Jenkinsfile: pipeline(
        stage('One', "sh 'echo before; exit 7; echo never'") + stage('Two', "sh 'echo two'"),
        '',
      ).replace(/\}\n$/, `${post}\n}\n`),
    });
    const { verdict, output, files } = await run();
    assert.equal(verdict.sentence, 'failed: One failed with exit code 7');
    assert.deepEqual(
      output.split('\n').filter((line) => !line.startsWith('+') && line !== ''),
      ['before', 'always', 'failure', 'cleanup'],
    );
    const { stages } = readReproduction(files.id);
    assert.deepEqual(
      stages.map(({ path, state }) => [path.join(), state]),
      [
        ['One', 'failed'],
        ['Two', 'skipped'],
      ],
    );
  });

  it('puts away, and has a verdict, before a defect of ours is told', async () => {
    commit({ Jenkinsfile: pipeline(stage('One', "sh 'echo ready'")) });
    let files: Files | undefined;
    const broken = run(
      {},
      {
        watch: ({ event, output }, its) => {
          files = its;
          if (!event && output.includes('ready')) throw new RangeError('the screen is broken');
        },
      },
    );
    await assert.rejects(broken, RangeError);
    assert.ok(files);
    leavesNothing(files);
    const { status, verdict } = readReproduction(files.id);
    assert.equal(status.state, 'ended');
    assert.equal(verdict?.sentence, 'could not run: the screen is broken');
  });

  it('gives steps the environment of the Jenkinsfile, and --env above all', async () => {
    commit({
      Jenkinsfile: pipeline(
        stage(
          'One',
          `sh 'echo "$A|$B|$C|$WORKSPACE|$JOB_NAME|$CI"'; withEnv(['B=inner']) { sh 'echo "with $B"' }`,
          'environment { B = "\${A}-b"; C = \'c\' }',
        ),
        "environment { A = 'root' }",
      ),
    });
    const { output, files } = await run({ overrides: { C: 'mine' } });
    assert.match(output, new RegExp(`\nroot\\|root-b\\|mine\\|${files.workspace}\\|repo\\|true\n`));
    assert.match(output, /\nwith inner\n/);
  });

  it('runs one stage if only that is chosen, and says which there are if it is none', async () => {
    commit({
      Jenkinsfile: pipeline(stage('One', "sh 'echo one'") + stage('Two', "sh 'echo two'")),
    });
    const { output } = await run({ select: { kind: 'stage', name: 'Two' } });
    assert.match(output, /two/);
    assert.doesNotMatch(output, /one/);
    await assert.rejects(run({ select: { kind: 'stage', name: 'Three' } }), /no stage "Three"/);
  });

  it('masks credentials in the output, the journal and every file, and asks only for those it needs', async () => {
    const canary = 'c4nary-v4lue';
    commit({
      Jenkinsfile: pipeline(
        stage(
          'One',
          'sh \'echo "token is $TOKEN"\'; sh "echo ${TOKEN}"; sh \'echo "$LOGIN_USR:$LOGIN_PSW"\'',
        ),
        "environment { TOKEN = credentials('canary'); LOGIN = credentials('login') }",
      ),
    });
    const { verdict, output, files } = await run(
      {},
      {
        secrets: {
          canary: { kind: 'text', text: canary },
          login: { kind: 'login', username: 'ada', password: 'pa55' },
        },
      },
    );
    assert.equal(verdict.kind, 'passed');
    assert.match(output, /\ntoken is \*\*\*\*\n/);
    assert.doesNotMatch(output, /pa55/);
    const found = spawnSync('grep', ['-rlE', `${canary}|pa55`, root], { encoding: 'utf8' }).stdout;
    assert.equal(found, '', 'no file holds a secret');
    assert.ok(existsSync(files.journal));
  });

  it('says which credential is missing', async () => {
    commit({
      Jenkinsfile: pipeline(
        stage('One', "sh 'true'"),
        "environment { TOKEN = credentials('canary') }",
      ),
    });
    const { verdict } = await run();
    assert.match(
      verdict.sentence,
      /^could not run: The Jenkinsfile asks for the credential "canary"/,
    );
  });

  it('keeps artifacts and reads JUnit files', async () => {
    const junit =
      '<testsuite><testcase classname="pkg" name="TestA"/><testcase classname="pkg" name="TestB"><failure message="no"/></testcase></testsuite>';
    commit({
      Jenkinsfile: pipeline(
        stage(
          'One',
          "sh 'mkdir -p out/deep; echo x > out/deep/a.txt'; archiveArtifacts 'out/**/*.txt'; junit '*.xml'",
        ),
      ),
      'r.xml': junit,
    });
    const { verdict, files } = await run();
    assert.equal(readFileSync(join(files.artifacts, 'out/deep/a.txt'), 'utf8'), 'x\n');
    assert.equal(verdict.kind, 'failed');
    assert.deepEqual(
      verdict.failedTests.map(({ name }) => name),
      ['TestB'],
    );
  });

  it('stops the step on an interrupt, runs post aborted, always and cleanup, and leaves nothing', async () => {
    const post =
      "post { aborted { sh 'echo aborted' }; always { sh 'echo always' }; success { sh 'echo success' } }";
    commit({
      Jenkinsfile: pipeline(stage('One', "sh 'echo ready; sleep 300'"), '').replace(
        /\}\n$/,
        `${post}\n}\n`,
      ),
    });
    const { verdict, output, files } = await run({}, interruptsWhenReady());
    assert.equal(verdict.kind, 'cancelled');
    assert.deepEqual(
      output.split('\n').filter((line) => /^(always|aborted|success)$/.test(line)),
      ['always', 'aborted'],
    );
    leavesNothing(files);
  });

  it('ends at once on a second interrupt and says what is left', async () => {
    const post = "post { always { sh 'echo in post; sleep 300' } }";
    commit({
      Jenkinsfile: pipeline(stage('One', "sh 'echo ready; sleep 300'"), '').replace(
        /\}\n$/,
        `${post}\n}\n`,
      ),
    });
    let interrupt: (why: string) => void = () => undefined;
    const done = new Set<string>();
    const { verdict, files, said } = await run(
      {},
      {
        interrupt: (listener) => (interrupt = listener),
        watch: (seen) => {
          for (const word of ['\nready', '\nin post'])
            if (!done.has(word) && seen.output.includes(word)) {
              done.add(word);
              interrupt('interrupted');
            }
        },
      },
    );
    assert.equal(verdict.kind, 'cancelled');
    assert.match(said, /left: worktree/);
    assert.ok(existsSync(files.workspace));
    const { status } = readReproduction(files.id);
    assert.ok(status.state === 'ended' && status.left.length > 0);
  });

  it('is cancelled when the file `stop` appears, as if interrupted', async () => {
    commit({ Jenkinsfile: pipeline(stage('One', "sh 'echo ready; sleep 300'")) });
    let asked = false;
    const { verdict, files } = await run(
      {},
      {
        watch: (seen, { stop }) => {
          if (asked || !seen.output.includes('\nready')) return;
          asked = true;
          writeFileSync(stop, '');
        },
      },
    );
    assert.equal(verdict.kind, 'cancelled');
    leavesNothing(files);
  });

  it('keeps the workspace on failure until the file `finish` appears, and only then runs post', async () => {
    commit({
      Jenkinsfile: pipeline(stage('One', "sh 'touch made; false'"), '').replace(
        /\}\n$/,
        "post { always { sh 'echo post; rm made' } }\n}\n",
      ),
    });
    const order: string[] = [];
    const { verdict, files } = await run(
      { keep: 'on-failure' },
      {
        watch: ({ event }, { finish, workspace, id }) => {
          if (event?.type === 'kept') {
            assert.ok(existsSync(join(workspace, 'made')));
            assert.equal(readReproduction(id).verdict?.kind, 'failed');
            writeFileSync(finish, '');
          }
          if (event && ['kept', 'finishing', 'post'].includes(event.type)) order.push(event.type);
        },
      },
    );
    assert.equal(verdict.kind, 'failed');
    assert.deepEqual(order, ['kept', 'finishing', 'post']);
    leavesNothing(files);
  });

  it('keeps nothing on success unless it is to be kept always', async () => {
    commit({ Jenkinsfile: pipeline(stage('One', 'sh "true"')) });
    const kept = async (keep: 'on-failure' | 'always'): Promise<boolean> => {
      const { events } = await run(
        { keep },
        {
          watch: ({ event }, { finish }) => {
            if (event?.type === 'kept') writeFileSync(finish, '');
          },
        },
      );
      return events.some(({ type }) => type === 'kept');
    };
    assert.equal(await kept('on-failure'), false);
    assert.equal(await kept('always'), true);
  });

  it('ends when the time for the whole has passed', async () => {
    commit({ Jenkinsfile: pipeline(stage('One', "sh 'sleep 300'")) });
    const { verdict, files } = await run({ timeout: 1 });
    assert.equal(verdict.sentence, 'failed: One timed out');
    leavesNothing(files);
  });

  it('ends a step when the Jenkinsfile’s own timeout has passed', async () => {
    commit({
      Jenkinsfile: pipeline(stage('One', "timeout(time: 1, unit: 'SECONDS') { sh 'sleep 300' }")),
    });
    const { verdict } = await run();
    assert.equal(verdict.sentence, 'failed: One timed out');
  });

  it('gives the workspace that Jenkins would: none of the repository with skipDefaultCheckout, a folder of it with checkoutToSubdirectory', async () => {
    commit({
      Jenkinsfile: pipeline(
        stage('One', "sh 'set +x; ls -A | wc -l'; dir('src') { checkout scm; sh 'ls' }"),
        'options { skipDefaultCheckout() }',
      ),
    });
    assert.match((await run()).output, /\n0\n\+ ls\nJenkinsfile\n/);
    commit({
      Jenkinsfile: pipeline(
        stage('One', "sh 'ls'; sh 'ls sub'"),
        "options { checkoutToSubdirectory('sub') }",
      ),
    });
    const { output, files } = await run();
    assert.match(output, /\+ ls\nsub\n\+ ls sub\nJenkinsfile\n/);
    leavesNothing(files);
  });

  it('gives a stage with an agent of its own a workspace of its own', async () => {
    commit({
      Jenkinsfile: pipeline(
        stage('One', "sh 'touch mine'; sh 'ls'") +
          stage('Two', "sh 'ls; pwd'", "agent { label 'other' }"),
      ),
    });
    const { output, files } = await run();
    assert.match(output, new RegExp(`\\+ pwd\n${files.workspace}-2\n`));
    assert.doesNotMatch(output.slice(output.lastIndexOf('+ ls')), /mine/);
    leavesNothing(files);
  });

  it('checks submodules out and leaves the repository’s configuration alone', async () => {
    const inner = join(root, 'inner');
    mkdirSync(inner);
    for (const args of ['init -q -b main', 'commit -q --allow-empty -m x'])
      execFileSync(
        'git',
        ['-c', 'user.name=T', '-c', 'user.email=t@localhost', ...args.split(' ')],
        { cwd: inner },
      );
    writeFileSync(join(inner, 'word'), 'from the submodule\n');
    execFileSync('git', ['add', '.'], { cwd: inner });
    execFileSync(
      'git',
      ['-c', 'user.name=T', '-c', 'user.email=t@localhost', 'commit', '-qm', 'word'],
      { cwd: inner },
    );
    // git does not clone submodules from local paths unless it is told to.
    process.env['GIT_ALLOW_PROTOCOL'] = 'file';
    try {
      git('submodule', '--quiet', 'add', inner, 'lib');
      git('submodule', '--quiet', 'deinit', '--all', '--force');
      commit({ Jenkinsfile: pipeline(stage('One', "sh 'cat lib/word'")) });
      const before = untouched();
      // As while the person, or another reproduction, changes it.
      writeFileSync(join(repository, '.git', 'config.lock'), '');
      const { output, files } = await run({ withChanges: false });
      assert.match(output, /from the submodule/);
      assert.equal(untouched(), before);
      leavesNothing(files);
    } finally {
      delete process.env['GIT_ALLOW_PROTOCOL'];
    }
  });

  it('passes when a step passes at its second try, or its failure is caught', async () => {
    commit({
      Jenkinsfile: pipeline(
        stage('One', "retry(2) { sh 'test -e tried || { touch tried; false; }' }") +
          stage('Two', "script { try { sh 'false' } catch (e) { echo 'caught' } }"),
      ),
    });
    assert.equal((await run()).verdict.kind, 'passed');
  });

  it('runs branches side by side, each with its workspace, its post and its secrets masked', async () => {
    const secret = 'c4nary-v4lue';
    const branch = (name: string): string =>
      `stage('${name}') { agent { label '${name}' }
        steps { sh 'touch ${name}; printf "x c4nary"; sleep 0.2; echo "-v4lue $T"; ls' }
        post { always { sh 'sleep 0.1; echo post of ${name}' } } }`;
    commit({
      Jenkinsfile: pipeline(
        `stage('P') { failFast false
          parallel { ${branch('a')}\n ${branch('b')}\n stage('c') { steps { sh 'sleep 0.3; exit 3' } } } }`,
        "environment { T = credentials('canary') }",
      ),
    });
    const { verdict, output, files } = await run(
      {},
      { secrets: { canary: { kind: 'text', text: secret } } },
    );
    assert.equal(verdict.sentence, 'failed: c failed with exit code 3');
    assert.doesNotMatch(output, /c4nary-v4lue/);
    assert.match(output, /post of a/);
    assert.doesNotMatch(output, /^\[\w\] a\n\[\w\] b$/m);
    leavesNothing(files);
  });

  it('ends what a step left running', async () => {
    commit({ Jenkinsfile: pipeline(stage('One', "sh 'sleep 300 & echo pid=$!'")) });
    const { output } = await run();
    const [, pid] = /^pid=(\d+)$/m.exec(output) ?? [];
    assert.ok(pid);
    assert.equal(bornAt(Number(pid)), undefined);
  });

  it('names what it leaves out and what it cannot repeat, and goes on', async () => {
    commit({
      Jenkinsfile: pipeline(
        stage('One', "mail to: 'a@b', subject: 's', body: 'b'; someStep 'x'; sh 'echo on'"),
      ),
    });
    const { verdict, output, said, events } = await run();
    assert.equal(verdict.kind, 'passed');
    assert.match(output, /\non\n/);
    assert.match(said, /left out: mail at line \d+: it would send mail/);
    assert.match(said, /cannot be repeated: someStep at line \d+/);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'omitted' ? [event.name] : [])),
      ['mail', 'someStep'],
    );
  });

  it('is carried out once', async () => {
    commit({ Jenkinsfile: pipeline(stage('One', 'sh "true"')) });
    const { files } = await run();
    await assert.rejects(
      runReproduction(files.id, undefined as unknown as Surroundings),
      /was started before/,
    );
  });
});
