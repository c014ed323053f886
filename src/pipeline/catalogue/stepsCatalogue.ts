import { readCatalogue, snippetOf } from './catalogueNotation';
import type { Description } from './catalogueNotation';
import { GENERAL_STEPS } from './stepsCatalogueGeneral';
import { PLUGIN_STEPS } from './stepsCataloguePlugins';
import { PUBLISHING_STEPS } from './stepsCataloguePublishing';

/** A Pipeline step, as the most used plugins define it. */
export interface StepDescription extends Description {
  /** Whether it takes a block of steps. */
  readonly body: boolean;
  /** Whether it wants a node, that is an agent with a workspace. */
  readonly node: boolean;
  /** Whether all of its parameters are known, so that any other name is an error. */
  readonly closed: boolean;
  /** To complete it with, in VS Code's syntax. */
  readonly snippet: string;
}

/** The steps that are known by their names. A step that is missing here may still exist. */
export const STEPS: ReadonlyMap<string, StepDescription> = new Map(
  [GENERAL_STEPS, PLUGIN_STEPS, PUBLISHING_STEPS]
    .flatMap(readCatalogue)
    .map(({ words, snippet, ...entry }) => {
      const body = words.includes('body');
      const node = words.includes('node');
      const closed = words.includes('closed');
      const written = snippet ?? snippetOf(entry, body);
      return [entry.name, { ...entry, body, node, closed, snippet: written }];
    }),
);
