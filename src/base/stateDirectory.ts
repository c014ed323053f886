import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where reproductions, leases and cached runs are kept: the one place in which the editor and the
 * command line meet. `$XDG_STATE_HOME/ci-parity`, or what the platform uses instead of it.
 */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  // A relative XDG path is to be ignored, says the XDG base directory specification.
  if (env['XDG_STATE_HOME']?.startsWith('/')) return join(env['XDG_STATE_HOME'], 'ci-parity');
  const home = env['HOME'] ?? homedir();
  switch (process.platform) {
    case 'darwin':
      return join(home, 'Library', 'Application Support', 'ci-parity');
    case 'win32':
      return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'ci-parity');
    default:
      return join(home, '.local', 'state', 'ci-parity');
  }
}
