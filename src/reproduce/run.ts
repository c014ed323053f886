import { closeSync, existsSync, mkdirSync, openSync, rmSync, watch } from 'node:fs';
import { tellAwaited } from '../base/awaited';
import { Cleanups } from '../base/cleanups';
import { isAbort, isUserError, messageOf, UserError } from '../base/errors';
import type { Secrets, WantedCredential } from '../base/secretChannel';
import { stateDirectory } from '../base/stateDirectory';
import { explainSystemError } from '../base/systemErrors';
import { claimFile } from '../machines/claim';
import { leaseOf } from '../machines/leases/ledger';
import { bornAt } from '../machines/processes';
import type { SshQuestions } from '../machines/ssh/surroundings';
import { vagrantFolders } from '../machines/vagrant';
import { interpret } from '../pipeline/interpret';
import { parse } from '../pipeline/parser';
import { ensureCommit } from '../recipe/git';
import { factsOf, makePlan, type Plan } from '../recipe/plan';
import type { OtherMachine, Recipe } from '../recipe/recipe';
import { doubtsAbout, judgedProblems, refusalOf } from '../recipe/refusal';
import { shortName } from '../recipe/branches';
import { realEffects, type RealEffects, type Screen } from './effects';
import {
  appendIfPossible,
  openJournal,
  tolerantJournal,
  type Journal,
  type JournalEvent,
  type Kept,
  type Verdict,
} from './journal';
import { tidyRepositories } from './keptRepositories';
import { preflight, wantsContainers } from './preflight';
import { addressOf, LEAVING, openPlace, placeTitle, type Place } from './place';
import { namesOf, putAway, putSecretsAway, sweep } from './putAway';
import { getReady } from './ready';
import { remainsText } from './remains';
import { listReproductions, readReproduction, type Files } from './store';
import { createMask, type Mask } from './mask';
import { maskedVerdict, maskError, maskJournal, maskScreen } from './maskedRecord';
import { secretTexts } from './steps/credentials';
import type { Observation } from './verdict';

/** What the world outside gives a reproduction, and asks of it. */
export interface Surroundings {
  readonly screen: Screen;
  /** Told each event of the journal as it is written. */
  readonly onEvent?: (event: JournalEvent) => void;
  /** What every step inherits: this machine's environment, as an agent's would be. */
  readonly base: Readonly<Record<string, string>>;
  /** Gives the credentials that the Jenkinsfile asks for, by their Jenkins ids. */
  readonly secrets: (wanted: readonly WantedCredential[], signal: AbortSignal) => Promise<Secrets>;
  /** Asks the person whether a host is the right one, and for the passphrase of a key. */
  readonly ssh?: SshQuestions;
  /** Asks the person at the terminal; undefined where there is none. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<string | undefined>;
  /**
   * Tells when the person interrupts. The first time: stop the step, run `post`, put away. The
   * second time: end at once, and say what is left. While a machine is kept it says finish.
   */
  readonly onInterrupt: (listener: (why: string) => void) => Disposable;
  /** Tells when the person at the terminal says that a kept machine is to be put away. */
  readonly onFinish: (listener: () => void) => Disposable;
  /** Called after the second interrupt, when something does not end though it was told to: the process is to exit. */
  readonly onStuck?: () => void;
}

/**
 * Carries a new reproduction out, from preflight to putting away, and records it in its journal.
 * @throws UserError when it is not new any more, or another process has it.
 */
export async function runReproduction(id: string, surroundings: Surroundings): Promise<Verdict> {
  const mask = createMask([]);
  try {
    return await runMasked(id, mask, surroundings);
  } catch (error) {
    throw maskError(error, mask);
  }
}

/** Shows and records nothing that `mask` hides. */
async function runMasked(id: string, mask: Mask, given: Surroundings): Promise<Verdict> {
  if (process.platform === 'win32')
    throw new UserError('Reproducing wants a Linux or macOS machine.', {
      advice: 'Open the repository in WSL, and reproduce from there.',
    });
  const { files, recipe, status } = readReproduction(id);
  if (status.state !== 'new' || !claimFile(files.owner))
    throw new UserError(`${id} was started before.`, { advice: `See: ci-parity show ${id}` });
  using journal = maskJournal(openJournal(files.journal, given.onEvent), mask);
  const { base, ask } = given;
  const screen = maskScreen(given.screen, mask);
  const surroundings: Surroundings = {
    ...{ ...given, screen },
    ...(ask && { ask: (question, signal) => ask(mask.text(question), signal) }),
  };
  using will = obey(files, recipe, journal, surroundings);
  journal.append({
    type: 'started',
    version: 1,
    pid: process.pid,
    bornAt: bornAt(process.pid) ?? '',
  });
  introduce(recipe, screen);
  const say = (line: string): void => screen.say(line);
  const ways = { base, ask: surroundings.ssh, say, kill: will.kill };
  await sweep(base, ways.say, will.kill, 'quickly', ways.ask);

  await using cleanups = new Cleanups();
  const attempt: Attempt = { mask };
  let observation: Observation;
  let defect: { readonly error: unknown } | undefined;
  try {
    mustBeTaken(recipe, screen);
    const place = await openPlace(recipe, files, ways, will.cancel);
    cleanups.defer(async () => place[Symbol.asyncDispose]());
    attempt.place = place;
    // Whatever is run on another machine, preflight too, is kept beside the workspace.
    if (recipe.on) journal.append({ type: 'intent', what: 'machine', where: place.workspace });
    observation = await carryOut(recipe, files, place, journal, surroundings, will, attempt);
  } catch (thrown) {
    const error = explainSystemError(thrown);
    // A defect is reported once everything is cleaned up.
    if (!isUserError(error) && !isAbort(error) && !will.kill.aborted) defect = { error };
    observation = couldNot(error, will, attempt.real);
  }
  const verdict = maskedVerdict(recipe, observation, mask);
  // A full or read-only disk must not prevent the cleaning up, which may even make room.
  const tolerant = tolerantJournal(journal);
  const recorded = appendIfPossible(journal, { type: 'verdict', verdict });
  const left = await leave();
  if (!recorded) journal.append({ type: 'verdict', verdict });
  journal.append({ type: 'ended', left });
  for (const file of [files.owner, files.finish, files.stop]) rmSync(file, { force: true });
  for (const thing of left) screen.say(`left: ${thing}`);
  if (left.length > 0) screen.say('put it away with: ci-parity clean');
  if (defect) throw defect.error;
  return verdict;

  /** Puts away; when the person ends that too, what was made is what is left. */
  async function leave(): Promise<readonly string[]> {
    // Where there was no machine, nothing was made.
    if (!attempt.place) return [];
    const { machine, workspace, base: given } = attempt.place;
    const environment = { ...given, ...attempt.real?.lastEnvironment() };
    const say = (line: string): void => screen.say(line);
    try {
      const all = { files, recipe, machine, workspace, journal: tolerant };
      await putSecretsAway({ ...all, made: readReproduction(id).made });
      const { made } = readReproduction(id);
      will.kill.throwIfAborted();
      return await putAway({ ...all, made, damaged: false, environment, say }, will.kill);
    } catch (error) {
      const unreachable = recipe.on && isUserError(error);
      if (!will.kill.aborted && !unreachable) throw error;
      return namesOf(readReproduction(id), unreachable ? error.message : undefined);
    }
  }
}

/** Milliseconds after the second interrupt until this process no longer waits for anything. */
const STUCK = LEAVING + 1000;

/** How far it came. */
interface Attempt {
  /** Hides the secrets as soon as they are known. */
  readonly mask: Mask;
  place?: Place;
  real?: RealEffects;
}

/** What the person wants of a running reproduction. */
interface Will extends Disposable {
  readonly cancel: AbortSignal;
  readonly kill: AbortSignal;
  /** Why it was cancelled: `timeout` has passed, or the person said so. */
  readonly cancelled: () => 'time' | 'person' | undefined;
  /** Resolves when the person says finish. */
  readonly finish: () => Promise<void>;
}

function obey(files: Files, recipe: Recipe, journal: Journal, surroundings: Surroundings): Will {
  const { screen } = surroundings;
  const cancel = new AbortController();
  const kill = new AbortController();
  let why: 'time' | 'person' | undefined;
  let finishing: (() => void) | undefined;
  let telling: Disposable | undefined;
  let saidRemains = false;
  let stuck: NodeJS.Timeout | undefined;
  const interrupt = (reason: string, by: 'time' | 'person'): void => {
    if (finishing) finishing();
    else if (why === undefined) {
      why = by;
      journal.append({ type: 'cancelling', why: reason });
      screen.say(`${reason}: stopping the step, then post; once more ends at once`);
      cancel.abort();
      telling = tellAwaited((what) => {
        screen.say(`Waiting for ${what}; press Ctrl-C again to leave now`);
        if (!saidRemains) screen.say(remainsText(files.id));
        saidRemains = true;
      });
    } else if (!kill.signal.aborted) {
      kill.abort();
      telling?.[Symbol.dispose]();
      screen.say('ending everything at once');
      stuck = setTimeout(() => {
        screen.say(remainsText(files.id));
        surroundings.onStuck?.();
      }, STUCK).unref();
    }
  };
  const requests = watch(files.directory, () => {
    // Each is a wish that is fulfilled by taking it away.
    if (taken(files.stop)) interrupt('asked to stop', 'person');
    if (finishing && taken(files.finish)) finishing();
  });
  const interrupts = surroundings.onInterrupt((reason) => interrupt(reason, 'person'));
  const finishes = surroundings.onFinish(() => finishing?.());
  const seconds = recipe.timeout;
  const timer =
    seconds === undefined
      ? undefined
      : setTimeout(() => interrupt(`${seconds} s have passed`, 'time'), seconds * 1000);
  return {
    cancel: cancel.signal,
    kill: kill.signal,
    cancelled: () => why,
    finish: async () => {
      clearTimeout(timer);
      await new Promise<void>((resolve) => {
        finishing = resolve;
        if (existsSync(files.finish)) resolve();
      });
      finishing = undefined;
    },
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      clearTimeout(stuck);
      telling?.[Symbol.dispose]();
      requests.close();
      interrupts[Symbol.dispose]();
      finishes[Symbol.dispose]();
    },
  };
}

function taken(path: string): boolean {
  if (!existsSync(path)) return false;
  rmSync(path, { force: true });
  return true;
}

async function carryOut(
  recipe: Recipe,
  files: Files,
  place: Place,
  journal: Journal,
  surroundings: Surroundings,
  will: Will,
  attempt: Attempt,
): Promise<Observation> {
  const { screen } = surroundings;
  const { machine, base, workspace } = place;
  const plan = await makePlan(recipe, will.cancel);
  checkBranches(recipe, plan);
  const { directory, remoteUrl } = recipe.repository;
  const remotes = remoteUrl === undefined ? [] : [remoteUrl];
  await ensureCommit(directory, recipe.commit, remotes, will.cancel);
  if (recipe.on) await readyPlace(recipe, recipe.on, plan, place, surroundings, will);
  const others = listReproductions().filter((other) => other.files.id !== files.id);
  for (const finding of await preflight(recipe, plan, place, others, will.cancel)) {
    journal.append({ type: 'finding', finding });
    if (finding.level === 'stop') throw new UserError(finding.message, { advice: finding.advice });
    if (finding.level === 'warning') screen.say(`${finding.message} ${finding.advice ?? ''}`);
  }
  announce(plan, screen);
  const secrets =
    plan.credentials.length > 0 ? await surroundings.secrets(plan.credentials, will.cancel) : {};
  for (const text of Object.values(secrets).flatMap(secretTexts)) attempt.mask.hide(text);

  mkdirSync(files.artifacts, { recursive: true });
  const output = openSync(files.output, 'a', 0o600);
  let held = false;
  const real = realEffects({
    recipe,
    files,
    machine,
    workspace,
    journal,
    screen,
    secrets,
    mask: attempt.mask,
    ask: surroundings.ask ?? (() => Promise.resolve(undefined)),
    base,
    output,
    kill: will.kill,
    hold: async (failed, last) => {
      const wanted =
        recipe.keep === 'on-failure' ? failed : recipe.keep === 'always' && (failed || last);
      if (!wanted || held || will.cancelled() !== undefined) return;
      held = true;
      const outcome = failed ? 'FAILURE' : 'SUCCESS';
      const seen = { ...real.observed(), outcome, cancelled: false, error: undefined } as const;
      const verdict = maskedVerdict(recipe, seen, attempt.mask);
      journal.append({ type: 'verdict', verdict });
      await keepMachine(files, place, journal, verdict, real.plainEnvironment(), screen, will);
    },
  });
  attempt.real = real;
  try {
    const ended = await interpret(
      parse(recipe.jenkinsfile.text),
      factsOf(recipe),
      real.effects,
      will,
    );
    await real.end();
    return {
      ...real.observed(),
      outcome: ended.outcome,
      cancelled: will.cancelled() === 'person',
      error: undefined,
    };
  } finally {
    closeSync(output);
  }
}

async function readyPlace(
  recipe: Recipe,
  on: OtherMachine,
  plan: Plan,
  { machine, base }: Place,
  { screen, ask }: Surroundings,
  { cancel, kill }: Will,
): Promise<void> {
  const root = stateDirectory();
  // It was opened, so it is there; or it is being given back just now, which its next step will tell.
  const address = addressOf(on, root);
  if (!address) return;
  const ready = getReady(machine, recipe, {
    environment: { ...base, ...recipe.environment, ...recipe.overrides },
    containers: wantsContainers(plan),
    lease: 'lease' in on ? leaseOf(root, on.lease) : undefined,
    address,
    root,
    screen,
    ask: async (lacks, signal) => {
      const question = `${machine.name} lacks ${lacks}. Install it there? [y/N] `;
      // Enter is no for this time only.
      return /^\s*y(es)?\s*$/i.test((await ask?.(question, signal)) ?? '') || undefined;
    },
    signal: cancel,
    kill,
  });
  await Promise.all([ready, tidyRepositories(machine, (line) => screen.say(line), cancel)]);
}

/** A misspelt branch would let all of them run. */
function checkBranches({ branches }: Recipe, plan: Plan): void {
  if (branches?.kind !== 'named') return;
  const known = plan.branches.map(shortName);
  const wrong = branches.names.find((name) => !known.includes(shortName(name)));
  if (wrong !== undefined)
    throw new UserError(`The Jenkinsfile has no branch "${wrong}".`, {
      advice:
        plan.branches.length > 0
          ? `Its branches: ${plan.branches.join(', ')}`
          : 'Nothing in it runs in parallel.',
    });
}

function couldNot(error: unknown, will: Will, real: RealEffects | undefined): Observation {
  const nothing = {
    failure: undefined,
    failedTests: [],
    ranSteps: false,
    trouble: undefined,
    falseGreen: false,
    caveats: [],
  };
  const cancelled = will.cancelled() !== undefined;
  return {
    ...(real?.observed() ?? nothing),
    outcome: cancelled ? 'ABORTED' : 'FAILURE',
    cancelled,
    error: cancelled
      ? undefined
      : {
          message: messageOf(error),
          advice: isUserError(error) ? error.advice : undefined,
        },
  };
}

async function keepMachine(
  files: Files,
  { machine, workspace }: Place,
  journal: Journal,
  verdict: Verdict,
  environment: Kept['environment'],
  screen: Screen,
  will: Will,
): Promise<void> {
  const [folder] = await vagrantFolders(machine.files, workspace, will.kill);
  const { directory, machines } = folder ?? { directory: workspace, machines: [] };
  const names = machines.map(({ name }) => name);
  journal.append({ type: 'kept', directory, machines: names, environment });
  screen.say(verdict.sentence);
  screen.say(`kept as it is: ${directory}`);
  screen.say(`  enter it:  ci-parity enter ${files.id}`);
  screen.say(`  finish it: press Enter here, or run  ci-parity finish ${files.id}`);
  await will.finish();
  journal.append({ type: 'finishing' });
}

function introduce(recipe: Recipe, screen: Screen): void {
  const { run, commit, jenkinsfile } = recipe;
  const where = placeTitle(recipe.on);
  const changes = recipe.withChanges ? ' with your changes' : '';
  screen.say(
    run
      ? `${run.job} #${run.number} at ${commit.slice(0, 12)}${changes}, on ${where}`
      : `${jenkinsfile.path} at ${commit.slice(0, 12)}${changes}, on ${where}`,
  );
  if (jenkinsfile.source === 'recorded commands')
    screen.say('no Jenkinsfile could be had: running the commands that the log recorded');
}

/** Jenkins reads a whole Jenkinsfile before it runs any of it. */
function mustBeTaken(recipe: Recipe, screen: Screen): void {
  const problems = judgedProblems(recipe);
  const refusal = refusalOf(problems);
  if (refusal) throw new UserError(refusal.message, { advice: refusal.advice });
  for (const doubt of doubtsAbout(problems)) screen.say(doubt);
}

/** What will not be as in CI, once for each line: cells of a matrix share theirs. */
function announce(plan: Plan, screen: Screen): void {
  const lines = plan.items.flatMap((item): string[] => {
    switch (item.kind) {
      case 'cannot be repeated':
      case 'left out':
        return [`${item.kind}: ${item.name} at line ${item.line}: ${item.reason}`];
      case 'agent':
        return item.note === undefined ? [] : [`agent at line ${item.line}: ${item.note}`];
      default:
        return [];
    }
  });
  for (const line of new Set(lines)) screen.say(line);
}
