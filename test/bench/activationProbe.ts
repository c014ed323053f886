/** Runs inside the extension host: activates the extensions that are named, and takes the time. */
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';

/** Milliseconds by the extension's id. */
export type ActivationTimes = Readonly<Record<string, number>>;

export async function run(): Promise<void> {
  // VS Code's own first activation in a host costs more than any later one, whoever it is.
  await vscode.extensions.getExtension('vscode.merge-conflict')?.activate();
  const times: Record<string, number> = {};
  for (const id of (process.env['BENCH_ORDER'] ?? '').split(' ')) {
    await quiet();
    const extension = vscode.extensions.getExtension(id);
    if (!extension) throw new Error(`${id} is not in this host`);
    if (extension.isActive) throw new Error(`${id} is active already`);
    const began = performance.now();
    await extension.activate();
    times[id] = performance.now() - began;
  }
  writeFileSync(process.env['BENCH_TIMES'] ?? '', JSON.stringify(times));
  const counts = { passes: 1, failures: 0, pending: 0 };
  writeFileSync(process.env['HOST_RESULT'] ?? '', JSON.stringify(counts));
}

/** Resolves when the host has been idle for half a second: at its start it is busy with others. */
async function quiet(): Promise<void> {
  for (let windows = 0; windows < 120; windows++) {
    const before = performance.eventLoopUtilization();
    await delay(500);
    if (performance.eventLoopUtilization(before).utilization < 0.02) return;
  }
  throw new Error('the extension host was never idle');
}
