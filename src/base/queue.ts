/** Runs works one after the other, in the order in which they came; one that fails does not stop the next. */
export type Queue = <R>(work: () => Promise<R>) => Promise<R>;

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
