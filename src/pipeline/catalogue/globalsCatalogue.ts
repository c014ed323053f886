import { readCatalogue } from './catalogueNotation';
import { GLOBAL_PAGE, VARIABLE_PAGE } from './globalsCataloguePages';

/** A property or method of one of Jenkins' own objects. */
export interface MemberDescription {
  /** A method's name without its parentheses. */
  readonly name: string;
  readonly method: boolean;
  /** What it gives: `string`, `boolean`, `integer`, `list`, `map`, `any`. */
  readonly type: string;
  readonly documentation: string;
}

/** An object that every Pipeline has. */
export interface GlobalDescription {
  readonly name: string;
  readonly documentation: string;
  readonly members: readonly MemberDescription[];
}

/** An environment variable that Jenkins gives to a run. */
export interface RunVariableDescription {
  readonly name: string;
  readonly documentation: string;
  /** Whether only a step on a node has it. */
  readonly node: boolean;
}

/** The objects by their names: `env`, `currentBuild` … */
export const GLOBALS: ReadonlyMap<string, GlobalDescription> = new Map(
  readCatalogue(GLOBAL_PAGE).map(({ name, documentation, parameters }) => {
    const members = parameters.map(({ name: member, type, documentation: about, required }) => {
      return { name: member, method: required, type, documentation: about };
    });
    return [name, { name, documentation, members }];
  }),
);

/** The variables by their names: `BUILD_NUMBER` … */
export const RUN_VARIABLES: ReadonlyMap<string, RunVariableDescription> = new Map(
  readCatalogue(VARIABLE_PAGE).map(({ name, documentation, words }) => [
    name,
    { name, documentation, node: words.includes('node') },
  ]),
);
