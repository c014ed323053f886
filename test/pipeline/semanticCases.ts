import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { StepError, Unknown } from '../../src/pipeline/effects';
import type { Effects, Outcome, Scope, Value, Variable } from '../../src/pipeline/effects';
import { interpret } from '../../src/pipeline/interpret';
import { parse } from '../../src/pipeline/parser';
import { shown } from './recorder';

/**
 * A small pipeline with what must come of it. The files of `semantics/` hold them as text:
 *
 *     == 12 failFast ends the other branches      the fact, as facts/jenkins.md numbers them, and a title
 *     @ sh make = 1                                what the world does; see `worldOf`
 *     pipeline { … }
 *     --
 *     stage A                                      what happens, line by line
 */
export interface Case {
  readonly title: string;
  readonly world: readonly string[];
  readonly pipeline: string;
  readonly expected: readonly string[];
}

export function casesIn(folder: string): Map<string, Case[]> {
  const cases = new Map<string, Case[]>();
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.semantics')) {
      cases.set(name, casesOf(readFileSync(join(folder, name), 'utf8')));
    }
  }
  return cases;
}

export function casesOf(text: string): Case[] {
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => {
      const [head = '', tail = ''] = part.split(/^--\n/m);
      const [title = '', ...lines] = head.split('\n');
      return {
        title,
        world: lines.filter((line) => line.startsWith('@ ')).map((line) => line.slice(2)),
        pipeline: lines.filter((line) => !line.startsWith('@ ')).join('\n'),
        expected: tail.split('\n').filter((line) => line.trim() !== ''),
      };
    });
}

/**
 * Interprets a case and writes down what happens. `sh 'env A B'` shows these two variables. The
 * checkouts that Declarative does by itself are left out unless the world wants them shown.
 */
export async function happens(given: Case): Promise<string[]> {
  const world = worldOf(given.world);
  const entries: Entry[] = [];
  // Effects of branches come in between each other; the log has each branch by itself.
  const log = {
    push: (line: string, at?: Pick<Scope, 'branches'>) =>
      entries.push({ line, branch: at?.branches[0] }),
  };
  const cancel = new AbortController();
  const show = (name: string, args: ReadonlyMap<string, Value>): string =>
    [
      name,
      ...[...args].map(([key, value]) => (key === '' ? shown(value) : `${key}=${shown(value)}`)),
    ].join(' ');

  const effects: Effects = {
    agent: async (agent, at, body) => {
      const settings = agent.settings === undefined ? '' : ` ${shown(agent.settings)}`;
      const text = agent.text === undefined ? '' : ` ${shown(agent.text)}`;
      log.push(`agent ${agent.kind}${text}${settings}`, at);
      if (world.broken.has('agent')) throw new StepError('no agent');
      await body(variables(world.agent));
      log.push('end agent', at);
    },
    stage: async (stage, at, body) => {
      const name = stage.path.join('/');
      const asked = world.record ? undefined : await stage.when?.();
      if (asked === false || world.skip.has(name)) {
        log.push(`skip ${name}`, at);
        return;
      }
      log.push(`stage ${name}${asked instanceof Unknown ? ` if ${asked.origin}` : ''}`, at);
      log.push(`end ${name} ${await body()}`, at);
    },
    post: async (at, body) => {
      log.push('post', at);
      await body();
      log.push('end post', at);
    },
    sh: async (call, at) => {
      const script = shown(call.script);
      const names = script.startsWith('env ') ? script.slice(4).split(' ') : undefined;
      log.push(names ? environmentLine(names, at) : `sh ${script}${placeOf(at)}`, at);
      if (world.cancel === script) cancel.abort();
      if (world.broken.has(`sh ${script}`)) throw new Error(`cannot ${script}`);
      if (script.startsWith('hang')) await untilAborted(at.signal);
      at.signal.throwIfAborted();
      const answer = world.sh.get(script)?.shift();
      if (world.dry) {
        const unknown = new Unknown('sh', at.range.line);
        return { status: call.returnStatus ? unknown : 0, stdout: unknown };
      }
      return typeof answer === 'number'
        ? { status: answer, stdout: '' }
        : { status: 0, stdout: typeof answer === 'string' ? answer : '' };
    },
    step: async (call, at) => {
      const hidden = call.implicit && call.name === 'checkout' && !world.show.has('checkout');
      if (!hidden) log.push(`${show(call.name, call.args)}${placeOf(at)}`, at);
      if (world.broken.has(call.name)) throw new StepError(`${call.name} failed`);
      if (call.name === 'sleep' && !call.implicit) await untilAborted(at.signal);
      if (call.name === 'mark') at.worsen('UNSTABLE');
      const silent = world.dry ? new Unknown(call.name, at.range.line) : null;
      return world.step.get(call.name) ?? silent;
    },
    block: async (call, at, body) => {
      log.push(`block ${show(call.name, call.args)}`, at);
      if (world.broken.has(call.name)) throw new StepError(`${call.name} failed`);
      const gives = world.block.get(call.name);
      log.push(`end ${call.name} ${await body({ variables: variables(gives ?? {}) })}`, at);
    },
    skipped: (stage, why) => {
      const branches = stage.path.filter((name) => entries.some(({ branch }) => branch === name));
      log.push(`not run ${stage.path.join('/')}: ${why}`, { branches });
    },
    ...(world.dry
      ? {
          decide: (condition, at, ways) => {
            const then = ways?.then === undefined ? '' : ` ${ways.then.line}`;
            const otherwise = ways?.otherwise === undefined ? '' : ` or ${ways.otherwise.line}`;
            log.push(`both ways: ${condition.origin} →${then}${otherwise}`, at);
            return Promise.resolve('both');
          },
        }
      : {}),
  };
  try {
    const { outcome, error } = await interpret(
      parse(given.pipeline),
      {
        environment: variables(world.env),
        parameters: new Map(Object.entries(world.params)),
        previous: world.previous,
        dry: world.dry,
      },
      effects,
      { cancel: cancel.signal, kill: new AbortController().signal },
    );
    log.push(`=> ${outcome}${error === undefined ? '' : `: ${error}`}`);
  } catch (defect) {
    log.push(`=> rejects: ${defect instanceof Error ? defect.message : String(defect)}`);
  }
  return sorted(entries);
}

interface Entry {
  readonly line: string;
  /** The outermost parallel branch that it belongs to. */
  readonly branch: string | undefined;
}

/** The lines, those of branches that ran side by side one branch after the other. */
function sorted(entries: readonly Entry[]): string[] {
  const lines: string[] = [];
  let branches = new Map<string, string[]>();
  const flush = (): void => {
    lines.push(...[...branches].flatMap(([name, own]) => own.map((line) => `[${name}] ${line}`)));
    branches = new Map();
  };
  for (const { line, branch } of entries) {
    if (branch === undefined) {
      flush();
      lines.push(line);
    } else branches.set(branch, [...(branches.get(branch) ?? []), line]);
  }
  flush();
  return lines;
}

/** What a case says of the world. */
interface World {
  readonly env: Record<string, Value>;
  readonly params: Record<string, Value>;
  readonly agent: Record<string, Value>;
  /** Answers to a script, one after the other: an exit code or an output. */
  readonly sh: Map<string, (number | string)[]>;
  readonly step: Map<string, Value>;
  /** The variables that a step with a body gives. */
  readonly block: Map<string, Record<string, Value>>;
  readonly broken: Set<string>;
  readonly skip: Set<string>;
  readonly show: Set<string>;
  previous: Outcome | undefined;
  cancel: string | undefined;
  dry: boolean;
  /** True if CI's record decides which stages run, and no `when` is asked. */
  record: boolean;
}

function worldOf(lines: readonly string[]): World {
  const world: World = {
    env: {},
    params: {},
    agent: {},
    sh: new Map(),
    step: new Map(),
    block: new Map(),
    broken: new Set(),
    skip: new Set(),
    show: new Set(),
    previous: undefined,
    cancel: undefined,
    dry: false,
    record: false,
  };
  for (const line of lines) {
    const [, kind = '', name = '', json] = /^(\w+) ?(.*?)(?: = (.*))?$/.exec(line) ?? [];
    const value = json === undefined ? null : valueOf(JSON.parse(json));
    if (kind === 'env' || kind === 'params' || kind === 'agent') world[kind][name] = value;
    else if (kind === 'sh') {
      const answer = typeof value === 'number' || typeof value === 'string' ? value : 0;
      world.sh.set(name, [...(world.sh.get(name) ?? []), answer]);
    } else if (kind === 'step') world.step.set(name, value);
    else if (kind === 'block')
      world.block.set(name, JSON.parse(json ?? '{}') as Record<string, Value>);
    else if (kind === 'broken' || kind === 'skip' || kind === 'show') world[kind].add(name);
    else if (kind === 'previous') world.previous = name as Outcome;
    else if (kind === 'cancel') world.cancel = name;
    else if (kind === 'dry' || kind === 'record') world[kind] = true;
    else throw new Error(`the world knows no ${kind}`);
  }
  return world;
}

function valueOf(json: unknown): Value {
  if (Array.isArray(json)) return json.map(valueOf);
  if (typeof json !== 'object' || json === null) return json as Value;
  return new Map(Object.entries(json).map(([key, item]) => [key, valueOf(item)]));
}

function variables(values: Readonly<Record<string, Value>>): Variable[] {
  return Object.entries(values).map(([name, value]) => ({
    name,
    value: shown(value),
    origin: 'the world',
    line: undefined,
  }));
}

function environmentLine(names: readonly string[], at: Scope): string {
  return names.map((name) => `${name}=${shown(at.environment.get(name)?.value ?? null)}`).join(' ');
}

function placeOf({ directory }: Scope): string {
  return directory === '.' ? '' : ` in ${directory}`;
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => {
      reject(new DOMException('aborted', 'AbortError'));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
}
