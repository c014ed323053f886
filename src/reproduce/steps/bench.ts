import { isAbsolute, join } from 'node:path';
import { codeOf, isUserError, messageOf } from '../../base/errors';
import type { Queue } from '../../base/queue';
import type { Secrets } from '../../base/secretChannel';
import type { FailedTest } from '../../jenkins/run';
import type { Docker } from '../../machines/docker';
import type { Enclosure, Exit, Machine } from '../../machines/machine';
import {
  StepError,
  type Inside,
  type Outcome,
  type Scope,
  type StepCall,
  type Value,
} from '../../pipeline/effects';
import type { Recipe } from '../../recipe/recipe';
import type { Journal } from '../journal';
import type { Mask } from '../mask';
import type { Files } from '../store';

/** What steps work with. */
export interface Bench {
  readonly recipe: Recipe;
  readonly files: Files;
  readonly machine: Machine;
  /** Where on it the first agent works. Its last part is unique, since Vagrant names VMs after it. */
  readonly workspace: string;
  readonly journal: Journal;
  readonly secrets: Secrets;
  /** The environment that the machine itself gives a step. */
  readonly base: Readonly<Record<string, string>>;
  /** What no output may show. */
  readonly mask: Mask;
  readonly kill: AbortSignal;
  /** Our own words. */
  say(line: string): void;
  /** Prints whole lines as a step would; they are masked. */
  print(text: string, at: Scope): void | Promise<void>;
  /** Asks the person; undefined where nobody can be asked. */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** Runs a script that is no step of the Jenkinsfile: on the machine itself, its output beside the steps'. */
  run(script: string, at: Scope, options?: RunWishes): Promise<Exit>;
  noteTests(tests: readonly FailedTest[]): void;
  /** Something in which this reproduction differs from CI's run, for the verdict. */
  caveat(sentence: string): void;
  /** Where the steps of an agent run, if not on the machine itself; started when it is asked for. */
  enclosure(at: Scope): Promise<Enclosure | undefined>;
  /** The docker of the machine. Rejects with a UserError where there is none that answers. */
  docker(): Promise<Docker>;
  /** Who holds or waits for a lock, as the end of the last of them. */
  readonly locks: Map<string, Promise<unknown>>;
  /** For what git does to the worktrees of one repository: two at once trip over each other. */
  readonly gitQueue: Queue;
  /** A workspace that no other branch has at the moment. */
  withWorkspace<R>(wanted: string | undefined, use: (workspace: string) => Promise<R>): Promise<R>;
}

export interface RunWishes {
  readonly environment?: Readonly<Record<string, string>>;
  readonly captureStdout?: boolean;
  /** If not where the step stands. */
  readonly directory?: string;
}

/** A step without a body. */
export type StepEffect = (call: StepCall, at: Scope, bench: Bench) => Promise<Value>;

/** A step around a body. */
export type BlockEffect = (
  call: StepCall,
  at: Scope,
  body: (inside: Inside) => Promise<Outcome>,
  bench: Bench,
) => Promise<void>;

/**
 * For what is taken away whatever happens, also when the person ends everything at once: a machine
 * that cannot be reached any more must not hold that up for ever.
 */
export function takingAway(): AbortSignal {
  return AbortSignal.timeout(20_000);
}

/** Beside a workspace, as Jenkins has it: what must not lie in the checkout. */
export function temporaryOf(workspace: string): string {
  return `${workspace}@tmp`;
}

export function workspaceOf(at: Scope): string {
  const workspace = at.environment.get('WORKSPACE')?.value;
  if (typeof workspace !== 'string')
    throw new StepError('This step wants a node, and there is none: agent none.');
  return workspace;
}

/** Where a step stands, as an absolute path. */
export function directoryOf(at: Scope): string {
  const directory = checkedName(at.directory);
  return isAbsolute(directory) ? directory : join(workspaceOf(at), directory);
}

/** A path of the Jenkinsfile, from where the step stands. */
export function pathOf(path: string, at: Scope): string {
  const name = checkedName(path);
  return isAbsolute(name) ? name : join(directoryOf(at), name);
}

/** @throws StepError as Java refuses a path. */
export function checkedName(path: string): string {
  if (path.includes('\0'))
    throw new StepError(
      `java.nio.file.InvalidPathException: Nul character not allowed: ${path.replaceAll('\0', '')}`,
    );
  return path;
}

/** The argument `name`, or the only one without a name. */
export function textOf(call: StepCall, name: string): string | undefined {
  const value = call.args.get(name) ?? call.args.get('');
  return typeof value === 'string' ? value : undefined;
}

/** @throws StepError when the step has no such text. */
export function neededText(call: StepCall, name: string): string {
  const text = textOf(call, name);
  if (text === undefined)
    throw new StepError(`${call.name} wants ${name}, which is not known here.`);
  return text;
}

/** A step's failure of what the system refused it: no room, no right, a folder of that name. Anything else stays what it is. */
export function asFailure(error: unknown): unknown {
  const refused = !isUserError(error) && /^E[A-Z0-9]+$/.test(codeOf(error));
  return refused ? new StepError(messageOf(error)) : error;
}

export function isOn(call: StepCall, name: string, otherwise = false): boolean {
  const value = call.args.get(name);
  return typeof value === 'boolean' ? value : otherwise;
}
