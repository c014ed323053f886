import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from './errors';

/** What a credential consists of. Files are Base64, since they may hold any bytes. */
export type Credential =
  | { readonly kind: 'text'; readonly text: string }
  | ({ readonly kind: 'login'; readonly username: string; readonly password: string } & User)
  /** `name` is the file's own name, without folders. */
  | { readonly kind: 'file'; readonly name: string; readonly content: string }
  | ({
      readonly kind: 'ssh';
      readonly username: string;
      readonly privateKey: string;
      readonly passphrase?: string;
    } & User)
  | {
      readonly kind: 'certificate';
      /** The key store, Base64. */
      readonly content: string;
      readonly password: string;
      readonly alias?: string;
    };

interface User {
  /** Whether the user name is to be hidden too; Jenkins shows it unless it was told otherwise. */
  readonly secretUsername?: boolean;
}

export type CredentialKind = Credential['kind'];

/** A credential that a Jenkinsfile asks for. */
export interface WantedCredential {
  /** Its id at Jenkins. */
  readonly id: string;
  /** Undefined where the Jenkinsfile does not tell: `credentials('id')` takes any kind. */
  readonly kind: CredentialKind | undefined;
}

/** Credentials by their Jenkins id. */
export type Secrets = Readonly<Record<string, Credential>>;

export interface Offer extends AsyncDisposable {
  /** The socket's path. It is no secret: only the same user can reach it, and only once. */
  readonly path: string;
}

/**
 * Offers secrets to one reader over a local socket in a directory that only this user can enter.
 * The first connection gets them and closes the offer; so does disposing it. On Windows the socket
 * is a named pipe.
 */
export async function offerSecrets(secrets: Secrets): Promise<Offer> {
  const directory = await mkdtemp(join(tmpdir(), 'ci-parity-'));
  const path =
    process.platform === 'win32'
      ? `\\\\.\\pipe\\${directory.replace(/[^\w]/g, '-')}`
      : join(directory, 's');
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closed ??= new Promise<void>((resolve) => server.close(() => resolve())).then(() =>
      rm(directory, { recursive: true, force: true }),
    ));
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(JSON.stringify(secrets));
    void close();
  });
  // One reader only: further connections are refused while the first is served.
  server.maxConnections = 1;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.unref();
  return { path, [Symbol.asyncDispose]: close };
}

/** Reads what `offerSecrets` offers at `path`. @throws UserError when the offer was taken or withdrawn. */
export async function takeSecrets(path: string, signal: AbortSignal): Promise<Secrets> {
  const socket = new Socket({ signal }).connect(path);
  socket.setEncoding('utf8');
  let text = '';
  try {
    for await (const chunk of socket) text += chunk as string;
    return JSON.parse(text) as Secrets;
  } catch (cause) {
    signal.throwIfAborted();
    throw new UserError('The credentials that the editor offered are gone.', {
      cause,
      advice: 'Start the reproduction from the editor again.',
    });
  } finally {
    socket.destroy();
  }
}
