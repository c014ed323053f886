import { agentOf } from './directives';
import type { Stage } from '../declarative';
import type { Unknown } from '../effects';
import type { Frame } from './frame';
import { Directive } from './locals';
import type { Locals } from './locals';
import { bodyOf, calledName, positional } from '../syntax';
import { whenHolds } from './when';

/** Where a stage's condition may be asked for, from the outside: before its options, its input, its agent, or inside of all these. */
export type Place = 'options' | 'input' | 'agent' | 'inside';

/** Goes a stage's way; `check` is asked at each place, and what says false there leaves the stage. */
export type Course = (
  check: (place: Place, frame: Frame) => Promise<boolean>,
  frame: Frame,
) => Promise<void>;

/**
 * The `when` of one stage. Jenkins asks it inside of the stage's options, input and agent, unless
 * `beforeOptions`, `beforeInput` or `beforeAgent` say otherwise. So asking it goes the stage's way up
 * to there, and waits: with `enter` the stage goes on from that place, with `leave` it is left.
 */
export class Gate {
  private readonly answer = deferred<boolean | Unknown>();
  private readonly decision = deferred<boolean>();
  private readonly stage: Stage;
  private readonly locals: Locals;
  private readonly course: Course;
  private going: Promise<void> | undefined;
  private hasPassed = false;

  constructor(stage: Stage, locals: Locals, course: Course) {
    this.stage = stage;
    this.locals = locals;
    this.course = course;
    // Nobody may have asked.
    this.answer.promise.catch(() => undefined);
  }

  /** What the condition says. Rejects with what failed on the way to it, or in it. */
  async ask(frame: Frame): Promise<boolean | Unknown> {
    if (frame.run.dry) return this.askDry(frame);
    if (this.going === undefined) {
      this.going = this.course((place, inner) => this.check(place, inner), frame);
      this.going.then(
        () => {
          this.answer.reject(new Error('the stage has ended without its condition'));
        },
        (error: unknown) => {
          this.answer.reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    }
    return this.answer.promise;
  }

  /** Runs the stage: from where its condition was asked, or all of it without asking. */
  async enter(frame: Frame): Promise<void> {
    this.decision.resolve(true);
    await (this.going ?? this.course(() => Promise.resolve(true), frame));
  }

  /** Goes back out of what was entered to ask. What failed there has been said by `ask`. */
  async leave(): Promise<void> {
    this.decision.resolve(false);
    await this.going?.catch(() => undefined);
  }

  private async check(place: Place, frame: Frame): Promise<boolean> {
    if (this.hasPassed) return true;
    if (place !== 'inside' && !this.isBefore(place)) return true;
    this.answer.resolve(await this.holds(frame));
    this.hasPassed = await this.decision.promise;
    return this.hasPassed;
  }

  /** Nothing is taken for a dry interpretation, but the condition may use what the agent would give. */
  private async askDry(frame: Frame): Promise<boolean | Unknown> {
    const { agent: call } = this.stage;
    if (call === undefined || this.isBefore('agent')) return this.holds(frame);
    const agent = await agentOf(call, new Directive(this.locals), frame);
    return this.holds(agent.kind === 'none' ? frame : { ...frame, agent });
  }

  private async holds(frame: Frame): Promise<boolean | Unknown> {
    const { when } = this.stage;
    return when === undefined || whenHolds(when, this.locals, frame);
  }

  /** Whether `beforeAgent true` or its like is there. */
  private isBefore(place: 'options' | 'input' | 'agent'): boolean {
    const name = `before${place.charAt(0).toUpperCase()}${place.slice(1)}`;
    const { when } = this.stage;
    return (
      (when && bodyOf(when))?.body.some((entry) => {
        if (entry.kind !== 'call' || calledName(entry) !== name) return false;
        const [value] = positional(entry.args);
        return value?.kind === 'literal' && value.value === true;
      }) === true
    );
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  return { promise, resolve, reject };
}
