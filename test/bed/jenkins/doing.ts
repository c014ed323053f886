/**
 * What the double does when it is asked to: ParameterizedJobMixIn, ParametersDefinitionProperty and
 * Queue of Jenkins' core, WorkflowRun of workflow-job, InputStepExecution of pipeline-input-step,
 * ReplayAction of workflow-cps, RestartDeclarativePipelineAction of pipeline-model-definition.
 */
import { type Context, type LiveJob, type LiveRun, isBuilding, urlOf } from './live';
import { type LiveItem, parameterModel } from './queue';
import type { Posted } from './posted';
import { type Reply, forbidden, html, json, notFound, plain } from './replies';
import type { Model } from './tree';
import type { DefinitionSpec, InputSpec, ParameterSpec, RunSpec } from './world';

/** Somebody who asks, where, with what. */
export interface Asked extends Posted {
  readonly url: URL;
  readonly context: Context;
}

export function postedToJob(job: LiveJob, path: string, asked: Asked): Reply {
  const { context } = asked;
  const definitions = job.spec.definitions;
  switch (path) {
    case 'build':
    case 'buildWithParameters': {
      if (!may(context, 'build')) return refused(asked, 'hudson.model.Item.Build');
      if (job.spec.disabled === true) return html(409, page(`${job.fullName} is not buildable`));
      if (path === 'build' && definitions !== undefined)
        return html(400, page('Nothing is submitted'));
      if (path !== 'build' && definitions === undefined)
        return html(500, page('This build is not parameterized!'));
      if (context.options.quietingDown === true) return sentTo(job, '', context);
      const parameters = definitions && valuesOf(definitions, asked);
      if (parameters === 'illegal') return html(500, page('Oops!'));
      const same = context.queue.same(job, parameters);
      const causes = [`Started by user ${nameOf(context)}`];
      const item = same ?? context.queue.add(job, { causes, parameters });
      return queued(item, path !== 'build' && same !== undefined ? 303 : 201, context);
    }
    default:
      return notFound();
  }
}

export function postedToRun(job: LiveJob, run: LiveRun, path: string, asked: Asked): Reply {
  const goesOn = isBuilding(run.spec);
  const reply = doneToRun(job, run, path, asked);
  if (goesOn && !isBuilding(run.spec)) asked.context.publish('job_run_ended', job, { run });
  return reply;
}

function doneToRun(job: LiveJob, run: LiveRun, path: string, asked: Asked): Reply {
  const { fields, context } = asked;
  const user = nameOf(context);
  const [action = '', id = '', verb] = path.split('/').map(decodeURIComponent);
  switch (verb === undefined ? path : action) {
    case 'stop':
    case 'term':
    case 'kill':
      // Only a Pipeline can be ended harder.
      if (action !== 'stop' && job.spec.kind === 'freestyle') return notFound();
      if (!may(context, 'cancel')) return refused(asked, 'hudson.model.Item.Cancel');
      end(run, action as (typeof HARDNESS)[number], user);
      return sentTo(job, `${run.number}/`, context);
    case 'input':
      return answered(run, id, verb ?? '', asked);
    case 'replay/run': {
      const { script, parameters } = run.spec;
      // Without both permissions, to replay and to build, the action is not there at all.
      if (script === undefined || (!may(context, 'replay') && !may(context, 'build')))
        return notFound();
      if (!may(context, 'replay')) return refused(asked, null);
      const { mainScript } = JSON.parse(fields.get('json') ?? '{}') as { mainScript: string };
      if (parameters?.some(({ kind }) => kind === 'Password') === true)
        return failure('Replay is not allowed when password parameters are used.');
      const causes = [`Started by user ${user}`, `Replayed #${run.number}`];
      context.queue.add(job, { causes, parameters, rest: again(run, { script: mainScript }) });
      return sentTo(job, '', context);
    }
    case 'restart/restartPipeline': {
      const stage = fields.get('stageName') ?? '';
      if (!restartEnabled(run.spec, context))
        return answerOf({ success: 'false', message: 'not allowed to restart' });
      if (run.spec.restartable?.includes(stage) !== true)
        return answerOf({
          success: 'false',
          message: `Failure restarting from stage: java.lang.IllegalStateException: Stage ${stage} either is not present`,
        });
      const cause = `Restarted from build #${run.number}, stage ${stage}`;
      const causes = [`Started by user ${user}`, cause];
      context.queue.add(job, { causes, parameters: run.spec.parameters, rest: again(run, {}) });
      return answerOf({ success: 'true', message: 'ok' });
    }
    default:
      return notFound();
  }
}

export function cancelItem(asked: Asked): Reply {
  const id = Number(asked.url.searchParams.get('id'));
  const item = asked.context.queue.find(id);
  if (item?.state !== 'waiting')
    return plain(Buffer.from(`Provided id (${id}) not found`), {}, 404);
  if (!may(asked.context, 'cancel'))
    return plain(Buffer.from(`Item for id (${id}) is not cancellable`), {}, 422);
  asked.context.queue.cancel(item);
  return { status: 204, headers: {}, body: '' };
}

/** What `property` of a job exports of its parameters. */
export function definitionsModel(definitions: readonly DefinitionSpec[] | undefined): Model[] {
  if (definitions === undefined) return [];
  const property = 'hudson.model.ParametersDefinitionProperty';
  return [{ _class: property, parameterDefinitions: definitions.map(definitionModel) }];
}

/** What the actions of a run export of its inputs and of where it can be restarted from. */
export function waysOn({ spec }: Pick<LiveRun, 'spec'>, context: Context): Model[] {
  const { inputs, restartable } = spec;
  return [
    ...(inputs === undefined || context.options.inputs === 'stage view'
      ? []
      : [
          {
            _class: 'org.jenkinsci.plugins.workflow.support.steps.input.InputAction',
            executions: inputs.map(inputModel),
            waitingForInput: inputs.length > 0,
          },
        ]),
    {
      _class: RESTART,
      restartEnabled: restartEnabled(spec, context),
      restartableStages: restartable ?? [],
    },
  ];
}

/** `wfapi/pendingInputActions`, PendingInputActionsExt of pipeline-stage-view. */
export function pendingInputs(run: LiveRun, path: string): unknown {
  return (run.spec.inputs ?? []).map((input) => ({
    id: input.id,
    proceedText: input.ok ?? 'Proceed',
    message: input.message,
    inputs: (input.parameters ?? []).map((definition) => ({
      type: `${definition.kind}ParameterDefinition`,
      name: definition.name,
      description: definition.description ?? null,
      definition: {
        ...('choices' in definition && { choices: definition.choices }),
        ...(defaultOf(definition) !== undefined && { defaultVal: defaultOf(definition) }),
      },
    })),
    proceedUrl: `${path}wfapi/inputSubmit?inputId=${encodeURIComponent(input.id)}`,
    abortUrl: `${path}input/${encodeURIComponent(input.id)}/abort`,
    redirectApprovalUrl: `${path}input/`,
  }));
}

const RESTART =
  'org.jenkinsci.plugins.pipeline.modeldefinition.actions.RestartDeclarativePipelineAction';

/** A server without users is one without security: everybody may do everything. */
function may({ user, options }: Context, what: 'build' | 'cancel' | 'replay'): boolean {
  return user === undefined ? options.users === undefined : (user[what] ?? what !== 'replay');
}

function nameOf({ user }: Context): string {
  return user?.name ?? 'anonymous';
}

function refused({ url, context }: Asked, permission: string | null): Reply {
  return forbidden(url, context.user?.name, permission);
}

function queued(item: LiveItem, status: 201 | 303, context: Context): Reply {
  return { status, headers: { Location: `${context.root}queue/item/${item.id}/` }, body: '' };
}

/** To a page of the job, by the host that the request named. */
function sentTo(job: LiveJob, rest: string, context: Context): Reply {
  const { pathname } = new URL(urlOf(job, context));
  return { status: 302, headers: { Location: pathname + rest }, body: '' };
}

/** hudson.model.Failure: a page that a person may read. */
function failure(message: string): Reply {
  return html(400, page(message), { 'X-Error': message });
}

function page(message: string): string {
  return `<html><body><h1>Error</h1><p>${message}</p></body></html>`;
}

function answerOf(data: Readonly<Record<string, string>>): Reply {
  return json({ status: 'ok', data });
}

/** SimpleParameterDefinition.createValue: what is not posted has its default; FileParameterDefinition: a file has none. */
function valuesOf(
  definitions: readonly DefinitionSpec[],
  { fields, files }: Posted,
): ParameterSpec[] | 'illegal' {
  const values: ParameterSpec[] = [];
  for (const definition of definitions) {
    const { name, kind } = definition;
    if (kind === 'File') {
      const file = files.get(name);
      if (file !== undefined) values.push({ name, kind, file });
      continue;
    }
    const posted = fields.get(name);
    if (kind === 'Choice' && posted !== null && !definition.choices.includes(posted))
      return 'illegal';
    const value =
      posted === null ? defaultOf(definition) : kind === 'Boolean' ? posted === 'true' : posted;
    if (value !== undefined) values.push({ name, kind: valueKind(kind), value });
  }
  return values;
}

/** What is chosen becomes a text. */
function valueKind(kind: DefinitionSpec['kind']): Exclude<ParameterSpec['kind'], undefined> {
  return kind === 'Choice' ? 'String' : kind;
}

function defaultOf(definition: DefinitionSpec): string | boolean | undefined {
  switch (definition.kind) {
    case 'Boolean':
      return definition.default ?? false;
    case 'Choice':
      return definition.choices[0];
    case 'File':
      return undefined;
    case 'Run':
      return definition.default;
    default:
      return definition.default ?? '';
  }
}

function definitionModel(definition: DefinitionSpec): Model {
  const { name, kind, description } = definition;
  const value = defaultOf(definition);
  return {
    _class: `hudson.model.${kind}ParameterDefinition`,
    defaultParameterValue:
      value === undefined ? null : parameterModel({ name, kind: valueKind(kind), value }),
    description: description ?? null,
    name,
    type: `${kind}ParameterDefinition`,
    ...(kind === 'Choice' && { choices: definition.choices }),
    ...(kind === 'Run' && { projectName: definition.project, filter: definition.filter ?? 'ALL' }),
  };
}

function inputModel(input: InputSpec): Model {
  return {
    displayName: input.message.slice(0, 32),
    id: input.id,
    settled: false,
    input: {
      cancel: input.cancel ?? 'Abort',
      id: input.id,
      message: input.message,
      ok: input.ok ?? 'Proceed',
      parameters: (input.parameters ?? []).map(definitionModel),
      submitter: input.submitter ?? null,
      submitterParameter: null,
    },
  };
}

function answered(run: LiveRun, id: string, verb: string, asked: Asked): Reply {
  const { inputs = [] } = run.spec;
  const input = inputs.find((each) => each.id === id);
  if (input === undefined || !['proceed', 'proceedEmpty', 'abort'].includes(verb))
    return notFound();
  const { context, fields, files } = asked;
  const chosen = input.submitter?.split(',').map((name) => name.trim());
  const maySubmit = chosen === undefined ? may(context, 'build') : chosen.includes(nameOf(context));
  if (verb === 'abort' ? !maySubmit && !may(context, 'cancel') : !maySubmit)
    return failure(
      verb === 'abort'
        ? 'You need to have Job/Cancel permissions to cancel this.'
        : input.submitter === undefined
          ? 'You need to have Job/Build permissions to submit this.'
          : `You need to be ${input.submitter} to submit this.`,
    );
  if (verb === 'proceed' && fields.get('json') === null)
    return html(400, page('Nothing is submitted'));
  // bindJSON puts the file in that the form names (RequestImpl of Stapler).
  const inForm = (key: string, value: unknown): unknown =>
    key === 'file' && typeof value === 'string' ? files.get(value) : value;
  const answer =
    verb === 'proceed' ? (JSON.parse(fields.get('json') ?? '', inForm) as unknown) : undefined;
  const left = inputs.filter((each) => each !== input);
  run.spec = {
    ...run.spec,
    inputs: left,
    answers: { ...run.spec.answers, [id]: verb === 'abort' ? 'aborted' : (answer ?? 'proceeded') },
    ...(verb === 'abort' && { building: false, result: 'ABORTED' as const }),
  };
  return { status: 200, headers: {}, body: '' };
}

const HARDNESS = ['stop', 'term', 'kill'] as const;

function end(run: LiveRun, how: (typeof HARDNESS)[number], user: string): void {
  if (!isBuilding(run.spec)) return;
  run.append(Buffer.from(how === 'kill' ? 'Hard kill!\n' : `Aborted by ${user}\n`));
  if (HARDNESS.indexOf(how) < HARDNESS.indexOf(run.spec.endsBy ?? 'stop')) return;
  run.append(Buffer.from('Finished: ABORTED\n'));
  run.spec = { ...run.spec, building: false, result: 'ABORTED' };
}

/** What a run that is done again has of the one before: its commit, and its script. */
function again({ spec }: LiveRun, changed: Partial<RunSpec>): Partial<RunSpec> {
  const { revision, checkouts, script } = spec;
  return {
    ...(revision !== undefined && { revision }),
    ...(checkouts !== undefined && { checkouts }),
    ...(script !== undefined && { script }),
    ...changed,
  };
}

function restartEnabled(spec: RunSpec, context: Context): boolean {
  return spec.restartable !== undefined && !isBuilding(spec) && may(context, 'build');
}
