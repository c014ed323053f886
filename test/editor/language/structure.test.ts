import assert from 'node:assert/strict';
import { credentialIds } from '../../../src/editor/language/credentialIds';
import { foldsOf } from '../../../src/editor/language/folding';
import { join, mentionsOf } from '../../../src/editor/language/mentions';
import { partsOf, type Part } from '../../../src/editor/language/structure';
import { inSteps, marked } from '../../pipeline/marked';

function shown(parts: readonly Part[], depth = 0): string[] {
  return parts.flatMap(({ name, kind, detail, children }) => [
    `${'  '.repeat(depth)}${kind} ${name}${detail === '' ? '' : ` = ${detail}`}`,
    ...shown(children, depth + 1),
  ]);
}

describe('The outline', () => {
  const outline = (source: string): string[] => shown(partsOf(marked(`${source}‸`).symbols));

  it('nests stages, variables, parameters, functions and post as they stand', () => {
    const source = `def size = 4
def build(what) { def inner = 1 }
pipeline {
  parameters { string(name: 'BRANCH', defaultValue: 'main') }
  environment { MEMORY = '4096'; C = credentials('deploy') }
  stages {
    stage('Test') {
      environment { X = "\${MEMORY}!" }
      parallel { stage('A') { } \n stage('B') { } }
      post { always { } }
    }
    stage('M') { matrix { axes { axis { name 'OS'; values 'x' } } \n stages { stage('C') { } } } }
  }
  post { failure { } \n cleanup { } }
}`;
    assert.deepEqual(outline(source), [
      'variable size = 4',
      'function build',
      'pipeline pipeline',
      '  parameter BRANCH = main',
      '  variable MEMORY = 4096',
      '  variable C = credential deploy',
      '  stage Test = parallel',
      '    variable X = 4096!',
      '    stage A',
      '    stage B',
      '    post post = always',
      '      post always',
      '  stage M = matrix',
      '    axis OS',
      '    stage C',
      '  post post = failure, cleanup',
      '    post failure',
      '    post cleanup',
    ]);
  });

  it('shows the stages of a scripted pipeline', () => {
    assert.deepEqual(outline("node { stage('A') { stage('B') { } } }"), ['stage A', '  stage B']);
  });

  it('keeps what is around a missing brace', () => {
    const source =
      "pipeline {\n  stages {\n    stage('A') {\n      steps {\n    }\n    stage('B') {\n    }\n  }\n}";
    const names = outline(source).map((line) => line.trim());
    assert.ok(names.includes('stage A') && names.includes('stage B'));
  });

  it('has names inside of what they name', () => {
    const { symbols } = marked(inSteps("sh 'x'", "environment { A = '1' }") + '‸');
    const check = ({ whole, place, children }: Part): void => {
      assert.ok(whole.start <= place.start && place.end <= whole.end);
      children.forEach(check);
    };
    partsOf(symbols).forEach(check);
  });
});

describe('Folding', () => {
  const folds = (source: string): string[] =>
    foldsOf(marked(`${source}‸`).symbols).map(
      ({ start, end, kind }) => `${start + 1}-${end + 1}${kind === undefined ? '' : ` ${kind}`}`,
    );

  it('is of blocks, and leaves their last brace', () => {
    assert.deepEqual(folds("node {\n  stage('a') {\n    sh 'x'\n  }\n}"), ['1-4', '2-3']);
  });

  it('is of strings of several lines, lists and arguments', () => {
    assert.deepEqual(folds("sh '''a\nb\nc'''"), ['1-3']);
    assert.deepEqual(folds('sh """a\n${b}\nc"""'), ['1-3']);
    assert.deepEqual(folds('x = [\n1,\n2\n]'), ['1-3']);
    assert.deepEqual(folds('f(\na,\nb\n)'), ['1-3']);
  });

  it('is of comments and imports', () => {
    assert.deepEqual(folds('/*\n a\n*/\nx'), ['1-3 comment']);
    assert.deepEqual(folds('// a\n// b\n\n// c\nx'), ['1-2 comment']);
    assert.deepEqual(folds('import a.B\nimport c.D\nx'), ['1-2 imports']);
  });

  it('is of functions, if and else', () => {
    assert.deepEqual(folds('def f() {\n if (x) {\n  a\n } else {\n  b\n }\n}'), [
      '1-6',
      '2-3',
      '4-5',
    ]);
  });
});

describe('Files that steps name', () => {
  const mentions = (source: string): string[] => {
    const { symbols, text } = marked(`${source}‸`);
    return mentionsOf(symbols).map(
      ({ place, path, kind }) =>
        `${text.slice(place.start, place.end)} -> ${path}${kind === 'vagrant' ? ' (vagrant)' : ''}`,
    );
  };

  it('are scripts in shells, with arguments', () => {
    assert.deepEqual(mentions(inSteps("sh './contrib/vagrant/start.sh up 2>&1'")), [
      './contrib/vagrant/start.sh -> contrib/vagrant/start.sh',
    ]);
  });

  it('are relative to the dir around, and to cd', () => {
    assert.deepEqual(mentions(inSteps("dir('test') { dir('a') { sh './run.sh' } }")), [
      './run.sh -> test/a/run.sh',
    ]);
    assert.deepEqual(
      mentions(inSteps("sh '''cd test && ./run.sh\ncd ../other\n./b.sh'''")).filter((each) =>
        each.includes('.sh'),
      ),
      ['./run.sh -> test/run.sh', './b.sh -> other/b.sh'],
    );
  });

  it('are unknown behind a computed directory', () => {
    assert.deepEqual(mentions(inSteps('dir("${x}") { sh "./run.sh" }')), []);
    assert.deepEqual(mentions(inSteps('sh "cd ${x} && ./run.sh"')), []);
    assert.deepEqual(mentions(inSteps('sh "./a/${x}.sh"')), []);
  });

  it('are arguments of load, readFile and their like', () => {
    assert.deepEqual(
      mentions(inSteps("script { load 'a.groovy'; readFile(file: 'b.txt'); readJSON text: 'c' }")),
      ['a.groovy -> a.groovy', 'b.txt -> b.txt'],
    );
  });

  it('are files of agents', () => {
    assert.deepEqual(
      mentions("pipeline { agent { dockerfile { filename 'Dockerfile.ci'; dir 'build' } } }"),
      ['Dockerfile.ci -> build/Dockerfile.ci'],
    );
    assert.deepEqual(mentions("pipeline { agent { kubernetes { yamlFile 'pod.yaml' } } }"), [
      'pod.yaml -> pod.yaml',
    ]);
  });

  it('are Vagrantfiles of the command vagrant', () => {
    assert.deepEqual(mentions(inSteps("dir('test') { sh 'A=1 vagrant up && vagrant ssh' }")), [
      'vagrant -> test (vagrant)',
      'vagrant -> test (vagrant)',
    ]);
    assert.deepEqual(mentions(inSteps("sh 'echo vagrant'")), []);
  });

  it('never lead out of the workspace', () => {
    assert.deepEqual(
      mentions(inSteps("sh '/bin/x.sh ../../etc/passwd ~/a.sh https://host/x.sh'")),
      [],
    );
    assert.equal(join('a', '../../b'), undefined);
    assert.equal(join('a/b', '../c/./d'), 'a/c/d');
  });
});

describe('Ids of credentials', () => {
  it('are found wherever they are named', () => {
    const { symbols } = marked(
      `${inSteps(
        "withCredentials([string(credentialsId: 'a', variable: 'A')]) { }\nsshagent(['b']) { }\ncheckout([$class: 'GitSCM', userRemoteConfigs: [[credentialsId: 'c']]])",
        "environment { D = credentials('d') }",
      )}‸`,
    );
    assert.deepEqual(credentialIds(symbols).sort(), ['a', 'b', 'c', 'd']);
  });
});
