import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../cli/program';
import { openWorkshop, type Workshop } from './workshop';

const ENDLESS = `pipeline { agent any
  stages { stage('Fill') { steps { sh 'seq 1 2000000' } } } }`;

/** A user and mount namespace in which a file system of 4 MiB can be mounted. */
const unshare = ['unshare', '--user', '--map-root-user', '--mount'] as const;

describe('On a machine at fault', () => {
  let workshop: Workshop;
  beforeEach(() => {
    workshop = openWorkshop();
  });
  afterEach(() => workshop[Symbol.dispose]());

  it('a full disk is named, and what the run made is removed', function () {
    if (spawnSync(unshare[0], [...unshare.slice(1), 'true']).status !== 0) this.skip();
    workshop.commit({ Jenkinsfile: ENDLESS });
    const state = join(workshop.root, 'state');
    const script = `small=$1/ci-parity/reproductions
      mkdir -p "$small" && mount -t tmpfs -o size=4m tmpfs "$small" || exit 99
      state=$1; shift
      "$@"; echo "exit $?"
      ls "$state/ci-parity/workspaces"; git worktree list`;
    const args = ['-c', script, 'sh', state, ...program, 'reproduce', 'Jenkinsfile'];
    const { stdout, stderr } = spawnSync(unshare[0], [...unshare.slice(1), 'sh', ...args], {
      cwd: workshop.repository,
      encoding: 'utf8',
      maxBuffer: 1 << 27,
    });
    const end = stdout.slice(-1000);
    assert.match(`${stderr}${end}`, /no space is left on the device \(ENOSPC\)/);
    assert.doesNotMatch(stderr, /defect/);
    assert.match(end, new RegExp(`exit 3\n${workshop.repository}[^\n]*\n$`));
  });

  it('a state directory that cannot be made is no defect of ours', () => {
    workshop.commit({ Jenkinsfile: ENDLESS });
    writeFileSync(join(workshop.root, 'state'), '');
    const { status, stderr } = spawnSync(
      program[0] ?? '',
      [...program.slice(1), 'reproduce', 'Jenkinsfile'],
      { cwd: workshop.repository, encoding: 'utf8' },
    );
    assert.match(stderr, /The system refused "mkdir [^"]*": a part of the path is not/);
    assert.doesNotMatch(stderr, /defect|\n\s+at /);
    assert.equal(status, 3);
  });
});
