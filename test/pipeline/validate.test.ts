import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { fileURLToPath } from 'node:url';
import { parse } from '../../src/pipeline/parser';
import { validate } from '../../src/pipeline/validate';
import { notAVariable } from '../../src/pipeline/check/validateDirectives';
import { inPipeline, inSteps, refuses, refusesIn } from './refusal';

const folder = fileURLToPath(new URL('jenkinsfiles', import.meta.url));
const files = globSync('**/*', { cwd: folder, absolute: true })
  .sort()
  .map((file) => [file.slice(folder.length + 1), readFileSync(file, 'utf8')] as const);

/** Files that Groovy reads, but Declarative does not take, with the first of the errors. */
const REFUSED: Readonly<Record<string, string>> = {
  'comments.Jenkinsfile': '"echo" must be given its arguments by name.',
  'environmentEverywhere.Jenkinsfile':
    'Only strings and numbers can be put together in "environment", not: KERNEL',
  'environmentOrder.Jenkinsfile': notAVariable('$DOLLAR'),
  'expressionsInDirectives.Jenkinsfile':
    'A method of an object cannot be called here, only in "script".',
  'newlines.Jenkinsfile': '"echo" must be given its arguments by name.',
  'parallelStep.Jenkinsfile': 'The name of a branch is a plain string, without `${…}`.',
  'unicode.Jenkinsfile': notAVariable('GRÖSSE'),
  'whenAll.Jenkinsfile': '"steps" must begin on a line of its own.',
};

const STAGES = "stages { stage('One') { steps { echo 'one' } } }";

function messages(text: string): string[] {
  return validate(parse(text)).map(({ message }) => message);
}

describe('What Jenkins refuses: the pipeline', () => {
  refuses(
    'without an agent',
    `«pipeline» {\n  ${STAGES}\n}`,
    '"agent" is missing: a pipeline needs it.',
    `pipeline {\n  agent any\n  ${STAGES}\n}`,
  );
  refuses(
    'without stages',
    'import java.util.Date\n«pipeline» {\n  agent any\n}',
    '"stages" is missing: a pipeline needs it.',
    `import java.util.Date\npipeline {\n  agent any\n  ${STAGES}\n}`,
  );
  refuses(
    'in another block',
    `node {\n  «pipeline» {\n    agent any\n    ${STAGES}\n  }\n}`,
    '"pipeline" must stand at the top of the file, not in another block.',
    "node {\n  sh 'make'\n}",
  );
  refuses(
    'a second time',
    `pipeline {\n  agent any\n  ${STAGES}\n}\n«pipeline» {\n  agent any\n}`,
    'There can be only one "pipeline" in a Jenkinsfile.',
    `def name() { 'x' }\npipeline {\n  agent any\n  ${STAGES}\n}\necho 'done'`,
  );

  const section = refusesIn(inPipeline);
  section(
    'with a section that there is not',
    "«enviroment» {\n    A = 'a'\n  }",
    '"enviroment" is no section of a pipeline. Did you mean "environment"?',
    "environment {\n    A = 'a'\n  }",
  );
  section(
    'with a step beside the sections',
    "«echo» 'x'",
    '"echo" is no section of a pipeline.',
    "environment { A = 'x' }",
  );
  section(
    'with a section twice',
    "tools { maven 'a' }\n  «tools» { jdk 'b' }",
    '"tools" stands here more than once.',
    "tools {\n    maven 'a'\n    jdk 'b'\n  }",
  );
  section(
    'with a section of an early Declarative',
    "«notifications» {\n    always { echo 'x' }\n  }",
    '"notifications" is called "post" now.',
    "post {\n    always { echo 'x' }\n  }",
  );
  section(
    'with a section that is no block',
    "«environment» 'x'",
    '"environment" needs a block.',
    "environment { X = 'x' }",
  );
  section(
    'with a bare word',
    '«options»',
    '"options" alone says nothing: something must follow it.',
    'options { timestamps() }',
  );
  section(
    'with code',
    "«def x = 'y'»",
    "This is no section: def x = 'y'",
    "environment { X = 'y' }",
  );
  section(
    'with a call on an object',
    "«foo.bar 'x'»",
    'A method of an object cannot be called here, only in "script".',
    "tools { maven 'x' }",
  );
  for (const name of [
    'parameters',
    'triggers',
    'options',
    'tools',
    'environment',
    'libraries',
    'post',
  ])
    section(
      `with ${name} that are empty`,
      `«${name}» {\n  }`,
      `"${name}" cannot be empty.`,
      "post { always { echo 'x' } }",
    );
});

describe('Validation', () => {
  it('takes the reader’s Jenkinsfiles, and refuses those that Jenkins would refuse', () => {
    const refused = files.flatMap(([name, text]) => {
      const [first] = messages(text);
      return first === undefined ? [] : [[name, first]];
    });
    const expected = files.flatMap(([name]) => (name in REFUSED ? [[name, REFUSED[name]]] : []));
    assert.ok(files.length > 20);
    assert.deepEqual(Object.fromEntries(refused), Object.fromEntries(expected));
  });

  it('says nothing of a scripted Pipeline, whatever it does', () => {
    const text = "node {\n  stage('a') { foo.bar() }\n  steps { x = 1 }\n  parallel a: {}\n}";
    assert.deepEqual(messages(text), []);
  });

  it('knows no `pipeline` that is an object’s method, or a variable', () => {
    assert.deepEqual(messages('x.pipeline { foo }\npipeline = 1'), []);
  });

  it('takes steps, options, triggers, parameters, tools, agents and settings that it has never heard of', () => {
    const text = `pipeline {
      agent { spaceship { fuel 'x'; crew { size 3 } } }
      options { warpDrive(speed: 9, 'unit': 'c'); shields() }
      triggers { aliens('H') }
      parameters { planet(name: 'MARS', moons: [1, 2]) }
      tools { engine 'v8' }
      stages { stage('One') { steps { launch(to: 'moon', now: true) { land 'softly', 2 } } } }
    }`;
    assert.deepEqual(messages(text), []);
  });

  it('reports all errors, in the order of the text', () => {
    const text = "pipeline {\n  stages {\n    stage('a') { }\n  }\n  options { }\n}";
    assert.deepEqual(
      validate(parse(text)).map(({ line, range }) => [line, text.slice(range.start, range.end)]),
      [
        [1, 'pipeline'],
        [3, "'a'"],
        [5, 'options'],
      ],
    );
  });

  it('says what stands before damage, and not what would follow from it', () => {
    const bad = inSteps("foo.bar()\n        sh 'make").replace('agent any', 'agent foo');
    assert.ok(parse(bad).problems.length > 0);
    const found = validate(parse(bad));
    assert.deepEqual(
      found.map(({ line }) => line),
      [2, 6],
    );
  });

  it('says nothing more than the parser where a bracket or a quote was taken away', () => {
    for (const [name, text] of files.filter(([file]) => !(file in REFUSED))) {
      for (let at = 0; at < text.length; at++) {
        if (!'{}()[]\'"'.includes(text.charAt(at))) continue;
        const pipeline = parse(text.slice(0, at) + text.slice(at + 1));
        if (pipeline.problems.length === 0) continue;
        const more = validate(pipeline).map(({ line, message }) => `${line}: ${message}`);
        assert.deepEqual(more, [], `${name} without the character at ${at}`);
      }
    }
  }).timeout(120_000);

  it('throws for no text: cut off, with a stretch left out, or with one doubled', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    for (const [, text] of files) {
      for (let round = 0; round < 40; round++) {
        const from = random(text.length);
        const to = from + random(text.length - from);
        const texts = [
          text.slice(0, from),
          text.slice(0, from) + text.slice(to),
          text.slice(0, to) + text.slice(from),
        ];
        for (const mutant of texts)
          for (const { range, line, message } of validate(parse(mutant))) {
            assert.ok(range.start <= range.end && range.end <= mutant.length, mutant);
            assert.ok(line >= 1 && message !== '');
          }
      }
    }
  }).timeout(120_000);

  it('takes no longer for each line of a file of many', () => {
    const stage = (n: number) =>
      `stage('s${n}') { when { branch 'x' }\n steps { sh 'x'\n timeout(time: 5) { echo "a" } } }\n`;
    const text = (n: number) =>
      `pipeline { agent any\n stages {\n${Array.from({ length: n }, (_, at) => stage(at)).join('')}}\n}`;
    const time = (n: number) => {
      const pipeline = parse(text(n));
      validate(pipeline);
      const begin = performance.now();
      assert.deepEqual(validate(pipeline), []);
      return performance.now() - begin;
    };
    const few = Math.min(...[1, 2, 3].map(() => time(400)));
    const many = Math.min(...[1, 2, 3].map(() => time(4000)));
    assert.ok(many < 60 * few + 20, `${few} ms for 400 stages, ${many} ms for 4000`);
  });
});
