import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProblemReader, GCC, GO, GO_TEST, SHELL } from '../../../src/editor/logs/problems';

function found(text: string): unknown[] {
  const reader = createProblemReader();
  for (const line of text.split('\n')) reader.line(line);
  return reader
    .problems()
    .map(({ tool, path, line, column, severity, message }) =>
      [tool, `${path}:${line}${column === undefined ? '' : `:${column}`}`, severity, message].join(
        ' ',
      ),
    );
}

describe('problems in a log', () => {
  it('of compilers', () => {
    assert.deepEqual(
      found(
        [
          'gcc -c src/a.c',
          'src/a.c: In function ‘main’:',
          "src/a.c:12:5: error: 'x' undeclared (first use in this function)",
          '/vagrant/src/b.c:3: warning: unused variable',
          '    runtime-1: lib/c.h:1:1: fatal error: no.h: No such file',
        ].join('\n'),
      ),
      [
        "gcc src/a.c:12:5 error 'x' undeclared (first use in this function)",
        'gcc /vagrant/src/b.c:3 warning unused variable',
        'gcc lib/c.h:1:1 error no.h: No such file',
      ],
    );
  });

  it('of Go, its vet and its tests', () => {
    assert.deepEqual(
      found(
        [
          '# example.org/x',
          './a.go:7:2: undefined: y',
          'vet: pkg/b.go:3:9: expected operand',
          '--- FAIL: TestX (0.00s)',
          '    a_test.go:12: want 1, got 2',
          '    runtime-1:     policy_test.go:212: egress: want DENIED',
        ].join('\n'),
      ),
      [
        'go ./a.go:7:2 error undefined: y',
        'go pkg/b.go:3:9 error expected operand',
        'go a_test.go:12 error want 1, got 2',
        'go policy_test.go:212 error egress: want DENIED',
      ],
    );
  });

  it('of Python, at the end of the traceback', () => {
    const trace = [
      'Traceback (most recent call last):',
      '  File "/vagrant/a.py", line 3, in <module>',
      '    main()',
      '  File "/vagrant/b.py", line 9, in main',
      '    raise ValueError("no")',
      'ValueError: no',
    ];
    assert.deepEqual(found(trace.join('\n')), ['python /vagrant/b.py:9 error ValueError: no']);
  });

  it('of Ginkgo, Rust and shells', () => {
    assert.deepEqual(
      found(
        [
          '[FAIL] Policy [It] denies egress',
          '/home/vagrant/go/src/github.com/cilium/cilium/test/runtime/policy_test.go:88',
          'error[E0308]: mismatched types',
          ' --> src/main.rs:4:9',
          './test.sh: line 12: foo: command not found',
        ].join('\n'),
      ),
      [
        'ginkgo /home/vagrant/go/src/github.com/cilium/cilium/test/runtime/policy_test.go:88 error Policy [It] denies egress',
        'rust src/main.rs:4:9 error mismatched types',
        'shell ./test.sh:12 error foo: command not found',
      ],
    );
  });

  it('of kernels, by file where there is one, and else by symbol', () => {
    assert.deepEqual(
      found(
        [
          '[   12.345678] WARNING: CPU: 0 PID: 1 at net/core/dev.c:2784 skb_warn_bad_offload+0xc5/0xd0',
          '[   13.000001] kernel BUG at mm/slub.c:305!',
          '[   14.000001] BUG: kernel NULL pointer dereference, address: 0000000000000008',
          '[   14.000002] #PF: supervisor read access in kernel mode',
          '[   14.000003] RIP: 0010:cilium_drop+0x1a/0x40',
        ].join('\n'),
      ),
      [
        'kernel net/core/dev.c:2784 warning WARNING in skb_warn_bad_offload+0xc5/0xd0',
        'kernel mm/slub.c:305 error kernel BUG',
        'kernel :5 error BUG: kernel NULL pointer dereference, address: 0000000000000008, in cilium_drop+0x1a/0x40',
      ],
    );
  });

  it('are told once, and are none in ordinary lines', () => {
    assert.deepEqual(found('a.c:1:1: error: x\na.c:1:1: error: x').length, 1);
    assert.deepEqual(found('10:00:00 ok\n+ make\nerror: nothing\nhttp://host:80/: line'), []);
  });

  it('are found by the matchers of tasks in the same way', () => {
    const manifest = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'),
    ) as {
      contributes: {
        problemMatchers: { name: string; pattern: { regexp: string } | { regexp: string }[] }[];
      };
    };
    const regexps = new Map(
      manifest.contributes.problemMatchers.map(({ name, pattern }) => [
        name,
        Array.isArray(pattern) ? pattern.map(({ regexp }) => regexp) : [pattern.regexp],
      ]),
    );
    assert.deepEqual(regexps.get('ci-parity-gcc'), [GCC.source]);
    assert.deepEqual(regexps.get('ci-parity-go'), [GO.source]);
    assert.deepEqual(regexps.get('ci-parity-go-test'), [GO_TEST.source]);
    assert.deepEqual(regexps.get('ci-parity-shell'), [SHELL.source]);
    for (const name of ['python', 'ginkgo', 'rust', 'kernel'])
      for (const regexp of regexps.get(`ci-parity-${name}`) ?? [assert.fail(name)])
        assert.doesNotThrow(() => new RegExp(regexp));
  });
});
