import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { codeOf, isUserError, messageOf, UserError } from '../base/errors';
import { stateDirectory } from '../base/stateDirectory';
import { explainSystemError } from '../base/systemErrors';
import { holderOf } from '../machines/claim';
import { isAlive } from '../machines/processes';
import { LaterVersion, parseRecipe, type Recipe } from '../recipe/recipe';
import {
  journalText,
  parseJournal,
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
  /** What was promised and is not known to be gone, and workspaces that are there without a runner. */
  readonly made: readonly Made[];
  /** What of the journal cannot be read, for people; undefined where all can. */
  readonly damage: string | undefined;
}

/** Something that was made, and where it is. A later version may make things that this one does not know. */
export interface Made {
  readonly what: MadeThing | (string & {});
  readonly where: string;
}

/** A record that cannot be read, or a workspace without a record. */
export interface DamagedReproduction {
  readonly files: Files;
  /** For people. */
  readonly why: string;
  readonly recipe: Recipe | undefined;
  /** `later`: a later version of this program made it, and knows how to put it away. */
  readonly state: 'damaged' | 'later' | 'running';
  /** As far as it is known. */
  readonly made: readonly Made[];
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

const ID = /^[A-Za-z0-9][\w.-]*$/;

export function filesOf(id: string, root: string = stateDirectory()): Files {
  if (!ID.test(id)) throw new UserError(`"${id}" is not a reproduction's id.`);
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
  // It appears whole: half of one would be taken for damaged.
  const draft = draftOf(files);
  writeFileSync(draft, JSON.stringify(recipe, null, 2) + '\n', { mode: 0o600, flag: 'wx' });
  renameSync(draft, files.recipe);
  return files;
}

function draftOf({ recipe }: Files): string {
  return `${recipe}.new`;
}

/** @throws UserError when there is none with that id, or its record cannot be read. */
export function readReproduction(id: string, root: string = stateDirectory()): Reproduction {
  const record = readRecord(filesOf(id, root));
  if (!record)
    throw new UserError(`There is no reproduction "${id}".`, { advice: 'See: ci-parity list' });
  if ('status' in record) return record;
  throw new UserError(`The record of ${id} cannot be read: ${record.why}.`, {
    advice: ADVICE[record.state],
  });
}

const ADVICE = {
  damaged: 'Put away what it made with: ci-parity clean',
  later: 'Update CI Parity.',
  running: 'It is still running: stop it in its terminal.',
};

/** All reproductions whose record can be read, newest first. */
export function listReproductions(root: string = stateDirectory()): Reproduction[] {
  return records(root).filter((one) => 'status' in one);
}

/** All others of which there is something: see `DamagedReproduction`. */
export function listDamaged(root: string = stateDirectory()): DamagedReproduction[] {
  return records(root).flatMap((one) => ('status' in one ? [] : [one]));
}

function records(root: string): (Reproduction | DamagedReproduction)[] {
  const all = new Set([
    ...namesIn(join(root, 'reproductions')),
    ...namesIn(join(root, 'workspaces')).map(idOfWorkspace).filter(isNewId),
  ]);
  return [...all]
    .filter((id) => ID.test(id))
    .flatMap((id) => readRecord(filesOf(id, root)) ?? [])
    .sort((a, b) => idTime(b.files.id) - idTime(a.files.id));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** What there is of a reproduction; undefined where there is nothing. */
function readRecord(files: Files): Reproduction | DamagedReproduction | undefined {
  const workspaces = workspacesOf(files);
  let found: readonly string[] = [];
  let why: string | undefined;
  try {
    found = namesIn(files.directory);
  } catch (error) {
    why = cannotBeRead(files.directory, error);
  }
  // Just being created, or killed while it was.
  const begun = found.every((name) => join(files.directory, name) === draftOf(files));
  if (why === undefined && begun && workspaces.length === 0) return undefined;
  let recipe: Recipe | undefined;
  let events: readonly JournalEvent[] = [];
  let damage: string | undefined;
  let later = false;
  try {
    recipe = parseRecipe(readFileSync(files.recipe, 'utf8'));
  } catch (error) {
    why ??= found.length === 0 ? 'its record is missing' : cannotBeRead(files.recipe, error);
    later = error instanceof LaterVersion;
  }
  try {
    const journal = parseJournal(journalText(files.journal));
    events = journal.events;
    const lines = journal.damaged;
    if (lines.length > 0)
      damage = `line${lines.length > 1 ? 's' : ''} ${lines.join(', ')} of ${files.journal} cannot be read`;
  } catch (error) {
    why ??= cannotBeRead(files.journal, error);
  }
  const version = events.find((event) => event.type === 'started' && event.version !== 1);
  if (version) {
    why = `its journal was written by a later version of CI Parity`;
    later = true;
  }
  const reproduction = project(files, events, workspaces);
  if (why === undefined && recipe) return { ...reproduction, recipe, damage };
  const { made, status } = reproduction;
  const running = status.state === 'running' || status.state === 'kept';
  const state = running ? 'running' : later ? 'later' : 'damaged';
  return { files, why: why ?? '', recipe, state, made };
}

/** Faults of this program are thrown on. */
function cannotBeRead(file: string, thrown: unknown): string {
  const code = codeOf(thrown);
  if (code === 'ENOENT') return `${file} is missing`;
  const error = explainSystemError(thrown);
  if (!isUserError(error) && code === '') throw thrown;
  return `${file}: ${messageOf(error)}`;
}

/** The workspaces on this machine that are there, the second and third of a reproduction too. */
function workspacesOf({ id, workspace }: Files): string[] {
  const above = join(workspace, '..');
  const own = namesIn(above).filter((name) => idOfWorkspace(name) === id);
  return [...new Set(own.map((name) => join(above, baseOf(name))))];
}

/** Workspaces are called after the reproduction: `ID`, `ID-2`, and beside them `ID@tmp` and such. */
function idOfWorkspace(name: string): string {
  return baseOf(name).replace(/-\d{1,3}$/, '');
}

function baseOf(name: string): string {
  return name.split('@', 1)[0] ?? '';
}

/**
 * Moves what is left of a damaged record out of the way, when what it made is gone: the steps' output
 * and artifacts may be of use yet. Resolves with where it is now.
 */
export function setAside({ id, directory }: Files, root: string = stateDirectory()): string {
  const aside = join(root, 'damaged');
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  const to = join(aside, `${id}-${randomBytes(3).toString('hex')}`);
  renameSync(directory, to);
  for (const name of readdirSync(to)) if (name.startsWith('owner')) rmSync(join(to, name));
  return to;
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

/** The journal, folded, with the workspaces that are there. */
function project(
  files: Files,
  events: readonly JournalEvent[],
  workspaces: readonly string[],
): Omit<Reproduction, 'recipe' | 'damage'> {
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
  const runner = (): number | undefined => {
    if (owner && isAlive(owner.pid, owner.bornAt)) return owner.pid;
    // It may not have written that it has started; or that line is damaged.
    try {
      return holderOf(files.owner);
    } catch (error) {
      cannotBeRead(files.owner, error);
      return undefined;
    }
  };
  const status = (): Status => {
    if (left) return { state: 'ended', verdict, left };
    const pid = runner();
    if (pid !== undefined)
      return kept ? { state: 'kept', pid, ...kept } : { state: 'running', pid };
    const nothing = events.length === 0 && workspaces.length === 0 && !existsSync(files.output);
    return { state: !owner && nothing ? 'new' : 'interrupted' };
  };
  const now = status();
  // Of what is there, the intent may be damaged.
  if (now.state === 'interrupted' || now.state === 'ended')
    for (const where of workspaces)
      for (const what of ['worktree', 'machine'] as const)
        if (what === 'machine' || existsSync(join(where, '.git')))
          made.set(`${what} ${where}`, { what, where });
  return {
    files,
    status: now,
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
  const name = words.slice(-24).replace(/^-|-$/g, '').toLowerCase();
  const number = recipe.run ? `-${recipe.run.number}` : '';
  const chance = randomBytes(2).toString('hex');
  return `${name || 'job'}${number}-${Date.now().toString(36)}-${chance}`;
}

/** Whether `newId` gave it: what else lies in our folders is none of ours. */
function isNewId(id: string): boolean {
  return /-[0-9a-z]{8,}-[0-9a-f]{4}$/.test(id);
}

function idTime(id: string): number {
  return Number.parseInt(id.split('-').at(-2) ?? '', 36) || 0;
}
