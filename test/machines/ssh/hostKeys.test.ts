import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge, parseKnownHosts } from '../../../src/machines/ssh/hostKeys';
import { without } from '../../bed/without';

describe('Known hosts', () => {
  let folder: string;

  before(function () {
    const { error } = spawnSync('ssh-keygen', ['-?']);
    if (error) without(this, 'ssh-keygen is not here: apt-get install openssh-client');
    folder = mkdtempSync(join(tmpdir(), 'ci-parity-known-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function newKey(name: string): string {
    const file = join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
    return readFileSync(`${file}.pub`, 'utf8').trim();
  }

  it('are found by the lines by which ssh-keygen finds them: names, patterns, exceptions, hashes, revoked ones', () => {
    const file = join(folder, 'known_hosts');
    const key = newKey('a');
    writeFileSync(file, `plain.example ${key}\n[odd.example]:2222 ${key}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    const hashed = readFileSync(file, 'utf8');
    const text = `# a remark
${hashed}one.example,192.0.2.1 ${key}
*.lab.example,!gate.lab.example ${key}
10.0.0.? ${key}
[*.lab.example]:2200 ${key}
@revoked old.example ${key}
@revoked * ${newKey('b')}
UPPER.example ${key}
`;
    writeFileSync(file, text);
    const names = [
      ...['plain.example', 'odd.example', '[odd.example]:2222', 'one.example', '192.0.2.1'],
      ...['a.lab.example', 'a.b.lab.example', 'gate.lab.example', 'lab.example', '10.0.0.7'],
      ...['10.0.0.77', '[a.lab.example]:2200', '[a.lab.example]:22', 'old.example'],
      ...['upper.example', 'nobody.example', 'xlab.example'],
    ];
    for (const name of names) {
      const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
      const theirs = [...stdout.matchAll(/ found: line (\d+)( REVOKED)?/g)].map(
        ([, line, revoked]) => `${line}${revoked ? ' revoked' : ''}`,
      );
      const ours = parseKnownHosts(text, file, name).map(
        ({ line, revoked }) => `${line}${revoked ? ' revoked' : ''}`,
      );
      assert.deepEqual(ours, theirs, name);
    }
  });

  it('refuse a key that was revoked, also where another line knows it', () => {
    const [type = '', key = ''] = newKey('c').split(' ');
    const known = parseKnownHosts(`a ${type} ${key}\n@revoked * ${type} ${key}\n`, 'file', 'a');
    const judgement = judge(known, Buffer.from(key, 'base64'));
    assert.ok(judgement.kind === 'revoked');
    assert.equal(judgement.entry.line, 2);
  });
});
