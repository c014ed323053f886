import assert from 'node:assert/strict';
import {
  createSectionReader,
  foldable,
  outlined,
  placed,
  sectionsOfJournal,
  type OutlineSection,
} from '../../../src/editor/logs/sections';
import { logOf, type RunSpec } from '../../bed/jenkins/world';
import { openText } from './openText';

const run: RunSpec = {
  number: 1,
  result: 'FAILURE',
  stages: [
    { name: 'Build', log: ['[Pipeline] sh', '+ make', 'cc', '[Pipeline] echo', 'made'] },
    {
      name: 'Checks',
      parallel: true,
      children: [
        { name: 'unit', log: ['[Pipeline] sh', '+ go test', 'ok'] },
        { name: 'lint', log: ['[Pipeline] sh', '+ golint', 'fine', 'really'] },
      ],
    },
    { name: 'Test', children: [{ name: 'VM', log: ['[Pipeline] sh', '+ ./test.sh', 'FAIL'] }] },
  ],
};

async function read(spec: RunSpec) {
  const text = logOf(spec);
  assert.ok(Buffer.isBuffer(text));
  const log = await openText(text);
  const reader = createSectionReader();
  reader.push(text);
  const { index, size } = log;
  const window = { from: { line: 0, offset: 0 }, to: { line: index.lines, offset: size } };
  return {
    ...{ log, window, lines: text.toString().split('\n'), sections: reader.sections() },
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

function told(sections: readonly OutlineSection[]): unknown[] {
  return sections.map(({ section: { name, detail }, children }) =>
    children.length > 0 ? [name, told(children)] : [name, detail],
  );
}

describe('the sections of a log', () => {
  it('are its stages and the steps in them that wrote something', async () => {
    await using at = await read(run);
    const { log, window, sections } = at;
    assert.deepEqual(told(outlined(await placed(sections, log, window))), [
      ['node', ''],
      [
        'Build',
        [
          ['sh', 'make'],
          ['echo', ''],
        ],
      ],
      [
        'Checks',
        [
          ['unit', [['sh', 'go test']]],
          ['lint', [['sh', 'golint']]],
        ],
      ],
      ['Test', [['VM', [['sh', './test.sh']]]]],
    ]);
  });

  it('have the lines that they wrote', async () => {
    await using at = await read(run);
    const { log, window, lines, sections } = at;
    const found = await placed(sections, log, window);
    const of = (name: string) => {
      const { first, last } = found.find(({ section }) => section.name === name)!;
      return lines.slice(first, last + 1);
    };
    assert.deepEqual(of('echo'), ['[Pipeline] echo', 'made']);
    assert.equal(of('Build')[0], '[Pipeline] { (Build)');
    assert.equal(of('Build').at(-1), '[Pipeline] }');
    assert.ok(of('lint').includes('really'));
    assert.ok(!of('unit').includes('really'));
  });

  it('fold without overlapping', async () => {
    await using at = await read(run);
    const { log, window, sections } = at;
    const folds = foldable(await placed(sections, log, window));
    assert.ok(folds.length >= 9);
    for (const a of folds)
      for (const b of folds)
        assert.ok(
          b.first > a.last ||
            a.first > b.last ||
            (b.first >= a.first && b.last <= a.last) ||
            (a.first >= b.first && a.last <= b.last),
        );
  });

  it('go on from before a window, and on after it', async () => {
    await using at = await read(run);
    const { log, window, lines, sections } = at;
    const line = lines.indexOf('cc');
    const from = await log.line(line);
    const found = await placed(sections, log, { from, to: await log.line(line + 1) });
    assert.deepEqual(
      found.map(({ section, first, last }) => [section.name, first, last]),
      [
        ['Build', 0, 0],
        ['sh', 0, 0],
      ],
    );
    assert.ok(window.to.line > line);
  });

  it('are open while they go on', () => {
    const reader = createSectionReader();
    reader.push(Buffer.from('[Pipeline] { (Build)\n[Pipeline] sh\n+ make\ncc\n'));
    assert.deepEqual(
      reader.sections().map(({ name, from, to }) => [name, from, to]),
      [
        ['Build', 0, undefined],
        ['sh', 21, undefined],
      ],
    );
  });

  it('of a reproduction come from its journal', () => {
    const at = '2026-02-01T10:00:00Z';
    const stage = ['Test', 'VM'];
    const sections = sectionsOfJournal([
      { at, type: 'step', step: 1, stage, line: 3, script: './test.sh\n', post: false, offset: 10 },
      { at, type: 'exit', step: 1, code: 1, offset: 50 },
      { at, type: 'step', step: 2, stage: ['Test'], line: 9, script: 'ls', post: true, offset: 50 },
    ]);
    assert.deepEqual(
      sections.map(({ kind, name, detail, from, to }) => [kind, name, detail, from, to]),
      [
        ['stage', 'Test', '', 10, 50],
        ['stage', 'VM', '', 10, 50],
        ['step', 'sh', './test.sh', 10, 50],
        ['step', 'sh', 'ls', 50, undefined],
      ],
    );
  });
});
