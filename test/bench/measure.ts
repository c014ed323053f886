/** What is measured, and how: the machine is never quiet, so only what ran side by side is compared. */

export interface Row {
  readonly what: string;
  readonly unit: 'ms' | 'MB/s' | 'MB' | 'KB' | 'requests';
  /** Medians over the rounds, in `unit`. */
  readonly ours: number;
  readonly reference?: { readonly name: string; readonly value: number };
  /** Ours against the reference, round by round: the median of their ratios, or of their differences. */
  readonly compared?: { readonly how: 'ratio' | 'difference'; readonly value: number };
  /** Absent where a figure is only told. */
  readonly target?: { readonly words: string; readonly met: boolean };
  /** Whatever must be known to read the figure. */
  readonly note?: string;
  /** Each round's measurement in `unit`, in the order of the rounds. */
  readonly samples?: Readonly<Record<string, readonly number[]>>;
}

/** A figure of the bench. It may take minutes; it leaves nothing behind. */
export type Figure = (signal: AbortSignal) => Promise<Row[]>;

/**
 * Measures each subject once a round, in turns that begin with another subject each time, so that a
 * slow moment of the machine meets them all. A round of warming up comes before and is not counted.
 */
export async function interleave<K extends string>(
  subjects: Readonly<Record<K, () => Promise<number>>>,
  rounds: number,
): Promise<Record<K, number[]>> {
  const names = Object.keys(subjects) as K[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    K,
    number[]
  >;
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round) % names.length]!;
      const sample = await subjects[name]();
      if (round > 0) samples[name].push(sample);
    }
  }
  return samples;
}

export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new Error('nothing was measured');
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of what `how` makes of the two samples of each round. */
export function medianOfRounds(
  how: 'ratio' | 'difference',
  ours: readonly number[],
  reference: readonly number[],
): { how: 'ratio' | 'difference'; value: number } {
  const each = ours.map((sample, round) =>
    how === 'ratio' ? sample / reference[round]! : sample - reference[round]!,
  );
  return { how, value: median(each) };
}

/** Milliseconds that `work` takes. */
export async function millisecondsOf(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Speeds in MB/s of work on `bytes` that took so many milliseconds. */
export function speeds(bytes: number, milliseconds: readonly number[]): number[] {
  return milliseconds.map((time) => bytes / 1e3 / time);
}
