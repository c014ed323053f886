/** What can be known of the Jenkinsfile that a run used. */
export interface Jenkinsfile {
  /** Where it lies in the repository; undefined when the job itself holds it, or the log does not say. */
  readonly path: string | undefined;
  /** The commit or the repository's address that the log says it came from. */
  readonly source: string | undefined;
  /** As the run's replay page has it: exactly what was run. Undefined without the permission Run/Replay. */
  readonly text: string | undefined;
}

/** Reads the line `Obtained <path> from <rev>` or `Obtained <path> from git <url>` off a log's beginning. */
export function obtainedFrom(log: string): Pick<Jenkinsfile, 'path' | 'source'> {
  const [, path, source] =
    /^(?:\[[^\]\n]*\] )?Obtained (.+) from (?:git )?(\S+)\r?$/m.exec(log) ?? [];
  return { path, source };
}

/** The main script of a replay page; undefined when the page has no form. */
export function replayScript(html: string): string | undefined {
  return textArea(html, MAIN);
}

/** A file of a shared library on a replay page: its field is the class's name with `_` for dots. */
export function replayedLibraryFile(html: string, path: string): string | undefined {
  const [, name] = /^(?:vars|src)\/(.+)\.groovy$/.exec(path) ?? [];
  return name === undefined ? undefined : textArea(html, name.replaceAll('/', '_'));
}

/** The scripts on a replay page that the main one loaded, by their fields. */
export function replayedLoads(html: string): Map<string, string> {
  const all = new Map(textAreas(html));
  all.delete(MAIN);
  return all;
}

const MAIN = 'mainScript';

function textArea(html: string, field: string): string | undefined {
  for (const [name, text] of textAreas(html)) if (name === field) return text;
  return undefined;
}

function* textAreas(html: string): Generator<[name: string, text: string]> {
  for (const [, name = '', text = ''] of html.matchAll(
    /<textarea\b[^>]*\bname="_\.([^"]*)"[^>]*>([\s\S]*?)<\/textarea>/g,
  ))
    // HTML drops the first newline of a textarea.
    yield [name, unescapeHtml(text.replace(/^\r?\n/, ''))];
}

const NAMED: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

function unescapeHtml(html: string): string {
  return html.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{1,8}));/gi,
    (all, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return NAMED[name] ?? all;
      const code = decimal === undefined ? parseInt(hex ?? '', 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}
