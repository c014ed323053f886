/** Tolerant readers of parsed JSON: what a server says has the shape it has, not the one we wish. */

export function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** A string that is not empty. Half of a character, which no address can have, becomes U+FFFD. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.toWellFormed() : undefined;
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Of a text from elsewhere, what may be shown on one line: no control or direction characters, at most `most` of the others. */
export function printable(value: string, most = 120): string {
  const plain = value
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  const characters = Array.from(plain.slice(0, 2 * most));
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : plain;
}
