import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLocalMachine } from '../../src/machines/local';
import { makePlan } from '../../src/recipe/plan';
import type { Recipe } from '../../src/recipe/recipe';
import { preflight } from '../../src/reproduce/preflight';
import { recipeFor } from './recipes';
import { openWorkshop, type Workshop } from './workshop';

describe('What is looked at before a reproduction', () => {
  const { signal } = new AbortController();
  let shop: Workshop;
  beforeEach(() => (shop = openWorkshop()));
  afterEach(() => shop[Symbol.dispose]());

  const recipe = (jenkinsfile: string, changes: Partial<Recipe> = {}): Recipe => {
    shop.commit({ Jenkinsfile: jenkinsfile, Vagrantfile: 'Vagrant.configure("2") { }' });
    return recipeFor({
      run: undefined,
      select: { kind: 'all' },
      repository: { directory: shop.repository, remoteUrl: undefined },
      commit: shop.git('rev-parse', 'HEAD').trim(),
      jenkinsfile: { path: 'Jenkinsfile', text: jenkinsfile, source: 'commit' },
      ...changes,
    });
  };
  /** What is found on a machine called `bench` whose PATH has only these programs. */
  const found = async (one: Recipe, programs: readonly string[] = []) => {
    const path = join(shop.root, 'bin');
    mkdirSync(path, { recursive: true });
    for (const name of programs) {
      writeFileSync(join(path, name), '#!/bin/sh\n');
      chmodSync(join(path, name), 0o755);
    }
    await using machine = { ...openLocalMachine(), name: 'bench' };
    const place = {
      machine,
      base: { PATH: path },
      workspace: join(shop.root, 'work'),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const findings = await preflight(one, await makePlan(one, signal), place, [], signal);
    return findings.map(({ level, subject, message }) => `${level} ${subject}: ${message}`);
  };
  const about = (findings: readonly string[], ...subjects: readonly string[]): string[] =>
    findings.filter((line) => subjects.some((subject) => line.includes(` ${subject}: `)));

  it('is whether Vagrant and a provider are on the machine, by its name', async () => {
    const one = recipe("node { sh 'true' }");
    assert.deepEqual(about(await found(one), 'vagrant', 'provider'), [
      'stop vagrant: Vagrant is not on bench.',
      'warning provider: No provider was found on bench (looked for virtualbox, libvirt, docker).',
    ]);
    assert.deepEqual(about(await found(one, ['vagrant', 'VBoxManage']), 'vagrant', 'provider'), [
      `ok vagrant: Vagrant at ${join(shop.root, 'bin', 'vagrant')}`,
      'ok provider: provider virtualbox',
    ]);
  });

  it('is whether containers can be had, where the Jenkinsfile wants some', async () => {
    const one = recipe(
      "pipeline { agent { docker 'x' }\n stages { stage('A') { steps { sh 'true' } } } }",
    );
    assert.deepEqual(about(await found(one), 'docker'), [
      'stop docker: The Jenkinsfile runs steps in containers, and neither docker nor podman is on bench.',
    ]);
    assert.deepEqual(about(await found(one, ['podman']), 'docker'), [
      `ok docker: containers by ${join(shop.root, 'bin', 'podman')}`,
    ]);
  });

  it('is whether the machine has the memory that the run wants', async () => {
    const one = recipe("node { withEnv(['MEMORY=99999999']) { sh 'true' } }");
    const [memory = ''] = about(await found(one), 'memory');
    assert.match(memory, /^stop memory: The run wants MEMORY=99999999 MB, and bench has \d+ MB/);
  });

  it('is how much of its disk is free', async () => {
    const [disk = ''] = about(await found(recipe("node { sh 'true' }")), 'disk');
    assert.match(disk, /^(ok|warning|stop) disk: .*\d\.\d GB/);
  });
});
