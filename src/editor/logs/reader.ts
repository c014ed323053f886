/**
 * The program `dist/reader.js`: reads large logs for the extension host, whose one thread all extensions
 * share. It is told over its channel what to do, says there what it has found, and ends with the channel.
 */
import { connect, type Client } from '../../jenkins/client';
import { readClues, readFindings } from '../../jenkins/failure';
import type { ConnectOptions } from '../../jenkins/http';
import type { LogChunk, LogPosition } from '../../jenkins/log';
import { readCommands } from '../../jenkins/recordedCommands';
import type { Run, Stage } from '../../jenkins/run';
import type { Proxy } from '../../jenkins/wire/proxies';
import { createRootReader, type Root } from './guestPaths';
import type { KnownLines } from './lineIndex';
import { runSource, type Extent } from './logReading';
import { LogText } from './logText';
import { packed, type PackedError } from './packedError';
import { problemsIn } from './problems';
import { search, type Hit, type Query, type SearchOptions } from './search';
import { createSectionReader, type Section } from './sections';
import { stageChunks } from './stageChunks';

/** What to do; plain data, with secrets in it. */
export type Order =
  | { readonly kind: 'findings'; readonly of: OnServer }
  | { readonly kind: 'commands'; readonly of: OnServer }
  | { readonly kind: 'clues'; readonly of: OnServer | InFile; readonly stages: readonly Stage[] }
  | ({ readonly kind: 'problems' } & InFile & Pick<SearchOptions, 'part' | 'showing'>)
  | ({
      readonly kind: 'search';
      readonly lines: KnownLines;
      readonly query: Query;
    } & InFile &
      Pick<SearchOptions, 'part' | 'showing'>)
  /** Into a file that is there, from its beginning. */
  | { readonly kind: 'spool'; readonly of: OnServer; readonly path: string };

export interface InFile {
  readonly path: string;
}

/** The log of a run, or of one stage of it. */
export interface OnServer {
  readonly server: PlainOptions;
  readonly run: Pick<Run, 'url' | 'building'>;
  readonly stage?: Stage | undefined;
}

export type PlainOptions = Omit<ConnectOptions, 'route'> & {
  readonly route: 'straight' | (Omit<Proxy, 'url'> & { readonly url: string });
};

/** What it says. */
export type Word =
  /** The first bytes have come. */
  | { readonly kind: 'begun' }
  | { readonly kind: 'part'; readonly part: Part }
  | { readonly kind: 'hits'; readonly hits: readonly Hit[]; readonly searched: number }
  /** The connection was lost; it is tried again. */
  | { readonly kind: 'waiting'; readonly error: PackedError }
  | { readonly kind: 'done'; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly error: PackedError };

/** As much of a log as is in its file by now. */
export interface Part {
  readonly lines: KnownLines;
  readonly sections: readonly Section[];
  readonly roots: readonly Root[];
}

/** Milliseconds between two parts. */
const PULSE = 500;
/** It ends with its process. */
const { signal } = new AbortController();

process.once('disconnect', () => process.exit());
process.once('message', (order) => {
  carryOut(order as Order).then(
    (answer) => end({ kind: 'done', answer }),
    (error: unknown) => end({ kind: 'failed', error: packed(error) }),
  );
});

async function carryOut(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'findings':
      return readFindings(bytesOf(order.of));
    case 'commands':
      return readCommands(bytesOf(order.of));
    case 'clues':
      return readClues(bytesOf(order.of), order.stages);
    case 'problems': {
      await using log = await openFile(order);
      return await problemsIn(log, { ...order, signal });
    }
    case 'search': {
      await using log = await openFile(order);
      log.adopt(order.lines);
      const progress: SearchOptions['progress'] = (hits, searched) =>
        say({ kind: 'hits', hits, searched });
      return await search(log, order.query, { ...order, signal, progress });
    }
    case 'spool':
      return spool(order);
  }
}

async function spool({ of, path }: Extract<Order, { kind: 'spool' }>): Promise<Extent> {
  await using log = await LogText.over(path);
  const sections = createSectionReader();
  const roots = createRootReader();
  log.watch((chunk) => {
    sections.push(chunk);
    roots.push(chunk);
  });
  let told = 0;
  const tell = (): void => {
    if (log.size === told) return;
    told = log.size;
    const part = {
      lines: log.index.known(),
      sections: sections.sections(),
      roots: roots.roots(),
    };
    say({ kind: 'part', part });
  };
  const telling = setInterval(tell, PULSE);
  try {
    const source = runSource(of.run.building, path, chunksOf(of));
    return await source.read(log, signal, (error) => {
      say({ kind: 'waiting', error: packed(error) });
    });
  } finally {
    clearInterval(telling);
    tell();
  }
}

async function* bytesOf(of: OnServer | InFile): AsyncGenerator<Buffer> {
  if ('server' in of) {
    for await (const { bytes } of chunksOf(of)(undefined)) yield bytes;
    return;
  }
  await using log = await openFile(of);
  yield* log.pieces(0, Infinity);
}

async function openFile({ path }: InFile): Promise<LogText> {
  const log = await LogText.of(path);
  say({ kind: 'begun' });
  return log;
}

function chunksOf({ server, run, stage }: OnServer) {
  const { route } = server;
  const client = connect({
    ...server,
    route: typeof route === 'string' ? route : { ...route, url: new URL(route.url) },
  });
  let begun = false;
  return async function* (start: LogPosition | undefined): AsyncGenerator<LogChunk> {
    for await (const chunk of read(client, { run, stage }, start)) {
      if (!begun) say({ kind: 'begun' });
      begun = true;
      yield chunk;
    }
  };
}

function read(
  client: Client,
  { run, stage }: Omit<OnServer, 'server'>,
  start: LogPosition | undefined,
): AsyncIterable<LogChunk> {
  if (stage !== undefined) return stageChunks(() => client.stageLog(run, stage, signal), start);
  return client.log(run, { signal, ...(start !== undefined && { start }) });
}

function say(word: Word): void {
  process.send?.(word);
}

function end(word: Word): void {
  process.send?.(word, undefined, undefined, () => process.exit());
}
