import { homedir } from 'node:os';
import { resolve } from 'node:path';

/** Whether it is an address for git, and no path: `https://…`, `git@host:path`. */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(text) || /^[\w.-]+@[\w.-]+:/.test(text);
}

/** A mapping as a person writes it, with `~` and paths relative to `base` made absolute. */
export function resolveMapping(
  mapping: Readonly<Record<string, string>>,
  base: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(mapping).map(([name, where]) => [
      name,
      isAddress(where) ? where : resolve(base, where.replace(/^~(?=\/|$)/, homedir())),
    ]),
  );
}
