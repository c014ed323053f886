import { UserError } from '../base/errors';
import type { Machine } from './machine';

/** What a machine has, as far as it tells. */
export interface MachineFacts {
  /** Bytes. */
  readonly memory: { readonly total: number; readonly free: number } | undefined;
  /** Bytes that are free where `directory` lies. */
  readonly disk: number | undefined;
  /** Whether there is `/dev/kvm`; undefined where the system is not Linux. */
  readonly kvm: boolean | undefined;
}

/** Asks by one script for the smallest shells, of Linux and macOS. `directory` need not be there yet. */
export async function factsOf(
  machine: Machine,
  directory: string,
  signal: AbortSignal,
): Promise<MachineFacts> {
  const { code, stdout, stderr } = await machine.exec(['sh', '-c', SCRIPT, 'sh', directory], {
    signal,
  });
  if (code !== 0)
    throw new UserError(`${machine.name} does not tell what it has: ${stderr.trim()}`);
  const said = new Map(
    [...stdout.matchAll(/^(\w+) (\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  const bytes = (name: string): number | undefined => {
    const value = Number(said.get(name) ?? NaN);
    return Number.isFinite(value) ? value * 1024 : undefined;
  };
  const total = bytes('total');
  const free = bytes('free');
  return {
    memory: total === undefined || free === undefined ? undefined : { total, free },
    disk: bytes('disk'),
    kvm: said.get('system') === 'Linux' ? said.has('kvm') : undefined,
  };
}

/** Sizes are in units of 1024 bytes: some versions of awk write larger numbers as powers. */
const SCRIPT = `system=$(uname -s)
echo "system $system"
case $system in
Darwin)
  echo "total $(($(sysctl -n hw.memsize) / 1024))"
  vm_stat | awk '/page size of/ { size = $8 } /^Pages free:/ { print "free", $3 * (size / 1024) }' ;;
*) awk '$1 == "MemTotal:" { print "total", $2 } $1 == "MemAvailable:" { print "free", $2 }' /proc/meminfo ;;
esac
[ ! -e /dev/kvm ] || echo 'kvm yes'
folder=$1
while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
df -Pk "$folder" | sed -n 's/.* \\([0-9][0-9]*\\)  *[0-9-]*% .*/disk \\1/p'`;
