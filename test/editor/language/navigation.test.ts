import assert from 'node:assert/strict';
import {
  definitionsAt,
  occurrencesAt,
  rename,
  renamingAt,
  stagePlaceAt,
} from '../../../src/editor/language/navigation';
import { signatureAt } from '../../../src/editor/language/signatures';
import { lineAt } from '../../../src/pipeline/syntax';
import { inSteps, marked } from '../../pipeline/marked';

/** The lines of the definitions of what is marked. */
function lines(source: string): number[] {
  const { symbols, offset } = marked(source);
  return definitionsAt(symbols, offset).map(({ place }) =>
    lineAt(symbols.pipeline.lines, place.start),
  );
}

function renamed(source: string, to: string): string {
  const { symbols, offset, text } = marked(source);
  const result = rename(symbols, offset, to);
  if ('why' in result) return result.why;
  let after = text;
  for (const { place, text: name } of [...result.edits].reverse())
    after = after.slice(0, place.start) + name + after.slice(place.end);
  return after;
}

describe('Going to a definition', () => {
  it('finds a key from a string, env.X and a shell', () => {
    const top = "environment { X = '1' }";
    assert.deepEqual(lines(inSteps('echo "${‸X}"', top)), [3]);
    assert.deepEqual(lines(inSteps('echo env.‸X', top)), [3]);
    assert.deepEqual(lines(inSteps("sh 'echo $‸X'", top)), [3]);
  });

  it('finds the one that wins', () => {
    const source = `pipeline {
      environment { X = '1' }
      stages { stage('a') {
        environment { X = '2' }
        steps { sh 'echo $‸X' } } } }`;
    assert.deepEqual(lines(source), [4]);
  });

  it('finds the outer one from its own value', () => {
    const source = `pipeline {
      environment { X = '1' }
      stages { stage('a') { environment { X = "\${‸X}2" } } } }`;
    assert.deepEqual(lines(source), [2]);
  });

  it('finds the parameter of params.X, also where a variable hides it', () => {
    const source = inSteps(
      'echo params.‸X',
      "environment { X = '1' }\nparameters { string(name: 'X') }",
    );
    assert.deepEqual(lines(source), [4]);
  });

  it('finds all places that set a variable as the pipeline runs', () => {
    const source = "node {\nif (a) { env.X = '1' }\nelse { env.X = '2' }\nsh 'echo $‸X' }";
    assert.deepEqual(lines(source), [2, 3]);
  });

  it('finds functions, locals, and arguments', () => {
    assert.deepEqual(lines('def f() { }\nnode { ‸f() }'), [1]);
    assert.deepEqual(lines('def x = 1\nnode { echo ‸x }'), [1]);
    assert.deepEqual(lines('[1].each { a ->\n echo "$‸a" }'), [1]);
  });

  it('finds a stage by its name', () => {
    const { symbols, offset, text } = marked(
      inSteps("script { if (env.STAGE_NAME == '‸Build') { } }"),
    );
    const place = stagePlaceAt(symbols, offset);
    assert.equal(place && text.slice(place.start - 7, place.end), "stage('Build");
  });

  it('finds nothing for a step of Jenkins', () => {
    assert.deepEqual(lines(inSteps("‸sh 'x'")), []);
  });
});

describe('Occurrences', () => {
  it('say which ones write', () => {
    const { symbols, offset } = marked('def ‸x = 1\nx = 2\necho x');
    assert.deepEqual(
      occurrencesAt(symbols, offset).map(({ write }) => write),
      [true, true, false],
    );
  });
});

describe('Renaming', () => {
  it('changes a variable everywhere in the file', () => {
    assert.equal(
      renamed(inSteps(`sh 'a $X \${X}'; echo "\${X}" + env.X`, "environment { ‸X = '1' }"), 'SIZE'),
      inSteps(`sh 'a $SIZE \${SIZE}'; echo "\${SIZE}" + env.SIZE`, "environment { SIZE = '1' }"),
    );
  });

  it('says that it is a variable of the environment, which others read', () => {
    const { symbols, offset } = marked(inSteps('', "environment { ‸X = '1' }"));
    const result = rename(symbols, offset, 'Y');
    assert.ok('isEnvironment' in result && result.isEnvironment);
  });

  it('changes a local variable, and no other of its name', () => {
    assert.equal(
      renamed('def ‸x = 1\n[1].each { x -> echo "$x" }\necho "${x} ${env.x}"', 'y'),
      'def y = 1\n[1].each { x -> echo "$x" }\necho "${y} ${env.x}"',
    );
  });

  it('changes a function with its calls, a parameter with its uses', () => {
    assert.equal(renamed('def ‸f(a) { a }\nf(1)', 'g'), 'def g(a) { a }\ng(1)');
    assert.equal(renamed('def f(‸a) { a + 1 }', 'b'), 'def f(b) { b + 1 }');
  });

  it('changes the parts of a credential, and a parameter in capitals', () => {
    assert.equal(
      renamed(inSteps("sh 'x $C_USR'", "environment { ‸C = credentials('c') }"), 'D'),
      inSteps("sh 'x $D_USR'", "environment { D = credentials('c') }"),
    );
    assert.equal(
      renamed(
        inSteps("sh 'x $FOO'; echo params.foo", "parameters { string(name: '‸foo') }"),
        'bar',
      ),
      inSteps("sh 'x $BAR'; echo params.bar", "parameters { string(name: 'bar') }"),
    );
  });

  it('changes a stage with what compares its name', () => {
    assert.equal(
      renamed(
        inSteps("script { STAGE_NAME == 'Build' }").replace("'Build'", "'‸Build'"),
        'Make it',
      ),
      inSteps("script { STAGE_NAME == 'Make it' }").replace("'Build'", "'Make it'"),
    );
  });

  it('refuses what is not the file’s, and says why', () => {
    const why = (source: string): string => {
      const { symbols, offset } = marked(source);
      const renaming = renamingAt(symbols, offset);
      return renaming.kind === 'no' ? renaming.why : 'can';
    };
    assert.match(why(inSteps("‸sh 'x'")), /step of Jenkins/);
    assert.match(why(inSteps('echo env.‸BUILD_NUMBER')), /variable of Jenkins/);
    assert.match(why(inSteps('echo ‸env.X')), /object of Jenkins/);
    assert.match(why(inSteps('echo "${‸nothing}"')), /not defined/);
    assert.match(why("def ‸x = 1\nnode { sh 'x }"), /syntax errors/);
    assert.match(why('‸\n\nnode { }'), /nothing here/);
  });

  it('refuses a name that is taken, or none', () => {
    assert.match(renamed('def ‸x = 1\ndef y = 2', 'y'), /a y already/);
    assert.match(renamed('def ‸x = 1', 'a b'), /no name/);
    assert.match(renamed('def ‸x = 1', 'class'), /something else/);
    assert.match(renamed("stage('‸a') { }", "it's"), /cannot be the name/);
  });
});

describe('Signatures', () => {
  const signature = (source: string) => {
    const { symbols, offset } = marked(source);
    return signatureAt(symbols, offset);
  };

  it('are those of steps, with the parameter that is written', () => {
    const found = signature(inSteps("sh(script: 'x', returnStdout: ‸)"));
    assert.match(found?.label ?? '', /^sh\(script: string, returnStdout\?: boolean/);
    assert.equal(found?.active, 1);
  });

  it('are those of functions of the file', () => {
    const found = signature('/** Adds. */\ndef add(int a, b = [1, 2]) { }\nadd(1, ‸)');
    assert.equal(found?.label, 'def add(int a, b = [1, 2])');
    assert.deepEqual(
      found.parameters.map(({ label }) => label),
      ['int a', 'b = [1, 2]'],
    );
    assert.equal(found.active, 1);
    assert.equal(found.documentation, 'Adds.');
  });

  it('are none outside of calls', () => {
    assert.equal(signature(inSteps('‸')), undefined);
  });
});
