import assert from 'node:assert/strict';
import { parse } from '../../src/pipeline/parser';
import { Symbols } from '../../src/pipeline/symbols';

/** A Jenkinsfile with places in it that `‸` marked. */
export interface Marked {
  readonly symbols: Symbols;
  readonly text: string;
  /** The first mark. */
  readonly offset: number;
  readonly offsets: readonly number[];
}

export function marked(source: string): Marked {
  const text = source.replaceAll('‸', '');
  const places = [...source.matchAll(/‸/g)].map((match, at) => match.index - at);
  const [offset] = places;
  assert.ok(offset !== undefined, 'there is a mark');
  return { symbols: new Symbols(parse(text)), text, offset, offsets: places };
}

/** A Declarative Pipeline with one stage, around the text of its steps. */
export function inSteps(steps: string, top = ''): string {
  return `pipeline {
  agent any
${top}
  stages {
    stage('Build') {
      steps {
${steps}
      }
    }
  }
}
`;
}
