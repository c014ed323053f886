import { execa } from 'execa';
import { existsSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf } from '../base/errors';
import { claimFile } from '../machines/claim';
import { endProcessesWith } from '../machines/processes';
import {
  hypervisors,
  machinesOf,
  providersIn,
  tracesOf,
  vagrant,
  vagrantFolders,
} from '../machines/vagrant';
import { makePlan } from '../recipe/plan';
import type { Recipe } from '../recipe/recipe';
import { releaseCheckout, removeCheckout } from './checkout';
import { cookieOf } from './effects';
import { openJournal, type Journal, type Verdict } from './journal';
import { temporaryOf } from './steps/bench';
import { putDockerAway } from './steps/docker';
import { listReproductions, type Files, type Reproduction } from './store';

/** Milliseconds for `vagrant destroy`; under emulation it was seen to take 4 s. */
const DESTROY_TIMEOUT = 120_000;

export interface Leavings {
  readonly files: Files;
  readonly recipe: Recipe;
  readonly journal: Journal;
  readonly made: Reproduction['made'];
  /** What `vagrant destroy` needs to evaluate the Vagrantfile as the steps did. */
  readonly environment: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

/**
 * Takes away what a reproduction made, and strikes it off the journal when it is seen gone.
 * Resolves with a sentence for each thing that is left. A folder with a machine in it stays:
 * without Vagrant's notes nobody could destroy that machine.
 */
export async function putAway(leavings: Leavings, signal: AbortSignal): Promise<string[]> {
  const { files, recipe, journal, made, environment, say } = leavings;
  const left: string[] = [];
  const { name, value } = cookieOf(files);
  const outlived = await endProcessesWith(`${name}=${value}`, hypervisors, 3000, signal);
  if (outlived.length > 0) left.push(`processes ${outlived.join(', ')} could not be ended`);
  // Secrets first: whatever may fail below.
  left.push(...(await putSecretsAway(made, journal)));
  left.push(...(await putDockerAway(made, { files, journal, base: environment })));
  const workspaces = made.filter(({ what }) => what === 'machine').map(({ where }) => where);
  const lost = new Set<string>();
  for (const workspace of workspaces) {
    for (const folder of vagrantFolders(workspace)) {
      if (machinesOf(folder).length > 0) {
        say(`destroying what is left of Vagrant in ${folder}`);
        await destroy(folder, environment, signal);
      }
      for (const machine of machinesOf(folder)) {
        left.push(
          `the ${machine.provider} machine ${machine.name}: cd ${folder} && vagrant destroy -f`,
        );
        lost.add(workspace);
      }
    }
    for (const stray of await removeStrays(workspace, environment, say, signal)) {
      left.push(stray);
      lost.add(workspace);
    }
  }
  for (const { what, where } of made) {
    if (what !== 'worktree' || [...lost].some((workspace) => where.startsWith(workspace))) continue;
    try {
      await removeCheckout(recipe, where, signal);
      journal.append({ type: 'gone', what: 'worktree', where });
    } catch (error) {
      signal.throwIfAborted();
      left.push(`the folder ${where}: ${messageOf(error)}`);
    }
  }
  for (const workspace of workspaces) {
    await rm(temporaryOf(workspace), { recursive: true, force: true }).catch(() => undefined);
    if (lost.has(workspace)) continue;
    // What a machine wrote here as another user cannot be removed: it is seen by what is left.
    await rm(workspace, { recursive: true, force: true }).catch(() => undefined);
    if (existsSync(workspace)) left.push(`the folder ${workspace}`);
    else journal.append({ type: 'gone', what: 'machine', where: workspace });
  }
  await releaseCheckout(recipe, signal);
  return left;
}

/** Takes the folders with secrets away; so quick that it is done even where the person ends everything at once. */
export async function putSecretsAway(
  made: Reproduction['made'],
  journal: Journal,
): Promise<string[]> {
  const left: string[] = [];
  for (const { what, where } of made) {
    if (what !== 'secrets') continue;
    await rm(where, { recursive: true, force: true }).catch(() => undefined);
    if (existsSync(where)) left.push(`secrets in ${where}`);
    else journal.append({ type: 'gone', what, where });
  }
  return left;
}

async function destroy(
  folder: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const { command, args } = vagrant.destroy;
  // What it could not do is seen by what is left afterwards.
  await execa(command, args, {
    cwd: folder,
    env: { ...environment },
    extendEnv: false,
    stdio: 'ignore',
    reject: false,
    timeout: DESTROY_TIMEOUT,
    cancelSignal: signal,
  });
}

/**
 * Removes machines of which Vagrant has no note. Only a workspace's own base name is unique, so what
 * was made for a folder inside of it cannot be told from other machines of the person.
 * Resolves with a sentence for each that is left.
 */
async function removeStrays(
  workspace: string,
  environment: Readonly<Record<string, string>>,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const env = { LIBVIRT_DEFAULT_URI: 'qemu:///system', ...environment };
  const options = { env, extendEnv: false, stdin: 'ignore', reject: false } as const;
  const run = ({ command, args }: { command: string; args: readonly string[] }) =>
    execa(command, args, { ...options, timeout: DESTROY_TIMEOUT, cancelSignal: signal });
  const left: string[] = [];
  for (const provider of providersIn(workspace))
    for (const { list, remove } of tracesOf[provider] ?? []) {
      const names = async (): Promise<string[]> =>
        list
          .parse((await run(list)).stdout)
          .filter((name) => name.startsWith(`${basename(workspace)}_`));
      for (const name of await names()) {
        say(`removing ${name}, of which Vagrant has no note`);
        for (const command of remove(name)) await run(command);
      }
      signal.throwIfAborted();
      left.push(...(await names()).map((name) => `${name} of ${provider}`));
    }
  return left;
}

/**
 * Puts away what reproductions left whose owner is dead; thoroughly, also what could not be put
 * away before. Each is swept by one process only. Resolves with what was done and what is left, by reproduction.
 */
export async function sweep(
  base: Readonly<Record<string, string>>,
  say: (line: string) => void,
  signal: AbortSignal,
  how: 'quickly' | 'thoroughly' = 'quickly',
): Promise<{ id: string; left: readonly string[] }[]> {
  const swept: { id: string; left: readonly string[] }[] = [];
  for (const reproduction of listReproductions()) {
    const { files, recipe, status, made } = reproduction;
    const leftBehind = status.state === 'ended' && made.length > 0 && how === 'thoroughly';
    if (status.state !== 'interrupted' && !leftBehind) continue;
    const claim = `${files.owner}.sweep`;
    if (!claimFile(claim)) continue;
    try {
      say(`${files.id} left something: putting it away`);
      using journal = openJournal(files.journal);
      const environment = { ...base, ...(await environmentOf(recipe, signal)) };
      const left = await putAway({ files, recipe, journal, made, environment, say }, signal);
      if (!leftBehind) journal.append({ type: 'verdict', verdict: interrupted(reproduction) });
      journal.append({ type: 'ended', left });
      swept.push({ id: files.id, left });
    } finally {
      rmSync(claim, { force: true });
    }
  }
  return swept;
}

function interrupted({ stages }: Reproduction): Verdict {
  const stage = stages.findLast(({ state }) => state === 'running')?.path.at(-1);
  const where = stage === undefined ? '' : ` in ${stage}`;
  return {
    kind: 'could not run',
    sentence: `could not run: it was interrupted${where}`,
    details: [],
    failedTests: [],
  };
}

/** What the steps had in their environment, as far as the recipe tells it. */
async function environmentOf(recipe: Recipe, signal: AbortSignal): Promise<Record<string, string>> {
  const plan = await makePlan(recipe, signal);
  const environment: Record<string, string> = { ...recipe.environment };
  for (const item of plan.items)
    if (item.kind === 'sh')
      for (const { name, value } of item.changes)
        if (typeof value === 'string') environment[name] = value;
  return environment;
}
