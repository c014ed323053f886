/** How a lease's device and key are known at a server that speaks the Metal API: by their tags. */
import { printable } from '../../base/json';
import type { LeaseRequest, Marked } from '../lender';

/** Whatever bears it was borrowed by CI Parity, of whoever. */
export const MARK = 'ci-parity';

const LEASE = 'ci-parity-lease=';
const OWNER = 'ci-parity-owner=';
const UNTIL = 'ci-parity-until=';

/** The tag that both bear; it is the key's label too. */
export function leaseTag(id: string): string {
  return `${LEASE}${id}`;
}

export function tagsOf({ id, owner }: LeaseRequest): string[] {
  return [MARK, leaseTag(id), `${OWNER}${printable(owner, 80)}`];
}

/** Keys have no end of their own: it is a tag. `until` is by the server's clock. */
export function untilTag(until: number): string {
  return `${UNTIL}${new Date(until).toISOString()}`;
}

export function untilOf(tags: readonly string[]): number | undefined {
  const until = Date.parse(tagged(tags, UNTIL) ?? '');
  return Number.isNaN(until) ? undefined : until;
}

function tagged(tags: readonly string[], name: string): string | undefined {
  return tags.find((tag) => tag.startsWith(name))?.slice(name.length);
}

/** What the tags tell of a machine or a key; nothing where they are not ours. */
export function marked(
  tags: readonly string[],
  rest: Pick<Marked, 'handle' | 'title' | 'until'>,
): Marked[] {
  const lease = tagged(tags, LEASE);
  // Anybody in the project can write tags: what is no id of ours is none.
  if (lease === undefined || !/^[\da-z]{12}$/i.test(lease)) return [];
  return [{ lease, owner: printable(tagged(tags, OWNER) ?? '', 80), ...rest }];
}
