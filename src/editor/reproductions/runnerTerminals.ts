import * as vscode from 'vscode';
import type { Files } from '../../reproduce/store';

/**
 * Starts the runner on a reproduction in a terminal of its own. The editor's own Node carries it, so
 * none has to be installed. Secrets go another way: `secrets` is only the path of a socket.
 */
export function openRunner(
  cli: string,
  files: Files,
  title: string,
  cwd: string,
  secrets: string | undefined,
): vscode.Terminal {
  const terminal = vscode.window.createTerminal({
    name: title,
    shellPath: process.execPath,
    shellArgs: [cli, 'run', files.id],
    env: {
      ELECTRON_RUN_AS_NODE: '1',
      // The runner waits for a key before it ends, since VS Code closes a terminal with its program.
      CI_PARITY_HOLD: '1',
      ...(secrets === undefined ? {} : { CI_PARITY_SECRETS: secrets }),
    },
    cwd,
    iconPath: new vscode.ThemeIcon('debug-rerun'),
    isTransient: false,
  });
  terminal.show();
  return terminal;
}

/** Enters a kept machine in a terminal; `machine` is undefined where there is none. */
export function openEntrance(
  cli: string,
  files: Files,
  title: string,
  machine: string | undefined,
): void {
  vscode.window
    .createTerminal({
      name: title,
      shellPath: process.execPath,
      shellArgs: [cli, 'enter', files.id, ...(machine === undefined ? [] : [machine])],
      env: { ELECTRON_RUN_AS_NODE: '1' },
      iconPath: new vscode.ThemeIcon('vm-connect'),
      isTransient: true,
    })
    .show();
}

/** Puts away what interrupted reproductions left, in a terminal. */
export function openCleaner(cli: string): void {
  vscode.window
    .createTerminal({
      name: 'CI Parity: clean up',
      shellPath: process.execPath,
      shellArgs: [cli, 'clean'],
      env: { ELECTRON_RUN_AS_NODE: '1', CI_PARITY_HOLD: '1' },
      iconPath: new vscode.ThemeIcon('clear-all'),
      isTransient: true,
    })
    .show();
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
