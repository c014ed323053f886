import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { StandIns } from './standIns';

/** Somebody who does one thing after the other in dialogues, and notes what was said. */
export interface Person {
  /** What is picked next in quick picks, by the beginning of the line; a pick without more is left. */
  readonly picks: string[];
  /** What is typed next into input boxes. */
  readonly types: string[];
  /** Which buttons are pressed next in modal dialogues; a dialogue without more is left. */
  readonly agrees: string[];
  /** Which button of a notification is pressed, whenever it has it. */
  presses: string | undefined;
  /** Modal dialogues: the message with its detail. */
  readonly asked: string[];
  readonly notified: string[];
  /** Titles and lines of quick picks, as they were when something was picked. */
  readonly seen: string[];
  readonly boxes: vscode.InputBoxOptions[];
}

/** Puts a person in the place of the dialogues until the test is over. */
export function personIn({ replace }: StandIns): Person {
  const person: Person = {
    picks: [],
    types: [],
    agrees: [],
    presses: undefined,
    asked: [],
    notified: [],
    seen: [],
    boxes: [],
  };
  replace(vscode.window, 'createQuickPick', () => quickPick(person));
  replace(vscode.window, 'showInputBox', (options: vscode.InputBoxOptions) => {
    person.boxes.push(options);
    return Promise.resolve(person.types.shift());
  });
  for (const kind of ['Error', 'Warning', 'Information'])
    replace(vscode.window, `show${kind}Message`, (message: string, ...rest: unknown[]) =>
      Promise.resolve(answerTo(person, message, rest)),
    );
  return person;
}

interface Button {
  readonly title: string;
}

function answerTo(person: Person, message: string, rest: readonly unknown[]): unknown {
  const [options] = rest as readonly vscode.MessageOptions[];
  const buttons = rest.filter(
    (item): item is string | Button => typeof item === 'string' || 'title' in (item as Button),
  );
  const pressed = (title: string | undefined): unknown =>
    buttons.find((button) => (typeof button === 'string' ? button : button.title) === title);
  if (options?.modal !== true) {
    person.notified.push(message);
    return pressed(person.presses);
  }
  person.asked.push(`${message}\n${options.detail ?? ''}`);
  const wanted = person.agrees.shift();
  const answer = pressed(wanted);
  assert.ok(wanted === undefined || answer !== undefined, `no button ${wanted} below: ${message}`);
  return answer;
}

/** As much of a quick pick as the dialogues use. */
function quickPick(person: Person): unknown {
  const accept = new vscode.EventEmitter<void>();
  const hide = new vscode.EventEmitter<void>();
  let items: readonly vscode.QuickPickItem[] = [];
  let shown = false;
  const pick = {
    title: '',
    placeholder: '',
    value: '',
    onDidChangeValue: new vscode.EventEmitter<string>().event,
    activeItems: [] as readonly vscode.QuickPickItem[],
    selectedItems: [] as readonly vscode.QuickPickItem[],
    onDidChangeActive: new vscode.EventEmitter<unknown>().event,
    onDidAccept: accept.event,
    onDidHide: hide.event,
    onDidTriggerItemButton: new vscode.EventEmitter<unknown>().event,
    get items() {
      return items;
    },
    set items(given) {
      items = given;
      if (shown) setImmediate(act);
    },
    show() {
      shown = true;
      if (items.length > 0) setImmediate(act);
    },
    dispose() {
      shown = false;
    },
  };
  function act(): void {
    if (!shown) return;
    const wanted = person.picks.shift();
    if (wanted === undefined) {
      hide.fire();
      return;
    }
    const item = items.find(({ label }) => label.startsWith(wanted));
    assert.ok(item, `no line ${wanted} in ${items.map(({ label }) => label).join(', ')}`);
    const lines = items.map(({ label, description }) => `${label}: ${description ?? ''}`);
    person.seen.push([pick.title, ...lines].join('\n'));
    pick.selectedItems = [item];
    accept.fire();
  }
  return pick;
}
