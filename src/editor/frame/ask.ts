import * as vscode from 'vscode';
import { isUserError, messageOf } from '../../base/errors';

/** One step of a dialogue in the input box. */
export interface Question {
  readonly title: string;
  readonly prompt: string;
  readonly placeholder?: string;
  readonly value?: string | undefined;
  readonly password?: boolean;
  readonly step: readonly [at: number, of: number];
  readonly button?: {
    readonly icon: string;
    readonly tooltip: string;
    readonly press: () => unknown;
  };
  /**
   * Rejects with what is wrong with the answer; the box stays open and shows it. Another question is
   * asked `aside`, so that it does not end this one by taking its place.
   */
  readonly check: (answer: string, signal: AbortSignal, aside: Aside) => Promise<void>;
}

export type Aside = <T>(work: () => Promise<T>) => Promise<T>;

/** Resolves to an answer that passed its check; undefined when the person cancelled. */
export async function ask(question: Question): Promise<string | undefined> {
  const box = vscode.window.createInputBox();
  const cancel = new AbortController();
  let away = false;
  const aside: Aside = async (work) => {
    away = true;
    try {
      return await work();
    } finally {
      away = false;
      box.show();
    }
  };
  box.title = question.title;
  box.prompt = question.prompt;
  box.placeholder = question.placeholder ?? '';
  box.value = question.value ?? '';
  box.password = question.password ?? false;
  [box.step, box.totalSteps] = question.step;
  box.ignoreFocusOut = true;
  const { button } = question;
  if (button)
    box.buttons = [{ iconPath: new vscode.ThemeIcon(button.icon), tooltip: button.tooltip }];
  try {
    return await new Promise<string | undefined>((resolve) => {
      const accept = async (): Promise<void> => {
        if (box.busy) return;
        box.busy = true;
        box.enabled = false;
        try {
          await question.check(box.value, cancel.signal, aside);
          resolve(box.value);
        } catch (error) {
          box.validationMessage = wordsOf(error);
        } finally {
          box.busy = false;
          box.enabled = true;
        }
      };
      box.onDidAccept(() => void accept());
      box.onDidChangeValue(() => (box.validationMessage = undefined));
      box.onDidTriggerButton(() => button?.press());
      box.onDidHide(() => {
        if (!away) resolve(undefined);
      });
      box.show();
    });
  } finally {
    cancel.abort();
    box.dispose();
  }
}

function wordsOf(error: unknown): string {
  const advice = isUserError(error) ? (error.advice ?? '') : '';
  return `${messageOf(error)} ${advice}`.trim();
}
