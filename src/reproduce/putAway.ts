import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { isUserError, messageOf, messageWithAdvice } from '../base/errors';
import { claimFile } from '../machines/claim';
import type { Machine } from '../machines/machine';
import { providersIn, tracesOf, vagrant, vagrantFolders } from '../machines/vagrant';
import { makePlan } from '../recipe/plan';
import type { Recipe } from '../recipe/recipe';
import { releaseCheckout, removeCheckout } from './checkout';
import { cookieOf } from './effects';
import { openJournal, tolerantJournal, type Journal, type Verdict } from './journal';
import { addressOf, openPlace, placeName, type Ways } from './place';
import { takingAway, temporaryOf } from './steps/bench';
import { putDockerAway } from './steps/docker';
import { listReproductions, type Files, type Reproduction } from './store';

/** Milliseconds for `vagrant destroy`; under emulation it was seen to take 4 s. */
const DESTROY_TIMEOUT = 120_000;

export interface Leavings {
  readonly files: Files;
  readonly recipe: Recipe;
  readonly machine: Machine;
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
  const { files, recipe, machine, journal, made, environment, say } = leavings;
  const left: string[] = [];
  const { name, value } = cookieOf(files);
  const outlived = await machine.endProcesses(`${name}=${value}`, 3000, signal);
  if (outlived.length > 0) left.push(`processes ${outlived.join(', ')} could not be ended`);
  // Secrets first: whatever may fail below.
  left.push(...(await putSecretsAway(made, machine, journal)));
  left.push(...(await putDockerAway(made, { files, journal, machine, base: environment }, signal)));
  const workspaces = made.filter(({ what }) => what === 'machine').map(({ where }) => where);
  const lost = new Set<string>();
  for (const workspace of workspaces) {
    for (const { directory, machines } of await vagrantFolders(machine.files, workspace, signal)) {
      if (machines.length === 0) continue;
      say(`destroying what is left of Vagrant in ${directory}`);
      await destroy(directory, leavings, signal);
    }
    for (const { directory, machines } of await vagrantFolders(machine.files, workspace, signal))
      for (const vm of machines) {
        left.push(`the ${vm.provider} machine ${vm.name}: cd ${directory} && vagrant destroy -f`);
        lost.add(workspace);
      }
    for (const stray of await removeStrays(workspace, leavings, signal)) {
      left.push(stray);
      lost.add(workspace);
    }
  }
  for (const { what, where } of made) {
    if (what !== 'worktree' || [...lost].some((workspace) => isIn(workspace, where))) continue;
    try {
      await removeCheckout(recipe, machine, where, signal);
      journal.append({ type: 'gone', what: 'worktree', where });
    } catch (error) {
      signal.throwIfAborted();
      left.push(whyStays(where, error));
      lost.add(where);
    }
  }
  for (const workspace of workspaces) {
    const isLost = [...lost].some((folder) => isIn(workspace, folder));
    const kept: string[] = [];
    for (const folder of [temporaryOf(workspace), ...(isLost ? [] : [workspace])]) {
      try {
        await machine.files.remove(folder, signal);
      } catch (error) {
        signal.throwIfAborted();
        // What a machine wrote here as another user cannot be removed.
        kept.push(whyStays(folder, error));
      }
    }
    left.push(...kept);
    if (kept.length === 0 && !isLost)
      journal.append({ type: 'gone', what: 'machine', where: workspace });
  }
  await releaseCheckout(recipe);
  return left.map((thing) => onOther(recipe, thing));
}

/** A sentence for each thing that was not put away, with why. */
export function namesOf(
  { recipe, made }: Pick<Reproduction, 'recipe' | 'made'>,
  why: string | undefined,
): string[] {
  const because = why === undefined ? '' : `: ${why}`;
  return made.map(({ what, where }) => onOther(recipe, `${what} ${where}${because}`));
}

/** What lies on another machine is said to. */
function onOther({ on }: Recipe, thing: string): string {
  return on ? `on ${placeName(on)}: ${thing}` : thing;
}

/** Takes the folders with secrets away; so quick that it is done even where the person ends everything at once. */
export async function putSecretsAway(
  made: Reproduction['made'],
  machine: Machine,
  journal: Journal,
): Promise<string[]> {
  const left: string[] = [];
  const signal = takingAway();
  for (const { what, where } of made) {
    if (what !== 'secrets') continue;
    try {
      await machine.files.remove(where, signal);
      journal.append({ type: 'gone', what, where });
    } catch (error) {
      left.push(`secrets in ${where}: ${messageOf(error)}`);
    }
  }
  return left;
}

/** Why a folder could not be removed; a refusal names it already. */
function whyStays(folder: string, error: unknown): string {
  return isUserError(error)
    ? messageWithAdvice(error)
    : `the folder ${folder}: ${messageOf(error)}`;
}

function isIn(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

async function destroy(
  directory: string,
  { machine, environment }: Leavings,
  signal: AbortSignal,
): Promise<void> {
  const { command, args } = vagrant.destroy;
  const options = { directory, environment, timeout: DESTROY_TIMEOUT, signal };
  // What it could not do is seen by what is left afterwards.
  await machine.exec([command, ...args], options);
}

/**
 * Removes machines of which Vagrant has no note. Only a workspace's own base name is unique, so what
 * was made for a folder inside of it cannot be told from other machines of the person.
 * Resolves with a sentence for each that is left.
 */
async function removeStrays(
  workspace: string,
  { machine, environment: given, say }: Leavings,
  signal: AbortSignal,
): Promise<string[]> {
  const environment = { LIBVIRT_DEFAULT_URI: 'qemu:///system', ...given };
  const run = ({ command, args }: { command: string; args: readonly string[] }) =>
    machine.exec([command, ...args], { environment, timeout: DESTROY_TIMEOUT, signal });
  const left: string[] = [];
  for (const provider of await providersIn(machine.files, workspace, signal))
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
  ask?: Ways['ask'],
): Promise<{ id: string; left: readonly string[] }[]> {
  const swept: { id: string; left: readonly string[] }[] = [];
  /** Puts away on the machine where it was made. */
  const leftBy = async (
    { files, recipe, made }: Reproduction,
    journal: Journal,
  ): Promise<readonly string[]> => {
    try {
      if (recipe.on && !addressOf(recipe.on)) {
        say(`the machine ${placeName(recipe.on)} was given back: nothing is left there`);
        for (const { what, where } of made) journal.append({ type: 'gone', what, where });
        await releaseCheckout(recipe);
        return [];
      }
      await using place = await openPlace(recipe, files, { base, say, ask }, signal);
      const environment = { ...place.base, ...(await environmentOf(recipe, signal)) };
      const { machine } = place;
      return await putAway({ files, recipe, machine, journal, made, environment, say }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!recipe.on || !isUserError(error)) throw error;
      return namesOf({ recipe, made }, error.message);
    }
  };
  for (const reproduction of listReproductions()) {
    const { files, status, made, verdict } = reproduction;
    const leftBehind = status.state === 'ended' && made.length > 0 && how === 'thoroughly';
    if (status.state !== 'interrupted' && !leftBehind) continue;
    const claim = `${files.owner}.sweep`;
    if (!claimFile(claim)) continue;
    try {
      say(`${files.id} left something: putting it away`);
      using journal = openJournal(files.journal);
      const left = await leftBy(reproduction, tolerantJournal(journal));
      // One that had come to its verdict was interrupted only while it put away.
      if (!verdict) journal.append({ type: 'verdict', verdict: interrupted(reproduction) });
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
