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

/** The time of day of a moment here, with its day where that is not now's: `10:42`, `2026-11-24 10:42`. */
export function timeOf(moment: number, now: number): string {
  const [day, time] = dayAndTime(moment);
  return day === dayAndTime(now)[0] ? time : `${day} ${time}`;
}

/** `2026-11-24` and `10:42`, here. */
export function dayAndTime(moment: number): [day: string, time: string] {
  const date = new Date(moment);
  const digits = (part: number): string => String(part).padStart(2, '0');
  return [
    `${date.getFullYear()}-${digits(date.getMonth() + 1)}-${digits(date.getDate())}`,
    `${digits(date.getHours())}:${digits(date.getMinutes())}`,
  ];
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
