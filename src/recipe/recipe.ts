import { UserError } from '../base/errors';
import { fields } from '../base/json';
import type { Scope } from '../pipeline/effects';
import type { Change, Failure, Parameter, Result, StageState } from '../jenkins/run';

/**
 * All that is needed to do a run again. It is written to `recipe.json` and documented by
 * `media/recipe.schema.json`. It holds no secret: credentials appear by their id only.
 */
export interface Recipe {
  readonly version: 1;
  /** The run that is to be done again; undefined when the recipe was made from the working tree. */
  readonly run: RunFacts | undefined;
  readonly repository: {
    /** Absolute path of the person's clone. It is read and never changed. */
    readonly directory: string;
    /** The remote that the run's commit comes from. */
    readonly remoteUrl: string | undefined;
  };
  /** 40 hexadecimal digits: what is checked out. */
  readonly commit: string;
  /** Lay the person's uncommitted changes over the checkout. */
  readonly withChanges: boolean;
  readonly jenkinsfile: {
    /** Relative to the repository's root. */
    readonly path: string;
    readonly text: string;
    readonly source: JenkinsfileSource;
  };
  /** Shared libraries that the run loaded or the Jenkinsfile names, in that order; older recipes have none. */
  readonly libraries?: readonly RecipeLibrary[];
  readonly select: Selection;
  /** Which branches of a `parallel`, or cells of a matrix, are run; absent for all. */
  readonly branches?: Branches | undefined;
  /** What the person answered in advance. */
  readonly answers?: Answers | undefined;
  /** What the run adds to the environment of every step: BUILD_NUMBER, JOB_NAME … */
  readonly environment: Readonly<Record<string, string>>;
  /** The run's parameters, with `--param` laid over them. */
  readonly parameters: readonly Parameter[];
  /** `--env`: beats everything that the Jenkinsfile says, and is named so in the Plan. */
  readonly overrides: Readonly<Record<string, string>>;
  readonly keep: Keep;
  /** The machine to run on; absent for this one. */
  readonly on?: OtherMachine | undefined;
  /** A limit for the whole reproduction, in seconds, beside the Jenkinsfile's own. */
  readonly timeout: number | undefined;
}

/** A machine that was borrowed, by its lease's id; or a host, as OpenSSH names it. */
export type OtherMachine = { readonly lease: string } | { readonly host: string };

/** `recorded commands`: no Jenkinsfile could be had, and its text was made from the log's `+` lines. */
export type JenkinsfileSource = 'commit' | 'replay' | 'working tree' | 'recorded commands';

export type RecipeLibrary = FoundLibrary | MissingLibrary;

/** A shared library with its files at one commit. */
export interface FoundLibrary {
  readonly name: string;
  /** The branch, tag or commit that was asked for; undefined for the server's default. */
  readonly version: string | undefined;
  /** The server loads it although the Jenkinsfile does not name it. */
  readonly implicit: boolean;
  /** 40 hexadecimal digits. */
  readonly revision: string;
  /** The folder or the address that it was read from. */
  readonly source: string;
  /** Why it may differ from what the run loaded, for people. */
  readonly note: string | undefined;
  /** Texts by their paths: `vars/deploy.groovy`. */
  readonly files: Readonly<Record<string, string>>;
  /** Paths of files that are no text or too large. */
  readonly omitted: readonly string[];
}

/** A shared library that could not be had: its steps are unknown. */
export interface MissingLibrary {
  readonly name: string;
  readonly version: string | undefined;
  readonly implicit: boolean;
  /** Why, for people. */
  readonly missing: string;
}

/** When the VM stays and `post` is held back until the person says finish. */
export type Keep = 'never' | 'on-failure' | 'always';

export type Selection =
  | { readonly kind: 'failure' }
  | { readonly kind: 'all' }
  | { readonly kind: 'stage'; readonly name: string };

export type Branches =
  /** Only the one in which the run failed. */
  { readonly kind: 'failed' } | { readonly kind: 'named'; readonly names: readonly string[] };

export interface Answers {
  /** `--input`: by the id or the line of an `input` step, with `.NAME` after it for a parameter of it. */
  readonly input?: Readonly<Record<string, string>>;
  /** `--decide`: which way a condition goes that is not known, by its line; `vars/x.groovy:12` in a shared library. */
  readonly decide?: Readonly<Record<string, boolean>>;
}

/** What the run's record says, as far as doing it again needs it. */
export interface RunFacts {
  readonly url: string;
  readonly job: string;
  readonly number: number;
  readonly result: Result | undefined;
  readonly branch: string | undefined;
  readonly change: Change | undefined;
  readonly node: string | undefined;
  /** Every recorded stage, parents before their children, in the order of the record. */
  readonly stages: readonly RecordedStage[];
  /** What is expected to come back; undefined when the run did not fail. */
  readonly failure: Failure | undefined;
  /** The result of the run before this one: `changed`, `fixed` and `regression` depend on it. */
  readonly previous: Result | undefined;
}

export interface RecordedStage {
  readonly path: readonly string[];
  readonly state: StageState;
}

/** By what `Answers.decide` names a condition. */
export function decisionKey({ range, source }: Pick<Scope, 'range' | 'source'>): string {
  const [file] = source?.split(' ') ?? [];
  return file === undefined ? String(range.line) : `${file}:${range.line}`;
}

/** A later version of this program wrote it, in a form that this one does not know. */
export class LaterVersion extends UserError {
  override readonly name = 'LaterVersion';
}

/**
 * Reads a `recipe.json`.
 * @throws UserError when it is no recipe, and LaterVersion when it is one of a later version.
 */
export function parseRecipe(text: string): Recipe {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError('The recipe is not JSON.', { cause });
  }
  const recipe = fields(value);
  const { version } = recipe;
  if (Array.isArray(value) || typeof version !== 'number')
    throw new UserError('The file is not a recipe.');
  if (version !== 1)
    throw new LaterVersion(`The recipe has version ${version}; this program reads 1.`, {
      advice: 'Update CI Parity.',
    });
  for (const [key, isRight] of Object.entries(CHECKS)) {
    const part = recipe[key];
    if (part === undefined && !OPTIONAL.includes(key))
      throw new UserError(`The recipe lacks "${key}".`);
    if (part !== undefined && !isRight(part))
      throw new UserError(`The recipe's "${key}" is not valid.`);
  }
  return value as Recipe;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** What is read of a recipe before anything is run, and when it is cleaned up after. */
const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  repository: (value) => isText(fields(value)['directory']),
  commit: (value) => typeof value === 'string' && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value),
  jenkinsfile: (value) => isText(fields(value)['path']) && isText(fields(value)['text']),
  select: (value) => isText(fields(value)['kind']),
  environment: isObject,
  parameters: Array.isArray,
  overrides: isObject,
  run: (value) =>
    isText(fields(value)['url']) &&
    isText(fields(value)['job']) &&
    typeof fields(value)['number'] === 'number',
  on: (value) => isText(fields(value)['lease']) || isText(fields(value)['host']),
};

const OPTIONAL = ['run', 'on'];
