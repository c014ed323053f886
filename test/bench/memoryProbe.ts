/** Runs inside the extension host: browses a large server as a person would, and measures what stays. */
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as vscode from 'vscode';
import type { RunNode, RunsNode } from '../../src/editor/runs/runsNodes';
import type { TestApi } from '../../src/extension';

/** In bytes, after everything that nobody uses was collected. */
export interface Memory {
  readonly step: string;
  /** Of the whole process. */
  readonly resident: number;
  /** Objects, and the buffers that they hold. */
  readonly held: number;
  /** Of the whole process, the most since the step before. */
  readonly peak: number;
  /** Milliseconds that its thread was busy since the step before. */
  readonly busy: number;
}

const JOBS = 20;
const PAGES = 3;

export async function run(): Promise<void> {
  const steps: Memory[] = [];
  let peak = 0;
  let since = performance.eventLoopUtilization();
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  const note = async (step: string): Promise<void> => {
    await quiet();
    const busy = performance.eventLoopUtilization(since).active;
    const { resident, held } = await collected();
    steps.push({ step, resident, held, peak, busy });
    since = performance.eventLoopUtilization();
    peak = 0;
  };

  const { servers, runs } = await vscode.extensions
    .getExtension<TestApi>('ci-parity.ci-parity')!
    .activate();
  await vscode.commands.executeCommand('ciParity.runs.focus');
  await note('before');

  const base = process.env['BENCH_SERVER']!;
  await servers.add({ url: base, name: 'scale', user: undefined }, { token: undefined });
  await vscode.commands.executeCommand('ciParity.showAllJobs');
  const [server] = await runs.getChildren();
  const organization = (await runs.getChildren(server))[0]!;
  const project = (await runs.getChildren(organization))[0]!;
  await note('all jobs are listed');

  const branches = (await runs.getChildren(project)).filter(({ kind }) => kind === 'job');
  for (const branch of branches.slice(0, JOBS)) {
    if (branch.kind === 'job') await runs.revealJob(branch.url);
    await runs.getChildren(branch);
  }
  await note(`${JOBS} jobs are unfolded`);

  for (const branch of branches.slice(0, JOBS))
    for (let page = 0; page < PAGES; page++)
      if (branch.kind === 'job') await runs.tree.showMore(branch);
  for (const branch of branches.slice(1, JOBS)) await why(branch);
  await note(`${PAGES} pages more of each, and why ${JOBS - 1} runs failed`);

  await why(branches[0]!);
  await note('why the run with the log of 2 GB failed');

  const [largest] = (await runs.getChildren(branches[0])).filter(isRun);
  await vscode.commands.executeCommand('ciParity.openLog', largest);
  await vscode.commands.executeCommand('ciParity.logAtFailure');
  await note('the log of 2 GB, at its failure');

  await searched('want DENIED, got ALLOWED');
  await note('a text is looked for in all of it');
  await searched('/policy_test\\.go:\\d+: egress/');
  await note('an expression is looked for in all of it');

  async function why(job: RunsNode): Promise<void> {
    const failed = (await runs.getChildren(job)).find(isBroken);
    if (failed) await runs.getChildren(failed);
  }

  clearInterval(watch);
  writeFileSync(process.env['BENCH_MEMORY']!, JSON.stringify(steps));
  const counts = { passes: 1, failures: 0, pending: 0 };
  writeFileSync(process.env['HOST_RESULT']!, JSON.stringify(counts));
}

/** Searches the log in the active editor, which must have one such line. */
async function searched(typed: string): Promise<void> {
  const pick = vscode.window.createQuickPick();
  const done = new Promise<void>((settle) => {
    Object.defineProperty(pick, 'busy', { set: (busy) => (busy ? undefined : settle()) });
  });
  Object.defineProperty(pick, 'value', { get: () => typed, set: () => undefined });
  const { createQuickPick } = vscode.window;
  Object.defineProperty(vscode.window, 'createQuickPick', { value: () => pick, writable: true });
  try {
    await vscode.commands.executeCommand('ciParity.logSearch');
    await done;
    if (pick.items.length !== 1)
      throw new Error(`${pick.items.length} lines were found for ${typed}`);
  } finally {
    Object.defineProperty(vscode.window, 'createQuickPick', {
      value: createQuickPick,
      writable: true,
    });
    pick.dispose();
  }
}

function isRun(node: RunsNode): node is RunNode {
  return node.kind === 'run';
}

function isBroken(node: RunsNode): boolean {
  return isRun(node) && node.run.result === 'FAILURE';
}

async function collected(): Promise<{ resident: number; held: number }> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let times = 0; times < 3; times++) {
    collect();
    await delay(200);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, held: heapUsed + external };
}

/** Resolves when the host has been idle for a second. */
async function quiet(): Promise<void> {
  for (let windows = 0; windows < 300; windows++) {
    const before = performance.eventLoopUtilization();
    await delay(1000);
    if (performance.eventLoopUtilization(before).utilization < 0.03) return;
  }
  throw new Error('the extension host was never idle');
}
