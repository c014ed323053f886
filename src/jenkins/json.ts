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

/** `StringParameterValue` of `hudson.model.StringParameterValue`; empty where there is none. */
export function className(value: unknown): string {
  const full = text(fields(value)['_class']) ?? '';
  return full.slice(Math.max(full.lastIndexOf('.'), full.lastIndexOf('$')) + 1);
}
