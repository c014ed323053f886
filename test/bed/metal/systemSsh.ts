import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SshAddress } from '../../../src/machines/lender';
import { openLocalMachine } from '../../../src/machines/local';
import type { Machine } from '../../../src/machines/machine';
import { shellLine } from '../../../src/machines/quote';

/** A machine on which programs are run by the system's own `ssh`, which accepts the pinned keys only. */
export async function openBySystemSsh(address: SshAddress, signal: AbortSignal): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-known-'));
  const known = join(folder, 'known_hosts');
  const lines = (address.hostKeys ?? []).map((key) => `${address.host} ${key}\n`);
  await writeFile(known, lines.join(''));
  const options = [
    ...['-F', 'none', '-i', address.keyFile ?? '', '-p', String(address.port ?? 22)],
    ...['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes', 'ConnectTimeout=5']
      .concat(`UserKnownHostsFile=${known}`, 'GlobalKnownHostsFile=/dev/null')
      .flatMap((option) => ['-o', option]),
    `${address.user ?? 'root'}@${address.host}`,
  ];
  const machine: Machine = {
    ...openLocalMachine(),
    name: address.host,
    exec: async (command, { signal: cancel }) => {
      const { exitCode, stdout, stderr } = await execa('ssh', [...options, shellLine(command)], {
        stdin: 'ignore',
        reject: false,
        cancelSignal: cancel,
      });
      return { code: exitCode, stdout, stderr };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  const { code, stderr } = await machine.exec(['true'], { signal });
  if (code === 0) return machine;
  await machine[Symbol.asyncDispose]();
  throw new Error(stderr);
}
