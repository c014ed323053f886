import type { Pipeline } from './declarative';
import { declareClasses } from './run/classes';
import { StepError } from './effects';
import type { Effects, Outcome, Value, Variable } from './effects';
import { evaluate } from './run/evaluate';
import { Killed, scriptFile } from './run/frame';
import type { Frame, Run } from './run/frame';
import { declareFunction } from './run/functions';
import { Libraries, loadLibraries } from './run/libraries';
import { annotationValue } from './names/libraryReferences';
import { Locals } from './run/locals';
import { runDeclarative } from './run/stages';
import { execute } from './run/statements';
import type { Statement } from './syntax';
import { thingOf, worst } from './run/values';

/** What the interpreter is told of the run. */
export interface Facts {
  /** The run's environment: BUILD_NUMBER, JOB_NAME …; without parameters, and without what an agent brings. */
  readonly environment: readonly Variable[];
  /** The run's values; for those that are missing the Jenkinsfile's defaults are used. */
  readonly parameters: ReadonlyMap<string, Value>;
  /** The previous run's result, for `changed`, `fixed` and `regression`; undefined on a first run. */
  readonly previous: Outcome | undefined;
  /** Names of the shared libraries that the server loads although the file does not name them. */
  readonly libraries?: readonly string[];
  /** True if the effects do nothing: loops without a known end are cut, and no time passes. */
  readonly dry?: boolean;
}

export interface Signals {
  /** Ends the step that runs, then runs `post` (aborted, always, cleanup). */
  readonly cancel: AbortSignal;
  /** Ends everything at once, also `post`. */
  readonly kill: AbortSignal;
}

export interface Ended {
  readonly outcome: Outcome;
  /** What ended it, if it was an error. */
  readonly error: string | undefined;
}

/**
 * Carries out a Jenkinsfile, declarative or scripted, as Jenkins would; what its steps do is the
 * effects' business. Resolves when everything, `post` included, has ended. Rejects only with what
 * an effect threw that is no `StepError`, the first such thing, and only after `post` and `finally`
 * have been run: what the Jenkinsfile itself puts away is put away also then.
 */
export async function interpret(
  pipeline: Pipeline,
  facts: Facts,
  effects: Effects,
  signals: Signals,
): Promise<Ended> {
  const run = startOf(facts, effects, signals);
  const frame: Frame = {
    run,
    file: scriptFile(pipeline),
    stage: [],
    path: [],
    branches: [],
    atBranch: false,
    layer: undefined,
    directory: '.',
    agent: undefined,
    agentVariables: [],
    interrupts: [signals.cancel],
    branch: { delivered: new Set() },
    status: { worst: 'SUCCESS' },
    post: undefined,
  };
  try {
    await runFile(pipeline, frame);
  } catch (error) {
    if (run.defect !== undefined) throw run.defect.cause;
    if (error instanceof Killed) return { outcome: 'ABORTED', error: error.message };
    if (!(error instanceof StepError)) throw error;
    return { outcome: worst(run.result, error.outcome), error: error.message };
  }
  if (run.defect !== undefined) throw run.defect.cause;
  return { outcome: run.result ?? 'SUCCESS', error: undefined };
}

/** The statements of the file; `pipeline { }` among them is Declarative. */
async function runFile(pipeline: Pipeline, frame: Frame): Promise<void> {
  const { declarative, statements } = pipeline;
  const locals = new Locals(frame.file.binding);
  const rest: Statement[] = [];
  await loadLibraries([...frame.run.implicitLibraries], { start: 0, end: 0 }, frame);
  for (const statement of statements) {
    if (statement.kind === 'function') declareFunction(frame.file.functions, statement);
  }
  declareClasses(statements, frame.file);
  for (const statement of statements) {
    if (statement.kind === 'annotation' && statement.name === 'Library') {
      const value = annotationValue(statement);
      if (value) await loadLibraries(await evaluate(value, locals, frame), statement, frame);
    }
    if (statement !== declarative?.call) {
      rest.push(statement);
      continue;
    }
    await execute(rest.splice(0), locals, frame);
    await runDeclarative(declarative, locals, frame);
  }
  await execute(rest, locals, frame);
}

function startOf(facts: Facts, effects: Effects, { cancel, kill }: Signals): Run {
  const parameters = new Map([...facts.parameters].map(([name, value]) => [name, thingOf(value)]));
  return {
    effects,
    cancel,
    kill,
    dry: facts.dry ?? false,
    implicitLibraries: facts.libraries ?? [],
    previous: facts.previous,
    environment: facts.environment,
    parameters,
    libraries: new Libraries(),
    assigned: new Map(),
    result: undefined,
    said: new Map(),
    returns: [],
    defect: undefined,
    quiet: 0,
    calls: 0,
    forks: 0,
    running: new Map(),
  };
}
