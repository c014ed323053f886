import type { Lease } from '../../machines/leases/ledger';
import { isThere } from './machineText';

/** Milliseconds within which a window that comes back takes what it had without asking: it was reloaded. */
const RELOADED = 2 * 60_000;
/** Milliseconds after which nobody comes back, and nothing is given back by itself: somebody is asked. */
const SETTLED = 35_000;

/** Something that the person can do with a borrowed machine. */
export interface MachineAction {
  readonly icon: string;
  readonly label: string;
  readonly command: `ciParity.${string}`;
}

/** What makes sense at the moment; `remote` is whether Remote-SSH is there, `attached` whether it is an agent. */
export function actionsFor(lease: Lease, remote: boolean, attached: boolean): MachineAction[] {
  const there = isThere(lease);
  return [
    ...(there
      ? ([
          { icon: 'terminal', label: 'SSH In', command: 'ciParity.machineSsh' },
          ...(remote
            ? [
                {
                  icon: 'remote',
                  label: 'Open in Remote-SSH',
                  command: 'ciParity.machineRemote',
                } as const,
              ]
            : []),
          ...(lease.state.kind === 'lent'
            ? [{ icon: 'tools', label: 'Get Ready…', command: 'ciParity.machineReady' } as const]
            : []),
          { icon: 'clock', label: 'Extend…', command: 'ciParity.machineExtend' },
          attached
            ? ({
                icon: 'debug-disconnect',
                label: 'Take off Jenkins',
                command: 'ciParity.machineDetach',
              } as const)
            : ({
                icon: 'server-process',
                label: 'Attach to Jenkins as an Agent…',
                command: 'ciParity.machineAttach',
              } as const),
        ] as const)
      : []),
    {
      icon: 'sign-out',
      label: lease.state.kind === 'returning' ? 'Try Again to Return' : 'Return…',
      command: 'ciParity.machineReturn',
    },
  ];
}

/** The one whose end comes first, of those that are there. */
export function endsNext(leases: readonly Lease[]): Lease | undefined {
  return leases.filter(isThere).sort((a, b) => a.end - b.end)[0];
}

/** Why it could not be given back, more than once: it may cost money on. Undefined where that is not so. */
export function unreturnedBecause({ state }: Lease): string | undefined {
  return state.kind === 'returning' && state.attempts > 1 ? state.problem : undefined;
}

/** What to do about a machine whose window has closed; `mine` are those that this workspace's window had. */
export function leftBehind(
  lease: Lease,
  mine: readonly string[],
  now: number,
): 'take' | 'ask' | undefined {
  if (!lease.letGo || !isThere(lease)) return undefined;
  const age = now - lease.letGo.at;
  if (mine.includes(lease.id) && age < RELOADED) return 'take';
  // Past its end it is given back, whatever anybody answers.
  return age > SETTLED && now < lease.end ? 'ask' : undefined;
}

/** For how many hours one may borrow or extend: the usual ones, up to the `most` that are allowed. */
export function hoursUpTo(most: number): number[] {
  const usual = [0.5, 1, 2, 3, 4, 6, 8, 12, 24].filter((hours) => hours < most);
  return most > 0 && most <= 24 ? [...usual, most] : usual;
}

export function hoursText(hours: number): string {
  if (hours === 0.5) return 'half an hour';
  const number = Math.round(hours * 100) / 100;
  return number === 1 ? '1 hour' : `${number} hours`;
}
