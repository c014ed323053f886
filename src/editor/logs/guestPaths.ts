import { linesWith, plainText, wholeLines } from '../../jenkins/lines';

/** A folder of another machine that holds what a folder of the workspace does. */
export interface Root {
  /** Absolute, without a slash at its end. */
  readonly guest: string;
  /** Relative to a folder of the workspace; empty for the folder itself. */
  readonly host: string;
}

/** So many workspaces of one run are known. */
const MOST_ROOTS = 50;

/** What a box of Vagrant has where nobody says otherwise. */
export const VAGRANT: readonly Root[] = [{ guest: '/vagrant', host: '' }];

/** Reads off a log in which folders its steps ran: the agents' workspaces, and those of containers. */
export function createRootReader() {
  const guests = new Set<string>();
  const lines = wholeLines((block) => {
    if (guests.size >= MOST_ROOTS) return;
    for (const line of linesWith(block, ['Running on ', 'docker run '])) {
      const text = plainText(block, line);
      const path =
        /^(?:\[[^\]]*\] )?Running on .+ in (\/\S.*)$/.exec(text)?.[1] ??
        /\bdocker run .*? -w (\/\S+)/.exec(text)?.[1];
      if (path !== undefined && guests.size < MOST_ROOTS)
        guests.add(path.replace(/(?<!\/)\/+$/, ''));
    }
  });
  return {
    push: (chunk: Buffer): void => lines.push(chunk),
    roots: (): Root[] => [...guests].map((guest) => ({ guest, host: '' })),
  };
}

/** The folders that a Vagrantfile shares with its machines, where it names them as they are. */
export function syncedFolders(vagrantfile: string): Root[] {
  const roots: Root[] = [];
  for (const line of vagrantfile.split('\n', 20_000)) {
    const [, , host, , guest] =
      /^[^#]*?\.synced_folder[\s(]+(["'])([^"'#]{1,300})\1\s*,\s*(["'])(\/[^"'#]{1,300})\3/.exec(
        line,
      ) ?? [];
    if (host === undefined || guest === undefined || host.startsWith('/')) continue;
    roots.push({ guest: guest.replace(/(?<!\/)\/+$/, ''), host: segments(host).join('/') });
  }
  return roots;
}

/** What a path of a log may be in a folder of the workspace. */
export interface Wanted {
  /** The end of the path that a file must have, in full. */
  readonly end: readonly string[];
  /** Whether the folder begins with `end`, so that no other file can be meant. */
  readonly whole: boolean;
}

/** Where programs and libraries are that no workspace holds. */
const SYSTEM =
  /^\/(?:usr|lib|lib64|bin|sbin|etc|proc|sys|dev|run|opt)\/|\/(?:node_modules|site-packages|dist-packages|pkg\/mod|\.cargo\/registry)\//;

/**
 * What to look for, the likeliest first. A path below a known root is that of a file of the folder;
 * of one below somebody's home, as of Go's `…/go/src/host/org/repository/`, the end is; of any other
 * absolute path a file must have the last two parts at least.
 */
export function wantedFor(path: string, roots: readonly Root[]): Wanted[] {
  const clean = path.replaceAll('\\', '/');
  if (!clean.startsWith('/')) {
    const end = segments(clean);
    const beyond = goPackage(end);
    return [...(beyond ? [{ end: beyond, whole: true }] : []), { end, whole: false }];
  }
  const inside = roots
    .filter(({ guest }) => clean.startsWith(`${guest}/`))
    .sort((a, b) => b.guest.length - a.guest.length)
    .map(({ guest, host }) => segments(`${host}/${clean.slice(guest.length)}`));
  if (inside.length > 0) return inside.map((end) => ({ end, whole: true }));
  if (SYSTEM.test(clean)) return [];
  const source = /\/go\/src\/(.+)$/.exec(clean)?.[1];
  const beyond = source === undefined ? undefined : goPackage(segments(source));
  if (beyond) return [{ end: beyond, whole: true }];
  const home = /^\/(?:home|Users)\/[^/]+\/(.+)$/.exec(clean)?.[1];
  const parts = segments(home ?? clean);
  // Below a home, the first part is what the clone is called there.
  const tail = home === undefined ? parts : parts.slice(1);
  if (tail.length < (home === undefined ? 2 : 1)) return [];
  const least = Math.min(2, tail.length);
  return Array.from({ length: tail.length - least + 1 }, (_, at) => ({
    end: tail.slice(at),
    whole: at === 0 && home !== undefined,
  }));
}

/** The files that are meant, of those with that name; `files` are relative to a folder, with `/`. */
export function meant(wanted: readonly Wanted[], files: readonly string[]): string[] {
  for (const { end, whole } of wanted) {
    const text = end.join('/');
    const exact = files.filter((file) => file === text);
    if (exact.length > 0) return exact;
    const ending = files.filter((file) => file.endsWith(`/${text}`));
    if (ending.length > 0 && (!whole || end.length > 1)) return ending;
  }
  return [];
}

/** `github.com/org/repository/pkg/a.go` without its first three. */
function goPackage(parts: readonly string[]): readonly string[] | undefined {
  const [host = ''] = parts;
  return parts.length > 3 && /^[\w-]+(\.[\w-]+)+$/.test(host) ? parts.slice(3) : undefined;
}

function segments(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
}
