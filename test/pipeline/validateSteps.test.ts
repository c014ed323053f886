import { besideSteps, inStage, inSteps, refusesIn } from './refusal';

const step = "steps { echo 'x' }";

describe('What Jenkins refuses: when', () => {
  const when = refusesIn((conditions) => besideSteps(`when { ${conditions} }`));
  const whole = refusesIn(besideSteps);
  whole('that is empty', '«when» { }', '"when" needs a condition.', "when { branch 'x' }");
  whole(
    'that has only an order',
    '«when» { beforeAgent true }',
    '"when" needs a condition.',
    "when { beforeAgent true; branch 'x' }",
  );
  when(
    'an order that is not true or false',
    "«beforeInput» 'yes'; branch 'x'",
    '"beforeInput" takes true or false.',
    "beforeInput false; branch 'x'",
  );
  when(
    'an unknown condition',
    "«brunch» 'x'",
    '"brunch" is no condition of "when". Did you mean "branch"?',
    "branch 'x'",
  );
  when(
    'a bare word',
    '«buildingTag»',
    '"buildingTag" alone is no condition: something must follow it.',
    'buildingTag()',
  );
  when(
    'code',
    "«env.X == 'x'»",
    'A condition must stand here; code stands in "expression".',
    "expression { env.X == 'x' }",
  );
  when(
    'an expression without a block',
    '«expression» true',
    '"expression" needs a block.',
    'expression { return true }',
  );
  when('an empty allOf', '«allOf» { }', '"allOf" needs a condition.', "allOf { branch 'x' }");
  when(
    'a `not` of two',
    "«not» { branch 'x'; branch 'y' }",
    '"not" needs exactly one condition.',
    "not { anyOf { branch 'x'; branch 'y' } }",
  );
  when(
    'arguments of anyOf',
    "«anyOf»('x') { branch 'x' }",
    '"anyOf" takes conditions in a block, and no arguments.',
    "anyOf { branch 'x' }",
  );
  when(
    'conditions in one that has none',
    "«branch» { tag 'x' }",
    '"branch" takes no block: it has no conditions in it.',
    "branch 'x'; tag 'x'",
  );
  when(
    'a wrong condition within others',
    'allOf { not { branch «4» } }',
    '"pattern" takes a string, not 4.',
    "allOf { not { branch '4' } }",
  );
  when(
    'a parameter that a condition does not have',
    "environment name: 'A', value: 'b', «ignorecase»: true",
    '"environment" has no parameter "ignorecase". Did you mean "ignoreCase"?',
    "environment name: 'A', value: 'b', ignoreCase: true",
  );
  when(
    'a parameter that is missing',
    "«environment» name: 'A'",
    '"environment" needs the parameter "value".',
    "environment name: 'A', value: ''",
  );
  when(
    'an argument without a name where there are several',
    "changeRequest «'main'»",
    '"changeRequest" takes no argument without a name.',
    "changeRequest target: 'main'; changeRequest()",
  );
});

describe('What Jenkins refuses: steps', () => {
  const steps = refusesIn(inSteps);
  refusesIn(inStage)('none at all', '«steps» { }', '"steps" cannot be empty.', step);
  for (const code of [
    'def x = 1',
    'x = 1',
    'if (x) { }',
    'for (i in []) { }',
    '"${x}"',
    'x ? a() : b()',
    'return 1',
    'x++',
  ])
    steps(
      `code: ${code}`,
      `«${code}»`,
      'Only steps can stand here; other code stands in "script".',
      `script {\n ${code}\n }`,
    );
  steps(
    'a bare word',
    '«deleteDir»',
    '"deleteDir" alone is no step: write deleteDir().',
    'deleteDir()',
  );
  steps(
    'a method of an object',
    "«foo.bar('x')»",
    'A method of an object cannot be called here, only in "script".',
    "this.echo(foo.bar('x'))",
  );
  steps('a computed name', '«"$foo"(\'x\')»', 'A plain name must stand here.', "'echo'('x')");
  steps(
    'code in the block of a step',
    "dir('x') {\n «if (a) { sh 'b' }»\n }",
    'Only steps can stand here; other code stands in "script".',
    "dir('x') {\n script { if (a) { sh 'b' } }\n }",
  );
  steps(
    '`stage`',
    "«stage»('x') { echo 'x' }",
    '"stage" cannot stand in "steps": stages stand in "stages".',
    "script { stage('x') { echo 'x' } }",
  );
  steps(
    '`properties`',
    '«properties»([])',
    '"properties" cannot stand in "steps": use "options", "parameters" and "triggers".',
    'script { properties([]) }',
  );
  steps(
    '`parallel` beside others',
    "echo 'x'\n «parallel»(a: { echo 'a' })",
    '"parallel" can stand in "steps" only alone, as the stage’s one step.',
    "parallel(a: { echo 'a' }, failFast: true)",
  );
  steps(
    '`parallel` within another step',
    "dir('x') { «parallel»(a: { echo 'a' }) }",
    '"parallel" can stand in "steps" only alone, as the stage’s one step.',
    "parallel(a: { dir('x') { echo 'a' } })",
  );
  steps(
    'a branch that is no block',
    "parallel(a: { echo 'a' }, b: «'b'»)",
    'A branch of "parallel" is a block in braces.',
    "parallel(a: { echo 'a' }, b: { echo 'b' })",
  );
  steps(
    'a `failFast` of `parallel` that is not true or false',
    "parallel(a: { echo 'a' }, failFast: «'no'»)",
    '"failFast" takes true or false.',
    "parallel(a: { echo 'a' }, failFast: false)",
  );
  steps(
    'code in a branch',
    'parallel(a: { «x = 1» })',
    'Only steps can stand here; other code stands in "script".',
    'parallel(a: { script { x = 1 } })',
  );
  steps(
    'a branch with nothing',
    'parallel(a: «{ }»)',
    'The branch cannot be empty.',
    "parallel(a: { echo 'a' })",
  );
  steps('`script` without a block', '«script»()', '"script" needs a block.', 'script { }');
  steps(
    'a step without a parameter that it needs',
    "«timeout»(unit: 'HOURS') { echo 'x' }",
    '"timeout" needs the parameter "time".',
    "timeout(time: 1, unit: 'HOURS') { echo 'x' }",
  );
  steps(
    'a step with a parameter that it does not have',
    "sh(script: 'x', «returnStdOut»: true)",
    '"sh" has no parameter "returnStdOut". Did you mean "returnStdout"?',
    "sh(script: 'x', returnStdout: true)",
  );
  steps(
    'a parameter twice',
    "sh(script: 'x', «script»: 'y')",
    '"script" is given twice.',
    "sh(script: 'x', label: 'y')",
  );
  steps(
    'a text where a number must be',
    "timeout(time: «'5'») { sleep «'1'» }",
    ['"time" takes a number, not \'5\'.', '"time" takes a number, not \'1\'.'],
    'timeout(time: 5) { sleep "${x}" }',
  );
  steps(
    'a number where a text must be',
    'echo «5»',
    '"message" takes a string, not 5.',
    'echo "5"',
  );
  steps(
    'a unit that there is not',
    "sleep(time: 1, unit: «'minutes'»)",
    '"unit" is one of NANOSECONDS, MICROSECONDS, MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS, not \'minutes\'.',
    "sleep(time: 1, unit: 'MINUTES')",
  );
  steps(
    'several arguments without names',
    "«writeFile»('a', 'b')",
    '"writeFile" must be given its arguments by name.',
    "writeFile(file: 'a', text: 'b')",
  );
  steps(
    'one argument without a name where two are needed',
    "writeFile(«'a'»)",
    '"writeFile" takes no argument without a name.',
    "writeFile file: 'a', text: 'b', encoding: 'UTF-8'",
  );
  steps(
    'a value that lacks its quotes',
    'echo «${FOO}»',
    '${FOO} needs quotes around it: "${FOO}"',
    'echo "${FOO}"',
  );
  steps(
    'a number that is too large',
    'fill «99999999999999999999»',
    'The number is too large: 9223372036854775807 is the largest.',
    'fill 9223372036854775807',
  );
});
