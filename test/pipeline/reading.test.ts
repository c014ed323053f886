import assert from 'node:assert/strict';

import fc from 'fast-check';

import { readNumber } from '../../src/pipeline/read/numbers';
import { outline } from '../../src/pipeline/outline';
import { parse } from '../../src/pipeline/parser';
import type { ClassDeclaration, Statement } from '../../src/pipeline/syntax';
import { treeOf } from './tree';

/** Any text that a Jenkinsfile can hold: Groovy reads a carriage return as a line end. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 3 }),
      fc.constantFrom("'", '"', '\\', '$', '${', '/', '$/', '/$', '\n', '\t', '}', '{', '\\u0041'),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join('').replaceAll(/\r\n?/g, '\n'));

/** A text as each form of string writes it; undefined where the form cannot hold it. */
const forms: Readonly<Record<string, (value: string) => string | undefined>> = {
  single: (value) => `'${escaped(value).replaceAll("'", "\\'")}'`,
  double: (value) => `"${escaped(value).replaceAll('"', '\\"').replaceAll('$', '\\$')}"`,
  'triple single': (value) => `'''${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'''`,
  'triple double': (value) =>
    `"""${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '\\$')}"""`,
  // Of backslashes only the one before a slash means anything; an empty one is a comment.
  slashy: (value) => (/[\\$]|^$|^\*/.test(value) ? undefined : `/${value.replaceAll('/', '\\/')}/`),
  'dollar slashy': (value) =>
    /[\\]/.test(value) ? undefined : `$/${value.replaceAll('$', '$$$$').replaceAll('/', '$/')}/$`,
};

describe('strings of every form', () => {
  for (const [what, write] of Object.entries(forms)) {
    it(`give the text that was written: ${what}`, () => {
      fc.assert(
        fc.property(text, (value) => {
          const source = write(value);
          if (source === undefined) return;
          const { statements, problems } = parse(`x = ${source}\n`);
          assert.deepEqual(problems, []);
          const [assignment] = statements;
          assert.ok(assignment?.kind === 'assignment');
          assert.equal(valueOf(assignment.value), value);
        }),
        { numRuns: 500 },
      );
    });
  }
});

interface Stage {
  readonly name: string;
  readonly variables: readonly (readonly [string, string])[];
  readonly inner: readonly Stage[];
}

const variables = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/), text), {
  selector: ([name]) => name,
  maxLength: 3,
});
const { stage } = fc.letrec<{ stage: Stage }>((tie) => ({
  stage: fc.record({
    name: text,
    variables,
    inner: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('stage'), { maxLength: 3 })),
  }),
}));

/** How a pipeline is laid out: numbers that are used up one after the other. */
const layout = fc.infiniteStream(fc.nat(1000));

describe('a pipeline that was printed', () => {
  it('is read as it was, whatever its layout', () => {
    fc.assert(
      fc.property(
        fc.array(stage, { maxLength: 4 }),
        variables,
        layout,
        (stages, outer, choices) => {
          const printed = print(stages, outer, choices);
          const read = outline(parse(printed));
          assert.deepEqual(read.problems, [], printed);
          const expected = flatten(stages, []);
          assert.deepEqual(
            read.stages.map(({ name, path }) => ({ name, path })),
            expected.map(({ name, path }) => ({ name, path })),
            printed,
          );
          assert.deepEqual(
            read.environment.map(({ name, scope, value }) => [scope, name, value]),
            [
              ...outer.map(([name, value]) => ['pipeline', name, value]),
              ...expected.flatMap(({ path, variables }) =>
                variables.map(([name, value]) => [path.join(' / '), name, value]),
              ),
            ],
            printed,
          );
        },
      ),
      { numRuns: 400 },
    );
  }).timeout(30_000);
});

describe('numbers', () => {
  it('are read as Groovy prints them', () => {
    const cases: readonly (readonly [string, string, string])[] = [
      ['0x1F', 'Integer', '31'],
      ['0xFFFFFFFF', 'Long', '4294967295'],
      ['017', 'Integer', '15'],
      ['0b101', 'Integer', '5'],
      ['1_000_000', 'Integer', '1000000'],
      ['2147483648', 'Long', '2147483648'],
      ['-2147483648', 'Integer', '-2147483648'],
      ['9223372036854775808', 'BigInteger', '9223372036854775808'],
      ['7L', 'Long', '7'],
      ['7g', 'BigInteger', '7'],
      ['1.50', 'BigDecimal', '1.50'],
      ['1.5e3', 'BigDecimal', '1.5E+3'],
      ['1e-9', 'BigDecimal', '1E-9'],
      ['0.000001', 'BigDecimal', '0.000001'],
      ['0.0000001', 'BigDecimal', '1E-7'],
      ['2.5f', 'Float', '2.5'],
      ['0.1f', 'Float', '0.1'],
      ['1d', 'Double', '1.0'],
      ['1e10d', 'Double', '1.0E10'],
      ['12345678.9d', 'Double', '1.23456789E7'],
      ['0.0001d', 'Double', '1.0E-4'],
    ];
    for (const [source, type, printed] of cases) {
      const number = readNumber(source);
      assert.deepEqual([number.type, number.text], [type, printed], source);
    }
  });

  it('are whole numbers of any size', () => {
    fc.assert(
      fc.property(fc.bigInt(), (number) => {
        assert.equal(readNumber(String(number)).text, String(number));
        assert.equal(readNumber(String(number)).value, Number(number));
      }),
    );
  });
});

describe('a class', () => {
  const source = `
    @Deprecated
    abstract class Suite<T> extends Base<T> implements A, b.C {
      private static final int MAX = 3, MIN
      List<String> names = []
      def untyped
      static { MAX }
      Suite(String name, int... sizes) { super(name) }
      static Suite of(Map options = [:]) { new Suite('x') }
      abstract void run()
      String toString() { 'suite' }
      class Inner { }
    }
    enum Kind { A, B(1) { int f() { 2 } }; int size; Kind(int size = 0) { } }`;
  const [suite, kind] = parse(source).statements.filter(
    (statement): statement is ClassDeclaration => statement.kind === 'class',
  );

  it('tells what it extends and implements', () => {
    assert.ok(suite !== undefined);
    const { form, name, modifiers, superclass, interfaces } = suite;
    assert.deepEqual(
      { form, name, modifiers, superclass, interfaces },
      {
        form: 'class',
        name: 'Suite',
        modifiers: ['abstract'],
        superclass: 'Base<T>',
        interfaces: ['A', 'b.C'],
      },
    );
  });

  it('has its fields, constructors, methods and inner classes, with what is static', () => {
    assert.deepEqual(suite?.body.map(described), [
      'several: private static final int MAX, private static final int MIN',
      'List<String> names',
      'untyped',
      'initializer',
      'constructor Suite(String name, int[] sizes)',
      'static Suite of(Map options)',
      'abstract void run()',
      'String toString()',
      'class Inner',
    ]);
  });

  it('has its constants if it is an enum', () => {
    assert.deepEqual(
      kind?.constants.map(({ name, args, body }) => [name, args.length, body?.length]),
      [
        ['A', 0, undefined],
        ['B', 1, 1],
      ],
    );
    assert.deepEqual(kind.body.map(described), ['int size', 'constructor Kind(int size)']);
  });
});

describe('what Groovy reads otherwise than one would think', () => {
  // Each of them was asked of Groovy 2.4.
  for (const [source, tree] of [
    ['a b c d', '1 a(b).c(d)'],
    ['a { } b { }', '1 a({ {}}).b({ {}})'],
    ['a b, c d', '1 a(b, c).d'],
    ["sh 'x' { }", '1 sh(x({ {}}))'],
    ['println [1]', '1 (at println Integer:1)'],
    ['println -1', '1 (- println Integer:1)'],
    ['(a)(b)', '1 (cast a b)'],
    ['(a)[0]', '1 (cast a [Integer:0])'],
    ['-2 ** 2', '1 (neg (** Integer:2 Integer:2))'],
    ['!a instanceof B', '1 (instanceof B (! a))'],
    ['a /* x\n */ b', '1 a(b)'],
    ['a\n{ b }', '1 a({ {\n  2 b\n}})'],
    ['x\n? y : z', '1 (? x y z)'],
    ['x\n+ y', '1 x\n2 (pos y)'],
    ['a(b,, c)', '1 a(b, c)'],
    ['"a" b', '1 a(b)'],
    ['(a.b)()', '1 a.b.call()'],
    ['@A b = 1', '1 @A def b = Integer:1'],
  ] as const) {
    it(JSON.stringify(source), () => {
      assert.equal(treeOf(parse(source)).trim(), tree);
    });
  }
});

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function valueOf(value: Statement): unknown {
  return value.kind === 'literal' ? value.value : value.kind;
}

function flatten(
  stages: readonly Stage[],
  outer: readonly string[],
): (Stage & { readonly path: readonly string[] })[] {
  return stages.flatMap((stage) => {
    const path = [...outer, stage.name];
    return [{ ...stage, path }, ...flatten(stage.inner, path)];
  });
}

function print(
  stages: readonly Stage[],
  outer: Stage['variables'],
  choices: Iterator<number>,
): string {
  const below = (bound: number): number => Number(choices.next().value) % bound;
  const one = <T>(of: readonly T[]): T => of[below(of.length)]!;
  // Only in a single line's form may a name be: the value of a GString is its source.
  const quoted = (value: string, allowed: readonly string[]): string =>
    forms[one(allowed)]?.(value) ?? forms['single']?.(value) ?? '';
  const blank = (): string => one([' ', '  ', '\t', ' /* } */ ', '']);
  const end = (): string => one(['\n', '\n\n', ' // {\n', ';\n', '\r\n', ' /* \n ) */\n']);
  const all = Object.keys(forms);
  const environment = (entries: Stage['variables']): string =>
    entries.length === 0 && below(2) === 0
      ? ''
      : `environment${blank()}{${end()}${entries
          .map(
            ([name, value]) =>
              `${blank()}${name}${blank()}=${blank()} ${quoted(value, all)}${end()}`,
          )
          .join('')}}${end()}`;
  const printed = (stage: Stage): string => {
    const name = quoted(stage.name, all);
    const head = one([`stage(${blank()}${name}${blank()})`, `stage (name: ${name})`]);
    const body =
      stage.inner.length > 0
        ? `${one(['stages', 'parallel'])}${blank()}{${end()}${stage.inner.map(printed).join('')}}`
        : `steps${blank()}{${blank()}sh ${quoted("stage('no') { } // ${x}", ['single', 'triple single', 'double'])}${blank()}}`;
    return `${head}${blank()}{${end()}${environment(stage.variables)}${body}${end()}}${end()}`;
  };
  return `pipeline${blank()}{${end()}agent any${end()}${environment(outer)}stages${blank()}{${end()}${stages.map(printed).join('')}}${end()}}\n`;
}

function described(member: Statement): string {
  switch (member.kind) {
    case 'declaration':
      return [...member.modifiers, member.type, member.names[0]?.name].filter(Boolean).join(' ');
    case 'block':
      return member.body.every(({ kind }) => kind === 'declaration')
        ? `several: ${member.body.map(described).join(', ')}`
        : 'initializer';
    case 'function': {
      const parameters = member.parameters.map(({ type, name }) => `${type ?? 'def'} ${name}`);
      const head = [
        ...member.modifiers,
        member.isConstructor ? 'constructor' : member.returns,
        member.name,
      ];
      return `${head.filter(Boolean).join(' ')}(${parameters.join(', ')})`;
    }
    case 'class':
      return `${member.form} ${member.name}`;
    default:
      return member.kind;
  }
}
