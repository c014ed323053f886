import * as vscode from 'vscode';
import type { ParameterDefinition, ParameterValue } from '../../jenkins/parameters';
import { plain } from '../look/plain';
import {
  escapeLines,
  rowsOf,
  unescapeLines,
  withValue,
  wordsOf,
  type Form,
  type FormRow,
} from './form';
import { askFile } from './askFile';
import { askRun, type RunsOf } from './askRun';
import { pickOne } from './pickOne';

/** What stands around the parameters. */
export interface FormWords {
  readonly title: string;
  /** The line that sends the form. */
  readonly send: { readonly label: string; readonly description: string };
  /** A line that does something else. */
  readonly other?: string;
  /** How runs of other jobs are found, to be offered. */
  readonly runsOf: RunsOf;
}

export type Filled = { readonly kind: 'send'; readonly form: Form } | { readonly kind: 'other' };

/**
 * Shows parameters as lines with their values: Enter changes one, the last line sends them. What is
 * still to be answered is asked for before that.
 * @returns undefined when the person cancelled.
 */
export async function fillForm(given: Form, words: FormWords): Promise<Filled | undefined> {
  let form = given;
  let at: string | undefined;
  for (;;) {
    const step = await showForm(form, at, words);
    if (step.kind === 'cancel') return undefined;
    if (step.kind === 'other') return step;
    ({ form } = step);
    const wanted = step.kind === 'edit' ? [step.definition] : unanswered(form);
    if (wanted.length === 0) return { kind: 'send', form };
    for (const definition of wanted) {
      at = definition.name;
      const answer = await askFor(definition, form.values.get(definition.name), words);
      if (!answer) break;
      form = withValue(form, definition.name, answer.value);
    }
    if (step.kind === 'send' && form.open.size === 0) return { kind: 'send', form };
  }
}

type Step =
  | { readonly kind: 'edit'; readonly form: Form; readonly definition: ParameterDefinition }
  | { readonly kind: 'send'; readonly form: Form }
  | { readonly kind: 'other' }
  | { readonly kind: 'cancel' };

interface FormItem extends vscode.QuickPickItem {
  readonly does?: 'send' | 'other' | FormRow;
}

const RESET: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('discard'),
  tooltip: 'Back to its default',
};

/** Resolves when something other than the form itself is wanted; what is toggled stays in it. */
async function showForm(given: Form, at: string | undefined, words: FormWords): Promise<Step> {
  const pick = vscode.window.createQuickPick<FormItem>();
  let form = given;
  const paint = (name: string | undefined): void => {
    const items = itemsOf(form, words);
    const active = items.find(({ does }) => nameOf(does) === name && name !== undefined);
    pick.keepScrollPosition = true;
    pick.items = items;
    if (active) pick.activeItems = [active];
  };
  pick.title = words.title;
  pick.placeholder = `Enter changes a parameter. The last line: ${words.send.label}`;
  pick.ignoreFocusOut = true;
  paint(at);
  try {
    return await new Promise<Step>((resolve) => {
      pick.onDidAccept(() => {
        const does = pick.selectedItems[0]?.does;
        if (does === undefined) return;
        if (does === 'send') resolve({ kind: 'send', form });
        else if (does === 'other') resolve({ kind: 'other' });
        else if (does.definition.kind === 'boolean') {
          const { name } = does.definition;
          form = withValue(form, name, form.values.get(name) !== true);
          paint(name);
        } else resolve({ kind: 'edit', form, definition: does.definition });
      });
      pick.onDidTriggerItemButton(({ item }) => {
        const name = nameOf(item.does);
        if (name === undefined) return;
        form = withValue(form, name, undefined);
        paint(name);
      });
      pick.onDidHide(() => resolve({ kind: 'cancel' }));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}

function itemsOf(form: Form, { send, other }: FormWords): FormItem[] {
  const rows = rowsOf(form).map((row): FormItem => {
    const { label, description, detail, icon, changed } = row;
    return {
      label,
      description,
      ...(detail !== undefined && { detail }),
      iconPath: new vscode.ThemeIcon(icon),
      buttons: changed ? [RESET] : [],
      does: row,
    };
  });
  const end = (
    label: string,
    icon: string,
    does: 'send' | 'other',
    description = '',
  ): FormItem => ({
    label,
    description,
    iconPath: new vscode.ThemeIcon(icon),
    alwaysShow: true,
    does,
  });
  return [
    ...rows,
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    end(send.label, 'play', 'send', send.description),
    ...(other === undefined ? [] : [end(other, 'circle-slash', 'other')]),
  ];
}

function nameOf(does: FormItem['does']): string | undefined {
  return typeof does === 'object' ? does.definition.name : undefined;
}

function unanswered({ definitions, open }: Form): ParameterDefinition[] {
  return definitions.filter(({ name }) => open.has(name));
}

/** A value; `undefined` as one means the default. Undefined itself when the person cancelled. */
async function askFor(
  definition: ParameterDefinition,
  value: ParameterValue | undefined,
  words: FormWords,
): Promise<{ readonly value: ParameterValue | undefined } | undefined> {
  const title = `${words.title}: ${plain(definition.name)}`;
  const prompt = plain(wordsOf(definition));
  switch (definition.kind) {
    case 'file':
      return askFile(title);
    case 'boolean':
    case 'choice': {
      const choices = definition.kind === 'choice' ? definition.choices : [true, false];
      const items = choices.map((choice) => ({
        label: choice === '' ? 'empty' : plain(choice === true ? 'yes' : choice || 'no'),
        picked: choice === value,
        value: { value: choice },
      }));
      return pickOne({ title, placeholder: prompt }, () => Promise.resolve(items));
    }
    case 'password': {
      const typed = await vscode.window.showInputBox({
        title,
        prompt: `${prompt} Left empty, it has the server's default.`.trim(),
        password: true,
        ignoreFocusOut: true,
      });
      return typed === undefined ? undefined : { value: typed === '' ? undefined : typed };
    }
    case 'run':
      return askRun(definition, textOf(value), { title, prompt, runsOf: words.runsOf });
    case 'text': {
      const many = definition.lines === 'many';
      const before = textOf(value);
      const typed = await vscode.window.showInputBox({
        title,
        prompt:
          `${prompt}${many ? ' Write \\n between lines, and \\\\ for a backslash.' : ''}`.trim(),
        value: many ? escapeLines(before) : before,
        ignoreFocusOut: true,
      });
      if (typed === undefined) return undefined;
      // Where the default is not told, nothing typed is the default, and not an empty text.
      if (typed === '' && value === undefined) return { value };
      return { value: many ? unescapeLines(typed) : typed };
    }
  }
}

function textOf(value: ParameterValue | undefined): string {
  return typeof value === 'object' ? '' : String(value ?? '');
}
