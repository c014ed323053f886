import { messageWithAdvice, UserError } from '../base/errors';
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
  /** The server's `agent.jar`. */
  readonly jar: Buffer;
  /** Where the agent works, as `prepareAgent` told. */
  readonly folder: string;
  /** The certificates, as PEM, of further authorities that the agent believes. */
  readonly ca: string | undefined;
  /** The HTTP proxy through which the machine reaches the server, as `checkAgentProxy` has it. */
  readonly proxy: URL | undefined;
}

/** What an agent of a machine needs to know of it. */
export interface Prepared {
  /** In which it will work: absolute. */
  readonly folder: string;
  /** The path of java. */
  readonly java: string;
  /** Who logs in there. */
  readonly user: string;
  /** The public key of its SSH server, the best one; undefined where it lies in no usual file. */
  readonly hostKey: string | undefined;
}

/**
 * Looks whether an agent can run on a machine. Java is installed, where somebody is asked to, with the system's
 * own packages. `folder` is where it is to work, if not in a folder of ours.
 * Rejects with a UserError that says what is missing.
 */
export async function prepareAgent(
  machine: Machine,
  id: string,
  { install, folder = '' }: { readonly install: boolean; readonly folder?: string | undefined },
  signal: AbortSignal,
): Promise<Prepared> {
  const done = await script(machine, PREPARE, [id, install ? 'yes' : 'no', folder], signal);
  if (done.code === NO_JAVA)
    throw new UserError(`${machine.name} has no Java, which an agent of Jenkins is run by.`, {
      advice: install
        ? `It could not be installed:\n${lastWords(done)}`
        : 'Install a headless JRE on it, of a version that your Jenkins takes.',
    });
  const [, work, java, user, hostKey = ''] = done.stdout.split('\0');
  if (done.code !== 0 || work === undefined || java === undefined || user === undefined)
    throw new UserError(`${machine.name} could not be looked at: ${lastWords(done)}`);
  const [type, key] = hostKey.split(' ');
  return { folder: work, java, user, hostKey: key === undefined ? undefined : `${type} ${key}` };
}

/** Makes the folders of an agent: its own, and the one in which it works. */
export async function makeAgentFolders(
  machine: Machine,
  id: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const make =
    'umask 077; mkdir -p "$place" "$1" && cd "$1" && : > .ci-parity-write && rm .ci-parity-write';
  const done = await script(machine, make, [id, folder], signal);
  if (done.code !== 0)
    throw new UserError(`No agent can work in ${folder} on ${machine.name}: ${lastWords(done)}`);
}

/**
 * The proxy that the machine is to reach its server by. Jenkins' remoting takes a user and password for it in its
 * command line only, which everybody on the machine can read, and not at all towards https.
 * @throws UserError
 */
export function checkAgentProxy(typed: string): URL {
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  if (url?.protocol !== 'http:' || url.hostname === '')
    throw new UserError(`${printable(typed)} is no HTTP proxy like http://proxy.example.org:3128`);
  if (url.username !== '' || url.password !== '')
    throw new UserError('An agent cannot go through a proxy that wants a password.', {
      advice: 'Name one that lets the machine through without: --proxy http://HOST:PORT',
    });
  return url;
}

/**
 * Starts the server's agent, apart from all connections. The secret comes over standard input, and lies in a file
 * that only its user can read while the agent runs: it is read again whenever the agent starts itself anew.
 * Rejects with a UserError where the server cannot be reached from there, as far as there is curl to tell.
 *
 * Facts: the command is that of `hudson/slaves/JNLPLauncher/main.jelly`; of jenkinsci/remoting, April 2026,
 * `Launcher.java` (`-cert @FILE`) and `Engine.java` (with `-webSocket` a proxy is that of Java's own settings; towards
 * https it is Tyrus that asks for them).
 */
export async function startAgent(
  machine: Machine,
  { id, url, name, secret, jar, folder, ca = '', proxy }: AgentStart,
  signal: AbortSignal,
): Promise<void> {
  await put(machine, id, 'agent.jar', jar, signal);
  await put(machine, id, 'ca.pem', ca, signal);
  const through = proxy ? [proxy.hostname, proxy.port === '' ? '80' : proxy.port] : ['', ''];
  const done = await script(
    machine,
    START,
    [id, url, name, LOCK, folder, ca === '' ? 'no' : 'yes', ...through],
    signal,
    secret,
  );
  if (done.code === NO_WAY)
    throw new UserError(`${machine.name} cannot reach ${url}`, {
      advice: `The server must be reachable from there; where that takes a proxy: --proxy\n${lastWords(done)}`,
    });
  if (done.code !== 0)
    throw new UserError(`The agent could not be started on ${machine.name}: ${lastWords(done)}`);
}

/** Lets a key log in at a machine, as long as the agent is there; it may run programs, and forward nothing. */
export async function admitKey(
  machine: Machine,
  id: string,
  publicKey: string,
  signal: AbortSignal,
): Promise<void> {
  const line = `restrict ${publicKey} ${keyComment(id)}`;
  const done = await script(machine, ADMIT, [id, line], signal);
  if (done.code !== 0)
    throw new UserError(`No key could be let in at ${machine.name}: ${lastWords(done)}`);
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

/** Ends the agent with all that it has started, and removes its files and its key. Nothing to end is success. */
export async function endAgent(machine: Machine, id: string, signal: AbortSignal): Promise<void> {
  // First the key: nobody is to come back.
  const done = await script(machine, EXPEL, [id, keyComment(id)], signal);
  if (done.code !== 0)
    throw new UserError(`A key is still let in at ${machine.name}: ${lastWords(done)}`);
  const outlived = await machine.endProcesses(agentCookie(id), 5000, signal);
  if (outlived.length > 0)
    throw new UserError(`Processes of ${machine.name} could not be ended: ${outlived.join(', ')}`);
  const where = await script(machine, 'printf %s "$place"', [id], signal);
  try {
    await machine.files.remove(where.stdout, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new UserError(
      `Files on ${machine.name} could not be removed: ${messageWithAdvice(error)}`,
      { cause: error },
    );
  }
}

/** What a server said, on at most ten lines: it is data. */
export function lastLines(text: string): string {
  return shown(text.split('\n'));
}

/** By it a key of ours is known in `authorized_keys`. */
function keyComment(id: string): string {
  return `ci-parity-agent-${id}`;
}

async function put(
  machine: Machine,
  id: string,
  name: string,
  content: Buffer | string,
  signal: AbortSignal,
): Promise<void> {
  const done = await script(machine, PUT, [id, name], signal, content);
  if (done.code !== 0)
    throw new UserError(`The agent could not be brought to ${machine.name}: ${lastWords(done)}`);
}

function script(
  machine: Machine,
  text: string,
  [id = '', ...words]: readonly string[],
  signal: AbortSignal,
  input?: string | Buffer,
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
key=
for type in ed25519 ecdsa rsa; do
  if [ -z "$key" ] && [ -r "/etc/ssh/ssh_host_\${type}_key.pub" ]; then key=$(cat "/etc/ssh/ssh_host_\${type}_key.pub"); fi
done
printf '\\0%s\\0%s\\0%s\\0%s\\0' "\${2:-$place/work}" "$(command -v java)" "$(id -un)" "$key"
`;

const PUT = `
umask 077
cat > "$place/$1.new" && mv "$place/$1.new" "$place/$1"
`;

/**
 * Of a host of one's own the agent ends when the host's lock is no longer that of the lease which it was started
 * for; any other borrowed machine ends itself.
 */
const MIND = `
place=$1 url=$2 name=$3 lock=$4 id=$5 work=$6 ca=$7 host=$8 port=$9
holder() { h=; [ ! -f "$lock/lease" ] || read -r h < "$lock/lease"; [ "$h" = "$id" ]; }
cd "$work" || exit
set -- -jar "$place/agent.jar" -url "$url" -name "$name" -webSocket -secret "@$place/secret" -workDir "$work"
if [ "$ca" = yes ]; then set -- "$@" -cert "@$place/ca.pem"; fi
if [ -n "$host" ]; then
  set -- "-Dhttp.proxyHost=$host" "-Dhttp.proxyPort=$port" "-Dhttps.proxyHost=$host" "-Dhttps.proxyPort=$port" "$@"
fi
java "$@" &
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
host=$6 port=$7
cat > "$place/secret" || exit 1
printf %s '${MIND.replaceAll("'", String.raw`'\''`)}' > "$place/mind"
if command -v curl > /dev/null 2>&1; then
  # Whatever the server answers, it can be reached; as Java goes there, which follows no such variables.
  url=$1; (
    unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
    set --
    [ ! -s "$place/ca.pem" ] || set -- --cacert "$place/ca.pem"
    [ -z "$host" ] || set -- "$@" --proxy "http://$host:$port"
    curl -sS --connect-timeout 20 --max-time 60 -o /dev/null "$@" -- "$url"
  ) || exit ${NO_WAY}
fi
env "$cookie" setsid sh "$place/mind" "$place" "$1" "$2" "$3" "\${place##*/}" "$4" "$5" "$6" "$7" < /dev/null > "$place/log" 2>&1 &
echo $! > "$place/pid"
`;

const ADMIT = `
umask 077
mkdir -p ~/.ssh && cd ~/.ssh || exit 1
touch authorized_keys && { [ ! -s authorized_keys ] || [ -z "$(tail -c 1 authorized_keys)" ] || echo >> authorized_keys; } &&
  printf '%s\\n' "$1" >> authorized_keys
`;

/** Written over, and not replaced: a link stays one, and so do owner and mode. */
const EXPEL = `
cd ~/.ssh 2> /dev/null && grep -q " $1\$" authorized_keys 2> /dev/null || exit 0
umask 077
grep -v " $1\$" authorized_keys > "authorized_keys.$1" || [ $? = 1 ] || exit 1
cat "authorized_keys.$1" > authorized_keys && rm -f "authorized_keys.$1"
`;

const LOOK = `
pid=; [ ! -f "$place/pid" ] || read -r pid < "$place/pid"
if [ -n "$pid" ] && kill -0 "$pid" 2> /dev/null; then echo running; else echo ended; fi
tail -n 10 "$place/log" 2> /dev/null | tail -c 4000
exit 0
`;
