import { fields, list, number, text } from './json';
import type { Upload } from './multipart';
import type { Run } from './run';

/** What to ask of a parameter's definition, in Jenkins' `tree` language. */
export const DEFINITION_FIELDS =
  'type,name,description,choices,projectName,filter,defaultParameterValue[value,jobName,number]';

/** A parameter that a job, or an input of a Pipeline, asks for. */
export type ParameterDefinition = Common &
  (
    | {
        readonly kind: 'text';
        readonly lines: 'one' | 'many';
        /** Undefined where Jenkins does not tell it. */
        readonly initial: string | undefined;
      }
    | { readonly kind: 'boolean'; readonly initial: boolean }
    | {
        readonly kind: 'choice';
        readonly choices: readonly string[];
        readonly initial: string | undefined;
      }
    /** What is left out has its default, which Jenkins does not tell. */
    | { readonly kind: 'password' }
    /** A run of another job: `folder/job#12`. */
    | {
        readonly kind: 'run';
        /** The full name of the job. */
        readonly project: string | undefined;
        /** Which of its runs Jenkins offers. */
        readonly offered: Offered;
        readonly initial: string | undefined;
      }
    /** A file, which has no default. */
    | { readonly kind: 'file' }
  );

/** All runs; those that have ended; of these those that did not fail; of these those that are not unstable. */
export type Offered = 'ALL' | 'COMPLETED' | 'SUCCESSFUL' | 'STABLE';

interface Common {
  readonly name: string;
  /** In whatever markup the server uses. */
  readonly description: string | undefined;
  /** Jenkins' class without its package: `StringParameterDefinition`. */
  readonly type: string;
}

export type ParameterValue = string | boolean | Upload;

/** Values by the parameters' names; what is left out has the server's own default. */
export type ParameterValues = ReadonlyMap<string, ParameterValue>;

/** The parameters that a job asks for, from `property[parameterDefinitions[…]]`. */
export function parametersOfJob(json: unknown): ParameterDefinition[] {
  return list(fields(json)['property']).flatMap((property) =>
    definitionsOf(fields(property)['parameterDefinitions']),
  );
}

/**
 * Reads definitions in Jenkins' own words, or in those of the plugin Stage View, which calls the
 * default `definition.defaultVal`. A default password, which the latter tells, is not read.
 */
export function definitionsOf(json: unknown): ParameterDefinition[] {
  return list(json).flatMap((item) => definitionOf(item) ?? []);
}

function definitionOf(json: unknown): ParameterDefinition | undefined {
  const told = fields(json);
  const name = text(told['name']);
  if (name === undefined) return undefined;
  const type = text(told['type']) ?? '';
  const common = { name, description: text(told['description']), type };
  const inner = fields(told['definition']);
  const before = fields(told['defaultParameterValue']);
  const initial = before['value'] ?? inner['defaultVal'];
  switch (type) {
    case 'BooleanParameterDefinition':
      return { ...common, kind: 'boolean', initial: initial === true };
    case 'PasswordParameterDefinition':
      return { ...common, kind: 'password' };
    case 'FileParameterDefinition':
    // Those of the plugin File Parameters are sent in the same way.
    case 'Base64FileParameterDefinition':
    case 'StashedFileParameterDefinition':
      return { ...common, kind: 'file' };
    case 'RunParameterDefinition': {
      const project = text(told['projectName']);
      const filter = OFFERED.find((each) => each === told['filter']);
      return {
        ...common,
        kind: 'run',
        project,
        offered: filter ?? 'ALL',
        initial: runNamed(before),
      };
    }
    case 'ChoiceParameterDefinition': {
      const choices = strings(told['choices'] ?? inner['choices']);
      return { ...common, kind: 'choice', choices, initial: string(initial) ?? choices[0] };
    }
    default: {
      // Types of plugins are told as text; those that offer choices say so.
      const choices = strings(told['choices']);
      if (choices.length > 0)
        return { ...common, kind: 'choice', choices, initial: string(initial) };
      const lines = type === 'TextParameterDefinition' ? 'many' : 'one';
      return { ...common, kind: 'text', lines, initial: string(initial) };
    }
  }
}

/** Whether Jenkins offers a run for a parameter (RunParameterDefinition). */
export function isOffered(
  { building, result }: Pick<Run, 'building' | 'result'>,
  offered: Offered,
): boolean {
  switch (offered) {
    case 'ALL':
      return true;
    case 'COMPLETED':
      return !building;
    case 'SUCCESSFUL':
      return !building && (result === 'SUCCESS' || result === 'UNSTABLE');
    case 'STABLE':
      return !building && result === 'SUCCESS';
  }
}

/** `folder/job#12`, as Jenkins writes the value of a parameter that is a run. */
export function runNamed(value: Readonly<Record<string, unknown>>): string | undefined {
  const [job, run] = [text(value['jobName']), text(value['number']) ?? number(value['number'])];
  return job === undefined || run === undefined ? undefined : `${job}#${run}`;
}

/** For what reads a structured form: `json`, and beside it the files that it names. */
export function structured(
  definitions: readonly ParameterDefinition[],
  values: ParameterValues,
): Record<string, string | Upload> {
  const files: Record<string, Upload> = {};
  const parameter = definitions.flatMap(({ name, kind }): object[] => {
    const value = values.get(name);
    if (value === undefined) return [];
    if (typeof value === 'object') {
      const file = `file${Object.keys(files).length}`;
      files[file] = value;
      return [{ name, file }];
    }
    return [kind === 'run' ? { name, runId: value } : { name, value }];
  });
  return { json: JSON.stringify({ parameter }), ...files };
}

const OFFERED: readonly Offered[] = ['ALL', 'COMPLETED', 'SUCCESSFUL', 'STABLE'];

/** Unlike `text` also an empty string, which may be what is meant. */
function string(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' ? String(value) : number(value)?.toString();
}

function strings(value: unknown): string[] {
  return list(value).flatMap((item) => string(item) ?? []);
}
