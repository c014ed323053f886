import type { IncomingHttpHeaders } from 'node:http';

/** An answer that has been read. */
export interface Whole {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers that need not be sent again: those with an ETag, and those that never change. */
export interface KeptAnswers {
  /** An answer that is known not to have changed, so that the server need not be asked. */
  unchanged(url: string): Whole | undefined;
  /** What to ask with, so that the server says whether the answer has changed. */
  condition(url: string): { 'if-none-match'?: string };
  /** The answer that the server has said (304) to be unchanged. */
  confirmed(url: string): Whole | undefined;
  keep(url: string, answer: Whole): void;
}

interface Kept {
  readonly whole: Whole;
  readonly tag: string | undefined;
  /** Milliseconds since the epoch until which it is not asked for again. */
  readonly until: number;
}

/** Holds at most so many characters; those that were not wanted for the longest time go first. */
export function keepAnswers(most: number): KeptAnswers {
  const answers = new Map<string, Kept>();
  let size = 0;

  function drop(url: string): void {
    size -= answers.get(url)?.whole.body.length ?? 0;
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
      return (answers.get(url)?.until ?? 0) > Date.now() ? use(url)?.whole : undefined;
    },
    condition(url) {
      const tag = answers.get(url)?.tag;
      return tag === undefined ? {} : { 'if-none-match': tag };
    },
    confirmed: (url) => use(url)?.whole,
    keep(url, whole) {
      drop(url);
      const { headers, body } = whole;
      const until = unchangedUntil(headers);
      if (!mayBeKept(headers, until) || body.length > most / 4) return;
      answers.set(url, { whole, tag: headers.etag, until });
      size += body.length;
      for (const oldest of answers.keys()) {
        if (size <= most) break;
        drop(oldest);
      }
    },
  };
}

function mayBeKept(headers: IncomingHttpHeaders, until: number): boolean {
  const forbidden = /\bno-store\b/i.test(headers['cache-control'] ?? '');
  return !forbidden && (headers.etag !== undefined || until > 0);
}

/** Only what says of itself that it is immutable; without a `max-age` it is so for good. */
function unchangedUntil(headers: IncomingHttpHeaders): number {
  const control = headers['cache-control'] ?? '';
  if (!/\bimmutable\b/i.test(control)) return 0;
  const seconds = /\bmax-age=(\d{1,9})\b/i.exec(control)?.[1];
  return seconds === undefined ? Infinity : Date.now() + Number(seconds) * 1000;
}
