import type { Pipeline } from './declarative';
import { didYouMean } from './check/nearNames';
import { bodyOf, calledName } from './syntax';
import type { Call, Problem, Statement } from './syntax';
import { checkAgent } from './check/validateAgent';
import { collect, headOf, isClear, sectionsOf } from './check/validateCheck';
import type { Check } from './check/validateCheck';
import { checkEnvironment, checkLibraries, checkTools } from './check/validateDirectives';
import { checkOptions, checkParameters, checkTriggers } from './check/validateEntries';
import { checkPost } from './check/validateSteps';
import { checkStages } from './check/validateStages';

/**
 * The errors in a Jenkinsfile's structure for which Jenkins would refuse it, and run nothing at
 * all. Steps and settings of plugins are not known here, and are no errors. Nothing is reported
 * for a scripted Pipeline. The rules are those of the plugin pipeline-model-definition.
 */
export function validate(pipeline: Pipeline): readonly Problem[] {
  return collect(pipeline, (check) => {
    const [first, ...others] = pipeline.statements.filter(isPipeline);
    if (first === undefined) {
      for (const statement of pipeline.statements) checkNested(statement, check);
      return;
    }
    for (const other of others)
      check.report(headOf(other, check), 'There can be only one "pipeline" in a Jenkinsfile.');
    checkPipeline(first, check);
  });
}

/** All that is wrong with a Jenkinsfile: what could not be read, and `validate`'s, in the order of the text. */
export function problemsOf(pipeline: Pipeline): readonly Problem[] {
  return [...pipeline.problems, ...validate(pipeline)].sort(
    (one, other) => one.range.start - other.range.start,
  );
}

function isPipeline(statement: Statement): statement is Call {
  return (
    statement.kind === 'call' &&
    statement.object === undefined &&
    statement.name === 'pipeline' &&
    statement.args.length === 1 &&
    bodyOf(statement) !== undefined
  );
}

/** `node { pipeline { } }`: where there is none at the top, one in a block is looked for. */
function checkNested(statement: Statement, check: Check): void {
  if (statement.kind !== 'call' || statement.object !== undefined) return;
  const body = bodyOf(statement);
  if (body === undefined) return;
  if (calledName(statement) === 'pipeline') {
    check.report(
      headOf(statement, check),
      '"pipeline" must stand at the top of the file, not in another block.',
    );
    return;
  }
  for (const inner of body.body) checkNested(inner, check);
}

const SECTIONS = [
  'agent',
  'stages',
  'environment',
  'options',
  'parameters',
  'triggers',
  'tools',
  'post',
  'libraries',
];

/** Sections of the first versions of Declarative, and what became of them. */
const RENAMED: Readonly<Record<string, string>> = {
  properties: 'options',
  wrappers: 'options',
  jobProperties: 'options',
  notifications: 'post',
  postBuild: 'post',
};

function checkPipeline(call: Call, check: Check): void {
  const body = bodyOf(call);
  if (body === undefined) return;
  const sections = sectionsOf(body, check);
  for (const section of sections) {
    switch (section.name) {
      case 'agent':
        checkAgent(section, check);
        break;
      case 'stages':
        checkStages(section, false, check);
        break;
      case 'environment':
        checkEnvironment(section, check);
        break;
      case 'options':
        checkOptions(section, 'options', check);
        break;
      case 'parameters':
        checkParameters(section, check);
        break;
      case 'triggers':
        checkTriggers(section, check);
        break;
      case 'tools':
        checkTools(section, check);
        break;
      case 'post':
        checkPost(section, check);
        break;
      case 'libraries':
        checkLibraries(section, check);
        break;
      default: {
        const now = RENAMED[section.name];
        check.report(
          headOf(section.call, check),
          now === undefined
            ? `"${section.name}" is no section of a pipeline.${didYouMean(section.name, SECTIONS)}`
            : `"${section.name}" is called "${now}" now.`,
        );
      }
    }
  }
  if (!isClear(body)) return;
  for (const required of ['agent', 'stages'])
    if (!sections.some(({ name }) => name === required))
      check.report(headOf(call, check), `"${required}" is missing: a pipeline needs it.`, call);
}
