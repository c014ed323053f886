import { interpret, type Facts } from '../pipeline/interpret';
import { outline } from '../pipeline/outline';
import { parse } from '../pipeline/parser';
import {
  StepError,
  Unknown,
  type Effects,
  type Environment,
  type Scope,
  type Value,
  type Variable,
} from '../pipeline/effects';
import { chooser, samePath } from './selection';
import { createPostScopes } from './postScopes';
import { dispositionOf, stepText } from './steps';
import type { Recipe } from './recipe';

/** Where the variables come from that the machine adds. */
const MACHINE = 'the machine';

/** A Recipe interpreted dry: what would be run, where, with which environment, and what cannot be repeated. */
export interface Plan {
  /** In the order in which things would happen. */
  readonly items: readonly PlanItem[];
  /** The run's own variables, the same for every step. */
  readonly environment: readonly Variable[];
  /** What the run's agents were asked for by: labels, images. */
  readonly agents: readonly string[];
  /** Jenkins ids of the credentials that the Jenkinsfile asks for. */
  readonly credentials: readonly string[];
  /** What the reading of the Jenkinsfile found wrong. */
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

export type PlanItem = { readonly stage: readonly string[]; readonly line: number } & (
  | { readonly kind: 'stage'; readonly runs: boolean; readonly why: string }
  /** `changes`: what differs from the run's own environment, the innermost value only. */
  | {
      readonly kind: 'sh';
      readonly script: string;
      readonly directory: string;
      readonly changes: readonly Variable[];
      readonly post: boolean;
    }
  | { readonly kind: 'step'; readonly text: string; readonly post: boolean }
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
  const credentials = new Set<string>();
  const agents = new Set<string>();
  const environment = runVariables(recipe);
  const choose = chooser(recipe);
  const failure = recipe.run?.failure;
  const broke = failure?.stage && { ...failure, stage: failure.stage };
  const posts = createPostScopes();

  const effects: Effects = {
    agent: (agent, _at, body) => {
      if (typeof agent.text === 'string' && agent.text !== '') agents.add(agent.text);
      // The machine gives these when the step is run; in a script they read as what they are.
      const names = ['WORKSPACE', 'WORKSPACE_TMP', 'NODE_NAME', 'NODE_LABELS', 'EXECUTOR_NUMBER'];
      return body(
        names.map((name) => ({ name, value: `$${name}`, origin: MACHINE, line: agent.line })),
      );
    },
    stage: async (stage, at, body) => {
      const choice = choose(stage);
      const runs = choice.runs === 'when' ? await stage.when?.().catch(() => false) : choice.runs;
      const why = choice.runs === 'when' ? whenText(runs) : choice.why;
      items.push({
        kind: 'stage',
        stage: stage.path,
        line: stage.range.line,
        runs: runs !== false,
        why,
      });
      if (runs === false) return;
      const outcome = await body();
      // The step that broke it may not be recognisable; the pipeline's `post` is the same anyway.
      if (broke && samePath(stage.path, broke.stage) && outcome === 'SUCCESS') at.worsen('FAILURE');
    },
    skipped: (stage, why) => {
      items.push({ kind: 'stage', stage: stage.path, line: stage.range.line, runs: false, why });
    },
    decide: () => Promise.resolve('both'),
    notice: (message, at) => {
      problems.push({ line: at.range.line, message });
    },
    post: (at, body) => posts.during(at, body),
    sh: (call, at) => {
      items.push({
        ...place(at),
        kind: 'sh',
        script: typeof call.script === 'string' ? call.script.trim() : `‹${call.script.origin}›`,
        directory: at.directory,
        changes: changesOf(at.environment, recipe),
        post: posts.contain(at),
      });
      if (
        !posts.contain(at) &&
        broke &&
        samePath(at.stage, broke.stage) &&
        runsCommand(call.script, broke.command)
      )
        return Promise.reject(new StepError('failed in CI', 'FAILURE', broke.exitCode));
      const unknown = new Unknown('sh', at.range.line);
      return Promise.resolve({
        status: call.returnStatus ? unknown : 0,
        stdout: call.returnStdout ? unknown : undefined,
      });
    },
    step: (call, at) => {
      const disposition = dispositionOf(call);
      const where = { ...place(at), post: posts.contain(at) };
      if (call.name === 'credentials') {
        const id = call.args.get('');
        if (typeof id !== 'string')
          return Promise.resolve(new Unknown('a credential', at.range.line));
        credentials.add(id);
        return Promise.resolve(new Unknown(`the credential ${id}`, at.range.line));
      }
      if (disposition.kind === 'runs') items.push({ ...where, kind: 'step', text: stepText(call) });
      else if (disposition.kind !== 'harmless')
        items.push({
          ...where,
          kind: disposition.kind,
          name: call.name,
          reason: disposition.reason,
        });
      return Promise.resolve<Value>(new Unknown(call.name, at.range.line));
    },
  };

  const pipeline = parse(recipe.jenkinsfile.text);
  await interpret(pipeline, { ...factsOf(recipe), dry: true }, effects, {
    cancel: signal,
    kill: signal,
  });
  signal.throwIfAborted();
  problems.push(...outline(pipeline).problems);
  return { items, environment, credentials: [...credentials], agents: [...agents], problems };
}

/** What a `when` that was computed here says, for people. */
export function whenText(value: boolean | Unknown | undefined): string {
  if (value instanceof Unknown) return `its \`when\` depends on ${value.origin}: taken as true`;
  return value === false ? 'its `when` is false' : 'its `when` is true';
}

/** What the interpreter is told of the run. */
export function factsOf(recipe: Recipe): Facts {
  return {
    environment: runVariables(recipe),
    parameters: new Map(
      recipe.parameters.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
    ),
    previous: recipe.run?.previous,
  };
}

/** The Plan as a page in Markdown for people. What came from the server stands in code spans only. */
export function planDocument(recipe: Recipe, plan: Plan): string {
  const { run } = recipe;
  const lines = [
    run ? `# Plan: ${code(run.job)} #${run.number}` : `# Plan: ${code(recipe.jenkinsfile.path)}`,
    '',
    ...(run ? [`- Run: <${run.url}>, ${run.result ?? 'still building'}`] : []),
    `- Commit: ${code(recipe.commit)}${recipe.withChanges ? ', with your uncommitted changes' : ''}`,
    `- Repository: ${code(recipe.repository.directory)}`,
    `- Jenkinsfile: ${code(recipe.jenkinsfile.path)} (${jenkinsfileSources[recipe.jenkinsfile.source]})`,
    `- Machine: this one${agentText(recipe, plan)}`,
    `- Selected: ${selectionText(recipe)}`,
    ...(run?.failure?.stage
      ? [`- Expected: ${code(run.failure.stage.join(' / '))} fails${expectedTests(recipe)}`]
      : []),
    '',
    '## What would be run',
    '',
    ...plan.items.flatMap((item, index) => [
      ...(isPost(item) && !isPost(plan.items[index - 1]) ? ['', '### Post', ''] : []),
      ...itemLines(item),
    ]),
    '',
    '## What cannot be repeated',
    '',
    ...notRepeated(plan),
    '',
    '## Environment of every step',
    '',
    'Beside these, each step has what this machine has.',
    '',
    '| Variable | Value | From |',
    '|---|---|---|',
    ...plan.environment.map(variableRow),
    ...recipe.parameters.map(
      ({ name, value, kind }) =>
        `| ${code(name)} | ${value === undefined ? `not told by Jenkins (${code(kind)})` : code(String(value))} | parameter of the run |`,
    ),
  ];
  if (plan.credentials.length > 0)
    lines.push(
      '',
      '## Credentials that will be asked for',
      '',
      ...plan.credentials.map((id) => `- ${code(id)}`),
    );
  if (plan.problems.length > 0)
    lines.push(
      '',
      '## What is wrong with the Jenkinsfile',
      '',
      ...plan.problems.map(({ line, message }) => `- Line ${line}: ${message}`),
    );
  return lines.join('\n') + '\n';
}

const jenkinsfileSources: Record<Recipe['jenkinsfile']['source'], string> = {
  commit: 'as it was at the commit',
  replay: 'as the run used it: it was replayed with changes',
  'working tree': 'as it is in your working tree',
  'recorded commands': 'none could be had: these are the commands that the log recorded',
};

function selectionText({ select, run }: Recipe): string {
  switch (select.kind) {
    case 'failure':
      return `everything that #${run?.number ?? ''} ran, up to and including the failing stage`;
    case 'stage':
      return `stage ${code(select.name)}`;
    case 'all':
      return 'all stages';
  }
}

function agentText({ run }: Recipe, { agents }: Plan): string {
  const wanted = agents.length > 0 ? ` asked for ${agents.map(code).join(', ')}` : '';
  const node = run?.node === undefined ? '' : ` ran on ${code(run.node)}`;
  return wanted + node === ''
    ? ''
    : `; the run${[wanted, node].filter((part) => part !== '').join(' and')}`;
}

function expectedTests({ run }: Recipe): string {
  const tests = run?.failure?.tests ?? [];
  return tests.length === 0 ? '' : `, test ${tests.map((test) => code(test.name)).join(', ')}`;
}

function itemLines(item: PlanItem): string[] {
  const where = `line ${item.line}`;
  switch (item.kind) {
    case 'stage':
      return [
        '',
        `### ${item.runs ? 'Stage' : 'Skipped: stage'} ${code(item.stage.join(' / '))}`,
        '',
        `${item.why} (${where})`,
        '',
      ];
    case 'sh':
      return [
        `- \`sh\` (${where}${item.directory === '.' ? '' : `, in ${code(item.directory)}`})`,
        '',
        ...fence(item.script).map((line) => `  ${line}`),
        '',
        ...item.changes.map((variable) => `  - ${variableText(variable)}`),
      ];
    case 'step':
      return [`- ${code(item.text)} (${where})`];
    case 'left out':
    case 'cannot be repeated':
      return [`- ${code(item.name)} (${where}) — **${item.kind}**: ${item.reason}`];
  }
}

function isPost(item: PlanItem | undefined): boolean {
  return item !== undefined && item.kind !== 'stage' && item.post;
}

function notRepeated(plan: Plan): string[] {
  const lines = plan.items.flatMap((item) =>
    item.kind === 'left out' || item.kind === 'cannot be repeated'
      ? [
          `- Line ${item.line}: ${code(item.name)} is ${item.kind === 'left out' ? 'left out on purpose' : 'not repeated'}: ${item.reason}`,
        ]
      : [],
  );
  const unknown = plan.items.flatMap((item) =>
    item.kind === 'sh'
      ? item.changes.flatMap(({ name, value }) =>
          typeof value === 'string'
            ? []
            : [
                `- Line ${item.line}: ${code(name)} depends on ${value.origin} at line ${value.line}`,
              ],
        )
      : [],
  );
  const all = [...new Set([...lines, ...unknown])];
  return all.length > 0 ? all : ['Nothing: every step is one that can be done again.'];
}

function variableRow(variable: Variable): string {
  return `| ${code(variable.name)} | ${valueOf(variable)} | ${variable.origin} |`;
}

function variableText(variable: Variable): string {
  const where = variable.line === undefined ? '' : `, line ${variable.line}`;
  return `${code(variable.name)} = ${valueOf(variable)} (${variable.origin}${where})`;
}

function valueOf({ value }: Variable): string {
  return typeof value === 'string' ? code(value) : `*${value.origin}*`;
}

/** A code span that holds any text: Markdown cannot get out of it. */
function code(text: string): string {
  const flat = text.replace(/[\r\n]+/g, ' ').replaceAll('|', '\u2223');
  const ticks = '`'.repeat(longestRun(flat) + 1);
  const pad = flat.startsWith('`') || flat.endsWith('`') || flat === '' ? ' ' : '';
  return ticks + pad + flat + pad + ticks;
}

function fence(text: string): string[] {
  const ticks = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return [`${ticks}sh`, ...text.split('\n'), ticks];
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

function runVariables(recipe: Recipe): Variable[] {
  return Object.entries(recipe.environment).map(([name, value]) => ({
    name,
    value,
    origin: recipe.run ? `run #${recipe.run.number}` : 'this working tree',
    line: undefined,
  }));
}

/** What a step's environment has beside the run's, with `--env` laid over it. */
function changesOf(environment: Environment, recipe: Recipe): Variable[] {
  const changes = [...environment.values()].filter(
    ({ name, value, origin }) =>
      origin !== MACHINE && recipe.environment[name] !== value && !(name in recipe.overrides),
  );
  const overrides = Object.entries(recipe.overrides).map(([name, value]) => ({
    name,
    value,
    origin: '--env',
    line: undefined,
  }));
  return [...changes, ...overrides];
}

function place(at: Scope): { stage: readonly string[]; line: number } {
  return { stage: at.stage, line: at.range.line };
}

/** Whether the log's `+ command` is one of the script's. */
function runsCommand(script: string | Unknown, command: string | undefined): boolean {
  return typeof script === 'string' && command !== undefined && script.includes(command);
}
