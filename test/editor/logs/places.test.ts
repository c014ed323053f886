import assert from 'node:assert/strict';
import {
  createRootReader,
  meant,
  syncedFolders,
  VAGRANT,
  wantedFor,
} from '../../../src/editor/logs/guestPaths';
import { mentionsIn } from '../../../src/editor/logs/mentions';

describe('the places in files that a line names', () => {
  const told = (line: string) =>
    mentionsIn(line).map(({ path, line: number, column }) => [path, number, column]);

  it('have a line, and a column where it is told', () => {
    assert.deepEqual(told('pkg/policy/a.go:12:3: undefined: x'), [['pkg/policy/a.go', 12, 3]]);
    assert.deepEqual(told('    policy_test.sh:53: want DENIED'), [
      ['policy_test.sh', 53, undefined],
    ]);
    assert.deepEqual(told('\tat (/vagrant/src/a.c:7)'), [['/vagrant/src/a.c', 7, undefined]]);
    assert.deepEqual(told('make: *** [Makefile:88: all] Error 2'), [['Makefile', 88, undefined]]);
  });

  it('are known as Python and shells write them', () => {
    assert.deepEqual(told('  File "tests/a b.py", line 3, in x'), [['tests/a b.py', 3, undefined]]);
    assert.deepEqual(told('./test.sh: line 12: foo: not found'), [['./test.sh', 12, undefined]]);
  });

  it('stand where they are said to', () => {
    const line = 'x a.go:1:2 and b.go:3';
    assert.deepEqual(
      mentionsIn(line).map(({ from, to }) => line.slice(from, to)),
      ['a.go:1:2', 'b.go:3'],
    );
  });

  it('are no times, addresses or numbers', () => {
    assert.deepEqual(told('10:00:00 12:3 ::1 0:0 a:1 v1.2.3:80'), []);
  });

  it('take no longer in a line that is all path', () => {
    assert.deepEqual(told(`${'a/'.repeat(5000)}:${'x.'.repeat(5000)}`), []);
  });
});

describe('a path of another machine', () => {
  const files = ['pkg/policy/a.go', 'test/a.go', 'src/main.c'];
  const roots = [{ guest: '/var/lib/jenkins/workspace/cilium', host: '' }, ...VAGRANT];
  const find = (path: string) => meant(wantedFor(path, roots), files);

  it('below a known folder is that of the workspace', () => {
    assert.deepEqual(find('/vagrant/pkg/policy/a.go'), ['pkg/policy/a.go']);
    assert.deepEqual(find('/var/lib/jenkins/workspace/cilium/src/main.c'), ['src/main.c']);
    assert.deepEqual(find('/vagrant/nowhere/b.go'), []);
  });

  it('below somebody’s home is that of the clone there', () => {
    assert.deepEqual(find('/home/vagrant/cilium/src/main.c'), ['src/main.c']);
    assert.deepEqual(find('/home/vagrant/go/src/github.com/cilium/cilium/test/a.go'), [
      'test/a.go',
    ]);
    assert.deepEqual(find('github.com/cilium/cilium/pkg/policy/a.go'), ['pkg/policy/a.go']);
  });

  it('elsewhere must have more than its name in common', () => {
    assert.deepEqual(find('/builds/x/pkg/policy/a.go'), ['pkg/policy/a.go']);
    assert.deepEqual(find('/builds/x/a.go'), []);
    assert.deepEqual(find('/usr/lib/go/src/pkg/policy/a.go'), []);
  });

  it('that is relative is any with that end, and may be several', () => {
    assert.deepEqual(find('./policy/a.go'), ['pkg/policy/a.go']);
    assert.deepEqual(find('a.go'), ['pkg/policy/a.go', 'test/a.go']);
    assert.deepEqual(find('other/a.go'), []);
  });

  it('is below the folders that the log and the Vagrantfile name', () => {
    const reader = createRootReader();
    reader.push(
      Buffer.from(
        'Running on agent-1 in /home/jenkins/ws/job@2\n[unit] Running on b in /tmp/w\n$ docker run -t -d -u 1:1 -w /src/x -v a:b image cat\n',
      ),
    );
    assert.deepEqual(
      reader.roots().map(({ guest }) => guest),
      ['/home/jenkins/ws/job@2', '/tmp/w', '/src/x'],
    );
    const vagrantfile = `
      config.vm.synced_folder "../lib", "/opt/lib"
      # config.vm.synced_folder "no", "/no"
      config.vm.synced_folder('.', '/home/vagrant/go/src/x/', type: "rsync")
      config.vm.synced_folder "#{dir}", "/computed"`;
    assert.deepEqual(syncedFolders(vagrantfile), [
      { guest: '/opt/lib', host: 'lib' },
      { guest: '/home/vagrant/go/src/x', host: '' },
    ]);
  });
});
