import { inStage, inStages, refuses, refusesIn } from './refusal';

const step = "steps { echo 'x' }";

describe('What Jenkins refuses: stages', () => {
  const stages = refusesIn(inStages);
  refuses(
    'none at all',
    'pipeline {\n  agent any\n  «stages» {\n  }\n}',
    'There must be at least one stage.',
    inStages(`stage('a') { ${step} }`),
  );
  stages(
    'two of one name',
    `stage('a') { ${step} }\n    stage(«'a'») { ${step} }`,
    'There is more than one stage "a" here.',
    `stage('a') { stages { stage('a') { ${step} } } }\n    stage('A') { ${step} }`,
  );
  stages(
    'two branches of one name',
    `stage('a') { parallel { stage('b') { ${step} }\n stage(«"b"») { ${step} } } }`,
    'There is more than one stage "b" here.',
    `stage('a') { parallel { stage('b') { ${step} }\n stage("c") { ${step} } } }`,
  );
  stages(
    'something that is no stage',
    `stage('a') { ${step} }\n    «echo» 'x'`,
    'Only "stage" can stand here.',
    `stage('a') { ${step} }\n    stage('b') { ${step} }`,
  );
  stages(
    'code among them',
    `stage('a') { ${step} }\n    «if (true) {»\n stage('b') { ${step} } }`,
    'A "stage" must stand here.',
    `stage('a') { ${step} }\n    stage('b') { when { expression { true } }\n ${step} }`,
  );
  stages(
    'a stage without a block',
    `stage('a') { ${step} }\n    «stage» 'b'`,
    '"stage" needs a block.',
    `stage('a') { ${step} }\n    stage 'b', { ${step} }`,
  );
  stages(
    'a stage without a name',
    `«stage» { ${step} }`,
    'A stage has a name here that is a plain string, without `${…}`.',
    `stage('') { ${step} }`,
  );
  stages(
    'a stage whose name is computed',
    `stage(«"Build \${X}"») { ${step} }`,
    'A stage has a name here that is a plain string, without `${…}`.',
    `stage("Build X") { ${step} }`,
  );
  stages(
    'a stage whose name is put together',
    `stage(«'a' + 'b'») { ${step} }`,
    'A stage has a name here that is a plain string, without `${…}`.',
    `stage(AB) { ${step} }`,
  );
  stages(
    'a stage whose name has a name',
    `stage(name: «'a'») { ${step} }`,
    'A stage has a name here that is a plain string, without `${…}`.',
    `stage('a') { ${step} }`,
  );
  stages(
    'a stage with more than a name',
    `«stage»('a', 1) { ${step} }`,
    '"stage" takes a name and a block, nothing else.',
    `stage('a') { ${step} }`,
  );
  stages(
    'a stage with nothing to do',
    "stage(«'a'») {\n    }",
    'The stage "a" needs one of "steps", "stages", "parallel" and "matrix".',
    `stage('a') {\n ${step}\n    }`,
  );
  stages(
    'a stage whose only step is a `parallel` of something computed',
    "stage(«'a'») { steps { parallel branches } }",
    'The stage "a" needs one of "steps", "stages", "parallel" and "matrix".',
    "stage('a') { steps { script { parallel branches } } }",
  );
  for (const other of [
    `stages { stage('b') { ${step} } }`,
    `parallel { stage('b') { ${step} } }`,
    `matrix { axes { axis { name 'A'; values 'b' } }\n stages { stage('c') { ${step} } } }`,
  ])
    stages(
      `steps beside ${other.slice(0, other.indexOf(' '))}`,
      `stage(«'a'») { ${step}\n ${other} }`,
      'The stage "a" can have only one of "steps", "stages", "parallel" and "matrix".',
      `stage('a') { ${other} }`,
    );

  const stage = refusesIn(inStage);
  stage(
    'an unknown section',
    `«setps» { }\n ${step}`,
    '"setps" is no section of a stage. Did you mean "steps"?',
    step,
  );
  stage(
    'a step beside `steps`',
    `«sh» 'make'\n ${step}`,
    '"sh" is no section of a stage: steps stand in "steps".',
    "steps { sh 'make' }",
  );
  stage(
    'a section that Groovy takes for a call of the one before it',
    "when { branch 'x' } «steps» { echo 'x' }",
    '"steps" must begin on a line of its own.',
    "when { branch 'x' }; steps { echo 'x' }",
  );
  stage('a section twice', `${step}\n «steps» { }`, '"steps" stands here more than once.', step);
  stage(
    '`failFast` that is not true or false',
    `«failFast» 'yes'\n parallel { stage('b') { ${step} } }`,
    '"failFast" takes true or false.',
    `failFast true\n parallel { stage('b') { ${step} } }`,
  );
  stage(
    'an agent and tools around branches',
    `«agent» any\n «tools» { maven 'x' }\n parallel { stage('b') { ${step} } }`,
    [
      '"agent" cannot stand beside "parallel" in the stage "One".',
      '"tools" cannot stand beside "parallel" in the stage "One".',
    ],
    `agent any\n tools { maven 'x' }\n stages { stage('b') { ${step} } }`,
  );
  stage(
    'branches in branches',
    `parallel { stage('b') { «parallel» { stage('c') { ${step} } } } }`,
    '"parallel" and "matrix" cannot stand inside of another "parallel" or "matrix".',
    `stages { stage('b') { parallel { stage('c') { ${step} } } } }`,
  );
  stage(
    'branches in branches, with stages between them',
    `parallel { stage('b') { stages { stage('c') { «parallel» { stage('d') { ${step} } } } } } }`,
    '"parallel" and "matrix" cannot stand inside of another "parallel" or "matrix".',
    `stages { stage('b') { stages { stage('c') { parallel { stage('d') { ${step} } } } } } }`,
  );
  stage(
    'the step `parallel` with several branches in a branch',
    "parallel { stage('b') { «steps» { parallel(x: { echo 'x' }, y: { echo 'y' }) } } }",
    '"parallel" and "matrix" cannot stand inside of another "parallel" or "matrix".',
    "parallel { stage('b') { steps { parallel(x: { echo 'x' }) } } }",
  );
  stage('no stages inside', '«stages» { }', 'There must be at least one stage.', step);
});

describe('What Jenkins refuses: a matrix', () => {
  const axes = "axes { axis { name 'OS'; values 'a', 'b' } }";
  const stages = `stages { stage('b') { ${step} } }`;
  const matrix = refusesIn((inner) => inStage(`matrix {\n ${inner}\n }`));
  refuses(
    'without axes',
    inStage(`«matrix» {\n ${stages}\n }`),
    '"axes" is missing: a matrix needs it.',
    inStage(`matrix {\n ${axes}\n ${stages}\n }`),
  );
  refuses(
    'without stages',
    inStage(`«matrix» {\n ${axes}\n }`),
    '"stages" is missing: a matrix needs it.',
    inStage(`matrix {\n ${axes}\n ${stages}\n }`),
  );
  matrix(
    'with an unknown section',
    `${axes}\n «axis» { }\n ${stages}`,
    '"axis" is no section of a matrix. Did you mean "axes"?',
    `${axes}\n ${stages}`,
  );
  matrix(
    'in a matrix',
    `${axes}\n stages { stage('b') { «matrix» { ${axes}\n ${stages} } } }`,
    '"parallel" and "matrix" cannot stand inside of another "parallel" or "matrix".',
    `${axes}\n stages { stage('b') { ${stages} } }`,
  );

  const axis = refusesIn((inner) =>
    inStage(`matrix {\n axes {\n ${inner}\n }\n stages { stage('b') { ${step} } }\n }`),
  );
  axis(
    'with an axis without a name',
    "«axis» { values 'a' }",
    'The axis needs a "name".',
    "axis { name 'A'; values 'a' }",
  );
  axis(
    'with an axis without values',
    "«axis» { name 'A' }",
    'The axis needs "values".',
    "axis { name 'A'; values 'a' }",
  );
  axis(
    'with two axes of one name',
    "axis { name 'A'; values 'a' }\n axis { name «'A'»; values 'b' }",
    'There is more than one axis "A".',
    "axis { name 'A'; values 'a' }\n axis { name 'B'; values 'a' }",
  );
  axis(
    'with a value twice',
    "axis { name 'A'; values 'a', «'a'» }",
    'The axis has the value "a" more than once.',
    "axis { name 'A'; values 'a', 'A', 1, true }",
  );
  axis(
    'with a computed value',
    'axis { name \'A\'; values «"${x}"», «[1, 2]» }',
    [
      'The values of an axis are plain, not computed: "${x}"',
      'The values of an axis are plain, not computed: [1, 2]',
    ],
    "axis { name 'A'; values 'x', 1, 2 }",
  );
  axis(
    'with a name that no variable can have',
    "axis { name «'A-B'»; values 'a' }",
    '"A-B" cannot be the name of a variable: it begins with a letter or "_", and has only those and digits.',
    "axis { name 'A_B'; values 'a' }",
  );
  axis(
    'with a computed name',
    'axis { name «"${A}"»; values \'a\' }',
    'The name of an axis is a plain string, without `${…}`.',
    "axis { name 'A'; values 'a' }",
  );
  axis(
    'with `notValues` in an axis',
    "axis { name 'A'; values 'a'; «notValues» 'b' }",
    '"notValues" is no part of an axis.',
    "axis { name 'A'; values 'a' }",
  );

  const exclude = refusesIn((inner) => inStage(`matrix {\n ${axes}\n ${inner}\n ${stages}\n }`));
  exclude(
    'with no excludes',
    '«excludes» { }',
    'There must be at least one "exclude".',
    "excludes { exclude { axis { name 'OS'; values 'a' } } }",
  );
  exclude(
    'with an exclude of nothing',
    'excludes { «exclude» { } }',
    'There must be at least one axis.',
    "excludes { exclude { axis { name 'OS'; notValues 'a' } } }",
  );
  exclude(
    'with values and notValues',
    "excludes { exclude { «axis» { name 'OS'; values 'a'; notValues 'b' } } }",
    'The axis can have "values" or "notValues", not both.',
    "excludes { exclude { axis { name 'OS'; values 'a', 'b' } } }",
  );
});
