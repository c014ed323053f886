import assert from 'node:assert/strict';
import { Unknown } from '../../src/pipeline/effects';
import { record } from './recorder';

async function echoes(text: string): Promise<string[]> {
  const { log, error } = await record(text);
  assert.equal(error, undefined);
  return log.map((line) => line.replace('echo ', ''));
}

describe('A function of the file', () => {
  const several = `def f(String text) { echo "text" }
def f(Map map) { echo "map" }
def f(List list) { echo "list" }
def f(int number) { echo "number" }
def f(String text, Closure body) { echo "text and body" }
def f(a, b, c = 3) { echo "two or three" }
`;

  it('is the one of its name whose parameters fit', async () => {
    const calls = "f('a')\nf(x: 1)\nf([1, 2])\nf(1)\nf('a') { }\nf(1, 2)\nf(1, 2, 3)";
    assert.deepEqual(await echoes(several + calls), [
      'text',
      'map',
      'list',
      'number',
      'text and body',
      'two or three',
      'two or three',
    ]);
  });

  it('takes a list as one argument, as a closure does not', async () => {
    const text = `def f(List list, n = 1) { echo "\${list.join('-')} \${n}" }
def c = { a, b -> echo "\${a} \${b}" }
f(['a', 'b'])
c(['a', 'b'])`;
    assert.deepEqual(await echoes(text), ['a-b 1', 'a b']);
  });

  it('is run though no arguments fit, with null for what is missing', async () => {
    assert.deepEqual(await echoes('def f(a, b) { echo "${a} ${b}" }\nf(1)'), ['1 null']);
  });
});

describe('A list to which what is not known was added', () => {
  it('says nothing that may be false', async () => {
    const text = `node {
  def options = ['a']
  options.addAll(findFiles(glob: '*'))
  echo "run \${options.join(' ')}"
}`;
    const { log } = await record(text, {
      step: ({ name }) => (name === 'findFiles' ? new Unknown('findFiles', 3) : null),
    });
    assert.ok(
      log.some((line) => line.startsWith('echo ‹')),
      log.join('\n'),
    );
  });
});
