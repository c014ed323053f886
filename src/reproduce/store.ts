import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../base/errors';
import { stateDirectory } from '../base/stateDirectory';
import { isAlive } from '../machines/processes';
import { parseRecipe, type Recipe } from '../recipe/recipe';
import {
  readJournal,
  type Finding,
  type Kept,
  type JournalEvent,
  type MadeThing,
  type StageProgress,
  type Verdict,
} from './journal';

/** The files of one reproduction, in a directory of its own. */
export interface Files {
  readonly id: string;
  readonly directory: string;
  readonly recipe: string;
  readonly journal: string;
  /** What the steps printed, masked. */
  readonly output: string;
  readonly artifacts: string;
  /** Made by whoever wants a kept machine to be put away; the runner waits for it. */
  readonly finish: string;
  /** Made by whoever wants the runner to stop, as Ctrl-C would. */
  readonly stop: string;
  /** Exists once a runner has taken the reproduction; two can not. */
  readonly owner: string;
  /** Where the steps run, on this machine. The last part of its path is unique, since Vagrant names VMs after it. */
  readonly workspace: string;
}

/** What the journal says of a reproduction. */
export interface Reproduction {
  readonly files: Files;
  readonly recipe: Recipe;
  readonly status: Status;
  /** Also while a machine is kept. */
  readonly verdict: Verdict | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly stages: readonly {
    readonly path: readonly string[];
    readonly state: StageProgress;
    readonly why?: string;
  }[];
  readonly findings: readonly Finding[];
  /** The step that runs now or ran last. */
  readonly step: { readonly script: string; readonly line: number } | undefined;
  /** What was promised and is not known to be gone. */
  readonly made: readonly { readonly what: MadeThing; readonly where: string }[];
}

export type Status =
  | { readonly state: 'new' }
  | { readonly state: 'running'; readonly pid: number }
  /** The machine stays until the person says finish. */
  | ({ readonly state: 'kept'; readonly pid: number } & Kept)
  /** Its owner died; what is in `made` may still be there. */
  | { readonly state: 'interrupted' }
  | {
      readonly state: 'ended';
      readonly verdict: Verdict | undefined;
      readonly left: readonly string[];
    };

export function filesOf(id: string, root: string = stateDirectory()): Files {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(id)) throw new UserError(`"${id}" is not a reproduction's id.`);
  const directory = join(root, 'reproductions', id);
  return {
    id,
    directory,
    recipe: join(directory, 'recipe.json'),
    journal: join(directory, 'events.ndjson'),
    output: join(directory, 'output.log'),
    artifacts: join(directory, 'artifacts'),
    finish: join(directory, 'finish'),
    stop: join(directory, 'stop'),
    owner: join(directory, 'owner'),
    workspace: join(root, 'workspaces', id),
  };
}

/** Writes the recipe into a new directory; a runner is started on it with the id. */
export function createReproduction(recipe: Recipe, root: string = stateDirectory()): Files {
  const files = filesOf(newId(recipe), root);
  mkdirSync(files.directory, { recursive: true, mode: 0o700 });
  writeFileSync(files.recipe, JSON.stringify(recipe, null, 2) + '\n', { mode: 0o600, flag: 'wx' });
  return files;
}

/** @throws UserError when there is none with that id, or its recipe can not be read. */
export function readReproduction(id: string, root: string = stateDirectory()): Reproduction {
  const files = filesOf(id, root);
  let text: string;
  try {
    text = readFileSync(files.recipe, 'utf8');
  } catch (cause) {
    throw new UserError(`There is no reproduction "${id}".`, {
      cause,
      advice: 'See: ci-parity list',
    });
  }
  return project(files, parseRecipe(text), readJournal(files.journal));
}

/** All reproductions, newest first. Directories without a recipe (killed while it was written) are left out. */
export function listReproductions(root: string = stateDirectory()): Reproduction[] {
  let ids: string[];
  try {
    ids = readdirSync(join(root, 'reproductions'));
  } catch {
    return [];
  }
  const all: Reproduction[] = [];
  for (const id of ids) {
    try {
      all.push(readReproduction(id, root));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return all.sort((a, b) => idTime(b.files.id) - idTime(a.files.id));
}

/** Forgets a reproduction that has ended. What it made must have been put away before. */
export function deleteReproduction(reproduction: Reproduction): void {
  const { state } = reproduction.status;
  if (state === 'running' || state === 'kept')
    throw new UserError(`${reproduction.files.id} is still ${state}.`, {
      advice: 'Stop or finish it first.',
    });
  if (state === 'interrupted' && reproduction.made.length > 0)
    throw new UserError(`${reproduction.files.id} left things behind.`, {
      advice: 'Run: ci-parity clean',
    });
  rmSync(reproduction.files.directory, { recursive: true, force: true });
}

/** The journal, folded. Exported for tests; others ask `readReproduction`. */
export function project(
  files: Files,
  recipe: Recipe,
  events: readonly JournalEvent[],
): Reproduction {
  let owner: { pid: number; bornAt: string } | undefined;
  let startedAt: number | undefined;
  let endedAt: number | undefined;
  let verdict: Verdict | undefined;
  let left: readonly string[] | undefined;
  let kept: Kept | undefined;
  let step: Reproduction['step'];
  const stages = new Map<string, Reproduction['stages'][number]>();
  const made = new Map<string, Reproduction['made'][number]>();
  const findings: Finding[] = [];
  for (const event of events) {
    switch (event.type) {
      case 'started':
        owner = { pid: event.pid, bornAt: event.bornAt };
        startedAt ??= Date.parse(event.at);
        break;
      case 'intent':
        made.set(`${event.what} ${event.where}`, { what: event.what, where: event.where });
        break;
      case 'gone':
        made.delete(`${event.what} ${event.where}`);
        break;
      case 'finding':
        findings.push(event.finding);
        break;
      case 'stage':
        stages.set(JSON.stringify(event.path), {
          path: event.path,
          state: event.state,
          ...(event.why === undefined ? {} : { why: event.why }),
        });
        break;
      case 'step':
        step = { script: event.script, line: event.line };
        break;
      case 'kept':
        kept = {
          directory: event.directory,
          machines: event.machines,
          environment: event.environment,
        };
        break;
      case 'finishing':
      case 'cancelling':
        kept = undefined;
        break;
      case 'verdict':
        verdict = event.verdict;
        break;
      case 'ended':
        left = event.left;
        endedAt = Date.parse(event.at);
        break;
      case 'exit':
      case 'omitted':
      case 'post':
        break;
    }
  }
  const status = (): Status => {
    if (left) return { state: 'ended', verdict, left };
    if (!owner) return { state: 'new' };
    if (!isAlive(owner.pid, owner.bornAt)) return { state: 'interrupted' };
    return kept ? { state: 'kept', pid: owner.pid, ...kept } : { state: 'running', pid: owner.pid };
  };
  return {
    files,
    recipe,
    status: status(),
    verdict,
    startedAt,
    endedAt,
    stages: [...stages.values()],
    findings,
    step,
    made: [...made.values()],
  };
}

/** `cilium-master-42-mdx3k1q0-4f01`: job, run, time and chance; short, since VMs are named after it. */
function newId(recipe: Recipe): string {
  const job = recipe.run?.job ?? recipe.jenkinsfile.path;
  const words = job
    .split('/')
    .slice(-2)
    .join('-')
    .replace(/[^A-Za-z0-9]+/g, '-');
  const name = words
    .slice(-24)
    .replace(/^-+|-+$/g, '')
    .toLowerCase();
  const number = recipe.run ? `-${recipe.run.number}` : '';
  const chance = randomBytes(2).toString('hex');
  return `${name || 'job'}${number}-${Date.now().toString(36)}-${chance}`;
}

function idTime(id: string): number {
  return Number.parseInt(id.split('-').at(-2) ?? '', 36) || 0;
}
