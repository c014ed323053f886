import { createInterface } from 'node:readline';
import { readAttachments } from '../attach/ledger';
import { systemClock } from '../base/clock';
import { isAbort, isUserError, messageOf } from '../base/errors';
import { printable } from '../base/json';
import { stateDirectory } from '../base/stateDirectory';
import type { Surroundings } from '../machines/lenders/open';
import { lendersFile } from '../machines/lenders/lendersFile';
import { readLendingSettings } from '../machines/lenders/settings';
import { attend, type LeaseNews } from '../machines/leases/attend';
import { borrow, extend, keepLease } from '../machines/leases/borrow';
import type { Desk } from '../machines/leases/desk';
import { giveBack } from '../machines/leases/giveBack';
import { letGo, ownLeases, seeOut, take, type OnClose } from '../machines/leases/handOver';
import { leaseOf, whoWeAre } from '../machines/leases/ledger';
import { estimate, offersAt } from '../machines/leases/offers';
import { sweep } from '../machines/leases/sweep';
import type { Failed, FromAttendant, ToAttendant, Verb, Wishes } from '../machines/leases/talk';
import type { Screen } from '../reproduce/effects';
import { unlessNamedOtherwise } from './attach';
import { interruptible } from './commands';
import { leaver, openDesk } from './desk';
import { bootstrapFor, makeLeaseReady, sourceIn } from './readying';
import { opener } from './sshQuestions';
import type { Terminal } from './terminal';
import { windowChannel, type WindowQuestions } from './windowQuestions';

/**
 * Owns the machines that a window of the editor borrows, and does with them what it is asked on
 * standard input (`talk.ts`) until that is closed. Then it lets go of them as it was told.
 */
export async function attendWindow(terminal: Terminal): Promise<void> {
  let onClose: OnClose = 'ask';
  let tokens: Readonly<Record<string, string>> = {};
  const say = (line: FromAttendant): void => terminal.emit(line);
  const channel = windowChannel(say);
  const counter = (quiet: boolean): Counter => {
    const questions = channel.questions(quiet);
    const open = opener(terminal, questions.ssh);
    const deskWith = (bootstrap?: string): Desk =>
      openWindowDesk(() => tokens, open, terminal, bootstrap);
    return { questions, open, desk: deskWith(), deskWith };
  };
  const asking = counter(false);
  // For what nobody has asked for at this moment.
  const quiet = counter(true);
  const news = (told: LeaseNews): void => say({ news: told });
  const attending = attend(quiet.desk, news);
  const asked = new Map<number, { readonly verb: Verb; readonly cancel: AbortController }>();
  const working = new Set<Promise<void>>();

  const answer = async (line: Extract<ToAttendant, { n: number }>): Promise<void> => {
    const { n } = line;
    const cancel = new AbortController();
    asked.set(n, { verb: line.do, cancel });
    const progress = (words: string): void => say({ n, progress: words });
    try {
      const at = 'quiet' in line.wish && line.wish.quiet ? quiet : asking;
      const tell = { progress, news, screen: screenFor(terminal, progress) };
      say({ n, answer: await carryOut(at, line, tell, cancel.signal) });
    } catch (error) {
      say({ n, failed: failureOf(error) });
    } finally {
      asked.delete(n);
    }
  };

  // The window reads what is printed, and no person does.
  const ending = interruptible(terminal, false);
  const reader = createInterface({ input: process.stdin, signal: ending });
  try {
    for await (const text of reader) {
      const line = JSON.parse(text) as ToAttendant;
      if ('n' in line) {
        const work = answer(line).finally(() => working.delete(work));
        working.add(work);
      } else if ('cancel' in line) asked.get(line.cancel)?.cancel.abort();
      else if ('reply' in line) channel.hear(line);
      else ({ onClose, tokens } = line);
    }
  } finally {
    channel.close();
    // Nobody waits for what is under way; what is being borrowed is given back by that. To return is wanted still.
    for (const { verb, cancel } of asked.values()) if (verb !== 'return') cancel.abort();
    await Promise.all(working);
    attending[Symbol.dispose]();
    const owned = ownLeases(quiet.desk);
    await letGo(quiet.desk, onClose, AbortSignal.timeout(GOODBYE));
    await seeOut(quiet.desk, owned, ending).catch(() => undefined);
  }
}

/** Milliseconds in which machines are given back after the window has closed; a sweep goes on with the rest. */
const GOODBYE = 20 * 60_000;

/** Where lenders are asked, and who answers what they want to know. */
interface Counter {
  readonly desk: Desk;
  /** A desk whose machines run this at their first start. */
  readonly deskWith: (bootstrap: string | undefined) => Desk;
  readonly questions: WindowQuestions;
  readonly open: Surroundings['open'];
}

interface Tell {
  readonly progress: (words: string) => void;
  readonly news: (news: LeaseNews) => void;
  readonly screen: Screen;
}

/** What programs on a machine print goes to the log as it comes; its last line is told. */
function screenFor(terminal: Terminal, progress: Tell['progress']): Screen {
  return {
    say: progress,
    output: (chunk) => {
      const last = chunk.toString().trimEnd().split('\n').at(-1)?.trim() ?? '';
      if (last !== '') progress(printable(last, 300));
      return terminal.output(chunk);
    },
  };
}

async function carryOut(
  { desk, deskWith, questions, open }: Counter,
  line: Extract<ToAttendant, { n: number }>,
  { progress, news, screen }: Tell,
  signal: AbortSignal,
): Promise<Wishes[Verb]['answer']> {
  switch (line.do) {
    case 'offers': {
      const before = questions.unanswered();
      const told = await offersAt(desk, signal);
      return { ...told, caps: desk.caps, unasked: questions.unanswered() > before };
    }
    case 'borrow': {
      const { lender, offer, hours, most, directory } = line.wish;
      const source = directory === undefined ? undefined : await sourceIn(directory, signal);
      const at = deskWith(source && (await bootstrapFor(source, signal)));
      const wish = most ? { maxPrice: most.amount } : {};
      const wanted = await estimate(at, `${lender}/${offer}`, wish, hours, signal);
      return await borrow(at, wanted, { keep: 'while this process lives', progress }, signal);
    }
    case 'extend': {
      const { lease, hours } = line.wish;
      if (leaseOf(desk.root, lease).letGo) await take(desk, [lease], news, signal);
      return await extend(desk, lease, hours, signal);
    }
    case 'keep':
      await keepLease(desk, line.wish.lease, signal);
      return null;
    case 'return':
      await giveBack(desk, line.wish.lease, { attempts: 5 }, signal);
      return null;
    case 'take':
      return await take(desk, line.wish.leases, news, signal);
    case 'ready': {
      const { lease, directory, commit, environment, insist = false } = line.wish;
      const source =
        commit === undefined
          ? await sourceIn(directory, signal)
          : { repository: { directory }, commit };
      if (!source) return null;
      const { title } = leaseOf(desk.root, lease);
      const ask = (lacks: string): Promise<boolean | undefined> =>
        questions.install(title, lacks, signal);
      const readying = { environment, insist, open, screen, ask };
      return await makeLeaseReady(lease, source, readying, signal);
    }
    case 'sweep': {
      const { returned, left, others } = await sweep(desk, progress, signal);
      return {
        returned: returned.map(({ title, lender }) => `${title} of ${lender}`),
        left,
        others: others.map(({ title, lender, owner }) => `${title} of ${lender}, lent to ${owner}`),
      };
    }
  }
}

/** The settings are read each time, since the person may change them while a window is open. */
function openWindowDesk(
  tokens: () => Readonly<Record<string, string>>,
  open: Surroundings['open'],
  terminal: Terminal,
  bootstrap: string | undefined,
): Desk {
  const environment = process.env['METAL_AUTH_TOKEN'];
  let known: { readonly text: string; readonly desk: Desk } | undefined;
  const now = (): Desk => {
    const settings = readLendingSettings(lendersFile());
    const text = JSON.stringify([settings, tokens()]);
    if (known?.text !== text)
      known = {
        text,
        desk: openDesk(environment, open, { settings, tokens: tokens(), bootstrap }),
      };
    return known.desk;
  };
  const root = stateDirectory();
  return {
    root,
    get lenders() {
      return now().lenders;
    },
    get caps() {
      return now().caps;
    },
    clock: systemClock,
    who: whoWeAre(),
    leave: leaver(terminal, unlessNamedOtherwise, open),
    serves: (lease) => isAttached(root, lease),
  };
}

function isAttached(root: string, lease: string): boolean {
  return readAttachments(root).attachments.some(
    ({ id, state }) => id === lease && state === 'attached',
  );
}

function failureOf(error: unknown): Failed {
  const forPeople = isUserError(error);
  return {
    message: messageOf(error),
    ...(forPeople ? { advice: error.advice } : {}),
    forPeople,
    cancelled: isAbort(error),
  };
}
