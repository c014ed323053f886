import { isUserError, UserError } from '../../base/errors';
import type { Client } from '../../jenkins/client';
import type { Run, Stage } from '../../jenkins/run';
import { readJournal } from '../../reproduce/journal';
import { filesOf, readReproduction } from '../../reproduce/store';
import { createRootReader, type Root } from './guestPaths';
import type { LogAddress } from './logAddress';
import { LogFolder } from './logFolder';
import {
  fileSource,
  LogReading,
  runSource,
  type AskLog,
  type LargeSource,
  type LogSource,
} from './logReading';
import { LogText } from './logText';
import type { Part } from './reader';
import { createSectionReader, sectionsOfJournal, type Section } from './sections';
import { stageChunks } from './stageChunks';
import { wholeText, type Large, type WholeText } from './wholeText';

/** A log that is being read, or has been. */
export interface Lent {
  readonly reading: LogReading;
  /** The stages and steps that have been read. */
  readonly sections: () => Section[];
  /** The folders of other machines in which its steps ran. */
  readonly roots: () => Root[];
  /** Undefined for reproductions. */
  readonly run: Run | undefined;
  readonly whole: WholeText;
  /** The stage that alone is wanted of it. */
  readonly only: readonly string[] | undefined;
  /** Gives it back; the last one closes it. */
  readonly giveBack: () => void;
}

/** What logs are read from. */
export interface LogServers {
  client(url: string): Promise<Client>;
  stages(run: Run, signal: AbortSignal): Promise<readonly Stage[]>;
  /** Logs of any size are read here unless told. */
  readonly large?: Large;
}

type Shared = Pick<Lent, 'reading' | 'sections' | 'roots' | 'run' | 'whole'>;

/** The logs that are open. Each is read once, however many documents show it or a part of it. */
export class LogReadings implements AsyncDisposable {
  readonly #servers: LogServers;
  readonly #folder: LogFolder;
  readonly #open = new Map<string, { readonly shared: Promise<Shared>; users: number }>();
  /** All that have not been closed, also those that are lent to nobody else any more. */
  readonly #readings = new Set<LogReading>();

  constructor(servers: LogServers, folder = new LogFolder()) {
    this.#servers = servers;
    this.#folder = folder;
  }

  async lend(address: LogAddress, signal: AbortSignal): Promise<Lent> {
    switch (address.kind) {
      case 'reproduction':
        return this.#share(address.id, () => this.#ofReproduction(address.id));
      case 'run':
        return this.#share(address.url, () => this.#ofRun(address.url));
      case 'stage': {
        const own = await this.#ofStage(address, signal);
        if (own) return own;
        return { ...(await this.lend({ ...address, kind: 'run' }, signal)), only: address.stage };
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#open.values()].map(({ shared }) => shared));
    await Promise.all([...this.#readings].map((reading) => this.#close(reading)));
    await this.#folder[Symbol.asyncDispose]();
  }

  async #share(key: string, make: () => Promise<Shared>): Promise<Lent> {
    const known = this.#open.get(key) ?? { shared: make(), users: 0 };
    this.#open.set(key, known);
    known.users++;
    let lent = true;
    const giveBack = (): void => {
      if (!lent) return;
      lent = false;
      if (--known.users > 0) return;
      if (this.#open.get(key) === known) this.#open.delete(key);
      void known.shared.then(({ reading }) => this.#close(reading)).catch(() => undefined);
    };
    try {
      const shared = await known.shared;
      // What has failed is asked for again by the next one.
      shared.reading.complete.catch(() => {
        if (this.#open.get(key) === known) this.#open.delete(key);
      });
      return { ...shared, only: undefined, giveBack };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  async #ofRun(url: string): Promise<Shared> {
    const client = await this.#servers.client(url);
    const run = await client.run(url, AbortSignal.timeout(ASKING));
    return this.#spool({ run, stage: undefined }, (start, signal) =>
      client.log(run, { signal, ...(start !== undefined && { start }) }),
    );
  }

  /** What the server keeps of that stage alone. */
  async #ofStage(
    { url, id, stage: path }: Extract<LogAddress, { kind: 'stage' }>,
    signal: AbortSignal,
  ): Promise<Lent | undefined> {
    const client = await this.#servers.client(url);
    const run = await client.run(url, signal);
    // What has not ended could not be followed in parts.
    if (run.building) return undefined;
    const stage = findStage(await this.#servers.stages(run, signal), id, path);
    const reading = new AbortController();
    const bytes = stage && (await client.stageLog(run, stage, reading.signal));
    if (!bytes) return undefined;
    const shared = await this.#spool({ run, stage }, (start) =>
      stageChunks(
        () => (start ? client.stageLog(run, stage, reading.signal) : Promise.resolve(bytes)),
        start,
      ),
    );
    const giveBack = (): void => {
      reading.abort();
      void this.#close(shared.reading);
    };
    return { ...shared, only: undefined, giveBack };
  }

  async #spool(of: { run: Run; stage: Stage | undefined }, ask: AskLog): Promise<Shared> {
    const { run } = of;
    const path = await this.#folder.newFile();
    const log = await LogText.create(path);
    const reader = createSectionReader();
    const rooted = createRootReader();
    log.watch((chunk) => {
      reader.push(chunk);
      rooted.push(chunk);
    });
    const { large } = this.#servers;
    let told: Part | undefined;
    const rest: LargeSource | undefined = large && {
      bound: large.bound,
      async read(into, signal, waits) {
        const hear = {
          part: (part: Part): void => {
            // What has been read here already is read once more.
            if (part.lines.size <= into.size) return;
            told = part;
            into.adopt(part.lines);
          },
          waits: (error: Error): void => {
            if (isUserError(error)) waits(error);
          },
        };
        return (await large.elsewhere(run.url)).spool({ ...of, path }, hear, signal);
      },
    };
    const reading = this.#begin(log, runSource(run.building, path, ask, rest), path);
    return {
      reading,
      sections: () => [...(told?.sections ?? reader.sections())],
      roots: () => [...(told?.roots ?? rooted.roots())],
      run,
      whole: wholeText(log, path, this.#servers.large),
    };
  }

  async #ofReproduction(id: string): Promise<Shared> {
    const { output, journal, workspace } = filesOf(id);
    const running = (): boolean =>
      ['new', 'running', 'kept'].includes(readReproduction(id).status.state);
    const log = await LogText.of(output).catch((cause: unknown) => {
      throw new UserError('There is no output yet.', { cause });
    });
    const source = fileSource(running(), () => !running());
    const sections = (): Section[] => sectionsOfJournal(readJournal(journal));
    const roots = (): Root[] => [{ guest: workspace, host: '' }];
    return {
      reading: this.#begin(log, source),
      ...{ sections, roots, run: undefined },
      whole: wholeText(log, output, this.#servers.large),
    };
  }

  #begin(log: LogText, source: LogSource, file?: string): LogReading {
    const reading = new LogReading(log, source, file);
    this.#readings.add(reading);
    return reading;
  }

  async #close(reading: LogReading): Promise<void> {
    this.#readings.delete(reading);
    await reading[Symbol.asyncDispose]();
  }
}

/** Milliseconds in which a server must tell of a run. */
const ASKING = 60_000;

function findStage(
  stages: readonly Stage[],
  id: string,
  path: readonly string[],
): Stage | undefined {
  for (const stage of stages) {
    if (stage.id === id && stage.path.join('\n') === path.join('\n')) return stage;
    const below = findStage(stage.children, id, path);
    if (below) return below;
  }
  return undefined;
}
