import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { themeIcon } from '../look/treeItem';
import { markOf, stateOf } from '../look/marks';
import { plain } from '../look/plain';
import { brokenStage, type RunDetails } from './runDetails';
import { describeRun } from './runRows';
import type { RunNode } from './runsNodes';
import { inOrder } from './workspaceRuns';

/** Runs whose stage is looked up at once; those of the others when the person comes to them. */
const AT_ONCE = 3;

/** What there is to pick from, with the branch that is checked out. */
export interface Choices {
  readonly runs: readonly RunNode[];
  readonly branch: string | undefined;
}

export interface RunItem extends vscode.QuickPickItem {
  readonly node?: RunNode;
}

/**
 * Lets the person pick a broken run. Those of the branch that is checked out come first, each the
 * newest first.
 * @returns undefined when the person cancelled.
 */
export async function pickRun(
  title: string,
  load: (signal: AbortSignal) => Promise<Choices>,
  details: RunDetails,
): Promise<RunNode | undefined> {
  const pick = vscode.window.createQuickPick<RunItem>();
  const cancel = new AbortController();
  const brokenIn = new Map<string, string | undefined>();
  pick.title = title;
  pick.placeholder = 'A failed run, the newest first';
  pick.matchOnDescription = true;
  pick.busy = true;
  const lookUp = async ({ run }: RunNode): Promise<void> => {
    if (brokenIn.has(run.url)) return;
    brokenIn.set(run.url, undefined);
    const stages = await details.stages(run, cancel.signal).catch(() => []);
    brokenIn.set(run.url, brokenStage(stages)?.name);
    if (!cancel.signal.aborted) relabel(pick, brokenIn);
  };
  try {
    return await new Promise<RunNode | undefined>((resolve, reject) => {
      pick.onDidAccept(() => resolve(pick.selectedItems[0]?.node));
      pick.onDidHide(() => resolve(undefined));
      pick.onDidChangeActive(([item]) => {
        if (item?.node) void lookUp(item.node);
      });
      pick.show();
      load(cancel.signal).then(({ runs, branch }) => {
        pick.busy = false;
        pick.items = runItems(runs, branch, Date.now());
        if (pick.items.length === 0) reject(nothingBroken(runs.length));
        const { own, others } = inOrder(runs, branch);
        for (const node of [...own, ...others].slice(0, AT_ONCE)) void lookUp(node);
      }, reject);
    });
  } finally {
    cancel.abort();
    pick.dispose();
  }
}

/** The items of the pick, with a heading for the own branch where there is one. */
export function runItems(
  runs: readonly RunNode[],
  branch: string | undefined,
  now: number,
): RunItem[] {
  const { own, others } = inOrder(runs, branch);
  const items = (nodes: readonly RunNode[]): RunItem[] =>
    nodes.map((node) => itemOf(node, undefined, now));
  if (own.length === 0) return items(others);
  return [
    heading(`checked out: ${plain(branch ?? '')}`),
    ...items(own),
    ...(others.length > 0 ? [heading('other branches'), ...items(others)] : []),
  ];
}

function relabel(
  pick: vscode.QuickPick<RunItem>,
  brokenIn: ReadonlyMap<string, string | undefined>,
): void {
  const active = pick.activeItems[0]?.node?.run.url;
  const items = pick.items.map((item) =>
    item.node ? itemOf(item.node, brokenIn.get(item.node.run.url), Date.now()) : item,
  );
  pick.keepScrollPosition = true;
  pick.items = items;
  const again = items.find(({ node }) => node !== undefined && node.run.url === active);
  if (again) pick.activeItems = [again];
}

function itemOf(node: RunNode, brokenIn: string | undefined, now: number): RunItem {
  const { run } = node;
  return {
    label: plain(`${run.job} #${run.number}`),
    description: describeRun(run, brokenIn, now),
    iconPath: themeIcon(markOf(stateOf(run))),
    node,
  };
}

function heading(label: string): RunItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function nothingBroken(runs: number): UserError {
  return runs === 0
    ? new UserError("The workspace's jobs have no runs yet.")
    : new UserError("None of the newest runs of the workspace's jobs has failed.", {
        advice: 'An older one can be reproduced from the view, or by its address.',
      });
}
