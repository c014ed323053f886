import { besideSteps, inPipeline, refuses, refusesIn } from './refusal';

const NAME_RULE =
  'cannot be the name of a variable: it begins with a letter or "_", and has only those and digits.';
const ALLOWED =
  'A value in "environment" is a string, a number, true or false, or a call such as credentials(…) or sh(…)';

describe('What Jenkins refuses: environment', () => {
  const entry = refusesIn((entries) => inPipeline(`environment { ${entries} }`));
  entry(
    'a variable twice',
    "A = 'a'; «A» = 'b'",
    'The variable "A" is set twice here.',
    "A = 'a'; a = 'b'",
  );
  entry('a name with other letters', "«$A» = 'a'", `"$A" ${NAME_RULE}`, "_A1 = 'a'");
  entry('a name of an object', "«env.A» = 'a'", `"env.A" ${NAME_RULE}`, "A = 'a'");
  for (const value of ['params.A', 'env.A', 'a'])
    entry(
      `a value that lacks quotes: ${value}`,
      `A = «${value}»`,
      `${ALLOWED}. Write "\${${value}}".`,
      `A = "\${${value}}"`,
    );
  for (const [value, neighbour] of [
    ["b ?: 'c'", '"${b ?: \'c\'}"'],
    ["b ? 'c' : 'd'", "b('c', 'd')"],
    ["['b']", "['b'].join(',')"],
    ['[b: 1]', 'true'],
    ["'b' as String", "new Date().format('y')"],
    ['{ 1 }', '-1'],
    ['!b', 'null'],
  ] as const)
    entry(`a value: ${value}`, `A = «${value}»`, `${ALLOWED}.`, `A = ${neighbour}`);
  entry(
    'an element of a list',
    'A = «b[0]»',
    `${ALLOWED}, not an element of something.`,
    'A = b(0)',
  );
  entry(
    'another operator than +',
    "A = «'a' * 2»",
    'Values in "environment" can be put together only with "+".',
    'A = \'a\' + "${b}" + 1',
  );
  entry(
    'a call in a sum',
    "A = 'a' + «b()»",
    'Only strings and numbers can be put together in "environment", not: b()',
    'A = "a${b()}"',
  );
  entry(
    'a sum in brackets to the right',
    "A = 'a' + («'b' + 'c'»)",
    "Only strings and numbers can be put together in \"environment\", not: 'b' + 'c'",
    "A = ('a' + 'b') + 'c'",
  );
  entry(
    'an id of credentials that is computed',
    'A = credentials(«id»)',
    'The id in credentials(…) must be a string.',
    'A = credentials("${id}")',
  );
  entry(
    'a call alone',
    "«echo»('x')",
    "Only lines such as NAME = 'value' can stand in \"environment\": echo('x')",
    "def A = echo('x')",
  );
  entry(
    'something added to a variable',
    "«A += 'x'»",
    "Only lines such as NAME = 'value' can stand in \"environment\": A += 'x'",
    'A = "${A}x"',
  );
});

describe('What Jenkins refuses: agents', () => {
  const agent = (whole: string) => inPipeline('').replace('agent any', whole);
  const kind = refusesIn(agent);
  kind(
    'another word than any and none',
    'agent «linux»',
    'Only "agent any", "agent none" and "agent { … }" are possible, not: agent linux',
    "agent { label 'linux' }",
  );
  kind(
    'a label as an argument',
    "agent label: «'linux'»",
    'Only "agent any", "agent none" and "agent { … }" are possible, not: agent label: \'linux\'',
    "agent 'none'",
  );
  kind(
    'nothing',
    '«agent»()',
    'The agent says nothing: any, none or a block must follow it.',
    'agent none',
  );
  kind(
    'an empty block',
    '«agent» { }',
    'The agent says nothing: label, docker or another kind must stand in it.',
    "agent { label '' }",
  );
  kind('a word in braces', 'agent { «any» }', 'Write "agent any" without braces.', 'agent any');
  kind(
    'a bare kind',
    'agent { «dockerfile» }',
    'The kind of agent must stand here, with a value or a block.',
    'agent { dockerfile true }',
  );
  kind(
    'two kinds',
    "agent { label 'a'\n «docker» 'b' }",
    'An agent has one kind only; its settings stand in a block of their own.',
    "agent { docker { label 'a'\n image 'b' } }",
  );
  kind(
    'a kind with a slip of the pen',
    "agent { «dokcer» { image 'x' } }",
    '"dokcer" is no kind of agent. Did you mean "docker"?',
    "agent { docker { image 'x' } }",
  );
  kind(
    'docker without an image',
    "agent { «docker» { args '-v' } }",
    '"image" is missing: the agent "docker" needs it.',
    "agent { docker { image 'x'; args '-v' } }",
  );
  kind(
    'a node without a label',
    "agent { «node» { customWorkspace 'x' } }",
    '"label" is missing: the agent "node" needs it.',
    "agent { label { label 'a'; customWorkspace 'x' } }",
  );
  kind(
    'a setting that there is not',
    "agent { docker { image 'x'; «arg» '-v' } }",
    '"arg" is no setting of "docker". Did you mean "args"?',
    "agent { docker { image 'x'; args '-v' } }",
  );
  kind(
    'a setting without a value',
    "agent { docker { image 'x'\n «reuseNode»() } }",
    '"reuseNode" takes one value.',
    "agent { docker { image 'x'\n reuseNode true } }",
  );
  kind(
    'code among the settings',
    "agent { docker { image 'x'\n «a = 1» } }",
    "A name and a value must stand here: key 'value'",
    "agent { docker { image a + 'x' } }",
  );
});

describe('What Jenkins refuses: tools, libraries and input', () => {
  const section = refusesIn(inPipeline);
  section(
    'a tool without a name',
    'tools { «maven» }',
    "A tool and its name must stand here: maven 'name'",
    "tools { maven 'x' }",
  );
  section(
    'a tool with two names',
    "tools { «maven» 'x', 'y' }",
    'The tool "maven" takes one name, not 2.',
    'tools { maven "${x}" }',
  );
  section(
    'another call in `libraries`',
    "libraries { «library» 'x' }",
    "Only lib('name') can stand in \"libraries\", not: library 'x'",
    "libraries { lib 'x' }",
  );
  section(
    'a library with a named argument',
    "libraries { «lib»(identifier: 'x') }",
    "Only lib('name') can stand in \"libraries\", not: lib(identifier: 'x')",
    "libraries { lib('x@1') }",
  );

  const input = refusesIn(besideSteps);
  input(
    'an input without a message',
    "«input» { ok 'x' }",
    '"message" is missing: an input needs it.',
    "input { message 'm'; ok 'x' }",
  );
  input(
    'an input that is no block',
    "«input» 'm'",
    '"input" needs a block.',
    "input { message 'm' }",
  );
  input(
    'a part that no input has',
    "input { message 'm'; «cancel» 'x' }",
    '"cancel" is no part of "input".',
    "input { message 'm'; submitter 'x' }",
  );
  input(
    'a part of an input twice',
    "input { message 'm'; «message» 'n' }",
    '"message" stands here more than once.',
    "input { message 'm'; id 'n' }",
  );
  input(
    'a message without a value',
    'input { «message»() }',
    '"message" takes one value.',
    'input { message "${m}" }',
  );
  input(
    'a wrong parameter of an input',
    "input { message 'm'; parameters { string(name: «1») } }",
    '"name" takes a string, not 1.',
    "input { message 'm'; parameters { string(name: '1') } }",
  );
});

describe('What Jenkins refuses: options, triggers and parameters', () => {
  const option = refusesIn((entries) => inPipeline(`options { ${entries} }`));
  option(
    'an option twice',
    'timestamps()\n «timestamps»()',
    '"timestamps" stands here more than once.',
    "timestamps()\n ansiColor('xterm')",
  );
  option(
    'a bare option',
    '«timestamps»',
    'Write timestamps(): an option is a call.',
    'timestamps()',
  );
  option(
    'an option with a block',
    '«timeout»(1) { }',
    '"timeout" cannot have a block here.',
    'timeout(1)',
  );
  option('a step', "«echo» 'x'", '"echo" is no option.', "withEnv(['A=b'])");
  option(
    'a slip of the pen',
    '«timestamp»()',
    '"timestamp" is no option. Did you mean "timestamps"?',
    'timestamps()',
  );
  option(
    'parameters',
    "«parameters»([string(name: 'x')])",
    '"parameters" cannot stand in "options": it has a section "parameters".',
    "buildDiscarder(logRotator(numToKeepStr: '1'))",
  );
  option(
    'a number where a text must be, in a call within',
    'buildDiscarder(logRotator(numToKeepStr: «5»))',
    '"numToKeepStr" takes a string, not 5.',
    "buildDiscarder(logRotator(numToKeepStr: '5'))",
  );
  option(
    'named and unnamed arguments at once',
    "«lock»('x', quantity: 1)",
    'Arguments with and without names cannot be mixed here.',
    "lock(label: 'x', quantity: 1)",
  );
  option(
    'no argument where one is needed',
    '«timeout»()',
    '"timeout" needs the parameter "time".',
    'skipDefaultCheckout()',
  );
  option(
    'several arguments without names',
    "«timeout»(1, 'HOURS')",
    '"timeout" must be given its arguments by name.',
    "timeout(time: 1, unit: 'HOURS')",
  );
  option(
    'a block as an argument',
    "lock(extra: «{ 'x' }»)",
    'A block cannot be an argument here.',
    "lock(extra: ['x'])",
  );
  option(
    '`properties` as an argument',
    'shield(«properties»([]))',
    '"properties" cannot stand here.',
    'shield(force([]))',
  );
  refuses(
    'an option of the pipeline in a stage',
    besideSteps("options { «buildDiscarder»(logRotator(numToKeepStr: '5')) }"),
    '"buildDiscarder" is an option of the pipeline, not of a stage.',
    besideSteps('options { timeout(5); skipDefaultCheckout() }'),
  );

  const trigger = refusesIn((entries) => inPipeline(`triggers { ${entries} }`));
  trigger(
    'a trigger twice',
    "cron('@daily')\n «cron»('@hourly')",
    '"cron" stands here more than once.',
    "cron('@daily')\n pollSCM('@hourly')",
  );
  trigger(
    'a trigger with other capitals',
    "«pollScm»('@daily')",
    '"pollScm" is no trigger. Did you mean "pollSCM"?',
    "pollSCM('@daily')",
  );
  trigger('a step as a trigger', "«sh»('x')", '"sh" is no trigger.', "aliens('x')");
  trigger(
    'a map',
    "«[$class: 'X']»",
    'A map cannot stand here: a trigger has a name.',
    "x([$class: 'X'])",
  );
  trigger(
    'a parameter that a trigger does not have',
    "upstream(«upstreamProject»: 'x')",
    '"upstream" has no parameter "upstreamProject". Did you mean "upstreamProjects"?',
    "upstream(upstreamProjects: 'x', threshold: hudson.model.Result.SUCCESS)",
  );

  const parameter = refusesIn((entries) => inPipeline(`parameters { ${entries} }`));
  parameter(
    'a name that is a number',
    "string(name: «1», defaultValue: 'x')",
    '"name" takes a string, not 1.',
    "string(name: 'A', defaultValue: 'x')\n string(name: 'A', defaultValue: \"${x}\")",
  );
  parameter(
    'a parameter that a kind does not have',
    "booleanParam(name: 'A', «default»: true)",
    '"booleanParam" has no parameter "default".',
    "booleanParam(name: 'A', defaultValue: true)",
  );
  parameter(
    'code',
    '«def a = 1»',
    'A parameter must stand here.',
    "choice(name: 'A', choices: ['a', 'b'])",
  );
  parameter(
    'a method of an object as an argument',
    "string(name: 'A', defaultValue: «foo.bar()»)",
    'A method of an object cannot be called here, only in "script".',
    'string(name: \'A\', defaultValue: "${foo.bar()}")',
  );
});

describe('What Jenkins refuses: post', () => {
  const valid =
    'Its conditions are always, changed, fixed, regression, aborted, success, unsuccessful, unstable, failure, notBuilt, cleanup.';
  const post = refusesIn((conditions) => inPipeline(`post { ${conditions} }`));
  post(
    'an unknown condition',
    "«alway» { echo 'x' }",
    `"alway" is no condition of "post". ${valid}`,
    "always { echo 'x' }",
  );
  post(
    'a condition twice',
    "always { echo 'x' }\n «always» { echo 'y' }",
    '"always" stands here more than once.',
    "always { echo 'x' }\n cleanup { echo 'y' }",
  );
  post('an empty condition', '«failure» { }', '"failure" cannot be empty.', "failure { echo 'x' }");
  post(
    'a condition without a block',
    "«success» 'x'",
    '"success" needs a block.',
    "success { echo 'x' }",
  );
  post(
    'code in a condition',
    "always { «if (x) { echo 'x' }» }",
    'Only steps can stand here; other code stands in "script".',
    "always { script { if (x) { echo 'x' } } }",
  );
  post(
    '`parallel` in a condition',
    "always { «parallel» a: { echo 'x' } }",
    '"parallel" can stand in "steps" only alone, as the stage’s one step.',
    "always { script { parallel a: { echo 'x' } } }",
  );
  refuses(
    'an unknown condition of a stage',
    besideSteps("post { «ever» { echo 'x' } }"),
    `"ever" is no condition of "post". ${valid}`,
    besideSteps("post { cleanup { echo 'x' } }"),
  );
});
