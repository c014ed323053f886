import type { Answer, Wire } from './http';
import { fields, text } from './json';
import { readAll } from './wire/exchange';

/** Posts fields as a form does, and reads the answer, of at most `bound` bytes, as text. Rejects as `Wire.get` does. */
export async function postForm(
  wire: Wire,
  url: string,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
  bound: number,
): Promise<string> {
  const answer = await sendForm(wire, url, form, signal);
  if (answer.failure !== undefined) {
    answer.discard();
    throw answer.failure;
  }
  return readAll(answer, wire.base, bound);
}

/**
 * Posts fields as a form does; as of `Wire.post`, a failure is a part of the answer. Jenkins asks
 * for a crumb of those who sign in with a password, or not at all, but not of API tokens; the two
 * cannot be told apart here, so it is tried without first.
 */
export async function sendForm(
  wire: Wire,
  url: string,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
): ReturnType<Wire['post']> {
  const body = new URLSearchParams(form).toString();
  const type = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
  };
  const answer = await wire.post(url, { body, headers: type }, signal);
  if (answer.failure?.kind !== 'forbidden' && answer.failure?.kind !== 'sign-in') return answer;
  const refusal = await beginningOf(answer);
  if (!refusal.includes('No valid crumb')) return answer;
  const crumb = await crumbOf(wire, signal);
  if (crumb === undefined) return answer;
  return wire.post(url, { body, headers: { ...type, ...crumb } }, signal);
}

/** The header of a crumb, and the cookie of the session that it is bound to; undefined where none can be read. */
async function crumbOf(
  wire: Wire,
  signal: AbortSignal,
): Promise<Record<string, string> | undefined> {
  const answer = await wire.get(`${wire.base}crumbIssuer/api/json`, signal);
  const cookies = (answer.headers['set-cookie'] ?? []).flatMap(
    (cookie) => cookie.split(';')[0] ?? [],
  );
  const told = fields(jsonOf(await readAll(answer, wire.base, 64 * 1024)));
  const [crumb, field] = [inHeader(told['crumb']), inHeader(told['crumbRequestField'])];
  if (crumb === undefined || field === undefined) return undefined;
  return { [field]: crumb, ...(cookies.length > 0 && { cookie: cookies.join('; ') }) };
}

/** The first bytes of an answer, to see what it is about. */
async function beginningOf(answer: Answer): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > 64 * 1024) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** What may stand in a header without ending it. */
function inHeader(value: unknown): string | undefined {
  return /^[\w.:~+/=-]{1,500}$/.exec(text(value) ?? '')?.[0];
}
