/**
 * The nodes of the double: hudson.model.ComputerSet and Computer, hudson.slaves.SlaveComputer, and
 * jenkins.agents.WebSocketAgents of Jenkins' core. An agent cannot speak Jenkins' own protocol to it:
 * its `agent.jar` is a shell script, to be run by a `java` that runs scripts, which keeps a request open.
 */
import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Asked } from './doing';
import { launchBySsh, type SshCredential, type SshLaunchSpec } from './sshLaunch';
import type { AgentDeed, Context } from './live';
import { type Reply, api, forbidden, html, notFound, plain } from './replies';
import type { Model } from './tree';

export interface LiveNode {
  readonly name: string;
  readonly description: string;
  readonly executors: number;
  readonly folder: string;
  readonly labels: readonly string[];
  readonly mode: string;
  /** How the server reaches it; undefined where its agent connects. */
  readonly ssh: SshLaunchSpec | undefined;
  /** What its agent keeps open. */
  channel: { destroy(): void } | undefined;
  /** What the server has written of connecting it. */
  log: string;
}

export class LiveNodes {
  readonly all: LiveNode[] = [];
  /** The store `system`, domain `_`. */
  readonly credentials = new Map<string, SshCredential>();
  readonly #launches = new Map<LiveNode, AbortController>();

  /** As a node with the retention strategy Always: it is connected at once. Once is enough here. */
  launch(node: LiveNode, spec: SshLaunchSpec): void {
    const ender = new AbortController();
    this.#launches.set(node, ender);
    const told = {
      log: (words: string) => void (node.log += `${words}\n`),
      online: () => (node.channel = { destroy: () => ender.abort() }),
      offline: () => (node.channel = undefined),
    };
    const credential = this.credentials.get(spec.credentialsId);
    void launchBySsh(spec, credential, AGENT_JAR, told, ender.signal);
  }

  close(): void {
    for (const ender of this.#launches.values()) ender.abort();
  }

  find(name: string): LiveNode | undefined {
    return this.all.find((node) => node.name === name);
  }

  /** Computer.doDoDelete: its agent is cut off. */
  remove(node: LiveNode): void {
    this.all.splice(this.all.indexOf(node), 1);
    node.channel?.destroy();
    this.#launches.get(node)?.abort();
  }

  /** Whether the request was one of an agent; it is answered then. */
  connects(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    if (path !== 'wsagents/') return false;
    const { 'node-name': name, 'secret-key': secret } = request.headers;
    const refuse = (status: number): void => void response.writeHead(status).end();
    const node = typeof name === 'string' ? this.find(name) : undefined;
    if (request.headers['x-remoting-capability'] === undefined || !node) refuse(400);
    else if (secret !== secretOf(node.name)) refuse(403);
    else {
      node.channel?.destroy();
      node.channel = response;
      response.writeHead(200).write('connected\n');
      response.once('close', () => {
        if (node.channel === response) node.channel = undefined;
      });
    }
    return true;
  }
}

/** JnlpAgentReceiver.SLAVE_SECRET: 64 hexadecimal digits, of the name and a key of the server's own. */
export function secretOf(name: string): string {
  return createHmac('sha256', 'the double').update(name).digest('hex');
}

export function nodeModel(node: LiveNode): Model {
  return {
    _class: 'hudson.slaves.SlaveComputer',
    assignedLabels: [...node.labels, node.name].map((name) => ({ name })),
    description: node.description,
    displayName: node.name,
    executors: [],
    jnlpAgent: node.ssh === undefined,
    launchSupported: node.ssh !== undefined,
    numExecutors: node.executors,
    offline: !node.channel,
    offlineCauseReason: '',
    oneOffExecutors: [],
  };
}

/** What is got below `computer/NAME/`; undefined where that is something else. */
export function nodePage(url: URL, path: string, context: Context): Reply | undefined {
  if (path === 'jnlpJars/agent.jar')
    return plain(AGENT_JAR, { 'Content-Type': 'application/java-archive' });
  const [, segment = '', page] = /^computer\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (page === undefined || segment === 'api') return undefined;
  const node = context.nodes.find(decodeURIComponent(segment));
  if (!node) return notFound();
  switch (page) {
    case 'api/json':
      return api(url, nodeModel(node), 'displayName,description,offline');
    // Computer.getLogText, of Jenkins 2.4xx and later.
    case 'logText/progressiveText':
      if (!mayWith(context, 'connect'))
        return forbidden(url, context.user?.name, 'hudson.model.Computer.Connect');
      return plain(node.log, { 'X-Text-Size': String(node.log.length) });
    case 'jenkins-agent.jnlp':
    case 'slave-agent.jnlp':
      if (page === 'jenkins-agent.jnlp' && context.options.agentPages === 'old') return notFound();
      if (!mayWith(context, 'connect'))
        return forbidden(url, context.user?.name, 'hudson.model.Computer.Connect');
      return plain(jnlpOf(node), { 'Content-Type': 'application/x-java-jnlp-file' });
    default:
      return notFound();
  }
}

/** What is posted to `computer/`; undefined where that is something else. */
export function postedToNodes(path: string, asked: Asked): Reply | undefined {
  const { context, url, fields } = asked;
  const store = 'credentials/store/system/domain/_/';
  if (path.startsWith(store)) return postedToStore(path.slice(store.length), asked);
  const refused = (permission: string): Reply =>
    forbidden(url, context.user?.name, `hudson.model.Computer.${permission}`);
  if (path === 'computer/doCreateItem')
    return mayWith(context, 'create') ? created(fields, context) : refused('Create');
  const [, segment] = /^computer\/([^/]+)\/doDelete$/.exec(path) ?? [];
  if (segment === undefined) return undefined;
  const node = context.nodes.find(decodeURIComponent(segment));
  if (!node) return notFound();
  if (!mayWith(context, 'delete')) return refused('Delete');
  context.nodes.remove(node);
  return toList(context);
}

/** DomainWrapper.doCreateCredentials and CredentialsWrapper.doDoDelete of jenkinsci/credentials-plugin. */
function postedToStore(path: string, { context, url, raw, type }: Asked): Reply {
  const refused = (what: string): Reply =>
    forbidden(
      url,
      context.user?.name,
      `com.cloudbees.plugins.credentials.CredentialsProvider.${what}`,
    );
  const { credentials } = context.nodes;
  if (path === 'createCredentials') {
    if (!mayWith(context, 'add key')) return refused('Create');
    if (!type.startsWith('application/xml')) return html(400, '<html><body>form</body></html>');
    const credential = credentialOf(raw.toString());
    if (!credential) return html(500, '<html><body><h1>Oops!</h1></body></html>');
    if (credentials.has(credential.id)) return { status: 409, headers: {}, body: '' };
    credentials.set(credential.id, credential);
    return { status: 200, headers: {}, body: '' };
  }
  const [, id = ''] = /^credential\/([^/]+)\/doDelete$/.exec(path) ?? [];
  if (!credentials.has(id)) return notFound();
  if (!mayWith(context, 'remove key')) return refused('Delete');
  credentials.delete(id);
  return { status: 302, headers: { Location: '../..' }, body: '' };
}

function credentialOf(xml: string): SshCredential | undefined {
  const key = 'com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey';
  const element = (name: string): string | undefined =>
    new RegExp(`<${name}>([^<]*)</${name}>`)
      .exec(xml)?.[1]
      ?.replace(/&(lt|gt|amp);/g, (_, which: 'lt' | 'gt' | 'amp') => ENTITIES[which]);
  const source = `<privateKeySource class="${key}$DirectEntryPrivateKeySource">`;
  const [id, scope, username] = ['id', 'scope', 'username'].map(element);
  const privateKey = element('privateKey');
  if (!xml.startsWith(`<${key}>`) || !xml.includes(source)) return undefined;
  if (id === undefined || username === undefined || privateKey === undefined) return undefined;
  if (scope !== 'SYSTEM' && scope !== 'GLOBAL') return undefined;
  return { id, scope, username, privateKey, description: element('description') ?? '' };
}

const ENTITIES = { lt: '<', gt: '>', amp: '&' } as const;

/** The launcher as `bindJSON` makes it; undefined where it cannot, also since the plugin is not there. */
function launcherOf(
  launcher: Record<string, unknown> | undefined,
  folder: string,
  plugin: boolean,
): 'inbound' | SshLaunchSpec | undefined {
  if (launcher?.['stapler-class'] === 'hudson.slaves.JNLPLauncher') return 'inbound';
  if (!plugin || launcher?.['stapler-class'] !== 'hudson.plugins.sshslaves.SSHLauncher')
    return undefined;
  const verifier = launcher['sshHostKeyVerificationStrategy'] as Record<string, unknown>;
  const manual = 'hudson.plugins.sshslaves.verifiers.ManuallyProvidedKeyVerificationStrategy';
  const hostKey = textOf(verifier['key']);
  // parseKey wants two parts.
  if (verifier['stapler-class'] !== manual || !/^\S+ [\w+/=]+$/.test(hostKey)) return undefined;
  return {
    host: textOf(launcher['host']),
    port: Number(launcher['port']),
    credentialsId: textOf(launcher['credentialsId']),
    hostKey,
    javaPath: textOf(launcher['javaPath']),
    prefix: textOf(launcher['prefixStartSlaveCmd']),
    workingDirectory: folder,
  };
}

function created(form: URLSearchParams, context: Context): Reply {
  const name = form.get('name')?.trim() ?? '';
  const failure = (message: string): Reply =>
    html(400, `<html><body><h1>Error</h1><p>${message}</p></body></html>`, {
      'X-Error': message,
    });
  if (name === '') return failure('No name is specified');
  const unsafe = /[?*/\\%!@#$^&|<>[\]:;]/.exec(name)?.[0];
  if (unsafe !== undefined) return failure(`${unsafe} is an unsafe character`);
  if (context.nodes.find(name)) return failure(`Agent called ${name} already exists`);
  const json = JSON.parse(form.get('json') ?? '{}') as Record<string, unknown>;
  const folder = textOf(json['remoteFS']);
  const launcher = launcherOf(
    json['launcher'] as Record<string, unknown> | undefined,
    folder,
    context.options.sshAgents !== false,
  );
  // What cannot be bound is an exception of the server's own, which it shows as such.
  if (
    form.get('type') !== 'hudson.slaves.DumbSlave' ||
    launcher === undefined ||
    !['NORMAL', 'EXCLUSIVE'].includes(textOf(json['mode'])) ||
    !(Number(json['numExecutors']) > 0)
  )
    return html(500, '<html><body><h1>Oops!</h1></body></html>');
  const node: LiveNode = {
    name,
    description: textOf(json['nodeDescription']),
    executors: Number(json['numExecutors']),
    folder,
    labels: textOf(json['labelString']).split(/\s+/),
    mode: textOf(json['mode']),
    ssh: launcher === 'inbound' ? undefined : launcher,
    channel: undefined,
    log: '',
  };
  context.nodes.all.push(node);
  if (node.ssh) context.nodes.launch(node, node.ssh);
  return toList(context);
}

function toList({ prefix }: Context): Reply {
  return { status: 302, headers: { Location: `${prefix}/computer/` }, body: '' };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** SlaveComputer/jenkins-agent.jnlp.jelly */
function jnlpOf({ name, folder }: LiveNode): string {
  const words = [
    secretOf(name),
    name,
    '-webSocket',
    '-workDir',
    folder,
    '-internalDir',
    'remoting',
  ];
  const args = words.map((word) => `<argument>${word}</argument>`).join('\n        ');
  return `<jnlp>
      <application-desc>
        ${args}
      </application-desc>
    </jnlp>`;
}

function mayWith({ user, options }: Context, what: AgentDeed): boolean {
  if (user === undefined) return options.users === undefined;
  return user.agents?.includes(what) ?? true;
}

/**
 * The stand-in for Jenkins' remoting: online as long as it runs. As `Launcher.java` has it, without `-url` it speaks on
 * its standard streams. It begins as a jar does, which a shell passes over.
 */
const AGENT = `PK 2> /dev/null
url= name= secret= work= ca=
while [ $# -gt 0 ]; do
  case $1 in
    -url) url=$2; shift ;;
    -name) name=$2; shift ;;
    -secret) secret=$2; shift ;;
    -workDir) work=$2; shift ;;
    -webSocket) ;;
    -cert) ca=\${2#@}; shift ;;
    *) echo "$1 is not a valid option" >&2; exit 2 ;;
  esac
  shift
done
case $secret in @*) secret=$(cat "\${secret#@}") ;; esac
mkdir -p "$work/remoting"
if [ -z "$url" ]; then
  echo '<===[JENKINS REMOTING CAPACITY]===>'
  exec cat > /dev/null
fi
[ -z "$ca" ] || grep -q 'BEGIN CERTIFICATE' "$ca" || { echo "$ca has no certificate" >&2; exit 2; }
while :; do
  echo "INFO: connecting $name"
  curl -sSfN \${ca:+--cacert "$ca"} -K - <<CONFIG
url = "\${url}wsagents/"
header = "Node-Name: $name"
header = "Secret-Key: $secret"
header = "X-Remoting-Capability: stand-in"
CONFIG
  echo "INFO: the connection was lost"
  sleep 1
done
`;

const AGENT_JAR = Buffer.from(AGENT);
