import { EventEmitter, once } from 'node:events';

/** A row of a table of faults: what is done, and what it comes to. */
export interface Row {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Declares a test for each row. They are independent of each other, and a few are run at once. */
export function rowsOf(rows: readonly Row[], atOnce: number): void {
  const outcomes = new Map<number, PromiseSettledResult<void>>();
  const news = new EventEmitter().setMaxListeners(0);
  // Where some are chosen, the others are not wanted.
  const chosen = process.argv.some((word) => /^(--grep|-g|--fgrep|-f)(=|$)/.test(word));
  const carryOut = async (index: number): Promise<void> => {
    const [outcome] = await Promise.allSettled([rows[index]?.run()]);
    outcomes.set(index, outcome);
    news.emit('outcome');
  };
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < rows.length; index = next++) await carryOut(index);
  };
  before(() => {
    if (!chosen) for (let seat = 0; seat < atOnce; seat++) void work();
  });
  for (const [index, { name }] of rows.entries())
    it(name, async () => {
      if (chosen) await carryOut(index);
      while (!outcomes.has(index)) await once(news, 'outcome');
      const outcome = outcomes.get(index);
      if (outcome?.status === 'rejected') throw outcome.reason;
    });
}
