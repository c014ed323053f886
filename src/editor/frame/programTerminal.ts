import * as vscode from 'vscode';

export interface ProgramOptions {
  readonly name: string;
  /** Of VS Code's icons. */
  readonly icon: string;
  /** Whether it waits for a key before it ends, since VS Code closes a terminal with its program: always, or where it failed. */
  readonly holds: 'always' | 'failed';
  /** Beside what our program needs itself; null takes a variable out. */
  readonly env?: Readonly<Record<string, string | null>>;
  readonly cwd?: string;
  /** Whether VS Code is to revive it after a restart. */
  readonly revives?: boolean;
}

/** Shows a terminal that runs our program, `cli`. The editor's own Node carries it, so none has to be installed. */
export function openProgram(
  cli: string,
  words: readonly string[],
  { name, icon, holds, env, cwd, revives = false }: ProgramOptions,
): vscode.Terminal {
  const terminal = vscode.window.createTerminal({
    name,
    shellPath: process.execPath,
    shellArgs: [cli, ...words],
    env: { ELECTRON_RUN_AS_NODE: '1', CI_PARITY_HOLD: holds, ...env },
    ...(cwd !== undefined && { cwd }),
    iconPath: new vscode.ThemeIcon(icon),
    isTransient: !revives,
  });
  terminal.show();
  return terminal;
}
