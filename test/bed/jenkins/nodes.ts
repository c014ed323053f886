/**
 * The nodes of the double: hudson.model.ComputerSet and Computer, hudson.slaves.SlaveComputer, and
 * jenkins.agents.WebSocketAgents of Jenkins' core. An agent cannot speak Jenkins' own protocol to it:
 * its `agent.jar` is a shell script, to be run by a `java` that runs scripts, which keeps a request open.
 */
import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Asked } from './doing';
import type { Context } from './live';
import { type Reply, api, forbidden, html, notFound, plain } from './replies';
import type { Model } from './tree';

export interface LiveNode {
  readonly name: string;
  readonly description: string;
  readonly executors: number;
  readonly folder: string;
  readonly labels: readonly string[];
  readonly mode: string;
  /** The request that its agent keeps open. */
  channel: ServerResponse | undefined;
}

export class LiveNodes {
  readonly all: LiveNode[] = [];

  find(name: string): LiveNode | undefined {
    return this.all.find((node) => node.name === name);
  }

  /** Computer.doDoDelete: its agent is cut off. */
  remove(node: LiveNode): void {
    this.all.splice(this.all.indexOf(node), 1);
    node.channel?.destroy();
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
    jnlpAgent: true,
    launchSupported: false,
    numExecutors: node.executors,
    offline: !node.channel,
    offlineCauseReason: '',
    oneOffExecutors: [],
  };
}

/** What is got below `computer/NAME/`; undefined where that is something else. */
export function nodePage(url: URL, path: string, context: Context): Reply | undefined {
  if (path === 'jnlpJars/agent.jar') return plain(AGENT);
  const [, segment = '', page] = /^computer\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (page === undefined || segment === 'api') return undefined;
  const node = context.nodes.find(decodeURIComponent(segment));
  if (!node) return notFound();
  switch (page) {
    case 'api/json':
      return api(url, nodeModel(node), 'displayName,description,offline');
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
  const launcher = json['launcher'] as Record<string, unknown> | undefined;
  // What cannot be bound is an exception of the server's own, which it shows as such.
  if (
    form.get('type') !== 'hudson.slaves.DumbSlave' ||
    launcher?.['stapler-class'] !== 'hudson.slaves.JNLPLauncher' ||
    !['NORMAL', 'EXCLUSIVE'].includes(textOf(json['mode'])) ||
    !(Number(json['numExecutors']) > 0)
  )
    return html(500, '<html><body><h1>Oops!</h1></body></html>');
  context.nodes.all.push({
    name,
    description: textOf(json['nodeDescription']),
    executors: Number(json['numExecutors']),
    folder: textOf(json['remoteFS']),
    labels: textOf(json['labelString']).split(/\s+/),
    mode: textOf(json['mode']),
    channel: undefined,
  });
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

function mayWith({ user, options }: Context, what: 'create' | 'connect' | 'delete'): boolean {
  if (user === undefined) return options.users === undefined;
  return (user.agents ?? ['create', 'connect', 'delete']).includes(what);
}

/** The stand-in for Jenkins' remoting: online as long as it runs. */
const AGENT = `url= name= secret= work=
while [ $# -gt 0 ]; do
  case $1 in
    -url) url=$2; shift ;;
    -name) name=$2; shift ;;
    -secret) secret=$2; shift ;;
    -workDir) work=$2; shift ;;
    -webSocket) ;;
    *) echo "$1 is not a valid option" >&2; exit 2 ;;
  esac
  shift
done
case $secret in @*) secret=$(cat "\${secret#@}") ;; esac
mkdir -p "$work/remoting"
while :; do
  echo "INFO: connecting $name"
  curl -sSfN -K - <<CONFIG
url = "\${url}wsagents/"
header = "Node-Name: $name"
header = "Secret-Key: $secret"
header = "X-Remoting-Capability: stand-in"
CONFIG
  echo "INFO: the connection was lost"
  sleep 1
done
`;
