import {
  closeSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  fstatSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { orAborted } from '../base/abort';
import { tellAwaited } from '../base/awaited';
import { UserError } from '../base/errors';
import type { Run } from '../jenkins/run';
import { parseRunUrl, runUrl } from '../jenkins/url';
import { outline } from '../pipeline/outline';
import { parse } from '../pipeline/parser';
import { problemsOf } from '../pipeline/validate';
import { composeFromFile, composeRecipe } from '../recipe/compose';
import { remotes } from '../recipe/git';
import { resolveMapping } from '../recipe/libraryMapping';
import { makePlan } from '../recipe/plan';
import { planDocument } from '../recipe/planDocument';
import { parseRecipe, type Recipe } from '../recipe/recipe';
import type { Verdict, VerdictKind } from '../reproduce/journal';
import { otherMachine, placeTitle } from '../reproduce/place';
import { sweep, tidyClones } from '../reproduce/putAway';
import { runReproduction } from '../reproduce/run';
import { testName } from '../reproduce/verdict';
import {
  createReproduction,
  listDamaged,
  listReproductions,
  readReproduction,
  type Reproduction,
} from '../reproduce/store';
import { credentialsFor } from './credentials';
import type { Flags } from './flags';
import { clientFor } from './server';
import { sshQuestions } from './sshQuestions';
import { stepEnvironment, type Terminal } from './terminal';

export async function runs(jobUrl: string, flags: Flags, terminal: Terminal): Promise<void> {
  const address = parseRunUrl(jobUrl);
  if (!address) throw new UserError(`${jobUrl} is not the address of a Jenkins job.`);
  using client = clientFor(address, process.env);
  const found = await client.runs(address.jobUrl, { limit: flags.limit }, interruptible(terminal));
  for (const run of found) {
    terminal.emit(run);
    if (!terminal.json) terminal.print(runLine(run));
  }
  if (found.length === 0) terminal.say('this job has no runs yet');
}

export async function plan(what: string, flags: Flags, terminal: Terminal): Promise<void> {
  const signal = interruptible(terminal);
  const recipe =
    what === '-'
      ? parseRecipe(readFileSync(0, 'utf8'))
      : await compose(what, flags, terminal, signal);
  const made = await makePlan(recipe, signal);
  const document = planDocument(recipe, made);
  terminal.emit({ recipe, plan: made, document });
  if (!terminal.json) for (const line of document.trimEnd().split('\n')) terminal.print(line);
}

export async function reproduce(
  what: string,
  flags: Flags,
  terminal: Terminal,
): Promise<VerdictKind> {
  using composing = watchInterrupt(terminal);
  const recipe = await compose(what, flags, terminal, composing.signal);
  composing.signal.throwIfAborted();
  return await carryOut(createReproduction(recipe).id, terminal, composing);
}

/** `run ID`: idempotent, since VS Code may start a terminal's program again after a restart. */
export async function runAgain(id: string, terminal: Terminal): Promise<VerdictKind | undefined> {
  const reproduction = readReproduction(id);
  switch (reproduction.status.state) {
    case 'new':
      return carryOut(id, terminal);
    case 'running':
    case 'kept':
      terminal.say(`it is running in process ${reproduction.status.pid}; its output so far:`);
      printTail(reproduction, terminal);
      return undefined;
    case 'interrupted':
      await putLeftAway(terminal, 'quickly');
      break;
    case 'ended':
      break;
  }
  const after = readReproduction(id);
  printTail(after, terminal);
  describe(after, terminal);
  return after.verdict?.kind;
}

export function list(terminal: Terminal): Promise<void> {
  const all = listReproductions();
  for (const reproduction of all) {
    terminal.emit(summary(reproduction));
    if (terminal.json) continue;
    terminal.print(`${reproduction.files.id}  ${stateText(reproduction)}`);
    if (reproduction.damage !== undefined) terminal.print(`  damaged: ${reproduction.damage}`);
  }
  const damaged = listDamaged();
  for (const { files, state, why, made } of damaged) {
    terminal.emit({ id: files.id, state, why, made });
    if (!terminal.json) terminal.print(`${files.id}  ${state}: ${why}`);
  }
  if (all.length + damaged.length === 0) terminal.say('there are no reproductions yet');
  return Promise.resolve();
}

export function show(id: string, terminal: Terminal): Promise<void> {
  const reproduction = readReproduction(id);
  terminal.emit(summary(reproduction));
  if (!terminal.json) describe(reproduction, terminal);
  return Promise.resolve();
}

export async function finish(id: string, terminal: Terminal): Promise<void> {
  const signal = interruptible(terminal);
  const { status, verdict, files } = readReproduction(id);
  switch (status.state) {
    case 'kept':
      await finished();
      break;
    case 'interrupted':
      await putLeftAway(terminal, 'quickly', signal);
      break;
    case 'running':
      // It is about to keep its machine, or is being finished already.
      if (verdict) {
        await finished();
        break;
      }
      throw new UserError(`${id} is running and has kept nothing yet.`, {
        advice: 'To stop it, press Ctrl-C in its terminal.',
      });
    case 'new':
      throw new UserError(`${id} was never started.`, { advice: `Start it: ci-parity run ${id}` });
    case 'ended':
      terminal.say(`${id} has ended`);
  }
  await show(id, terminal);

  /** Asks its runner to finish. The runner's own terminal shows what it does; here it only matters when it has ended. */
  async function finished(): Promise<void> {
    writeFileSync(files.finish, '');
    terminal.say('finishing: post is run, then everything is put away');
    while (['kept', 'running'].includes(readReproduction(id).status.state))
      await delay(200, undefined, { signal });
    // The runner may have looked for it before it was there.
    rmSync(files.finish, { force: true });
  }
}

/** Resolves with whether nothing is left. */
export async function clean({ repository }: Flags, terminal: Terminal): Promise<boolean> {
  const signal = interruptible(terminal);
  const swept = await putLeftAway(terminal, 'thoroughly', signal);
  await tidyClones(repository, signal);
  let clear = true;
  for (const one of swept) {
    terminal.emit(one);
    for (const thing of one.left) terminal.say(`left by ${one.id}: ${thing}`);
    clear &&= one.left.length === 0;
  }
  if (swept.length === 0) terminal.say('there was nothing to put away');
  else if (clear) terminal.say('everything was put away');
  return clear;
}

function putLeftAway(
  terminal: Terminal,
  how: 'quickly' | 'thoroughly',
  signal = interruptible(terminal),
): ReturnType<typeof sweep> {
  const say = (line: string): void => terminal.say(line);
  return sweep(stepEnvironment(), say, signal, how, sshQuestions(terminal));
}

export function outlineFiles(files: readonly string[], terminal: Terminal): Promise<void> {
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (cause) {
      throw new UserError(`${file} cannot be read.`, { cause });
    }
    const pipeline = parse(text);
    const problems = problemsOf(pipeline).map(({ line, message }) => ({ line, message }));
    const found = { ...outline(pipeline), problems };
    terminal.emit({ file, ...found });
    if (terminal.json) continue;
    terminal.print(file);
    for (const { path, line, endLine } of found.stages)
      terminal.print(
        `  ${'  '.repeat(path.length - 1)}${path.at(-1) ?? ''}  (lines ${line}–${endLine})`,
      );
    for (const { name, scope, line, kind, value } of found.environment)
      terminal.print(`  ${name} = ${value ?? `‹${kind}›`}  (${scope}, line ${line})`);
    for (const { line, message } of found.problems) terminal.print(`  line ${line}: ${message}`);
  }
  return Promise.resolve();
}

async function compose(
  what: string,
  flags: Flags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Recipe> {
  const { select, branches, answers, keep, withChanges, overrides, parameters, timeout } = flags;
  const wishes = {
    select,
    branches,
    answers,
    keep,
    withChanges,
    overrides,
    parameters,
    timeout,
    on: flags.on === undefined ? undefined : otherMachine(flags.on),
    libraries: resolveMapping(flags.libraries, process.cwd()),
    announce: (line: string) => terminal.say(line),
  };
  if (!/^https?:/.test(what))
    return await composeFromFile({ ...wishes, withChanges: true, file: what }, signal);
  const address = parseRunUrl(what);
  if (address?.run === undefined)
    throw new UserError(`${what} is not the address of a Jenkins run.`, {
      advice: 'It should look like https://ci.example.org/job/cilium/42/',
    });
  using client = clientFor(address, process.env);
  const urls = (await remotes(flags.repository, signal)).map(({ url }) => url);
  const run = await client.run(runUrl({ ...address, run: address.run }), signal, urls);
  const stages = await client.stages(run, signal);
  const failed = run.result !== 'SUCCESS' && !run.building;
  const failure = failed ? await client.failure(run, stages, signal) : undefined;
  return await composeRecipe(
    { ...wishes, client, run, stages, failure, repository: flags.repository },
    signal,
  );
}

/**
 * `before` is what listened for interrupts so far. It stops once the reproduction listens itself: without any listener
 * a signal would end the process.
 */
async function carryOut(id: string, terminal: Terminal, before?: Disposable): Promise<VerdictKind> {
  const stuck = new AbortController();
  const running = runReproduction(id, {
    screen: terminal,
    base: stepEnvironment(),
    ssh: sshQuestions(terminal),
    secrets: (wanted, signal) => credentialsFor(wanted, terminal, signal),
    ask: (question, signal) => terminal.ask(question, false, signal),
    onInterrupt: (listener) => {
      const listening = terminal.onInterrupt(listener);
      before?.[Symbol.dispose]();
      return listening;
    },
    onFinish: (listener) => terminal.onEnter(listener),
    onEvent: (event) => terminal.emit(event),
    onStuck: () => stuck.abort(),
  });
  // The program then exits in spite of what still runs; its journal is read by the next one.
  const verdict = await orAborted(running, stuck.signal);
  printVerdict(verdict, terminal);
  return verdict.kind;
}

/** For commands that an interrupt simply ends. Inside a reproduction it means more. */
export function interruptible(terminal: Terminal, tell = true): AbortSignal {
  return watchInterrupt(terminal, tell).signal;
}

/**
 * A signal that the first interrupt aborts; with `tell`, what then keeps the program from ending is said. A second
 * interrupt ends the program as if there were no listener.
 */
function watchInterrupt(
  terminal: Terminal,
  tell = true,
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const listening = terminal.onInterrupt(() => {
    listening[Symbol.dispose]();
    controller.abort();
    if (tell)
      tellAwaited((what) => terminal.say(`Waiting for ${what}; press Ctrl-C again to leave now`));
  });
  return { signal: controller.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}

function runLine(run: Run): string {
  const when = new Date(run.startedAt).toISOString().slice(0, 16).replace('T', ' ');
  const commit = run.commit?.sha.slice(0, 12) ?? '-'.repeat(12);
  return [
    `#${run.number}`.padEnd(7),
    (run.result ?? 'RUNNING').padEnd(10),
    when,
    commit,
    run.branch ?? '',
    run.url,
  ].join('  ');
}

function summary({
  files,
  recipe,
  status,
  verdict,
  stages,
  startedAt,
  endedAt,
  made,
  damage,
}: Reproduction): object {
  const { run } = recipe;
  return {
    id: files.id,
    state: status.state,
    verdict,
    run: run && { url: run.url, job: run.job, number: run.number },
    commit: recipe.commit,
    on: recipe.on,
    stages,
    startedAt,
    endedAt,
    made,
    damage,
    left: status.state === 'ended' ? status.left : [],
    output: files.output,
    artifacts: files.artifacts,
  };
}

function stateText({ status, verdict }: Reproduction): string {
  return status.state === 'ended' ? (verdict?.sentence ?? 'ended') : status.state;
}

function describe(reproduction: Reproduction, terminal: Terminal): void {
  const { files, recipe, stages, findings, made, status, verdict } = reproduction;
  const { run } = recipe;
  terminal.say(`${files.id}: ${stateText(reproduction)}`);
  terminal.print(run ? `  run        ${run.url}` : `  file       ${recipe.jenkinsfile.path}`);
  terminal.print(`  commit     ${recipe.commit}`);
  if (recipe.on) terminal.print(`  on         ${placeTitle(recipe.on)}`);
  if (reproduction.damage !== undefined) terminal.print(`  damaged    ${reproduction.damage}`);
  for (const { path, state, why } of stages)
    terminal.print(
      `  stage      ${path.join(' / ')}: ${state}${why === undefined ? '' : ` (${why})`}`,
    );
  for (const { level, message } of findings)
    if (level !== 'ok') terminal.print(`  ${level.padEnd(10)} ${message}`);
  for (const test of verdict?.failedTests ?? []) terminal.print(`  failed     ${testName(test)}`);
  for (const line of verdict?.details ?? []) terminal.print(`  ${line}`);
  terminal.print(`  output     ${files.output}`);
  if (status.state === 'kept') {
    terminal.print(`  enter it   ci-parity enter ${files.id}`);
    terminal.print(`  finish it  ci-parity finish ${files.id}`);
  }
  if (status.state === 'interrupted' && made.length > 0)
    terminal.print('  it left things behind; put them away with: ci-parity clean');
  for (const thing of status.state === 'ended' ? status.left : [])
    terminal.print(`  left       ${thing}`);
}

function printVerdict(verdict: Verdict, terminal: Terminal): void {
  for (const test of verdict.failedTests) terminal.say(`  failed: ${testName(test)}`);
  for (const line of verdict.details) terminal.say(`  ${line}`);
  terminal.say(verdict.sentence);
}

/** The end of the output, 16 KiB at most. */
function printTail({ files }: Reproduction, terminal: Terminal): void {
  if (!statSync(files.output, { throwIfNoEntry: false })) return;
  const fd = openSync(files.output, 'r');
  try {
    const { size } = fstatSync(fd);
    const tail = Buffer.alloc(Math.min(size, 16 << 10));
    readSync(fd, tail, 0, tail.length, size - tail.length);
    // What steps printed, as they did.
    void terminal.output(tail.subarray(size > tail.length ? tail.indexOf('\n') + 1 : 0));
    if (tail.at(-1) !== 0x0a) terminal.print('');
  } finally {
    closeSync(fd);
  }
}
