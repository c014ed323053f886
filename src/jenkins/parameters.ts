import { fields, list, number, text } from './json';

/** What to ask of a parameter's definition, in Jenkins' `tree` language. */
export const DEFINITION_FIELDS =
  'type,name,description,choices,projectName,defaultParameterValue[value,jobName,number]';

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
        readonly project: string | undefined;
        readonly initial: string | undefined;
      }
    | { readonly kind: 'file' }
  );

interface Common {
  readonly name: string;
  /** In whatever markup the server uses. */
  readonly description: string | undefined;
  /** Jenkins' class without its package: `StringParameterDefinition`. */
  readonly type: string;
}

/** Values by the parameters' names; what is left out has the server's own default. */
export type ParameterValues = ReadonlyMap<string, string | boolean>;

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
      return { ...common, kind: 'file' };
    case 'RunParameterDefinition': {
      const project = text(told['projectName']);
      return { ...common, kind: 'run', project, initial: runNamed(before) };
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

/** `folder/job#12`, as Jenkins writes the value of a parameter that is a run. */
export function runNamed(value: Readonly<Record<string, unknown>>): string | undefined {
  const [job, run] = [text(value['jobName']), text(value['number']) ?? number(value['number'])];
  return job === undefined || run === undefined ? undefined : `${job}#${run}`;
}

/** For `json=` of the steps that read a structured form. */
export function structured(
  definitions: readonly ParameterDefinition[],
  values: ParameterValues,
): string {
  const parameter = definitions.flatMap(({ name, kind }) => {
    const value = values.get(name);
    if (value === undefined) return [];
    return [kind === 'run' ? { name, runId: value } : { name, value }];
  });
  return JSON.stringify({ parameter });
}

/** Unlike `text` also an empty string, which may be what is meant. */
function string(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' ? String(value) : number(value)?.toString();
}

function strings(value: unknown): string[] {
  return list(value).flatMap((item) => string(item) ?? []);
}
