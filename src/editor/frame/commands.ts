import * as vscode from 'vscode';
import { guarded } from './boundary';

/**
 * Handlers by the ids of package.json. What VS Code hands over as arguments (the node of a view, or
 * nothing from the palette) is declared by each.
 */
export type Commands = Readonly<Record<`ciParity.${string}`, (...args: never[]) => unknown>>;

/** Registers commands behind the error boundary. */
export function registerCommands(
  commands: Commands,
  output: vscode.LogOutputChannel,
): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([id, handler]) =>
      vscode.commands.registerCommand(
        id,
        guarded(output, handler as (...args: unknown[]) => unknown),
      ),
    ),
  );
}
