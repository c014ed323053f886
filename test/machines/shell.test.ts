import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isShell, readShell } from '../../src/machines/shell';

function reads(text: string): string[] {
  return readShell(text).reads.map(({ name, fallback }) =>
    fallback === undefined ? name : `${name} ${fallback}`,
  );
}

function commands(text: string): string[] {
  return readShell(text).commands.map(({ words }) => words.map((word) => word ?? '…').join(' '));
}

describe('the variables that a shell script reads', () => {
  it('are written with or without braces, in quotes or not', () => {
    assert.deepEqual(reads('echo $A "${B}" "x $C" a$D-b'), ['A', 'B', 'C', 'D']);
  });

  it('come with their defaults', () => {
    assert.deepEqual(reads('x ${A:-1} ${B-two words} ${C:=3} ${D:+set} ${E%.txt} ${#F}'), [
      'A 1',
      'B two words',
      'C 3',
      'D',
      'E',
      'F',
    ]);
  });

  it('are read by defaults, too', () => {
    assert.deepEqual(reads('x ${A:-$B/${C:-d}}'), ['A $B/${C:-d}', 'B', 'C d']);
  });

  it('are not in single quotes, comments, escapes and quoted heredocs', () => {
    assert.deepEqual(reads(`echo '$A' # $B\necho \\$C "\\$D"\ncat <<'E'\n$F\nE\necho $G`), ['G']);
  });

  it('are in heredocs that expand', () => {
    assert.deepEqual(reads('cat <<E | sort\n$A `echo $B`\nE\ncat <<-F\n\t$C\n\tF\n$D'), [
      'A',
      'B',
      'C',
      'D',
    ]);
  });

  it('are in commands within commands, and in arithmetic', () => {
    assert.deepEqual(reads('x=$(f "$(g $A)") y=`h $B`; z=$((C + 0x1f * $D)); ((E++))'), [
      'A',
      'B',
      'C',
      'D',
      'E',
    ]);
  });

  it('are not those that the script has set before', () => {
    assert.deepEqual(
      reads('A=1\necho $A $B\nB=2\nexport C=$D\necho $C\nfor e in $F; do f $e; done'),
      ['B', 'D', 'F'],
    );
  });

  it("are the environment's where a name gets its own value as default", () => {
    assert.deepEqual(reads('A="${A:-1}"\necho $A'), ['A 1']);
  });

  it('have their names where they stand', () => {
    const text = 'a\nb ${MEMORY:-2}';
    const [read] = readShell(text).reads;
    assert.equal(read && text.slice(read.nameStart, read.nameEnd), 'MEMORY');
    assert.equal(read && text.slice(read.start, read.end), '${MEMORY:-2}');
    assert.equal(read?.line, 2);
  });

  it('are known to be all only where the text names them', () => {
    for (const text of [
      'env',
      'env | sort',
      'printenv',
      'eval "$x"',
      'x ${!name}',
      'set',
      'a; declare -p',
    ])
      assert.ok(readShell(text).readsMore, text);
    for (const text of ['set -e', 'printenv A', 'env A=1 make', '# env', 'echo env'])
      assert.ok(!readShell(text).readsMore, text);
  });
});

describe('the commands of a shell script', () => {
  it('are told with their words', () => {
    assert.deepEqual(
      commands(`set -e\ncd "$(dirname "$0")/.."\nA=1 vagrant up 'a b' && ./x.sh $y`),
      ['set -e', 'dirname …', 'cd …', 'vagrant up a b', './x.sh …'],
    );
  });

  it("are found behind the shell's own words", () => {
    assert.deepEqual(
      commands('if a; then b; elif c\nthen d; else e; fi\nwhile ! f; do g; done; { h; }; (i; j)'),
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'],
    );
  });

  it('are found in the branches of a case, whose patterns are none', () => {
    assert.deepEqual(commands('case "$1" in\nup|start) a;;\n(down) b ;;\n*) c\nesac; d'), [
      'a',
      'b',
      'c',
      'd',
    ]);
  });

  it("are not the script's own functions", () => {
    assert.deepEqual(commands('main() {\n  later a\n}\nfunction later {\n  b $1\n}\nmain'), [
      'b …',
    ]);
  });

  it('are those that env runs', () => {
    assert.deepEqual(commands('env -i A=1 B=$x make all'), ['make all']);
    assert.ok(readShell('env A=1 make').sets.has('A'));
  });

  it('end at redirections', () => {
    assert.deepEqual(commands('a > /dev/null 2>&1 < b\nc &> d\ne <<< "$x"\nf <(g)'), [
      'a',
      'c',
      'e',
      'g',
      'f',
    ]);
  });
});

describe('a shell script', () => {
  it('is one by its first line, else by its name', () => {
    assert.ok(isShell('start', '#!/bin/bash\n'));
    assert.ok(isShell('start', '#! /usr/bin/env -S bash -e\n'));
    assert.ok(isShell('start.sh', 'echo'));
    assert.ok(!isShell('start.sh', '#!/usr/bin/python3\n'));
    assert.ok(!isShell('start', 'echo'));
  });

  it('is read at every length without an exception', () => {
    const text = 'a() { x="${A:-$(b "`c $D`")}"; }\ncase $e in f) g;; esac\ncat <<H\n$((I+1))\nH\n';
    for (let length = 0; length <= text.length; length++) {
      readShell(text.slice(0, length));
      readShell(text.slice(length));
    }
  });

  it('is read whatever it says, with all places inside of it', () => {
    const pieces = fc.constantFrom(
      ...[
        '"',
        "'",
        '`',
        '$(',
        ')',
        '(',
        '${',
        '}',
        '{',
        '\n',
        ' ',
        ';',
        '|',
        '&',
        '<',
        '>',
        '<<A',
        '\nA\n',
      ],
      ...[
        '$A',
        'A',
        'B=',
        ':-',
        '-',
        '#',
        '!',
        '((',
        '))',
        'if ',
        'then ',
        'fi',
        'case ',
        ' in ',
        'esac',
        ';;',
      ],
      ...['for ', 'do ', 'done', 'export ', 'env ', '\\', '[[', '$'],
    );
    const text = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (shell) => {
        const { reads, commands } = readShell(shell);
        for (const { name, start, end, nameStart, nameEnd, line } of reads) {
          assert.ok(0 <= start && start < end && end <= shell.length);
          assert.equal(shell.slice(nameStart, nameEnd), name);
          assert.equal(line, shell.slice(0, start).split('\n').length);
        }
        for (const { words, start } of commands)
          assert.ok(words.length > 0 && start <= shell.length);
      }),
      { numRuns: 3000 },
    );
  });

  it('takes time in proportion to its size, however odd it is', () => {
    for (const piece of [
      '$(',
      '${',
      '`',
      '"$(',
      "'",
      'a[ ',
      '<<A\n',
      '((',
      '$((',
      'case x in ',
      '${A:-',
      '\\',
      ')',
    ]) {
      const before = performance.now();
      readShell(piece.repeat(Math.ceil(200_000 / piece.length)));
      assert.ok(performance.now() - before < 2000, piece);
    }
  });
});
