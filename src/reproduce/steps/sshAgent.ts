import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Cleanups } from '../../base/cleanups';
import { UserError } from '../../base/errors';
import type { Machine } from '../../machines/machine';
import { StepError, type Scope, type Variable } from '../../pipeline/effects';
import { bindingsOf } from '../../recipe/bindings';
import { isOn, takingAway, temporaryOf, workspaceOf, type Bench, type BlockEffect } from './bench';
import { credentialOf, keyText, shownId } from './credentials';

/** The longest path of a socket that all systems take, with room for its name. */
const SOCKET_PATH = 90;

/** A real ssh-agent for the body, with its keys; the keys themselves are in no file. */
export const sshagent: BlockEffect = async (call, at, body, bench) => {
  await using cleanups = new Cleanups();
  const { machine } = bench;
  const folder = await makeSocketFolder(at, bench);
  cleanups.defer(folder.remove);
  const socket = join(folder.path, 'agent');
  const environment = {
    ...bench.base,
    CI_PARITY_COOKIE: bench.files.id,
    SSH_AUTH_SOCK: socket,
  };
  const agent = await startAgent(folder.path, environment, at.signal, machine);
  cleanups.defer(async () => {
    // One that cannot be reached now is found by its holder's cookie.
    await machine.exec(endWords(agent), { signal: takingAway() }).catch(() => undefined);
  });
  for (const binding of bindingsOf(call)) {
    if (isOn(call, 'ignoreMissing') && typeof binding.id === 'string')
      if (!bench.secrets[binding.id]) continue;
    const credential = credentialOf(binding, bench);
    if (credential.kind !== 'ssh')
      throw new StepError(`The credential ${shownId(binding)} is no SSH key.`);
    const askpass = join(folder.path, 'askpass');
    const { passphrase } = credential;
    if (passphrase !== undefined)
      await machine.files.write(askpass, ASKPASS, { mode: 0o700 }, at.signal);
    const added = await machine.exec(['ssh-add', '-q', '-'], {
      input: keyText(credential),
      environment: {
        ...environment,
        ...(passphrase === undefined
          ? { SSH_ASKPASS_REQUIRE: 'never' }
          : {
              SSH_ASKPASS: askpass,
              SSH_ASKPASS_REQUIRE: 'force',
              // Older versions ask it only where there is a display.
              DISPLAY: ':none',
              CI_PARITY_PASSPHRASE: passphrase,
            }),
      },
      signal: at.signal,
    });
    if (added.code !== 0)
      throw new StepError(
        `[ssh-agent] ${shownId(binding)} could not be added: ${`${added.stdout}${added.stderr}`.trim()}`,
      );
  }
  const variable = (name: string, value: string): Variable => ({
    name,
    value,
    origin: 'sshagent',
    line: at.range.line,
  });
  await body({
    variables: [variable('SSH_AUTH_SOCK', socket), variable('SSH_AGENT_PID', agent.pid)],
  });
};

const ASKPASS = `#!/bin/sh\nprintf '%s\\n' "$CI_PARITY_PASSPHRASE"\n`;

interface Agent {
  readonly pid: string;
  /** The process that ends it. */
  readonly holder: string;
}

/** Resolves when its socket, `agent` in `folder`, is there. */
async function startAgent(
  folder: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
  machine: Machine,
): Promise<Agent> {
  const { code, stdout, stderr } = await machine.exec(['sh', '-c', START, 'sh', folder], {
    environment,
    signal,
  });
  const [, holder, pid] = /^(\d+) (\d+)$/m.exec(stdout) ?? [];
  if (code === 0 && pid !== undefined && holder !== undefined) return { pid, holder };
  const why = code === 127 ? `it is not on ${machine.name}` : stderr.trim();
  throw new UserError(`ssh-agent cannot be started: ${why || 'it does not open its socket'}`, {
    advice: 'Install OpenSSH’s client there, then reproduce again.',
  });
}

/**
 * An agent hides its environment even from its own user, so that no cookie could find it: a shell
 * holds it, which can be found, and ends it with itself.
 */
const START = `cd "$1" && command -v ssh-agent >/dev/null || exit 127
(
  trap 'kill $agent' TERM
  ssh-agent -D -a "$1/agent" </dev/null >/dev/null 2>said &
  agent=$!
  echo $agent >pid
  wait $agent
  wait $agent
) </dev/null >/dev/null 2>&1 &
holder=$!
waited=0
while { [ ! -S agent ] || [ ! -s pid ]; } && [ $waited -lt 50 ] && kill -0 $holder 2>/dev/null; do
  sleep 0.1
  waited=$((waited + 1))
done
[ -S agent ] || { cat said >&2; kill $holder 2>/dev/null; exit 1; }
echo "$holder $(cat pid)"`;

function endWords({ pid, holder }: Agent): string[] {
  const script = `kill "$1"
waited=0
while kill -0 "$2" 2>/dev/null && [ $waited -lt 50 ]; do sleep 0.1; waited=$((waited + 1)); done`;
  return ['sh', '-c', script, 'sh', holder, pid];
}

/** Whether a folder beside no workspace is one that `makeSocketFolder` made, by its name and what is in it. */
export async function isSocketFolder(
  path: string,
  { files }: Machine,
  signal: AbortSignal,
): Promise<boolean> {
  if (!/\/ssh-[0-9a-f]{12}$/.test(path)) return false;
  const there = await files.list(path, signal);
  return there.every((name) => ['agent', 'askpass', 'pid', 'said'].includes(name));
}

/** Beside the workspace, where a container sees it too, unless that path is too long for a socket. */
async function makeSocketFolder(
  at: Scope,
  bench: Bench,
): Promise<{ path: string; remove: () => Promise<void> }> {
  const { journal, base } = bench;
  const { files } = bench.machine;
  const above = temporaryOf(workspaceOf(at));
  const near = above.length < SOCKET_PATH - 'ssh-XXXXXXXXXXXX/agent'.length;
  const name = `ssh-${randomBytes(6).toString('hex')}`;
  const path = join(near ? above : (base['TMPDIR'] ?? '/tmp'), name);
  journal.append({ type: 'intent', what: 'secrets', where: path });
  await files.makeFolder(path, 0o700, at.signal);
  return {
    path,
    remove: async () => {
      // What cannot be removed now stays noted: it is tried again at the end, and named.
      await files.remove(path, takingAway()).then(
        () => journal.append({ type: 'gone', what: 'secrets', where: path }),
        () => undefined,
      );
    },
  };
}
