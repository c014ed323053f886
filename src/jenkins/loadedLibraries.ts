import type { Checkout } from './runs';

/** A shared library that a run loaded, as its log tells (`LibraryAdder` of pipeline-groovy-lib). */
export interface LoadedLibrary {
  readonly name: string;
  /** The branch, tag or commit that it was loaded at: the one asked for, or the server's default. */
  readonly version: string;
  /** 40 lower-case hexadecimal digits; undefined where the log tells none, as of a library that was copied from the server's cache. */
  readonly revision: string | undefined;
  /** What the server fetched it from. */
  readonly remoteUrl: string | undefined;
  /** Whether it was loaded before the first step: by the file's `@Library`, or by the server's own choice. */
  readonly atStart: boolean;
  /** Files that a replay changed, `vars/x.groovy`: the repository does not hold what was run. */
  readonly replaced: readonly ReplacedFile[];
}

export interface ReplacedFile {
  readonly path: string;
  /** As the replay page has it; undefined as long as that was not read, or may not be. */
  readonly text: string | undefined;
}

/** No run loads more. */
const MOST = 100;

/**
 * The shared libraries of a run by the first part of its log, in the order in which they were
 * loaded. Between `Loading library x@v` and the next step stand the commands of git, with the
 * address and the revision.
 */
export function loadedLibraries(log: string): LoadedLibrary[] {
  const found = new Map<string, Mutable>();
  let current: Mutable | undefined;
  let begun = false;
  for (const raw of log.split('\n')) {
    const line = raw.replace(PREFIX, '').trimEnd();
    const [, name, version] = /^Loading library ([^@\s]+)@(.+)$/.exec(line) ?? [];
    if (name !== undefined && version !== undefined) {
      // Of a second definition the server says so, and loads nothing.
      current = {
        name,
        version,
        revision: undefined,
        remoteUrl: undefined,
        atStart: !begun,
        replaced: [],
      };
      if (found.size >= MOST) break;
      if (!found.has(name)) found.set(name, current);
    } else if (line.startsWith('[Pipeline] ') || line.startsWith('Obtained ')) {
      current = undefined;
      begun ||= line.startsWith('[Pipeline] ');
    } else if (current !== undefined) {
      read(line, current);
    }
  }
  return [...found.values()];
}

/** Adds the addresses that only the run's own record tells, as where the server's git is JGit. */
export function withRemotes(
  libraries: readonly LoadedLibrary[],
  checkouts: readonly Checkout[],
): LoadedLibrary[] {
  return libraries.map((library) => {
    if (library.remoteUrl !== undefined || library.revision === undefined) return library;
    const checkout = checkouts.find(({ sha }) => sha === library.revision);
    return { ...library, remoteUrl: checkout?.remoteUrls[0] };
  });
}

type Mutable = { -readonly [K in keyof LoadedLibrary]: LoadedLibrary[K] };

/** What plugins put before a line: a time, the name of a parallel branch. */
const PREFIX = /^(?:\[[^\]\n]{1,100}\] +(?=\[|[A-Z>]| >))*/;

function read(line: string, library: Mutable): void {
  const [, revision] =
    /^(?:Found match: \S+ revision|Checking out Revision) ([0-9a-f]{40})\b/i.exec(line) ?? [];
  if (revision !== undefined) library.revision = revision.toLowerCase();
  const [, url] =
    /^(?:Fetching upstream changes from|Cloning repository) (\S+)$/.exec(line) ??
    /^\s*> .*\bls-remote\b.* -- (\S+)/.exec(line) ??
    [];
  if (url !== undefined && url !== 'origin') library.remoteUrl ??= url;
  const [, path] = /^Replacing contents of ((?:src|vars)\/\S+\.groovy)$/.exec(line) ?? [];
  if (path !== undefined) {
    library.replaced = [...library.replaced, { path, text: undefined }];
  }
}
