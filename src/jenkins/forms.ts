import type { Wire } from './http';
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
  if (answer.failure !== undefined) throw answer.failure;
  return readAll(answer, wire.base, bound);
}

/** Posts fields as a form does; as of `Wire.post`, a failure is a part of the answer. */
export function sendForm(
  wire: Wire,
  url: string,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
): ReturnType<Wire['post']> {
  const body = new URLSearchParams(form).toString();
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
  };
  return wire.post(url, { body, headers }, signal);
}
