import assert from 'node:assert/strict';
import { parse } from '../../src/pipeline/parser';
import { validate } from '../../src/pipeline/validate';

/**
 * A test that `«…»` in a Jenkinsfile is refused with the message, there and nowhere else, and that
 * its nearest neighbour is not. Of several marks each has its own message, in the order of the text.
 */
export function refuses(
  what: string,
  marked: string,
  messages: string | readonly string[],
  neighbour: string,
): void {
  it(what, () => {
    const { text, places } = unmark(marked);
    const all = typeof messages === 'string' ? [messages] : messages;
    const pipeline = parse(text);
    assert.deepEqual(pipeline.problems, [], 'the file is not damaged');
    assert.deepEqual(
      validate(pipeline).map(({ line, message, range }) => ({
        message,
        source: text.slice(range.start, range.end),
        at: range.start,
        line,
      })),
      places.map(({ start, end }, index) => ({
        message: all[index] ?? all[0],
        source: text.slice(start, end),
        at: start,
        line: text.slice(0, start).split('\n').length,
      })),
    );
    const beside = parse(neighbour);
    assert.deepEqual(beside.problems, [], 'its neighbour is not damaged');
    assert.deepEqual(
      validate(beside).map(({ line, message }) => `${line}: ${message}`),
      [],
      'its neighbour is taken',
    );
  });
}

/** The same with a part that is put into a whole file by `around`. */
export function refusesIn(around: (part: string) => string) {
  return (
    what: string,
    marked: string,
    messages: string | readonly string[],
    neighbour: string,
  ): void => {
    refuses(what, around(marked), messages, around(neighbour));
  };
}

function unmark(marked: string): { text: string; places: { start: number; end: number }[] } {
  const places: { start: number; end: number }[] = [];
  let text = '';
  for (const part of marked.split(/(?=[«»])/)) {
    if (part.startsWith('«')) places.push({ start: text.length, end: 0 });
    const open = places.at(-1);
    if (part.startsWith('»') && open) open.end = text.length;
    text += part.replace(/^[«»]/, '');
  }
  return { text, places };
}

export const inPipeline = (section: string): string => `pipeline {
  agent any
  ${section}
  stages {
    stage('One') {
      steps {
        echo 'one'
      }
    }
  }
}
`;

export const inStages = (stages: string): string => `pipeline {
  agent any
  stages {
    ${stages}
  }
}
`;

export const inStage = (sections: string): string =>
  inStages(`stage('One') {
      ${sections}
    }`);

export const inSteps = (steps: string): string =>
  inStage(`steps {
        ${steps}
      }`);

export const besideSteps = (section: string): string =>
  inStage(`${section}
      steps {
        echo 'one'
      }`);
