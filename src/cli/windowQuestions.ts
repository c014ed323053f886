import type { FromAttendant, PersonQuestion, ToAttendant } from '../machines/leases/talk';
import { onePerson } from '../machines/ssh/onePerson';
import type { SshQuestions } from '../machines/ssh/surroundings';

type Reply = Extract<ToAttendant, { reply: number }>;

/** Asks the person at the window that an attendant belongs to, over the attendant's own channel. */
export interface WindowQuestions {
  readonly ssh: SshQuestions;
  /** Whether what it lacks may be installed on a host; undefined where the person did not say. */
  install(host: string, lacks: string, signal: AbortSignal): Promise<boolean | undefined>;
  /** How many got no answer. */
  readonly unanswered: () => number;
}

export interface WindowChannel {
  /** Where it is `quiet`, nobody is asked what they have not answered before. */
  questions(quiet: boolean): WindowQuestions;
  hear(reply: Reply): void;
  /** The window is gone: there is no answer to anything from now on. */
  close(): void;
}

export function windowChannel(say: (line: FromAttendant) => void): WindowChannel {
  const waiting = new Map<number, (answer: Reply['answer']) => void>();
  // What is done after the window has gone may want a key again.
  const passphrases = new Map<string, string>();
  let last = 0;
  let closed = false;

  async function ask(
    asks: PersonQuestion,
    quiet: boolean,
    signal: AbortSignal,
  ): Promise<Reply['answer']> {
    signal.throwIfAborted();
    if (closed) return null;
    const question = ++last;
    let withdraw: (() => void) | undefined;
    try {
      return await new Promise<Reply['answer']>((resolve, reject) => {
        waiting.set(question, resolve);
        withdraw = () => {
          say({ withdrawn: question });
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', withdraw, { once: true });
        say({ question, asks, quiet });
      });
    } finally {
      waiting.delete(question);
      if (withdraw) signal.removeEventListener('abort', withdraw);
    }
  }

  return {
    questions: (quiet) => {
      let unanswered = 0;
      const answered = async (asks: PersonQuestion, signal: AbortSignal) => {
        const answer = await ask(asks, quiet, signal);
        if (answer === null) unanswered++;
        return answer;
      };
      return {
        ssh: onePerson(
          {
            hostKey: async (question, signal) =>
              (await answered({ kind: 'host key', ...question }, signal)) === true,
            passphrase: async (question, signal) => {
              const answer = await answered({ kind: 'passphrase', ...question }, signal);
              return typeof answer === 'string' ? answer : undefined;
            },
          },
          passphrases,
        ),
        install: async (host, lacks, signal) => {
          const answer = await answered({ kind: 'install', host, lacks }, signal);
          return typeof answer === 'boolean' ? answer : undefined;
        },
        unanswered: () => unanswered,
      };
    },
    hear: ({ reply, answer }) => waiting.get(reply)?.(answer),
    close: () => {
      closed = true;
      for (const resolve of waiting.values()) resolve(null);
    },
  };
}
