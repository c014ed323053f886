/** Runs inside the extension host: activates the extensions that are named, and takes the time. */
import { writeFileSync } from 'node:fs';
import * as vscode from 'vscode';

/** Milliseconds by the extension's id. */
export type ActivationTimes = Readonly<Record<string, number>>;

export async function run(): Promise<void> {
  // VS Code's own first activation in a host costs more than any later one, whoever it is.
  await vscode.extensions.getExtension('vscode.merge-conflict')?.activate();
  const times: Record<string, number> = {};
  for (const id of (process.env['BENCH_ORDER'] ?? '').split(' ')) {
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
