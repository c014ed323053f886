import type { Axis, Declarative, Matrix, Stage } from '../declarative';
import {
  argumentsOf,
  isOn,
  optionOf,
  withAgent,
  withEnvironment,
  withInput,
  withOptions,
  withTools,
} from './directives';
import type { Checkout } from './directives';
import { StepError, Unknown } from '../effects';
import type { StageCall } from '../effects';
import { apply } from './calls';
import { evaluate } from './evaluate';
import { sourceOf, withLayer } from './frame';
import type { Frame } from './frame';
import { Gate } from './gate';
import type { Course } from './gate';
import { loadLibraries } from './libraries';
import { Directive } from './locals';
import type { Locals } from './locals';
import { runPost } from './post';
import { declareParameter, inParallel, inStage } from './steps';
import { calledName, lineAt, positional, rangeOf } from '../syntax';
import type { Call } from '../syntax';
import { Lambda, textOf } from './values';

/** What holds for all stages of a pipeline. */
interface Context {
  readonly locals: Locals;
  readonly checkout: Checkout;
  readonly failFast: boolean;
  readonly skipAfterUnstable: boolean;
  /** The pipeline's own `agent`. */
  readonly agent: Call | undefined;
  /** True if each stage without an agent gets a container of its own on the pipeline's node. */
  readonly perStage: boolean;
  /** Those of the parent stage, else of the pipeline: a stage installs them again. */
  readonly tools: readonly Call[];
}

/** Runs a Declarative pipeline: its stages, then its `post`. Rejects with the first error. */
export async function runDeclarative(
  pipeline: Declarative,
  locals: Locals,
  frame: Frame,
): Promise<void> {
  await readParameters(pipeline.parameters, locals, frame);
  const course: { error: StepError | undefined; postDone: boolean } = {
    error: undefined,
    postDone: false,
  };
  const post = async (inner: Frame) => {
    course.postDone = true;
    course.error = await runPost(pipeline.post, course.error, false, locals, inner);
  };
  try {
    await loadNamed(pipeline.libraries, locals, frame);
    const context = await contextOf(pipeline, locals, frame);
    const scope = context.perStage ? 'node' : 'all';
    await withAgent(pipeline.agent, context.checkout, scope, locals, frame, (onAgent) =>
      withEnvironment(pipeline, 'environment of the pipeline', locals, onAgent, (inside) =>
        withOptions(pipeline.options, locals, inside, (limited) => {
          // A retry of the whole pipeline begins anew.
          course.error = undefined;
          return withTools(pipeline.tools, locals, limited, async (inner) => {
            course.error = await runStages(pipeline.stages, context, inner);
            await post(inner);
            // For the options around: retry does it all again.
            throwIf(course.error);
          });
        }),
      ),
    );
  } catch (failure) {
    if (!(failure instanceof StepError)) throw failure;
    course.error ??= failure;
  }
  // What failed before the stages leaves `post` to run outside of everything.
  if (!course.postDone) await post(frame);
  throwIf(course.error);
}

function throwIf(error: StepError | undefined): void {
  if (error !== undefined) throw error;
}

/** The defaults of parameters that the run has no value of. */
async function readParameters(
  parameters: readonly Call[],
  locals: Locals,
  frame: Frame,
): Promise<void> {
  for (const call of parameters) {
    const definition = await argumentsOf(call, locals, frame);
    declareParameter(definition.set('$symbol', calledName(call)), frame);
  }
}

async function loadNamed(libraries: readonly Call[], locals: Locals, frame: Frame): Promise<void> {
  for (const call of libraries) {
    const args = await argumentsOf(call, locals, frame);
    await loadLibraries(args.get('') ?? null, call, frame);
  }
}

async function contextOf(
  { options, agent, tools }: Declarative,
  locals: Locals,
  frame: Frame,
): Promise<Context> {
  const none: Checkout = { skip: false, subdirectory: undefined };
  return {
    locals,
    agent,
    tools,
    perStage: await isOn(options, 'newContainerPerStage', locals, frame),
    checkout: await checkoutOf(options, none, locals, frame),
    failFast: await isOn(options, 'parallelsAlwaysFailFast', locals, frame),
    skipAfterUnstable: await isOn(options, 'skipStagesAfterUnstable', locals, frame),
  };
}

/** How a level checks out: its own options come before those around. */
async function checkoutOf(
  options: readonly Call[],
  outer: Checkout,
  locals: Locals,
  frame: Frame,
): Promise<Checkout> {
  const skips = optionOf(options, 'skipDefaultCheckout') !== undefined;
  const folder = optionOf(options, 'checkoutToSubdirectory');
  const given = folder && (await argumentsOf(folder, locals, frame)).get('');
  return {
    skip: skips ? await isOn(options, 'skipDefaultCheckout', locals, frame) : outer.skip,
    subdirectory: typeof given === 'string' ? given : outer.subdirectory,
  };
}

/** Runs stages one after the other; after an error the rest is skipped. Returns the error. */
async function runStages(
  stages: readonly Stage[],
  context: Context,
  frame: Frame,
): Promise<StepError | undefined> {
  let error: StepError | undefined;
  let failed = '';
  for (const stage of stages) {
    const name = await nameOf(stage, context, frame);
    if (error !== undefined) {
      skipAll([stage], `stage ${failed} failed`, context, frame);
    } else if (context.skipAfterUnstable && frame.run.result === 'UNSTABLE') {
      skipAll([stage], 'the run is unstable', context, frame);
    } else {
      try {
        await runStage(stage, name, context, frame);
      } catch (failure) {
        if (!(failure instanceof StepError)) throw failure;
        error = failure;
        failed = name;
      }
    }
  }
  return error;
}

async function nameOf(stage: Stage, context: Context, frame: Frame): Promise<string> {
  if (stage.name === undefined) return '';
  const name = textOf(await evaluate(stage.name, new Directive(context.locals), frame));
  return name instanceof Unknown ? sourceName(stage, frame) : name;
}

/** The name as the text has it, where its value is not known. */
function sourceName(stage: Stage, frame: Frame): string {
  const { name } = stage;
  if (name?.kind === 'literal') return String(name.value);
  const place = name?.kind === 'gstring' ? name.inner : name;
  return place === undefined ? '' : frame.file.pipeline.text.slice(place.start, place.end);
}

/** Stages that are not entered are still named, with all that is inside of them. */
function skipAll(stages: readonly Stage[], why: string, context: Context, frame: Frame): void {
  for (const stage of stages) {
    const path = [...frame.stage, sourceName(stage, frame)];
    frame.run.effects.skipped?.(announcement(stage, path, undefined, frame), why);
    skipAll(nested(stage), why, context, { ...frame, stage: path });
  }
}

function nested(stage: Stage): readonly Stage[] {
  switch (stage.work.kind) {
    case 'stages':
    case 'parallel':
      return stage.work.stages;
    case 'matrix':
      return stage.work.matrix.stages;
    case 'steps':
    case 'nothing':
      return [];
  }
}

function announcement(
  stage: Stage,
  path: readonly string[],
  when: StageCall['when'],
  frame: Frame,
): StageCall {
  const range = rangeOf(frame.file.pipeline, stage.call);
  return { path, range, ...sourceOf(frame), ...kindOf(stage), when };
}

function kindOf(stage: Stage): { conditional: boolean; parent: boolean } {
  return { conditional: stage.when !== undefined, parent: stage.work.kind !== 'steps' };
}

async function runStage(stage: Stage, name: string, context: Context, frame: Frame): Promise<void> {
  const hasBranches = stage.work.kind === 'parallel' || stage.work.kind === 'matrix';
  const course: Course = hasBranches
    ? (check, inner) => runBranches(stage, context, check, inner)
    : (check, inner) => runOnAgent(stage, context, check, inner);
  const gate = new Gate(stage, context.locals, course);
  const state = { isEntered: false };
  try {
    const when = stage.when && ((inner: Frame) => gate.ask(inner));
    await inStage(name, { ...kindOf(stage), when }, stage.call, frame, (inner) => {
      state.isEntered = true;
      return gate.enter(inner);
    });
  } finally {
    if (!state.isEntered) await gate.leave();
  }
  if (!state.isEntered) {
    skipAll(nested(stage), `stage ${name} was skipped`, context, {
      ...frame,
      stage: [...frame.stage, name],
    });
  }
}

type Check = Parameters<Course>[0];

/** A stage with branches: its `post` runs outside of its own environment and options. */
async function runBranches(
  stage: Stage,
  context: Context,
  check: Check,
  frame: Frame,
): Promise<void> {
  const { locals } = context;
  let error: StepError | undefined;
  const state = { isLeft: false };
  const may = async (place: Parameters<Check>[0], inner: Frame): Promise<boolean> => {
    state.isLeft = !(await check(place, inner));
    return !state.isLeft;
  };
  try {
    if (!(await may('options', frame))) return;
    await withOptions(stage.options, locals, frame, async (limited) => {
      if (!(await may('input', limited))) return;
      await withInput(stage.input, locals, limited, async (answered) => {
        if (!(await may('inside', answered))) return;
        await withEnvironment(stage, originOf(answered), locals, answered, (inner) =>
          inParallel(
            branchesOf(stage, context, inner),
            context.failFast || stage.failFast,
            stage.call,
            inner,
          ),
        );
      });
    });
  } catch (failure) {
    if (!(failure instanceof StepError)) throw failure;
    error = failure;
  }
  if (!state.isLeft) error = await runPost(stage.post, error, true, locals, frame);
  throwIf(error);
}

type Branch = readonly [string, (frame: Frame) => Promise<void>];

function branchesOf(stage: Stage, context: Context, frame: Frame): Branch[] {
  const inside = stage.tools.length > 0 ? { ...context, tools: stage.tools } : context;
  switch (stage.work.kind) {
    case 'parallel':
      return stage.work.stages.map((branch) => [
        sourceName(branch, frame),
        async (inner) => {
          await runStage(branch, await nameOf(branch, inside, inner), inside, inner);
        },
      ]);
    case 'matrix':
      return cellsOf(stage.work.matrix, inside);
    case 'stages':
    case 'steps':
    case 'nothing':
      return [];
  }
}

/** The cells of a matrix: a stage each, with the values of its axes as variables. */
function cellsOf(matrix: Matrix, context: Context): Branch[] {
  return combinations(matrix.axes)
    .filter((cell) => !matrix.excludes.some((exclude) => isExcluded(cell, exclude)))
    .map((cell) => {
      const name = `Matrix - ${cell.map(([axis, value]) => `${axis} = '${value}'`).join(', ')}`;
      const stage: Stage = {
        ...matrix,
        name: undefined,
        failFast: false,
        work: { kind: 'stages', stages: matrix.stages },
      };
      return [
        name,
        (frame) => {
          const line = lineAt(frame.file.pipeline.lines, matrix.call.start);
          const variables = cell.map(([axis, value]) => ({
            name: axis,
            value,
            origin: 'axis',
            line,
          }));
          return runStage(stage, name, context, withLayer(frame, variables));
        },
      ];
    });
}

type Cell = readonly (readonly [string, string])[];

/** No matrix has more cells; Jenkins itself would not bear them. */
const MAX_CELLS = 1000;

function combinations(axes: readonly Axis[]): Cell[] {
  let cells: Cell[] = [[]];
  for (const { name, values } of axes) {
    cells = values
      // The first axis varies fastest, as in Jenkins.
      .flatMap((value) => cells.map((cell): Cell => [...cell, [name, value]]))
      .slice(0, MAX_CELLS);
  }
  return axes.length === 0 ? [] : cells;
}

function isExcluded(cell: Cell, exclude: readonly Axis[]): boolean {
  return exclude.every(({ name, values, negated }) => {
    const value = cell.find(([axis]) => axis === name)?.[1];
    return value !== undefined && values.includes(value) !== negated;
  });
}

/** A stage with steps, or with stages of its own. */
async function runOnAgent(
  stage: Stage,
  context: Context,
  check: Check,
  frame: Frame,
): Promise<void> {
  const { locals } = context;
  const checkout = await checkoutOf(stage.options, context.checkout, locals, frame);
  if (!(await check('options', frame))) return;
  await withOptions(stage.options, locals, frame, async (limited) => {
    if (!(await check('input', limited))) return;
    await withInput(stage.input, locals, limited, async (answered) => {
      if (!(await check('agent', answered))) return;
      const isOwn = stage.agent !== undefined || !context.perStage;
      const agent = isOwn ? stage.agent : context.agent;
      const scope = isOwn ? 'all' : 'container';
      await withAgent(agent, checkout, scope, locals, answered, async (onAgent) => {
        if (!(await check('inside', onAgent))) return;
        await withEnvironment(stage, originOf(onAgent), locals, onAgent, (inside) =>
          withTools(toolsOf(stage, context), locals, inside, (inner) =>
            runWork(stage, context, inner),
          ),
        );
      });
    });
  });
}

/** A stage's tools come over those around, which it installs again; none without an agent of its own or of the pipeline. */
function toolsOf(stage: Stage, { agent, tools }: Context): readonly Call[] {
  const [kind] = positional((stage.agent ?? agent)?.args ?? []);
  if (kind?.kind === 'name' && kind.name === 'none') return [];
  const own = (outer: Call) => stage.tools.find((tool) => tool.name === outer.name);
  const merged = tools.map((outer) => own(outer) ?? outer);
  return [...merged, ...stage.tools.filter((tool) => !merged.includes(tool))];
}

/** The steps or stages, then `post`. */
async function runWork(stage: Stage, context: Context, frame: Frame): Promise<void> {
  let error: StepError | undefined;
  if (stage.work.kind === 'stages') {
    const tools = stage.tools.length > 0 ? stage.tools : context.tools;
    error = await runStages(stage.work.stages, { ...context, tools }, frame);
  } else if (stage.work.kind === 'steps') {
    try {
      const lambda = await evaluate(stage.work.body, context.locals, frame);
      if (lambda instanceof Lambda) await apply(lambda, [], frame);
    } catch (failure) {
      if (!(failure instanceof StepError)) throw failure;
      error = failure;
    }
  }
  throwIf(await runPost(stage.post, error, true, context.locals, frame));
}

function originOf(frame: Frame): string {
  return `environment of stage ${frame.stage.join(' / ')}`;
}
