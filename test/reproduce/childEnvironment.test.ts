import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../src/base/childEnvironment';
import { program } from '../cli/program';
import { openWorkshop, type Workshop } from './workshop';

/** Every name under which a person gives this program a secret. */
const ours = {
  JENKINS_USER: 'c4nary-user',
  JENKINS_TOKEN: 'c4nary-jenkins',
  METAL_AUTH_TOKEN: 'c4nary-metal',
  CI_PARITY_CREDENTIAL_TOKEN: 'c4nary-text',
  CI_PARITY_CREDENTIAL_LOGIN_USR: 'c4nary-usr',
  CI_PARITY_CREDENTIAL_LOGIN_PSW: 'c4nary-psw',
};

describe('The environment of other programs', () => {
  let shop: Workshop;
  beforeEach(() => (shop = openWorkshop()));
  afterEach(() => shop[Symbol.dispose]());

  /** Tools of the person that write down in which environment they are run. */
  const dump = (name: string): string => `sh -c 'env >> "${join(shop.root, name)}"; cat'`;
  const dumped = (name: string): string => readFileSync(join(shop.root, name), 'utf8');
  const reproduce = () =>
    spawnSync(
      program[0] ?? '',
      [...program.slice(1), 'reproduce', join(shop.repository, 'Jenkinsfile')],
      { env: { ...process.env, ...ours }, encoding: 'utf8', cwd: shop.repository },
    );

  it('holds none of our secrets: not for git’s filters, and not for a step that was not given one', () => {
    shop.git('config', 'filter.dump.smudge', dump('smudge.env'));
    shop.git('config', 'filter.dump.clean', dump('clean.env'));
    shop.write({ Jenkinsfile: "node { checkout scm; sh 'env; cat data.txt' }" });
    shop.commit({ '.gitattributes': 'data.txt filter=dump\n', 'data.txt': 'the data\n' });
    // Computing what is uncommitted runs the other filter.
    shop.write({ 'data.txt': 'changed data\n' });
    const { stdout, stderr, status } = reproduce();
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /changed data/);
    for (const text of [dumped('smudge.env'), dumped('clean.env'), stdout]) {
      assert.match(text, /^PATH=/m);
      assert.doesNotMatch(text, /c4nary/);
    }
  });

  it('gives a step the credential that the Jenkinsfile binds, and its filters none', () => {
    shop.git('config', 'filter.dump.smudge', dump('smudge.env'));
    shop.commit({
      '.gitattributes': 'data.txt filter=dump\n',
      'data.txt': 'the data\n',
      Jenkinsfile: `node {
  checkout scm
  withCredentials([string(credentialsId: 'token', variable: 'GIVEN')]) { sh 'test "$GIVEN" = c4nary-text' }
}`,
    });
    const { stdout, stderr, status } = reproduce();
    assert.equal(status, 0, stdout + stderr);
    assert.doesNotMatch(dumped('smudge.env') + stdout + stderr, /c4nary/);
  });

  it('leaves hooks and fsmonitor of a foreign commit alone, though the person’s configuration names them', () => {
    const script = `#!/bin/sh\necho "$0" >> "${join(shop.root, 'ran')}"\n`;
    const hooks = ['post-checkout', 'post-index-change', 'reference-transaction', 'fsmonitor'];
    shop.commit({
      ...Object.fromEntries(hooks.map((name) => [`.githooks/${name}`, script])),
      Jenkinsfile: "node { checkout scm; sh 'ls' }",
    });
    for (const name of hooks) {
      chmodSync(join(shop.repository, '.githooks', name), 0o755);
      shop.git('update-index', '--chmod=+x', `.githooks/${name}`);
    }
    shop.git('commit', '-q', '-m', 'hooks');
    shop.git('config', 'core.hooksPath', '.githooks');
    shop.git('config', 'core.fsmonitor', '.githooks/fsmonitor');
    const { stdout, stderr, status } = reproduce();
    assert.equal(status, 0, stdout + stderr);
    assert.equal(existsSync(join(shop.root, 'ran')), false, 'a hook was run');
    execFileSync('git', ['-c', 'core.fsmonitor=false', 'checkout', '-q', '-b', 'other'], {
      cwd: shop.repository,
    });
    assert.equal(existsSync(join(shop.root, 'ran')), true, 'the person’s own git runs it');
  });

  it('takes out what is ours by name, and leaves the rest', () => {
    const env = {
      ...ours,
      JENKINS_URL: 'http://x',
      CI_PARITY_SECRETS: 's',
      PATH: '/bin',
      A: undefined,
    };
    assert.deepEqual(childEnvironment(env), { JENKINS_URL: 'http://x', PATH: '/bin' });
  });

  it('is made by one function wherever the sources start a program', () => {
    const src = fileURLToPath(new URL('../../src', import.meta.url));
    const starting = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) =>
        /^import (?!type)[^;]*from '(node:child_process|execa)';/m.test(
          readFileSync(join(src, file), 'utf8'),
        ),
      );
    const others = starting.filter(
      (file) => !/\bchildEnvironment\(\)/.test(readFileSync(join(src, file), 'utf8')),
    );
    assert.deepEqual(others.sort(), [
      // Our own program, which borrows machines with the token.
      'editor/machines/attendant.ts',
      // It is given `stepEnvironment()`.
      'machines/lenders/command.ts',
    ]);
    const copied = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
      (file) =>
        file.endsWith('.ts') && /\.\.\.process\.env\b/.test(readFileSync(join(src, file), 'utf8')),
    );
    assert.deepEqual(copied.sort(), ['cli/attach.ts', 'editor/machines/attendant.ts']);
  });
});
