import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { childEnvironment } from '../base/childEnvironment';
import { isUserError, UserError } from '../base/errors';
import { stateDirectory } from '../base/stateDirectory';
import { git } from '../recipe/git';

/**
 * What `TAKE_PACK` reads: the commit with all that it needs, without what hangs on the commits that are `known`
 * over there. Where none is, the pack is made as a file first, and its index goes with it: to make one takes git
 * there several times as long as to read the objects here, since it has to resolve every delta. Otherwise, or
 * where there is no room for it here, the pack goes as git makes it.
 */
export async function* packOf(
  directory: string,
  commit: string,
  known: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const made = known.length === 0 ? await packFiles(directory, commit, signal) : undefined;
  if (!made) {
    yield Buffer.from('alone\n');
    yield* packAlone(directory, commit, known, signal);
    return;
  }
  try {
    const sizes = await Promise.all(made.files.map(async (file) => (await file.stat()).size));
    yield Buffer.from(`indexed ${made.name} ${sizes.join(' ')}\n`);
    for (const file of made.files)
      yield* file.createReadStream({
        highWaterMark: 1 << 18,
        autoClose: false,
      }) as AsyncIterable<Buffer>;
  } finally {
    await Promise.all(made.files.map((file) => file.close()));
  }
}

/**
 * Shell, in a repository: takes what `packOf` gives. A pack without index ends with its own checksum: one that is cut
 * short is refused. It goes through `cat`, since git reads no more than 4 KiB at once: the server would wake up
 * for each. What is left of an attempt has a name that git's own collection knows.
 */
export const TAKE_PACK = `
read -r way name pack index || exit
case $way in
alone) cat | git index-pack --stdin --fix-thin > /dev/null || exit ;;
indexed)
  new=$(mktemp objects/pack/tmp_pack_XXXXXX) || exit
  # Where the connection is lost, a word to it is what ends the shell.
  trap 'rm -f "$new" "$new.idx"' EXIT && trap 'exit 1' HUP PIPE TERM
  cat > "$new" || exit
  [ "$(wc -c < "$new")" -eq "$((pack + index))" ] || { echo 'the pack was cut short' >&2; exit 1; }
  tail -c "$index" "$new" > "$new.idx" && dd if=/dev/null of="$new" bs=1 count=0 seek="$pack" 2> /dev/null || exit
  chmod 444 "$new" "$new.idx" && sync "$new" "$new.idx" || exit
  # Git looks for the index: it comes last.
  mv -f "$new" "objects/pack/pack-$name.pack" && mv -f "$new.idx" "objects/pack/pack-$name.idx" || exit
  ;;
*) exit 1 ;;
esac
`;

interface Made {
  readonly name: string;
  /** The pack and its index, which have no name any more. Whoever has them closes them. */
  readonly files: readonly FileHandle[];
}

/** Undefined where they cannot be made, such as for want of room. */
async function packFiles(
  directory: string,
  commit: string,
  signal: AbortSignal,
): Promise<Made | undefined> {
  const scratch = await newScratch();
  try {
    const objects = (
      await git(['rev-parse', '--git-path', 'objects'], directory, signal)
    ).trimEnd();
    const settings = ['core.fsync=none', 'pack.packSizeLimit=0', 'pack.indexVersion=2'];
    const args = [
      ...settings.flatMap((setting) => ['-c', setting]),
      ...[
        'pack-objects',
        '--revs',
        '--delta-base-offset',
        '--quiet',
        join(scratch, 'pack', 'pack'),
      ],
    ];
    // Git makes a pack where it keeps its objects: nothing is to be left in the person's own.
    const env = {
      GIT_OBJECT_DIRECTORY: scratch,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(resolve(directory, objects)),
    };
    const name = (await git(args, directory, signal, { env, input: `${commit}\n` })).trim();
    if (!/^[0-9a-f]{40,64}$/.test(name)) return undefined;
    const files: FileHandle[] = [];
    try {
      for (const kind of ['pack', 'idx'])
        files.push(await open(join(scratch, 'pack', `pack-${name}.${kind}`)));
    } catch (error) {
      await Promise.all(files.map((file) => file.close()));
      throw error;
    }
    return { name, files };
  } catch (error) {
    signal.throwIfAborted();
    // Without a file git says itself what is wrong.
    if (isUserError(error)) return undefined;
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A folder for objects; those that a killed program left a day ago go. */
async function newScratch(): Promise<string> {
  const place = join(stateDirectory(), 'packing');
  await mkdir(place, { recursive: true, mode: 0o700 });
  for (const name of await readdir(place)) {
    const left = join(place, name);
    const { mtimeMs } = await stat(left).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < Date.now() - 86_400_000) await rm(left, { recursive: true, force: true });
  }
  const scratch = await mkdtemp(join(place, 'objects-'));
  await mkdir(join(scratch, 'pack'));
  return scratch;
}

async function* packAlone(
  directory: string,
  commit: string,
  known: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const args = ['pack-objects', '--revs', '--thin', '--delta-base-offset', '--quiet', '--stdout'];
  const env = { ...childEnvironment(), GIT_DIR: undefined, GIT_WORK_TREE: undefined };
  const child = spawn('git', args, { cwd: directory, env, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'close');
  try {
    // It may end before it has read all: then its exit code says so.
    child.stdin.on('error', () => undefined);
    child.stdin.end([commit, ...known.map((sha) => `^${sha}`), ''].join('\n'));
    yield* child.stdout as AsyncIterable<Buffer>;
    const [code] = (await exited) as [number | null];
    signal.throwIfAborted();
    if (code !== 0) throw new UserError(`git could not pack ${commit.slice(0, 12)}.`);
  } finally {
    child.kill();
    await exited;
  }
}
