import { MOST_FACTS } from '../../jenkins/facts';

/**
 * What a tool says, as JSON of at most 24 KB. `make` is given how much it may take of what is long,
 * at first `most` (characters, or things of a list), and less each time that this is too much.
 */
export function fitted(make: (most: number) => object, most: number): string {
  for (let less = most; ; less = Math.floor(less / 2)) {
    const json = JSON.stringify(make(less));
    if (less === 0 || Buffer.byteLength(json) <= MOST_FACTS) return json;
  }
}
