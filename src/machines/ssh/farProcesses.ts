import { sparing } from '../processes';
import { shellLine } from '../quote';
import { hypervisors } from '../vagrant';
import { call } from './farFiles';
import type { Link } from './link';

/** Ends the processes of a far machine that hold a cookie. See `Machine.endProcesses`. */
export async function endFarProcesses(
  link: Link,
  cookie: string,
  grace: number,
  signal: AbortSignal,
): Promise<number[]> {
  const send = async (name: string, pids: readonly number[], patience: number): Promise<void> => {
    const script = `name=${name} tries=${Math.ceil(patience / 100)} pids='${pids.join(' ')}'\n${END}`;
    await call(link, script, { signal, most: 0 });
  };
  let found = await processesWith(link, cookie, signal);
  if (found.length > 0) await send('TERM', found, grace);
  for (let before: number[] = []; ; before = found) {
    found = await processesWith(link, cookie, signal);
    // What was started after the last look has not been killed yet.
    if (found.every((pid) => before.includes(pid))) return found;
    await send('KILL', found, 2000);
  }
}

/** Those of hypervisors, and what they have started, are spared: machines of others may live in them. */
async function processesWith(link: Link, cookie: string, signal: AbortSignal): Promise<number[]> {
  const script = `cookie=${shellLine([cookie])}\n${SCAN}`;
  const { output } = await call(link, script, { signal, most: 16 << 20 });
  const found = output
    .toString('latin1')
    .split('\n')
    .flatMap((line) => {
      const [, pid, name = '', state, parent] = /^(\d+) \((.*)\) (\S) (\d+)/.exec(line) ?? [];
      return pid === undefined || state === 'Z'
        ? []
        : [{ pid: Number(pid), name, parent: Number(parent) }];
    });
  return sparing(found, hypervisors);
}

const SCAN = `
cd /proc || exit 1
# One look at all of them, and a closer one at those that may be meant.
grep -lF -- "$cookie" [0-9]*/environ 2>/dev/null | while IFS=/ read -r p rest; do
  tr '\\0' '\\n' < "$p/environ" 2>/dev/null | grep -qxF -- "$cookie" || continue
  head -n 1 "$p/stat" 2>/dev/null
done
exit 0
`;

const END = `
kill -s "$name" $pids 2>/dev/null
n=0
while [ "$n" -lt "$tries" ]; do
  left=
  for p in $pids; do
    # A zombie has ended; only its parent has not looked yet.
    case $(cat "/proc/$p/stat" 2>/dev/null) in '' | *') Z '*) ;; *) left=1 ;; esac
  done
  [ -n "$left" ] || break
  n=$((n + 1))
  sleep 0.1 2>/dev/null || { sleep 1; n=$((n + 9)); }
done
exit 0
`;
