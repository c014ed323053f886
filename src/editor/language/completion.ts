import type { Place } from '../../pipeline/syntax';

/** Something that can be written at a place. */
export interface Completion {
  readonly label: string;
  readonly kind:
    | 'directive'
    | 'step'
    | 'variable'
    | 'parameter'
    | 'function'
    | 'member'
    | 'method'
    | 'value'
    | 'credential'
    | 'argument'
    | 'stage';
  readonly detail: string;
  /** Markdown. */
  readonly documentation: string;
  /** What is written; a snippet in VS Code's syntax if `snippet`. */
  readonly insert: string;
  readonly snippet: boolean;
  /** Sorts before others of the same likeness: the smaller the earlier. */
  readonly rank: number;
}

export interface Completions {
  /** What is replaced: the word around the place. */
  readonly place: Place;
  readonly items: readonly Completion[];
}

/** What is known besides the file. */
export interface Surroundings {
  /** Ids of credentials in this file, others, and those that were asked for. */
  readonly credentials: readonly string[];
  /** Steps of libraries, with the library's name. */
  readonly librarySteps: ReadonlyMap<string, string>;
}

/** A completion; what has a tab stop is a snippet. */
export function item(
  label: string,
  kind: Completion['kind'],
  detail: string,
  documentation: string,
  { insert = label, rank = 3 }: { readonly insert?: string; readonly rank?: number } = {},
): Completion {
  const snippet = /\$\d|\$\{\d/.test(insert);
  return { label, kind, detail, documentation, insert, snippet, rank };
}
