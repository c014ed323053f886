import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { UserError } from '../base/errors';
import { printable } from '../base/json';
import type { Machine } from './machine';
import type { SshKeyPair } from './sshKey';

/** What a borrowed machine is told for its first start. */
export interface FirstBoot {
  /** What its SSH server shows from then on, and nothing else: so the first connection is pinned already. */
  readonly hostKey: SshKeyPair;
  /** The public key that may log in. */
  readonly authorizedKey: string;
  /** From its first start until it switches itself off, unless `moveEnd` is called. */
  readonly seconds: number;
  /** A POSIX shell script that makes it ready, run when all else is done. */
  readonly bootstrap?: string | undefined;
}

/** Where a borrowed machine keeps what it was told. */
export const STATE_FOLDER = '/var/lib/ci-parity';

/** What `moveEnd` tells. In memory, since what runs there may fill the disk; who lives tells it again after a restart. */
const TOLD = '/run/ci-parity-end.told';

/**
 * The user data of a borrowed machine: a POSIX shell script that root runs at its first start, as cloud-init
 * does with what begins with `#!`. The end is armed first, whatever becomes of the rest. The host's own
 * private key is in it, and so in the lender's metadata; nothing of the person's or the lender's is.
 */
export function userDataFor({ hostKey, authorizedKey, seconds, bootstrap }: FirstBoot): string {
  return [
    `#!/bin/sh
# What CI Parity tells a machine that it borrows.
umask 077
state=${STATE_FOLDER}
mkdir -p "$state"
echo ${Math.max(1, Math.ceil(seconds))} > "$state/left"
`,
    written('"$state/end"', END),
    written('"$state/arm"', ARM),
    `sh "$state/arm"
`,
    written('/etc/ssh/ci-parity.new', hostKey.privateKey),
    `mv -f /etc/ssh/ci-parity.new /etc/ssh/ssh_host_ed25519_key
echo '${hostKey.publicKey}' > /etc/ssh/ssh_host_ed25519_key.pub
chmod 644 /etc/ssh/ssh_host_ed25519_key.pub
# No other key is shown, also where a service makes new ones at each start.
rm -f /etc/ssh/ssh_host_rsa_key* /etc/ssh/ssh_host_ecdsa_key* /etc/ssh/ssh_host_dsa_key*
if [ -d /etc/ssh/sshd_config.d ]; then
  printf '%s\\n' 'HostKey /etc/ssh/ssh_host_ed25519_key' 'PasswordAuthentication no' > /etc/ssh/sshd_config.d/00-ci-parity.conf
fi
mkdir -p /root/.ssh
grep -qxF '${authorizedKey}' /root/.ssh/authorized_keys 2> /dev/null || echo '${authorizedKey}' >> /root/.ssh/authorized_keys
if [ -d /run/systemd/system ]; then
  systemctl restart ssh 2> /dev/null || systemctl restart sshd
elif [ -e /run/sshd.pid ]; then
  kill -HUP "$(cat /run/sshd.pid)"
fi
`,
    ...(bootstrap === undefined
      ? []
      : [
          written('"$state/bootstrap"', bootstrap),
          'HOME=/root sh "$state/bootstrap" > "$state/bootstrap.log" 2>&1 < /dev/null\n',
        ]),
  ].join('');
}

/**
 * Has a machine that `userDataFor` was told to switch itself off in so many seconds from now, and no longer
 * when it was told before.
 */
export async function moveEnd(
  machine: Machine,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  // It appears with its content, since it is looked for all the time.
  const script = `umask 077; echo "$1" > ${TOLD}.new && mv -f ${TOLD}.new ${TOLD} && sh ${STATE_FOLDER}/arm`;
  const count = String(Math.max(1, Math.ceil(seconds)));
  const { code, stderr } = await machine.exec(['sh', '-c', script, 'sh', count], {
    // On the connection itself: nothing of it needs room on the disk.
    input: () => Readable.from([]),
    timeout: 30_000,
    signal,
  });
  if (code === 0) return;
  throw new UserError(`${machine.name} could not be told when it is to end.`, {
    cause: new Error(printable(stderr, 300)),
    advice: 'It ends when it was to end before.',
  });
}

/**
 * Counts by what has passed since the start of the machine, not by a clock, which somebody may set; what is
 * left outlives a restart.
 */
const END = `#!/bin/sh
# Switches the machine off when its time is over.
cd "$(dirname "$0")" || exit 1
running() { cut -d. -f1 /proc/uptime; }
left=$(cat left)
left=\${left:-0}
at=$(running)
while :; do
  now=$(running)
  left=$((left - (now - at)))
  at=$now
  if mv -f ${TOLD} ${TOLD}.taken 2> /dev/null; then
    told=$(cat ${TOLD}.taken)
    case $told in '' | *[!0-9]*) ;; *) left=$told ;; esac
  fi
  echo "$left" > left.new && mv -f left.new left
  if [ "$left" -le 0 ]; then
    # The second time, and every further one, nobody is asked.
    if [ -n "\${asked-}" ]; then poweroff -f; else poweroff || shutdown -h now; fi
    asked=yes
  fi
  sleep 5
done
`;

const ARM = `#!/bin/sh
# Has the end watched, unless somebody does so already.
cd "$(dirname "$0")" || exit 1
if [ -d /run/systemd/system ]; then
  unit=/etc/systemd/system/ci-parity-end.service
  [ -e "$unit" ] || {
    printf '%s\\n' '[Unit]' 'Description=Ends this machine when its lease is over' \\
      '[Service]' "ExecStart=/bin/sh $PWD/end" 'Restart=always' 'RestartSec=5' \\
      '[Install]' 'WantedBy=multi-user.target' > "$unit"
    systemctl daemon-reload
  }
  systemctl enable --now ci-parity-end.service && exit 0
fi
pid=/run/ci-parity-end.pid
if [ -e "$pid" ] && kill -0 "$(cat "$pid")" 2> /dev/null; then exit 0; fi
setsid sh ./end > /dev/null 2>&1 < /dev/null &
echo $! > "$pid"
`;

/** Lines that write a file with exactly that text. */
function written(file: string, text: string): string {
  // A line that the text does not have.
  const delimiter = `END_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  return `cat > ${file} <<'${delimiter}'\n${text.endsWith('\n') ? text : `${text}\n`}${delimiter}\n`;
}
