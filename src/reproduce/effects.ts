import { randomBytes } from 'node:crypto';
import { openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, UserError } from '../base/errors';
import { createQueue } from '../base/queue';
import type { Secrets } from '../base/secretChannel';
import { writeWhole } from '../base/writeWhole';
import type { FailedTest } from '../jenkins/run';
import type { Docker } from '../machines/docker';
import type { Machine } from '../machines/machine';
import {
  Unknown,
  type Agent,
  type Effects,
  type Environment,
  type Outcome,
  type Scope,
  type StageCall,
  placeText,
  type StepCall,
  type Variable,
} from '../pipeline/effects';
import { createPostScopes } from '../recipe/postScopes';
import { branchChooser } from '../recipe/branches';
import { chooser } from '../recipe/selection';
import { whenText } from '../recipe/plan';
import { libraryEffect } from '../recipe/libraries';
import { dispositionOf, isCarriedOut, isCarriedOutAround, unknownResult } from '../recipe/steps';
import { MACHINE_VARIABLES } from '../recipe/environment';
import type { Recipe } from '../recipe/recipe';
import { branchLabel, createLineHolder, prefixLines, type Spool } from './branchOutput';
import { decideWith } from './decide';
import { createFailures } from './failures';
import type { Journal, StageProgress } from './journal';
import type { Mask } from './mask';
import { createShell, GRACE } from './shell';
import { asFailure, temporaryOf, type Bench } from './steps/bench';
import { createContainers } from './steps/containers';
import { neededDocker, startAgent } from './steps/docker';
import { blockEffects, stepEffects } from './steps/table';
import { directoryOf } from './steps/bench';
import type { Files } from './store';
import type { Observation } from './verdict';

/** Where a person reads along. */
export interface Screen {
  /**
   * A step's output. A promise holds the step back until it was taken. Of a parallel branch it is
   * whole lines, and `branch` its name; a long line comes as several chunks, one directly after the other, of which
   * the second and later ones are `continued`.
   */
  output(chunk: Buffer, branch?: string, continued?: boolean): void | Promise<void>;
  /** Our own words. */
  say(line: string): void;
}

export interface Context {
  readonly recipe: Recipe;
  readonly files: Files;
  readonly machine: Machine;
  /** Where on it the first agent works. */
  readonly workspace: string;
  readonly journal: Journal;
  readonly screen: Screen;
  readonly secrets: Secrets;
  /** What no output may show; it knows the secrets. */
  readonly mask: Mask;
  /** Asks the person; undefined where nobody can be asked. */
  readonly ask: (question: string, signal: AbortSignal) => Promise<string | undefined>;
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
  observed(): Pick<
    Observation,
    'failure' | 'failedTests' | 'ranSteps' | 'trouble' | 'falseGreen' | 'caveats'
  >;
  /** To be called when the pipeline has ended: holds a machine that no `post` held. */
  end(): Promise<void>;
  /** What the steps had in their environment beside the machine's own, without credentials: to enter a kept machine with. */
  plainEnvironment(): Readonly<Record<string, string>>;
  /** The environment of the step that ran last, to destroy machines with. It may hold credentials. */
  lastEnvironment(): Readonly<Record<string, string>>;
}

/** Each step carries it; what a step leaves running is found by it. */
export function cookieOf(files: Files): { name: string; value: string } {
  return { name: 'CI_PARITY_COOKIE', value: files.id };
}

export function realEffects(context: Context): RealEffects {
  const { recipe, files, machine, journal, screen, base, secrets, mask, kill } = context;
  const choose = chooser(recipe);
  const chooseBranches = branchChooser(recipe);
  const held = new Set<string>();
  const posts = createPostScopes();
  const failures = createFailures(machine.name);
  const tests = new Map<string, FailedTest>();
  const caveats = new Set<string>();
  const containers = createContainers();
  const blocks = blockEffects(containers);
  // A terminal has one person before it.
  const asking = createQueue();
  let docker: Promise<Docker> | undefined;
  let offset = 0;

  const log = (bytes: Buffer): void => {
    writeWhole(context.output, bytes, context.files.output);
    offset += bytes.length;
  };

  /** A step's own way to the screen and the log. */
  const openOutput = (at: Scope) => {
    const stream = mask.stream();
    const branch = branchLabel(at.branches);
    const label = branch && mask.text(branch);
    if (label === undefined) {
      const write = (chunk: Buffer): void | Promise<void> => {
        if (chunk.length === 0) return;
        log(chunk);
        return screen.output(chunk);
      };
      return {
        push: (chunk: Buffer) => write(stream.push(chunk)),
        end: () => write(stream.flush()),
      };
    }
    const write = (chunk: Buffer, continued: boolean): void | Promise<void> => {
      log(prefixLines(chunk, `[${label}] `, continued));
      return screen.output(chunk, label, continued);
    };
    const lines = createLineHolder(write, spoolIn(files.directory));
    return {
      push: (chunk: Buffer) => lines.push(stream.push(chunk)),
      end: async () => {
        await lines.push(stream.flush());
        await lines.end();
      },
    };
  };

  const caveat = (sentence: string): void => {
    if (caveats.has(sentence)) return;
    caveats.add(sentence);
    screen.say(sentence);
  };

  const environmentOf = (environment: Environment): Record<string, string> => {
    const result: Record<string, string> = { ...base };
    for (const { name, value } of environment.values()) {
      if (typeof value === 'string') result[name] = value;
      // What `--env` gives need not be known otherwise.
      else if (!(name in recipe.overrides)) throw unknownVariable(name, value);
    }
    Object.assign(result, recipe.overrides);
    // Vagrant would look for its machines elsewhere, and find somebody else's.
    delete result['VAGRANT_DOTFILE_PATH'];
    delete result['VAGRANT_CWD'];
    const cookie = cookieOf(files);
    result[cookie.name] = cookie.value;
    return result;
  };

  const withWorkspace: Bench['withWorkspace'] = async (_wanted, use) => {
    // Jenkins gives a second workspace beside the first while that one is held.
    let workspace = context.workspace;
    for (let count = 2; held.has(workspace); count++) workspace = `${context.workspace}-${count}`;
    held.add(workspace);
    try {
      journal.append({ type: 'intent', what: 'machine', where: workspace });
      await machine.files.makeFolder(workspace, 0o700, kill);
      return await use(workspace);
    } finally {
      held.delete(workspace);
    }
  };

  const bench: Bench = {
    ...{ recipe, files, machine, journal, secrets, base, mask, kill },
    workspace: context.workspace,
    say: (line) => screen.say(line),
    print: async (text, at) => {
      const output = openOutput(at);
      await output.push(Buffer.from(text));
      await output.end();
    },
    ask: (question, signal) => asking(() => context.ask(question, signal)),
    run: async (script, at, wishes = {}) => {
      const output = openOutput(at);
      const directory = wishes.directory ?? directoryOf(at);
      await machine.files.makeFolder(directory, 0o777, at.signal);
      const exit = await machine.run(script, {
        directory,
        environment: { ...environmentOf(at.environment), ...wishes.environment },
        captureStdout: wishes.captureStdout ?? false,
        ...{ signal: at.signal, kill, grace: GRACE },
        onOutput: (chunk) => output.push(chunk),
      });
      await output.end();
      return exit;
    },
    noteTests: (found) => {
      for (const test of found) tests.set(`${test.group}\0${test.name}`, test);
    },
    caveat,
    docker: () => (docker ??= neededDocker(machine, base, kill)),
    locks: new Map(),
    gitQueue: createQueue(),
    enclosure: (at) => containers.of(at.agent, at),
    withWorkspace,
  };
  const shell = createShell(bench, {
    environmentOf,
    openOutput,
    failures,
    isPost: (at) => posts.contain(at),
    offset: () => offset,
  });

  const omit = (call: StepCall, at: Scope, reason: string): void => {
    journal.append({ type: 'omitted', name: call.name, line: at.range.line, reason });
    if (call.hasBody)
      caveat(`${call.name} at ${placeText(at.range.line, at.source)} was left out: ${reason}`);
  };

  /** What the system refuses fails the step, as in Jenkins; it is said, since the pipeline may catch it. */
  const asStep = async <R>(call: StepCall, at: Scope, done: Promise<R>): Promise<R> => {
    try {
      return await done;
    } catch (error) {
      const failure = asFailure(error);
      if (failure !== error)
        bench.say(`${call.name} at ${placeText(at.range.line, at.source)}: ${messageOf(failure)}`);
      throw failure;
    }
  };

  const skip = (stage: StageCall, path: readonly string[], why: string): void => {
    const line = stage.range.line;
    journal.append({ type: 'stage', path, state: 'skipped', line, why });
    screen.say(`stage ${path.join(' / ')}: skipped, ${why}`);
  };

  const effects: Effects = {
    agent: async (agent, at, body) => {
      const start = async (workspace: string): Promise<void> => {
        const variables = machineVariables(agent, workspace, recipe, base);
        if (agent.kind !== 'docker' && agent.kind !== 'dockerfile') return body(variables);
        await containers.during(agent, startAgent(agent, bench), () => body(variables));
      };
      if (agent.kind === 'kubernetes' || agent.kind === 'other')
        caveat(
          `line ${agent.line} wants ${agent.kind === 'kubernetes' ? 'a Kubernetes pod' : `the agent ${shown(agent)}`}: its steps ran on ${machine.name}`,
        );
      const reused = agent.settings?.get('reuseNode') === true && at.environment.get('WORKSPACE');
      if (reused && typeof reused.value === 'string') await start(reused.value);
      else await withWorkspace(undefined, start);
    },
    stage: async (stage, at, body) => {
      const { path } = at;
      const choice = choose(stage, path);
      const runs = choice.runs === 'when' ? await stage.when?.() : choice.runs;
      const line = stage.range.line;
      if (runs === false) {
        skip(stage, path, choice.runs === 'when' ? whenText(runs) : choice.why);
        return;
      }
      if (runs instanceof Unknown) screen.say(whenText(runs));
      journal.append({ type: 'stage', path, state: 'running', line });
      screen.say(`stage ${path.join(' / ')}`);
      const outcome = await body();
      // What failed and was tried again, or caught, is no failure of the stage.
      if (outcome === 'SUCCESS') failures.forgive(path);
      // No `sh` failed: an `error` step did, or something of the language.
      if (outcome === 'FAILURE' && !failures.anyInPost && !failures.any)
        failures.note(
          {
            stage: path,
            script: '',
            exitCode: undefined,
            timedOut: false,
            message: 'a step failed',
          },
          false,
        );
      journal.append({ type: 'stage', path, state: progress[outcome], line });
    },
    skipped: (stage, why) => skip(stage, stage.path, why),
    ...(chooseBranches && {
      branches: (names: readonly string[], at: Scope) => {
        const chosen = chooseBranches(names);
        for (const name of names.filter((one) => !chosen.includes(one)))
          screen.say(`branch ${[...at.path, name].join(' / ')}: left out, as you asked`);
        return chosen;
      },
    }),
    library: libraryEffect(recipe),
    notice: (message, at) => screen.say(`${placeText(at.range.line, at.source)}: ${message}`),
    decide: async (condition, at, ways) => {
      const inFile = at.source === undefined ? ways : undefined;
      const decision = await decideWith(recipe, condition, at, inFile, (question) =>
        bench.ask(question, at.signal),
      );
      const words = `${placeText(at.range.line, at.source)} depends on ${condition.origin}: taken as ${decision.way ? 'true' : 'false'}`;
      screen.say(`${words}, ${decision.why}`);
      return decision.way;
    },
    post: async (at, body) => {
      await context.hold(failures.any, at.stage.length === 0);
      journal.append({ type: 'post', stage: at.path });
      screen.say(at.stage.length > 0 ? `post of ${at.path.join(' / ')}` : 'post');
      await posts.during(at, body);
    },
    sh: (call, at) => shell.sh(call, at),
    step: async (call, at) => {
      const disposition = dispositionOf(call, recipe);
      if (disposition.kind === 'runs' && isCarriedOut(call.name))
        return asStep(call, at, stepEffects[call.name](call, at, bench));
      if (disposition.kind === 'left out' || disposition.kind === 'cannot be repeated')
        omit(call, at, disposition.reason);
      return unknownResult(call, at);
    },
    block: async (call, at, body) => {
      const disposition = dispositionOf(call, recipe);
      if (disposition.kind === 'runs' && isCarriedOutAround(call.name)) {
        await asStep(call, at, blocks[call.name](call, at, body, bench));
        return;
      }
      if (disposition.kind === 'left out' || disposition.kind === 'cannot be repeated')
        omit(call, at, disposition.reason);
      await body({});
    },
  };

  return {
    effects,
    observed: () => ({
      ...failures.found(recipe.run?.failure?.stage),
      failedTests: [...tests.values()],
      ranSteps: shell.count() > 0,
      falseGreen: shell.sawFalseGreen(),
      caveats: [...caveats],
    }),
    end: () => (shell.count() > 0 ? context.hold(failures.any, true) : Promise.resolve()),
    plainEnvironment: () =>
      Object.fromEntries(
        Object.entries(shell.lastEnvironment()).filter(
          ([name, value]) =>
            base[name] !== value && mask.text(value) === value && mask.text(name) === name,
        ),
      ),
    lastEnvironment: () => shell.lastEnvironment(),
  };
}

/** Files without a name in `directory`: they are gone with their descriptors. What is in them is masked already. */
function spoolIn(directory: string): Spool {
  const name = join(directory, 'line');
  return {
    name,
    open: () => {
      const file = `${name}-${randomBytes(4).toString('hex')}`;
      const fd = openSync(file, 'wx+', 0o600);
      rmSync(file);
      return fd;
    },
  };
}

function unknownVariable(name: string, value: Unknown): UserError {
  return new UserError(
    `${name} would come from ${value.origin} (line ${value.line}), which cannot be had here.`,
    { advice: `Give it: --env ${name}=…` },
  );
}

/** What an agent gives its steps. */
function machineVariables(
  agent: Agent,
  workspace: string,
  recipe: Recipe,
  base: Readonly<Record<string, string>>,
): Variable[] {
  const node = recipe.run?.node ?? 'built-in';
  const labelled = agent.kind === 'label' || agent.kind === 'node';
  const add = (name: string, value: string): Variable => ({
    name,
    value,
    origin: 'the machine',
    line: agent.line,
  });
  return [
    add('WORKSPACE', workspace),
    add('WORKSPACE_TMP', temporaryOf(workspace)),
    add('NODE_NAME', node),
    add('NODE_LABELS', labelled && typeof agent.text === 'string' ? agent.text : node),
    add('EXECUTOR_NUMBER', '0'),
    ...MACHINE_VARIABLES.flatMap((name) => {
      const value = base[name];
      return value === undefined ? [] : add(name, value);
    }),
  ];
}

function shown({ text }: Agent): string {
  return typeof text === 'string' ? text : 'of this line';
}

const progress: Record<Outcome, StageProgress> = {
  SUCCESS: 'passed',
  UNSTABLE: 'unstable',
  FAILURE: 'failed',
  NOT_BUILT: 'skipped',
  ABORTED: 'aborted',
};
