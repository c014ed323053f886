import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { isUserError, messageOf, messageWithAdvice } from '../base/errors';
import { stateDirectory } from '../base/stateDirectory';
import { explainSystemError } from '../base/systemErrors';
import { claimFile } from '../machines/claim';
import { openLocalMachine } from '../machines/local';
import type { Machine } from '../machines/machine';
import { providersIn, tracesOf, vagrant, vagrantFolders } from '../machines/vagrant';
import { makePlan } from '../recipe/plan';
import type { Recipe } from '../recipe/recipe';
import { releaseCheckout, removeCheckout, tidyClone } from './checkout';
import { cookieOf } from './effects';
import {
  openJournal,
  tolerantJournal,
  type Journal,
  type MadeThing,
  type Verdict,
} from './journal';
import { addressOf, openPlace, placeName, type Ways } from './place';
import { takingAway, temporaryOf } from './steps/bench';
import { putDockerAway } from './steps/docker';
import { isSocketFolder } from './steps/sshAgent';
import {
  listDamaged,
  listReproductions,
  setAside,
  type DamagedReproduction,
  type Files,
  type Made,
  type Reproduction,
} from './store';

/** Milliseconds for `vagrant destroy`; under emulation it was seen to take 4 s. */
const DESTROY_TIMEOUT = 120_000;

export interface Leavings {
  readonly files: Files;
  /** Undefined where it is lost. */
  readonly recipe: Recipe | undefined;
  readonly machine: Machine;
  /** Where the first agent worked on the machine. Nothing outside of it and of its like beside it is removed. */
  readonly workspace: string;
  readonly journal: Journal;
  readonly made: readonly Made[];
  /** The journal may lack something that was made. */
  readonly damaged: boolean;
  /** What `vagrant destroy` needs to evaluate the Vagrantfile as the steps did. */
  readonly environment: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

/**
 * Puts away what a reproduction made, and strikes it off the journal when it is seen gone.
 * Resolves with a sentence for each thing that is left. A folder with a machine in it stays:
 * without Vagrant's notes that machine could not be destroyed any more.
 */
export async function putAway(leavings: Leavings, signal: AbortSignal): Promise<string[]> {
  const { files, recipe, machine, workspace: within, journal, made, environment, say } = leavings;
  const left: string[] = [];
  const { name, value } = cookieOf(files);
  const outlived = await machine.endProcesses(`${name}=${value}`, 3000, signal);
  if (outlived.length > 0) left.push(`processes ${outlived.join(', ')} could not be ended`);
  // Secrets first: whatever may fail below.
  left.push(...(await putSecretsAway(leavings)));
  const docker = { files, journal, machine, base: environment };
  left.push(...(await putDockerAway(made, docker, signal, leavings.damaged)));
  const workspaces: string[] = [];
  const worktrees: string[] = [];
  for (const { what, where } of made) {
    if (!isKnown(what)) left.push(`${what} ${where}: only a later version can remove it`);
    else if (what !== 'machine' && what !== 'worktree') continue;
    else if (isOwn(where, within)) (what === 'machine' ? workspaces : worktrees).push(where);
    else if (await machine.files.stat(where, signal))
      left.push(
        recipe
          ? `the folder ${where}: it lies outside the folders of ${files.id}, and stays`
          : `the folder ${where}, maybe on another machine: the recipe that says so is lost. ` +
              `Remove it there, then delete ${files.directory}`,
      );
    else if (recipe) journal.append({ type: 'gone', what, where });
  }
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
  for (const where of worktrees) {
    if ([...lost].some((workspace) => isIn(workspace, where))) continue;
    try {
      await removeCheckout(recipe, machine, where, within, signal);
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
        await machine.files.remove(folder, signal, { within });
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
  if (recipe) await releaseCheckout(recipe);
  return left.map((thing) => onOther(recipe, thing));
}

const KINDS: readonly string[] = ['worktree', 'machine', 'container', 'image', 'secrets'];

/** Whether this version can remove such a thing. */
function isKnown(what: string): what is MadeThing {
  return KINDS.includes(what);
}

/** Whether a path, as it is written, is a workspace, in it, or beside it with its name: see `RemoveOptions.within`. */
function isOwn(path: string, workspace: string): boolean {
  const rest = path.startsWith(workspace) ? path.slice(workspace.length) : undefined;
  return rest !== undefined && /^($|[/@]|-\d)/.test(rest) && posix.normalize(path) === path;
}

/** A sentence for each thing that was not put away, with why. */
export function namesOf(
  { recipe, made }: Pick<Leavings, 'recipe' | 'made'>,
  why: string | undefined,
): string[] {
  const because = why === undefined ? '' : `: ${why}`;
  return made.map(({ what, where }) => onOther(recipe, `${what} ${where}${because}`));
}

/** What lies on another machine is said to. */
function onOther(recipe: Recipe | undefined, thing: string): string {
  return recipe?.on ? `on ${placeName(recipe.on)}: ${thing}` : thing;
}

/** Removes the folders with secrets; so quick that it is done even where the person ends everything at once. */
export async function putSecretsAway({
  made,
  machine,
  workspace,
  journal,
}: Pick<Leavings, 'made' | 'machine' | 'workspace' | 'journal'>): Promise<string[]> {
  const left: string[] = [];
  const signal = takingAway();
  for (const { what, where } of made) {
    if (what !== 'secrets') continue;
    try {
      const within = (await isSocketFolder(where, machine, signal)) ? where : workspace;
      if (await machine.files.stat(where, signal))
        await machine.files.remove(where, signal, { within });
      journal.append({ type: 'gone', what: 'secrets', where });
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

/** What cleaning up after dead processes needs. */
interface Sweeping {
  readonly base: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  readonly how: 'quickly' | 'thoroughly';
  readonly ask: Ways['ask'];
}

export interface Swept {
  readonly id: string;
  /** A sentence for each thing that is left. */
  readonly left: readonly string[];
}

/**
 * Puts away what reproductions left whose runner is dead; thoroughly, also what could not be put
 * away before. Each is swept by one process only, and what fails with one does not keep the others from it.
 * Resolves with what is left, by reproduction.
 */
export async function sweep(
  base: Readonly<Record<string, string>>,
  say: (line: string) => void,
  signal: AbortSignal,
  how: 'quickly' | 'thoroughly' = 'quickly',
  ask?: Ways['ask'],
): Promise<Swept[]> {
  const sweeping = { base, say, signal, how, ask };
  const swept: Swept[] = [];
  const each = async ({ id }: Files, use: () => Promise<readonly string[] | undefined>) => {
    try {
      const left = await use();
      if (left) swept.push({ id, left });
    } catch (error) {
      signal.throwIfAborted();
      swept.push({ id, left: [`all of it: ${messageWithAdvice(explainSystemError(error))}`] });
    }
  };
  for (const one of listReproductions()) await each(one.files, () => sweepOne(one, sweeping));
  for (const one of listDamaged()) await each(one.files, () => sweepDamaged(one, sweeping));
  return swept;
}

/** Resolves with what is left; undefined where there was nothing to do. */
async function sweepOne(
  reproduction: Reproduction,
  sweeping: Sweeping,
): Promise<readonly string[] | undefined> {
  const { files, status, made, verdict, damage } = reproduction;
  const isLeft =
    made.length > 0 || (damage !== undefined && status.state === 'ended' && status.left.length > 0);
  const leftBehind = status.state === 'ended' && isLeft && sweeping.how === 'thoroughly';
  if (status.state !== 'interrupted' && !leftBehind) return undefined;
  return await claimed(files, async () => {
    sweeping.say(`${files.id} left something: putting it away`);
    using journal = openJournal(files.journal);
    const damaged = damage !== undefined;
    const left = await leftBy({ ...reproduction, damaged }, tolerantJournal(journal), sweeping);
    // One that had come to its verdict was interrupted only while it put away.
    if (!verdict) journal.append({ type: 'verdict', verdict: interrupted(reproduction) });
    journal.append({ type: 'ended', left });
    for (const file of [files.owner, files.finish, files.stop]) rmSync(file, { force: true });
    return left;
  });
}

/** Puts away what can be found of a reproduction whose record cannot be read, and sets that record aside. */
async function sweepDamaged(
  damaged: DamagedReproduction,
  sweeping: Sweeping,
): Promise<readonly string[] | undefined> {
  const { files, why, state, made } = damaged;
  if (state === 'running' || sweeping.how === 'quickly') return undefined;
  // What it made only that version knows. Without traces on this machine there may be nothing.
  if (state === 'later') return made.length === 0 ? undefined : namesOf(damaged, why);
  mkdirSync(files.directory, { recursive: true, mode: 0o700 });
  return await claimed(files, async () => {
    sweeping.say(`${files.id} is damaged (${why}): putting away what can be found of it`);
    const all = { files, recipe: damaged.recipe, made, damaged: true };
    const left = await leftBy(all, unwritten, sweeping);
    if (left.length > 0) return left;
    const recorded = readdirSync(files.directory).filter((name) => !name.startsWith('owner'));
    if (recorded.length > 0)
      sweeping.say(`what was recorded of ${files.id} is kept in ${setAside(files)}`);
    else rmSync(files.directory, { recursive: true, force: true });
    return left;
  });
}

/** For a record that is set aside. */
const unwritten: Journal = { append: () => undefined, [Symbol.dispose]: () => undefined };

/** Puts away on the machine where it was made. */
async function leftBy(
  { files, recipe, made, damaged }: Pick<Leavings, 'files' | 'recipe' | 'made' | 'damaged'>,
  journal: Journal,
  { base, say, signal, ask }: Sweeping,
): Promise<readonly string[]> {
  const { workspace } = files;
  const all = { files, recipe, journal, made, damaged, say };
  // What this process starts is found by the next one if this one is killed, too.
  const { name, value } = cookieOf(files);
  if (!recipe) {
    await using machine = openLocalMachine(temporaryOf(workspace));
    const environment = { ...base, [name]: value };
    return await putAway({ ...all, machine, workspace, environment }, signal);
  }
  try {
    if (recipe.on && !addressOf(recipe.on)) {
      say(`the machine ${placeName(recipe.on)} was given back: nothing is left there`);
      for (const { what, where } of made)
        if (isKnown(what)) journal.append({ type: 'gone', what, where });
      await releaseCheckout(recipe);
      return [];
    }
    await using place = await openPlace(recipe, files, { base, say, ask }, signal);
    const environment = {
      ...{ ...place.base, ...(await environmentOf(recipe, signal)) },
      [name]: value,
    };
    const { machine } = place;
    return await putAway({ ...all, machine, workspace: place.workspace, environment }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!recipe.on || !isUserError(error)) throw error;
    return namesOf({ recipe, made }, error.message);
  }
}

/** Calls `use` unless another process sweeps the same reproduction. */
async function claimed<T>(files: Files, use: () => Promise<T>): Promise<T | undefined> {
  const claim = `${files.owner}.sweep`;
  if (!claimFile(claim)) return undefined;
  try {
    return await use();
  } finally {
    rmSync(claim, { force: true });
  }
}

/** Removes from the person's clones what dead processes left there; from `here`, too, where it is one. */
export async function tidyClones(here: string, signal: AbortSignal): Promise<void> {
  const all = listReproductions();
  const live = [
    ...all.filter(({ status }) => status.state === 'running' || status.state === 'kept'),
    ...listDamaged().filter(({ state }) => state !== 'damaged'),
  ];
  const isLive = (name: string): boolean => live.some(({ files }) => name.startsWith(files.id));
  const clones = new Set([here, ...all.map(({ recipe }) => recipe.repository.directory)]);
  for (const clone of clones)
    try {
      await tidyClone(clone, join(stateDirectory(), 'workspaces'), isLive, signal);
    } catch (error) {
      signal.throwIfAborted();
      // It is no clone, or is gone.
      if (!isUserError(error)) throw error;
    }
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
