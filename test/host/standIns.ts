import * as vscode from 'vscode';

/** What takes the place of a person, and of what a test must not really do. */
export interface StandIns {
  /** Puts something in the place of a part of VS Code until the test is over. */
  readonly replace: <Key extends string>(
    object: Readonly<Record<Key, unknown>>,
    key: Key,
    standIn: unknown,
  ) => void;
  /** Notes the notifications of a kind; none is answered. */
  readonly hear: (kind: 'Error' | 'Warning' | 'Information') => readonly string[];
  /** Notes with which options terminals would be opened; none is. */
  readonly catchTerminals: () => readonly vscode.TerminalOptions[];
}

/** To be called in a `describe`: all is put back after each of its tests. */
export function standIns(): StandIns {
  const undo: (() => void)[] = [];
  afterEach(() => {
    for (const put of undo.splice(0).reverse()) put();
  });

  const replace: StandIns['replace'] = (object, key, standIn) => {
    const before = Object.getOwnPropertyDescriptor(object, key);
    Object.defineProperty(object, key, { value: standIn, configurable: true, writable: true });
    undo.push(() => {
      if (before) Object.defineProperty(object, key, before);
      else Reflect.deleteProperty(object, key);
    });
  };

  return {
    replace,
    hear: (kind) => {
      const said: string[] = [];
      replace(vscode.window, `show${kind}Message`, (message: string) => {
        said.push(message);
        return Promise.resolve(undefined);
      });
      return said;
    },
    catchTerminals: () => {
      const made: vscode.TerminalOptions[] = [];
      replace(vscode.window, 'createTerminal', (options: vscode.TerminalOptions) => {
        made.push(options);
        return { show: () => undefined };
      });
      return made;
    },
  };
}
