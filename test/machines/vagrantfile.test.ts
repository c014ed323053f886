import assert from 'node:assert/strict';
import fc from 'fast-check';
import { machineNames, readVagrantfile } from '../../src/machines/vagrantfile';

/** Each read as `NAME`, with `!` if it is needed, `?` if only tested, and its default. */
function reads(text: string): string[] {
  return readVagrantfile(text).reads.map(({ name, how, fallback }) => {
    const mark = how === 'needed' ? '!' : how === 'tested' ? '?' : '';
    return `${name}${mark}${fallback === undefined ? '' : ` ${fallback}`}`;
  });
}

function machines(text: string): (string | undefined)[] {
  return readVagrantfile(text).machines.map(({ name, several }) =>
    several ? `${name ?? ''}*` : name,
  );
}

describe('the variables that a Vagrantfile reads', () => {
  it('are those of ENV, in any quotes', () => {
    assert.deepEqual(reads(`a = ENV['A']\nb = ENV["B"]\nc = ENV[%q(C)]`), ['A', 'B', 'C']);
  });

  it('come with the default after ||', () => {
    assert.deepEqual(reads(`p.memory = Integer(ENV['MEMORY'] || 2048)`), ['MEMORY 2048']);
    assert.deepEqual(reads(`x = ENV["A"] || 'it is' # why`), ['A it is']);
    assert.deepEqual(reads(`x = (ENV['A'] or "b") + 'c'`), ['A b']);
  });

  it('come with a default that is computed as it is written', () => {
    assert.deepEqual(reads(`x = ENV['A'] || File.basename(__dir__)`), ['A File.basename(__dir__)']);
    assert.deepEqual(reads(`f(ENV['A'] || [1, 2].first, 3)`), ['A [1, 2].first']);
  });

  it('each have their own default in a chain', () => {
    assert.deepEqual(reads(`x = ENV['A'] || ENV['B'] || 'c'`), ["A ENV['B'] || 'c'", 'B c']);
  });

  it('are needed by fetch without a default', () => {
    assert.deepEqual(
      reads(`ENV.fetch('A')\nENV.fetch 'B'\nENV.fetch("C", 'd')\nENV.fetch 'E', 5`),
      ['A!', 'B!', 'C d', 'E 5'],
    );
  });

  it('have the default of a block of fetch', () => {
    assert.deepEqual(reads(`ENV.fetch('A') { 'b' }\nENV.fetch('C') do 'd' end`), ['A b', 'C d']);
  });

  it('are only tested by key? and its like', () => {
    assert.deepEqual(
      reads(`x if ENV.key?('A')\nENV.has_key? "B"\nENV.include?('C') ? 1 : 2\nENV['D'].nil?`),
      ['A?', 'B?', 'C?', 'D?'],
    );
  });

  it('are read where they are compared or converted', () => {
    assert.deepEqual(reads(`if ENV['A'] == '1' then end\nENV['B'].to_i\nENV['C'].to_s.empty?`), [
      'A',
      'B',
      'C',
    ]);
  });

  it('are found in interpolations, also of nested strings', () => {
    assert.deepEqual(
      reads(`n = "a-#{ENV['A'] || 'x'}-#{f("#{ENV["B"]}")}"\nm = 'not #{ENV["C"]}'`),
      ['A x', 'B'],
    );
  });

  it('are found in what a heredoc interpolates, and not in its text', () => {
    const text = `s = <<~S + ENV['B']\n  echo ENV['X'] #{ENV['A']}\n  S2\nS\nt = <<-'T'\n #{ENV['Y']}\n  T\nENV['C']`;
    assert.deepEqual(reads(text), ['B', 'A', 'C']);
  });

  it('are found behind two heredocs of one line', () => {
    assert.deepEqual(reads(`f(<<A, <<B)\n#{ENV['P']}\nA\n#{ENV['Q']}\nB\nENV['R']`), [
      'P',
      'Q',
      'R',
    ]);
  });

  it('are not in comments, documents or after the end of the program', () => {
    const text = `# ENV['A']\n=begin\nENV['B']\n=end\nENV['C'] # ENV['D']\n__END__\nENV['E']`;
    assert.deepEqual(reads(text), ['C']);
  });

  it('are not those that the file itself sets', () => {
    const file = readVagrantfile(`ENV['A'] = 'x'\nENV['B'] ||= 'y'\nENV.store('C', 'z')\nENV['D']`);
    assert.deepEqual(file.writes, ['A', 'B', 'C']);
    assert.deepEqual(
      file.reads.map(({ name, fallback }) => [name, fallback]),
      [
        ['B', 'y'],
        ['D', undefined],
      ],
    );
  });

  it('are several for values_at and slice', () => {
    assert.deepEqual(reads(`a, b = ENV.values_at('A', 'B')`), ['A', 'B']);
  });

  it('have their names where they stand', () => {
    const text = `x = [\n  ENV['MEMORY'] || 1\n]`;
    const [read] = readVagrantfile(text).reads;
    assert.equal(read && text.slice(read.nameStart, read.nameEnd), 'MEMORY');
    assert.equal(read && text.slice(read.start, read.end), "ENV['MEMORY']");
    assert.equal(read?.line, 2);
  });

  it('are known to be all only where the text names them', () => {
    const more = (text: string): boolean => readVagrantfile(text).readsMore;
    for (const text of [
      'ENV[name]',
      'ENV["A_#{x}"]',
      'ENV.to_h',
      'ENV.each { |k, v| }',
      "ENV.select { |k| k.start_with? 'X' }",
      'e = ENV',
      "load 'more.rb'",
      "require_relative 'more'",
      "require './more'",
      'x = `make env`',
      "system('./x.sh')",
      'x = %x(make)',
      'eval(text)',
      'require CONFIG',
    ])
      assert.equal(more(text), true, text);
    for (const text of [
      "ENV['A']",
      "require 'yaml'",
      "require 'vagrant-x'",
      '# ENV.to_h',
      'A::ENV',
    ])
      assert.equal(more(text), false, text);
  });
});

describe('the machines of a Vagrantfile', () => {
  it('are those it defines, however the name is written', () => {
    assert.deepEqual(
      machines(
        `c.vm.define 'web'\nc.vm.define :db\nc.vm.define("lb") do |l|\nend\nc.vm.define 'x', primary: true`,
      ),
      ['web', 'db', 'lb', 'x'],
    );
  });

  it('is one called default where none is defined', () => {
    assert.deepEqual(machineNames(readVagrantfile(`Vagrant.configure('2') { |c| }`)), ['default']);
  });

  it('has the name that it would have without variables', () => {
    assert.deepEqual(machines(`c.vm.define "moat-#{ENV['BUILD_NUMBER'] || 'dev'}"`), ['moat-dev']);
    assert.deepEqual(machines(`c.vm.define "moat-#{ENV.fetch('N', 7)}"`), ['moat-7']);
  });

  it('has no name that the text tells where it is computed', () => {
    for (const text of ['c.vm.define name', 'c.vm.define "a#{i}"', 'c.vm.define "#{x}"'])
      assert.deepEqual(machines(text), [undefined], text);
  });

  it('are several in a loop of any kind', () => {
    for (const loop of [
      `(1..3).each do |i|\n c.vm.define "n#{i}"\nend`,
      `3.times { |i| c.vm.define "n#{i}" }`,
      `for i in 1..3\n c.vm.define "n#{i}"\nend`,
      `NODES.each_with_index do |n, i|\n  if x\n c.vm.define n\n end\nend`,
      `while x do\n c.vm.define n\nend`,
    ])
      assert.deepEqual(machines(loop), ['*'], loop);
  });

  it('are not several after the loop has ended', () => {
    const text = `%w[a b].each do |p|\n  c.vm.provider p do |v|\n    v.memory = 1 if x\n  end\nend\nc.vm.define 'web'`;
    assert.deepEqual(machines(text), ['web']);
    assert.deepEqual(machines(`x = [1].map { |a| a }\nc.vm.define 'web'`), ['web']);
  });

  it('are not several in a condition, a block or a method', () => {
    const text = `def f\n  if a then b end\n  unless x\n    c.vm.define 'web' do |w|\n      w.x = case y when 1 then 2 end\n    end\n  end\nend\nc.vm.define 'db'`;
    assert.deepEqual(machines(text), ['web', 'db']);
  });

  it('say which is the primary one', () => {
    const file = readVagrantfile(
      `c.vm.define 'a'\nc.vm.define 'b', primary: true, autostart: false\nc.vm.define 'c', :primary => true`,
    );
    assert.deepEqual(
      file.machines.map(({ primary }) => primary),
      [false, true, true],
    );
  });

  it('are named only if the text tells them all', () => {
    assert.deepEqual(machineNames(readVagrantfile("c.vm.define 'a'\nc.vm.define 'b'")), ['a', 'b']);
    assert.equal(machineNames(readVagrantfile("c.vm.define 'a'\nc.vm.define n")), undefined);
  });
});

describe('what a Vagrantfile says besides', () => {
  it('is who provides the machines', () => {
    const text = `c.vm.provider 'virtualbox' do |v|\nend\n%w[libvirt docker].each do |p|\n c.vm.provider p\nend\n['hyperv', :vmware].each do |q|\n c.vm.provider q\nend`;
    const { providers } = readVagrantfile(text);
    assert.deepEqual(providers, ['virtualbox', 'libvirt', 'docker', 'hyperv', 'vmware']);
  });

  it('is how large they are', () => {
    const text = `v.memory = 2048\nv.cpus = ENV['CPUS'] || 2\nv.customize ['modifyvm', :id, '--memory', 512]\nx = v.memory`;
    assert.deepEqual(
      readVagrantfile(text).sizes.map(({ what, value, line }) => `${line} ${what} ${value}`),
      ['1 memory 2048', "2 cpus ENV['CPUS'] || 2", '3 memory 512'],
    );
  });

  it('is which scripts provision them', () => {
    const text = `c.vm.provision 'shell', path: 'setup.sh'\nc.vm.provision :shell do |s|\n  s.path = "more.sh"\nend\nc.vm.provision 'shell', path: name\nc.vm.provision :shell,\n  :path => 'old.sh'\nlv.storage path: 'disk.img'`;
    assert.deepEqual(
      readVagrantfile(text).scripts.map(({ path }) => path),
      ['setup.sh', 'more.sh', 'old.sh'],
    );
  });

  it('is not said in a regular expression, a character class or a division', () => {
    assert.deepEqual(reads(`x if y =~ /ENV['A']"/\nz = 10 / 2 # '\nENV['B'] / 2`), ['B']);
  });

  it('is read although a modulo or a shift looks like a string', () => {
    assert.deepEqual(reads(`a = b % (c)\nd << e\nx = 5 %2\nENV['B']`), ['B']);
  });

  it('is read behind keys, symbols, ternaries and percent strings', () => {
    const text = `f a: 'x', "b": :c, d: y ? 'a' : 'b', e: %w(' "), g: %q{a {b} '}\nENV['Z']`;
    assert.deepEqual(reads(text), ['Z']);
  });
});

describe('a Vagrantfile that is being typed', () => {
  it('keeps the lines around a quote that nobody closed', () => {
    assert.deepEqual(reads(`ENV['A']\nx = "b\nENV['C'] || 'd'\nc.vm.define 'e'`), ['A', 'C d']);
  });

  it('keeps the lines around an interpolation that nobody closed', () => {
    assert.deepEqual(reads(`ENV['A']\nx = "b #{ENV['B']\nENV['C']`), ['A', 'B', 'C']);
  });

  it('keeps the lines below a heredoc that nobody ended', () => {
    assert.deepEqual(reads(`ENV['A']\nx = <<~EOS\n  text\nENV['C']`), ['A', 'C']);
  });

  it('is read at every length without an exception', () => {
    const text = `Vagrant.configure('2') do |c|\n c.vm.define "m-#{ENV['N'] || "d#{x}"}"\n s = <<~S\n  #{ENV.fetch('A') { %w[b] }}\n S\n v.memory = Integer(ENV['M'] || 1)\nend`;
    for (let length = 0; length <= text.length; length++) {
      readVagrantfile(text.slice(0, length));
      readVagrantfile(text.slice(length));
    }
  });

  it('is read whatever it says, with all places inside of it', () => {
    const pieces = fc.constantFrom(
      ...[
        '"',
        "'",
        '`',
        '#{',
        '}',
        '{',
        'do ',
        'end',
        '\n',
        ' ',
        '|x|',
        '<<~A',
        '\nA\n',
        '%w[',
        ']',
      ],
      ...[
        'ENV',
        "['A']",
        '.fetch(',
        ')',
        ',',
        '||',
        ' = ',
        '\\',
        '/',
        ':a',
        'a: ',
        '=begin\n',
        'each ',
      ],
      ...['c.vm.define ', 'if ', '?', '#', '__END__', 'p.memory = ', 'provision ', 'path: '],
    );
    const text = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (ruby) => {
        const { reads, machines, sizes, scripts } = readVagrantfile(ruby);
        for (const { start, end, line } of [...reads, ...machines, ...sizes, ...scripts]) {
          assert.ok(0 <= start && start < end && end <= ruby.length);
          assert.equal(line, ruby.slice(0, start).split('\n').length);
        }
        for (const { name, nameStart, nameEnd } of reads)
          assert.equal(ruby.slice(nameStart, nameEnd), name);
      }),
      { numRuns: 3000 },
    );
  });

  it('takes time in proportion to its size, however odd it is', () => {
    const odd = [
      '"#{',
      "'",
      '<<~A\n',
      '%w[',
      '#{"',
      'ENV[',
      "ENV['A'] || ",
      '/a',
      '{',
      'do\n',
      'f <<A, <<B\nA\n',
      'x = "#{<<A}"\n#{ENV["B"]}\nA\n',
      'c.vm.provider p\n',
      '=begin\n',
    ];
    for (const piece of odd) {
      const text = piece.repeat(Math.ceil(200_000 / piece.length));
      const before = performance.now();
      readVagrantfile(text);
      assert.ok(performance.now() - before < 2000, JSON.stringify(piece));
    }
  });
});
