import { sep } from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { stateDirectory } from '../../base/stateDirectory';
import { machineNames, readVagrantfile } from '../../machines/vagrantfile';
import { plain } from '../look/plain';
import { mustBeTrusted } from '../frame/trust';
import type { MachineOf } from './vagrantLenses';
import { isVagrantfile } from './vagrantfiles';
import { vagrantPlace, type VagrantStates } from './vagrantStates';

/** What is done to a machine of the person's own. */
export type VagrantAction = 'up' | 'ssh' | 'halt' | 'destroy';

/** Whether a Vagrantfile lies in the workspace of a reproduction, whose machines are not ours to touch. */
export function isOfReproduction(file: vscode.Uri): boolean {
  return file.fsPath.startsWith(stateDirectory() + sep);
}

/**
 * Runs `vagrant …` in a terminal in the Vagrantfile's folder. Without an argument it is about the
 * Vagrantfile in the editor, and the person picks the machine. `destroy` asks first.
 */
export async function runVagrant(
  action: VagrantAction,
  of: MachineOf | undefined,
  states: VagrantStates,
): Promise<void> {
  mustBeTrusted();
  const chosen = isMachineOf(of) ? of : await pick(action, states);
  if (!chosen) return;
  const { file, machine } = chosen;
  if (isOfReproduction(file))
    throw new UserError('These machines belong to a reproduction.', {
      advice: 'Enter or put them away in the view Reproductions.',
    });
  // It is an argument of a program: it must not be read as a flag.
  if (!/^[^-\s]/.test(machine)) throw new UserError(`Vagrant has no machine "${plain(machine)}".`);
  if (action === 'destroy' && !(await isSure(machine))) return;
  const { cwd, env } = vagrantPlace(file.fsPath);
  const name = `vagrant ${action} ${plain(machine)}`;
  if (action === 'ssh') {
    vscode.window
      .createTerminal({
        name,
        shellPath: 'vagrant',
        shellArgs: ['ssh', machine],
        cwd,
        env,
        iconPath: new vscode.ThemeIcon('vm-connect'),
        isTransient: true,
      })
      .show();
    return;
  }
  const args = action === 'destroy' ? ['destroy', '-f', machine] : [action, machine];
  await runTask(name, args, { cwd, env }, file);
  states.ask(file);
}

/** A task's terminal stays to be read, and it tells when its program has ended. */
async function runTask(
  name: string,
  args: readonly string[],
  options: vscode.ProcessExecutionOptions,
  file: vscode.Uri,
): Promise<void> {
  const task = new vscode.Task(
    { type: 'process' },
    vscode.workspace.getWorkspaceFolder(file) ?? vscode.TaskScope.Workspace,
    name,
    'CI Parity',
    new vscode.ProcessExecution('vagrant', [...args], options),
  );
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    panel: vscode.TaskPanelKind.Dedicated,
    showReuseMessage: false,
  };
  let ended: () => void = () => undefined;
  const end = new Promise<void>((resolve) => (ended = resolve));
  // By its name: a task that is over quickly has ended before its execution is known here.
  const subscription = vscode.tasks.onDidEndTask(({ execution: { task: over } }) => {
    if (over.name === task.name && over.source === task.source) ended();
  });
  try {
    await vscode.tasks.executeTask(task);
    await end;
  } finally {
    subscription.dispose();
  }
}

async function isSure(machine: string): Promise<boolean> {
  const button = 'Destroy';
  const answer = await vscode.window.showWarningMessage(
    plain(`Destroy the VM ${machine}?`),
    { modal: true, detail: 'What is on it is lost. The Vagrantfile stays.' },
    button,
  );
  return answer === button;
}

async function pick(action: VagrantAction, states: VagrantStates): Promise<MachineOf | undefined> {
  const document = vscode.window.activeTextEditor?.document;
  if (!document || !isVagrantfile(document) || document.uri.scheme !== 'file')
    throw new UserError('There is no Vagrantfile in the editor.', {
      advice: 'Open the Vagrantfile whose machine is meant.',
    });
  const state = states.of(document.uri);
  const answer =
    state.kind === 'answered' ? state.answer : state.kind === 'asking' ? state.before : undefined;
  const named = machineNames(readVagrantfile(document.getText()));
  const machines =
    answer?.kind === 'machines'
      ? answer.machines.map(({ name, words }) => ({ name, words }))
      : named?.map((name) => ({ name, words: '' }));
  if (!machines)
    throw new UserError('The names of the machines are not known yet.', {
      advice: 'Press the line above the Vagrantfile, so that Vagrant is asked.',
    });
  const [only] = machines;
  if (only && machines.length === 1) return { file: document.uri, machine: only.name };
  const choice = await vscode.window.showQuickPick(
    machines.map(({ name, words }) => ({ label: plain(name), description: words, name })),
    { placeHolder: `vagrant ${action}: which machine?` },
  );
  return choice && { file: document.uri, machine: choice.name };
}

/** A menu hands over the file, a lens the machine. */
function isMachineOf(of: MachineOf | undefined): of is MachineOf {
  return of !== undefined && typeof of.machine === 'string' && of.file instanceof vscode.Uri;
}
