import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { fileURLToPath } from 'node:url';
import { ARGUMENTS } from '../../src/pipeline/catalogue/argumentsCatalogue';
import { readCatalogue } from '../../src/pipeline/catalogue/catalogueNotation';
import {
  DIRECTIVES,
  contextOf,
  directivesIn,
} from '../../src/pipeline/catalogue/directivesCatalogue';
import type { Context } from '../../src/pipeline/catalogue/directivesCatalogue';
import { GLOBALS, RUN_VARIABLES } from '../../src/pipeline/catalogue/globalsCatalogue';
import { parse } from '../../src/pipeline/parser';
import { describes, knownSteps } from '../../src/pipeline/run/steps';
import { STEPS } from '../../src/pipeline/catalogue/stepsCatalogue';
import { problemsOf } from '../../src/pipeline/validate';
import { CARRIED_OUT, CARRIED_OUT_AROUND } from '../../src/recipe/steps';
import { besideSteps, inPipeline, inStage, inStages, inSteps } from './refusal';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const all = [...STEPS.values(), ...DIRECTIVES, ...ARGUMENTS];

/** What a snippet becomes if nothing is filled in; `inside` is put where the cursor ends. */
function plain(snippet: string, inside: string): string {
  return snippet
    .replace(/\$\{0\}|\$0/g, inside)
    .replace(/\$\{\d+:([^}]*)\}/g, '$1')
    .replace(/\$\{\d+\|([^,|]*)[^}]*\}/g, '$1')
    .replace(/\$\{\d+\}/g, 'x');
}

const STEP_STAGE = "stage('s') { steps { echo 'x' } }";
const MATRIX_STAGES = `stages { ${STEP_STAGE} }`;
const inMatrix = (inner: string): string => inStage(`matrix { ${inner} }`);
const AXES = "axes { axis { name 'A'; values 'a' } }";

/** Whole files around a part, by the context it stands in. */
const AROUND: Record<Context, (part: string) => string> = {
  file: (part) => part,
  pipeline: (part) => `pipeline {\n${part}\n}`,
  stages: inStages,
  stage: inStage,
  parallel: (part) => inStage(`parallel { ${part} }`),
  matrix: inMatrix,
  axes: (part) => inMatrix(`axes { ${part} }\n${MATRIX_STAGES}`),
  axis: (part) => inMatrix(`axes { axis { ${part} } }\n${MATRIX_STAGES}`),
  excludes: (part) => inMatrix(`${AXES}\n${MATRIX_STAGES}\nexcludes { ${part} }`),
  exclude: (part) => inMatrix(`${AXES}\n${MATRIX_STAGES}\nexcludes { exclude { ${part} } }`),
  excludedAxis: (part) =>
    inMatrix(`${AXES}\n${MATRIX_STAGES}\nexcludes { exclude { axis { ${part} } } }`),
  steps: inSteps,
  script: (part) => inSteps(`script { ${part} }`),
  post: (part) => inPipeline(`post { ${part} }`),
  when: (part) => besideSteps(`when { ${part} }`),
  environment: (part) => inPipeline(`environment { ${part} }`),
  options: (part) => inPipeline(`options { ${part} }`),
  stageOptions: (part) => besideSteps(`options { ${part} }`),
  parameters: (part) => inPipeline(`parameters { ${part} }`),
  triggers: (part) => inPipeline(`triggers { ${part} }`),
  agent: (part) => inPipeline('').replace('agent any', `agent { ${part} }`),
  docker: (part) => inPipeline('').replace('agent any', `agent { docker { ${part} } }`),
  dockerfile: (part) => inPipeline('').replace('agent any', `agent { dockerfile { ${part} } }`),
  node: (part) => inPipeline('').replace('agent any', `agent { node { ${part} } }`),
  kubernetes: (part) => inPipeline('').replace('agent any', `agent { kubernetes { ${part} } }`),
  tools: (part) => inPipeline(`tools { ${part} }`),
  input: (part) => besideSteps(`input { ${part} }`),
  libraries: (part) => inPipeline(`libraries { ${part} }`),
};

/** What a part alone cannot have: what must stand beside it, and in it. */
const UNFINISHED =
  /is missing|cannot be empty|at least one|needs? (a|an|one|exactly|"|values|the)|needs one of|alone says nothing/;

function complaints(context: Context, snippet: string, inside: string): string[] {
  return problemsOf(parse(AROUND[context](plain(snippet, inside))))
    .map(({ message }) => message)
    .filter((message) => !UNFINISHED.test(message));
}

describe('The catalogue', () => {
  it('describes everything in a sentence that ends, and each parameter', () => {
    for (const { name, documentation, parameters } of all) {
      assert.match(documentation, /^[A-Z`].*[.]$/s, name);
      for (const parameter of parameters)
        assert.match(parameter.documentation, /^.+\.$/, `${name}: ${parameter.name}`);
    }
    for (const { name, documentation, members } of GLOBALS.values()) {
      assert.match(documentation, /\.$/, name);
      for (const member of members) assert.match(member.documentation, /\.$/, member.name);
    }
    for (const { name, documentation } of RUN_VARIABLES.values())
      assert.match(documentation, /[.`]$/, name);
  });

  it('names no parameter twice, and a parameter for the argument without a name', () => {
    for (const { name, parameters, positional } of all) {
      const names = parameters.map((parameter) => parameter.name);
      assert.equal(new Set(names).size, names.length, name);
      assert.ok(positional === undefined || names.includes(positional), name);
    }
  });

  it('has 120 steps and more, and each once', () => {
    const pages = globSync('pipeline/catalogue/stepsCatalogue?*.ts', {
      cwd: source,
      absolute: true,
    });
    const heads = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/^([a-zA-Z]\w*)(?: (?:body|node|closed))*$/gm)].map(
        ([, name]) => name,
      ),
    );
    assert.ok(STEPS.size >= 120, `${STEPS.size}`);
    assert.deepEqual(heads.toSorted(), [...STEPS.keys()].toSorted());
  });

  it('has nothing twice in one context', () => {
    for (const context of Object.keys(AROUND) as Context[]) {
      const names = directivesIn(context).map(({ name }) => name);
      assert.deepEqual(
        names.filter((name, at) => names.indexOf(name) !== at),
        [],
        context,
      );
    }
  });

  it('describes each step that the interpreter knows', () => {
    assert.deepEqual(
      knownSteps().filter((name) => !STEPS.has(name)),
      [],
    );
  });

  it('describes each step that a reproduction carries out', () => {
    const steps = [...CARRIED_OUT, ...CARRIED_OUT_AROUND].filter(
      (name) => !name.includes('.') && !describes(name),
    );
    assert.ok(steps.length > 20);
    assert.deepEqual(
      steps.filter((name) => !STEPS.has(name)),
      [],
    );
  });

  it('has each parameter that the interpreter asks a step for', () => {
    const code = ['steps', 'effectSteps', 'guards', 'directives']
      .map((name) => readFileSync(`${source}/pipeline/run/${name}.ts`, 'utf8'))
      .join('\n');
    const asked = [
      ...code.matchAll(/(?:argument|flag)\(call, '(\w+)'|call\.args\.get\('(\w+)'\)/g),
    ];
    const names = new Set(asked.map(([, one, other]) => one ?? other ?? ''));
    const known = new Set(
      [...STEPS.values()].flatMap(({ parameters }) => parameters.map((p) => p.name)),
    );
    assert.ok(names.size > 10);
    assert.deepEqual(
      [...names].filter((name) => !known.has(name)),
      [],
    );
  });

  it('agrees with the interpreter on the steps that want a node', () => {
    for (const name of ['sh', 'dir', 'junit', 'stash', 'readFile', 'checkout'])
      assert.equal(STEPS.get(name)?.node, true, name);
    for (const name of ['echo', 'error', 'timeout', 'retry', 'script', 'withEnv', 'input'])
      assert.equal(STEPS.get(name)?.node, false, name);
  });

  it('gives for each directive a snippet that is taken where it may stand', () => {
    for (const { name, contexts, snippet, block } of DIRECTIVES)
      for (const context of contexts) {
        assert.deepEqual(complaints(context, snippet, ''), [], `${name} in ${context}`);
        assert.equal(
          snippet.includes('{\n') || !block || name === 'expression' || name === 'agent',
          true,
          name,
        );
      }
  });

  it('gives for each step a snippet that is taken in `steps` or in `script`', () => {
    for (const { name, snippet } of STEPS.values()) {
      const context = ['stage', 'parallel', 'properties'].includes(name) ? 'script' : 'steps';
      assert.deepEqual(complaints(context, snippet, "echo 'x'"), [], `${name}: ${snippet}`);
    }
  });

  it('gives a snippet for what describes something to a step', () => {
    for (const { name, owner, snippet } of ARGUMENTS) {
      assert.deepEqual(problemsOf(parse(plain(snippet, ''))), [], snippet);
      const known = STEPS.has(owner) || DIRECTIVES.some((directive) => directive.name === owner);
      assert.ok(known, `${name} of ${owner}`);
    }
  });

  it('tells the context from the blocks around a place', () => {
    const cases: [string, Context | undefined][] = [
      ['', 'file'],
      ['pipeline', 'pipeline'],
      ['pipeline stages stage', 'stage'],
      ['pipeline stages stage steps', 'steps'],
      ['pipeline stages stage steps dir timeout', 'steps'],
      ['pipeline stages stage steps script', 'script'],
      ['pipeline stages stage steps script node', 'script'],
      ['pipeline stages stage when anyOf not', 'when'],
      ['pipeline stages stage when expression', 'script'],
      ['pipeline stages stage options', 'stageOptions'],
      ['pipeline options', 'options'],
      ['pipeline stages stage matrix axes axis', 'axis'],
      ['pipeline stages stage matrix excludes exclude axis', 'excludedAxis'],
      ['pipeline stages stage matrix stages stage', 'stage'],
      ['pipeline stages stage parallel stage post always', 'steps'],
      ['pipeline stages stage input parameters', 'parameters'],
      ['pipeline agent docker', 'docker'],
      ['pipeline environment', 'environment'],
      ['pipeline environment foo', undefined],
      ['node stage', 'script'],
    ];
    for (const [blocks, context] of cases)
      assert.equal(contextOf(blocks.split(' ').filter((block) => block !== '')), context, blocks);
  });

  it('knows for each context what stands in it', () => {
    const empty = (Object.keys(AROUND) as Context[]).filter(
      (context) => directivesIn(context).length === 0,
    );
    assert.deepEqual(empty, ['script', 'environment']);
  });

  it('refuses a line in its pages that it cannot read', () => {
    assert.throws(() => readCatalogue('step\n  Does something.\n  - what'), /no parameter: - what/);
  });
});
