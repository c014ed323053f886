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
  /** Logs in at a host. */
  readonly open: (address: SshAddress, signal: AbortSignal) => Promise<Machine>;
}

/** The lender of some settings. One that cannot be used says so whenever it is asked. */
export function openLender(settings: LenderSettings, surroundings: Surroundings): Lender {
  const { environment, token, open } = surroundings;
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
              advice: 'METAL_AUTH_TOKEN must hold it.',
            }),
          )
        : packetLender({ ...settings, token, open });
  }
}

function unusable(name: string, why: UserError): Lender {
  const refuse = (): Promise<never> => Promise.reject(why);
  return { name, offers: refuse, borrow: refuse, extend: refuse, giveBack: refuse, list: refuse };
}
