import type { Place } from '../syntax';

/** A variable in a script, `$X` or `${X}`, with the place of its name. */
export interface ShellName {
  readonly name: string;
  readonly place: Place;
}

/** Which language a step's script is in. */
export type ShellKind = 'sh' | 'bat' | 'powershell';

/**
 * The variables that a script mentions. `start` to `end` is a stretch of a string of the
 * Jenkinsfile as it is written there: what its own escapes hide from Groovy, the shell sees.
 * `interpolates` says whether a bare `$X` is Groovy's in this string.
 */
export function shellNames(
  text: string,
  { start, end }: Place,
  kind: ShellKind,
  interpolates: boolean,
): ShellName[] {
  const found: ShellName[] = [];
  const raw = text.slice(start, end);
  for (const match of raw.matchAll(PATTERNS[kind])) {
    const [whole, slashes = '', name = ''] = match;
    // Groovy takes one of each two backslashes away, and a last odd one hides the dollar from it.
    const hidden = slashes.length % 2 === 1;
    if (kind !== 'bat' && interpolates && !hidden) continue;
    if (kind === 'sh' && Math.floor(slashes.length / 2) % 2 === 1) continue;
    const from = start + match.index + whole.lastIndexOf(name);
    found.push({ name, place: { start: from, end: from + name.length } });
  }
  return found;
}

const PATTERNS: Readonly<Record<ShellKind, RegExp>> = {
  sh: /(?<!\\)(\\*)\$(?:\{[#!]?)?([A-Za-z_]\w*)/g,
  bat: /()%([A-Za-z_]\w*)(?=%)/g,
  powershell: /(?<!\\)(\\*)\$(?:\{)?env:([A-Za-z_]\w*)/gi,
};
