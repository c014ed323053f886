import { sendForm } from './forms';
import type { Answer, Wire } from './http';
import { JenkinsError } from './jenkinsError';
import { text } from './json';
import { multipart, type Upload } from './multipart';
import { decodeName, parseUrl } from './url';

/** What is asked of a server, in words for when it refuses. */
export interface Request {
  /** "build this job". */
  readonly to: string;
  /** The permission that it takes, as Jenkins' own pages write it: `Job/Build`. */
  readonly permission: string;
  /** What it means when nothing is there to be asked. */
  readonly missing?: string;
}

/** That the server did as it was asked; `location` is where it points to next. */
export type Done = Answer & { readonly location: string | undefined };

/**
 * Asks a server to do something, as its own pages do. Many of them answer with the way to another
 * page, which is no refusal. Rejects with what is missing where the server refuses. A form with
 * files is sent as browsers send it.
 */
export async function submit(
  wire: Wire,
  url: string,
  form: Readonly<Record<string, string | Upload>>,
  request: Request,
  signal: AbortSignal,
): Promise<Done> {
  const answer = isText(form)
    ? await sendForm(wire, url, form, signal)
    : await wire.post(url, multipart(form), signal);
  return doneBy(answer, url, request, wire.base);
}

/** As `submit`, for what is described in XML, as the REST API of credentials takes it. */
export async function submitXml(
  wire: Wire,
  url: string,
  body: string,
  request: Request,
  signal: AbortSignal,
): Promise<Done> {
  const headers = {
    'content-type': 'application/xml; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  };
  return doneBy(await wire.post(url, { body, headers }, signal), url, request, wire.base);
}

function doneBy(
  answer: Awaited<ReturnType<Wire['post']>>,
  url: string,
  request: Request,
  base: string,
): Done {
  const location = text(answer.headers.location);
  const { failure } = answer;
  if (failure === undefined) return { ...answer, location };
  if (failure.kind === 'redirect' && isOwnPage(location, url, base)) return { ...answer, location };
  throw refusal(answer, failure, request, base);
}

function isText(
  form: Readonly<Record<string, string | Upload>>,
): form is Readonly<Record<string, string>> {
  return Object.values(form).every((value) => typeof value === 'string');
}

function refusal(
  { status, headers }: Answer,
  failure: JenkinsError,
  { to, permission, missing }: Request,
  base: string,
): JenkinsError {
  const takes = `It takes the permission ${permissionIn(headers['x-required-permission']) ?? permission}.`;
  const forbidden = new JenkinsError('forbidden', `${base} does not allow your user to ${to}.`, {
    advice: `${takes} Ask an administrator of the server for it.`,
  });
  switch (failure.kind) {
    case 'forbidden':
      return forbidden;
    case 'sign-in':
      return new JenkinsError('sign-in', `${base} lets nobody ${to} who has not signed in.`, {
        advice: `Connect with your user name and an API token. ${takes}`,
      });
    case 'server-error': {
      // Jenkins puts there what a person may read (AbstractModelObject/error.jelly).
      const words = text(headers['x-error']);
      if (words !== undefined)
        return new JenkinsError('server-error', `Jenkins refused to ${to}: ${words.slice(0, 300)}`);
      // What Queue answers to those who may not.
      if (status === 422) return forbidden;
      if (status === 409)
        return new JenkinsError('server-error', `${base} cannot ${to} now.`, {
          advice: 'The job may be disabled, or its branch may be gone.',
        });
      return failure;
    }
    case 'not-found':
      return missing === undefined
        ? failure
        : new JenkinsError('not-found', missing, { cause: failure, advice: takes });
    default:
      return failure;
  }
}

/** `Job/Build` of `hudson.model.Item.Build`; others in their own words. */
function permissionIn(header: unknown): string | undefined {
  const id = /^[\w.]{1,80}$/.exec(text(header) ?? '')?.[0];
  return id
    ?.replace(/^hudson\.model\.Item\./, 'Job/')
    .replace(/^hudson\.model\.Run\./, 'Run/')
    .replace(/^hudson\.model\.Computer\./, 'Agent/')
    .replace(/^hudson\.model\.Hudson\./, 'Overall/')
    .replace(/^com\.cloudbees\.plugins\.credentials\.CredentialsProvider\./, 'Credentials/');
}

/**
 * Whether the way leads to a page around the one that was posted to, or to an item of the queue, and
 * not to a page that wants somebody to sign in. Behind a proxy the host may be another: the server
 * knows only how the request reached it.
 */
function isOwnPage(location: string | undefined, posted: string, base: string): boolean {
  const target = location === undefined ? undefined : parseUrl(location, posted);
  if (target === undefined) return false;
  const [path, root] = [decodeName(target.pathname), decodeName(new URL(base).pathname)];
  if (path.startsWith(`${root}queue/item/`)) return true;
  const own = decodeName(new URL(posted).pathname);
  return path.length > root.length && path !== own && own.startsWith(path);
}
