import type { Run, Stage, StageState } from '../../../src/jenkins/run';
import type { RunNode } from '../../../src/editor/runs/runsNodes';
import type { Server } from '../../../src/editor/frame/settings';

export const now = Date.UTC(2026, 10, 23, 12);

export const server: Server = { url: 'http://ci/', name: 'ci', user: undefined };

/** The failed run #42 of `cilium/master`, two hours old, to be varied. */
export function runWith(changes: Partial<Run> = {}): Run {
  const number = changes.number ?? 42;
  return {
    url: `http://ci/job/cilium/job/master/${number}/`,
    server: 'http://ci/',
    job: 'cilium/master',
    jobUrl: 'http://ci/job/cilium/job/master/',
    number,
    displayName: `#${number}`,
    building: false,
    result: 'FAILURE',
    startedAt: now - 2 * 3_600_000,
    duration: 185_000,
    estimatedDuration: undefined,
    parameters: [],
    commit: undefined,
    branch: 'master',
    change: undefined,
    causes: [],
    node: undefined,
    ...changes,
  };
}

export function nodeOf(changes: Partial<Run> = {}): RunNode {
  return { kind: 'run', server, run: runWith(changes) };
}

export function stage(
  path: string,
  state: StageState = 'passed',
  children: readonly Stage[] = [],
): Stage {
  const names = path.split('/');
  return {
    id: path,
    name: names.at(-1) ?? '',
    path: names,
    state,
    startedAt: undefined,
    duration: 12_000,
    children,
  };
}
