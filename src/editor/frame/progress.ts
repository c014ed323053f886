import * as vscode from 'vscode';
import { plain } from '../look/plain';

/** Runs work that may outlast a click, with a notification that can cancel it and shows what the work reports. Rejects when cancelled. */
export function withProgress<T>(
  title: string,
  work: (signal: AbortSignal, report: (message: string) => void) => Promise<T>,
): Promise<T> {
  return Promise.resolve(
    vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (progress, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => controller.abort());
        return work(controller.signal, (message) => progress.report({ message: plain(message) }));
      },
    ),
  );
}
