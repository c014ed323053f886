import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { codeOf } from '../../base/errors';

/** `$XDG_CONFIG_HOME/ci-parity/lenders.json`, or where the platform has such files. */
export function lendersFile(env: NodeJS.ProcessEnv = process.env): string {
  const home = env['HOME'] ?? homedir();
  // A relative XDG path is to be ignored, says the XDG base directory specification.
  const configured = env['XDG_CONFIG_HOME'];
  const folder = configured?.startsWith('/')
    ? configured
    : process.platform === 'win32'
      ? (env['APPDATA'] ?? join(home, 'AppData', 'Roaming'))
      : join(home, '.config');
  return join(folder, 'ci-parity', 'lenders.json');
}

/** Makes the file where there is none, so that it can be filled in: nobody lends yet. */
export function makeLendersFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  try {
    const empty = { caps: { hours: 12, price: 25, perDay: 50 }, lenders: [] };
    writeFileSync(path, `${JSON.stringify(empty, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
