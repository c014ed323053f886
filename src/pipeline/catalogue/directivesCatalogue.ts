import { readCatalogue, snippetOf } from './catalogueNotation';
import type { Description } from './catalogueNotation';
import { ENTRY_PAGES } from './directivesCatalogueEntries';
import { SECTION_PAGES } from './directivesCataloguePages';

/** What kind of block a place in a Jenkinsfile is in. */
export type Context =
  /** Outside of `pipeline { }`. */
  | 'file'
  | 'pipeline'
  | 'stages'
  | 'stage'
  | 'parallel'
  | 'matrix'
  | 'axes'
  | 'axis'
  | 'excludes'
  | 'exclude'
  /** An `axis` of an `exclude`. */
  | 'excludedAxis'
  /** `steps { }`, a condition of `post`, and the bodies of steps in them. */
  | 'steps'
  /** `script { }` and `expression { }`: all of the language. */
  | 'script'
  | 'post'
  | 'when'
  | 'environment'
  | 'options'
  /** `options { }` of a stage or a matrix. */
  | 'stageOptions'
  | 'parameters'
  | 'triggers'
  | 'agent'
  /** The settings of one kind of agent: `docker { }` and its like. */
  | 'docker'
  | 'dockerfile'
  | 'node'
  | 'kubernetes'
  | 'tools'
  | 'input'
  | 'libraries';

/** A section, a directive, or an entry of one. */
export interface DirectiveDescription extends Description {
  /** Where it may stand. */
  readonly contexts: readonly Context[];
  /** Whether it takes a block in braces. */
  readonly block: boolean;
  /** To complete it with, in VS Code's syntax. */
  readonly snippet: string;
}

/** Contexts in which everything is a name and a value. */
const SETTINGS = /^(?:docker|dockerfile|node|kubernetes)\b/;

/**
 * All that Declarative knows by name. A name may be there more than once, for different contexts
 * (`timeout` is an option, `parameters` a section of the pipeline and of `input`).
 */
export const DIRECTIVES: readonly DirectiveDescription[] = Object.entries({
  ...SECTION_PAGES,
  ...ENTRY_PAGES,
}).flatMap(([contexts, page]) => {
  const isSetting = SETTINGS.test(contexts);
  return readCatalogue(page).map(({ words, snippet, ...entry }) => {
    const block = words.includes('block');
    return {
      ...entry,
      contexts: contexts.split(' ') as Context[],
      block,
      snippet: snippet ?? (isSetting && !block ? `${entry.name} '$1'` : snippetOf(entry, block)),
    };
  });
});

/** What may stand in a context, as far as the catalogue knows. */
export function directivesIn(context: Context): readonly DirectiveDescription[] {
  return BY_CONTEXT.get(context) ?? [];
}

const BY_CONTEXT = new Map<Context, DirectiveDescription[]>();
for (const directive of DIRECTIVES)
  for (const context of directive.contexts) {
    const others = BY_CONTEXT.get(context);
    if (others === undefined) BY_CONTEXT.set(context, [directive]);
    else others.push(directive);
  }

/**
 * The context inside of blocks, from the names of the calls around it, the outermost first:
 * `['pipeline', 'stages', 'stage', 'when']` is `when`. Undefined where nothing is known to be legal.
 */
export function contextOf(blocks: readonly string[]): Context | undefined {
  let context: Context | undefined = 'file';
  for (const block of blocks) context = context && inner(context, block);
  return context;
}

function inner(context: Context, block: string): Context | undefined {
  switch (context) {
    case 'file':
      return block === 'pipeline' ? 'pipeline' : 'script';
    case 'script':
      return 'script';
    case 'steps':
      return block === 'script' ? 'script' : 'steps';
    case 'post':
      return 'steps';
    case 'when':
      return block === 'expression' ? 'script' : combining.has(block) ? 'when' : undefined;
    case 'exclude':
      return block === 'axis' ? 'excludedAxis' : undefined;
    default:
      return INSIDE[context]?.[block];
  }
}

const combining = new Set(['allOf', 'anyOf', 'not']);

const LEVEL = { agent: 'agent', environment: 'environment', post: 'post', tools: 'tools' } as const;
const STAGE = { ...LEVEL, options: 'stageOptions', when: 'when', input: 'input' } as const;

const INSIDE: { readonly [C in Context]?: Readonly<Record<string, Context>> } = {
  pipeline: {
    ...LEVEL,
    options: 'options',
    stages: 'stages',
    parameters: 'parameters',
    triggers: 'triggers',
    libraries: 'libraries',
  },
  stages: { stage: 'stage' },
  parallel: { stage: 'stage' },
  stage: { ...STAGE, steps: 'steps', stages: 'stages', parallel: 'parallel', matrix: 'matrix' },
  matrix: { ...STAGE, axes: 'axes', excludes: 'excludes', stages: 'stages' },
  axes: { axis: 'axis' },
  excludes: { exclude: 'exclude' },
  agent: { docker: 'docker', dockerfile: 'dockerfile', node: 'node', kubernetes: 'kubernetes' },
  input: { parameters: 'parameters' },
};
