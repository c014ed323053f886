import { fields, list, text } from './json';

/** A file that a run kept. */
export interface Artifact {
  readonly name: string;
  /** Below the run's artifacts, with `/` between its parts; it leads out of no folder. */
  readonly path: string;
}

const MOST = 1000;
const LONGEST = 1000;

/** What to ask of a run for its artifacts. */
export const ARTIFACT_FIELDS = `artifacts[fileName,relativePath]{,${MOST}}`;

export function artifactsOf(json: unknown): Artifact[] {
  return list(fields(json)['artifacts'])
    .slice(0, MOST)
    .flatMap((item) => {
      const path = text(fields(item)['relativePath']);
      if (path === undefined || !isInside(path)) return [];
      return { name: path.slice(path.lastIndexOf('/') + 1), path };
    });
}

/** The address of an artifact below its run's. */
export function artifactUrl(runUrl: string, { path }: Artifact): string {
  return `${runUrl}artifact/${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** A path may become the name of a file on this machine. */
function isInside(path: string): boolean {
  if (path.length > LONGEST || /[\\\u0000-\u001f]/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
