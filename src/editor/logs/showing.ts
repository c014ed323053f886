import { shownText } from './screen';
import { timed, type Clock, type Timestamps } from './timestamps';

/** How the lines of a log come to be shown; plain data. */
export interface Showing {
  readonly clock: Clock | undefined;
  readonly timestamps: Timestamps;
}

/** A line of the file as it is shown. */
export function shownLine(raw: string, { clock, timestamps }: Showing): string {
  return shownText(timed(raw, clock, timestamps));
}

/** Whether Jenkins puts times before the lines that are not shown. */
export function isPrefixed({ clock, timestamps }: Showing): boolean {
  return clock !== undefined && timestamps !== 'show';
}
