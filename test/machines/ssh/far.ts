/** What the tests of far machines share: a real server, and the machine on it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanups } from '../../../src/base/cleanups';
import type { SshAddress } from '../../../src/machines/lender';
import type { RunOptions } from '../../../src/machines/machine';
import { openSshMachine, type SshMachine } from '../../../src/machines/ssh/sshMachine';
import type { SshPatience, SshSurroundings } from '../../../src/machines/ssh/surroundings';
import { startSshd, type Sshd, type SshdOptions } from '../../bed/sshd';

export const never = new AbortController().signal;

/** Short enough for tests, long enough for a machine that is busy. */
export const quick: SshPatience = { connect: 5000, keepAlive: 400, away: 60_000, pause: 300 };

export interface Far extends AsyncDisposable {
  readonly host: Sshd;
  readonly machine: SshMachine;
  readonly said: string[];
}

export async function openFar(
  options: SshdOptions = {},
  changes: Partial<SshSurroundings> = {},
): Promise<Far> {
  const said: string[] = [];
  const host = await startSshd(options);
  try {
    const around = await surroundings({ say: (words) => said.push(words), ...changes });
    const machine = await openSshMachine(addressOf(host), around, never);
    return {
      host,
      machine,
      said,
      [Symbol.asyncDispose]: async () => {
        await using cleanups = new Cleanups();
        cleanups.defer(() => rm(around.stateDirectory, { recursive: true }));
        cleanups.defer(async () => host[Symbol.asyncDispose]());
        cleanups.defer(async () => machine[Symbol.asyncDispose]());
      },
    };
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

export function addressOf(host: Sshd): SshAddress {
  const { address, port, user, keyFile, hostKey } = host;
  return { host: address, port, user, keyFile, hostKeys: [hostKey] };
}

/** Nobody is asked, and no configuration of the person's is read. Its folder is whoever's calls it. */
export async function surroundings(
  changes: Partial<SshSurroundings> = {},
): Promise<SshSurroundings> {
  return {
    stateDirectory: await mkdtemp(join(tmpdir(), 'ci-parity-state-')),
    ask: {
      hostKey: () => Promise.reject(new Error('Nobody is to be asked for a host key.')),
      passphrase: () => Promise.reject(new Error('Nobody is to be asked for a passphrase.')),
    },
    say: () => undefined,
    configFile: 'none',
    patience: quick,
    ...changes,
  };
}

export type Collected = RunOptions & { readonly chunks: Buffer[]; text(): string };

export function collecting(changes: Partial<RunOptions> = {}): Collected {
  const chunks: Buffer[] = [];
  return {
    directory: '/root',
    environment: { PATH: '/usr/bin:/bin' },
    onOutput: (chunk) => void chunks.push(chunk),
    signal: never,
    kill: never,
    grace: 1000,
    captureStdout: false,
    chunks,
    text: () => Buffer.concat(chunks).toString(),
    ...changes,
  };
}
