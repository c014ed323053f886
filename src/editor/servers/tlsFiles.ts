import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { UserError } from '../../base/errors';
import type { TlsOptions } from '../../jenkins/wire/certificates';
import type { ServerTls } from '../frame/settings';

/**
 * Reads the files that a server's settings name.
 * @throws UserError naming the setting whose file cannot be read.
 */
export async function readTls(
  { ca, clientCertificate, clientKey, trustedCertificate }: ServerTls,
  passphrase: string | undefined,
): Promise<TlsOptions> {
  const isStore = /\.(?:p12|pfx)$/i.test(clientCertificate ?? '');
  const own = await contentOf('clientCertificate', clientCertificate);
  return {
    ca: await contentOf('ca', ca),
    ...(isStore ? { pfx: own } : { cert: own, key: await contentOf('clientKey', clientKey) }),
    passphrase,
    fingerprint: trustedCertificate,
  };
}

async function contentOf(
  setting: keyof ServerTls,
  file: string | undefined,
): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  const path = file.replace(/^~(?=[/\\])/, homedir());
  const advice = `Correct "${setting}" in the setting ciParity.servers, or connect to the server again.`;
  if (!isAbsolute(path))
    throw new UserError(`The file ${file} has to be named from the root: /… or ~/…`, { advice });
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UserError(`The file ${file} cannot be read.`, { cause, advice });
  }
}
