import type { Machine } from './machine';

/**
 * Where on a machine each of `names` is found in `path`, a PATH, in its order. Names that are nowhere
 * are absent.
 */
export async function findPrograms(
  machine: Machine,
  names: readonly string[],
  path: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout } = await machine.exec(['sh', '-c', SCRIPT, 'sh', path, ...names], { signal });
  const found = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const [name = '', ...rest] = line.split('\t');
    if (rest.length > 0) found.set(name, [...(found.get(name) ?? []), rest.join('\t')]);
  }
  return found;
}

const SCRIPT = `path=$1; shift; set -f; IFS=:
for name; do
  for folder in $path; do
    [ -n "$folder" ] && [ -f "$folder/$name" ] && [ -x "$folder/$name" ] && printf '%s\\t%s\\n' "$name" "$folder/$name"
  done
done
true`;
