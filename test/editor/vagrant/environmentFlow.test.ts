import assert from 'node:assert/strict';
import {
  neverSet,
  reachOf,
  readsOf,
  settersOf,
  unreadEntries,
  type Sources,
} from '../../../src/editor/vagrant/environmentFlow';
import { isReadByTools } from '../../../src/editor/vagrant/quietNames';
import { isShell, readShell } from '../../../src/machines/shell';
import { readVagrantfile } from '../../../src/machines/vagrantfile';
import { parse } from '../../../src/pipeline/parser';
import { Symbols } from '../../../src/pipeline/symbols';

/** The files of a workspace by their paths, all of which are read. */
function sources(files: Readonly<Record<string, string>>, complete = true): Sources {
  const all = Object.entries(files);
  return {
    complete,
    jenkinsfiles: all
      .filter(([path]) => path.endsWith('Jenkinsfile'))
      .map(([path, text]) => ({ path, symbols: new Symbols(parse(text)) })),
    readers: all
      .filter(([path]) => !path.endsWith('Jenkinsfile'))
      .map(([path, text]) => ({
        path,
        text,
        vagrantfile: path.endsWith('Vagrantfile') ? readVagrantfile(text) : undefined,
        script: isShell(path, text) ? readShell(text) : undefined,
      })),
  };
}

function pipeline(environment: string, steps: string): string {
  return `pipeline {\n agent any\n environment {\n${environment}\n }\n stages { stage('A') { steps {\n${steps}\n } } }\n}`;
}

function first(from: Sources) {
  const [source] = from.jenkinsfiles;
  assert.ok(source);
  return source;
}

function reach(files: Readonly<Record<string, string>>) {
  const from = sources(files);
  return reachOf(first(from), from);
}

function unread(files: Readonly<Record<string, string>>, complete = true): string[] {
  const from = sources(files, complete);
  return unreadEntries(first(from), from).map(({ name }) => name);
}

function unset(files: Readonly<Record<string, string>>): string[] {
  const from = sources(files);
  return from.readers.flatMap((reader) => neverSet(reader, from).map(({ name }) => name));
}

const START = '#!/bin/bash\nset -e\ncd "$(dirname "${BASH_SOURCE[0]}")/../.."\nvagrant up\n';
const VAGRANTFILE = `Vagrant.configure('2') do |c|\n  x = ENV['MEMORY'] || 2048\n  y = ENV['CPUS'] || 1\nend\n`;
const moat = {
  Jenkinsfile: pipeline("MEMORY = '4096'", "sh './contrib/vagrant/start.sh'"),
  'contrib/vagrant/start.sh': START,
  Vagrantfile: VAGRANTFILE,
};

describe('what a Jenkinsfile reaches', () => {
  it('is the scripts that its steps name, and what these run', () => {
    const { scripts, vagrant, unseen } = reach(moat);
    assert.deepEqual([...scripts], ['contrib/vagrant/start.sh']);
    assert.equal(vagrant, true);
    assert.deepEqual(unseen, []);
  });

  it('goes on from script to script, also in circles', () => {
    const { scripts, unseen } = reach({
      Jenkinsfile: pipeline('', "sh 'bash -e ci/a.sh x'"),
      'ci/a.sh': '. ./b.sh\nsudo ./ci/a.sh',
      'ci/b.sh': 'source ci/a.sh\nA=1 timeout 5m sh ../tools/c.sh',
      'tools/c.sh': 'echo',
    });
    assert.deepEqual([...scripts].sort(), ['ci/a.sh', 'ci/b.sh', 'tools/c.sh']);
    assert.deepEqual(unseen, []);
  });

  it('finds a script behind a cd or dir by the rest of its path, if that is unique', () => {
    const dir = pipeline('', "dir('contrib/vagrant') { sh './start.sh' }");
    assert.deepEqual(
      [...reach({ ...moat, Jenkinsfile: dir }).scripts],
      ['contrib/vagrant/start.sh'],
    );
    const two = { ...moat, Jenkinsfile: dir, 'other/start.sh': '' };
    assert.deepEqual(reach(two).unseen, ['./start.sh']);
  });

  it('names what cannot be looked into', () => {
    for (const [steps, unseen] of [
      ["sh 'make test'", 'make'],
      ["sh './missing.sh'", './missing.sh'],
      ['sh script', 'an `sh` whose script is computed'],
      ["sh 'bash -c x'", 'bash -c x'],
      ["sh '$TOOL x'", 'a command that is computed'],
      ["sh '#!/usr/bin/python3\\nimport os'", 'an `sh` in another language'],
      ["sh 'env'", 'a script that looks at its whole environment'],
      ["bat 'x'", 'bat'],
      ["deploy to: 'x'", 'deploy'],
      ["script { docker.image('x').inside { } }", 'inside'],
      ["sh 'find . -exec x {} +'", 'find'],
    ] as const)
      assert.ok(reach({ Jenkinsfile: pipeline('', steps) }).unseen.includes(unseen), steps);
  });

  it('sees through what a Pipeline does by itself', () => {
    const steps = `checkout scm
      timeout(time: 5, unit: 'MINUTES') { retry(2) { echo "x" } }
      script { def x = readFile('a').trim(); if (x) { env.Y = x.toUpperCase() } }
      withCredentials([string(credentialsId: 'a', variable: 'B')]) { sh "echo \${x} | grep \$B > c" }
      junit 'a.xml'`;
    assert.deepEqual(reach({ Jenkinsfile: pipeline('', steps) }).unseen, []);
  });

  it('names the files that would have to be read', () => {
    const { wanted } = reach({ Jenkinsfile: pipeline('', "sh 'ci/run all'") });
    assert.deepEqual([...wanted], ['ci/run']);
  });
});

describe('a variable of a Jenkinsfile', () => {
  it('is linked with what reads it in Vagrantfiles and reached scripts', () => {
    const from = sources({
      ...moat,
      'contrib/vagrant/start.sh': `${START}echo "\${MEMORY:-1}"\n`,
      'other.sh': 'echo $MEMORY',
    });
    const reads = readsOf('MEMORY', from, [reachOf(first(from), from)]);
    assert.deepEqual(
      reads.map(({ path, line, fallback }) => `${path}:${line} ${fallback ?? ''}`),
      ['contrib/vagrant/start.sh:5 1', 'Vagrantfile:2 2048'],
    );
  });

  it('is linked with what sets it, of all kinds', () => {
    const from = sources({
      Jenkinsfile: pipeline("A = '1'", "withEnv(['B=2']) { script { env.C = '3' } }"),
      'ci/Jenkinsfile': pipeline("A = '2'", ''),
    });
    const setters = (name: string): string[] =>
      settersOf(name, from).map(({ source, definition }) => `${source.path} ${definition.kind}`);
    assert.deepEqual(setters('A'), ['Jenkinsfile environment', 'ci/Jenkinsfile environment']);
    assert.deepEqual(
      [...setters('B'), ...setters('C')],
      ['Jenkinsfile withEnv', 'Jenkinsfile assigned'],
    );
  });

  it('that nothing reads is told', () => {
    const Jenkinsfile = pipeline("MEMORY = '1'\nMEMROY = '2'", "sh './contrib/vagrant/start.sh'");
    assert.deepEqual(unread({ ...moat, Jenkinsfile }), ['MEMROY']);
  });

  it('is not told where anything cannot be looked into', () => {
    const entry = "UNREAD = '1'";
    for (const steps of ["sh 'make'", "sh './x.py'", 'deploy()', 'library "x"', "load 'y.groovy'"])
      assert.deepEqual(unread({ ...moat, Jenkinsfile: pipeline(entry, steps) }), [], steps);
    const quiet = { ...moat, Jenkinsfile: pipeline(entry, "sh 'vagrant up'") };
    assert.deepEqual(unread(quiet), ['UNREAD']);
    assert.deepEqual(unread(quiet, false), []);
    assert.deepEqual(unread({ ...quiet, Vagrantfile: 'x = ENV.to_h' }), []);
    assert.deepEqual(unread({ ...quiet, Jenkinsfile: `${quiet.Jenkinsfile} '` }), []);
  });

  it('is not told where any file has its name as a word', () => {
    const Jenkinsfile = pipeline("UNREAD = '1'", "sh 'vagrant up'");
    for (const path of ['lib/unused.sh', 'notes.txt', 'sub/Vagrantfile'])
      assert.deepEqual(unread({ ...moat, Jenkinsfile, [path]: 'x # UNREAD' }), [], path);
    const mentioned = pipeline('UNREAD = \'1\'\nOTHER = "${UNREAD}"', "sh 'echo $OTHER'");
    assert.deepEqual(unread({ ...moat, Jenkinsfile: mentioned }), []);
  });

  it('is not told if programs look for it by themselves, or if it is a credential', () => {
    const names = ['PATH', 'DOCKER_HOST', 'GOPATH', 'LC_ALL', 'VAGRANT_HOME', 'https_proxy'];
    for (const name of [...names, 'GIT_SSH', 'CFLAGS', 'BUILD_NUMBER', 'KUBECONFIG'])
      assert.ok(isReadByTools(name), name);
    for (const name of ['MEMORY', 'RUN_TEST_SUITE', 'PATHS', 'MY_HOME', 'LOCALE', 'GOAL_x'])
      assert.ok(!isReadByTools(name), name);
    const Jenkinsfile = pipeline("LC_ALL = 'C'\nKEY = credentials('x')", "sh 'vagrant up'");
    assert.deepEqual(unread({ ...moat, Jenkinsfile }), []);
  });
});

describe('a variable of a Vagrantfile', () => {
  it('that CI never sets is told where CI starts Vagrant', () => {
    assert.deepEqual(unset(moat), ['CPUS']);
    const other = { ...moat, Jenkinsfile: pipeline('', "sh 'echo'") };
    assert.deepEqual(unset(other), []);
  });

  it('is not told if a script, a parameter or Jenkins itself sets it', () => {
    const withScript = { ...moat, 'contrib/vagrant/start.sh': `export CPUS=2\n${START}` };
    assert.deepEqual(unset(withScript), []);
    const byCommand = { ...moat, 'contrib/vagrant/start.sh': 'CPUS=2 vagrant up' };
    assert.deepEqual(unset(byCommand), []);
    const text = moat.Jenkinsfile.replace(
      'agent any',
      "agent any\n parameters { string(name: 'CPUS') }",
    );
    assert.deepEqual(unset({ ...moat, Jenkinsfile: text }), []);
    assert.deepEqual(unset({ ...moat, Vagrantfile: "ENV['BUILD_NUMBER'] || ENV['HOME']" }), []);
  });

  it('is not told if it is only tested, or set by the file itself', () => {
    const Vagrantfile = "ENV['A'] = '1'\nx = ENV['A']\ny if ENV.key?('B')";
    assert.deepEqual(unset({ ...moat, Vagrantfile }), []);
  });

  it('is not told where something may set it that the text does not name', () => {
    const Jenkinsfile = pipeline('', "withEnv(list) { sh 'vagrant up' }");
    assert.deepEqual(unset({ ...moat, Jenkinsfile }), []);
  });

  it('is not told if one of several Jenkinsfiles that start Vagrant sets it', () => {
    const second = pipeline("CPUS = '4'", "sh 'vagrant up'");
    assert.deepEqual(unset({ ...moat, 'ci/Jenkinsfile': second }), []);
  });
});
