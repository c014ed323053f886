import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UserError } from '../base/errors';
import { keysOn, type AgentKeys } from './agentKeys';
import type { Wire } from './http';
import { isJenkinsError, JenkinsError, unless, UNUSABLE } from './jenkinsError';
import { fields, list, text } from './json';
import { submit } from './submit';
import { readBytes } from './wire/exchange';

/**
 * Agents of ours on a server. Facts are of jenkinsci/jenkins at 2.579, `core/src/main/java/hudson/`:
 * `model/ComputerSet.java`, `model/Computer.java`, `slaves/{DumbSlave,JNLPLauncher,SlaveComputer}.java`.
 * Where the server refuses, the JenkinsError's advice names the permission that it takes.
 */
export interface Agents {
  /** Rejects with a UserError where another agent has the name. */
  create(agent: NewAgent, signal: AbortSignal): Promise<void>;
  /** What the agent proves with that it is the one: never to be shown, logged or passed on a command line. */
  secret(name: string, signal: AbortSignal): Promise<string>;
  /** Undefined where there is none of that name. */
  status(name: string, signal: AbortSignal): Promise<AgentStatus | undefined>;
  /**
   * Deletes the agent if it bears the mark, whatever runs on it, and resolves when it is gone: whether it
   * was there. One without the mark is somebody else's, and stays.
   */
  remove(name: string, mark: AgentMark, signal: AbortSignal): Promise<boolean>;
  /** All that bear a mark, whoever made them. */
  marked(signal: AbortSignal): Promise<MarkedAgent[]>;
  /** What the server has written of connecting it, in its own words; '' where it does not show that. */
  log(name: string, signal: AbortSignal): Promise<string>;
  /** The server's own `agent.jar`, which whoever likes may have. */
  jar(signal: AbortSignal): Promise<Buffer>;
  /** The keys by which the server logs in at machines. */
  readonly keys: AgentKeys;
}

export interface NewAgent {
  /** As `checkAgentName` has it. */
  readonly name: string;
  /** As `checkLabels` has them. */
  readonly labels: string;
  readonly executors: number;
  /** Absolute, on the agent's machine. */
  readonly folder: string;
  /** Jobs that ask for no label may run on it, too. */
  readonly shared?: boolean;
  /** How the server starts it; without it, the agent connects to the server. */
  readonly ssh?: SshLaunch;
  readonly mark: AgentMark;
}

/** How a server reaches a machine by its plugin SSH Build Agents, and starts an agent there. */
export interface SshLaunch {
  readonly host: string;
  readonly port: number;
  /** The id of a credential in the server's own store: a user name with a private key. */
  readonly credential: string;
  /** The only host key that is accepted: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** The path of java over there. */
  readonly java: string;
  /** What the shell over there is told before it starts the agent. */
  readonly prefix: string;
}

/** Whose an agent is: it stands in its description. */
export interface AgentMark {
  /** 12 letters and digits. */
  readonly lease: string;
  /** `user@host` */
  readonly owner: string;
}

export interface AgentStatus {
  readonly online: boolean;
  /** Why it is not, in the server's words. */
  readonly reason: string | undefined;
  readonly mark: AgentMark | undefined;
}

export interface MarkedAgent extends AgentStatus {
  readonly name: string;
  readonly mark: AgentMark;
}

const JNLP_BOUND = 64 * 1024;
const LOG_BOUND = 4 * 1024 * 1024;
/** It has less than 2 MiB. */
const JAR_BOUND = 64 * 1024 * 1024;

export function agentsOn(wire: Wire, pollInterval: number): Agents {
  const pageOf = (name: string): string => `${wire.base}computer/${encodeURIComponent(name)}/`;

  async function status(name: string, signal: AbortSignal): Promise<AgentStatus | undefined> {
    const url = `${pageOf(name)}api/json?tree=${STATUS_FIELDS}`;
    const json = await unlessMissing(wire.json(url, signal));
    return json === undefined ? undefined : statusOf(json);
  }

  return {
    status,

    async create(agent, signal) {
      const request = { to: `create the agent ${agent.name}`, permission: 'Agent/Create' };
      try {
        await submit(wire, `${wire.base}computer/doCreateItem`, formOf(agent), request, signal);
      } catch (error) {
        // What it cannot bind is an exception of its own.
        if (agent.ssh && isJenkinsError(error, 'server-error') && !isRefused(error))
          throw new UserError(`${wire.base} could not make an agent that it reaches by SSH.`, {
            cause: error,
            advice:
              'Is its plugin SSH Build Agents (ssh-slaves) there? Without --ssh none is needed.',
          });
        // A name that is taken is one Failure (400) among others, in the server's own language.
        if (!isJenkinsError(error, 'server-error')) throw error;
        const there = await status(agent.name, signal).catch(() => undefined);
        if (!there || isSame(there.mark, agent.mark)) throw error;
        throw new UserError(`${wire.base} has an agent called ${agent.name} already.`, {
          cause: error,
          advice: 'Choose another name: --name',
        });
      }
    },

    /*
     * `jenkins-agent.jnlp`, on older servers `slave-agent.jnlp`, has the secret as its first argument
     * (SlaveComputer/jenkins-agent.jnlp.jelly), in plain text for whoever may connect agents
     * (jenkins/slaves/EncryptedSlaveAgentJnlpFile.java).
     */
    async secret(name, signal) {
      const read = (page: string) => wire.text(`${pageOf(name)}${page}`, signal, JNLP_BOUND);
      try {
        const page =
          (await unlessMissing(read('jenkins-agent.jnlp'))) ?? (await read('slave-agent.jnlp'));
        const secret = /<argument>\s*([0-9a-f]{32,128})\s*<\/argument>/.exec(page)?.[1];
        if (secret !== undefined) return secret;
      } catch (error) {
        if (!isJenkinsError(error, 'forbidden')) throw error;
        throw new JenkinsError(
          'forbidden',
          `${wire.base} does not allow your user to connect the agent ${name}.`,
          {
            cause: error,
            advice:
              'It takes the permission Agent/Connect. Ask an administrator of the server for it.',
          },
        );
      }
      throw new JenkinsError('malformed', `${wire.base} does not tell the secret of ${name}.`);
    },

    async remove(name, mark, signal) {
      for (let asked = false; ; asked = true) {
        const there = await status(name, signal);
        if (!there || !isSame(there.mark, mark)) return asked;
        if (asked) await delay(pollInterval, undefined, { signal });
        const request = { to: `delete the agent ${name}`, permission: 'Agent/Delete' };
        await unlessMissing(submit(wire, `${pageOf(name)}doDelete`, {}, request, signal));
      }
    },

    /* Computer.getLogText, as LargeText.doProgressiveText gives it: for whoever may connect agents. */
    async log(name, signal) {
      const url = `${pageOf(name)}logText/progressiveText?start=0`;
      return (await unless(UNUSABLE, wire.text(url, signal, LOG_BOUND))) ?? '';
    },

    async jar(signal) {
      const answer = await wire.get(`${wire.base}jnlpJars/agent.jar`, signal, { noPage: true });
      const jar = await readBytes(answer, wire.base, JAR_BOUND);
      if (jar.toString('latin1', 0, 2) === 'PK') return jar;
      throw new JenkinsError('malformed', `${wire.base} gave something else than its agent.jar.`);
    },

    keys: keysOn(wire),

    async marked(signal) {
      const url = `${wire.base}computer/api/json?tree=computer[displayName,${STATUS_FIELDS}]`;
      return list(fields(await wire.json(url, signal))['computer']).flatMap((computer) => {
        const name = text(fields(computer)['displayName']);
        const { mark, ...rest } = statusOf(computer);
        return name === undefined || !mark ? [] : [{ name, mark, ...rest }];
      });
    },
  };
}

/**
 * A name that Jenkins takes for an agent (`jenkins.model.Jenkins.checkGoodName`), and that leads to it.
 * @throws UserError
 */
export function checkAgentName(typed: string): string {
  const name = typed.trim();
  const unsafe = /[?*/\\%!@#$^&|<>[\]:;\p{Cc}]/u.exec(name)?.[0];
  if (unsafe !== undefined)
    throw new UserError(`An agent's name cannot have ${JSON.stringify(unsafe)} in it.`);
  // Names in parentheses are the server's own node, and it has pages of its own beside the agents'.
  if (name === '' || name.endsWith('.') || /^\(.*\)$|^(new|api|configure)$/i.test(name))
    throw new UserError(`An agent cannot be called ${JSON.stringify(name)}.`);
  return name;
}

/**
 * Labels as the field of Jenkins' form has them: words with blanks between, none of which needs quotes in
 * a Jenkinsfile (`hudson.model.labels.LabelAtom.needsEscape`).
 * @throws UserError
 */
export function checkLabels(typed: string): string {
  const labels = typed.split(/\s+/).filter((label) => label !== '');
  const wrong = labels.find(
    (label) => /[?*/\\%!@#$^&|<>[\]:;()"'\p{Cc}]/u.test(label) || label.endsWith('.'),
  );
  if (wrong !== undefined)
    throw new UserError(`${JSON.stringify(wrong)} is no label that Jenkins takes without quotes.`);
  if (labels.length === 0) throw new UserError('An agent needs a label.');
  return labels.join(' ');
}

/** By it what is ours is known. */
export function descriptionOf({ lease, owner }: AgentMark): string {
  return `ci-parity lease=${lease} of ${owner}`;
}

const STATUS_FIELDS = 'description,offline,offlineCauseReason';

/**
 * What `ComputerSet/_new.jelly` with `DumbSlave/configure-entries.jelly` sends: `type` is the id of the
 * node's descriptor, `json` is bound to its fields. EXCLUSIVE: only jobs that ask for one of its labels.
 * WebSocket needs no port but that of the web pages.
 */
function formOf(agent: NewAgent): Record<string, string> {
  const { name, labels, executors, folder, shared = false, ssh, mark } = agent;
  const json = {
    name,
    nodeDescription: descriptionOf(mark),
    numExecutors: String(executors),
    remoteFS: folder,
    labelString: labels,
    mode: shared ? 'NORMAL' : 'EXCLUSIVE',
    type: NODE,
    launcher: ssh ? launcherOf(ssh) : { ...kind('hudson.slaves.JNLPLauncher'), webSocket: true },
    retentionStrategy: kind('hudson.slaves.RetentionStrategy$Always'),
    nodeProperties: { 'stapler-class-bag': 'true' },
  };
  return { name, type: NODE, json: JSON.stringify(json) };
}

/** `SSHLauncher/config.jelly` and `SSHConnector/config.jelly` of jenkinsci/ssh-agents-plugin, April 2026. */
function launcherOf({ host, port, credential, hostKey, java, prefix }: SshLaunch): object {
  const verifier = 'hudson.plugins.sshslaves.verifiers.ManuallyProvidedKeyVerificationStrategy';
  return {
    ...kind('hudson.plugins.sshslaves.SSHLauncher'),
    ...{ host, port: String(port), credentialsId: credential },
    sshHostKeyVerificationStrategy: { ...kind(verifier), key: hostKey },
    ...{ jvmOptions: '', javaPath: java, prefixStartSlaveCmd: prefix, suffixStartSlaveCmd: '' },
    ...{ launchTimeoutSeconds: '60', maxNumRetries: '3', retryWaitTime: '5' },
    ...{ tcpNoDelay: true, workDir: '' },
  };
}

const NODE = 'hudson.slaves.DumbSlave';

function kind(name: string): Record<string, string> {
  return { 'stapler-class': name, $class: name };
}

function statusOf(json: unknown): AgentStatus {
  const { description, offline, offlineCauseReason } = fields(json);
  const [, lease, owner] =
    /^ci-parity lease=([a-z0-9]{12}) of (\S{1,300})$/.exec(text(description) ?? '') ?? [];
  return {
    online: offline === false,
    reason: text(offlineCauseReason)?.slice(0, 300),
    mark: lease === undefined || owner === undefined ? undefined : { lease, owner },
  };
}

function isSame(one: AgentMark | undefined, other: AgentMark): boolean {
  return one?.lease === other.lease && one.owner === other.owner;
}

/** Whether the server has said why, in words for people. */
function isRefused(error: unknown): boolean {
  return messageOf(error).startsWith('Jenkins refused');
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isJenkinsError(error, 'not-found')) return undefined;
    throw error;
  }
}
