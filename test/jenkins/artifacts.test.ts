import assert from 'node:assert/strict';
import { artifactsOf } from '../../src/jenkins/artifacts';
import { connect } from '../../src/jenkins/client';
import { startJenkins } from '../bed/jenkins/double';

const { signal } = new AbortController();

describe('the artifacts of a run', () => {
  it('are listed, and read as they are', async () => {
    const artifacts = { 'logs/vm 1#a.txt': 'booted\r\n', 'core.gz': '\u0000' };
    const runs = [{ number: 1, result: 'FAILURE' as const, artifacts }];
    await using jenkins = await startJenkins({ world: { jobs: [{ name: 'a', runs }] } });
    using client = connect({ base: jenkins.base });
    const run = await client.run(`${jenkins.base}job/a/1/`, signal);
    const found = await client.artifacts(run, signal);
    assert.deepEqual(found, [
      { name: 'vm 1#a.txt', path: 'logs/vm 1#a.txt' },
      { name: 'core.gz', path: 'core.gz' },
    ]);
    const bytes: Buffer[] = [];
    for await (const piece of client.artifact(run, found[0]!, signal)) bytes.push(piece);
    assert.equal(Buffer.concat(bytes).toString(), 'booted\r\n');
  });

  it('leave out what would lead out of a folder', () => {
    const paths = [
      '../x',
      '/etc/passwd',
      'a/../../x',
      'a\\b',
      'a//b',
      './a',
      'a\u0000b',
      'x'.repeat(2000),
    ];
    const artifacts = [...paths, 'fine/..name'].map((relativePath) => ({ relativePath }));
    assert.deepEqual(artifactsOf({ artifacts }), [{ name: '..name', path: 'fine/..name' }]);
  });

  it('are read from any shape of answer without an exception, and are at most 1000', () => {
    for (const odd of [null, 7, 'x', [], { artifacts: 7 }, { artifacts: [null, 7, {}] }])
      assert.deepEqual(artifactsOf(odd), []);
    const artifacts = Array.from({ length: 5000 }, (_, n) => ({ relativePath: `${n}` }));
    assert.equal(artifactsOf({ artifacts }).length, 1000);
  });
});
