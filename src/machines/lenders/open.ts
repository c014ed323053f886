import { isUserError, UserError } from '../../base/errors';
import { configuredHosts, isMeant } from '../configuredHosts';
import type { Lender, SshAddress } from '../lender';
import type { Machine } from '../machine';
import { commandLender, HOST_NAME } from './command';
import { packetLender } from './packet';
import { poolLender } from './pool';
import type { LenderSettings, PoolSettings } from './settings';

export interface Surroundings {
  /** What commands see. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of the Metal API; undefined where nobody has told it. */
  readonly token: string | undefined;
  /** A script that a machine may run at its first start, so that it gets ready while it is waited for. */
  readonly bootstrap?: string | undefined;
  /** The person's OpenSSH configuration, if not the usual one. */
  readonly sshConfig?: string;
  /** Logs in at a host. */
  readonly open: (address: SshAddress, signal: AbortSignal) => Promise<Machine>;
}

/** The lender of some settings. One that cannot be used says so when something is wanted of it. */
export function openLender(settings: LenderSettings, surroundings: Surroundings): Lender {
  const { environment, token, open, bootstrap, sshConfig } = surroundings;
  switch (settings.kind) {
    case 'command':
      return commandLender(settings, { ...environment, ...settings.environment });
    case 'pool':
      return openPool(settings, open, sshConfig);
    case 'packet':
      return token === undefined || token === ''
        ? unusable(
            settings.name,
            new UserError(`The token of "${settings.name}" is not known.`, {
              advice: 'It is to be in the environment: METAL_AUTH_TOKEN.',
            }),
          )
        : packetLender({
            ...{ ...settings, token, open },
            bootstrap: settings.install ? bootstrap : undefined,
          });
  }
}

function openPool(
  settings: PoolSettings,
  open: Surroundings['open'],
  sshConfig: string | undefined,
): Lender {
  const { hosts, fromSshConfig, name } = settings;
  if (!fromSshConfig) return poolLender({ ...settings, open });
  try {
    const listed = new Set(hosts.map(({ host }) => host));
    const more = configuredHosts(sshConfig)
      .filter((host) => HOST_NAME.test(host) && isMeant(host, fromSshConfig) && !listed.has(host))
      .map((host) => ({ host }));
    return poolLender({ ...settings, hosts: [...hosts, ...more], open });
  } catch (error) {
    if (!isUserError(error)) throw error;
    return unusable(name, error);
  }
}

function unusable(name: string, why: UserError): Lender {
  const refuse = (): Promise<never> => Promise.reject(why);
  // It does not know what it lent: nobody who has borrowed nothing there needs to hear of it.
  const list = (): Promise<undefined> => Promise.resolve(undefined);
  return { name, offers: refuse, borrow: refuse, extend: refuse, giveBack: refuse, list };
}
