import { UserError } from '../../base/errors';
import type { Lender, SshAddress } from '../lender';
import type { Machine } from '../machine';
import { commandLender } from './command';
import { packetLender } from './packet';
import { poolLender } from './pool';
import type { LenderSettings } from './settings';

export interface Surroundings {
  /** What commands see. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of the Metal API; undefined where nobody has told it. */
  readonly token: string | undefined;
  /** A script that a machine may run at its first start, so that it gets ready while it is waited for. */
  readonly bootstrap?: string | undefined;
  /** Logs in at a host. */
  readonly open: (address: SshAddress, signal: AbortSignal) => Promise<Machine>;
}

/** The lender of some settings. One that cannot be used says so when something is wanted of it. */
export function openLender(settings: LenderSettings, surroundings: Surroundings): Lender {
  const { environment, token, open, bootstrap } = surroundings;
  switch (settings.kind) {
    case 'command':
      return commandLender(settings, { ...environment, ...settings.environment });
    case 'pool':
      return poolLender({ ...settings, open });
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

function unusable(name: string, why: UserError): Lender {
  const refuse = (): Promise<never> => Promise.reject(why);
  // It does not know what it lent: nobody who has borrowed nothing there needs to hear of it.
  const list = (): Promise<undefined> => Promise.resolve(undefined);
  return { name, offers: refuse, borrow: refuse, extend: refuse, giveBack: refuse, list };
}
