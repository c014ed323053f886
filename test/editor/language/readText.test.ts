import assert from 'node:assert/strict';
import type { Read } from '../../../src/editor/vagrant/environmentFlow';
import { neverSetText, readText, unreadText } from '../../../src/editor/language/readText';
import { parse } from '../../../src/pipeline/parser';
import { Symbols } from '../../../src/pipeline/symbols';

function read(changes: Partial<Read> = {}): Read {
  const place = { start: 0, end: 11, nameStart: 5, nameEnd: 11, line: 1 };
  return {
    path: 'Vagrantfile',
    name: 'MEMORY',
    how: 'read',
    fallback: '2048',
    ...place,
    ...changes,
  };
}

function text(environment: string, of: Read = read()): string {
  const symbols = new Symbols(
    parse(`pipeline {\n  agent any\n  environment {\n${environment}\n  }\n}`),
  );
  const source = { path: 'ci/Jenkinsfile', symbols };
  const setters = symbols.setters(of.name).map((definition) => ({ source, definition }));
  return readText(of, setters).join('\n');
}

describe('what is told of a variable that a Vagrantfile reads', () => {
  it('is its value in CI, from where, and its value here', () => {
    const told = text("    MEMORY = '4096'");
    assert.match(told, /- `4096`, by `environment` of the pipeline, line 4 of `ci\/Jenkinsfile`/);
    assert.match(told, /Here: `2048`, unless your own environment has it\./);
  });

  it('is what only a run or the credentials tell', () => {
    assert.match(
      text("    MEMORY = sh(script: 'x', returnStdout: true)"),
      /what `sh\(.*` comes to/,
    );
    assert.match(text("    MEMORY = credentials('the-id')"), /the credential `the-id`/);
  });

  it('is that Jenkins itself sets it', () => {
    const told = text('', read({ name: 'BUILD_NUMBER', fallback: undefined }));
    assert.match(told, /Jenkins itself sets it/);
    assert.match(told, /Here: what your own environment has/);
  });

  it('is that no Jenkinsfile sets it, but not of what every system has', () => {
    assert.match(text(''), /No Jenkinsfile of this folder sets it/);
    assert.doesNotMatch(text('', read({ name: 'HOME' })), /No Jenkinsfile/);
  });

  it('is that it is needed here', () => {
    assert.match(text('', read({ how: 'needed', fallback: undefined })), /it must be set/);
  });

  it("holds a file's words in code only", () => {
    const told = text("    MEMORY = '[x](command:y) `z`'", read({ fallback: '<img src=x>' }));
    assert.doesNotMatch(told.replaceAll(/(`+).*?\1/g, ''), /command|<img/);
  });
});

describe('a hint', () => {
  it('says what CI has where it never sets the variable', () => {
    assert.match(neverSetText(read()), /sets MEMORY: unless .* does, it is 2048 there, too\.$/);
    assert.match(neverSetText(read({ fallback: undefined })), /it is not set there\.$/);
    assert.match(
      neverSetText(read({ how: 'needed', fallback: undefined })),
      /this file fails there\.$/,
    );
  });

  it('says that nothing reads what is set', () => {
    assert.match(unreadText('MEMROY'), /^Nothing that this Jenkinsfile runs reads MEMROY/);
  });
});
