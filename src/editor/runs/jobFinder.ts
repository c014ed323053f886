import type { Job } from '../../jenkins/jobs';
import { decodeName, parseRunUrl } from '../../jenkins/url';

/** Finds jobs by what a person types: at most `limit`, the likeliest first. */
export type JobFinder = (typed: string, limit: number) => Job[];

/**
 * Prepares a server's jobs to be found among thousands as somebody types. Each word must be in a
 * job's full name, best as or at the beginning of its last name, at worst its letters in their
 * order. An address finds its job.
 */
export function createJobFinder(jobs: readonly Job[]): JobFinder {
  const names = jobs.map(({ fullName }) => nameOf(fullName).toLowerCase());
  const lasts = names.map((name) => name.lastIndexOf('/') + 1);

  return (typed, limit) => {
    const jobUrl = parseRunUrl(typed)?.jobUrl;
    if (jobUrl !== undefined) return jobs.filter(({ url }) => url === jobUrl);
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const best: { readonly at: number; readonly rank: number }[] = [];
    for (let at = 0; at < names.length; at++) {
      const rank = rankOf(words, names[at] ?? '', lasts[at] ?? 0);
      const worst = best.length < limit ? -1 : (best.at(-1)?.rank ?? -1);
      if (rank <= worst) continue;
      let place = best.length;
      while (place > 0 && (best[place - 1]?.rank ?? 0) < rank) place--;
      best.splice(place, 0, { at, rank });
      if (best.length > limit) best.pop();
    }
    return best.flatMap(({ at }) => jobs[at] ?? []);
  };
}

/** A job's full name as people write it: `networking/cilium/feature/x`. */
export function nameOf(fullName: string): string {
  return fullName.includes('%') ? fullName.split('/').map(decodeName).join('/') : fullName;
}

/** Greater is better; negative where a word is not there. Of two names that fit alike, the shorter one. */
function rankOf(words: readonly string[], name: string, last: number): number {
  let rank = 0;
  for (const word of words) {
    const fit = fitOf(word, name, last);
    if (fit < 0) return -1;
    rank += fit;
  }
  return rank + 1 / (1 + name.length);
}

const FITS = { whole: 60, beginning: 50, word: 40, within: 30, folder: 20 };

function fitOf(word: string, name: string, last: number): number {
  const own = name.indexOf(word, last);
  if (own === last) return name.length - last === word.length ? FITS.whole : FITS.beginning;
  if (own >= 0) return beginsWord(name, own) ? FITS.word : FITS.within;
  const above = name.indexOf(word);
  if (above >= 0) return beginsWord(name, above) ? FITS.folder + 5 : FITS.folder;
  return closeness(word, name);
}

function beginsWord(name: string, at: number): boolean {
  return at === 0 || '/-_. ()[]#:+'.includes(name[at - 1] ?? '');
}

/** Whether all letters of a word come in their order: the closer together, the nearer to 10. Negative where they don't, or are all over the place. */
function closeness(word: string, name: string): number {
  let at = -1;
  let first = 0;
  for (let letter = 0; letter < word.length; letter++) {
    at = name.indexOf(word[letter] ?? '', at + 1);
    if (at < 0) return -1;
    if (letter === 0) first = at;
  }
  const span = at - first + 1;
  return span > 4 * word.length ? -1 : (10 * word.length) / span;
}
