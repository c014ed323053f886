import * as vscode from 'vscode';
import { isAbort, isUserError, messageOf, UserError } from '../../base/errors';
import { explainSystemError } from '../../base/systemErrors';
import { plain } from '../look/plain';

/** Advice beyond this many characters, or of several lines, waits behind a button. */
const SHORT = 160;

/** A `UserError` about a place that can be shown. */
export class PlacedError extends UserError {
  readonly place: vscode.Location;

  constructor(message: string, place: vscode.Location, advice: string | undefined) {
    super(message, { advice });
    this.place = place;
  }
}

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
export function tell(thrown: unknown, output: vscode.LogOutputChannel): void {
  if (isAbort(thrown) || thrown instanceof vscode.CancellationError) return;
  const error = explainSystemError(thrown);
  if (isUserError(error)) {
    output.warn(error.message, error.advice ?? '', causeOf(error));
    void tellUser(error);
    return;
  }
  output.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const showLog = new Map([['Show Log', () => output.show()]]);
  void offer(`CI Parity did something wrong: ${plain(messageOf(error))}`, showLog);
}

async function tellUser(error: UserError): Promise<void> {
  const message = plain(error.message);
  const { advice } = error;
  const isShort = advice === undefined || (advice.length <= SHORT && !advice.includes('\n'));
  const buttons = new Map<string, () => unknown>();
  // Another bundle has a class of its own.
  if ('place' in error && error.place instanceof vscode.Location) {
    const { uri, range } = error.place;
    buttons.set('Show Line', () => vscode.window.showTextDocument(uri, { selection: range }));
  }
  if (!isShort)
    buttons.set('Show Details', () =>
      vscode.window.showErrorMessage(message, { modal: true, detail: advice }),
    );
  await offer(isShort && advice !== undefined ? `${message} ${plain(advice)}` : message, buttons);
}

async function offer(message: string, buttons: ReadonlyMap<string, () => unknown>): Promise<void> {
  const answer = await vscode.window.showErrorMessage(message, ...buttons.keys());
  if (answer !== undefined) await buttons.get(answer)?.();
}

function causeOf(error: Error): string {
  return error.cause === undefined ? '' : `(${messageOf(error.cause)})`;
}
