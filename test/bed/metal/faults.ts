import type { IncomingMessage, ServerResponse } from 'node:http';

/** How a request is answered wrongly. */
export interface Fault {
  /** `cut`: the connection is destroyed. `silent`: nothing is answered. Otherwise what is answered. */
  readonly answer: 'cut' | 'silent' | { status: number; body?: string; headers?: Headers };
  /** Whether what was asked for is done all the same, before. */
  readonly done?: boolean;
  /** How often; always unless told. */
  readonly times?: number;
}

type Headers = Readonly<Record<string, string>>;

/** The faults that are on at the moment. */
export class Faults {
  readonly #on = new Set<{ match: RegExp; fault: Fault; left: number }>();

  /** For requests whose `METHOD /path?query`, below the API's address, matches. */
  add(match: RegExp, fault: Fault): Disposable {
    const entry = { match, fault, left: fault.times ?? Infinity };
    this.#on.add(entry);
    return { [Symbol.dispose]: () => void this.#on.delete(entry) };
  }

  take(request: string): Fault | undefined {
    for (const entry of this.#on) {
      if (!entry.match.test(request) || entry.left === 0) continue;
      entry.left--;
      return entry.fault;
    }
    return undefined;
  }
}

export function answerWrongly(
  { answer }: Fault,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (answer === 'silent') return;
  if (answer === 'cut') request.socket.destroy();
  else response.writeHead(answer.status, answer.headers).end(answer.body ?? '{}');
}
