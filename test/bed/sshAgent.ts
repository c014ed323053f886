import { execFileSync } from 'node:child_process';

/** A real ssh-agent that holds these keys until it is disposed. */
export function startSshAgent(
  socket: string,
  ...keyFiles: string[]
): Disposable & { readonly socket: string } {
  const told = execFileSync('ssh-agent', ['-s', '-a', socket], { encoding: 'utf8' });
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(told)?.[1]);
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  const agent = { socket, [Symbol.dispose]: () => void process.kill(pid) };
  try {
    for (const file of keyFiles) execFileSync('ssh-add', ['-q', file], { env });
  } catch (error) {
    agent[Symbol.dispose]();
    throw error;
  }
  return agent;
}
