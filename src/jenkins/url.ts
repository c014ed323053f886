import { UserError } from '../base/errors';

/** Jenkins' own names for "the last … run"; each is served under its own path, without a redirect. */
const PERMALINKS = [
  'lastBuild',
  'lastCompletedBuild',
  'lastFailedBuild',
  'lastStableBuild',
  'lastSuccessfulBuild',
  'lastUnstableBuild',
  'lastUnsuccessfulBuild',
] as const;

export type Permalink = (typeof PERMALINKS)[number];

/** What an address of Jenkins' web pages points at. */
export interface PageAddress {
  /** The server's base URL with its path prefix; ends with `/`. */
  readonly server: string;
  /** Ends with `/`. */
  readonly jobUrl: string;
  /** Undefined where the address is a job's or a folder's. */
  readonly run: number | Permalink | undefined;
}

/**
 * Reads an address pasted from a browser: of a job, a run, any page below a run, the display
 * redirect in notifications, or Blue Ocean. Undefined for everything else.
 */
export function parseRunUrl(pasted: string): PageAddress | undefined {
  const url = webUrl(pasted);
  if (url === undefined) return undefined;
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const start = segments.findIndex((segment, at) => {
    const next = segments[at + 1];
    return (
      next !== undefined &&
      (segment === 'job' || segment === 'view' || (segment === 'blue' && next === 'organizations'))
    );
  });
  if (start < 0) return undefined;
  const server = baseUrl(url.origin + '/' + segments.slice(0, start).join('/'));
  const page = segments.slice(start);
  return page[0] === 'blue' ? blueOcean(server, page) : classic(server, page);
}

/** The address of a run, with `/` at its end. */
export function runUrl(address: Pick<PageAddress, 'jobUrl'> & { run: number | Permalink }): string {
  return `${address.jobUrl}${address.run}/`;
}

/**
 * The address of a job by Jenkins' own full name, where a branch `feature/x` is `feature%2Fx` and
 * therefore becomes `feature%252Fx`.
 */
export function jobUrl(server: string, fullName: string): string {
  return jobPath(server, fullName.split('/'));
}

/** Jenkins' own full name (its JOB_NAME) of the job at an address: `folder/cilium/feature%2Fx`. */
export function fullNameOf(url: string): string {
  return namesOf(url).join('/');
}

/** A name as people write it: `feature/x` of `feature%2Fx`. */
export function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/**
 * Puts an address that the server told, of a job, a run or an item of its queue, onto the address the user typed. The server builds its own
 * from a configured root URL, which need not be reachable from here, and must never get our token.
 */
export function rebase(url: string, server: string): string {
  return jobPath(server, namesOf(url)) + afterJob(url);
}

/** The same address without user, query and fragment and with `/` at its end. */
export function baseUrl(url: string): string {
  const parsed = webUrl(url);
  if (parsed === undefined) {
    throw new UserError(`"${url}" is not the address of a server.`, {
      advice: 'Write it as your browser shows it, such as https://ci.example.org/jenkins/',
    });
  }
  return parsed.origin + parsed.pathname.replace(/(?<!\/)\/*$/, '/');
}

/** `URL.parse`, which the Node of older editors does not have. */
export function parseUrl(url: string, base?: string): URL | undefined {
  return URL.canParse(url, base) ? new URL(url, base) : undefined;
}

function webUrl(pasted: string): URL | undefined {
  const url = parseUrl(pasted.trim().replace(/^<|>$/g, ''));
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : undefined;
}

function jobPath(server: string, names: readonly string[]): string {
  return server + names.map((name) => `job/${encodeURIComponent(name)}/`).join('');
}

function classic(server: string, page: readonly string[]): PageAddress | undefined {
  const { names, rest } = walk(page);
  if (names.length === 0) return undefined;
  return { server, jobUrl: jobPath(server, names), run: runOf(rest[0]) };
}

/** `blue/organizations/jenkins/<folder%2Fjob>/detail/<branch>/<number>/…` and `…/<folder%2Fjob>/activity`. */
function blueOcean(server: string, page: readonly string[]): PageAddress | undefined {
  const [pipeline, view, branch, number] = page.slice(3);
  if (pipeline === undefined) return undefined;
  const names = decodeName(pipeline).split('/');
  if (view !== 'detail' || branch === undefined) {
    return { server, jobUrl: jobPath(server, names), run: undefined };
  }
  // A job that has no branches repeats its own name where the branch would be.
  const branchName = decodeName(branch);
  if (branchName !== names.at(-1)) names.push(encodeURIComponent(decodeName(branchName)));
  return { server, jobUrl: jobPath(server, names), run: runOf(number) };
}

function runOf(segment: string | undefined): number | Permalink | undefined {
  if (segment === undefined) return undefined;
  if (/^\d{1,9}$/.test(segment)) return Number(segment);
  return PERMALINKS.find((permalink) => permalink === segment);
}

function namesOf(url: string): string[] {
  return walk(pathFromJob(url)).names;
}

/** What follows the job in an address, without the `/` at its beginning. */
function afterJob(url: string): string {
  const { rest } = walk(pathFromJob(url));
  return rest.length === 0 ? '' : rest.join('/') + (url.endsWith('/') ? '/' : '');
}

function pathFromJob(url: string): string[] {
  const segments = (parseUrl(url)?.pathname ?? url).split('/').filter((segment) => segment !== '');
  const start = segments.findIndex((segment) => ['job', 'view', 'queue'].includes(segment));
  return start < 0 ? [] : segments.slice(start);
}

/** Views may stand anywhere in the path of a job and mean nothing for it. */
function walk(segments: readonly string[]): { names: string[]; rest: string[] } {
  const names: string[] = [];
  let at = 0;
  for (; at + 1 < segments.length; at += 2) {
    if (segments[at] === 'job') names.push(decodeName(segments[at + 1] ?? ''));
    else if (segments[at] !== 'view') break;
  }
  return { names, rest: segments.slice(at) };
}
