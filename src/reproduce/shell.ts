import { UserError } from '../base/errors';
import { createLogScanner } from '../jenkins/logTests';
import { falseGreen } from '../machines/vagrant';
import { StepError, type Environment, type Scope, type ShCall } from '../pipeline/effects';
import type { ShResult } from '../pipeline/effects';
import type { Failures } from './failures';
import { createTail, lookOutFor } from './outputTail';
import { asFailure, directoryOf, type Bench } from './steps/bench';

/** Milliseconds that a step has to end by itself after it was asked to. */
export const GRACE = 10_000;

/** How much of a step's output is looked through for Vagrant's own errors, in bytes. */
const TAIL = 64 << 10;

/** How Jenkins names the stage in which Declarative runs `post`. */
const POST_STAGE = 'Declarative: Post Actions';

/** What `sh` needs beside the bench. */
interface Around {
  readonly environmentOf: (environment: Environment) => Record<string, string>;
  readonly openOutput: (at: Scope) => {
    push(chunk: Buffer): void | Promise<void>;
    end(): void | Promise<void>;
  };
  readonly failures: Failures;
  readonly isPost: (at: Scope) => boolean;
  /** Bytes of `output.log` so far. */
  readonly offset: () => number;
}

/** The step `sh`, and what was seen of all its calls. */
export interface Shell {
  sh(call: ShCall, at: Scope): Promise<ShResult>;
  count(): number;
  sawFalseGreen(): boolean;
  lastEnvironment(): Readonly<Record<string, string>>;
}

export function createShell(bench: Bench, around: Around): Shell {
  const { machine, journal, kill } = bench;
  const { failures } = around;
  let count = 0;
  let sawFalseGreen = false;
  let last: Readonly<Record<string, string>> = {};

  const carryOut = async (call: ShCall, at: Scope): Promise<ShResult> => {
    if (typeof call.script !== 'string')
      throw new UserError(
        `The script would come from ${call.script.origin}, which cannot be had here.`,
      );
    const environment = around.environmentOf(at.environment);
    const post = around.isPost(at);
    const directory = directoryOf(at);
    await machine.files.makeFolder(directory, 0o777, at.signal).catch((error: unknown) => {
      throw asFailure(error);
    });
    const inside = await bench.enclosure(at);
    const step = ++count;
    last = environment;
    const script = call.script.trim();
    const branches = at.branches.length > 0 ? { branches: at.branches } : {};
    const { line } = at.range;
    const begin = { step, stage: at.path, ...branches, line, script, post };
    journal.append({ type: 'step', ...begin, offset: around.offset() });
    const scanner = createLogScanner();
    const tail = createTail(TAIL);
    const output = around.openOutput(at);
    const isFalseGreen = lookOutFor(falseGreen);
    const exit = await machine.run(call.script, {
      directory,
      environment,
      captureStdout: call.returnStdout,
      signal: at.signal,
      kill,
      grace: GRACE,
      ...(inside && { inside }),
      onOutput: (chunk) => {
        scanner.push(chunk);
        if (isFalseGreen(chunk)) sawFalseGreen = true;
        tail.push(chunk);
        return output.push(chunk);
      },
    });
    await output.end();
    const ended = exit.signal === undefined ? {} : { signal: exit.signal };
    journal.append({ type: 'exit', step, code: exit.code, ...ended, offset: around.offset() });
    if (!post) bench.noteTests(scanner.end().failedTests);
    at.signal.throwIfAborted();
    const code = exit.code ?? 143;
    if (code !== 0 && !call.returnStatus) {
      const stage = post ? [...at.path, POST_STAGE] : at.path;
      const failure = { stage, script, exitCode: code, timedOut: false, message: '' };
      failures.note(failure, post, tail.text());
      throw new StepError(`script returned exit code ${code}`, 'FAILURE', code);
    }
    return { status: code, stdout: exit.stdout };
  };

  return {
    sh: async (call, at) => {
      try {
        return await carryOut(call, at);
      } catch (error) {
        if (timedOut(at.signal) && !around.isPost(at))
          failures.note(
            {
              stage: at.path,
              script: typeof call.script === 'string' ? call.script.trim() : '',
              exitCode: undefined,
              timedOut: true,
              message: 'timed out',
            },
            false,
          );
        throw error;
      }
    },
    count: () => count,
    sawFalseGreen: () => sawFalseGreen,
    lastEnvironment: () => last,
  };
}

/** By a `timeout` of the Jenkinsfile or of the whole; what another branch's failure ended has not failed itself. */
function timedOut({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(typeof reason === 'string' && reason.startsWith('Failed in branch'));
}
