import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { machineNames, readVagrantfile, type Vagrantfile } from '../../machines/vagrantfile';
import {
  isMade,
  isRunning,
  type MachineState,
  type VagrantAnswer,
} from '../../machines/vagrantStatus';
import { plain } from '../look/plain';
import { isOfReproduction } from './vagrantCommands';
import type { VagrantState, VagrantStates } from './vagrantStates';

/** Machines with lenses of their own at the top; more are only told in one line, and where they are defined. */
const MOST_AT_TOP = 4;
const MOST_TOLD = 12;

const NOT_CREATED = { provider: undefined, state: 'not_created', words: 'not created' } as const;

/** What a lens hands to the commands about a machine. */
export interface MachineOf {
  readonly file: vscode.Uri;
  readonly machine: string;
}

/** Above a Vagrantfile: its machines with their states, and what can be done with each. */
export class VagrantLenses implements vscode.CodeLensProvider {
  readonly #states: VagrantStates;
  readonly #read = new WeakMap<vscode.TextDocument, { version: number; read: Vagrantfile }>();
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(states: VagrantStates) {
    this.#states = states;
    this.onDidChangeCodeLenses = states.onDidChange;
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const top = new vscode.Range(0, 0, 0, 0);
    if (!vscode.workspace.isTrusted)
      return [note(top, 'VMs: trust this workspace to have Vagrant asked')];
    if (document.uri.scheme !== 'file') return [];
    if (isOfReproduction(document.uri))
      return [note(top, 'This belongs to a reproduction: see the view Reproductions')];
    const read = this.#readOf(document);
    const state = this.#states.of(document.uri);
    const answer = answerOf(state, read);
    const machines = answer?.kind === 'machines' ? answer.machines : undefined;
    const lenses = [summary(top, document, state, read)];
    if (!machines) return lenses;
    const atTop = machines.length <= MOST_AT_TOP ? machines : [];
    for (const machine of atTop)
      lenses.push(...actions(top, document, machine, machines.length > 1));
    if (atTop.length > 0) return lenses;
    // Many: each where it is defined, if the text tells that.
    for (const defined of read.machines) {
      const machine = machines.find(({ name }) => name === defined.name);
      if (!machine || defined.several) continue;
      const { range } = document.lineAt(Math.min(defined.line, document.lineCount) - 1);
      lenses.push(...actions(range, document, machine, true));
    }
    return lenses;
  }

  #readOf(document: vscode.TextDocument): Vagrantfile {
    const before = this.#read.get(document);
    if (before?.version === document.version) return before.read;
    const read = readVagrantfile(document.getText());
    this.#read.set(document, { version: document.version, read });
    return read;
  }
}

function answerOf(state: VagrantState, read: Vagrantfile): VagrantAnswer | undefined {
  if (state.kind === 'answered') return state.answer;
  if (state.kind === 'untouched') {
    const machines = machineNames(read)?.map((name) => ({ ...NOT_CREATED, name }));
    return machines && { kind: 'machines', machines };
  }
  return state.kind === 'asking' ? state.before : undefined;
}

/** `$(vm) web: running · db: not created`; pressing it asks again. */
function summary(
  range: vscode.Range,
  document: vscode.TextDocument,
  state: VagrantState,
  read: Vagrantfile,
): vscode.CodeLens {
  const answer = answerOf(state, read);
  const asking = state.kind === 'asking' ? '$(sync~spin) ' : '';
  const refresh = { command: 'ciParity.vagrantRefresh', arguments: [document.uri] };
  if (state.kind === 'absent')
    return new vscode.CodeLens(range, {
      title: `$(vm-outline) ${namesIn(read)}: Vagrant is not installed here`,
      tooltip: 'Install Vagrant and press here',
      ...refresh,
    });
  if (answer?.kind === 'trouble')
    return new vscode.CodeLens(range, {
      title: `${asking}$(warning) ${plain(answer.message)}`,
      tooltip: `${answer.advice ?? 'Run `vagrant status` in a terminal.'}\nPress to ask Vagrant again.`,
      ...refresh,
    });
  if (answer === undefined) {
    const what = WITHOUT_ANSWER[state.kind] ?? 'ask Vagrant';
    return new vscode.CodeLens(range, {
      title: `${asking || '$(vm-outline) '}${namesIn(read)}: ${what}`,
      tooltip: `In ${dirname(document.uri.fsPath)}\nPress to ask Vagrant.`,
      ...refresh,
    });
  }
  const told = answer.machines.slice(0, MOST_TOLD).map(({ name, words }) => `${name}: ${words}`);
  const left = answer.machines.length - told.length;
  const icon = answer.machines.some(isRunning) ? '$(vm-running)' : '$(vm-outline)';
  return new vscode.CodeLens(range, {
    title: `${asking}${icon} ${plain([...told, ...(left > 0 ? [`${left} more`] : [])].join(' · '))}`,
    tooltip: answer.machines
      .map(({ name, words, provider }) => `${name}: ${words}${provider ? ` (${provider})` : ''}`)
      .concat('Press to ask Vagrant again.')
      .join('\n'),
    ...refresh,
  });
}

const WITHOUT_ANSWER: Readonly<Partial<Record<VagrantState['kind'], string>>> = {
  asking: 'asking Vagrant…',
  untouched: 'not created',
};

function actions(
  range: vscode.Range,
  document: vscode.TextDocument,
  machine: MachineState,
  several: boolean,
): vscode.CodeLens[] {
  const of: MachineOf = { file: document.uri, machine: machine.name };
  const what = several ? ` ${plain(machine.name)}` : '';
  const lens = (title: string, tooltip: string, command: string): vscode.CodeLens =>
    new vscode.CodeLens(range, { title: `${title}${what}`, tooltip, command, arguments: [of] });
  const running = isRunning(machine);
  return [
    ...(running
      ? [
          lens('$(vm-connect) SSH', 'Enter it in a terminal', 'ciParity.vagrantSsh'),
          lens('$(debug-stop) Halt', 'vagrant halt, in a terminal', 'ciParity.vagrantHalt'),
        ]
      : [lens('$(play) Up', 'vagrant up, in a terminal', 'ciParity.vagrantUp')]),
    ...(isMade(machine)
      ? [lens('$(trash) Destroy…', 'vagrant destroy, after asking', 'ciParity.vagrantDestroy')]
      : []),
  ];
}

function namesIn(read: Vagrantfile): string {
  const names = machineNames(read);
  if (names === undefined) return 'several VMs';
  const told = names.slice(0, MOST_TOLD).join(', ');
  return plain(names.length > MOST_TOLD ? `${told} …` : told);
}

function note(range: vscode.Range, title: string): vscode.CodeLens {
  return new vscode.CodeLens(range, { title, command: '' });
}
