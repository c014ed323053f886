import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Cleanups } from '../../base/cleanups';
import { UserError } from '../../base/errors';
import { StepError, type Scope, type Variable } from '../../pipeline/effects';
import { bindingsOf } from '../../recipe/bindings';
import { isOn, temporaryOf, workspaceOf, type Bench, type BlockEffect } from './bench';
import { credentialOf, keyText, shownId } from './credentials';

/** The longest path of a socket that all systems take, with room for its name. */
const SOCKET_PATH = 90;

/** Milliseconds for the agent to open its socket. */
const PATIENCE = 5000;

/** A real ssh-agent for the body, with its keys; the keys themselves are in no file. */
export const sshagent: BlockEffect = async (call, at, body, bench) => {
  await using cleanups = new Cleanups();
  const folder = await makeSocketFolder(at, bench);
  cleanups.defer(folder.remove);
  const socket = join(folder.path, 'agent');
  const environment = { ...bench.base, ...cookie(bench), SSH_AUTH_SOCK: socket };
  const agent = execa('ssh-agent', ['-D', '-a', socket], {
    env: environment,
    extendEnv: false,
    stdio: 'ignore',
    reject: false,
    cleanup: true,
  });
  cleanups.defer(async () => {
    agent.kill('SIGTERM');
    await agent;
  });
  const ended = agent.then(({ shortMessage }) => ({ shortMessage }));
  await opened(socket, ended);
  for (const binding of bindingsOf(call)) {
    if (isOn(call, 'ignoreMissing') && typeof binding.id === 'string')
      if (!bench.secrets[binding.id]) continue;
    const credential = credentialOf(binding, bench);
    if (credential.kind !== 'ssh')
      throw new StepError(`The credential ${shownId(binding)} is no SSH key.`);
    const askpass = join(folder.path, 'askpass');
    const { passphrase } = credential;
    if (passphrase !== undefined)
      await writeFile(askpass, `#!/bin/sh\nprintf '%s\\n' "$CI_PARITY_PASSPHRASE"\n`, {
        mode: 0o700,
      });
    const added = await execa('ssh-add', ['-q', '-'], {
      input: keyText(credential),
      env: {
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
      extendEnv: false,
      reject: false,
      all: true,
      cancelSignal: at.signal,
    });
    at.signal.throwIfAborted();
    if (added.exitCode !== 0)
      throw new StepError(
        `[ssh-agent] ${shownId(binding)} could not be added: ${bench.mask.text(added.all.trim())}`,
      );
  }
  const variable = (name: string, value: string): Variable => ({
    name,
    value,
    origin: 'sshagent',
    line: at.range.line,
  });
  await body({
    variables: [
      variable('SSH_AUTH_SOCK', socket),
      variable('SSH_AGENT_PID', String(agent.pid ?? 0)),
    ],
  });
};

/** Resolves when the socket is there; `over` is the agent's end. */
async function opened(
  socket: string,
  over: Promise<{ readonly shortMessage?: string | undefined }>,
): Promise<void> {
  let why: string | undefined;
  void over.then(({ shortMessage }) => (why = shortMessage ?? 'it ended at once'));
  for (let waited = 0; !existsSync(socket) && why === undefined && waited < PATIENCE; waited += 10)
    await delay(10);
  if (existsSync(socket)) return;
  throw new UserError(`ssh-agent cannot be started: ${why ?? 'it does not open its socket'}`, {
    advice: 'Install OpenSSH’s client, then reproduce again.',
  });
}

/** Beside the workspace, where a container sees it too, unless that path is too long for a socket. */
async function makeSocketFolder(
  at: Scope,
  bench: Bench,
): Promise<{ path: string; remove: () => Promise<void> }> {
  const { journal } = bench;
  const above = temporaryOf(workspaceOf(at));
  const near = above.length < SOCKET_PATH - 'ssh-XXXXXX/agent'.length;
  if (near) await mkdir(above, { recursive: true, mode: 0o700 });
  const path = await mkdtemp(join(near ? above : tmpdir(), 'ssh-'));
  journal.append({ type: 'intent', what: 'secrets', where: path });
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true });
      journal.append({ type: 'gone', what: 'secrets', where: path });
    },
  };
}

function cookie({ files }: Bench): Record<string, string> {
  return { CI_PARITY_COOKIE: files.id };
}
