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
  // POSIX has the format; what comes before the numbers may have spaces.
  const [, room] = / (\d+) +[\d-]+% /.exec(stdout) ?? [];
  const total = bytes('total');
  const free = bytes('free');
  return {
    memory: total === undefined || free === undefined ? undefined : { total, free },
    disk: room === undefined ? undefined : Number(room) * 1024,
    kvm: said.get('system') === 'Linux' ? said.has('kvm') : undefined,
  };
}

/** As few programs as can be: it is run between the click and the first byte. Sizes are in units of 1024 bytes. */
const SCRIPT = `if [ -r /proc/meminfo ]; then
  echo 'system Linux'
  while read -r name value unit; do
    case $name in
    MemTotal:) echo "total $value" ;;
    MemAvailable:) echo "free $value"; break ;;
    esac
  done < /proc/meminfo
else
  echo "total $(($(sysctl -n hw.memsize) / 1024))"
  vm_stat | awk '/page size of/ { size = $8 } /^Pages free:/ { print "free", $3 * (size / 1024) }'
fi
[ ! -e /dev/kvm ] || echo 'kvm yes'
folder=$1
while [ ! -d "$folder/" ]; do folder=\${folder%/*}; done
df -Pk "$folder/"`;
