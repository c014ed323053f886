import assert from 'node:assert/strict';
import { libraryReferences } from '../../src/pipeline/names/libraryReferences';
import { parse } from '../../src/pipeline/parser';

function named(text: string): string[] {
  return libraryReferences(parse(text)).map(({ name, version, remoteUrl }) =>
    [name, ...(version === undefined ? [] : [`@${version}`]), remoteUrl].filter(Boolean).join(' '),
  );
}

describe('The libraries that a Jenkinsfile names', () => {
  it('are those of @Library, alone and in a list, wherever it stands', () => {
    assert.deepEqual(named("#!groovy\n@Library('a@v1') _\npipeline { }"), ['a @v1']);
    assert.deepEqual(named("@Library(['a@v1', 'b'])\nimport org.x.Y\nnode { }"), ['a @v1', 'b']);
    assert.deepEqual(named("@Library(value = 'a@release/2', changelog = false) _"), [
      'a @release/2',
    ]);
  });

  it('are those of Declarative’s libraries', () => {
    assert.deepEqual(
      named("pipeline { agent any\n libraries { lib('a@v1')\n lib 'b' }\n stages { } }"),
      ['a @v1', 'b'],
    );
  });

  it('are those of the step library, with the address of its retriever', () => {
    assert.deepEqual(named("node { library 'a@v1' }\nlibrary(identifier: 'b')"), ['a @v1', 'b']);
    const retriever =
      "modernSCM([$class: 'GitSCMSource', remote: 'https://git.example.org/a.git', credentialsId: 'x'])";
    assert.deepEqual(named(`library identifier: 'a@v1', retriever: ${retriever}`), [
      'a @v1 https://git.example.org/a.git',
    ]);
    assert.deepEqual(
      named("library identifier: 'a@v1', retriever: modernSCM(gitSource(remote: 'ssh://h/a'))"),
      ['a @v1 ssh://h/a'],
    );
  });

  it('have no version where it is computed', () => {
    assert.deepEqual(named('library "a@${params.V}"'), ['a']);
    assert.deepEqual(named('library "${name}@v1"'), []);
  });

  it('are named once, as first written', () => {
    assert.deepEqual(named("@Library('a@v1') _\nlibrary 'a@v2'"), ['a @v1']);
  });

  it('have the line that names them', () => {
    const [library] = libraryReferences(parse("\n\n@Library('a') _\nnode { }"));
    assert.equal(library?.line, 3);
  });

  it('are not what only looks like one', () => {
    assert.deepEqual(named("foo.library 'a'\ndef x = \"@Library('b')\"\n// @Library('c')"), []);
  });
});
