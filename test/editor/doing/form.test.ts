import assert from 'node:assert/strict';
import {
  escapeLines,
  formOf,
  formOfRun,
  rowsOf,
  summaryOf,
  unescapeLines,
  withValue,
  type Form,
} from '../../../src/editor/doing/form';
import type { ParameterDefinition } from '../../../src/jenkins/parameters';

const common = { description: undefined, type: '' };
const TARGET: ParameterDefinition = {
  ...common,
  name: 'TARGET',
  kind: 'choice',
  choices: ['all', 'unit'],
  initial: 'all',
  description: '<b>What</b> to\n <a href="https://x">test</a>, 1 < 2',
};
const MEMORY: ParameterDefinition = {
  ...common,
  name: 'MEMORY',
  kind: 'text',
  lines: 'one',
  initial: '4096',
};
const NOTES: ParameterDefinition = {
  ...common,
  name: 'NOTES',
  kind: 'text',
  lines: 'many',
  initial: 'one\r\ntwo',
};
const CLEAN: ParameterDefinition = { ...common, name: 'CLEAN', kind: 'boolean', initial: true };
const TOKEN: ParameterDefinition = { ...common, name: 'TOKEN', kind: 'password' };
const BASE: ParameterDefinition = {
  ...common,
  name: 'BASE',
  kind: 'run',
  project: 'base',
  offered: 'ALL',
  initial: undefined,
};
const PATCH: ParameterDefinition = { ...common, name: 'PATCH', kind: 'file' };
const ALL = [TARGET, MEMORY, NOTES, CLEAN, TOKEN, BASE, PATCH];

function shown(form: Form): Record<string, string> {
  return Object.fromEntries(rowsOf(form).map(({ label, description }) => [label, description]));
}

describe('the form of a build', () => {
  it('shows every parameter with its default, and sends those that are told', () => {
    const form = formOf(ALL);
    assert.deepEqual(shown(form), {
      TARGET: 'all',
      MEMORY: '4096',
      NOTES: 'one ⏎ two',
      CLEAN: 'yes',
      TOKEN: "the server's default",
      BASE: "the server's default",
      PATCH: 'no file',
    });
    assert.deepEqual(
      [...form.values],
      [
        ['TARGET', 'all'],
        ['MEMORY', '4096'],
        ['NOTES', 'one\r\ntwo'],
        ['CLEAN', true],
      ],
    );
  });

  it('shows what was changed beside the default, and goes back to it', () => {
    const changed = withValue(withValue(formOf(ALL), 'MEMORY', ''), 'CLEAN', false);
    assert.equal(shown(changed)['MEMORY'], 'empty · default: 4096');
    assert.equal(shown(changed)['CLEAN'], 'no · default: yes');
    assert.deepEqual(
      rowsOf(changed).flatMap((row) => (row.changed ? [row.label] : [])),
      ['MEMORY', 'CLEAN'],
    );
    assert.equal(changed.values.get('CLEAN'), false);
    assert.equal(shown(withValue(changed, 'MEMORY', undefined))['MEMORY'], '4096');
  });

  it('never shows a password, and leaves out one that was taken back', () => {
    const given = withValue(formOf(ALL), 'TOKEN', 's3cret');
    assert.doesNotMatch(JSON.stringify([rowsOf(given), summaryOf(given)]), /s3cret/);
    assert.equal(given.values.get('TOKEN'), 's3cret');
    assert.equal(withValue(given, 'TOKEN', undefined).values.has('TOKEN'), false);
  });

  it('shows a file by its name and size, and sends it', () => {
    const file = { fileName: '$(x) fix.patch', content: Buffer.alloc(1500) };
    const given = withValue(formOf(ALL), 'PATCH', file);
    assert.equal(given.values.get('PATCH'), file);
    assert.match(shown(given)['PATCH'] ?? '', /^\$\u2060\(x\) fix\.patch \(2 KB\)$/);
    assert.match(summaryOf(given).at(-1) ?? '', /^PATCH = .*fix\.patch \(2 KB\)$/);
  });

  it("shows a server's words as words, without their markup", () => {
    assert.equal(rowsOf(formOf([TARGET]))[0]?.detail, 'What to test , 1 < 2');
    const named = { ...MEMORY, name: '$(flame) x', initial: '[a](command:b)' };
    const [row] = rowsOf(formOf([named]));
    assert.doesNotMatch(`${row?.label} ${row?.description}`, /\$\(flame|\]\(command/);
  });

  it('sums up what is sent, and how much more there is', () => {
    assert.deepEqual(summaryOf(formOf(ALL), 3), ['TARGET = all', 'MEMORY = 4096', '… and 5 more']);
  });
});

describe('the form of a rerun', () => {
  const before = (parameters: readonly [string, string | boolean | undefined][]) => ({
    name: '#42',
    parameters: parameters.map(([name, value]) => ({ name, value, kind: '' })),
  });

  it('has the values of the run, and the defaults of what is new', () => {
    const run = before([
      ['TARGET', 'unit'],
      ['CLEAN', 'false'],
      ['BASE', 'base#3'],
      ['GONE', 'x'],
    ]);
    const form = formOfRun(ALL, run);
    assert.deepEqual([...form.open], []);
    assert.deepEqual(Object.fromEntries(form.values), {
      TARGET: 'unit',
      MEMORY: '4096',
      NOTES: 'one\r\ntwo',
      CLEAN: false,
      BASE: 'base#3',
    });
  });

  it('asks for a password, and for a file, which is not given out', () => {
    const form = formOfRun(
      ALL,
      before([
        ['TOKEN', undefined],
        ['PATCH', undefined],
      ]),
    );
    assert.deepEqual([...form.open], ['TOKEN', 'PATCH']);
    const rows = Object.fromEntries(rowsOf(form).map((row) => [row.label, row]));
    assert.equal(rows['TOKEN']?.description, 'to be answered');
    assert.equal(rows['TOKEN'].detail, 'What it was in #42 is not told.');
    assert.equal(
      rows['PATCH']?.detail,
      'The file of #42 must be chosen again: Jenkins does not give it out.',
    );
    const given = withValue(withValue(form, 'TOKEN', undefined), 'PATCH', undefined);
    assert.deepEqual([...given.open], []);
    assert.equal(shown(given)['PATCH'], 'no file');
  });

  it('asks again where a choice is not offered any more', () => {
    const form = formOfRun(ALL, before([['TARGET', 'nightly']]));
    assert.deepEqual([...form.open], ['TARGET']);
    assert.match(rowsOf(form)[0]?.detail ?? '', /^It was nightly in #42, which is not offered/);
  });
});

describe('lines in a box of one line', () => {
  it('come out as they went in', () => {
    for (const text of ['', 'one\ntwo', 'a\r\nb', 'C:\\new\\\\n', '\\', '\n\n', 'ü\\r'])
      assert.equal(unescapeLines(escapeLines(text)), text);
  });

  it('are written as people write them', () => {
    assert.equal(escapeLines('one\ntwo'), 'one\\ntwo');
    assert.equal(unescapeLines('one\\ntwo \\d'), 'one\ntwo \\d');
  });
});
