import type { IncomingHttpHeaders } from 'node:http';

/** Answers that need not be sent again: those with an ETag, and those that never change. */
export interface KeptAnswers {
  /** An answer that is known not to have changed, so that the server need not be asked. */
  unchanged(url: string): string | undefined;
  /** What to ask with, so that the server says whether the answer has changed. */
  condition(url: string): { 'if-none-match'?: string };
  /** The answer that the server has said (304) to be unchanged. */
  confirmed(url: string): string | undefined;
  keep(url: string, headers: IncomingHttpHeaders, body: string): void;
}

interface Kept {
  readonly body: string;
  readonly tag: string | undefined;
  /** Milliseconds since the epoch until which it is not asked for again. */
  readonly until: number;
}

/** Holds at most so many characters; those that were not wanted for the longest time go first. */
export function keepAnswers(most: number): KeptAnswers {
  const answers = new Map<string, Kept>();
  let size = 0;

  function drop(url: string): void {
    size -= answers.get(url)?.body.length ?? 0;
    answers.delete(url);
  }

  function use(url: string): Kept | undefined {
    const answer = answers.get(url);
    if (answer === undefined) return undefined;
    // A map hands its entries out in the order in which they came.
    answers.delete(url);
    answers.set(url, answer);
    return answer;
  }

  return {
    unchanged(url) {
      return (answers.get(url)?.until ?? 0) > Date.now() ? use(url)?.body : undefined;
    },
    condition(url) {
      const tag = answers.get(url)?.tag;
      return tag === undefined ? {} : { 'if-none-match': tag };
    },
    confirmed: (url) => use(url)?.body,
    keep(url, headers, body) {
      drop(url);
      const answer = { body, tag: headers.etag, until: unchangedUntil(headers) };
      if (!mayBeKept(headers, answer) || body.length > most / 4) return;
      answers.set(url, answer);
      size += body.length;
      for (const oldest of answers.keys()) {
        if (size <= most) break;
        drop(oldest);
      }
    },
  };
}

function mayBeKept(headers: IncomingHttpHeaders, { tag, until }: Kept): boolean {
  return !/\bno-store\b/i.test(headers['cache-control'] ?? '') && (tag !== undefined || until > 0);
}

/** Only what says of itself that it is immutable; without a `max-age` it is so for good. */
function unchangedUntil(headers: IncomingHttpHeaders): number {
  const control = headers['cache-control'] ?? '';
  if (!/\bimmutable\b/i.test(control)) return 0;
  const seconds = /\bmax-age=(\d{1,9})\b/i.exec(control)?.[1];
  return seconds === undefined ? Infinity : Date.now() + Number(seconds) * 1000;
}
