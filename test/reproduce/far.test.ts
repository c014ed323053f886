import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cleanups } from '../../src/base/cleanups';
import { change, enter, leaseOf, thisProcess, whoWeAre } from '../../src/machines/leases/ledger';
import { showFile } from '../../src/recipe/git';
import type { Recipe } from '../../src/recipe/recipe';
import { sweep } from '../../src/reproduce/putAway';
import { runReproduction } from '../../src/reproduce/run';
import { createReproduction, listReproductions, readReproduction } from '../../src/reproduce/store';
import { projectRoot } from '../bed/demo/package';
import { standInVagrant } from '../bed/packages';
import { makeSample } from '../bed/sample/sample';
import { needSshd, startSshd, type Sshd } from '../bed/sshd';
import { addressOf } from '../machines/ssh/far';
import { recipeFor, runFacts } from './recipes';
import {
  interruptsWhenReady,
  killedWhenReady,
  openWorkshop,
  printed,
  type Seen,
  type Workshop,
} from './workshop';

const LEASE = 'abcdef012345';
const WORKSPACES = '/root/.cache/ci-parity/lent';

describe('A reproduction on another machine', function () {
  this.timeout('2m');
  const { signal } = new AbortController();
  const standIn = join(projectRoot, 'test/bed/demo/stand-in');
  const cleanups = new Cleanups();
  let host: Sshd;
  let shop: Workshop;
  let root: string;

  before(needSshd);
  before(async () => {
    host = await startSshd({ firstBoot: standInVagrant() });
    cleanups.defer(async () => host[Symbol.asyncDispose]());
  });
  after(() => cleanups[Symbol.asyncDispose]());
  beforeEach(async () => {
    shop = openWorkshop();
    root = join(shop.root, 'state', 'ci-parity');
    await host.inside('rm -rf /root/.cache');
    const soon = Date.now() + 3_600_000;
    await enter(root, {
      version: 1,
      ...{ id: LEASE, state: { kind: 'ready', ssh: addressOf(host) }, work: [] },
      ...{ lender: 'pool', title: 'bench', handle: {} },
      ...{
        askedAt: Date.now(),
        end: soon,
        until: soon,
        owner: { who: whoWeAre(), process: thisProcess() },
      },
    });
  });
  afterEach(() => shop[Symbol.dispose]());

  const there = (recipe: Recipe): Recipe => ({ ...recipe, on: { lease: LEASE } });
  /** Nothing but what the next time has to be sent the less for. */
  const leavesNothing = async (id: string): Promise<void> => {
    assert.deepEqual(readReproduction(id).made, []);
    const left = await host.inside(`cd /root/.cache/ci-parity; ls -I repositories . lent /tmp
      for one in repositories/*.git; do git -C "$one" worktree list; done | grep -v '(bare)$'; true`);
    assert.equal(left, '.:\nlent\n\n/tmp:\n\nlent:');
    const marked = await host.inside(
      `grep -lz 'CI_PARITY_COOKIE=${id}' /proc/[0-9]*/environ; true`,
    );
    assert.equal(marked, '', 'no process');
  };
  /** Paths and numbers that differ from one place and time to the other. */
  const alike = ({ output, files }: Seen, workspaces: string): string[] =>
    printed(output).map((line) => line.replaceAll(`${workspaces}/${files.id}`, 'WORK'));

  it('keeps files that a step has mounted in the workspace, and removes read-only folders', async () => {
    await host.inside('mkdir -p /root/precious && touch /root/precious/file');
    const { verdict, files } = await shop.run(
      `node {
        sh 'mkdir -p root/src go/mod && touch go/mod/file && chmod -R a-w go'
        sh 'mount --bind /root/precious root/src'
        dir('/root/precious') { deleteDir() }
        error 'wrong'
      }`,
      { recipe: there },
    );
    assert.equal(verdict.kind, 'failed');
    assert.match(
      verdict.details.join('\n'),
      /deleteDir was left out: \/root\/precious is not removed/,
    );
    assert.equal(
      await host.inside('ls /root/precious; grep -c precious /proc/mounts; true'),
      'file\n0',
    );
    await leavesNothing(files.id);
  });

  it('comes to the same verdict as here, and streams the same output', async () => {
    const sample = await makeSample(join(shop.root, 'sample'), signal);
    const commit = sample.commits.broken;
    const { text } = await showFile(sample.dir, commit, 'Jenkinsfile', signal);
    const recipe = recipeFor({
      run: runFacts({ command: './contrib/vagrant/start.sh' }, { job: 'moat' }),
      repository: { directory: sample.dir, remoteUrl: sample.origin },
      commit,
      jenkinsfile: { path: 'Jenkinsfile', text, source: 'commit' },
    });
    const run = async (one: Recipe) => {
      const files = createReproduction(one);
      let work: readonly string[] = [];
      const nothing = { [Symbol.dispose]: () => undefined };
      let said = '';
      const verdict = await runReproduction(files.id, {
        screen: { output: () => undefined, say: (line) => void (said += `${line}\n`) },
        base: { PATH: `${standIn}:${process.env['PATH'] ?? ''}`, HOME: shop.root },
        secrets: () => Promise.resolve({}),
        onInterrupt: () => nothing,
        onFinish: () => nothing,
        onEvent: ({ type }) => {
          if (type === 'step') work = leaseOf(root, LEASE).work.map(({ words }) => words);
        },
      });
      const output = readFileSync(files.output, 'utf8');
      return { verdict, output, said, work, id: files.id };
    };
    const [here, far] = [await run(recipe), await run(there(recipe))];
    assert.equal(far.verdict.kind, 'reproduced', far.said + far.output);
    assert.deepEqual(far.verdict, here.verdict);
    const words = (output: string) => output.replaceAll(/\d+\.\d\ds/g, 'TIME');
    assert.equal(words(far.output), words(here.output));
    assert.deepEqual([here.work, far.work], [[], ['Reproducing moat #42']]);
    assert.deepEqual(leaseOf(root, LEASE).work, []);
    assert.match(far.said, new RegExp(`on ${LEASE}, bench$`, 'm'));
    await leavesNothing(far.id);
  });

  it('brings artifacts and test results back, and carries stashes, files and variables as here', async () => {
    const jenkinsfile = `node {
  checkout scm
  stage('One') {
    writeFile file: 'deep/a.txt', text: 'from the Jenkinsfile'
    sh 'printf "%s" "$PWD"; echo; git rev-parse HEAD; cat deep/a.txt; ln -s a.txt deep/link'
    stash name: 'some', includes: 'deep/**'
    sh 'rm -r deep'
    unstash 'some'
    sh 'cat deep/link; readlink deep/link'
    echo "\${readFile('deep/a.txt')} \${fileExists('none')} \${sha1('deep/a.txt')}"
    echo findFiles(glob: '**/*.txt').collect { "\${it.path} \${it.length}" }.join(', ')
    echo sh(script: 'echo captured; echo aside >&2', returnStdout: true).trim()
    archiveArtifacts 'deep/*.txt'
    junit '*.xml'
    dir('gone') { sh 'pwd'; deleteDir() }
    echo "\${fileExists('gone')}"
  }
}
`;
    const test = '<testcase classname="pkg" name="TestB"><failure message="no"/></testcase>';
    shop.commit({ 'r.xml': `<testsuite>${test}</testsuite>` });
    const before = shop.git('for-each-ref') + shop.git('worktree', 'list');
    const here = await shop.run(jenkinsfile);
    const far = await shop.run(jenkinsfile, { recipe: there });
    const at = join(shop.root, 'state/ci-parity/workspaces');
    assert.deepEqual(
      alike(far, WORKSPACES).filter((line) => !/^[0-9a-f]{40}$/.test(line)),
      alike(here, at).filter((line) => !/^[0-9a-f]{40}$/.test(line)),
    );
    assert.ok(far.output.includes(shop.git('rev-parse', 'HEAD').trim()));
    assert.equal(far.verdict.sentence, here.verdict.sentence);
    assert.deepEqual(far.verdict.failedTests, here.verdict.failedTests);
    assert.equal(
      readFileSync(join(far.files.artifacts, 'deep/a.txt'), 'utf8'),
      'from the Jenkinsfile',
    );
    assert.equal(existsSync(far.files.workspace), false, 'nothing is made here');
    const after = shop.git('for-each-ref') + shop.git('worktree', 'list');
    assert.equal(after.replaceAll(/[0-9a-f]{7,40}/g, ''), before.replaceAll(/[0-9a-f]{7,40}/g, ''));
    assert.equal(shop.git('status', '--porcelain'), '');
    await leavesNothing(far.files.id);
  });

  it('brings uncommitted changes along if they are asked for, and only the difference the second time', async () => {
    const noise = Array.from({ length: 4000 }, (_, i) =>
      createHash('sha256').update(String(i)).digest('hex'),
    ).join('\n');
    shop.commit({ 'large.txt': noise, file: 'committed\n' });
    const pipeline = "node { checkout scm\n sh 'cat file; ls' }\n";
    await shop.run(pipeline, { recipe: there });
    const packs = 'cd /root/.cache/ci-parity/repositories/*.git && cat objects/pack/*.pack | wc -c';
    const first = Number(await host.inside(packs));
    shop.commit({ file: 'committed again\n' });
    shop.git('checkout', '-q', '--detach');
    const { output } = await shop.run(pipeline, {
      recipe: (recipe) => {
        shop.write({ file: 'changed\n', 'new.txt': 'new\n' });
        return { ...there(recipe), withChanges: true };
      },
    });
    assert.deepEqual(printed(output), ['changed', 'Jenkinsfile', 'file', 'large.txt', 'new.txt']);
    const second = Number(await host.inside(packs));
    assert.ok(second - first < first / 10, `${first} bytes, then ${second - first}`);
  });

  it('has secrets in files and agents of that machine, for their block only', async () => {
    const config = Buffer.from('c4nary of a file\n').toString('base64');
    const { output, files, verdict } = await shop.run(
      `node {
  withCredentials([file(credentialsId: 'config', variable: 'CONF'), string(credentialsId: 'token', variable: 'TOKEN')]) {
    sh 'stat -c %a "$CONF"; wc -c < "$CONF"; echo "it is $TOKEN"; cd "$WORKSPACE"@tmp/secretFiles; ls */kube.conf'
  }
  sh 'ls "$WORKSPACE"@tmp/secretFiles'
  sshagent(['key']) { sh 'ssh-add -L; echo "\${SSH_AUTH_SOCK#$WORKSPACE}"' }
}
`,
      {
        recipe: there,
        secrets: {
          config: { kind: 'file', name: 'kube.conf', content: config },
          token: { kind: 'text', text: 'c4nary-token' },
          key: { kind: 'ssh', username: 'git', privateKey: readFileSync(host.keyFile, 'utf8') },
        },
      },
    );
    assert.equal(verdict.kind, 'passed', output);
    const [mode, size, masked, file = '', key = '', socket = '', ...more] = printed(output);
    assert.deepEqual([mode, size, masked], ['600', '17', 'it is ****']);
    assert.match(file, /^[0-9a-f-]+\/kube\.conf$/);
    assert.deepEqual([key.split(' ').slice(0, 2).join(' '), more], [host.publicKey, []], output);
    assert.match(socket, /^@tmp\/ssh-[0-9a-f]*\/agent$/);
    const found = await host.inside('grep -rl c4nary /root /tmp /run; true');
    assert.equal(found, '');
    await leavesNothing(files.id);
  });

  it('puts away what nobody has used for a month of that which is kept there', async () => {
    await host.inside(`cd; mkdir -p .cache/ci-parity/repositories; cd .cache/ci-parity/repositories
      for one in old new; do git init -q --bare $one.git; echo > $one.git/used; done
      touch -d '31 days ago' old.git/used`);
    const { verdict } = await shop.run("node { echo 'hello' }\n", { recipe: there });
    assert.equal(verdict.kind, 'passed');
    assert.equal(await host.inside('ls /root/.cache/ci-parity/repositories'), 'new.git');
  });

  it('runs post when the person interrupts, and leaves nothing there', async () => {
    const { verdict, output, files } = await shop.run(
      `pipeline { agent any
  stages { stage('One') { steps { sh 'echo ready; sleep 300' } } }
  post { aborted { sh 'echo in aborted' } } }
`,
      {
        recipe: there,
        ...interruptsWhenReady(),
      },
    );
    assert.equal(verdict.kind, 'cancelled');
    assert.deepEqual(printed(output), ['ready', 'in aborted']);
    await leavesNothing(files.id);
  });

  it('fails a step that the system refuses something there, and goes on', async () => {
    const { verdict, output, files } = await shop.run(
      `node { sh 'mkdir d'
  try { writeFile file: 'd', text: 'x' } catch (e) { echo "caught \${e.message.split(':')[0]}" } }
`,
      { recipe: there },
    );
    assert.equal(verdict.kind, 'passed', output);
    assert.deepEqual(printed(output), ['caught EISDIR']);
    await leavesNothing(files.id);
  });

  it('names secrets on a machine that lets nobody in any more, and keeps its verdict when they are put away', async () => {
    let gone: Promise<void> | undefined;
    const { verdict, files, said, events } = await shop.run(
      `node { withCredentials([file(credentialsId: 'config', variable: 'CONF')]) {
  sh 'echo ready; sleep 300' } }
`,
      {
        recipe: there,
        secrets: { config: { kind: 'file', name: 'x', content: '' } },
        watch: ({ output }) => {
          if (!output.includes('\nready')) return;
          gone ??= host.changeHostKey();
        },
      },
    );
    await gone;
    assert.match(verdict.sentence, /^could not run: .*host key/i);
    assert.match(said, /^left: on abcdef012345: secrets \S+: .*host key/im);
    assert.equal(events.at(-1)?.type, 'ended');
    await change(root, LEASE, (lease) => ({
      ...lease,
      state: { kind: 'ready', ssh: addressOf(host) },
    }));
    const swept = await sweep({}, () => undefined, signal, 'thoroughly');
    assert.deepEqual(swept, [{ id: files.id, left: [] }]);
    assert.equal(readReproduction(files.id).verdict?.sentence, verdict.sentence);
    await leavesNothing(files.id);
  });

  it('is put away by the next program when its own is killed', async () => {
    shop.commit({
      Jenkinsfile:
        'node { checkout scm\n sh \'trap "" INT TERM; echo ready; while :; do sleep 1; done\' }\n',
    });
    await killedWhenReady(join(shop.repository, 'Jenkinsfile'), LEASE);
    const [{ files, made } = assert.fail('there is none')] = listReproductions();
    assert.notDeepEqual(made, []);
    const said: string[] = [];
    const swept = await sweep({}, (line) => said.push(line), signal);
    assert.deepEqual(swept, [{ id: files.id, left: [] }]);
    await leavesNothing(files.id);
  });
});
