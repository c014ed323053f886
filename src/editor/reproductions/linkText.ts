import { parseRunUrl, runUrl } from '../../jenkins/url';

/** What a link of ours asks for. */
export interface Link {
  readonly wish: 'reproduce' | 'open';
  /** The run's address, written anew; a job's means its last failure. Ends with `/`. */
  readonly run: string;
  /** The server's base URL, ends with `/`. */
  readonly server: string;
}

const WISHES = ['reproduce', 'open'] as const;
/** No job's name is that long; what is longer is meant to hide something in a dialogue. */
const LONGEST = 1000;

/**
 * Reads `/reproduce?url=<address of a run>` and `/open?url=…`; `run=` is the older spelling. Anybody
 * may have written it: the address that comes out is built from what was understood of the one that
 * went in, so that a dialogue shows what will be asked. Undefined where it names no run.
 * @param query as VS Code hands it over: decoded once.
 */
export function readLink({ path, query }: { path: string; query: string }): Link | undefined {
  const wish = WISHES.find((each) => path === `/${each}`);
  const given = query
    .split('&')
    .map((part) => /^(?:url|run)=(.+)$/s.exec(part)?.[1])
    .find((address) => address !== undefined);
  if (wish === undefined || given === undefined || given.length > LONGEST) return undefined;
  const address = readable(given);
  const page = address === undefined ? undefined : parseRunUrl(address);
  if (!page) return undefined;
  const run = runUrl({ jobUrl: page.jobUrl, run: page.run ?? 'lastUnsuccessfulBuild' });
  return { wish, run, server: page.server };
}

/** Undefined where the address has what no run's has: a user, or characters that are not seen. */
function readable(given: string): string | undefined {
  if (/[\p{Cc}\p{Cf}]/u.test(given)) return undefined;
  if (!URL.canParse(given)) return undefined;
  const { username, password } = new URL(given);
  if (username !== '' || password !== '') return undefined;
  // A branch `feature/x` is `feature%252Fx` there, and `feature%2Fx` in a link that was not encoded.
  return given.replace(/(?<=\/job\/)[^/?#]+/g, (name) => name.replaceAll(/%2F/gi, '%252F'));
}
