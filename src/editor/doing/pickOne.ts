import * as vscode from 'vscode';

/** A line to pick; without a value it is a heading. */
export interface PickItem<T> extends vscode.QuickPickItem {
  readonly value?: T;
}

export interface PickWords<T = never> {
  readonly title: string;
  readonly placeholder: string;
  /** What can be picked before all is loaded. */
  readonly atOnce?: readonly PickItem<T>[];
}

/**
 * Lets the person pick one of what is loaded, with the first that is `picked` under the cursor.
 * @returns undefined when the person cancelled.
 */
export async function pickOne<T>(
  { title, placeholder, atOnce = [] }: PickWords<T>,
  load: (signal: AbortSignal) => Promise<readonly PickItem<T>[]>,
): Promise<T | undefined> {
  const pick = vscode.window.createQuickPick<PickItem<T>>();
  const cancel = new AbortController();
  pick.title = title;
  pick.placeholder = placeholder;
  pick.matchOnDescription = true;
  // What it is about may have to be looked at meanwhile.
  pick.ignoreFocusOut = true;
  pick.busy = true;
  pick.items = atOnce;
  try {
    return await new Promise<T | undefined>((resolve, reject) => {
      pick.onDidAccept(() => {
        const [item] = pick.selectedItems;
        if (item?.value !== undefined) resolve(item.value);
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
      load(cancel.signal).then((items) => {
        pick.busy = false;
        pick.items = items;
        const first = items.find(({ picked }) => picked);
        if (first) pick.activeItems = [first];
      }, reject);
    });
  } finally {
    cancel.abort();
    pick.dispose();
  }
}
