import { startSshd, type Sshd, type SshdOptions } from '../sshd';
import type { BootDevice, DeviceMachine } from './device';

/** A device that is a small machine with a real OpenSSH server. */
export interface RealDevice extends DeviceMachine {
  readonly sshd: Sshd;
}

/**
 * Boots devices that are real: root runs the user data at the first start, and what switches a machine off
 * ends it. `before` is a script that prepares it; a script that it leaves in `/root/late` runs beside the
 * server in place of `/run/userdata`, which it starts when it likes. `kind` is what the machines are beside that.
 */
export function realDevices(
  before = '',
  kind: Pick<SshdOptions, 'holds' | 'containers' | 'homeMegabytes'> = {},
): { boot: BootDevice; devices: readonly RealDevice[] } {
  const devices: RealDevice[] = [];
  return {
    devices,
    boot: async ({ userdata, authorizedKeys }) => {
      const options = { ...kind, authorizedKeys, firstBoot: firstBoot(userdata, before) };
      const sshd = await startSshd(options);
      const device: RealDevice = {
        sshd,
        address: sshd.address,
        [Symbol.asyncDispose]: () => sshd[Symbol.asyncDispose](),
      };
      devices.push(device);
      return device;
    },
  };
}

/** What switches a machine off would speak to the init of a real one: here it ends the machine's first process. */
function firstBoot(userdata: string, before: string): string {
  return `#!/bin/sh
for name in poweroff shutdown halt reboot systemctl; do
  printf '#!/bin/sh\\necho "$0 $*" >> /root/switched-off\\npkill -P 1 -x cat\\n' > /usr/local/sbin/$name
  chmod +x /usr/local/sbin/$name
done
rm -f /usr/sbin/poweroff /usr/sbin/shutdown /usr/sbin/halt /usr/sbin/reboot
${before}
echo ${Buffer.from(userdata).toString('base64')} | base64 -d > /run/userdata
chmod +x /run/userdata
if [ -e /root/late ]; then setsid sh /root/late > /dev/null 2>&1 < /dev/null & else /run/userdata; fi
`;
}
