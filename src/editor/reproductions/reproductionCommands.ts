import { writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { deleteReproduction, readReproduction, type Reproduction } from '../../reproduce/store';
import type { Commands } from '../frame/commands';
import type { Launcher } from './launcher';
import type { LogDocuments } from '../logs/logDocuments';
import { plain } from '../look/plain';
import { withProgress } from '../frame/progress';
import type { ReproductionNode } from './reproductionRows';
import type { Reproductions } from './reproductions';
import { describe, markOfReproduction, titleOf } from './reproductionText';
import { openCleaner, openEntrance, terminalOf } from './runnerTerminals';
import { themeIcon } from '../look/treeItem';
import { mustBeAbleToReproduce } from '../frame/trust';

type State = Reproduction['status']['state'];

/** The commands about reproductions; from the palette each lets the person pick one first. */
export function reproductionCommands(
  reproductions: Reproductions,
  launcher: Launcher,
  logs: LogDocuments,
  cli: string,
): Commands {
  /** As it is now: the view may be a moment behind. */
  async function chosen(
    node: ReproductionNode | undefined,
    title: string,
    states: readonly State[],
  ): Promise<Reproduction | undefined> {
    const id = node ? idOf(node) : await pick(reproductions, title, states);
    if (id === undefined) return undefined;
    const now = readReproduction(id);
    if (states.includes(now.status.state)) return now;
    throw new UserError(`${titleOf(now)} is ${now.status.state} by now.`);
  }

  return {
    'ciParity.showOutput': async (node?: ReproductionNode) => {
      const one = await chosen(node, 'Show the output of which reproduction?', ANY);
      if (!one) return;
      const terminal = terminalOf(one.files.id);
      if (terminal) terminal.show();
      else
        await withProgress('Reading the output', (signal) =>
          logs.showReproduction(one.files.id, `Output of ${titleOf(one)}`, signal),
        );
    },

    'ciParity.stop': async (node?: ReproductionNode) => {
      const one = await chosen(node, 'Stop which reproduction?', ['running']);
      if (one) writeFileSync(one.files.stop, '');
    },

    'ciParity.finish': async (node?: ReproductionNode) => {
      const one = await chosen(node, 'Finish which reproduction?', ['kept']);
      if (one) writeFileSync(one.files.finish, '');
    },

    'ciParity.enterMachine': async (node?: ReproductionNode) => {
      mustBeAbleToReproduce();
      const one = await chosen(node, 'Enter the VM of which reproduction?', ['kept']);
      if (one) await enter(cli, one);
    },

    'ciParity.again': async (node?: ReproductionNode) => {
      mustBeAbleToReproduce();
      const one = await chosen(node, 'Do which one again?', ['new', 'ended', 'interrupted']);
      if (!one) return;
      await launcher.start(one.recipe);
    },

    'ciParity.delete': async (node?: ReproductionNode) => {
      const one = await chosen(node, 'Delete which reproduction?', ['new', 'ended', 'interrupted']);
      if (!one) return;
      const answer = await vscode.window.showWarningMessage(
        `Delete the record of ${titleOf(one)}?`,
        { modal: true, detail: 'Its output and its artifacts are deleted with it.' },
        DELETE,
      );
      if (answer !== DELETE) return;
      deleteReproduction(one);
      terminalOf(one.files.id)?.dispose();
    },

    'ciParity.cleanUp': () => {
      mustBeAbleToReproduce();
      openCleaner(cli);
    },
  };
}

const ANY: readonly State[] = ['new', 'running', 'kept', 'interrupted', 'ended'];
const DELETE = 'Delete';

/** Opens a terminal in the kept VM, or in the workspace where there is none. */
async function enter(cli: string, { files, status, recipe }: Reproduction): Promise<void> {
  if (status.state !== 'kept') return;
  const { machines } = status;
  const machine =
    machines.length > 1
      ? await vscode.window.showQuickPick(machines, { placeHolder: 'Enter which VM?' })
      : machines[0];
  if (machines.length > 1 && machine === undefined) return;
  const name = `${machine ?? 'workspace'} of ${recipe.run ? `#${recipe.run.number}` : files.id}`;
  openEntrance(cli, files, plain(name), machine);
}

function idOf(node: ReproductionNode): string {
  return (node.kind === 'reproduction' ? node.reproduction : node.of).files.id;
}

async function pick(
  reproductions: Reproductions,
  title: string,
  states: readonly State[],
): Promise<string | undefined> {
  const now = Date.now();
  const all = reproductions.all().filter(({ status }) => states.includes(status.state));
  if (all.length === 0) throw new UserError('There is no reproduction to do that with.');
  const choice = await vscode.window.showQuickPick(
    all.map((one) => ({
      label: titleOf(one),
      description: describe(one, now),
      iconPath: themeIcon(markOfReproduction(one)),
      id: one.files.id,
    })),
    { placeHolder: title },
  );
  return choice?.id;
}
