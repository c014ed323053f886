const LONGEST_NAME = 200;

/** A name under which a file can be saved on any system. */
export function fileNameOf(name: string): string {
  // Windows reserves these, and takes spaces and dots off the end.
  const safe = name.replace(/[\\/<>:"|?*\u0000-\u001f]/g, '_').replace(/(?<![. ])[. ]+$/, '');
  return safe === '' ? 'artifact' : safe.slice(-LONGEST_NAME);
}

/** The text of a file; undefined where it is none. */
export function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
