/** A repository with a Jenkinsfile that is run as "Run this stage here" does, for tests of what steps do. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Secrets, WantedCredential } from '../../src/base/secretChannel';
import { composeFromFile, type Wishes } from '../../src/recipe/compose';
import type { Recipe } from '../../src/recipe/recipe';
import type { JournalEvent, Verdict } from '../../src/reproduce/journal';
import { prefixLines } from '../../src/reproduce/branchOutput';
import { runReproduction, type Surroundings } from '../../src/reproduce/run';
import { createReproduction, type Files } from '../../src/reproduce/store';
import { projectRoot } from '../bed/demo/package';

export interface Seen {
  readonly verdict: Verdict;
  readonly files: Files;
  /** What the steps printed, each branch's lines with its name before them. */
  readonly output: string;
  readonly said: string;
  readonly events: readonly JournalEvent[];
  readonly wanted: readonly WantedCredential[];
}

export interface Person {
  /** Called with each event and each piece of output. */
  readonly watch?: (seen: { event?: JournalEvent; output: string }, files: Files) => void;
  readonly interrupt?: (listener: (why: string) => void) => void;
  readonly secrets?: Secrets;
  readonly base?: Record<string, string>;
  /** Answers questions; without it nobody can be asked. */
  readonly answer?: (question: string) => string | undefined;
  /** Changes the recipe before it is run. */
  readonly recipe?: (recipe: Recipe) => Recipe;
}

export interface Workshop extends Disposable {
  /** All that this test makes, the state directory too. */
  readonly root: string;
  readonly repository: string;
  git(...args: string[]): string;
  write(files: Readonly<Record<string, string>>): void;
  commit(files: Readonly<Record<string, string>>): void;
  /** Commits the Jenkinsfile and runs it. */
  run(jenkinsfile: string, person?: Person, wishes?: Partial<Wishes>): Promise<Seen>;
  /** Runs the Jenkinsfile that is there. */
  runAsIs(person?: Person, wishes?: Partial<Wishes>): Promise<Seen>;
}

export function openWorkshop(): Workshop {
  const before = process.env['XDG_STATE_HOME'];
  const root = mkdtempSync(join(tmpdir(), 'ci-parity-steps-'));
  const repository = join(root, 'repo');
  process.env['XDG_STATE_HOME'] = join(root, 'state');
  mkdirSync(repository);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@localhost', ...args], {
      cwd: repository,
      encoding: 'utf8',
    });
  const write: Workshop['write'] = (files) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(repository, name)), { recursive: true });
      writeFileSync(join(repository, name), text);
    }
  };
  const commit: Workshop['commit'] = (files) => {
    write(files);
    git('add', '--all');
    git('commit', '-q', '--allow-empty', '-m', 'change');
  };
  git('init', '-q', '-b', 'main');
  const runAsIs: Workshop['runAsIs'] = async (person = {}, wishes = {}) => {
    const { signal } = new AbortController();
    const composed = await composeFromFile(
      {
        file: join(repository, 'Jenkinsfile'),
        select: { kind: 'all' },
        keep: 'never',
        withChanges: false,
        ...wishes,
      },
      signal,
    );
    const files = createReproduction(person.recipe?.(composed) ?? composed);
    let output = '';
    let said = '';
    let wanted: readonly WantedCredential[] = [];
    const events: JournalEvent[] = [];
    const nothing = { [Symbol.dispose]: () => undefined };
    const surroundings: Surroundings = {
      screen: {
        output: (chunk, branch, continued) => {
          const text = branch === undefined ? chunk : prefixLines(chunk, `[${branch}] `, continued);
          output += text.toString();
          person.watch?.({ output }, files);
        },
        say: (line) => (said += `${line}\n`),
      },
      base: { PATH: process.env['PATH'] ?? '', HOME: root, ...person.base },
      secrets: (asked) => {
        wanted = asked;
        return Promise.resolve(person.secrets ?? {});
      },
      ask: (question) => Promise.resolve(person.answer?.(question)),
      onInterrupt: (listener) => {
        person.interrupt?.(listener);
        return nothing;
      },
      onFinish: () => nothing,
      onEvent: (event) => {
        events.push(event);
        person.watch?.({ event, output }, files);
      },
    };
    const verdict = await runReproduction(files.id, surroundings);
    return { verdict, files, output, said, events, wanted };
  };
  return {
    root,
    repository,
    git,
    write,
    commit,
    run: (jenkinsfile, person, wishes) => {
      commit({ Jenkinsfile: jenkinsfile });
      return runAsIs(person, wishes);
    },
    runAsIs,
    [Symbol.dispose]: () => {
      if (before === undefined) delete process.env['XDG_STATE_HOME'];
      else process.env['XDG_STATE_HOME'] = before;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Reproduces a Jenkinsfile in a program of its own, which is killed when a step of it has printed `ready`. */
export async function killedWhenReady(file: string, on: string): Promise<void> {
  const args = ['src/cli.ts', 'reproduce', file, '--on', on];
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.includes('\nready')) break;
  }
  child.kill('SIGKILL');
  await ended;
}

/** A person who interrupts, once or several times at once, as soon as a step has printed the line `ready`. */
export function interruptsWhenReady(times = 1): Pick<Person, 'interrupt' | 'watch'> {
  let interrupt: (why: string) => void = () => undefined;
  let done = false;
  return {
    interrupt: (listener) => (interrupt = listener),
    watch: ({ output }) => {
      if (done || !output.includes('\nready')) return;
      done = true;
      for (let time = 0; time < times; time++) interrupt('interrupted');
    },
  };
}

/** Lines of output that are not the shell's trace. */
export function printed(output: string): string[] {
  return output.split('\n').filter((line) => line !== '' && !/^(\[[^\]]*\] )?\+ /.test(line));
}
