import { findTrouble } from './vagrant';

/** A machine of a Vagrantfile as Vagrant itself tells it. */
export interface MachineState {
  readonly name: string;
  readonly provider: string | undefined;
  /** The provider's word: `running`, `not_created`, `poweroff`, `shutoff`, `saved`, `inaccessible` … */
  readonly state: string;
  /** The same for people: `not created`. */
  readonly words: string;
}

/** What became of asking: the machines, or why there is no answer. */
export type VagrantAnswer =
  | { readonly kind: 'machines'; readonly machines: readonly MachineState[] }
  | { readonly kind: 'trouble'; readonly message: string; readonly advice: string | undefined };

/**
 * `vagrant status` as data. It evaluates the Vagrantfile, so it is only for folders that the person
 * trusts; it takes 1.5 s, and up to 20 s while a machine boots.
 */
export const vagrantStatus = {
  command: 'vagrant',
  args: ['status', '--machine-readable'],
  /** In milliseconds: longer, and something hangs. */
  limit: 45_000,
  parse,
} as const;

/** Whether something runs that could be entered or halted. */
export function isRunning({ state }: MachineState): boolean {
  return state === 'running';
}

/** Whether there is something that could be destroyed. */
export function isMade({ state }: MachineState): boolean {
  return state !== 'not_created' && state !== 'preparing';
}

const MOST_MACHINES = 200;

/** Reads lines of `time,machine,type,data`. What is printed besides is passed over. */
function parse(output: string): VagrantAnswer {
  const found = new Map<string, { provider?: string; state?: string; words?: string }>();
  let error: string | undefined;
  for (const line of output.slice(0, 1 << 20).split('\n')) {
    const [time = '', machine = '', type = '', ...data] = line.trimEnd().split(',');
    if (!/^\d+$/.test(time)) continue;
    const text = data.map(plainData);
    if (type === 'error-exit') error = text.slice(1).join(',').trim();
    if (machine === '' || found.size >= MOST_MACHINES) continue;
    const known = found.get(machine) ?? {};
    found.set(machine, known);
    if (type === 'provider-name') known.provider = text[0] ?? '';
    if (type === 'state') known.state = text[0] ?? '';
    if (type === 'state-human-short') known.words = text[0] ?? '';
  }
  const machines = [...found].flatMap(([name, { provider, state, words }]) =>
    state === undefined
      ? []
      : { name, provider, state, words: words ?? state.replaceAll('_', ' ') },
  );
  if (machines.length > 0) return { kind: 'machines', machines };
  const trouble = findTrouble(plainData(output));
  // Its first paragraph, which Vagrant breaks into lines.
  const [first = ''] = error?.split(/\n\s*\n/) ?? [];
  return {
    kind: 'trouble',
    message:
      trouble?.message ?? (first.replaceAll(/\s+/g, ' ').trim() || 'Vagrant tells of no machine.'),
    advice: trouble?.advice,
  };
}

function plainData(text: string): string {
  return text.replaceAll('%!(VAGRANT_COMMA)', ',').replaceAll('\\n', '\n').replaceAll('\\r', '');
}
