import * as vscode from 'vscode';
import type { Mark } from './marks';
import type { Row } from './row';

const FOLDS = {
  leaf: vscode.TreeItemCollapsibleState.None,
  closed: vscode.TreeItemCollapsibleState.Collapsed,
  open: vscode.TreeItemCollapsibleState.Expanded,
} as const;

/** The line of a view for VS Code; `node` is handed to the row's command. */
export function treeItem(row: Row, node: unknown): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label, FOLDS[row.fold]);
  item.id = row.id;
  if (row.description !== undefined && row.description !== '') item.description = row.description;
  if (row.mark) item.iconPath = themeIcon(row.mark);
  if (row.context !== undefined) item.contextValue = row.context;
  if (row.tooltip) item.tooltip = tooltip(row.tooltip);
  item.accessibilityInformation = {
    label: row.spoken ?? [row.label, row.description ?? ''].join(' ').trim(),
  };
  if (row.command !== undefined)
    item.command = { command: row.command, title: row.label, arguments: [node] };
  return item;
}

export function themeIcon({ icon, color }: Mark): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}

/** `appendText` escapes everything that Markdown could read, so that a server's words stay words. */
function tooltip([heading, ...lines]: readonly string[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text
    .appendMarkdown('**')
    .appendText(clip(heading ?? ''))
    .appendMarkdown('**');
  for (const line of lines.slice(0, 20)) text.appendMarkdown('\n\n').appendText(clip(line));
  return text;
}

function clip(line: string): string {
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}
