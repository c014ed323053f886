/** The shell scripts that make a small machine of `sshd.ts` out of namespaces. */

/** Makes the machine's own view of the files, and enters it. Its first argument is the bed's folder. */
export const bootScript = `set -eu
mount --make-rprivate /
cd "$1"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" merged
cd merged
mount --rbind /dev dev
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir run/sshd
if [ -n "$BED_HOME_MB" ]; then
  mount -t tmpfs -o "mode=700,size=\${BED_HOME_MB}m" tmpfs root
  cp -a "$1/home/." root/
else
  mount --bind "$1/home" root
fi
mount --bind "$1/etc" etc/ssh
# The kernel is this machine's, but whoever asks is to see when this one was started.
cat /proc/sys/kernel/random/uuid > run/boot_id
mount --bind run/boot_id proc/sys/kernel/random/boot_id
if [ -n "$BED_SHELL" ]; then
  ln -sf "$BED_SHELL" usr/bin/sh
  sed -i 's#^\\(root:.*:\\)[^:]*$#\\1/bin/sh#' etc/passwd
fi
while IFS='|' read -r there here; do
  mkdir -p "./$there"
  mount --bind "$here" "./$there"
  mount -o remount,bind,ro "./$there"
done < "$1/holds"
if [ -n "$BED_CONTAINERS" ]; then
  mkdir -p var/lib/containers
  # An overlay cannot be the upper part of another one.
  mount --bind "$1/containers" var/lib/containers
  # \`ip netns exec\` has mounted a /sys that lacks these.
  if [ "$(cut -d : -f 1 /proc/self/cgroup)" = 0 ]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
  else
    mount -t tmpfs -o mode=755 cgroup sys/fs/cgroup
    while IFS=: read -r number controllers path; do
      mkdir "sys/fs/cgroup/\${controllers:-unified}"
      case $controllers in
        '') mount -t cgroup2 cgroup2 sys/fs/cgroup/unified ;;
        name=*) mount -t cgroup -o "none,$controllers" cgroup "sys/fs/cgroup/$controllers" ;;
        *) mount -t cgroup -o "$controllers" cgroup "sys/fs/cgroup/$controllers" ;;
      esac
    done < /proc/self/cgroup
  fi
fi
# Not chroot alone: what enters the namespace, as a container's \`exec\` does, would be back on this machine's disk.
mkdir run/old
pivot_root . run/old
exec chroot . /bin/sh /etc/ssh/init
`;

/** The machine's first process. When its standard input ends, so does the machine. */
export const initScript = `cd /root
umount -l /run/old && rmdir /run/old
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset BED_SHELL BED_HOME_MB BED_CONTAINERS XDG_STATE_HOME XDG_CACHE_HOME XDG_CONFIG_HOME SSH_AUTH_SOCK
if [ ! -e /etc/ssh/booted ]; then
  : > /etc/ssh/booted
  if [ -s /etc/ssh/firstBoot ]; then
    case $(head -c 2 /etc/ssh/firstBoot) in
      '#!') /etc/ssh/firstBoot < /dev/null ;;
      *) sh /etc/ssh/firstBoot < /dev/null ;;
    esac || echo "first boot: exit code $?"
  fi
fi
exec 3<&0
cat <&3 > /dev/null &
mind=$!
# Somebody may end the server to have it started again.
while :; do /usr/sbin/sshd -D -e < /dev/null 3<&-; sleep 0.2; done &
wait "$mind"
`;
