/**
 * How the double reaches a machine by SSH, as `SSHLauncher.java` of jenkinsci/ssh-agents-plugin does (April 2026): it
 * logs in with a credential of the server's own store, accepts no host key but the one that it was told, brings
 * `agent.jar`, and starts it with the same command line. By the system's own `ssh`.
 */
import { execa } from 'execa';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SshLaunchSpec {
  readonly host: string;
  readonly port: number;
  readonly credentialsId: string;
  readonly hostKey: string;
  readonly javaPath: string;
  readonly prefix: string;
  readonly workingDirectory: string;
}

export interface SshCredential {
  readonly id: string;
  readonly scope: string;
  readonly description: string;
  readonly username: string;
  readonly privateKey: string;
}

export interface Launched {
  /** Called once, when the agent has said that it is there. */
  readonly online: () => void;
  readonly offline: () => void;
  readonly log: (line: string) => void;
}

/** Resolves when it has come to its end. The signal ends it. */
export async function launchBySsh(
  spec: SshLaunchSpec,
  credential: SshCredential | undefined,
  jar: Buffer,
  { online, offline, log }: Launched,
  signal: AbortSignal,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ci-parity-launch-'));
  const failed = (why: string): void => {
    log(why);
    log('[11/25/26 18:00:00] Launch failed - cleaning up connection');
  };
  try {
    if (!credential) {
      // checkConfig: an exception that says so.
      failed('Validate configuration:\nThe selected credentials cannot be found');
      return;
    }
    const [key, known] = [join(folder, 'key'), join(folder, 'known')];
    writeFileSync(key, credential.privateKey);
    chmodSync(key, 0o600);
    writeFileSync(
      known,
      `[${spec.host}]:${spec.port} ${spec.hostKey}\n${spec.host} ${spec.hostKey}\n`,
    );
    const ssh = (command: string): string[] => [
      ...['-F', 'none', '-i', key, '-p', String(spec.port), '-l', credential.username],
      ...['-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none', '-o', 'BatchMode=yes'],
      ...['-o', `UserKnownHostsFile=${known}`, '-o', 'GlobalKnownHostsFile=none'],
      ...['-o', 'StrictHostKeyChecking=yes', '-o', 'ConnectTimeout=10', spec.host, command],
    ];
    const work = spec.workingDirectory.replace(/\/+$/, '');
    const steps: readonly [string, string | Buffer][] = [
      // verifyNoHeaderJunk, then copyAgentJar.
      ['exit 0', ''],
      [`mkdir -p "${work}" && cat > "${work}/remoting.jar"`, jar],
    ];
    for (const [command, input] of steps) {
      const done = await execa('ssh', ssh(command), { input, reject: false, cancelSignal: signal });
      if (done.exitCode !== 0 || done.stdout !== '') {
        failed(done.exitCode === 0 ? done.stdout : done.stderr);
        return;
      }
    }
    const command = `${spec.prefix}cd "${work}" && ${spec.javaPath || 'java'}  -jar remoting.jar -workDir ${work}`;
    log(`[SSH] Starting agent process: ${command}`);
    const agent = spawn('ssh', ssh(command), { signal, stdio: ['pipe', 'pipe', 'pipe'] });
    agent.on('error', () => undefined);
    agent.stderr.on('data', (chunk: Buffer) => log(chunk.toString()));
    let said = '';
    agent.stdout.on('data', (chunk: Buffer) => {
      if (said.includes('JENKINS REMOTING CAPACITY')) return;
      said += chunk.toString();
      if (said.includes('JENKINS REMOTING CAPACITY')) online();
    });
    await once(agent, 'close');
    if (said.includes('JENKINS REMOTING CAPACITY')) offline();
    else failed('The agent process died.');
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
