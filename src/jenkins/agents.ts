import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../base/errors';
import type { Wire } from './http';
import { isJenkinsError, JenkinsError } from './jenkinsError';
import { fields, list, text } from './json';
import { submit } from './submit';

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
}

export interface NewAgent {
  /** As `checkAgentName` has it. */
  readonly name: string;
  /** As `checkLabels` has them. */
  readonly labels: string;
  readonly executors: number;
  /** Absolute, on the agent's machine. */
  readonly folder: string;
  readonly mark: AgentMark;
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

const STATUS_FIELDS = 'description,offline,offlineCauseReason';

/**
 * What `ComputerSet/_new.jelly` with `DumbSlave/configure-entries.jelly` sends: `type` is the id of the
 * node's descriptor, `json` is bound to its fields. EXCLUSIVE: only jobs that ask for one of its labels.
 * WebSocket needs no port but that of the web pages.
 */
function formOf({ name, labels, executors, folder, mark }: NewAgent): Record<string, string> {
  const json = {
    name,
    nodeDescription: `ci-parity lease=${mark.lease} of ${mark.owner}`,
    numExecutors: String(executors),
    remoteFS: folder,
    labelString: labels,
    mode: 'EXCLUSIVE',
    type: NODE,
    launcher: { ...kind('hudson.slaves.JNLPLauncher'), webSocket: true },
    retentionStrategy: kind('hudson.slaves.RetentionStrategy$Always'),
    nodeProperties: { 'stapler-class-bag': 'true' },
  };
  return { name, type: NODE, json: JSON.stringify(json) };
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

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isJenkinsError(error, 'not-found')) return undefined;
    throw error;
  }
}
