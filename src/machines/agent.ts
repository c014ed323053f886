import { UserError } from '../base/errors';
import { printable } from '../base/json';
import { LOCK } from './lenders/poolLock';
import type { Executed, Machine } from './machine';
import { INSTALLING } from './packages';

/** Where agents of Jenkins have their files on a machine, from the home folder: a folder for each. */
export const AGENTS = '.cache/ci-parity/agents';

/** In the environment of an agent, and of all that it starts. */
export function agentCookie(id: string): string {
  return `CI_PARITY_AGENT=${id}`;
}

export interface AgentStart {
  /** As the machine's attachment is called: 12 letters and digits. */
  readonly id: string;
  /** The base address of the server. */
  readonly url: string;
  /** The agent's name there. */
  readonly name: string;
  readonly secret: string;
}

/**
 * Looks whether an agent can run on a machine, and resolves with the folder in which it will work. Java is
 * installed, where somebody is asked to, with the system's own packages.
 * Rejects with a UserError that says what is missing.
 */
export async function prepareAgent(
  machine: Machine,
  id: string,
  { install }: { readonly install: boolean },
  signal: AbortSignal,
): Promise<string> {
  const done = await script(machine, PREPARE, [id, install ? 'yes' : 'no'], signal);
  if (done.code === NO_JAVA)
    throw new UserError(`${machine.name} has no Java, which an agent of Jenkins is run by.`, {
      advice: install
        ? `It could not be installed:\n${lastWords(done)}`
        : 'Install a headless JRE on it, of a version that your Jenkins takes.',
    });
  if (done.code === NO_WAY)
    throw new UserError(`${machine.name} has neither curl nor wget to fetch the agent with.`);
  const folder = done.stdout.split('\0')[1];
  if (done.code !== 0 || folder === undefined)
    throw new UserError(`${machine.name} could not be looked at: ${lastWords(done)}`);
  return folder;
}

/**
 * Fetches the agent from its server and starts it, apart from all connections. The secret comes over standard
 * input, and lies in a file that only its user can read while the agent runs: it is read again whenever the
 * agent starts itself anew. Rejects with a UserError where the agent cannot be fetched.
 *
 * Facts: the command is that of `hudson/slaves/JNLPLauncher/main.jelly`; `jnlpJars/` is open to everybody
 * (`hudson.model.Slave.JnlpJar`).
 */
export async function startAgent(
  machine: Machine,
  { id, url, name, secret }: AgentStart,
  signal: AbortSignal,
): Promise<void> {
  const done = await script(machine, START, [id, url, name, LOCK], signal, secret);
  if (done.code !== 0)
    throw new UserError(`${machine.name} could not fetch the agent from ${url}`, {
      advice: `The server must be reachable from there:\n${lastWords(done)}`,
    });
}

/** Whether the agent still runs, and what it said last, on at most ten lines. */
export async function lookAtAgent(
  machine: Machine,
  id: string,
  signal: AbortSignal,
): Promise<{ running: boolean; words: string }> {
  const done = await script(machine, LOOK, [id], signal);
  const [state, ...words] = done.stdout.split('\n');
  return { running: state === 'running', words: shown(words) };
}

/** Ends the agent with all that it has started, and removes its files. Nothing to end is success. */
export async function endAgent(machine: Machine, id: string, signal: AbortSignal): Promise<void> {
  const outlived = await machine.endProcesses(agentCookie(id), 5000, signal);
  if (outlived.length > 0)
    throw new UserError(`Processes of ${machine.name} could not be ended: ${outlived.join(', ')}`);
  const { code, stderr } = await script(machine, 'cd && rm -rf -- "$place"', [id], signal);
  if (code !== 0)
    throw new UserError(`Files on ${machine.name} could not be removed: ${printable(stderr)}`);
}

function script(
  machine: Machine,
  text: string,
  [id = '', ...words]: readonly string[],
  signal: AbortSignal,
  input?: string,
): Promise<Executed> {
  const whole = `place="$(cd && pwd)/${AGENTS}/$1"; cookie=${agentCookie('$1')}; shift\n${text}`;
  const command = ['sh', '-c', whole, 'sh', id, ...words];
  return machine.exec(command, {
    ...(input !== undefined && { input }),
    timeout: 15 * 60_000,
    signal,
  });
}

function lastWords({ stderr }: Executed): string {
  return shown(stderr.split('\n'));
}

/** What programs over there say is data. */
function shown(lines: readonly string[]): string {
  return lines
    .filter((line) => line.trim() !== '')
    .slice(-10)
    .map((line) => printable(line, 200))
    .join('\n');
}

const NO_JAVA = 81;
const NO_WAY = 82;

const PREPARE = `${INSTALLING}
install_java() {
  if [ "$system" = dnf ]; then install java-latest-openjdk-headless; else install default-jre-headless; fi
}
has java || { [ "$1" = no ] || install_java >&2; }
has java || exit ${NO_JAVA}
has curl || has wget || exit ${NO_WAY}
printf '\\0%s\\0' "$place/work"
`;

/**
 * Of a host of one's own the agent ends when the host's lock is no longer that of the lease which it was started
 * for; any other borrowed machine ends itself.
 */
const MIND = `
place=$1 url=$2 name=$3 lock=$4 id=$5
holder() { h=; [ ! -f "$lock/lease" ] || read -r h < "$lock/lease"; [ "$h" = "$id" ]; }
cd "$place/work" || exit
java -jar "$place/agent.jar" -url "$url" -name "$name" -webSocket -secret "@$place/secret" -workDir "$place/work" &
java=$!
if holder; then
  (while sleep 15; do holder || { kill "$java"; exit; }; done) > /dev/null 2>&1 &
  watch=$!
fi
wait "$java"
rm -f "$place/secret"
[ -z "$watch" ] || kill "$watch"
`;

const START = `
umask 077
mkdir -p "$place/work" && cat > "$place/secret" || exit 1
printf %s '${MIND.replaceAll("'", String.raw`'\''`)}' > "$place/mind"
jar=$1jnlpJars/agent.jar
if command -v curl > /dev/null 2>&1; then
  curl -fsSL --connect-timeout 20 --max-time 600 -o "$place/agent.new" -- "$jar" || exit 1
else
  wget -q -T 20 -O "$place/agent.new" -- "$jar" || { echo "wget: exit code $?" >&2; exit 1; }
fi
mv "$place/agent.new" "$place/agent.jar" || exit 1
env "$cookie" setsid sh "$place/mind" "$place" "$1" "$2" "$3" "\${place##*/}" < /dev/null > "$place/log" 2>&1 &
echo $! > "$place/pid"
`;

const LOOK = `
pid=; [ ! -f "$place/pid" ] || read -r pid < "$place/pid"
if [ -n "$pid" ] && kill -0 "$pid" 2> /dev/null; then echo running; else echo ended; fi
tail -n 10 "$place/log" 2> /dev/null | tail -c 4000
exit 0
`;
