import type { WantedCredential } from '../base/secretChannel';
import { interpret, type Facts } from '../pipeline/interpret';
import { parse } from '../pipeline/parser';
import {
  StepError,
  Unknown,
  type Agent,
  type Effects,
  type Scope,
  type StepCall,
  type Value,
  type Variable,
} from '../pipeline/effects';
import { placeOf } from './agentPlaces';
import { bindingsOf } from './bindings';
import { MACHINE, createLayers, type Change } from './changes';
import { MACHINE_VARIABLES } from './environment';
import { implicitLibraries, libraryEffect } from './libraries';
import { createConditions, type Condition } from './conditions';
import { settingsOf, type PipelineSettings } from './pipelineSettings';
import { branchChooser } from './branches';
import { chooser, samePath } from './selection';
import { createPostScopes } from './postScopes';
import { dispositionOf, isCarriedOutAround, stepText, unknownResult } from './steps';
import { decisionKey, type Recipe } from './recipe';
import { judgedProblems, type Consequence } from './refusal';

/** The error of the step that failed in CI. */
const FAILED_IN_CI = 'failed in CI';

/** A Recipe interpreted dry: what would be run, where, with which environment, and what cannot be repeated. */
export interface Plan {
  /** In the order in which things would happen; branches one after the other. */
  readonly items: readonly PlanItem[];
  /** What would end the pipeline; undefined if nothing does but the failure that CI saw. */
  readonly error: string | undefined;
  /** The run's own variables and its parameters, the same for every step. */
  readonly environment: readonly Variable[];
  /** What the run's agents were asked for by: labels, images. */
  readonly agents: readonly string[];
  /** The credentials that the Jenkinsfile and its libraries ask for. */
  readonly credentials: readonly PlannedCredential[];
  /** Names of the parallel branches and matrix cells that were met. */
  readonly branches: readonly string[];
  /** What stands in the pipeline's `options`, `parameters` and `triggers`. */
  readonly settings: PipelineSettings;
  /** What the reading of the Jenkinsfile found wrong. */
  readonly problems: readonly {
    readonly line: number;
    readonly source: string | undefined;
    readonly message: string;
    /** Undefined for what is met only when it is run. */
    readonly consequence: Consequence | undefined;
  }[];
}

/** A credential, with the variables that it becomes and the lines that ask for it. */
export interface PlannedCredential extends WantedCredential {
  readonly variables: readonly string[];
  readonly lines: readonly number[];
}

export type PlanItem = {
  /** Where it stands: stages, and branches of a scripted `parallel`. */
  readonly stage: readonly string[];
  readonly line: number;
  /** The file of a shared library that the line counts in; undefined for the Jenkinsfile. */
  readonly source: string | undefined;
  /** It happens only if these hold; the outermost first. */
  readonly conditions: readonly Condition[];
} & (
  | {
      readonly kind: 'stage';
      /** `branch`: one of several side by side. */
      readonly what: 'stage' | 'branch' | 'cell';
      readonly runs: boolean;
      readonly why: string;
    }
  /** Steps from here on run there. `container` is an image or a Dockerfile. */
  | {
      readonly kind: 'agent';
      readonly asked: string;
      readonly container: string | undefined;
      /** What the Jenkinsfile gives `docker run` beside the image. */
      readonly options: string;
      readonly workspace: string;
      /** Why it is not as in CI. */
      readonly note: string | undefined;
    }
  /** `changes`: what differs from the run's own environment, the innermost value only. */
  | {
      readonly kind: 'sh';
      readonly script: string;
      readonly directory: string;
      readonly changes: readonly Change[];
      readonly post: boolean;
    }
  | {
      readonly kind: 'step';
      readonly text: string;
      readonly note: string | undefined;
      readonly post: boolean;
    }
  /** A step that publishes is left out on purpose; what is outside of what can be done here cannot be repeated. */
  | {
      readonly kind: 'left out' | 'cannot be repeated';
      readonly name: string;
      readonly reason: string;
      readonly post: boolean;
    }
);

/**
 * Interprets the recipe without doing anything. Steps pass, except that a stage which failed in CI
 * fails at its end: so the Plan shows the `post` that CI went through.
 */
export async function makePlan(recipe: Recipe, signal: AbortSignal): Promise<Plan> {
  const items: PlanItem[] = [];
  const problems: Plan['problems'][number][] = [];
  const credentials = new Map<string, PlannedCredential>();
  const agents = new Set<string>();
  const branches = new Set<string>();
  const choose = chooser(recipe);
  const chooseBranches = branchChooser(recipe);
  const failure = recipe.run?.failure;
  const broke = failure?.stage && { ...failure, stage: failure.stage };
  const posts = createPostScopes();
  const layers = createLayers(recipe);
  const undecided = createConditions();
  let workspaces = 0;

  const place = (at: Scope) => ({
    stage: at.path,
    line: at.range.line,
    source: at.source,
    conditions: undecided.around(at),
  });

  const wantCredentials = (call: StepCall, at: Scope): readonly Variable[] =>
    bindingsOf(call).flatMap(({ id, kind, variables }): readonly Variable[] => {
      const names = [...variables.values()];
      if (typeof id === 'string') {
        const known = credentials.get(id);
        credentials.set(id, {
          id,
          kind: known?.kind ?? kind,
          variables: [...new Set([...(known?.variables ?? []), ...names])],
          lines: [
            ...new Set([
              ...(known?.lines ?? []),
              ...(at.source === undefined ? [at.range.line] : []),
            ]),
          ],
        });
      }
      const shown = typeof id === 'string' ? `the credential ${id}` : id.origin;
      const { line } = at.range;
      // Which of them `credentials('id')` gives depends on its kind.
      const all =
        call.name === 'credentials'
          ? names.flatMap((name) => [name, `${name}_USR`, `${name}_PSW`])
          : names;
      return all.map((name) => ({
        name,
        value: new Unknown(shown, line),
        origin: call.name,
        line,
      }));
    });

  const effects: Effects = {
    agent: (agent, at, body) => {
      layers.enter(at);
      if (typeof agent.text === 'string' && agent.text !== '') agents.add(agent.text);
      const reused = agent.settings?.get('reuseNode') === true && workspaces > 0;
      const workspace = reused || workspaces === 0 ? '$WORKSPACE' : `$WORKSPACE-${workspaces + 1}`;
      if (!reused) workspaces++;
      items.push({ ...place(at), line: agent.line, kind: 'agent', workspace, ...placeOf(agent) });
      // The machine gives these when the step is run; in a script they read as what they are.
      const own = ['WORKSPACE', 'WORKSPACE_TMP', 'NODE_NAME', 'NODE_LABELS', 'EXECUTOR_NUMBER'];
      const names = [...own, ...MACHINE_VARIABLES];
      return body(
        names.map((name) => ({ name, value: `$${name}`, origin: MACHINE, line: agent.line })),
      ).finally(() => {
        if (!reused) workspaces--;
      });
    },
    stage: async (stage, at, body) => {
      layers.enter(at);
      const choice = choose(stage, at.path);
      const runs = choice.runs === 'when' ? await stage.when?.().catch(() => false) : choice.runs;
      const why = choice.runs === 'when' ? whenText(runs) : choice.why;
      const { line } = stage.range;
      const what = whatIs(at);
      items.push({ ...place(at), line, kind: 'stage', what, runs: runs !== false, why });
      if (runs === false) return;
      const outcome = await body();
      // The step that broke it may not be recognisable; the pipeline's `post` is the same anyway.
      if (broke && samePath(at.path, broke.stage) && outcome === 'SUCCESS') at.worsen('FAILURE');
    },
    library: libraryEffect(recipe),
    skipped: ({ path, range: { line }, source }, why) => {
      items.push({
        ...{ kind: 'stage', what: 'stage', runs: false, why },
        ...{ stage: path, line, source, conditions: [] },
      });
    },
    branches: (names, at) => {
      for (const name of names) branches.add(name);
      const chosen = chooseBranches?.(names) ?? names;
      for (const name of names.filter((one) => !chosen.includes(one)))
        items.push({
          ...place(at),
          ...{ stage: [...at.path, name], kind: 'stage', what: 'branch' },
          ...{ runs: false, why: 'another branch was chosen' },
        });
      return chosen;
    },
    decide: (condition, at, ways) => {
      const told = recipe.answers?.decide?.[decisionKey(at)];
      if (told !== undefined) return Promise.resolve(told);
      undecided.note(condition, at, ways);
      return Promise.resolve('both');
    },
    notice: (message, at) => {
      problems.push({ line: at.range.line, source: at.source, message, consequence: undefined });
    },
    post: (at, body) => posts.during(at, body),
    sh: (call, at) => {
      items.push({
        ...place(at),
        kind: 'sh',
        script: typeof call.script === 'string' ? call.script.trim() : `‹${call.script.origin}›`,
        directory: at.directory,
        changes: layers.changes(at),
        post: posts.contain(at),
      });
      if (
        !posts.contain(at) &&
        broke &&
        samePath(at.path, broke.stage) &&
        runsCommand(call.script, broke.command)
      )
        return Promise.reject(new StepError(FAILED_IN_CI, 'FAILURE', broke.exitCode));
      const unknown = new Unknown('sh', at.range.line);
      return Promise.resolve({
        status: call.returnStatus ? unknown : 0,
        stdout: call.returnStdout ? unknown : undefined,
      });
    },
    step: (call, at) => {
      tell(call, at);
      return Promise.resolve<Value>(valueOf(call, at));
    },
    block: async (call, at, body) => {
      const variables = wantCredentials(call, at);
      if (call.name !== 'credentials') tell(call, at);
      await body({ variables, ...insideOf(call, at) });
    },
  };

  function tell(call: StepCall, at: Scope): void {
    const disposition = dispositionOf(call, recipe);
    const where = { ...place(at), post: posts.contain(at) };
    if (disposition.kind === 'runs')
      items.push({
        ...where,
        kind: 'step',
        text: stepText(call),
        note: noteOf(call) ?? disposition.note,
      });
    else if (disposition.kind !== 'harmless')
      items.push({
        ...where,
        kind: disposition.kind,
        name: call.name,
        reason: disposition.reason,
      });
  }

  const pipeline = parse(recipe.jenkinsfile.text);
  const ended = await interpret(pipeline, { ...factsOf(recipe), dry: true }, effects, {
    cancel: signal,
    kill: signal,
  });
  signal.throwIfAborted();
  for (const { line, message, consequence } of judgedProblems(recipe, pipeline))
    problems.push({ line, source: undefined, message, consequence });
  return {
    items,
    error: ended.error === FAILED_IN_CI ? undefined : ended.error,
    environment: [...layers.run, ...layers.parameters()],
    credentials: [...credentials.values()],
    agents: [...agents],
    branches: [...branches],
    settings: settingsOf(pipeline),
    problems,
  };
}

/** What a `when` that was computed here says, for people. */
export function whenText(value: boolean | Unknown | undefined): string {
  if (value instanceof Unknown) return `its \`when\` depends on ${value.origin}: taken as true`;
  return value === false ? 'its `when` is false' : 'its `when` is true';
}

/** What the interpreter is told of the run. */
export function factsOf(recipe: Recipe): Facts {
  return {
    environment: createLayers(recipe).run,
    parameters: new Map(
      recipe.parameters.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
    ),
    previous: recipe.run?.previous,
    libraries: implicitLibraries(recipe),
  };
}

/** A branch of Declarative is a stage of its own name, and so is a cell. */
function whatIs(at: Scope): 'stage' | 'branch' | 'cell' {
  const name = at.branches.at(-1);
  if (name === undefined || name !== at.stage.at(-1)) return 'stage';
  return name.startsWith('Matrix - ') ? 'cell' : 'branch';
}

function noteOf(call: StepCall): string | undefined {
  if (call.name === 'input') return 'it is asked at the terminal, or answered by --input';
  if (call.name === 'lock') return 'branches of this reproduction exclude each other';
  return undefined;
}

function valueOf(call: StepCall, at: Scope): Value {
  if (call.name === 'isUnix') return true;
  return unknownResult(call, at);
}

/** What the body of a step finds that a reproduction would make. */
function insideOf(call: StepCall, at: Scope) {
  if (!isCarriedOutAround(call.name)) return {};
  if (call.name === 'ws') return { directory: '.' };
  const image = call.args.get('image');
  if (call.name !== 'docker.inside') return {};
  const agent: Agent = {
    kind: 'docker',
    text: typeof image === 'string' ? image : undefined,
    line: at.range.line,
  };
  return { agent };
}

/** Whether the log's `+ command` is one of the script's. */
function runsCommand(script: string | Unknown, command: string | undefined): boolean {
  return typeof script === 'string' && command !== undefined && script.includes(command);
}
