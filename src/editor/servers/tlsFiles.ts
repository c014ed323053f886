import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { isUserError, UserError } from '../../base/errors';
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
  try {
    return await readFile(fileOf(setting, file));
  } catch (cause) {
    if (isUserError(cause)) throw cause;
    throw new UserError(`The file ${file} cannot be read.`, { cause, advice: adviceFor(setting) });
  }
}

/** The path that a setting means. @throws UserError where it is not named from the root, or from home. */
export function fileOf(setting: keyof ServerTls, file: string): string {
  const path = file.replace(/^~(?=[/\\])/, homedir());
  if (isAbsolute(path)) return path;
  throw new UserError(`The file ${file} has to be named from the root: /… or ~/…`, {
    advice: adviceFor(setting),
  });
}

function adviceFor(setting: keyof ServerTls): string {
  return `Correct "${setting}" in the setting ciParity.servers, or connect to the server again.`;
}
