import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lendersFile } from '../../src/machines/lenders/lendersFile';

/** A lender by commands whose machines are files, and refuse connections: see `lendByScripts`. */
export interface ScriptLender {
  /** The leases that have a machine. */
  machines(): string[];
  /** What was asked, in order: `borrow`, `extend 7200`, `return`. */
  asked(): string[];
  /** Holds up `borrow` until it is let go on. */
  hold(): void;
  letGoOn(): void;
  /** Makes `return` and `extend` fail, or work again. */
  break(broken: boolean): void;
  /** A machine of it that bears our mark, and that no ledger knows. */
  strand(lease: string, owner: string): void;
  /** Nobody lends any more. */
  remove(): void;
}

const SCRIPT = String.raw`
request=$(cat)
lease=$(printf '%s' "$request" | sed -n 's/.*"lease":"\([a-z0-9]*\)".*/\1/p')
owner=$(printf '%s' "$request" | sed -n 's/.*"owner":"\([^"]*\)".*/\1/p')
seconds=$(printf '%s' "$request" | sed -n 's/.*"seconds":\([0-9]*\).*/\1/p')
cd "$BOOKS" || exit 1
[ "$1" = list ] || echo "$1 $seconds" >>../asked
case $1 in
borrow)
  echo 'the machine is being made (40 %)' >&2
  echo "$owner" >"$lease"
  while [ -e ../held ]; do sleep 0.1; done
  echo 'it boots' >&2
  echo '{"ssh":{"host":"127.0.0.1","user":"root","port":1},"title":"a big box in a temp folder"}' ;;
extend)
  [ ! -e ../broken ] || { echo 'there is no way' >&2; exit 1; }
  echo '{}' ;;
return)
  [ ! -e ../broken ] || { echo 'there is no way' >&2; exit 1; }
  rm -f "$lease"; echo '{"gone":true}' ;;
list)
  printf '{"machines":['
  comma=
  for machine in *; do
    [ -e "$machine" ] || continue
    printf '%s{"lease":"%s","owner":"%s","title":"a big box"}' "$comma" "$machine" "$(cat "$machine")"
    comma=,
  done
  echo ']}' ;;
esac
`;

/** Makes scripts in a folder the only lender: "boxes" with one offer, "big", at 1.50 EUR an hour. */
export function lendByScripts(folder: string): ScriptLender {
  const books = join(folder, 'books');
  const held = join(folder, 'held');
  const broken = join(folder, 'broken');
  mkdirSync(books, { recursive: true });
  const script = join(folder, 'lender.sh');
  writeFileSync(script, SCRIPT);
  const words = (verb: string): string[] => ['sh', script, verb];
  const file = lendersFile();
  mkdirSync(dirname(file), { recursive: true });
  const lender = {
    ...{ kind: 'command', name: 'boxes', environment: { BOOKS: books } },
    ...{ borrow: words('borrow'), return: words('return') },
    ...{ extend: words('extend'), list: words('list') },
    offers: [
      { id: 'big', title: 'a big box', price: { amount: 1.5, currency: 'EUR' }, memory: 16384 },
    ],
  };
  writeFileSync(file, JSON.stringify({ caps: { hours: 4 }, lenders: [lender] }));
  return {
    machines: () => readdirSync(books),
    asked: () =>
      existsSync(join(folder, 'asked'))
        ? readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n')
        : [],
    hold: () => writeFileSync(held, ''),
    letGoOn: () => rmSync(held, { force: true }),
    break: (is) => (is ? writeFileSync(broken, '') : rmSync(broken, { force: true })),
    strand: (lease, owner) => writeFileSync(join(books, lease), owner),
    remove: () => rmSync(file, { force: true }),
  };
}
