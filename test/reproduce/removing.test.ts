import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shellLine } from '../../src/machines/quote';
import { program } from '../cli/program';
import { openWorkshop, type Workshop } from './workshop';

/** A user and mount namespace: in it anybody may mount. */
const [UNSHARE, ...NAMESPACE] = ['unshare', '--user', '--map-root-user', '--mount'] as const;

describe('Cleaning up after a reproduction', () => {
  let shop: Workshop;
  let precious: string;
  beforeEach(() => {
    shop = openWorkshop();
    precious = join(shop.root, 'precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'file'), 'text');
  });
  afterEach(() => {
    spawnSync('chmod', ['-R', 'u+rwx', shop.root]);
    shop[Symbol.dispose]();
  });

  describe('keeps the files that a step has mounted in the workspace', () => {
    before(function () {
      const can = spawnSync(UNSHARE, [...NAMESPACE, 'true']).status === 0;
      if (!can && process.env['CI'] === undefined) this.skip();
    });

    const mounting = (then: string): string => `pipeline { agent any
      stages { stage('Chroot') { steps {
        sh '''mkdir -p root/src
              mount --bind ${precious} root/src
              ${then}'''
      } } }
    }`;
    const inNamespace = (script: string): { output: string; status: number | null } => {
      const { stdout, stderr, status } = spawnSync(UNSHARE, [...NAMESPACE, 'sh', '-c', script], {
        cwd: shop.repository,
        encoding: 'utf8',
      });
      return { output: stdout + stderr, status };
    };
    const workspaces = (): string[] =>
      readdirSync(join(shop.root, 'state', 'ci-parity', 'workspaces'));
    const ciParity = shellLine(program);

    it('when it ends', () => {
      shop.commit({ Jenkinsfile: mounting('false') });
      const { output, status } = inNamespace(
        `${ciParity} reproduce Jenkinsfile; code=$?; grep -c ${precious} /proc/mounts; exit $code`,
      );
      assert.match(output, /\+ false[^]*\n0\n/);
      assert.equal(status, 1, output);
      assert.deepEqual(readdirSync(precious), ['file']);
      assert.deepEqual(workspaces(), []);
    });

    it('when it was killed, and clean comes later', () => {
      shop.commit({ Jenkinsfile: mounting('kill -9 $PPID\nsleep 1') });
      const { output, status } = inNamespace(
        `${ciParity} reproduce Jenkinsfile; [ -e ../state/ci-parity/workspaces/*/root/src/file ] && ${ciParity} clean`,
      );
      assert.match(output, /left something: putting it away/);
      assert.equal(status, 0, output);
      assert.deepEqual(readdirSync(precious), ['file']);
      assert.deepEqual(workspaces(), []);
    });

    it('and names a mount that cannot be unmounted', () => {
      shop.commit({ Jenkinsfile: mounting('cd root/src && kill -9 $PPID') });
      const { output, status } = inNamespace(
        `${ciParity} reproduce Jenkinsfile
         cd ../state/ci-parity/workspaces/*/root/src && ${ciParity} clean`,
      );
      assert.match(
        output,
        /^▸ left by \S+: Nothing is removed from \S+: \S+\/root\/src is mounted there and could not be unmounted \(target is busy\)\. Unmount it/m,
      );
      assert.equal(output.split('could not be unmounted').length, 2);
      assert.equal(status, 3, output);
      assert.deepEqual(readdirSync(precious), ['file']);
      assert.deepEqual(
        readdirSync(join(shop.root, 'state/ci-parity/workspaces', workspaces()[0] ?? '')),
        ['.git', 'Jenkinsfile', 'root'],
      );
    });
  });

  it('removes read-only folders, which change no verdict', async () => {
    const { verdict, files, said } = await shop.run(`node {
      sh 'mkdir -p go/pkg/mod && touch go/pkg/mod/file && chmod -R a-w go'
    }`);
    assert.equal(verdict.kind, 'passed');
    assert.doesNotMatch(said, /left/);
    assert.equal(existsSync(files.workspace), false);
  });

  it('is done by deleteDir and cleanWs in the reproduction’s own folders only', async () => {
    chmodSync(precious, 0o755);
    const { verdict, output } = await shop.run(`node {
      sh 'mkdir -p a/b && chmod a-w a && ln -s ${precious} link && touch own'
      dir('${precious}') { deleteDir() }
      dir('${dirname(precious)}') { deleteDir() }
      dir('link') { deleteDir() }
      sh 'ls -A'
      dir("$WORKSPACE@tmp/x") { writeFile file: 'y', text: ''
                                deleteDir() }
      dir('a') { deleteDir() }
      sh '[ ! -e a ] && [ -e own ]'
      cleanWs()
      sh '[ -z "$(ls -A)" ]'
    }`);
    assert.equal(verdict.kind, 'passed', output);
    assert.deepEqual(readdirSync(precious), ['file']);
    assert.deepEqual(
      verdict.details.filter((line) => line.includes('deleteDir')),
      [precious, dirname(precious)].map(
        (path) =>
          `deleteDir was left out: ${path} is not removed: it lies outside the folders of this reproduction.`,
      ),
    );
  });
});
