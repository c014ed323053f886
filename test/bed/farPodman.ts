/**
 * Podman on a machine of `sshd.ts`, as root without a daemon: a script for its first start, which leaves a `docker`
 * and one small image there. Its store is memory, copied layer for layer (vfs), since no overlay goes on an overlay.
 */
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** busybox alone: a shell with the usual tools. */
export const SMALL_IMAGE = 'localhost/ci-parity-small:1';

/** What the bed's runtime wants to be told with each container. */
export const LIMITS = '--ulimit nofile=1024:1024 --ulimit nproc=1024:1024';

/** Why it cannot be had here; undefined where it can. */
export function farPodmanMissing(): string | undefined {
  const needed = ['/usr/bin/podman', '/usr/sbin/runc', '/bin/busybox'];
  const lacks = needed.filter((path) => !existsSync(path));
  return lacks.length === 0 ? undefined : `${lacks.join(', ')}: not there`;
}

/** The folder of the image, made at `$image`. */
const IMAGE = `mkdir -p $image/bin $image/tmp
cp /bin/busybox $image/bin/
for name in $(/bin/busybox --list); do [ $name = busybox ] || ln -sf busybox $image/bin/$name; done
`;

export function podmanInside(): string {
  return `set -e
# ip netns has laid a bare /sys there.
if grep -q '^[1-9]' /proc/self/cgroup; then
  mount -t tmpfs tmpfs /sys/fs/cgroup
  for kinds in $(cut -d: -f2 /proc/self/cgroup); do
    at=/sys/fs/cgroup/\${kinds#name=}
    mkdir -p $at
    case $kinds in name=*) mount -t cgroup -o none,$kinds cgroup $at ;; *) mount -t cgroup -o $kinds cgroup $at ;; esac
    for one in $(echo \${kinds#name=} | tr , ' '); do [ -e /sys/fs/cgroup/$one ] || ln -s $at /sys/fs/cgroup/$one; done
  done
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
mkdir -p /etc/containers
cat > /etc/containers/storage.conf <<'END'
[storage]
driver = "vfs"
graphroot = "/run/containers-of-the-bed/graph"
runroot = "/run/containers-of-the-bed/run"
END
cat > /usr/local/bin/docker <<'END'
#!/bin/sh
exec podman --runtime runc --cgroup-manager=cgroupfs "$@"
END
chmod 755 /usr/local/bin/docker
image=/run/image
${IMAGE}tar -C $image -c . | docker import -q - ${SMALL_IMAGE} > /dev/null
rm -r $image
`;
}

/** The same image for the podman of this machine, until it is disposed. */
export async function smallImageHere(): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-image-'));
  try {
    const script = `set -e\nimage=$1\n${IMAGE}tar -C $image -c . | podman import -q - ${SMALL_IMAGE}`;
    await execa('sh', ['-c', script, 'sh', folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await execa('podman', ['rmi', SMALL_IMAGE]);
    },
  };
}
