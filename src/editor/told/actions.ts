import type { Run } from '../../jenkins/run';
import { plain } from '../look/plain';
import type { BranchStatus } from './branchStatus';

/** Something that the person can do about the branch's run. */
export interface Action {
  readonly icon: string;
  readonly label: string;
  readonly description: string;
  readonly does:
    | { readonly kind: 'run'; readonly command: `ciParity.${string}`; readonly run: Run }
    | { readonly kind: 'quiet'; readonly quiet: boolean };
}

/** What the status bar offers: about the failure if the branch is red, and about its newest run. */
export function actionsFor({ run, failed }: BranchStatus, quiet: boolean): Action[] {
  const of =
    (about: Run) =>
    (icon: string, label: string, command: `ciParity.${string}`): Action => ({
      icon,
      label,
      description: `#${about.number}`,
      does: { kind: 'run', command, run: about },
    });
  const main = failed ?? run;
  return [
    ...(failed
      ? [
          of(failed)('debug-rerun', 'Reproduce', 'ciParity.reproduce'),
          of(failed)('output', 'Open the Log at the Failure', 'ciParity.openLog'),
          of(failed)('beaker', 'Show Failing Tests in Test Explorer', 'ciParity.showTests'),
          of(failed)('list-ordered', 'Show Plan', 'ciParity.showPlan'),
        ]
      : []),
    ...(run && run !== failed ? [of(run)('output', 'Open the Log', 'ciParity.openLog')] : []),
    ...(run?.building === true ? [of(run)('debug-stop', 'Stop…', 'ciParity.stopRun')] : []),
    ...(main
      ? [
          of(main)('list-tree', 'Show in Runs', 'ciParity.showRun'),
          of(main)('link-external', 'Open in Browser', 'ciParity.openInBrowser'),
          { ...of(main)('play', 'Build…', 'ciParity.build'), description: plain(main.job) },
        ]
      : []),
    quiet
      ? {
          icon: 'bell',
          label: 'Tell When the Branch Turns',
          description: '',
          does: { kind: 'quiet', quiet: false },
        }
      : {
          icon: 'bell-slash',
          label: "Don't Tell When the Branch Turns",
          description: 'in this workspace',
          does: { kind: 'quiet', quiet: true },
        },
  ];
}
