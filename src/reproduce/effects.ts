import { writeSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../base/errors';
import type { Credential, Secrets } from '../base/secretChannel';
import { parseJUnit } from '../jenkins/junit';
import { createLogScanner } from '../jenkins/logTests';
import type { FailedTest } from '../jenkins/run';
import type { Machine } from '../machines/machine';
import { falseGreen, findTrouble, type VagrantTrouble } from '../machines/vagrant';
import {
  StepError,
  Unknown,
  type Effects,
  type Environment,
  type Outcome,
  type Scope,
  type ShCall,
  type ShResult,
  type StageCall,
  type StepCall,
  type Value,
} from '../pipeline/effects';
import { createPostScopes, isWithin } from '../recipe/postScopes';
import { chooser } from '../recipe/selection';
import { whenText } from '../recipe/plan';
import { dispositionOf } from '../recipe/steps';
import type { Recipe } from '../recipe/recipe';
import { checkout } from './checkout';
import type { Journal, StageProgress } from './journal';
import { createMask, type Mask } from './mask';
import type { Files } from './store';
import type { Observation } from './verdict';

/** Where a person reads along. */
export interface Screen {
  /** A step's output. A promise holds the step back until it was taken. */
  output(chunk: Buffer): void | Promise<void>;
  /** Our own words. */
  say(line: string): void;
}

export interface Context {
  readonly recipe: Recipe;
  readonly files: Files;
  readonly machine: Machine;
  readonly journal: Journal;
  readonly screen: Screen;
  readonly secrets: Secrets;
  /** The environment that the machine itself gives a step: what an agent's would be. */
  readonly base: Readonly<Record<string, string>>;
  /** File descriptor of `output.log`. */
  readonly output: number;
  readonly kill: AbortSignal;
  /** Asked before each `post` and, with `last`, before the pipeline's end: waits as long as the person wants to keep the machine. */
  readonly hold: (failed: boolean, last: boolean) => Promise<void>;
}

/** The real effects, and what they have seen. */
export interface RealEffects {
  readonly effects: Effects;
  observed(): Pick<Observation, 'failure' | 'failedTests' | 'ranSteps' | 'trouble' | 'falseGreen'>;
  /** To be called when the pipeline has ended: holds a machine that no `post` held. */
  end(): Promise<void>;
  /** What the steps had in their environment beside the machine's own, without credentials: to enter a kept machine with. */
  plainEnvironment(): Readonly<Record<string, string>>;
  /** The environment of the step that ran last, to destroy machines with. It may hold credentials. */
  lastEnvironment(): Readonly<Record<string, string>>;
}

/** Milliseconds that a step has to end by itself after it was asked to. */
const GRACE = 10_000;

/** How much of a step's output is looked through for Vagrant's own errors, in bytes. */
const TAIL = 64 << 10;

/** Each step carries it; what a step leaves running is found by it. */
export function cookieOf(files: Files): { name: string; value: string } {
  return { name: 'CI_PARITY_COOKIE', value: files.id };
}

/** Beside a workspace, as Jenkins has it: what must not lie in the checkout. */
export function temporaryOf(workspace: string): string {
  return `${workspace}@tmp`;
}

export function realEffects(context: Context): RealEffects {
  const { recipe, files, machine, journal, screen } = context;
  const choose = chooser(recipe);
  const newMask = (): Mask => createMask(Object.values(context.secrets).flatMap(secretTexts));
  // For whole texts. A stream has one of its own, since steps may run side by side.
  const mask = newMask();
  const checkouts: string[] = [];
  const held = new Set<string>();
  const posts = createPostScopes();
  const tests = new Map<string, FailedTest>();
  let failure: Observation['failure'];
  let postFailure: Observation['failure'];
  let trouble: VagrantTrouble | undefined;
  let sawFalseGreen = false;
  let step = 0;
  let offset = 0;
  let last: Record<string, string> = {};

  const write = (chunk: Buffer): void | Promise<void> => {
    if (chunk.length === 0) return;
    writeSync(context.output, chunk);
    offset += chunk.length;
    return screen.output(chunk);
  };

  const omit = (call: StepCall, at: Scope, reason: string): void => {
    journal.append({ type: 'omitted', name: call.name, line: at.range.line, reason });
  };

  const skip = (stage: StageCall, why: string): void => {
    const line = stage.range.line;
    journal.append({ type: 'stage', path: stage.path, state: 'skipped', line, why });
    screen.say(`stage ${stage.path.join(' / ')}: skipped, ${why}`);
  };

  const noteTests = (found: readonly FailedTest[]): void => {
    for (const test of found) tests.set(`${test.group}\0${test.name}`, test);
  };

  const environmentOf = (environment: Environment): Record<string, string> => {
    const result: Record<string, string> = { ...context.base };
    for (const { name, value } of environment.values()) {
      if (typeof value === 'string') result[name] = value;
      else
        throw new UserError(
          `${name} would come from ${value.origin} (line ${value.line}), which cannot be had here.`,
          { advice: `Give it: --env ${name}=…` },
        );
    }
    Object.assign(result, recipe.overrides);
    // Vagrant would look for its machines elsewhere, and find somebody else's.
    delete result['VAGRANT_DOTFILE_PATH'];
    delete result['VAGRANT_CWD'];
    const cookie = cookieOf(files);
    result[cookie.name] = cookie.value;
    return result;
  };

  const sh = async (call: ShCall, at: Scope): Promise<ShResult> => {
    if (typeof call.script !== 'string')
      throw new UserError(
        `The script would come from ${call.script.origin}, which cannot be had here.`,
      );
    const environment = environmentOf(withoutOverridden(at.environment, recipe));
    const post = posts.contain(at);
    const directory = directoryOf(at);
    await mkdir(directory, { recursive: true });
    const number = ++step;
    last = environment;
    const script = mask.text(call.script.trim());
    journal.append({
      type: 'step',
      step: number,
      stage: at.stage,
      line: at.range.line,
      script,
      post,
      offset,
    });
    const scanner = createLogScanner();
    const tail = createTail(TAIL);
    const stream = newMask();
    const isFalseGreen = lookOutFor(falseGreen);
    const exit = await machine.run(call.script, {
      directory,
      environment,
      captureStdout: call.returnStdout,
      signal: at.signal,
      kill: context.kill,
      grace: GRACE,
      onOutput: (chunk) => {
        scanner.push(chunk);
        if (isFalseGreen(chunk)) sawFalseGreen = true;
        tail.push(chunk);
        return write(stream.push(chunk));
      },
    });
    await write(stream.flush());
    journal.append({
      type: 'exit',
      step: number,
      code: exit.code,
      ...(exit.signal === undefined ? {} : { signal: exit.signal }),
      offset,
    });
    if (!post) noteTests(scanner.end().failedTests);
    at.signal.throwIfAborted();
    const code = exit.code ?? 143;
    if (code !== 0 && !call.returnStatus) {
      const failed = { script, exitCode: code, timedOut: false, message: '' };
      if (post) postFailure ??= { ...failed, stage: [...at.stage, POST_STAGE] };
      else {
        trouble ??= findTrouble(tail.text());
        failure ??= { ...failed, stage: at.stage };
      }
      throw new StepError(`script returned exit code ${code}`, 'FAILURE', code);
    }
    return { status: code, stdout: exit.stdout };
  };

  const doStep = async (call: StepCall, at: Scope): Promise<Value> => {
    const first = call.args.get('');
    const text = (name: string): string | undefined => {
      const value = call.args.get(name) ?? first;
      return typeof value === 'string' ? value : undefined;
    };
    switch (call.name) {
      case 'checkout': {
        const into = directoryOf(at);
        if (checkouts.includes(into)) return null;
        journal.append({ type: 'intent', what: 'worktree', where: into });
        checkouts.push(into);
        const { name, value } = cookieOf(files);
        await checkout(recipe, into, { [name]: value }, at.signal);
        return null;
      }
      case 'echo':
        await write(Buffer.from(mask.text(`${text('message') ?? ''}\n`)));
        return null;
      case 'sleep': {
        const units: Record<string, number> = {
          SECONDS: 1,
          MINUTES: 60,
          HOURS: 3600,
          MILLISECONDS: 0.001,
        };
        const unit = call.args.get('unit');
        const time = Number(call.args.get('time') ?? first ?? 0);
        await delay(
          time * 1000 * (units[typeof unit === 'string' ? unit : 'SECONDS'] ?? 1),
          undefined,
          { signal: at.signal },
        );
        return null;
      }
      case 'pwd':
        return directoryOf(at);
      case 'isUnix':
        return true;
      case 'credentials':
        return credentialValue(context.secrets, typeof first === 'string' ? first : '');
      case 'archiveArtifacts': {
        const pattern = text('artifacts') ?? '';
        const found = await machine.get(pattern, directoryOf(at), files.artifacts, at.signal);
        if (found.length === 0 && call.args.get('allowEmptyArchive') !== true)
          throw new StepError(`No artifacts found that match "${pattern}".`);
        screen.say(`kept ${found.length} artifacts in ${files.artifacts}`);
        return null;
      }
      case 'junit': {
        const pattern = text('testResults') ?? '';
        const into = join(files.artifacts, 'junit');
        const found = await machine.get(pattern, directoryOf(at), into, at.signal);
        if (found.length === 0 && call.args.get('allowEmptyResults') !== true)
          throw new StepError('No test report files were found. Configuration error?');
        let failed = 0;
        for (const path of found) {
          const report = parseJUnit(await readFile(join(into, path), 'utf8'));
          noteTests(report.failed);
          failed += report.failed.length;
        }
        if (failed > 0) at.worsen('UNSTABLE');
        return null;
      }
      default:
        return null;
    }
  };

  const effects: Effects = {
    agent: async (agent, _at, body) => {
      // Jenkins gives a second workspace beside the first while that one is held.
      let workspace = files.workspace;
      for (let count = 2; held.has(workspace); count++) workspace = `${files.workspace}-${count}`;
      held.add(workspace);
      try {
        journal.append({ type: 'intent', what: 'machine', where: workspace });
        await mkdir(workspace, { recursive: true, mode: 0o700 });
        const add = (name: string, value: string) => ({
          name,
          value,
          origin: 'the machine',
          line: agent.line,
        });
        await body([
          add('WORKSPACE', workspace),
          add('WORKSPACE_TMP', temporaryOf(workspace)),
          add('NODE_NAME', recipe.run?.node ?? 'built-in'),
          add(
            'NODE_LABELS',
            typeof agent.text === 'string' ? agent.text : (recipe.run?.node ?? 'built-in'),
          ),
          add('EXECUTOR_NUMBER', '0'),
        ]);
      } finally {
        held.delete(workspace);
      }
    },
    stage: async (stage, _at, body) => {
      const choice = choose(stage);
      const runs = choice.runs === 'when' ? await stage.when?.() : choice.runs;
      const line = stage.range.line;
      if (runs === false) {
        skip(stage, choice.runs === 'when' ? whenText(runs) : choice.why);
        return;
      }
      if (runs instanceof Unknown) screen.say(whenText(runs));
      journal.append({ type: 'stage', path: stage.path, state: 'running', line });
      screen.say(`stage ${stage.path.join(' / ')}`);
      const outcome = await body();
      // What failed and was tried again, or caught, is no failure of the stage.
      if (outcome === 'SUCCESS' && failure && isWithin(failure.stage, stage.path))
        failure = trouble = undefined;
      // No `sh` failed: an `error` step did, or something of the language.
      if (outcome === 'FAILURE' && !postFailure)
        failure ??= {
          stage: stage.path,
          script: '',
          exitCode: undefined,
          timedOut: false,
          message: 'a step failed',
        };
      journal.append({ type: 'stage', path: stage.path, state: progress[outcome], line });
    },
    skipped: skip,
    notice: (message, at) => screen.say(`line ${at.range.line}: ${message}`),
    post: async (at, body) => {
      await context.hold(failure !== undefined, at.stage.length === 0);
      journal.append({ type: 'post', stage: at.stage });
      screen.say(at.stage.length > 0 ? `post of ${at.stage.join(' / ')}` : 'post');
      await posts.during(at, body);
    },
    sh: async (call, at) => {
      try {
        return await sh(call, at);
      } catch (error) {
        if (at.signal.aborted && !posts.contain(at))
          failure ??= {
            stage: at.stage,
            script: typeof call.script === 'string' ? mask.text(call.script.trim()) : '',
            exitCode: undefined,
            timedOut: true,
            message: 'timed out',
          };
        throw error;
      }
    },
    step: async (call, at) => {
      const disposition = dispositionOf(call);
      if (disposition.kind === 'runs') return doStep(call, at);
      if (disposition.kind !== 'harmless') omit(call, at, disposition.reason);
      return new Unknown(call.name, at.range.line);
    },
  };

  return {
    effects,
    observed: () => ({
      failure: failure ?? postFailure,
      failedTests: [...tests.values()],
      ranSteps: step > 0,
      trouble,
      falseGreen: sawFalseGreen,
    }),
    end: () => (step > 0 ? context.hold(failure !== undefined, true) : Promise.resolve()),
    plainEnvironment: () =>
      Object.fromEntries(
        Object.entries(last).filter(
          ([name, value]) => context.base[name] !== value && mask.text(value) === value,
        ),
      ),
    lastEnvironment: () => last,
  };
}

/** Keeps the end of a stream, some more than `size` bytes, as the chunks that came: to copy each would cost more than all else that is done with them. */
function createTail(size: number) {
  let chunks: Buffer[] = [];
  let held = 0;
  return {
    push: (chunk: Buffer): void => {
      chunks.push(chunk);
      held += chunk.length;
      for (let [first] = chunks; first && held - first.length >= size; [first] = chunks) {
        held -= first.length;
        chunks.shift();
      }
      if (chunks.length > 1000) chunks = [Buffer.concat(chunks)];
    },
    text: (): string => Buffer.concat(chunks).toString('utf8'),
  };
}

/** Tells of each chunk whether `words` end in it; they may have begun in an earlier one. */
function lookOutFor(words: string): (chunk: Buffer) => boolean {
  let edge: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const seam = Buffer.concat([edge, chunk.subarray(0, words.length)]);
    edge = Buffer.concat([edge, chunk.subarray(-words.length)]).subarray(-words.length);
    return chunk.includes(words) || seam.includes(words);
  };
}

/** How Jenkins names the stage in which Declarative runs `post`. */
const POST_STAGE = 'Declarative: Post Actions';

const progress: Record<Outcome, StageProgress> = {
  SUCCESS: 'passed',
  UNSTABLE: 'unstable',
  FAILURE: 'failed',
  NOT_BUILT: 'skipped',
  ABORTED: 'aborted',
};

function directoryOf(at: Scope): string {
  if (isAbsolute(at.directory)) return at.directory;
  const workspace = at.environment.get('WORKSPACE')?.value;
  if (typeof workspace !== 'string')
    throw new StepError('This step wants a node, and there is none: agent none.');
  return join(workspace, at.directory);
}

/** A variable that `--env` gives need not be known otherwise. */
function withoutOverridden(environment: Environment, recipe: Recipe): Environment {
  return new Map([...environment].filter(([name]) => !(name in recipe.overrides)));
}

function credentialValue(secrets: Secrets, id: string): Value {
  const credential = secrets[id];
  if (!credential)
    throw new UserError(`The Jenkinsfile asks for the credential "${id}", and it was not given.`, {
      advice: 'Give it when the editor asks, or in the environment: see ci-parity help reproduce.',
    });
  return credential.kind === 'text'
    ? credential.text
    : new Map([
        ['username', credential.username],
        ['password', credential.password],
      ]);
}

/** What must not be shown. A user name is no secret of its own, as in Jenkins. */
function secretTexts(credential: Credential): string[] {
  return credential.kind === 'text'
    ? [credential.text]
    : [`${credential.username}:${credential.password}`, credential.password];
}
