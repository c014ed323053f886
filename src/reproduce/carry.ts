import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../base/errors';
import type { Machine } from '../machines/machine';
import { hasCommit } from '../recipe/git';
import type { Recipe } from '../recipe/recipe';
import { gitOn } from './gitOn';

/**
 * Brings the recipe's commit to another machine, into a bare repository that stays there: the second
 * time only what it lacks is sent. Resolves with that repository's path.
 */
export async function carryCommit(
  recipe: Recipe,
  machine: Machine,
  signal: AbortSignal,
): Promise<string> {
  const { directory, remoteUrl } = recipe.repository;
  const { commit } = recipe;
  const repository = await carriedTo(recipe, machine, signal);
  await gitOn(machine, ['init', '--quiet', '--bare', repository], '/', signal);
  const far = (args: readonly string[], input?: Buffer) =>
    gitOn(machine, args, repository, signal, { ...(input && { input }) });
  // Addresses of submodules may be relative to it.
  if (remoteUrl !== undefined) await far(['config', 'remote.origin.url', remoteUrl]);
  const refs = await far(['for-each-ref', '--format=%(objectname)', 'refs/ci-parity/']);
  const there = refs.split('\n').filter((sha) => sha !== '');
  if (!there.includes(commit)) {
    const known: string[] = [];
    for (const sha of there) if (await hasCommit(directory, sha, signal)) known.push(sha);
    const pack = await packOf(directory, commit, known, signal);
    await far(['index-pack', '--stdin', '--fix-thin'], pack);
    await far(['update-ref', `refs/ci-parity/${commit}`, commit]);
  }
  return repository;
}

/** Where `carryCommit` brings it. */
export async function carriedTo(
  { repository }: Recipe,
  machine: Machine,
  signal: AbortSignal,
): Promise<string> {
  const { stdout } = await machine.exec(['sh', '-c', 'cd && pwd'], { signal });
  const name = createHash('sha256').update(repository.remoteUrl ?? repository.directory);
  const folder = name.digest('hex').slice(0, 16);
  return `${stdout.trimEnd()}/.cache/ci-parity/repositories/${folder}.git`;
}

/** The commit with all that it needs, without what hangs on the commits that are `known` over there. */
async function packOf(
  directory: string,
  commit: string,
  known: readonly string[],
  signal: AbortSignal,
): Promise<Buffer> {
  const scratch = await mkdtemp(join(tmpdir(), 'ci-parity-pack-'));
  try {
    const file = join(scratch, 'pack');
    const args = ['pack-objects', '--revs', '--thin', '--delta-base-offset', '--quiet', '--stdout'];
    const env = { ...process.env, GIT_DIR: undefined, GIT_WORK_TREE: undefined };
    const stdio = ['pipe', 'pipe', 'ignore'] as const;
    const child = spawn('git', args, { cwd: directory, env, signal, stdio: [...stdio] });
    const exited = once(child, 'close');
    child.stdin.end([commit, ...known.map((sha) => `^${sha}`), ''].join('\n'));
    await pipeline(child.stdout, createWriteStream(file), { signal });
    const [code] = (await exited) as [number | null];
    if (code !== 0) throw new UserError(`git could not pack ${commit.slice(0, 12)}.`);
    return await readFile(file);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
