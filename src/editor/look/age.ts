const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago a moment is: `just now`, `5 min ago`, `2 h ago`, `3 days ago`, and the day beyond a month. */
export function ageOf(moment: number, now: number): string {
  const age = now - moment;
  if (age < MINUTE) return 'just now';
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h ago`;
  if (age < 2 * DAY) return 'yesterday';
  if (age < 31 * DAY) return `${Math.floor(age / DAY)} days ago`;
  return new Date(moment).toISOString().slice(0, 10);
}

/** How long something took, in its two greatest units: `0.4 s`, `12 s`, `3 min 5 s`, `1 h 4 min`. */
export function spanOf(milliseconds: number): string {
  if (milliseconds < 10 * SECOND) return `${(milliseconds / SECOND).toFixed(1)} s`;
  if (milliseconds < MINUTE) return `${Math.round(milliseconds / SECOND)} s`;
  if (milliseconds < HOUR) return two(milliseconds, MINUTE, 'min', SECOND, 's');
  return two(milliseconds, HOUR, 'h', MINUTE, 'min');
}

function two(span: number, large: number, largeName: string, small: number, smallName: string) {
  const rest = Math.floor((span % large) / small);
  return `${Math.floor(span / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}
