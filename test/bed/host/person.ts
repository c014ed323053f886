/**
 * What a person does with a VS Code workbench, as small functions over its page. Each acts on what can
 * be seen and waits for it to be seen. None takes a signal where the page is enough: aborting the
 * signal of the workbench closes the page, and that rejects whatever waits on it.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { workbenchReady } from './host';

/** Reloads the window, and resolves when it can be used again. */
export async function reload(page: Page): Promise<void> {
  await page.reload({ waitUntil: 'domcontentloaded' });
  await workbenchReady(page);
}

/** Runs a command by the title that the palette shows, with its category: `CI Parity: Refresh`. */
export async function openPalette(page: Page, command: string): Promise<void> {
  await page.keyboard.press('F1');
  await quickInput(page).fill(`>${command}`);
  await pickQuickItem(page, command);
}

/** Chooses the row of the open quick pick that says exactly this, or the first that matches. */
export async function pickQuickItem(page: Page, label: string | RegExp): Promise<void> {
  await quickItem(page, label).first().click();
}

/** The rows of the open quick pick whose label says exactly this, or matches. */
export function quickItem(page: Page, label: string | RegExp): Locator {
  const name = page.locator('.label-name', { hasText: exactly(label) });
  return page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row', {
    has: name,
  });
}

/** The input field of the open quick pick or input box. */
export function quickInput(page: Page): Locator {
  return page.locator('.quick-input-widget:visible .quick-input-box input');
}

/** Types into an open input box and accepts it. With `prompt`, waits until the box asks just that. */
export async function typeIntoQuickInput(
  page: Page,
  text: string,
  prompt?: string | RegExp,
): Promise<void> {
  if (prompt !== undefined) {
    await page.locator('.quick-input-widget:visible', { hasText: prompt }).waitFor();
  }
  await quickInput(page).fill(text);
  await quickInput(page).press('Enter');
}

/** Shows a view container of the activity bar by its title. Does nothing if it is shown already. */
export async function openView(page: Page, title: string): Promise<void> {
  const tab = page
    .locator('.activitybar')
    .getByRole('tab', { name: new RegExp(`^${escape(title)}( |$)`) });
  await tab.waitFor();
  // A second click on an open one hides the side bar.
  if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
  await page.locator('.sidebar .composite.title', { hasText: new RegExp(title, 'i') }).waitFor();
}

/** Rows of trees that are shown, by label or accessible name. Only what is scrolled into sight exists. */
export function treeItem(page: Page, name: string | RegExp): Locator {
  return page.getByRole('treeitem', { name });
}

/** Opens a file of the workspace by its name and waits until its editor is there. */
export async function openFile(page: Page, name: string): Promise<void> {
  await page.keyboard.press('Control+P');
  await quickInput(page).fill(name);
  await pickQuickItem(page, name);
  await page.locator('.tab.active', { hasText: name }).waitFor();
  await page.locator('.editor-instance .view-lines').first().waitFor();
}

/** The links of CodeLenses that are shown and have this text. */
export function codeLens(page: Page, text: string | RegExp): Locator {
  return page.locator('.codelens-decoration a', { hasText: text });
}

/**
 * Puts the pointer on a word of the first line shown that holds `line`, and resolves to what is shown
 * beside it. Editors draw a line as few pieces, so the word's own place is measured.
 */
export async function hoverWord(page: Page, line: string, word: string): Promise<string> {
  const shown = page
    .locator('.monaco-hover:visible', { has: page.locator('.hover-contents') })
    .filter({ hasNotText: 'Loading...' })
    .first();
  for (let tries = 1; ; tries++) {
    const { x, y } = await wordPlace(page, line, word);
    // Where the pointer comes from another hover is none.
    await page.mouse.move(0, 0);
    await page.mouse.move(x, y, { steps: 3 });
    try {
      await shown.waitFor({ timeout: 10_000 });
      return (await shown.innerText()).replace(/\s+/g, ' ');
    } catch (error) {
      // Lenses that have come meanwhile have moved the line away from under the pointer.
      if (tries === 6) throw error;
    }
  }
}

/** Puts the cursor into a word of the first line shown that holds `line`. */
export async function clickWord(page: Page, line: string, word: string): Promise<void> {
  const { x, y } = await wordPlace(page, line, word);
  await page.mouse.click(x, y);
}

/** Goes to a line of the active editor, counted from 1. */
export async function goToLine(page: Page, line: number): Promise<void> {
  await page.keyboard.press('Control+G');
  await quickInput(page).fill(`:${line}`);
  await quickInput(page).press('Enter');
  await page.locator('.statusbar-item', { hasText: `Ln ${line},` }).waitFor();
}

async function wordPlace(
  page: Page,
  line: string,
  word: string,
): Promise<{ readonly x: number; readonly y: number }> {
  // The editor draws with no-break spaces, and what is shown may be drawn anew at any time.
  const place = await page.waitForFunction(`(() => {
    for (const element of document.querySelectorAll('.editor-instance .view-line')) {
      const text = element.textContent.replace(/\\u00a0/g, ' ');
      if (!text.includes(${JSON.stringify(line)})) continue;
      const pieces = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      while (pieces.nextNode() !== null) {
        const piece = pieces.currentNode;
        const at = piece.textContent.replace(/\\u00a0/g, ' ').indexOf(${JSON.stringify(word)});
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(piece, at);
        range.setEnd(piece, at + ${word.length});
        const { left, top, width, height } = range.getBoundingClientRect();
        return { x: left + width / 2, y: top + height / 2 };
      }
    }
  })()`);
  return (await place.jsonValue()) as { x: number; y: number };
}

/** A notification toast; resolves once it is shown. */
export async function notification(page: Page, text: string | RegExp): Promise<Locator> {
  const toast = page.locator('.notification-toast', { hasText: text });
  await toast.first().waitFor();
  return toast.first();
}

/** Waits for a notification, then presses one of its buttons. */
export async function answerNotification(
  page: Page,
  text: string | RegExp,
  button: string,
): Promise<void> {
  const toast = await notification(page, text);
  await toast.locator('.monaco-button', { hasText: exactly(button) }).click();
}

/** Waits for a modal dialog, then presses one of its buttons. */
export async function answerDialog(
  page: Page,
  text: string | RegExp,
  button: string,
): Promise<void> {
  const dialog = page.locator('.monaco-dialog-box', { hasText: text });
  await dialog.waitFor();
  await dialog.locator('.monaco-button', { hasText: exactly(button) }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Trusts the folder of a window that is in Restricted Mode. */
export async function trustFolder(page: Page): Promise<void> {
  await openPalette(page, 'Workspaces: Manage Workspace Trust');
  await page
    .locator('.workspace-trust-editor .monaco-button', { hasText: exactly('Trust') })
    .click();
  await page
    .locator('.statusbar-item', { hasText: 'Restricted Mode' })
    .waitFor({ state: 'hidden' });
}

/**
 * What the active terminal shows now, a line for each row of the screen: a line too long for the
 * terminal comes as several, and what has scrolled away is not there. Empty if there is no terminal.
 */
export async function readTerminal(page: Page): Promise<string> {
  return String(await page.evaluate(terminalText));
}

/**
 * Resolves to the terminal's text once it matches. Rejects with what the terminal showed instead after
 * `timeoutMs` (30 s), or when the signal is aborted.
 */
export async function waitForTerminal(
  page: Page,
  pattern: RegExp,
  { signal, timeoutMs = 30_000 }: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<string> {
  signal?.throwIfAborted();
  const seen = page.waitForFunction(
    `(() => {
      const text = ${terminalText};
      return new RegExp(${JSON.stringify(pattern.source)}, ${JSON.stringify(pattern.flags)}).test(text) && text;
    })()`,
    undefined,
    { timeout: timeoutMs },
  );
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, fail) => {
    stop = () => fail(signal?.reason as Error);
    signal?.addEventListener('abort', stop, { once: true });
  });
  try {
    return String(await (await Promise.race([seen, aborted])).jsonValue());
  } catch (error) {
    // The wait goes on in the page until its time is over, and nobody is there to hear how it ends.
    seen.catch(() => undefined);
    if (signal?.aborted === true) throw error;
    const shown = await readTerminal(page).catch(() => '(the page is gone)');
    throw new Error(`The terminal never showed ${pattern}, but:\n${shown}`, { cause: error });
  } finally {
    if (stop !== undefined) signal?.removeEventListener('abort', stop);
  }
}

/** Puts the keyboard into the active terminal and types. Ends with Enter if the text ends with `\n`. */
export async function typeIntoTerminal(page: Page, text: string): Promise<void> {
  await page.locator('.terminal-wrapper.active .xterm').click();
  await page.keyboard.type(text.replace(/\n$/, ''));
  if (text.endsWith('\n')) await page.keyboard.press('Enter');
}

/** A picture of the whole window; folders on the way are made. */
export async function screenshot(page: Page, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
}

// The DOM renderer of the terminal keeps each row of the screen as an element, with no-break spaces.
const terminalText = `[...document.querySelectorAll('.terminal-wrapper.active .xterm-rows > div')]
  .map((row) => row.textContent.replace(/\\u00a0/g, ' ').trimEnd()).join('\\n').trimEnd()`;

function exactly(text: string | RegExp): RegExp {
  return typeof text === 'string' ? new RegExp(`^\\s*${escape(text)}\\s*$`) : text;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
