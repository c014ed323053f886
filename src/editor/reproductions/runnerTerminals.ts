import * as vscode from 'vscode';
import type { Files } from '../../reproduce/store';
import { openProgram } from '../frame/programTerminal';

/** Starts the runner on a reproduction. Secrets go another way: `secrets` is only the path of a socket. */
export function openRunner(
  cli: string,
  files: Files,
  title: string,
  cwd: string,
  secrets: string | undefined,
): vscode.Terminal {
  return openProgram(cli, ['run', files.id], {
    ...{ name: title, icon: 'debug-rerun', holds: 'always', revives: true, cwd },
    ...(secrets !== undefined && { env: { CI_PARITY_SECRETS: secrets } }),
  });
}

/** Enters a kept machine; `machine` is undefined where there is none. */
export function openEntrance(
  cli: string,
  files: Files,
  title: string,
  machine: string | undefined,
): void {
  const words = ['enter', files.id, ...(machine === undefined ? [] : [machine])];
  openProgram(cli, words, { name: title, icon: 'vm-connect', holds: 'failed' });
}

/** Puts away what interrupted reproductions left. */
export function openCleaner(cli: string): void {
  openProgram(cli, ['clean'], { name: 'CI Parity: clean up', icon: 'clear-all', holds: 'always' });
}

/** The terminal in which a reproduction runs or ran, if it is still open in this window. */
export function terminalOf(id: string): vscode.Terminal | undefined {
  return vscode.window.terminals.find((terminal) => isRunnerOf(terminal, id));
}

/** Whether it is the terminal in which a reproduction runs or ran. */
export function isRunnerOf({ creationOptions }: vscode.Terminal, id: string): boolean {
  const args = 'shellArgs' in creationOptions ? creationOptions.shellArgs : undefined;
  return Array.isArray(args) && args[1] === 'run' && args[2] === id;
}
