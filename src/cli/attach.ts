import { attach, type Joining, type Way } from '../attach/attach';
import { detach, sweepAgents } from '../attach/detach';
import { UserError } from '../base/errors';
import { takeSecrets, type Secrets } from '../base/secretChannel';
import { stateDirectory } from '../base/stateDirectory';
import { baseUrl, parseRunUrl } from '../jenkins/url';
import { checkAgentProxy } from '../machines/agent';
import { whoWeAre } from '../machines/leases/ledger';
import { otherMachine } from '../reproduce/place';
import { interruptible } from './commands';
import { UsageError, type Flags } from './flags';
import { authoritiesOf, clientFor } from './server';
import { opener } from './sshQuestions';
import type { Terminal } from './terminal';

/** Makes a machine an agent of somebody's Jenkins. */
export async function attachMachine(
  [what, address, ...more]: readonly string[],
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  const { labels, executors, agentName: name, shared, folder } = flags;
  if (what === undefined || address === undefined || more.length > 0)
    throw new UsageError('attach wants a machine and the address of a Jenkins server.');
  if (labels === undefined)
    throw new UsageError(
      'attach wants a label, by which jobs ask for the machine: --label vagrant',
    );
  const way = wayOf(flags, process.env);
  const signal = interruptible(terminal);
  const server = parseRunUrl(address)?.server ?? baseUrl(address);
  const secrets = await offered(signal);
  const { user } = environmentFor(server, secrets);
  const ways = waysOf(terminal, secrets, (asked) => asked === server);
  const wish = {
    machine: otherMachine(what),
    server,
    user,
    labels,
    executors,
    shared,
    way,
    folder,
    name,
  };
  const { id, name: called } = await attach(ways, wish, signal);
  terminal.emit({ kind: 'attached', id, server, name: called, labels });
  terminal.say(`${called} is an agent of ${server} · take it off: ci-parity detach ${what}`);
}

/** Who connects to whom. The authorities that we are told to believe are those of the server: its agent gets them, too. */
function wayOf({ ssh, credential, proxy }: Flags, environment: NodeJS.ProcessEnv): Way {
  if (credential !== undefined && !ssh)
    throw new UsageError('--credential names what the server logs in with: it goes with --ssh.');
  if (ssh && proxy !== undefined)
    throw new UsageError(
      '--proxy is the way from the machine to the server: it does not go with --ssh.',
    );
  if (ssh) return { kind: 'ssh', credential };
  return {
    kind: 'inbound',
    proxy: proxy === undefined ? undefined : checkAgentProxy(proxy),
    ca: authoritiesOf(environment),
  };
}

export async function detachMachine(what: string, terminal: Terminal): Promise<void> {
  const signal = interruptible(terminal);
  const ways = waysOf(terminal, await offered(signal), unlessNamedOtherwise);
  await detach(ways, otherMachine(what), signal);
  terminal.emit({ kind: 'detached', machine: what });
  terminal.say(`${what} is no agent any more`);
}

/** Takes off what is due, and says what could not be; see `waysOf` for `isMeant`. */
export async function sweepAttached(
  terminal: Terminal,
  isMeant: (server: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  for (const words of await sweepAgents(waysOf(terminal, {}, isMeant), signal)) terminal.say(words);
}

/**
 * `isMeant` tells whether the environment's user and token are for a server: no other gets them. What the
 * editor offers is for one server each.
 */
export function waysOf(
  terminal: Terminal,
  secrets: Secrets,
  isMeant: (server: string) => boolean,
): Joining {
  return {
    root: stateDirectory(),
    who: whoWeAre(),
    agents: async (server, user) => {
      const known = environmentFor(server, secrets);
      if (!known.isOffered && (!isMeant(server) || known.user !== user))
        throw new UserError(`It is not known how to sign in at ${server}`, {
          advice: `It takes JENKINS_URL=${server} with JENKINS_USER and JENKINS_TOKEN in the environment.`,
        });
      const client = clientFor({ server }, known.environment);
      const agents = await client.doing.agents();
      return { ...agents, [Symbol.dispose]: () => client[Symbol.dispose]() };
    },
    open: opener(terminal),
    resolve: async (address, wanted) => {
      const { resolveTarget } = await import('../machines/ssh/configuration');
      return resolveTarget(address, {}, wanted);
    },
    say: (words) => terminal.say(words),
  };
}

/** Where no other server is in question, it is enough that JENKINS_URL does not name one. */
export function unlessNamedOtherwise(server: string): boolean {
  const named = process.env['JENKINS_URL'] ?? '';
  return named === '' || baseUrl(named) === server;
}

export function isNamed(server: string): boolean {
  return (process.env['JENKINS_URL'] ?? '') !== '' && unlessNamedOtherwise(server);
}

function environmentFor(server: string, secrets: Secrets) {
  const login = secrets[`JENKINS ${server}`];
  const isOffered = login?.kind === 'login';
  const environment = isOffered
    ? { ...process.env, JENKINS_USER: login.username, JENKINS_TOKEN: login.password }
    : process.env;
  const user = environment['JENKINS_USER'];
  return { environment, isOffered, user: user === '' ? undefined : user };
}

async function offered(signal: AbortSignal): Promise<Secrets> {
  const path = process.env['CI_PARITY_SECRETS'];
  return path === undefined ? {} : await takeSecrets(path, signal);
}
