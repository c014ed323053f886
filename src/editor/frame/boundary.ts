import * as vscode from 'vscode';
import { isAbort, isUserError, messageOf, type UserError } from '../../base/errors';
import { plain } from '../look/plain';

/** Advice beyond this many characters, or of several lines, waits behind a button. */
const SHORT = 160;

/**
 * The one place where what went wrong in the editor is told. Makes a command's work safe to hand to
 * VS Code: a cancel is quiet, a `UserError` shows its own words, and anything else is a defect of
 * ours, told in short, with its stack in the output channel.
 */
export function guarded<Args extends readonly unknown[]>(
  output: vscode.LogOutputChannel,
  work: (...args: Args) => unknown,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    try {
      await work(...args);
    } catch (error) {
      tell(error, output);
    }
  };
}

/** Does not wait for the notification to be answered. */
export function tell(error: unknown, output: vscode.LogOutputChannel): void {
  if (isAbort(error) || error instanceof vscode.CancellationError) return;
  if (isUserError(error)) {
    output.warn(error.message, error.advice ?? '', causeOf(error));
    void tellUser(error);
    return;
  }
  output.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  void offer(`CI Parity did something wrong: ${plain(messageOf(error))}`, 'Show Log', () =>
    output.show(),
  );
}

async function tellUser(error: UserError): Promise<void> {
  const message = plain(error.message);
  const { advice } = error;
  if (advice === undefined) await vscode.window.showErrorMessage(message);
  else if (advice.length <= SHORT && !advice.includes('\n'))
    await vscode.window.showErrorMessage(`${message} ${plain(advice)}`);
  else
    await offer(message, 'Show Details', () =>
      vscode.window.showErrorMessage(message, { modal: true, detail: advice }),
    );
}

async function offer(message: string, button: string, act: () => unknown): Promise<void> {
  if ((await vscode.window.showErrorMessage(message, button)) === button) await act();
}

function causeOf(error: Error): string {
  return error.cause === undefined ? '' : `(${messageOf(error.cause)})`;
}
