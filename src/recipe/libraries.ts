import { join } from 'node:path';
import { stateDirectory } from '../base/stateDirectory';
import { messageOf, UserError } from '../base/errors';
import type { LoadedLibrary, ReplacedFile } from '../jenkins/loadedLibraries';
import type { Effects, Library } from '../pipeline/effects';
import type { LibraryReference } from '../pipeline/names/libraryReferences';
import {
  checkedGitAddress,
  parseGitAddress,
  sameRepository,
  sameServer,
  withoutLogin,
  type GitAddress,
} from '../base/gitAddress';
import { git, hasCommit, remotes, type Remote } from './git';
import { fetchedRepository, revisionAt, type Protocols } from './libraryCache';
import { libraryFiles } from './libraryFiles';
import { isAddress } from './libraryMapping';
import type { FoundLibrary, MissingLibrary, Recipe, RecipeLibrary } from './recipe';

/** A shared library that a recipe needs. */
export interface WantedLibrary {
  readonly name: string;
  /** The branch, tag or commit asked for; undefined for the server's default. */
  readonly version: string | undefined;
  /** The commit that the run loaded, where its log tells. */
  readonly revision: string | undefined;
  readonly remoteUrl: string | undefined;
  /** Loaded by the server although the Jenkinsfile does not name it. */
  readonly implicit: boolean;
  readonly replaced: readonly ReplacedFile[];
}

/** Where libraries may be had from. */
export interface LibrarySources {
  /** By name: the folder of a clone, or an address that git can fetch. */
  readonly mapped: Readonly<Record<string, string>>;
  /** The person's clone of the run's own repository. */
  readonly directory: string;
  /** Where what is fetched is kept; ours alone. */
  readonly cache?: string;
  /** Told before a remote is asked. */
  readonly announce?: ((line: string) => void) | undefined;
}

/** The libraries that a run loaded, in its order, then those that the file names beside them. */
export function wantedLibraries(
  loaded: readonly LoadedLibrary[],
  referenced: readonly LibraryReference[],
): WantedLibrary[] {
  const named = new Map(referenced.map((reference) => [reference.name, reference]));
  const wanted = loaded.map(
    ({ name, version, revision, remoteUrl, replaced, atStart }): WantedLibrary => ({
      name,
      version,
      revision,
      remoteUrl: remoteUrl ?? named.get(name)?.remoteUrl,
      implicit: atStart && !named.has(name),
      replaced,
    }),
  );
  for (const { name, version, remoteUrl } of referenced) {
    if (loaded.some((library) => library.name === name)) continue;
    wanted.push({ name, version, revision: undefined, remoteUrl, implicit: false, replaced: [] });
  }
  return wanted;
}

/**
 * Reads each library at the run's revision: from the clone that its name is mapped to, or from the
 * repository that the run's record names, if that is on a host that the person's own clone has
 * remotes on, or that a mapping names. No clone is changed. What cannot be had says why.
 */
export async function readLibraries(
  wanted: readonly WantedLibrary[],
  sources: LibrarySources,
  signal: AbortSignal,
): Promise<RecipeLibrary[]> {
  const read: RecipeLibrary[] = [];
  const own = wanted.length === 0 ? [] : await remotes(sources.directory, signal);
  for (const library of wanted) {
    const { name, version, implicit } = library;
    try {
      const copy = await copyOf(library, sources, own, signal);
      const { files, omitted } = await libraryFiles(
        copy.repository,
        copy.revision,
        copy.folder,
        signal,
      );
      const replayed = laidOver(files, library.replaced);
      const notes = [copy.note, replayed.note].filter((note) => note !== undefined);
      const found: FoundLibrary = {
        name,
        version,
        implicit,
        revision: copy.revision,
        source: copy.source,
        note: notes.length === 0 ? undefined : notes.join(' '),
        files: replayed.files,
        omitted,
      };
      read.push(found);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UserError)) throw error;
      read.push({
        name,
        version,
        implicit,
        missing: withoutLogin(error.message),
      } satisfies MissingLibrary);
    }
  }
  return read;
}

/** The libraries of a recipe as effects give them; undefined for one that could not be had. */
export function libraryEffect({ libraries = [] }: Recipe): NonNullable<Effects['library']> {
  return ({ name }) => Promise.resolve(asLibrary(libraries.find((each) => each.name === name)));
}

/** Names of those that the server loads by itself. */
export function implicitLibraries({ libraries = [] }: Recipe): string[] {
  return libraries.filter(({ implicit }) => implicit).map(({ name }) => name);
}

function asLibrary(found: RecipeLibrary | undefined): Library | undefined {
  if (found === undefined || 'missing' in found) return undefined;
  const { name, version, revision, files, omitted } = found;
  return {
    name,
    version: version ?? revision,
    files: new Map(Object.entries(files)),
    omitted,
  };
}

/** Where a library is read: a repository on this machine, the commit, and what to say of it. */
interface Copy {
  readonly repository: string;
  readonly revision: string;
  /** Empty, or ends with `/`. */
  readonly folder: string;
  /** The clone's folder, or the address; without what logs in there. */
  readonly source: string;
  /** Why it may differ from what the run loaded. */
  readonly note: string | undefined;
}

async function copyOf(
  library: WantedLibrary,
  sources: LibrarySources,
  own: readonly Remote[],
  signal: AbortSignal,
): Promise<Copy> {
  const where = sources.mapped[library.name];
  if (where !== undefined && !isAddress(where)) return copyInClone(library, where, sources, signal);
  if (where !== undefined) return copyAt(library, where, 'also file', sources, signal);
  const told = library.remoteUrl;
  if (told === undefined) throw new UserError('Nothing tells which repository it comes from.');
  if (own.some(({ url }) => sameRepository(url, told)))
    return copyInClone(library, sources.directory, sources, signal);
  const address = checkedGitAddress(told);
  const familiar = [...own.map(({ url }) => url), ...Object.values(sources.mapped)];
  if (!familiar.some((url) => isOnServer(url, address)))
    throw new UserError(
      `Its repository ${address.shown} is on a server that none of your remotes is on, so it was not asked.`,
    );
  return copyAt(library, told, 'of the net', sources, signal);
}

/** In a clone on this machine; what that lacks is fetched from its remotes, into the cache. */
async function copyInClone(
  library: WantedLibrary,
  clone: string,
  sources: LibrarySources,
  signal: AbortSignal,
): Promise<Copy> {
  const folder = (await git(['rev-parse', '--show-prefix'], clone, signal)).trim();
  const known = nearestFirst(await remotes(clone, signal), library.remoteUrl);
  const at = { folder, source: clone };
  const { revision } = library;
  if (revision !== undefined) {
    if (await hasCommit(clone, revision, signal))
      return { ...at, repository: clone, revision, note: undefined };
  } else {
    const found = await versionIn(clone, library.version, known[0]?.name, signal);
    if (found) return { ...at, repository: clone, ...found };
  }
  const tried: string[] = [];
  for (const { url } of known) {
    try {
      return { ...(await copyAt(library, url, 'also file', sources, signal)), folder };
    } catch (error) {
      signal.throwIfAborted();
      tried.push(messageOf(error));
    }
  }
  throw new UserError(
    `${clone} has no ${versionText(library)}, nor has any of its remotes. ${tried.join(' ')}`.trim(),
  );
}

/** From a remote, into the cache. */
async function copyAt(
  library: WantedLibrary,
  address: string,
  protocols: Protocols,
  { cache = join(stateDirectory(), 'libraries'), announce }: LibrarySources,
  signal: AbortSignal,
): Promise<Copy> {
  const source = checkedGitAddress(address).shown;
  announce?.(`fetching library ${library.name} from ${source}`);
  const revision =
    library.revision ?? (await revisionAt(address, library.version, protocols, signal));
  if (revision === undefined) throw new UserError(`${source} has no ${versionText(library)}.`);
  const note =
    library.revision === undefined
      ? `The log tells no commit: this is ${versionText(library)} as it is at the remote now.`
      : undefined;
  const repository = await fetchedRepository(address, revision, cache, protocols, signal);
  return { repository, revision, folder: '', source, note };
}

/** A version in a clone: as its remote had it when it was fetched last, since that is what CI sees. */
async function versionIn(
  clone: string,
  version: string | undefined,
  remote: string | undefined,
  signal: AbortSignal,
): Promise<{ revision: string; note: string } | undefined> {
  const ofRemote = remote === undefined ? [] : [`refs/remotes/${remote}/${version ?? 'HEAD'}`];
  const own =
    version === undefined
      ? ['HEAD']
      : [
          `refs/tags/${version}`,
          `refs/heads/${version}`,
          ...(/^[0-9a-f]{7,40}$/i.test(version) ? [version] : []),
        ];
  for (const ref of [...ofRemote, ...own]) {
    const verify = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
    try {
      const revision = (await git(verify, clone, signal)).trim();
      const name = ref === 'HEAD' ? 'what is checked out' : ref.replace(/^refs\/[a-z]+\//, '');
      return { revision, note: `The log tells no commit: this is ${name} as your clone has it.` };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UserError)) throw error;
    }
  }
  return undefined;
}

function nearestFirst(known: readonly Remote[], told: string | undefined): Remote[] {
  const rank = ({ name, url }: Remote): number =>
    told !== undefined && sameRepository(url, told) ? 0 : name === 'origin' ? 1 : 2;
  return [...known].sort((a, b) => rank(a) - rank(b));
}

function versionText({ revision, version }: WantedLibrary): string {
  if (revision !== undefined) return `commit ${revision.slice(0, 12)}`;
  return version === undefined ? 'default branch' : `branch or tag ${version}`;
}

/** Lays what a replay changed over the repository's files. */
function laidOver(
  files: Readonly<Record<string, string>>,
  replaced: readonly ReplacedFile[],
): { files: Readonly<Record<string, string>>; note: string | undefined } {
  if (replaced.length === 0) return { files, note: undefined };
  const over = replaced.flatMap(({ path, text }) => (text === undefined ? [] : [[path, text]]));
  const unseen = replaced.flatMap(({ path, text }) => (text === undefined ? [path] : []));
  return {
    files: { ...files, ...(Object.fromEntries(over) as Record<string, string>) },
    note:
      unseen.length > 0
        ? `A replay changed ${unseen.join(', ')}, and Jenkins does not show how: here it is as in the repository.`
        : `${replaced.map(({ path }) => path).join(', ')} as the replay changed it.`,
  };
}

function isOnServer(url: string, address: GitAddress): boolean {
  const known = parseGitAddress(url);
  return known !== undefined && sameServer(address, known);
}
