import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openWorkshop, printed, type Workshop } from '../workshop';

describe('Steps on files and workspaces', () => {
  let shop: Workshop;
  beforeEach(() => (shop = openWorkshop()));
  afterEach(() => shop[Symbol.dispose]());

  const linesOf = async (script: string): Promise<string[]> => {
    const { output, verdict } = await shop.run(`node {\n${script}\n}\n`);
    assert.equal(verdict.sentence, 'passed: every stage passed', output);
    return printed(output);
  };

  it('read and write files, JSON and properties', async () => {
    assert.deepEqual(
      await linesOf(`
  writeFile file: 'a/b.txt', text: 'hello'
  echo readFile('a/b.txt')
  echo "there \${fileExists('a/b.txt')} \${fileExists('none')}"
  writeJSON file: 'd.json', json: [name: 'x', list: [1, 2]]
  def d = readJSON file: 'd.json'
  echo "\${d.name} \${d.list[1]}"
  writeFile file: 'p.properties', text: 'one = 1\\n# no\\ntwo: b'
  def p = readProperties file: 'p.properties'
  echo "\${p.one}\${p.two}"
  touch 't'
  echo findFiles(glob: '**/*.txt, t').collect { it.path }.join(' ')
  echo sha256('a/b.txt').take(8)
  dir('a') { echo readFile('b.txt') }
  deleteDir()
  sh 'set +x; ls -A | wc -l'`),
      ['hello', 'there true false', 'x 2', '1b', 'a/b.txt t', '2cf24dba', 'hello', '0'],
    );
  });

  it('fail as Jenkins does when a file is not there', async () => {
    const { verdict } = await shop.run("node { stage('S') { readFile 'nothing' } }");
    assert.equal(verdict.kind, 'failed');
  });

  it('fail where the system refuses something, as a pipeline may catch it, and say why', async () => {
    const { output, verdict, said } = await shop.run(`node {
  sh 'mkdir folder; echo 1 > file; mkdir kept; echo 1 > kept/one'
  for (refused in [
    { writeFile file: 'folder', text: 'x' },
    { touch 'file/x' },
    { stash name: "\${'x' * 200}", includes: 'file' },
    { archiveArtifacts 'kept/*'; sh 'rm -r kept; echo 1 > kept'; archiveArtifacts 'kept' },
    { dir('file') { sh 'true' } },
  ]) try { refused() } catch (e) { echo "caught \${e.message.split(/[:,]/)[0]}" }
}
`);
    assert.equal(verdict.sentence, 'passed: every stage passed', said);
    const caught = printed(output).filter((line) => line.startsWith('caught'));
    assert.deepEqual(
      caught,
      ['EISDIR', 'EEXIST', 'ENAMETOOLONG', 'EISDIR', 'EEXIST'].map((code) => `caught ${code}`),
    );
    assert.match(said, /^writeFile at line 4: EISDIR: /m);
  });

  it('refuse names that Java refuses', async () => {
    const { output, verdict, said } = await shop.run(`node {
  for (refused in [
    { readFile 'a\\u0000b' },
    { writeFile file: 'a\\u0000b', text: 'x' },
    { fileExists 'a\\u0000b' },
    { touch 'a\\u0000b' },
    { dir('a\\u0000b') { sh 'true' } },
    { sha1 'a\\u0000b' },
  ]) try { refused() } catch (e) { echo "caught \${e.message}" }
}
`);
    assert.equal(verdict.sentence, 'passed: every stage passed', said);
    const caught = printed(output).filter((line) => line.startsWith('caught'));
    const nul = 'caught java.nio.file.InvalidPathException: Nul character not allowed: ab';
    assert.deepEqual(
      caught.slice(0, 6),
      Array.from({ length: 6 }, () => nul),
    );
  });

  it('do not wait for what no other program writes', async () => {
    const { verdict } = await shop.run("node { sh 'mkfifo pipe'; readFile 'pipe' }");
    assert.match(verdict.sentence, /^could not run: .*pipe is not a regular file\.$/);
  });

  it('carry files from one agent to another with stash, with Ant’s patterns and default excludes', async () => {
    const { output, verdict, files } = await shop.run(`pipeline {
  agent none
  options { skipDefaultCheckout() }
  stages {
    stage('Make') {
      agent { label 'a' }
      steps {
        sh 'mkdir -p out/deep .git; touch out/a.o out/deep/b.o out/c.txt .git/x; chmod 750 out/a.o; ln -s a.o out/link.o'
        stash name: 'objects', includes: '**/*.o', excludes: 'out/none/**'
        stash name: 'all', includes: '**', useDefaultExcludes: false
        stash name: 'nothing', includes: '*.none', allowEmpty: true
        sh 'rm -rf out .git'
      }
    }
    stage('Use') {
      agent { label 'b' }
      steps {
        dir('there') { unstash 'objects' }
        unstash 'nothing'
        sh '#!/bin/sh\\nfind . -mindepth 1 | sort; stat -c %a there/out/a.o; readlink there/out/link.o'
        deleteDir()
        unstash 'all'
        sh '#!/bin/sh\\nls -A | sort'
      }
    }
    stage('Fail') {
      agent any
      steps { stash name: 'x', includes: '*.none' }
    }
  }
}
`);
    assert.deepEqual(
      printed(output).filter((line) => !line.startsWith('Stashed')),
      [
        ...['./there', './there/out', './there/out/a.o', './there/out/deep'],
        ...['./there/out/deep/b.o', './there/out/link.o', '750', 'a.o', '.git', 'out'],
      ],
    );
    assert.equal(verdict.sentence, 'failed: Fail failed: a step failed');
    assert.deepEqual(readdirSync(dirname(files.workspace)), []);
  });

  it('let no stash and no artifact out of the workspace', async () => {
    const outside = join(shop.root, 'outside');
    mkdirSync(outside);
    const { verdict, files, said } = await shop.run(`node {
  sh 'mkdir d; touch d/file; echo mine > own'
  stash name: 's', includes: 'd/**'
  sh 'rm -r d; ln -s ${outside} d; ln -s /etc/hostname secret; ln -s own link'
  archiveArtifacts artifacts: '../**, secret, link, /etc/hostname', allowEmptyArchive: true
  unstash 's'
}
`);
    assert.equal(verdict.kind, 'failed');
    assert.equal(existsSync(join(outside, 'file')), false);
    assert.match(said, /^left out secret: no file of the folder that can be read/m);
    assert.match(said, /kept 1 artifacts/);
    assert.deepEqual(readdirSync(files.artifacts), ['link']);
  });

  it('give ws a workspace of its own, and check out again what deleteDir has emptied', async () => {
    const { output, verdict, files } = await shop.run(`node {
  checkout scm
  ws('other') { sh 'pwd; ls -A' }
  deleteDir()
  sh 'ls -A'
  def facts = checkout scm
  sh 'ls; git status --short'
  echo facts.GIT_COMMIT
}
`);
    assert.equal(verdict.sentence, 'passed: every stage passed', output);
    const commit = shop.git('rev-parse', 'HEAD').trim();
    assert.deepEqual(printed(output), [`${files.workspace}-2`, 'Jenkinsfile', commit]);
    assert.equal(shop.git('worktree', 'list').trim().split('\n').length, 1);
  });

  it('check out over what lies in the workspace already, which stays', async () => {
    const { output, verdict, files } = await shop.run(`node {
  sh 'echo mine > other; echo not > Jenkinsfile'
}
node {
  checkout scm
  sh 'cat other; git status --short; git rev-parse HEAD; set +x; git worktree list | wc -l'
}
`);
    assert.equal(verdict.sentence, 'passed: every stage passed', output);
    const commit = shop.git('rev-parse', 'HEAD').trim();
    const lines = printed(output).map((line) => line.trim());
    assert.deepEqual(lines, ['mine', '?? other', commit, '2']);
    assert.equal(shop.git('worktree', 'list').trim().split('\n').length, 1);
    assert.deepEqual(readdirSync(dirname(files.workspace)), []);
  });

  it('leave nothing behind in the person’s repository when the workspace was emptied at the end', async () => {
    await shop.run("node { checkout scm\n sh 'true'\n cleanWs() }");
    assert.equal(shop.git('worktree', 'list', '--porcelain').match(/worktree /g)?.length, 1);
  });

  it('check another repository out as it is today, and say so', async () => {
    const other = join(shop.root, 'other');
    shop.git('init', '-q', '-b', 'trunk', other);
    shop.git('-C', other, 'commit', '-q', '--allow-empty', '-m', 'other');
    const { output, verdict } = await shop.run(`node {
  dir('other') {
    git url: '${other}', branch: 'trunk'
    sh 'git log --format=%s'
  }
  dir('again') {
    checkout([$class: 'GitSCM', branches: [[name: '*/trunk']], userRemoteConfigs: [[url: '${other}']]])
    sh 'git log --format=%s'
  }
}
`);
    assert.deepEqual(printed(output), ['other', 'other']);
    assert.match(verdict.sentence, /^passed: .* \(not as CI ran it, see below\)$/);
    assert.match(verdict.details.join('\n'), /was checked out as trunk is today/);
  });

  it('let branches with the same lock exclude each other', async () => {
    const branch = (name: string): string =>
      `${name}: { node { lock('db') { sh 'echo in >> ../order; sleep 0.2; echo out >> ../order' } } }`;
    const { output } = await shop.run(
      `parallel(${['a', 'b', 'c'].map(branch).join(', ')})\nnode { sh 'cat ../order' }\n`,
    );
    const order = printed(output).filter((line) => !line.startsWith('['));
    assert.deepEqual(order, ['in', 'out', 'in', 'out', 'in', 'out']);
  });
});
